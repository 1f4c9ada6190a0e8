// Logging in and out, and where the token is sent.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SessionError, localStorageJar, memoryJar } from "../session.js";
import { PAGE, ALICE, LIFE, settle, json, denied, invalidGrant } from "./support.mjs";
import { breaks, browser, loggedIn, isUnavailable, storage } from "./support.mjs";

test("a login with cookies keeps the access token, and never a refresh token", async () => {
  const { tab, server, jar, clock, heard } = browser();
  const session = tab();
  assert.deepEqual(session.state(), { loggedIn: false, expiresAt: null, scope: "" });
  const state = await session.login({ ...ALICE, device: "a test" });
  assert.deepEqual(state, { loggedIn: true, expiresAt: clock.time + LIFE, scope: "admin" });
  const sent = JSON.parse(server.calls[0].text);
  assert.deepEqual(sent, { ...ALICE, device: "a test", delivery: "cookie" });
  assert.equal(jar.value.refresh_token, undefined);
  await settle();
  assert.deepEqual(heard, [["login", true, undefined]]);
});

test("a login with tokens in the body keeps both, and a refresh sends the newest", async () => {
  const { one, server, jar } = await loggedIn({ delivery: "body" });
  const first = jar.value.refresh_token;
  await one.refresh();
  await one.refresh();
  const sent = server.to("/auth/refresh").map((call) => JSON.parse(call.text).refresh_token);
  assert.equal(sent[0], first);
  assert.equal(new Set([...sent, jar.value.refresh_token]).size, 3);
});

test("with tokens in the body, the mark of the device comes back at the next login", async () => {
  storage();
  for (const jar of [memoryJar(), localStorageJar()]) {
    const { tab, server } = browser({ delivery: "body", jar });
    const session = tab();
    const marked = (mark) => {
      const tokens = { access_token: "a", refresh_token: "r", expires_in: 5, token_type: "Bearer" };
      server.fail("/auth/login", json(200, { ...tokens, device_mark: mark }));
    };
    marked("dm1_first");
    await session.login(ALICE);
    await session.logout();
    marked("dm1_second");
    await session.login(ALICE);
    await session.login(ALICE);
    const sent = server.to("/auth/login").map((call) => JSON.parse(call.text).device_mark);
    assert.deepEqual(sent, [undefined, "dm1_first", "dm1_second"]);
  }
});

test("a wrong password is refused with its reason, and changes nothing", async () => {
  const { one, jar, heard } = await loggedIn();
  const before = jar.read();
  const refusal = { kind: "refused", status: 400, reason: "credentials_invalid" };
  await assert.rejects(one.login({ ...ALICE, password: "wrong" }), refusal);
  assert.deepEqual(jar.read(), before);
  await settle();
  assert.deepEqual(heard, []);
});

test("an answer without the needed tokens counts as a lost one", async () => {
  const { one, server, jar } = await loggedIn();
  const { tab } = await loggedIn({ delivery: "body" });
  const before = jar.read();
  const incomplete = [
    { expires_in: 5 },
    { access_token: "a" },
    { access_token: "a", expires_in: "soon" },
    { access_token: 7, expires_in: 5 },
    { access_token: "a", expires_in: null },
    [],
    "a",
    null,
  ];
  for (const answer of incomplete) {
    server.fail("/auth/login", json(200, answer));
    await assert.rejects(one.login(ALICE), isUnavailable);
  }
  assert.deepEqual(jar.read(), before);
  const byBody = tab({ environment: { fetch: server.fetch } });
  server.fail("/auth/login", json(200, { access_token: "a", expires_in: 5 }));
  await assert.rejects(byBody.login(ALICE), isUnavailable);
});

test("a login replaces the one before", async () => {
  const { one, server, jar } = await loggedIn();
  const before = jar.value.access_token;
  await one.login(ALICE);
  assert.equal(server.calls[0].headers.get("authorization"), `Bearer ${before}`);
});

test("with tokens in the body, a login whose answer is lost leaves the one before", async () => {
  const { one, server, jar } = await loggedIn({ delivery: "body" });
  const before = jar.read();
  server.fail("/auth/login", breaks);
  await assert.rejects(one.login(ALICE), isUnavailable);
  assert.equal(server.calls[0].headers.get("authorization"), null, "it names no login to end");
  assert.deepEqual(jar.read(), before);
  assert.deepEqual(server.calls.map(({ path }) => path), ["/auth/login"]);
});

