// A login that lasts, for pages in front of `tower-bearer`. ESM, without dependencies and without a
// build step. README.md has the options, the promises and the reasons of errors, session.d.ts says
// what each call does.
//
//   import { createSession } from "tower-bearer"; // or "./session.js", if you have copied it
//   const session = createSession({ onChange: (state, cause) => show(state.loggedIn) });
//   await session.login({ username, password });    // tokens are kept, and renewed by themselves
//   const answer = await session.fetch("/me");      // as `fetch`, with the access token
//   await session.logout();

import { checkCookies, failed, serverWithoutCookies } from "./session/diagnosis.js";
import { createAsk } from "./session/http.js";
import { ofSameLogin } from "./session/identity.js";
import { isSame, localStorageJar } from "./session/jar.js";
import { environmentOf, findPlace } from "./session/place.js";
import { createRenewal, tokensOf } from "./session/renewal.js";
import { takeTurns } from "./session/turns.js";

export { SessionError } from "./session/error.js";
export { localStorageJar, memoryJar } from "./session/jar.js";

/** @import { Cause, Held, Options, Reason, Session } from "./session.d.ts" */

/** How long no token is renewed for a 401 after a new one was refused, in milliseconds. */
const REST = 10_000;

/** @param {Held | null} held @returns {Record<string, string>} */
const authorization = (held) => (held ? { authorization: `Bearer ${held.access_token}` } : {});

/** The body of a logout that says which login ends. @param {Held} held */
const tokenOf = ({ refresh_token, access_token }) => ({ token: refresh_token ?? access_token });

/**
 * The session of a page. What its parts do is described in session.d.ts, against which the types
 * are checked.
 *
 * @param {Options} [options]
 * @returns {Session}
 */
export function createSession({
  base = "/auth",
  delivery = "cookie",
  origins = [],
  jar = localStorageJar(),
  onChange = () => {},
  readTokens = (body) => body,
  singleUser = false,
  lockName = undefined, // from the URL of the endpoints
  environment: given = {},
} = {}) {
  const environment = environmentOf(given);
  const { fetch: send, now, randomKey } = environment;
  const place = findPlace({ base, page: environment.page, origins, singleUser });
  const byCookie = delivery === "cookie";
  jar.setDefaultName?.(place.name);
  const oneAtATime = takeTurns({ lockName: lockName ?? place.name, environment });
  const ask = createAsk({ place, byCookie, readTokens, environment });
  // Later, so that what a listener does or throws disturbs nothing here.
  /** @type {(cause: Cause, reason?: Reason) => void} */
  const tell = (cause, reason) => queueMicrotask(() => onChange(state(), cause, reason));
  const { renewNow, renew, renewForCall, usable, proveCookie } = createRenewal({
    ask, jar, oneAtATime, tell, place, byCookie, environment,
  });
  jar.subscribe?.(() => tell("other-tab"));
  // When a new token was refused as the old one had been.
  let uselessAt = -Infinity;

  /** @type {Session["state"]} */
  function state() {
    const held = jar.read();
    // The clock does not clear the jar: clocks are set wrong, and set right again.
    const loggedIn = held !== null && now() < (held.ends_at ?? Infinity);
    const expiresAt = loggedIn ? held.expires_at : null;
    return { loggedIn, expiresAt, scope: (loggedIn && held.scope) || "" };
  }

  /** @type {Session["login"]} */
  function login(credentials) {
    return oneAtATime(async () => {
      if (byCookie) checkCookies(place);
      const before = jar.read();
      const about = { login: randomKey(), byCookie };
      // With cookies the browser sends the mark itself.
      const mark = byCookie ? undefined : jar.mark?.();
      const body = { ...(mark && { device_mark: mark }), ...credentials, delivery };
      // With cookies the token names the session to replace. With tokens in bodies that session is
      // ended after the login, so that a lost answer does not end it.
      const reply = await ask("/login", body, byCookie ? authorization(before) : {});
      const tokens = tokensOf(reply, about);
      if (!tokens) {
        // The cookie may be the new user's already, though the rest of the answer was lost.
        const held = jar.read();
        if (held && byCookie && reply.status === 0) jar.write({ ...held, unsure: true });
        throw failed(reply, place);
      }
      if (typeof reply.answer.device_mark === "string") jar.keepMark?.(reply.answer.device_mark);
      jar.write(byCookie ? await proven(reply, tokens, about, before) : tokens);
      tell("login");
      // Once: the login has succeeded, whatever the answer is.
      const isReplaced = before && !byCookie && before.refresh_token !== tokens.refresh_token;
      if (isReplaced) await ask("/logout", tokenOf(before));
      return state();
    });
  }

  /**
   * The tokens of a login whose refresh token is in a cookie. Otherwise the login is undone.
   *
   * @returns {Promise<Held>}
   */
  async function proven(reply, tokens, about, before) {
    try {
      if (reply.answer.refresh_token) throw serverWithoutCookies();
      return tokensOf(await proveCookie(tokens), about) ?? tokens;
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

  /** @type {Session["fetch"]} */
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
    // Where each token is refused, a page that calls at each change would call without end.
    const sinceUseless = now() - uselessAt;
    const rests = sinceUseless >= 0 && sinceUseless < REST;
    if (rests && isSame(jar.read(), held)) return response;
    const renewed = await renewForCall(held);
    // Another user may have logged in meanwhile: the request is not repeated in their name.
    if (!renewed || renewed.login !== held.login) return response;
    response.body?.cancel().catch(() => {});
    const repeated = await sendAs(renewed, again);
    if (asksForToken(repeated, again)) uselessAt = now();
    return repeated;
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

  /** @type {Session["accessToken"]} */
  async function accessToken() {
    return (await usable())?.access_token ?? null;
  }

  /** @type {Session["refresh"]} */
  function refresh() {
    return renew(jar.read()).then(state);
  }

  /** @type {Session["logout"]} */
  function logout({ everywhere = false } = {}) {
    return oneAtATime(async () => {
      const before = jar.read();
      // Only a living token may end the other sessions.
      const held = everywhere ? ofSameLogin(before, await renewNow(before)) : before;
      const token = held && !byCookie && !everywhere ? tokenOf(held) : undefined;
      const path = everywhere ? "/logout-everywhere" : "/logout";
      const reply = await ask(path, token, authorization(held));
      // 400: the server has found nothing to end.
      const isDone = reply.status === 200 || (reply.status === 400 && !everywhere);
      if (!isDone) throw failed(reply, place);
      // Without locks another tab may have renewed this login, which has ended, or begun its own.
      if (jar.read()?.login === held?.login) jar.clear();
      tell("logout");
    });
  }

  return { login, fetch: fetchWithToken, accessToken, refresh, logout, state };
}
