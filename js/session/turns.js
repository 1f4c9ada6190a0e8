// One thing at a time: in all tabs, or in this one where the browser has no locks for us.

// Milliseconds. A tab that hangs must not stop the others: what waits longer runs without the lock,
// which the server's overlap makes safe. No turn of a living tab is as long.
const LOCK_LIMIT = 90_000;
const DEAD_LOCK_LIMIT = 1_000; // until the lock comes again

/** @typedef {<T>(work: () => Promise<T>) => Promise<T>} Turns */

/**
 * Returns a function that runs work when nothing else runs.
 *
 * @param {object} options
 * @param {string} options.lockName
 * @param {import("./place.js").FullEnvironment} options.environment
 * @returns {Turns}
 */
export function takeTurns({ lockName, environment: { locks, timers } }) {
  let queue = Promise.resolve();
  let limit = LOCK_LIMIT;

  function inThisTab(work) {
    const mine = queue.then(work);
    queue = mine.catch(() => {});
    return mine;
  }

  async function inAllTabs(locks, work) {
    const patience = new AbortController();
    const timer = timers.setTimeout(() => patience.abort(), limit);
    let running;
    try {
      await locks.request(lockName, { signal: patience.signal }, () => {
        timers.clearTimeout(timer);
        limit = LOCK_LIMIT;
        // What did not get the lock before may still run.
        running = inThisTab(work);
        return running;
      });
    } catch {
      if (!running && patience.signal.aborted) limit = DEAD_LOCK_LIMIT;
      // A frame whose storage is blocked may use no locks (`SecurityError`).
      running ??= inThisTab(work);
    } finally {
      timers.clearTimeout(timer);
    }
    return running;
  }

  return (work) => locks ? inAllTabs(locks, work) : inThisTab(work);
}

/** `navigator.locks`, if the browser lets this page have it. */
export function browserLocks() {
  try { return globalThis.navigator?.locks; } catch { return undefined; }
}