test("with tokens in the body, a login ends the one before once it has succeeded", async () => {
  const { one, server, jar } = await loggedIn({ delivery: "body" });
  for (const answer of [json(200, {}), breaks, json(503, {})]) {
    const { refresh_token: token } = jar.read();
    server.calls.length = 0;
    server.fail("/auth/logout", answer);
    assert.equal((await one.login(ALICE)).loggedIn, true);
    assert.deepEqual(server.calls.map(({ path }) => path), ["/auth/login", "/auth/logout"]);
    assert.deepEqual(JSON.parse(server.calls[1].text), { token });
    assert.notEqual(jar.value.refresh_token, token);
  }
});

test("the token goes to the own origin and to those listed, and nowhere else", async () => {
  const { tab, server } = await loggedIn();
  const session = tab({ origins: ["https://api.example"] });
  const sentTo = async (input, init) => {
    await session.fetch(input, init);
    return server.calls.at(-1).headers.get("authorization");
  };
  const own = ["/me", new URL("/me", PAGE), new Request(`${PAGE}me`), "https://api.example/me"];
  for (const input of own) assert.match(await sentTo(input), /^Bearer SECRET/);
  const others = [
    "https://evil.example/me",
    "http://app.example/me",
    "https://app.example:8443/me",
    "https://app.example.evil.test/",
    "//evil.example/",
  ];
  for (const other of others) assert.equal(await sentTo(other), null, other);
  assert.equal(await sentTo("/me", { headers: { Authorization: "Basic b3du" } }), "Basic b3du");
});

test("a page that is not logged in sends no token, and refreshes nothing", async () => {
  const { tab, server } = browser();
  const session = tab();
  assert.equal((await session.fetch("/me")).status, 401);
  assert.equal(await session.accessToken(), null);
  assert.equal(server.calls.length, 1);
});

test("a 401 is cured once: one refresh, one more request, with the same body", async () => {
  const { one, server } = await loggedIn();
  server.fail("/orders", denied("token_expired"));
  const answer = await one.fetch("/orders", { method: "POST", body: "three apples" });
  assert.equal((await answer.json()).text, "three apples");
  assert.deepEqual(server.calls.map((call) => call.path), ["/orders", "/auth/refresh", "/orders"]);
  const [first, , again] = server.calls.map((call) => call.headers.get("authorization"));
  assert.notEqual(first, again);

  server.calls.length = 0;
  server.fail("/orders", denied("token_invalid"), denied("token_invalid"));
  assert.equal((await one.fetch("/orders")).status, 401);
  assert.deepEqual(server.calls.map((call) => call.path), ["/orders", "/auth/refresh", "/orders"]);
});

test("where each token is refused, no call renews one again for ten seconds", async () => {
  const { one, tab, server, clock } = await loggedIn();
  const other = tab();
  const refuse = () => server.fail("/me", denied("token_invalid"), denied("token_invalid"));
  refuse();
  assert.equal((await one.fetch("/me")).status, 401);
  assert.equal(server.to("/auth/refresh").length, 1);
  for (let call = 0; call < 3; call += 1) {
    server.fail("/me", denied("token_invalid"));
    assert.equal((await one.fetch("/me")).status, 401);
  }
  assert.equal(server.to("/auth/refresh").length, 1);
  // What another tab has renewed is tried, without a refresh.
  await other.refresh();
  server.fail("/me", denied("token_invalid"));
  assert.equal((await one.fetch("/me")).status, 401);
  assert.equal(server.to("/auth/refresh").length, 2);

  await clock.advance(10_000);
  server.fail("/me", denied("token_invalid"));
  assert.equal((await one.fetch("/me")).status, 200);
  assert.equal(server.to("/auth/refresh").length, 3);
});

