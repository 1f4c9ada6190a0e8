// The parts that the tests of `session.js` need: a browser, its locks and jar, a clock, a server.

import { createSession } from "../session.js";

/** The name of the login in storage, and of its lock. */
export const NAME = "tower-bearer https://app.example/auth";
export const PAGE = "https://app.example/";
export const ALICE = { username: "alice", password: "wonderland-7" };
export const LIFE = 1_800_000;

// These tests run in a page.
globalThis.document ??= { baseURI: PAGE };

/** Runs everything that waits only for other code. */
export async function settle() {
  for (let round = 0; round < 30; round++) await new Promise((done) => setImmediate(done));
}

export class Clock {
  time = 1_700_000_000_000;
  #next = 1;
  #timers = new Map();
  now = () => this.time;
  setTimeout = (call, wait) => {
    this.#timers.set(this.#next, { call, due: this.time + wait });
    return this.#next++;
  };
  clearTimeout = (id) => this.#timers.delete(id);
  get waiting() { return this.#timers.size; }

  async advance(wait) {
    const end = this.time + wait;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.due <= end);
      if (due.length === 0) break;
      const [[id, next]] = due.sort(([, a], [, b]) => a.due - b.due);
      this.#timers.delete(id);
      this.time = next.due;
      next.call();
      await settle();
    }
    this.time = end;
    await settle();
  }
}

/** As `navigator.locks`: one at a time by name, in the order of arrival. */
export class Locks {
  held = [];
  #tails = new Map();
  async request(name, { signal }, work) {
    const before = this.#tails.get(name) ?? Promise.resolve();
    let free;
    this.#tails.set(name, new Promise((done) => { free = done; }));
    try {
      const aborted = new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
      aborted.catch(() => {});
      await Promise.race([before, aborted]);
    } catch (error) {
      before.then(free);
      throw error;
    }
    this.held.push(name);
    try { return await work(); } finally { free(); }
  }
}

/** The storage that all tabs of a browser share. */
export class Jar {
  value = null;
  writes = 0;
  read = () => JSON.parse(JSON.stringify(this.value));
  write = (value) => { this.value = JSON.parse(JSON.stringify(value)); this.writes++; };
  clear = () => { this.value = null; };
}

const storageOf = (items) => ({
  getItem: (key) => items.get(key) ?? null,
  setItem: (key, value) => items.set(key, value),
  removeItem: (key) => items.delete(key),
});

/** The `sessionStorage` of the tab whose code runs next. */
export function sessionStorageOf(items = new Map()) {
  globalThis.sessionStorage = storageOf(items);
  return items;
}

/** As `localStorage` and the events of its window, for one tab, whose `sessionStorage` is empty. */
export function storage() {
  const items = new Map(), listeners = [];
  globalThis.localStorage = storageOf(items);
  sessionStorageOf();
  globalThis.addEventListener = (type, listener) => listeners.push({ type, listener });
  const dispatch = (event, name = "storage") =>
    listeners.filter(({ type }) => type === name).forEach(({ listener }) => listener(event));
  return { items, dispatch };
}

export function json(status, body, headers = {}) {
  const all = { "content-type": "application/json", ...headers };
  return new Response(JSON.stringify(body), { status, headers: all });
}
export function denied(reason) {
  const challenge = { "www-authenticate": 'Bearer error="invalid_token"' };
  return json(401, { error: "invalid_token", reason }, challenge);
}
export const invalidGrant = (reason) =>
  json(400, { error: "invalid_grant", error_description: "no", reason });

/**
 * A server with one rule: a refresh token gives its successor, the same each time. The server keeps
 * the cookie for the browser. All tokens of a login name the same session.
 */
export class Server {
  calls = [];
  faults = [];
  cookie = null;
  /** "Remember me" was not ticked. */
  isBrief = false;
  life = LIFE / 1000;
  #generation = 0;
  #successors = new Map();
  constructor(clock) { this.clock = clock; }

  /** Sets the fate of the next requests to this path: a function of the request, or an answer. */
  fail(path, ...faults) { this.faults.push(...faults.map((fault) => ({ path, fault }))); }
  to(path) { return this.calls.filter((call) => call.path === path); }
  keys() { return this.to("/auth/refresh").map((call) => call.headers.get("idempotency-key")); }

