// A login that lasts, for pages in front of `tower-bearer`. One file without dependencies: copy it.
//
//   import { createSession } from "./session.js";
//   const session = createSession({ onChange: (state, cause) => show(state.loggedIn) });
//   await session.login({ username, password });    // tokens are kept, and renewed by themselves
//   const answer = await session.fetch("/me");      // as `fetch`, with the access token
//   await session.logout();
//
// Its promises:
//
// - Many calls make one refresh, in one tab and across tabs (Web Locks). A tab that waited takes
//   the token that the other tab got, and sends no request.
// - A token is renewed before it ends, in the background. No request waits for that, unless its
//   token has ended.
// - A dropped response does not log the user out: a refresh has a time limit, and is tried again
//   with the same `Idempotency-Key`.
// - The user is logged out only by themselves, or by a server that says so (400 `invalid_grant`).
//   Never by a bad connection, a 5xx, a 403, a 401 of another site, or a refusal that comes after
//   another tab has logged in.
// - Tokens go to your own origin, and to those that you list. No error has one in its text.
//
// With `delivery: "cookie"` the refresh token is a cookie that no script can read. The access token
// is in localStorage, so that tabs share it: a script that is injected into your page can read it.
// To store no token at all, pass a jar in memory, and call `refresh()` at the start: the cookie
// brings the login back. With `delivery: "body"` the jar has both tokens.
//
// `onChange(state, cause, reason)` hears `login`, `refresh`, `logout`, `ended` (by the server, with
// its reason), and `other-tab`.

/**
 * `kind` is `unavailable` (try again, after `retryAfter` milliseconds), or `refused`. `reason` is
 * the server's word for programs.
 */
export class SessionError extends Error {
  constructor(kind, { status = 0, reason, retryAfter = 0 } = {}) {
    super(`${kind} (${[status || "no answer", reason].filter(Boolean).join(", ")})`);
    Object.assign(this, { name: "SessionError", kind, status, reason, retryAfter });
  }
}

/**
 * Keeps the login where all tabs find it. Any object with `read`, `write`, `clear` and perhaps
 * `subscribe` can replace it.
 */
export function localStorageJar(key = "tower-bearer") {
  // Storage may be full or forbidden. A token that was renewed must not get lost then.
  let spare = null;
  return {
    read() {
      try {
        const held = spare ?? JSON.parse(localStorage.getItem(key));
        return typeof held?.access_token === "string" ? held : null;
      } catch {
        return null;
      }
    },
    write(held) {
      spare = null;
      try { localStorage.setItem(key, JSON.stringify(held)); } catch { spare = held; }
    },
    clear() {
      spare = null;
      try { localStorage.removeItem(key); } catch { /* nothing was there */ }
    },
    /** Hears what other tabs do. A key of `null`: all of the storage was cleared. */
    subscribe(listener) {
      globalThis.addEventListener?.("storage", ({ key: changed }) => {
        if (changed === key || changed === null) listener();
      });
    },
  };
}

// Without TLS `crypto.randomUUID` and `navigator.locks` are missing. `getRandomValues` is not.
function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const isSame = (a, b) =>
  a?.access_token === b?.access_token && a?.refresh_token === b?.refresh_token;
const bearer = (held) => (held ? { authorization: `Bearer ${held.access_token}` } : {});
// A page for guests of a hotel is 200 too.
const isBusy = ({ status }) => status === 0 || status === 200 || status === 429 || status >= 500;
const failed = (reply) => new SessionError(isBusy(reply) ? "unavailable" : "refused", reply);

