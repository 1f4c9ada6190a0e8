// A login that lasts, for pages in front of `tower-bearer`. No dependencies, no bundler: copy this
// file and the folder `session/`. README.md has the options, the events and the reasons of errors.
//
//   import { createSession } from "./session.js";
//   const session = createSession({ onChange: (state, cause) => show(state.loggedIn) });
//   await session.login({ username, password });    // tokens are kept, and renewed by themselves
//   const answer = await session.fetch("/me");      // as `fetch`, with the access token
//   await session.logout();

import { checkCookies, failed, serverWithoutCookies } from "./session/diagnosis.js";
import { createAsk } from "./session/http.js";
import { isSame, localStorageJar } from "./session/jar.js";
import { findPlace } from "./session/place.js";
import { createRenewal, tokensOf } from "./session/renewal.js";
import { browserLocks, takeTurns } from "./session/turns.js";

export { SessionError } from "./session/error.js";
export { localStorageJar, memoryJar } from "./session/jar.js";

/**
 * @typedef {object} State
 * @property {boolean} loggedIn
 * @property {number | null} expiresAt the end of the access token, in milliseconds
 * @property {string} scope
 */

/** @typedef {"login" | "refresh" | "logout" | "ended" | "other-tab"} Cause */

const authorization = (held) => (held ? { authorization: `Bearer ${held.access_token}` } : {});

// Without TLS `crypto.randomUUID` is missing. `getRandomValues` is not.
function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Creates the session of a page: one for each page, however many parts of it make requests. It
 * sends nothing by itself.
 *
 * @param {object} [options]
 * @param {string} [options.base] where the server has its endpoints: a path or a URL
 * @param {"cookie" | "body"} [options.delivery] `cookie`: no script can read the refresh token.
 *   `body`: the jar has it
 * @param {string[]} [options.origins] get the access token too, besides the page's own origin
 * @param {import("./session/jar.js").Jar} [options.jar] keeps the login
 * @param {(state: State, cause: Cause, reason?: string) => void} [options.onChange]
 * @param {boolean} [options.singleUser] this program is not a browser, and has one user
 * @throws {SessionError} `not_a_browser`, `no_server`
 */