  fetch = async (request) => {
    const { origin, pathname: path } = new URL(request.url);
    const text = await request.clone().text();
    const { headers, redirect, credentials } = request;
    const call = { origin, path, headers, redirect, credentials, text, at: this.clock.time };
    this.calls.push(call);
    const hit = this.faults.findIndex((fault) => fault.path === path);
    if (hit >= 0) {
      const [{ fault }] = this.faults.splice(hit, 1);
      return typeof fault === "function" ? fault(request) : fault;
    }
    request.signal.throwIfAborted();
    return this.answer(call);
  };

  answer({ path, headers, text }) {
    const body = text.startsWith("{") ? JSON.parse(text) : {};
    switch (path) {
      case "/auth/login":
        if (body.password !== ALICE.password) return invalidGrant("credentials_invalid");
        return this.tokens(`rt1_S${++this.#generation}-LOGIN`, body.delivery);
      case "/auth/refresh": {
        const presented = body.refresh_token ?? this.cookie;
        if (!presented) {
          const error_description = "refresh_token is missing";
          return json(400, { error: "invalid_request", error_description });
        }
        if (body.dry_run) {
          const [, payload] = headers.get("authorization").split(".");
          // A token of another kind names no session.
          const { sid } = payload ? JSON.parse(Buffer.from(payload, "base64url").toString()) : {};
          const isOther = sid && !presented.startsWith(`${sid}-`);
          return isOther ? json(400, { error: "invalid_request", reason: "token_missing" })
            : new Response(null, { status: 204 });
        }
        if (!this.#successors.has(presented)) {
          const [session] = presented.split("-");
          this.#successors.set(presented, `${session}-NEXT${++this.#generation}`);
        }
        return this.tokens(this.#successors.get(presented), body.refresh_token ? "body" : "cookie");
      }
      case "/auth/logout":
        this.cookie = null;
        return json(200, {});
      case "/auth/logout-everywhere":
        this.cookie = null;
        return headers.has("authorization") ? json(200, {}) : denied("token_missing");
      default:
        return this.isLive(headers) ? json(200, { path, text }) : denied("token_expired");
    }
  }

  tokens(refresh, delivery) {
    const [sid] = refresh.split("-");
    const payload = Buffer.from(JSON.stringify({ sid, jti: refresh })).toString("base64url");
    const answer = {
      access_token: `SECRET.${payload}.${this.clock.time + this.life * 1000}`,
      expires_in: this.life,
      token_type: "Bearer",
      refresh_token_expires_in: 604_800,
      scope: "admin",
      ...(this.isBrief && { until_browser_closes: true }),
    };
    if (delivery === "body") return json(200, { ...answer, refresh_token: refresh });
    this.cookie = refresh;
    return json(200, answer);
  }

  isLive(headers) {
    return Number(headers.get("authorization")?.split(".").at(-1)) > this.clock.time;
  }
}

/** Waits until the client gives up. */
export const hangs = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
export const breaks = () => { throw new TypeError("connection lost"); };

/**
 * A browser with a server. Its `tab` creates the session of a page, with the options of
 * `createSession`.
 */
export function browser({ environment: { locks = new Locks(), ...parts } = {}, ...rest } = {}) {
  const clock = new Clock();
  const world = { clock, locks, jar: new Jar(), server: new Server(clock), heard: [] };
  let keys = 0;
  world.tab = ({ environment, ...options } = {}) => createSession({
    jar: world.jar,
    onChange: (state, cause, reason) => world.heard.push([cause, state.loggedIn, reason]),
    environment: {
      page: PAGE,
      fetch: world.server.fetch,
      locks,
      now: clock.now,
      timers: clock,
      random: () => 0,
      randomKey: () => `key-${++keys}`,
      ...parts,
      ...environment,
    },
    ...rest,
    ...options,
  });
  return world;
}

export async function loggedIn(options) {
  const world = browser(options);
  world.one = world.tab();
  await world.one.login(ALICE);
  await settle();
  // The counts of a test begin here.
  for (const list of [world.heard, world.server.calls, world.locks?.held ?? []]) list.length = 0;
  world.jar.writes = 0;
  return world;
}

export const isUnavailable = { name: "SessionError", kind: "unavailable" };
