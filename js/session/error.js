// What can go wrong, and what a developer can do about it.

/** @typedef {"unavailable" | "refused" | "misconfigured"} ErrorKind */

/**
 * Why a call did not succeed. No error has a token or a password in its text.
 *
 * - `unavailable`: try again, after `retryAfter` milliseconds.
 * - `refused`: the server has said no.
 * - `misconfigured`: the page, the browser or the server has to change. The message says how.
 *
 * `reason` is a word for programs: the server's, or one from the table in README.md.
 */
export class SessionError extends Error {
  /**
   * @param {ErrorKind} kind
   * @param {{ status?: number, reason?: string, retryAfter?: number, hint?: string }} [details]
   */
  constructor(kind, { status = 0, reason, retryAfter = 0, hint } = {}) {
    const answer = status || (kind === "unavailable" ? "no answer" : "");
    const facts = [answer, reason].filter(Boolean).join(", ");
    super([`${kind} (${facts})`, hint].filter(Boolean).join(": "));
    Object.assign(this, { name: "SessionError", kind, status, reason, retryAfter });
  }
}

/**
 * An error that no second try cures. It is written to the console too, because a page may show only
 * "Try again".
 *
 * @param {string} reason
 * @param {string} hint
 */
export function misconfigured(reason, hint) {
  const error = new SessionError("misconfigured", { reason, hint });
  console.error(`tower-bearer: ${error.message}`);
  return error;
}