export function createSession({
  base = "/auth",
  delivery = "cookie",
  origins = [],
  jar = localStorageJar(),
  onChange = () => {},
  singleUser = false,
  // What the browser has, and a test may replace.
  page = undefined,
  fetch: send = (request) => globalThis.fetch(request),
  locks = browserLocks(),
  lockName = undefined, // from the URL of the endpoints
  now = Date.now,
  timers = globalThis,
  random = Math.random,
  randomUUID = randomKey,
  // Milliseconds, but for `attempts`.
  margin = 60_000, // a token with less to live is renewed
  attempts = 3, // how often a refresh is tried
  attemptLimit = 10_000, // well below half of the server's overlap, which is 30 seconds
  longestWait = 10_000, // a server that wants more patience is not asked again
  lockLimit = 90_000, // a tab that hangs must not stop the others for ever
} = {}) {
  const place = findPlace({ base, page, origins, singleUser });
  const byCookie = delivery === "cookie";
  jar.setDefaultName?.(place.name);
  const oneAtATime = takeTurns({ locks, lockName: lockName ?? place.name, lockLimit, timers });
  const ask = createAsk({ send, place, byCookie, attemptLimit, timers, now });
  // Later, so that what a listener does or throws disturbs nothing here.
  const tell = (cause, reason) => queueMicrotask(() => onChange(state(), cause, reason));
  const { renewNow, renew, usable, proveCookie } = createRenewal({
    ask, jar, oneAtATime, tell, place, byCookie,
    now, timers, random, randomUUID, margin, attempts, longestWait,
  });
  jar.subscribe?.(() => tell("other-tab"));

  /**
   * Whether a user is logged in here. It sends nothing.
   *
   * @returns {State}
   */
  function state() {
    const held = jar.read();
    // The clock does not clear the jar: clocks are set wrong, and set right again.
    const loggedIn = held !== null && now() < (held.ends_at ?? Infinity);
    const expiresAt = loggedIn ? held.expires_at : null;
    return { loggedIn, expiresAt, scope: (loggedIn && held.scope) || "" };
  }

  /**
   * Logs in. A user who was logged in here before is logged out. It succeeds only if the login can
   * be renewed: with cookies, if the browser sends the cookie back.
   *
   * @param {object} credentials what the server wants: `{ username, password, device }`
   * @returns {Promise<State>}
   * @throws {SessionError}
   */
  function login(credentials) {
    return oneAtATime(async () => {
      if (byCookie) checkCookies(place);
      const before = jar.read();
      const about = { login: randomUUID(), byCookie };
      // With cookies the browser sends the mark itself.
      const mark = byCookie ? undefined : jar.mark?.();
      const body = { ...(mark && { device_mark: mark }), ...credentials, delivery };
      const reply = await ask("/login", body, authorization(before));
      const tokens = tokensOf(reply, about);
      if (!tokens) throw failed(reply, place);
      if (typeof reply.answer.device_mark === "string") jar.keepMark?.(reply.answer.device_mark);
      jar.write(byCookie ? await proven(reply, tokens, about, before) : tokens);
      tell("login");
      return state();
    });
  }

  /** The tokens of a login whose refresh token is in a cookie. Otherwise the login is undone. */
  async function proven(reply, tokens, about, before) {
    try {
      if (reply.answer.refresh_token) throw serverWithoutCookies();
      return tokensOf(await proveCookie(), about) ?? tokens;
    } catch (error) {
      // The server has replaced the login before, so that one has ended too.
      if (before && isSame(jar.read(), before)) {
        jar.clear();
        tell("ended", error.reason);
      }
      // No session is left behind in the list of devices. Nothing depends on the answer.
      if (error.kind !== "unavailable") await ask("/logout", undefined, authorization(tokens));
      throw error;
    }
  }

  /**
   * As the browser's own `fetch`, with the access token for trusted origins.
   *
   * @param {RequestInfo | URL} input
   * @param {RequestInit} [init]
   * @returns {Promise<Response>}
   * @throws {SessionError} the token has ended, and cannot be renewed for now
   */
  async function fetchWithToken(input, init) {
    const isUrl = typeof input === "string" || input instanceof URL;
    const documentUrl = globalThis.document?.baseURI ?? place.page;
    const request = new Request(isUrl ? new URL(input, documentUrl) : input, init);
    // A caller's own credentials are left as they are.
    const isForUs = place.isTrusted(request.url) && !request.headers.has("authorization");
    const held = isForUs ? await usable() : null;
    if (!held) return send(request);
    const again = request.clone();
    const response = await sendAs(held, request);
    if (!asksForToken(response, request)) return response;
    const renewed = await renew(held);
    // Another user may have logged in meanwhile: the request is not repeated in their name.
    if (!renewed || renewed.login !== held.login) return response;
    response.body?.cancel().catch(() => {});
    return sendAs(renewed, again);
  }

  function sendAs(held, request) {
    request.headers.set("authorization", authorization(held).authorization);
    return send(request);
  }

  /**
   * A redirection may have led to another site, and a 401 may ask for other credentials, or for the
   * password again (RFC 9470): a refresh would not help.
   */
  function asksForToken(response, request) {
    const challenge = response.headers.get("www-authenticate") ?? "bearer";
    return response.status === 401 && /bearer/i.test(challenge) &&
      !/error="insufficient_user_authentication"/i.test(challenge) &&
      place.isTrusted(response.url || request.url);
  }

  /**
   * The access token, for a WebSocket say. `null`: no user is logged in.
   *
   * @returns {Promise<string | null>}
   */
  async function accessToken() {
    return (await usable())?.access_token ?? null;
  }

  /**
   * Renews now. With cookies also where the jar is empty: so the cookie brings a login back.
   *
   * @returns {Promise<State>}
   */
  function refresh() {
    return renew(jar.read()).then(state);
  }

  /**
   * Logs out. Without an answer this fails, and the user is still logged in, because no script can
   * delete the cookie.
   *
   * @param {{ everywhere?: boolean }} [options] `everywhere`: on all devices
   * @returns {Promise<void>}
   */
  function logout({ everywhere = false } = {}) {
    return oneAtATime(async () => {
      // Only a living token may end the other sessions.
      const held = everywhere ? await renewNow(jar.read()) : jar.read();
      const token = held && !byCookie && !everywhere ? { token: held.refresh_token } : undefined;
      const path = everywhere ? "/logout-everywhere" : "/logout";
      const reply = await ask(path, token, authorization(held));
      // 400: the server has found nothing to end.
      const isDone = reply.status === 200 || (reply.status === 400 && !everywhere);
      if (!isDone) throw failed(reply, place);
      if (isSame(jar.read(), held)) jar.clear();
      tell("logout");
    });
  }

  return { login, fetch: fetchWithToken, accessToken, refresh, logout, state };
}
