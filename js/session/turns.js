// One thing at a time: in all tabs, or in this one where the browser has no locks for us.

import { SessionError } from "./error.js";

// A tab that hangs must not stop the others for ever.
const LOCK_LIMIT = 90_000;

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

  function inThisTab(work) {
    const mine = queue.then(work);
    queue = mine.catch(() => {});
    return mine;
  }

  async function inAllTabs(locks, work) {
    const patience = new AbortController();
    const timer = timers.setTimeout(() => patience.abort(), LOCK_LIMIT);
    let running;
    try {
      await locks.request(lockName, { signal: patience.signal }, () => {
        timers.clearTimeout(timer);
        running = work();
        return running;
      });
    } catch {
      if (!running && patience.signal.aborted) {
        throw new SessionError("unavailable", { reason: "timeout" });
      }
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
