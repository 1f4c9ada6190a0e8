// Why something does not work, in words for a developer. A browser does not tell a page why it
// dropped a cookie or a response: so these are the causes that fit what the page can see.

import { SessionError, misconfigured } from "./error.js";

/** @typedef {import("./place.js").Place} Place */
/** @typedef {import("./http.js").Reply} Reply */

const BODY = '`createSession({ delivery: "body" })` needs no cookies';
const isLocal = ({ hostname }) =>
  hostname === "localhost" || hostname.endsWith(".localhost") ||
  hostname === "[::1]" || hostname.startsWith("127.");

/** Refuses, before a password is sent, where no cookie can work. */
export function checkCookies({ isOpaque, ownOrigin }) {
  if (isOpaque) {
    throw misconfigured("page_without_origin", "this page is a file, or a sandboxed iframe " +
      "without `allow-same-origin`, so the browser keeps no cookie for it. Open it over https, " +
      `in a frame without that sandbox. ${BODY}.`);
  }
  if (globalThis.navigator?.cookieEnabled === false) {
    throw misconfigured("cookies_disabled", `the browser allows no cookies for ${ownOrigin}: its ` +
      `settings block them, or those of other sites in an iframe. ${BODY}.`);
  }
}

/** The server sent the refresh token to the script, which asked for a cookie. */
export function serverWithoutCookies() {
  return misconfigured("server_without_cookies", "the server sent the refresh token in the body " +
    "of its answer, and not as a cookie. Turn cookies on there: " +
    "`sessions.endpoints().with_cookies(CookieDelivery::new())`, with the feature `cookie`. Or " +
    'keep the token in this script: `createSession({ delivery: "body", jar: memoryJar() })`.');
}

/** The cookie of a login did not come back. */
export function cookieNotKept(place) {
  return misconfigured("cookie_not_kept", "the server set a cookie at the login, and the browser " +
    `did not send it back. So the login was ended. ${causes(place).join(" ")} ${BODY}.`);
}

function causes({ endpoints, isElsewhere, ownOrigin }) {
  const found = [];
  if (isStorageBlocked()) {
    found.push("The browser blocks the storage of this page, and with it its cookies: the user's " +
      "settings do that, or this is an iframe.");
  } else if (endpoints.protocol === "http:") {
    found.push(isLocal(endpoints)
      ? `${endpoints.origin} is http instead of https: Safari drops the \`Secure\` cookie there, ` +
        "also on localhost. Use https, or another browser."
      : `${endpoints.origin} is http instead of https: browsers drop the \`Secure\` cookie ` +
        "there. Use https, or on your own machine http://localhost instead of an address.");
  }
  if (isElsewhere) {
    found.push(`The page is on ${ownOrigin}, and the server on ${endpoints.origin}. If these are ` +
      "different sites (localhost and 127.0.0.1 are), the browser neither keeps nor sends a " +
      "`SameSite=Strict` cookie. Serve both from one site, or set " +
      "`CookieDelivery::for_other_sites` on the server.");
  }
  if (isFramed()) {
    found.push("The page is in an iframe: in a page of another site, browsers drop its cookies, " +
      "except those that `CookieDelivery::for_other_sites` sets on the server. Or open it in a " +
      "window of its own.");
  }
  const others = "The browser blocks cookies or storage of this site, or a proxy removes " +
    "`Set-Cookie`.";
  return found.length > 0 ? found : [others];
}

function isStorageBlocked() {
  try { return globalThis.localStorage === null; } catch { return true; }
}

function isFramed() {
  return typeof window !== "undefined" && window.parent !== undefined && window.parent !== window;
}

/**
 * The error for an answer without what was asked for.
 *
 * @param {Reply} reply
 * @param {Place} place
 */
export function failed(reply, place) {
  if (reply.hasWrongType) {
    return misconfigured("token_type", "the server issues tokens of another kind than Bearer, " +
      "which this script cannot send.");
  }
  const { reason, hint = reply.description } = explain(reply, place);
  const kind = reply.isBusy || reply.status === 200 ? "unavailable" : "refused";
  return new SessionError(kind, { ...reply, reason: reply.reason ?? reason, hint });
}

function explain(reply, place) {
  const { status, path } = reply;
  const at = `${place.urlOf(path ?? "")}`;
  if (status === 0) return reply.isLate ? { reason: "timeout" } : blocked(at, place);
  if (reply.reason === "cross_site_cookie") {
    return { hint: `the server takes ${place.ownOrigin} for another site, so the browser would ` +
      "drop its `SameSite=Strict` cookie. `CookieDelivery::new().for_other_sites()` on the " +
      `server sets one that the browser keeps. Or leave cookies out: ${BODY}.` };
  }
  // No setting accepts a page without an origin: the server's sentence says what works.
  if (reply.reason === "cross_site" && !place.isOpaque) {
    return { hint: `the server takes ${place.ownOrigin} for another site. Its setting ` +
      `\`CookieDelivery::with_origin("${place.ownOrigin}")\` accepts this page; behind a proxy, ` +
      "`public_origin` says what the server's own origin is." };
  }
  if (status >= 500 || status === 429) return {};
  if (!reply.isJson) {
    return { reason: "not_json", hint: `the answer of ${at} is not JSON (${reply.type || "no " +
      "content type"}). Perhaps a proxy or a fallback page answered: is \`base\` right, and does ` +
      "the proxy pass it on?" };
  }
  if (status === 200) {
    return { reason: "no_tokens", hint: `the answer of ${at} lacks access_token, expires_in ` +
      'or, with delivery "body", refresh_token. If they have other names or are deeper in it, set ' +
      "`readTokens`" };
  }
  return {};
}

/** `fetch` says the same for a lost connection and for all that a browser forbids. */
function blocked(at, { endpoints, ownOrigin, isElsewhere }) {
  if (/^https:/.test(ownOrigin) && endpoints.protocol === "http:" && !isLocal(endpoints)) {
    return { reason: "mixed_content", hint: `a page over https may not call ${at}. Use https` };
  }
  if (!isElsewhere) {
    return { hint: `no answer from ${at}: the connection failed, or it redirects, which is ` +
      "refused here, or a Content-Security-Policy forbids it" };
  }
  return { reason: "cors_or_network", hint: `no answer from ${at}. If the server runs and does ` +
    `not redirect, CORS forbids it: the server has to allow the origin ${ownOrigin}, ` +
    "credentials, and the headers authorization, content-type and idempotency-key " +
    "(`tower_http::cors::CorsLayer` outside of the endpoints); for cookies also " +
    "`CookieDelivery::with_origin`" };
}
