// What can go wrong, and what a developer can do about it.

/** @import { ErrorKind, LocalReason, Reason, SessionError as Described } from "../session.d.ts" */

/**
 * Why a call did not succeed. No error has a token or a password in its text.
 *
 * @implements {Described}
 */
export class SessionError extends Error {
  /**
   * @param {ErrorKind} kind
   * @param {{ status?: number, reason?: Reason, retryAfter?: number, hint?: string }} [details]
   */
  constructor(kind, { status = 0, reason, retryAfter = 0, hint } = {}) {
    const answer = status || (kind === "unavailable" ? "no answer" : "");
    const facts = [answer, reason].filter(Boolean).join(", ");
    super([`${kind} (${facts})`, hint].filter(Boolean).join(": "));
    this.name = "SessionError";
    this.kind = kind;
    this.status = status;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}

/**
 * An error that no second try cures. It is written to the console too, because a page may show only
 * "Try again".
 *
 * @param {LocalReason} reason
 * @param {string} hint
 */
export function misconfigured(reason, hint) {
  const error = new SessionError("misconfigured", { reason, hint });
  console.error(`tower-bearer: ${error.message}`);
  return error;
}
