// `node --test`: no server, no browser, no real time.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SessionError, createSession, localStorageJar } from "../../examples/server/page/session.js";

const PAGE = "https://app.example/";
const ALICE = { username: "alice", password: "wonderland-7" };
const LIFE = 1_800_000;

/** Lets everything run that waits for nothing but other code. */
async function settle() {
  for (let round = 0; round < 30; round++) await new Promise((done) => setImmediate(done));
}

class Clock {
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
      const due = [...this.#timers].filter(([, timer]) => timer.due <= end).sort(([, a], [, b]) => a.due - b.due)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.time = due[1].due;
      due[1].call();
      await settle();
    }
    this.time = end;
    await settle();
  }
}

/** As `navigator.locks`: one at a time by name, in the order of arrival. */
class Locks {
  held = [];
  #tails = new Map();
  async request(name, { signal }, work) {
    const before = this.#tails.get(name) ?? Promise.resolve();
    let free;
    this.#tails.set(name, new Promise((done) => { free = done; }));
    try {
      const aborted = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
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

/** What all tabs of a browser share. */
class Jar {
  value = null;
  writes = 0;
  read = () => JSON.parse(JSON.stringify(this.value));
  write = (value) => { this.value = JSON.parse(JSON.stringify(value)); this.writes++; };
  clear = () => { this.value = null; };
}

const json = (status, body, headers = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
const denied = (reason) => json(401, { error: "invalid_token", reason }, { "www-authenticate": 'Bearer error="invalid_token"' });
const invalidGrant = (reason) => json(400, { error: "invalid_grant", error_description: "no", reason });

/** A server with one rule: a refresh token gives its successor, the same each time. It keeps the cookie for the browser. */
class Server {
  calls = [];
  faults = [];
  cookie = null;
  life = LIFE / 1000;
  #generation = 0;
  #successors = new Map();
  constructor(clock) { this.clock = clock; }

  /** What the next requests to this path meet: a function of the request, or an answer. */
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
        return this.tokens(`rt1_LOGIN-${++this.#generation}`, body.delivery);
      case "/auth/refresh": {
        const presented = body.refresh_token ?? this.cookie;
        if (!presented) return json(400, { error: "invalid_request", error_description: "refresh_token is missing" });
        if (!this.#successors.has(presented)) this.#successors.set(presented, `rt1_NEXT-${++this.#generation}`);
        return this.tokens(this.#successors.get(presented), body.refresh_token ? "body" : "cookie");
      }
      case "/auth/logout": this.cookie = null; return json(200, {});
      case "/auth/logout-everywhere": this.cookie = null; return headers.has("authorization") ? json(200, {}) : denied("token_missing");
      default: return this.isLive(headers) ? json(200, { path, text }) : denied("token_expired");
    }
  }

  tokens(refresh, delivery) {
    const token = { access_token: `SECRET.${refresh}.${this.clock.time + this.life * 1000}`, expires_in: this.life };
    const answer = { ...token, token_type: "Bearer", refresh_token_expires_in: 604_800, scope: "admin" };
    if (delivery === "body") return json(200, { ...answer, refresh_token: refresh });
    this.cookie = refresh;
    return json(200, answer);
  }

  isLive(headers) { return Number(headers.get("authorization")?.split(".").at(-1)) > this.clock.time; }
}

/** Waits until the client gives up. */
const hangs = (request) => new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason)));
const breaks = () => { throw new TypeError("connection lost"); };

function browser({ locks = new Locks(), ...rest } = {}) {
  const clock = new Clock();
  const world = { clock, locks, jar: new Jar(), server: new Server(clock), heard: [] };
  let keys = 0;
  world.tab = (options) => createSession({
    page: PAGE, fetch: world.server.fetch, jar: world.jar, locks, now: clock.now, timers: clock, random: () => 0,
    randomUUID: () => `key-${++keys}`, onChange: (state, cause, reason) => world.heard.push([cause, state.loggedIn, reason]), ...rest, ...options,
  });
  return world;
}

async function loggedIn(options) {
  const world = browser(options);
  world.one = world.tab();
  await world.one.login(ALICE);
  await settle();
  // What follows is counted from here.
  for (const list of [world.heard, world.server.calls, world.locks?.held ?? []]) list.length = 0;
  world.jar.writes = 0;
  return world;
}

const isUnavailable = { name: "SessionError", kind: "unavailable" };

test("a login by cookie keeps the access token, and never a refresh token", async () => {
  const { tab, server, jar, clock, heard } = browser();
  const session = tab();
  assert.deepEqual(session.state(), { loggedIn: false, expiresAt: null, scope: "" });
  const state = await session.login({ ...ALICE, device: "a test" });
  assert.deepEqual(state, { loggedIn: true, expiresAt: clock.time + LIFE, scope: "admin" });
  assert.deepEqual(JSON.parse(server.calls[0].text), { ...ALICE, device: "a test", delivery: "cookie" });
  assert.equal(jar.value.refresh_token, undefined);
  await settle();
  assert.deepEqual(heard, [["login", true, undefined]]);
});

test("a login by body keeps both tokens, and a refresh sends the newest", async () => {
  const { one, server, jar } = await loggedIn({ delivery: "body" });
  const first = jar.value.refresh_token;
  await one.refresh();
  await one.refresh();
  const sent = server.to("/auth/refresh").map((call) => JSON.parse(call.text).refresh_token);
  assert.equal(sent[0], first);
  assert.equal(new Set([...sent, jar.value.refresh_token]).size, 3);
});

test("a wrong password is refused with its reason, and changes nothing", async () => {
  const { one, jar, heard } = await loggedIn();
  const before = jar.read();
  await assert.rejects(one.login({ ...ALICE, password: "wrong" }), { kind: "refused", status: 400, reason: "credentials_invalid" });
  assert.deepEqual(jar.read(), before);
  await settle();
  assert.deepEqual(heard, []);
});

test("an answer without the tokens that are needed is none", async () => {
  const { one, server, jar } = await loggedIn();
  const { tab } = await loggedIn({ delivery: "body" });
  const before = jar.read();
  for (const answer of [{ expires_in: 5 }, { access_token: "a" }, { access_token: "a", expires_in: "soon" }, { access_token: 7, expires_in: 5 }, { access_token: "a", expires_in: null }, [], "a", null]) {
    server.fail("/auth/login", json(200, answer));
    await assert.rejects(one.login(ALICE), isUnavailable);
  }
  assert.deepEqual(jar.read(), before);
  const byBody = tab({ fetch: server.fetch });
  server.fail("/auth/login", json(200, { access_token: "a", expires_in: 5 }));
  await assert.rejects(byBody.login(ALICE), isUnavailable);

  server.fail("/auth/login", json(200, { access_token: "a", expires_in: 5, refresh_token: "rt1_SENT-BY-MISTAKE" }));
  await one.login(ALICE);
  assert.equal(jar.value.refresh_token, undefined, "by cookie no script holds it");
});

test("a login takes the place of the one before", async () => {
  const { one, server, jar } = await loggedIn();
  const before = jar.value.access_token;
  await one.login(ALICE);
  assert.equal(server.calls[0].headers.get("authorization"), `Bearer ${before}`);
});

test("the token goes to the own origin and to those listed, and to nobody else", async () => {
  const { tab, server } = await loggedIn();
  const session = tab({ origins: ["https://api.example"] });
  const bears = async (input, init) => {
    await session.fetch(input, init);
    return server.calls.at(-1).headers.get("authorization");
  };
  for (const own of ["/me", new URL("/me", PAGE), new Request(`${PAGE}me`), "https://api.example/me"]) assert.match(await bears(own), /^Bearer SECRET/);
  for (const other of ["https://evil.example/me", "http://app.example/me", "https://app.example:8443/me", "https://app.example.evil.test/", "//evil.example/"]) {
    assert.equal(await bears(other), null, other);
  }
  assert.equal(await bears("/me", { headers: { Authorization: "Basic b3du" } }), "Basic b3du");
});

test("who is not logged in sends no token, and refreshes nothing", async () => {
  const { tab, server } = browser();
  const session = tab();
  assert.equal((await session.fetch("/me")).status, 401);
  assert.equal(await session.accessToken(), null);
  assert.equal(server.calls.length, 1);
});

test("many calls in one tab make one refresh", async () => {
  const { one, server, clock, jar, locks } = await loggedIn();
  await clock.advance(LIFE + 1);
  const answers = await Promise.all([one.fetch("/a"), one.fetch("/b"), one.accessToken(), one.refresh(), one.fetch("/c")]);
  assert.deepEqual([answers[0].status, answers[1].status, answers[4].status], [200, 200, 200]);
  assert.equal(answers[2], jar.value.access_token);
  assert.equal(server.to("/auth/refresh").length, 1);
  const [{ text, redirect, credentials }] = server.to("/auth/refresh");
  assert.deepEqual({ text, redirect, credentials }, { text: "", redirect: "error", credentials: "include" });
  assert.deepEqual(locks.held, ["tower-bearer"]);
});

test("of several tabs one asks, and the others take its token without a request", async () => {
  const { one, tab, server, clock } = await loggedIn();
  const tabs = [one, tab(), tab()];
  await clock.advance(LIFE + 1);
  const tokens = await Promise.all(tabs.map((session) => session.accessToken()));
  assert.equal(new Set(tokens).size, 1);
  assert.equal(server.to("/auth/refresh").length, 1);
});

test("a tab that waited while another logged out asks nothing", async () => {
  const { one, tab, server, clock, jar } = await loggedIn();
  await clock.advance(LIFE + 1);
  const [, token] = await Promise.all([one.logout(), tab().accessToken()]);
  assert.equal(token, null);
  assert.equal(jar.value, null);
  assert.equal(server.to("/auth/refresh").length, 0);
});

test("login and logout wait for a refresh that is under way, and it for them", async () => {
  const { one, tab, server, clock, jar, locks } = await loggedIn();
  server.fail("/auth/refresh", hangs);
  const refresh = one.refresh();
  await settle();
  const login = tab().login(ALICE);
  const logout = tab().logout();
  await settle();
  assert.deepEqual(server.calls.map((call) => call.path), ["/auth/refresh"]);
  await clock.advance(11_000);
  await Promise.all([refresh, login, logout]);
  assert.deepEqual(server.calls.map((call) => call.path), ["/auth/refresh", "/auth/refresh", "/auth/login", "/auth/logout"]);
  assert.equal(jar.value, null);
  assert.equal(locks.held.length, 3);
});

test("a lock that never comes is an error, not a wait for ever", async () => {
  const { one, locks, clock } = await loggedIn();
  let free;
  locks.request("tower-bearer", { signal: new AbortController().signal }, () => new Promise((done) => { free = done; }));
  const result = assert.rejects(one.refresh(), isUnavailable);
  await clock.advance(90_001);
  await result;
  free();
  await settle();
  await one.refresh();
});

test("a token is renewed ahead of its end, and no call waits for that", async () => {
  const { one, server, clock, heard } = await loggedIn();
  await clock.advance(LIFE - 61_000);
  await one.fetch("/me");
  assert.equal(server.to("/auth/refresh").length, 0);
  await clock.advance(2_000);
  server.fail("/auth/refresh", hangs);
  assert.equal((await one.fetch("/me")).status, 200);
  assert.equal((await one.fetch("/me")).status, 200);
  await clock.advance(11_000);
  assert.equal(new Set(server.keys()).size, 1);
  assert.equal(one.state().expiresAt > clock.time + LIFE - 20_000, true);
  assert.deepEqual(heard, [["refresh", true, undefined]]);
});

test("the margin has a random spread, and is short for a short life", async () => {
  const { tab, jar, server, clock } = await loggedIn();
  const late = tab(), early = tab({ random: () => 0.98 });
  await clock.advance(LIFE - 80_000);
  await late.accessToken();
  await settle();
  assert.equal(server.to("/auth/refresh").length, 0);
  await early.accessToken();
  await settle();
  assert.equal(server.to("/auth/refresh").length, 1);

  jar.write({ ...jar.read(), lifetime: 8_000, expires_at: clock.time + 3_000 });
  await late.accessToken();
  await settle();
  assert.equal(server.to("/auth/refresh").length, 1);
  await clock.advance(1_001);
  await late.accessToken();
  await settle();
  assert.equal(server.to("/auth/refresh").length, 2);
});

test("a renewal ahead of time that fails harms nobody, and rests", async () => {
  const { one, server, clock } = await loggedIn();
  await clock.advance(LIFE - 50_000);
  server.fail("/auth/refresh", breaks, breaks, breaks);
  assert.equal((await one.fetch("/me")).status, 200);
  await clock.advance(4_000);
  assert.equal(server.to("/auth/refresh").length, 3);
  assert.equal((await one.fetch("/me")).status, 200);
  await settle();
  assert.equal(server.to("/auth/refresh").length, 3);
  await clock.advance(10_000);
  await one.fetch("/me");
  await settle();
  assert.equal(server.to("/auth/refresh").length, 4);
});

test("an attempt has a limit, and its retries have the same key; the next refresh has another", async () => {
  const { one, server, clock, heard } = await loggedIn();
  server.fail("/auth/refresh", hangs);
  const refresh = one.refresh();
  await clock.advance(9_999);
  assert.equal(server.keys().length, 1);
  await clock.advance(1_500);
  await refresh;
  await one.refresh();
  const [first, again, next] = server.keys();
  assert.equal(again, first);
  assert.notEqual(next, first);
  assert.equal(server.keys().length, 3);
  await settle();
  assert.deepEqual(heard.map(([cause]) => cause), ["refresh", "refresh"]);
  assert.equal(clock.waiting, 0);
});

test("lost connections, 5xx, 429 and pages that are no answers are tried again, a bounded number of times", async () => {
  const { one, server, clock, jar, heard } = await loggedIn();
  const before = jar.read();
  const html = () => new Response("<h1>Welcome to our hotel</h1>", { status: 200 });
  const broken = () => new Response(new ReadableStream({ start: (stream) => stream.error(new Error("cut")) }), { status: 200 });
  for (const fault of [breaks, html, broken, () => json(500, {}), () => json(502, {}), () => json(503, {}), () => json(429, {})]) {
    server.calls.length = 0;
    server.fail("/auth/refresh", fault, fault, fault);
    const result = assert.rejects(one.refresh(), isUnavailable);
    await clock.advance(10_000);
    await result;
    assert.equal(server.keys().length, 3);
    assert.equal(new Set(server.keys()).size, 1);
    const [first, second, third] = server.calls.map((call) => call.at);
    assert.ok(second > first && third - second > second - first, "each wait is longer");
    assert.deepEqual(jar.read(), before);
  }
  await settle();
  assert.deepEqual(heard, []);
  await one.refresh();
});

test("Retry-After is honoured, as seconds and as a date; what is too long is not waited for", async () => {
  const { one, server, clock } = await loggedIn();
  for (const retryAfter of [() => "7", () => new Date(clock.time + 7_000).toUTCString()]) {
    // A date has no fractions of a second.
    clock.time = Math.ceil(clock.time / 1000) * 1000;
    server.calls.length = 0;
    server.fail("/auth/refresh", json(503, {}, { "retry-after": retryAfter() }));
    const refresh = one.refresh();
    await clock.advance(6_999);
    assert.equal(server.keys().length, 1);
    await clock.advance(1);
    await refresh;
    assert.equal(server.keys().length, 2);
  }
  server.calls.length = 0;
  server.fail("/auth/refresh", json(503, {}, { "retry-after": "120" }));
  await assert.rejects(one.refresh(), { ...isUnavailable, retryAfter: 120_000 });
  assert.equal(server.keys().length, 1);
});

test("an answer that repeats what the jar holds writes nothing", async () => {
  const { one, server, jar, heard } = await loggedIn();
  server.fail("/auth/refresh", json(200, { access_token: jar.value.access_token, expires_in: 1000 }));
  assert.equal((await one.refresh()).loggedIn, true);
  await settle();
  assert.equal(jar.writes, 0);
  assert.deepEqual(heard, []);
});

test("a terminal refusal logs out, with its reason, and is not tried again", async () => {
  for (const reason of ["token_invalid", "session_expired", "session_revoked", "refresh_reused", "user_gone"]) {
    const { one, server, jar, heard } = await loggedIn();
    server.fail("/auth/refresh", invalidGrant(reason));
    assert.equal((await one.refresh()).loggedIn, false);
    assert.equal(jar.value, null);
    await settle();
    assert.deepEqual(heard, [["ended", false, reason]]);
    assert.equal(server.keys().length, 1);
  }
});

test("by cookie `invalid_request` says that the cookie is gone; by body it ends nothing", async () => {
  const lost = await loggedIn();
  lost.server.cookie = null;
  assert.equal((await lost.one.refresh()).loggedIn, false);

  const other = await loggedIn({ delivery: "body" });
  other.server.fail("/auth/refresh", json(400, { error: "invalid_request" }));
  await assert.rejects(other.one.refresh(), { kind: "refused", status: 400 });
  assert.equal(other.one.state().loggedIn, true);
});

test("no other answer logs out", async () => {
  const { one, server, jar } = await loggedIn();
  const before = jar.read();
  const answers = [
    json(403, { error: "access_denied", reason: "cross_site" }), json(401, {}), json(404, {}), json(413, {}), json(400, {}), json(400, null),
    json(403, { error: "invalid_grant" }), new Response("invalid_grant", { status: 400 }),
  ];
  for (const answer of answers) {
    server.fail("/auth/refresh", answer);
    await assert.rejects(one.refresh(), { kind: "refused", status: answer.status });
    assert.deepEqual(jar.read(), before);
  }
  assert.equal(server.keys().length, answers.length, "and none was tried again");
});

test("a refusal that comes after another tab has logged in ends nothing", async () => {
  for (const late of [invalidGrant("refresh_reused"), json(200, { access_token: "late", expires_in: 5 }), json(503, {})]) {
    const { one, server, jar } = await loggedIn({ locks: null });
    const other = { ...jar.read(), access_token: "of another tab" };
    server.fail("/auth/refresh", () => { jar.write(other); return late; });
    assert.equal((await one.refresh()).loggedIn, true);
    assert.deepEqual(jar.read(), other);
    assert.equal(server.keys().length, 1);
  }
});

test("a late answer brings no login back that was logged out", async () => {
  const { one, server, jar } = await loggedIn({ locks: null });
  server.fail("/auth/refresh", () => { jar.clear(); return json(200, { access_token: "late", expires_in: 5 }); });
  assert.equal((await one.refresh()).loggedIn, false);
  assert.equal(jar.value, null);
});

test("without locks a tab that another has overtaken does not try again", async () => {
  const { one, server, jar, clock } = await loggedIn({ locks: null, delivery: "body" });
  server.fail("/auth/refresh", breaks);
  const refresh = one.refresh();
  await settle();
  jar.write({ ...jar.read(), access_token: "newer", refresh_token: "rt1_NEWER" });
  await clock.advance(5_000);
  await refresh;
  assert.equal(server.keys().length, 1);
  assert.equal(jar.value.access_token, "newer");
});

test("without locks one tab still does one thing at a time", async () => {
  const { one, server, clock, jar } = await loggedIn({ locks: null });
  await clock.advance(LIFE + 1);
  const answers = await Promise.all([one.fetch("/a"), one.fetch("/b"), one.refresh()]);
  assert.deepEqual([answers[0].status, answers[1].status], [200, 200]);
  assert.equal(server.to("/auth/refresh").length, 1);

  server.fail("/auth/refresh", hangs);
  const refresh = one.refresh();
  const logout = one.logout();
  await settle();
  assert.equal(server.to("/auth/logout").length, 0);
  await clock.advance(11_000);
  await Promise.all([refresh, logout]);
  assert.equal(jar.value, null);
  // An error stops nobody who comes later.
  server.fail("/auth/login", json(500, {}));
  await assert.rejects(one.login(ALICE), isUnavailable);
  await one.login(ALICE);
});

test("a 401 is cured once: one refresh, one more request, with the same body", async () => {
  const { one, server } = await loggedIn();
  server.fail("/orders", denied("token_expired"));
  const answer = await one.fetch("/orders", { method: "POST", body: "three apples" });
  assert.equal((await answer.json()).text, "three apples");
  assert.deepEqual(server.calls.map((call) => call.path), ["/orders", "/auth/refresh", "/orders"]);
  assert.notEqual(server.calls[0].headers.get("authorization"), server.calls[2].headers.get("authorization"));

  server.calls.length = 0;
  server.fail("/orders", denied("token_invalid"), denied("token_invalid"));
  assert.equal((await one.fetch("/orders")).status, 401);
  assert.deepEqual(server.calls.map((call) => call.path), ["/orders", "/auth/refresh", "/orders"]);
});

test("a 401 for a token that another tab has renewed meanwhile needs no refresh", async () => {
  const { one, tab, server } = await loggedIn();
  const other = tab();
  server.fail("/me", async () => { await other.refresh(); return denied("token_expired"); });
  assert.equal((await one.fetch("/me")).status, 200);
  assert.equal(server.to("/auth/refresh").length, 1);
});

test("a call is not repeated in the name of somebody who has logged in meanwhile", async () => {
  const { one, tab, server } = await loggedIn();
  const other = tab();
  server.fail("/orders", async () => { await other.logout(); await other.login({ ...ALICE, username: "bob" }); return denied("session_revoked"); });
  assert.equal((await one.fetch("/orders", { method: "POST", body: "three apples" })).status, 401);
  assert.equal(server.to("/orders").length, 1);
  assert.equal(one.state().loggedIn, true);
});

test("a 401 of a session that was ended is handed on, and logs out", async () => {
  const { one, server, jar, heard } = await loggedIn();
  server.fail("/me", denied("session_revoked"));
  server.fail("/auth/refresh", invalidGrant("session_revoked"));
  assert.equal((await (await one.fetch("/me")).json()).reason, "session_revoked");
  assert.equal(jar.value, null);
  await settle();
  assert.deepEqual(heard, [["ended", false, "session_revoked"]]);
});

test("a 401 of another site, or for other credentials, is not ours", async () => {
  const { one, server } = await loggedIn();
  const elsewhere = denied("token_expired");
  Object.defineProperty(elsewhere, "url", { value: "https://evil.example/" });
  server.fail("/me", elsewhere, json(401, {}, { "www-authenticate": 'Basic realm="proxy"' }));
  server.fail("/theirs", denied("token_expired"));
  for (const input of ["/me", "/me", "https://evil.example/theirs"]) assert.equal((await one.fetch(input)).status, 401);
  assert.equal(server.to("/auth/refresh").length, 0);
  assert.equal(one.state().loggedIn, true);
});

test("a call whose token has ended and cannot be renewed fails as a lost connection does", async () => {
  const { one, server, clock } = await loggedIn();
  await clock.advance(LIFE + 1);
  server.fail("/auth/refresh", breaks, breaks, breaks);
  const result = assert.rejects(one.fetch("/me"), isUnavailable);
  await clock.advance(10_000);
  await result;
  assert.equal(server.to("/me").length, 0);
  assert.equal(one.state().loggedIn, true);
});

test("logout says which session, and is done when the server says so", async () => {
  const byBody = await loggedIn({ delivery: "body" });
  const token = byBody.jar.value.refresh_token;
  await byBody.one.logout();
  assert.deepEqual(JSON.parse(byBody.server.calls[0].text), { token });

  const { one, server, jar, heard } = await loggedIn();
  for (const fault of [breaks, json(503, {}), json(403, { reason: "cross_site" })]) {
    server.fail("/auth/logout", fault);
    await assert.rejects(one.logout(), SessionError);
    assert.equal(one.state().loggedIn, true);
  }
  await one.logout();
  await settle();
  assert.equal(server.calls.at(-1).text, "");
  assert.equal(jar.value, null);
  assert.deepEqual(heard, [["logout", false, undefined]]);

  server.fail("/auth/logout", json(400, { error: "invalid_request" }));
  await one.logout();
});

test("a logout does not touch what another tab has logged in meanwhile", async () => {
  const { one, server, jar } = await loggedIn({ locks: null });
  const other = { ...jar.read(), access_token: "of another tab" };
  server.fail("/auth/logout", () => { jar.write(other); return json(200, {}); });
  await one.logout();
  assert.deepEqual(jar.read(), other);
});

test("logging out everywhere takes a living token", async () => {
  const { one, server, clock, jar } = await loggedIn();
  await clock.advance(LIFE + 1);
  for (const answer of [json(503, {}), json(400, {}), denied("token_expired")]) {
    server.fail("/auth/logout-everywhere", answer);
    await assert.rejects(one.logout({ everywhere: true }), SessionError);
    assert.equal(one.state().loggedIn, true);
  }
  await one.logout({ everywhere: true });
  assert.equal(jar.value, null);
  assert.ok(server.isLive(server.calls.at(-1).headers));
});

test("by cookie an empty jar is filled by `refresh()`, and by nothing else", async () => {
  const { one, server, jar, heard } = await loggedIn();
  jar.clear();
  assert.equal(await one.accessToken(), null);
  assert.equal(server.calls.length, 0);
  assert.equal((await one.refresh()).loggedIn, true);
  await settle();
  jar.clear();
  server.cookie = null;
  assert.equal((await one.refresh()).loggedIn, false);
  await settle();
  assert.deepEqual(heard.map(([cause]) => cause), ["refresh"], "nobody who was not logged in hears of an end");

  const byBody = await loggedIn({ delivery: "body" });
  byBody.jar.clear();
  assert.equal((await byBody.one.refresh()).loggedIn, false);
  assert.equal(byBody.server.calls.length, 0);
});

test("a login that was left for a week has ended, but the clock alone clears nothing", async () => {
  const { one, jar, clock } = await loggedIn();
  clock.time += 604_800_000;
  assert.equal(one.state().loggedIn, false);
  clock.time -= 604_800_000;
  assert.equal(one.state().loggedIn, true);
  assert.notEqual(jar.value, null);
});

test("no token is in an error or in a log, whatever the server and the network say", async () => {
  const said = [];
  const methods = ["log", "info", "warn", "error", "debug"];
  const real = methods.map((method) => console[method]);
  methods.forEach((method) => { console[method] = (...words) => said.push(words); });
  try {
    const { one, server, jar, clock } = await loggedIn({ delivery: "body" });
    const { access_token: access, refresh_token: refresh } = jar.read();
    const chatty = { error: `no ${refresh}`, error_description: access, reason: access };
    const network = () => { throw new TypeError(`cannot send ${refresh} and ${access}`, { cause: refresh }); };
    for (const fault of [network, () => json(500, chatty), () => json(418, chatty)]) {
      for (const path of ["refresh", "login", "logout"]) {
        server.fail(`/auth/${path}`, fault, fault, fault);
        const failure = one[path](ALICE).then(() => null, (error) => error);
        await clock.advance(10_000);
        const error = await failure;
        assert.ok(error instanceof SessionError);
        const text = [error.message, error.stack, String(error.cause), JSON.stringify(error), String(error)].join();
        assert.ok(!text.includes("SECRET") && !text.includes("rt1_") && !text.includes(ALICE.password), text);
        server.faults.length = 0;
      }
    }
  } finally {
    methods.forEach((method, index) => { console[method] = real[index]; });
  }
  assert.deepEqual(said, []);
});

/** As `localStorage` and its event, for one tab. */
function storage() {
  const items = new Map(), listeners = [];
  globalThis.localStorage = {
    getItem: (key) => items.get(key) ?? null, setItem: (key, value) => items.set(key, value), removeItem: (key) => items.delete(key),
  };
  globalThis.addEventListener = (type, listener) => type === "storage" && listeners.push(listener);
  return { items, dispatch: (event) => listeners.forEach((listener) => listener(event)) };
}

test("a tab hears what another does, by the storage event", async () => {
  const { items, dispatch } = storage();
  const { tab, heard } = browser();
  const session = tab({ jar: localStorageJar("mine") });
  items.set("mine", JSON.stringify({ access_token: "of another tab", expires_at: 9e15, lifetime: 1e9 }));
  dispatch({ key: "mine" });
  await settle();
  items.clear();
  dispatch({ key: null });
  dispatch({ key: "something else" });
  await settle();
  assert.deepEqual(heard, [["other-tab", true, undefined], ["other-tab", false, undefined]]);
  assert.equal(session.state().loggedIn, false);
});

test("rubbish in the storage is no login, and a storage that is full loses no token", async () => {
  const { items } = storage();
  const jar = localStorageJar("mine");
  for (const rubbish of ["", "{", "null", "7", '{"access_token":7}']) {
    items.set("mine", rubbish);
    assert.equal(jar.read(), null);
  }
  jar.write({ access_token: "a" });
  assert.deepEqual([jar.read(), items.get("mine")], [{ access_token: "a" }, '{"access_token":"a"}']);
  const { setItem, removeItem } = localStorage;
  localStorage.setItem = () => { throw new Error("full"); };
  jar.write({ access_token: "b" });
  assert.deepEqual(jar.read(), { access_token: "b" });
  localStorage.removeItem = () => { throw new Error("forbidden"); };
  jar.clear();
  Object.assign(localStorage, { setItem, removeItem });
  jar.clear();
  assert.equal(jar.read(), null);
});

test("keys are long, and never the same", async () => {
  const { tab, server } = await loggedIn();
  const session = tab({ randomUUID: undefined });
  await session.refresh();
  await session.refresh();
  const [first, second] = server.keys();
  assert.match(first, /^[0-9a-f]{32}$/);
  assert.notEqual(first, second);
});