test("a 401 for a token that another tab has renewed meanwhile needs no refresh", async () => {
  const { one, tab, server } = await loggedIn();
  const other = tab();
  server.fail("/me", async () => { await other.refresh(); return denied("token_expired"); });
  assert.equal((await one.fetch("/me")).status, 200);
  assert.equal(server.to("/auth/refresh").length, 1);
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

test("a refusal of the refresh token is the end with the status 401 too", async () => {
  const { one, server, jar, heard } = await loggedIn();
  server.fail("/me", denied("session_revoked"));
  server.fail("/auth/refresh", json(401, { error: "invalid_grant", reason: "session_revoked" }));
  assert.equal((await one.fetch("/me")).status, 401);
  assert.equal(jar.value, null);
  await settle();
  assert.deepEqual(heard, [["ended", false, "session_revoked"]]);
});

test("a token that is too large is neither refreshed nor dropped", async () => {
  const { one, server, jar, heard } = await loggedIn();
  const before = jar.read();
  const challenge = { "www-authenticate": 'Bearer error="invalid_request"' };
  const tooLarge = { error: "invalid_request", reason: "token_too_large" };
  server.fail("/me", json(400, tooLarge, challenge));
  const answer = await one.fetch("/me");
  assert.equal(answer.status, 400);
  assert.equal((await answer.json()).reason, "token_too_large");
  assert.deepEqual(server.calls.map((call) => call.path), ["/me"]);
  assert.equal(one.state().loggedIn, true);
  assert.deepEqual(jar.read(), before);
  await settle();
  assert.deepEqual(heard, []);
});

test("a 401 that asks for the password again is handed on, without a refresh", async () => {
  const { one, server } = await loggedIn();
  const challenge = 'Bearer error="insufficient_user_authentication", max_age="300"';
  const body = { error: "insufficient_user_authentication" };
  server.fail("/me", json(401, body, { "www-authenticate": challenge }));
  const answer = await one.fetch("/me");
  assert.equal(answer.status, 401);
  assert.equal((await answer.json()).error, "insufficient_user_authentication");
  assert.equal(server.to("/auth/refresh").length, 0);
  assert.equal(one.state().loggedIn, true);
});

test("a 401 of another site, or for other credentials, is not ours", async () => {
  const { one, server } = await loggedIn();
  const elsewhere = denied("token_expired");
  Object.defineProperty(elsewhere, "url", { value: "https://evil.example/" });
  server.fail("/me", elsewhere, json(401, {}, { "www-authenticate": 'Basic realm="proxy"' }));
  server.fail("/theirs", denied("token_expired"));
  for (const input of ["/me", "/me", "https://evil.example/theirs"]) {
    assert.equal((await one.fetch(input)).status, 401);
  }
  assert.equal(server.to("/auth/refresh").length, 0);
  assert.equal(one.state().loggedIn, true);
});

test("a call whose ended token cannot be renewed fails like a lost connection", async () => {
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
  const { one, server, jar } = await loggedIn({ environment: { locks: null } });
  const other = { ...jar.read(), login: "another", access_token: "of another tab" };
  server.fail("/auth/logout", () => { jar.write(other); return json(200, {}); });
  await one.logout();
  assert.deepEqual(jar.read(), other);
});

test("a logout clears also what another tab has renewed meanwhile", async () => {
  const { one, tab, server, jar } = await loggedIn({ environment: { locks: null } });
  const other = tab();
  server.fail("/auth/logout", async () => { await other.refresh(); return json(200, {}); });
  await one.logout();
  assert.equal(server.to("/auth/refresh").length, 1);
  assert.equal(jar.value, null);
  assert.equal(other.state().loggedIn, false);
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

test("with cookies an empty jar is filled by `refresh()`, and by nothing else", async () => {
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
  const causes = heard.map(([cause]) => cause);
  assert.deepEqual(causes, ["refresh"], "without a login no end is reported");

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
    const network = () => {
      throw new TypeError(`cannot send ${refresh} and ${access}`, { cause: refresh });
    };
    for (const fault of [network, () => json(500, chatty), () => json(418, chatty)]) {
      for (const path of ["refresh", "login", "logout"]) {
        server.fail(`/auth/${path}`, fault, fault, fault);
        const failure = one[path](ALICE).then(() => null, (error) => error);
        await clock.advance(10_000);
        const error = await failure;
        assert.ok(error instanceof SessionError);
        const { message, stack, cause } = error;
        const text = [message, stack, String(cause), JSON.stringify(error), String(error)].join();
        for (const secret of ["SECRET", "rt1_", ALICE.password]) {
          assert.ok(!text.includes(secret), text);
        }
        server.faults.length = 0;
      }
    }
  } finally {
    methods.forEach((method, index) => { console[method] = real[index]; });
  }
  assert.deepEqual(said, []);
});