export function createSession({
  base = "/auth", // where the server has its endpoints
  delivery = "cookie", // or "body"
  origins = [], // also get the access token, besides the page's own origin
  page = globalThis.location?.href,
  fetch: send = (request) => globalThis.fetch(request),
  jar = localStorageJar(),
  locks = globalThis.navigator?.locks,
  lockName = "tower-bearer",
  onChange = () => {},
  now = Date.now,
  timers = globalThis,
  random = Math.random,
  randomUUID = randomKey,
  margin = 60_000, // a token with less to live is renewed
  attempts = 3, // how often a refresh is tried
  attemptLimit = 10_000, // well below half of the server's overlap, which is 30 seconds
  longestWait = 10_000, // a server that wants more patience is not asked again
  lockLimit = 90_000, // a tab that hangs must not stop the others for ever
} = {}) {
  const own = new Set([page, ...origins].map((address) => new URL(address).origin));
  const byCookie = delivery === "cookie";
  const spread = 1 + random() / 2; // keeps many clients from coming at the same moment
  let queue = Promise.resolve();
  let renewing = null;
  let restUntil = 0;

  // Later, so that what a listener does or throws disturbs nothing here.
  const tell = (cause, reason) => queueMicrotask(() => onChange(state(), cause, reason));
  jar.subscribe?.(() => tell("other-tab"));

  function state() {
    const held = jar.read();
    // The clock does not clear the jar: clocks are set wrong, and set right again.
    const loggedIn = held !== null && now() < (held.ends_at ?? Infinity);
    const expiresAt = loggedIn ? held.expires_at : null;
    return { loggedIn, expiresAt, scope: (loggedIn && held.scope) || "" };
  }

  /** One at a time: in all tabs, or in this one where there are no locks. */
  async function locked(work) {
    if (!locks) {
      const mine = queue.then(work);
      queue = mine.catch(() => {});
      return mine;
    }
    const patience = new AbortController();
    const timer = timers.setTimeout(() => patience.abort(), lockLimit);
    try {
      return await locks.request(lockName, { signal: patience.signal }, () => {
        timers.clearTimeout(timer);
        return work();
      });
    } catch (error) {
      throw patience.signal.aborted ? new SessionError("unavailable") : error;
    }
  }

  /**
   * Posts to an endpoint. Status 0: no whole answer within the limit. The cause is not passed on,
   * because such an error may hold anything.
   */
  async function ask(path, body, headers) {
    const limit = new AbortController();
    const timer = timers.setTimeout(() => limit.abort(), attemptLimit);
    try {
      const response = await send(new Request(new URL(base + path, page), {
        method: "POST",
        headers: { ...(body && { "content-type": "application/json" }), ...headers },
        body: body && JSON.stringify(body),
        credentials: byCookie ? "include" : "same-origin",
        redirect: "error", // tokens go nowhere else
        signal: limit.signal,
      }));
      const text = await response.text();
      const answer = await Promise.resolve(text).then(JSON.parse).catch(() => null);
      const [reason] = /^[a-z_]{1,40}$/.exec(answer?.reason ?? "") ?? [];
      const after = response.headers.get("retry-after"); // seconds, or a date
      const wait = Number.isNaN(Number(after)) ? Date.parse(after) - now() : after * 1000;
      return { status: response.status, answer, reason, retryAfter: Math.max(0, wait || 0) };
    } catch {
      return { status: 0, retryAfter: 0 };
    } finally {
      timers.clearTimeout(timer);
    }
  }

  /**
   * The part of an answer that the jar keeps. `null`: the answer has no tokens. `login` stays the
   * same for as long as a user is logged in.
   */
  function tokensOf({ status, answer }, sent, login = randomUUID()) {
    const { access_token, refresh_token, scope, expires_in } = answer ?? {};
    const isWhole = typeof access_token === "string" && Number.isFinite(expires_in);
    if (status !== 200 || !isWhole || !(byCookie || refresh_token)) return null;
    const lifetime = expires_in * 1000;
    const rest = answer.refresh_token_expires_in;
    const times = { lifetime, expires_at: sent + lifetime, ends_at: rest && sent + rest * 1000 };
    return { login, access_token, scope, ...times, ...(!byCookie && { refresh_token }) };
  }

  // With cookies a refresh has no parameter, so `invalid_request` says that the browser has no such
  // cookie any more.
  const isOver = ({ status, answer }) =>
    status === 400 &&
    (answer?.error === "invalid_grant" || (byCookie && answer?.error === "invalid_request"));

  /** Renews the tokens that the caller has seen in the jar. The caller holds the lock. */
  async function renewLocked(seen) {
    const start = jar.read();
    // Another tab has logged out meanwhile, or has a new token for us. If storage lags behind the
    // lock, both ask, and get the same token.
    if (!isSame(start, seen) && (!start || now() < start.expires_at)) return start;
    if (!start && !byCookie) return null;
    const key = { "idempotency-key": randomUUID() };
    for (let attempt = 1; ; attempt++) {
      const sent = now();
      const body = byCookie ? undefined : { refresh_token: start.refresh_token };
      const reply = await ask("/refresh", body, key);
      // Without locks another tab may have been quicker. Then its token counts.
      if (!isSame(jar.read(), start)) return jar.read();
      const renewed = tokensOf(reply, sent, start?.login);
      if (renewed) {
        // A server may repeat itself: then there is nothing to tell the other tabs.
        if (isSame(renewed, start)) return start;
        jar.write(renewed);
        tell("refresh");
        return renewed;
      }
      if (isOver(reply)) {
        jar.clear();
        if (start) tell("ended", reply.reason);
        return null;
      }
      const wait = Math.max(reply.retryAfter, 500 * 2 ** attempt * (0.5 + random() / 2));
      if (!isBusy(reply) || attempt >= attempts || wait > longestWait) throw failed(reply);
      await new Promise((resume) => timers.setTimeout(resume, wait));
      if (!isSame(jar.read(), start)) return jar.read();
    }
  }

  /** One refresh, however many calls want it. */
  function renew(seen) {
    renewing ??= locked(() => renewLocked(seen)).finally(() => { renewing = null; });
    return renewing;
  }

  /** The tokens that a request may send now. */
  async function usable() {
    const held = jar.read();
    const left = held ? held.expires_at - now() : 0;
    if (left <= 0) return held && renew(held);
    // A short life has a short margin.
    if (left < Math.min(margin, held.lifetime / 4) * spread && now() >= restUntil) {
      // The token still works. After a failure it is left alone for a while.
      renew(held).catch((error) => {
        restUntil = now() + Math.max(longestWait, error.retryAfter ?? 0);
      });
    }
    return held;
  }

  async function fetchWithToken(input, init) {
    const isUrl = typeof input === "string" || input instanceof URL;
    const documentUrl = globalThis.document?.baseURI ?? page;
    const request = new Request(isUrl ? new URL(input, documentUrl) : input, init);
    // A caller's own credentials are left as they are.
    const isForUs = own.has(new URL(request.url).origin) && !request.headers.has("authorization");
    const held = isForUs ? await usable() : null;
    if (!held) return send(request);
    const again = request.clone();
    request.headers.set("authorization", bearer(held).authorization);
    const response = await send(request);
    // A redirection may have led to another site, and a 401 may ask for other credentials.
    const isOwn = own.has(new URL(response.url || request.url).origin);
    const challenge = response.headers.get("www-authenticate") ?? "bearer";
    if (response.status !== 401 || !isOwn || !/bearer/i.test(challenge)) return response;
    const renewed = await renew(held);
    // Another user may have logged in meanwhile: the request is not repeated in their name.
    if (!renewed || renewed.login !== held.login) return response;
    response.body?.cancel().catch(() => {});
    again.headers.set("authorization", bearer(renewed).authorization);
    return send(again);
  }

  return {
    /**
     * Credentials are the parameters that the server wants: `{ username, password, device }`. A
     * user who was logged in here before is logged out.
     */
    login: (credentials) => locked(async () => {
      const sent = now();
      const reply = await ask("/login", { ...credentials, delivery }, bearer(jar.read()));
      const tokens = tokensOf(reply, sent);
      if (!tokens) throw failed(reply);
      jar.write(tokens);
      tell("login");
      return state();
    }),

    /**
     * As the browser's own `fetch`. Fails with a `SessionError` if the token has ended, and cannot
     * be renewed for now.
     */
    fetch: fetchWithToken,

    /** The access token, for a WebSocket say. `null`: no user is logged in. */
    accessToken: async () => (await usable())?.access_token ?? null,

    /** Renews now. With cookies also where the jar is empty. */
    refresh: () => renew(jar.read()).then(state),

    /**
     * Logs out. Without an answer this fails, and the user is still logged in, because no script
     * can delete the cookie. `everywhere`: on all devices.
     */
    logout: ({ everywhere = false } = {}) => locked(async () => {
      // Only a living token may end the other sessions.
      const held = everywhere ? await renewLocked(jar.read()) : jar.read();
      const token = held && !byCookie && !everywhere ? { token: held.refresh_token } : undefined;
      const reply = await ask(everywhere ? "/logout-everywhere" : "/logout", token, bearer(held));
      // 400: the server has found nothing to end.
      if (reply.status !== 200 && (everywhere || reply.status !== 400)) throw failed(reply);
      if (isSame(jar.read(), held)) jar.clear();
      tell("logout");
    }),

    state,
  };
}
