// Whether two tokens are of one login. The cookie may be that of another user by now.

import { SessionError } from "./error.js";

/** @import { Held } from "../session.d.ts" */

/**
 * The login that renewed tokens belong to. Where both access tokens name their session, the
 * sessions decide. Another server's tokens may not name it.
 *
 * @param {Held | null} before
 * @param {any} accessToken the new one, if there is one
 * @param {() => string} randomKey for a login that is another one, or may be
 */
export function loginOf(before, accessToken, randomKey) {
  const [old, renewed] = [before?.access_token, accessToken].map(sessionOf);
  const isSameLogin = old && renewed ? old === renewed : !before?.unsure;
  return before && isSameLogin ? before.login : randomKey();
}

/**
 * Refuses to go on with tokens of another login than the caller had.
 *
 * @param {Held | null} before
 * @param {Held | null} renewed
 */
export function ofSameLogin(before, renewed) {
  if (before && renewed && renewed.login !== before.login) {
    throw new SessionError("refused", { reason: "login_replaced", hint: "the call waited, and " +
      "another user may have logged in meanwhile. Send it again if it is still meant" });
  }
  return renewed;
}

/**
 * The `sid` of an access token, if it is a JWT with one. The signature is not checked: the server
 * itself has sent the token.
 *
 * @param {any} token
 * @returns {string | undefined}
 */
function sessionOf(token) {
  try {
    const [, payload] = token.split(".");
    const { sid } = JSON.parse(atob(payload.replace(/-/g, "+").replace(/_/g, "/")));
    return typeof sid === "string" ? sid : undefined;
  } catch {
    return undefined;
  }
}
