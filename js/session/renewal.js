// When tokens are renewed, and what ends a login.

import { failed, cookieNotKept } from "./diagnosis.js";
import { loginOf, ofSameLogin } from "./identity.js";
import { isSame } from "./jar.js";
import { createRest } from "./rest.js";

/** @import { Cause, Held, Jar, Reason } from "../session.d.ts" */
/** @import { Ask, Reply } from "./http.js" */
/** @import { FullEnvironment, Place } from "./place.js" */

// Milliseconds.
const MARGIN = 60_000; // a token with less to live is renewed
const LONGEST_WAIT = 10_000; // a server that wants more patience is not asked again
const ATTEMPTS = 3; // how often a refresh is tried

/**
 * The server has no such cookie in the request. Before 0.1 it gave no reason.
 *
 * @param {Reply} reply
 */
function isCookieMissing({ status, answer }) {
  return status === 400 && answer?.error === "invalid_request" &&
    (answer.reason ?? "token_missing") === "token_missing";
}

// Some applications set 401 for it.
const isEnded = ({ status, answer }) =>
  (status === 400 || status === 401) && answer?.error === "invalid_grant";

/**
 * The part of an answer that the jar keeps. `null`: the answer has no tokens.
 *
 * @param {Reply} reply
 * @param {{ login: string, byCookie: boolean }} about
 * @returns {Held | null}
 */
export function tokensOf({ sent, hasTokens, answer }, { login, byCookie }) {
  if (!hasTokens || !(byCookie || answer.refresh_token)) return null;
  const { access_token, refresh_token, scope, expires_in } = answer;
  const lifetime = expires_in * 1000;
  const rest = answer.refresh_token_expires_in;
  const times = { lifetime, expires_at: sent + lifetime, ends_at: rest && sent + rest * 1000 };
  // With tokens in bodies the page alone decides how long it keeps them.
  const isBrief = byCookie && answer.until_browser_closes === true;
  const token = byCookie ? {} : { refresh_token };
  return { login, access_token, scope, ...times, ...token,
    ...(isBrief && { until_browser_closes: true }) };
}

/**
 * What `createSession` gives this: its options, and the parts that it has made of them.
 *
 * @param {object} parts
 * @param {Ask} parts.ask
 * @param {Jar} parts.jar
 * @param {import("./turns.js").Turns} parts.oneAtATime
 * @param {(cause: Cause, reason?: Reason) => void} parts.tell
 * @param {Place} parts.place
 * @param {boolean} parts.byCookie
 * @param {FullEnvironment} parts.environment
 */
export function createRenewal({
  ask, jar, oneAtATime, tell, place, byCookie, environment: { now, timers, random, randomKey },
}) {
  const spread = 1 + random() / 2; // keeps many clients from coming at the same moment
  /** @type {Promise<Held | null> | null} */
  let renewing = null;
  const { restAfter, restNoMore, restOf, refuseInRest } = createRest({ jar, now });

  /** @type {(wait: number) => Promise<void>} */
  const pause = (wait) => new Promise((resume) => timers.setTimeout(resume, wait));

  /**
   * Posts to the refresh endpoint until the server is not busy, with the same key each time.
   * `null`: another tab was quicker.
   */
  async function askPatiently(body, isOvertaken = () => false, headers = {}) {
    const key = { "idempotency-key": randomKey(), ...headers };
    for (let attempt = 1; ; attempt++) {
      const reply = await ask("/refresh", body, key);
      if (isOvertaken()) return null;
      const wait = Math.max(reply.retryAfter, 500 * 2 ** attempt * (0.5 + random() / 2));
      if (!reply.isBusy || attempt >= ATTEMPTS || wait > LONGEST_WAIT) return reply;
      await pause(wait);
      if (isOvertaken()) return null;
    }
  }

  /**
   * Renews the tokens that the caller has seen in the jar. The caller has the turn.
   *
   * @param {Held | null} seen
   * @returns {Promise<Held | null>}
   */
  async function renewNow(seen) {
    const start = jar.read();
    // Another tab has logged out meanwhile, or has a new token for us. If storage lags behind the
    // lock, both ask, and get the same token.
    if (!isSame(start, seen) && (!start || now() < start.expires_at)) return start;
    if (!start && !byCookie) return null;
    const body = byCookie ? undefined : { refresh_token: start?.refresh_token };
    // Without locks another tab may be quicker. Then its token counts.
    const reply = await askPatiently(body, () => !isSame(jar.read(), start));
    return reply ? settle(start, reply) : jar.read();
  }

  /**
   * Takes over what a refresh has brought.
   *
   * @param {Held | null} start
   * @param {Reply} reply
   */
  function settle(start, reply) {
    const login = loginOf(start, reply.answer?.access_token, randomKey);
    const renewed = tokensOf(reply, { login, byCookie });
    // A server may repeat itself: then there is nothing to tell the other tabs.
    if (renewed && isSame(renewed, start) && !start?.unsure) return start;
    if (renewed) {
      jar.write(renewed);
      // Another login has replaced the cookie, and the page may show the user before.
      tell(start && start.login !== login ? "other-tab" : "refresh");
      return renewed;
    }
    const isLost = byCookie && isCookieMissing(reply);
    if (!isLost && !isEnded(reply)) throw failed(reply, place);
    jar.clear();
    if (start) tell("ended", isLost ? "token_missing" : reply.reason);
    return null;
  }

  /**
   * One refresh, however many calls want it.
   *
   * @param {Held | null} seen
   * @returns {Promise<Held | null>}
   */
  function renew(seen) {
    return renewing ??= oneAtATime(() => renewNow(seen))
      .then(restNoMore, restAfter)
      .finally(() => { renewing = null; });
  }

  /**
   * The same for a call, which does not ask a server that wants to be left alone.
   *
   * @param {Held} held
   * @returns {Promise<Held | null>}
   */
  async function renewForCall(held) {
    if (!renewing) refuseInRest(held);
    return renew(held);
  }

  /** The tokens that a request may send now. */
  async function usable() {
    const held = jar.read();
    if (!held) return null;
    const left = held.expires_at - now();
    if (left <= 0) return ofSameLogin(held, await renewForCall(held));
    // The token still works. After a failure it is left alone for a while.
    if (isDue(held, left) && restOf(held, LONGEST_WAIT) === 0) renew(held).catch(() => {});
    return held;
  }

  function isDue({ lifetime }, left) {
    // A short life has a short margin. More than the whole life is left if the clock was set back.
    return left < Math.min(MARGIN, lifetime / 4) * spread || left > lifetime;
  }

  /**
   * Proves that the cookie of a login comes back: the server says whether it has arrived. A server
   * that does not know `dry_run` refreshes, which proves the same. Returns that answer.
   *
   * @param {Held} tokens those of the login
   * @returns {Promise<Reply>}
   */
  async function proveCookie({ access_token }) {
    // The browser may have kept the cookie of an older login: the token says which one is meant.
    const headers = { authorization: `Bearer ${access_token}` };
    /** @type {any} Never `null`: nothing overtakes it. */
    const reply = await askPatiently({ dry_run: "true" }, undefined, headers);
    if (reply.status === 204 || reply.hasTokens) return reply;
    if (isCookieMissing(reply) || isEnded(reply)) throw cookieNotKept(place);
    throw failed(reply, place);
  }

  return { renewNow, renew, renewForCall, usable, proveCookie };
}
