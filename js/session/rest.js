// How long a server that could not renew the tokens is left alone.

import { SessionError } from "./error.js";
import { isSame } from "./jar.js";

/** @import { Held, Jar } from "../session.d.ts" */

// Milliseconds.
const LONGEST_REST = 300_000; // the longest `Retry-After` that is waited for
const OFFLINE_REST = 5_000; // after a refresh without any answer

/**
 * Remembers the last refresh that failed. Newer tokens, or another login, are not affected by it.
 *
 * @param {object} parts
 * @param {Jar} parts.jar
 * @param {() => number} parts.now
 */
export function createRest({ jar, now }) {
  /** @type {{ error: SessionError, held: Held | null, at: number } | null} */
  let failure = null;

  /**
   * Begins the rest after an error of a refresh, and throws the error.
   *
   * @returns {never}
   */
  function restAfter(error) {
    failure = { error, held: jar.read(), at: now() };
    throw error;
  }

  /** Ends the rest after a refresh that has succeeded, and returns what it has brought. */
  function restNoMore(renewed) {
    failure = null;
    return renewed;
  }

  /**
   * Returns the milliseconds for which these tokens are not renewed.
   *
   * @param {Held} held
   * @param {number} [least] after each failure, also without `Retry-After`
   */
  function restOf(held, least = 0) {
    if (!failure || !isSame(failure.held, held) || !isSame(jar.read(), held)) return 0;
    const wait = Math.min(failure.error.retryAfter ?? 0, LONGEST_REST);
    const since = now() - failure.at;
    // A clock that was set back ends the rest.
    return since < 0 ? 0 : Math.max(0, Math.max(least, wait) - since);
  }

  /**
   * Fails as the refresh did, while the server is left alone.
   *
   * @param {Held} held
   */
  function refuseInRest(held) {
    // A page that is offline goes on at once, say with what its service worker has.
    const isOffline = failure?.error.kind === "unavailable" && failure.error.status === 0;
    const retryAfter = restOf(held, isOffline ? OFFLINE_REST : 0);
    if (!failure || retryAfter === 0) return;
    const { kind, status, reason } = failure.error;
    const hint = isOffline ? "a moment ago the server could not be reached"
      : "the server has set a time for the next refresh, which has not come";
    throw new SessionError(kind, { status, reason, retryAfter, hint });
  }

  return { restAfter, restNoMore, restOf, refuseInRest };
}
