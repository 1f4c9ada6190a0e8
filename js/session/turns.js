// One thing at a time: in all tabs, or in this one where the browser has no locks for us.

import { SessionError } from "./error.js";

/**
 * Returns a function that runs work when nothing else runs.
 *
 * @param {object} options
 * @param {LockManager | null} [options.locks] absent without TLS
 * @param {string} options.lockName
 * @param {number} options.lockLimit how long to wait for other tabs, in milliseconds
 * @param {{ setTimeout: Function, clearTimeout: Function }} options.timers
 * @returns {<T>(work: () => Promise<T>) => Promise<T>}
 */
export function takeTurns({ locks, lockName, lockLimit, timers }) {
  let queue = Promise.resolve();

  function inThisTab(work) {
    const mine = queue.then(work);
    queue = mine.catch(() => {});
    return mine;
  }

  async function inAllTabs(work) {
    const patience = new AbortController();
    const timer = timers.setTimeout(() => patience.abort(), lockLimit);
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

  return locks ? inAllTabs : inThisTab;
}

/** `navigator.locks`, if the browser lets this page have it. */
export function browserLocks() {
  try { return globalThis.navigator?.locks; } catch { return undefined; }
}
