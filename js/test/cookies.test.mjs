// A login that could not be renewed is refused at once, and says why.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { memoryJar } from "../session.js";
import { ALICE, PAGE, breaks, browser, json, loggedIn, settle } from "./support.mjs";

const said = [];
console.error = (text) => said.push(text);
beforeEach(() => { said.length = 0; });

/** The error of a login, which is also on the console if a developer has to do something. */
async function failure(session) {
  const error = await session.login(ALICE).then(() => assert.fail("logged in"), (error) => error);
  assert.equal(error.name, "SessionError");
  assert.ok(!/SECRET|rt1_|wonderland/.test(error.message + said.join()));
  if (error.kind === "misconfigured") assert.deepEqual(said, [`tower-bearer: ${error.message}`]);
  return error;
}

/** A browser that drops the cookie of a login. */
function forgetful(options) {
  const world = browser(options);
  const { server } = world;
  const { tokens } = server;
  server.tokens = (...args) => {
    const answer = tokens.apply(server, args);
    server.cookie = null;
    return answer;
  };
  return world;
}

/** Sets globals of the browser for one test. */
function pretend(t, globals) {
  for (const [name, value] of Object.entries(globals)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    t.after(() => {
      if (before) Object.defineProperty(globalThis, name, before);
      else delete globalThis[name];
    });
  }
}

test("a login proves its cookie without a refresh, and as a refresh is sent", async () => {
  const { tab, server } = browser();
  await tab().login(ALICE);
  const [, probe, ...more] = server.calls;
  assert.deepEqual(more, []);
  assert.equal(probe.path, "/auth/refresh");
  assert.deepEqual(JSON.parse(probe.text), { dry_run: "true" });
  assert.equal(probe.credentials, "include");
  // The headers that a refresh has need the same permission of another origin.
  assert.ok(probe.headers.get("idempotency-key"));

  const byBody = browser({ delivery: "body" });
  await byBody.tab().login(ALICE);
  assert.equal(byBody.server.calls.length, 1);
});

test("a cookie that was not kept is an error of the login, and leaves no session", async () => {
  const { tab, server, jar, heard } = forgetful();
  const session = tab();
  const error = await failure(session);
  assert.deepEqual([error.kind, error.reason], ["misconfigured", "cookie_not_kept"]);
  assert.equal(session.state().loggedIn, false);
  assert.equal(jar.value, null);
  assert.deepEqual(heard, []);
  const last = server.calls.at(-1);
  assert.equal(last.path, "/auth/logout");
  assert.match(last.headers.get("authorization"), /^Bearer SECRET/);
});

test("a server that answers `token_missing` is understood too", async () => {
  const { tab, server } = browser();
  server.fail("/auth/refresh", json(400, { error: "invalid_request", reason: "token_missing" }));
  assert.equal((await failure(tab())).reason, "cookie_not_kept");
});

test("an older cookie in place of the new one is not a proof", async () => {
  const { tab, server } = browser();
  server.fail("/auth/refresh", json(400, { error: "invalid_grant", reason: "session_revoked" }));
  assert.equal((await failure(tab())).reason, "cookie_not_kept");
});

test("the cookie of the login before is not a proof of this one", async () => {
  const { one, server, jar } = await loggedIn();
  const before = server.cookie;
  const { tokens } = server;
  server.tokens = (...args) => {
    const answer = tokens.apply(server, args);
    server.cookie = before; // the browser drops the new one
    return answer;
  };
  assert.equal((await failure(one)).reason, "cookie_not_kept");
  assert.equal(jar.value, null);
  const probe = server.to("/auth/refresh").at(-1).headers.get("authorization");
  assert.equal(probe, server.to("/auth/logout").at(-1).headers.get("authorization"));
});

test("the error names what the page can see of the cause", async (t) => {
  const at = async ({ page = PAGE, ...options }) =>
    (await failure(forgetful({ environment: { page }, ...options }).tab())).message;
  const lan = await at({ page: "http://192.168.1.5:3000/" });
  assert.match(lan, /192\.168\.1\.5:3000 is http instead of https/);
  assert.match(lan, /http:\/\/localhost instead of an address/);
  said.length = 0;
  for (const page of ["http://127.0.0.1:3000/", "http://localhost:3000/", "http://[::1]/"]) {
    assert.match(await at({ page }), /Safari drops the `Secure` cookie/);
    said.length = 0;
  }
  const elsewhere = await at({ base: "https://api.other.example/auth" });
  assert.match(elsewhere, /page is on https:\/\/app\.example.*server on https:\/\/api\.other\.ex/);
  assert.match(elsewhere, /SameSite=Strict/);
  assert.match(elsewhere, /one site, or set `CookieDelivery::for_other_sites` on the server/);
  said.length = 0;
  assert.match(await at({}), /blocks cookies or storage of this site, or a proxy removes/);
  said.length = 0;
  pretend(t, { window: { parent: {} } });
  assert.match(await at({}), /iframe.*`CookieDelivery::for_other_sites` sets on the server/);
  said.length = 0;
  pretend(t, { localStorage: null });
  assert.match(await at({ page: "http://127.0.0.1/" }), /blocks the storage of this page, and/);
});

test("a server that does not know `dry_run` has refreshed, and its tokens count", async () => {
  const { tab, server, jar } = browser();
  const renewed = { access_token: "renewed", expires_in: 5, token_type: "Bearer" };
  server.fail("/auth/refresh", json(200, renewed));
  await tab().login(ALICE);
  assert.equal(jar.value.access_token, "renewed");
});

test("a login whose cookie cannot be proven now is not a login", async () => {
  const { one, tab, server, clock, jar, heard } = await loggedIn();
  const session = tab();
  server.fail("/auth/refresh", breaks, json(503, {}), breaks);
  const result = assert.rejects(session.login(ALICE), { kind: "unavailable" });
  await clock.advance(10_000);
  await result;
  assert.equal(new Set(server.keys()).size, 1);
  assert.equal(server.keys().length, 3);
  // The login before was replaced at the server.
  assert.equal(one.state().loggedIn, false);
  assert.equal(jar.value, null);
  assert.deepEqual(heard.map(([cause]) => cause), ["ended"]);

  server.fail("/auth/refresh", json(404, {}));
  await assert.rejects(one.login(ALICE), { kind: "refused", status: 404 });
  server.fail("/auth/refresh", breaks);
  const retried = one.login(ALICE);
  await clock.advance(10_000);
  assert.equal((await retried).loggedIn, true);
});

test("a login whose cookie could not be proven is taken up by a later refresh", async () => {
  const { tab, server, clock, jar, heard } = browser();
  const session = tab();
  server.fail("/auth/refresh", breaks, json(503, {}), breaks);
  const result = assert.rejects(session.login(ALICE), { kind: "unavailable" });
  await clock.advance(10_000);
  await result;
  assert.equal(jar.value, null);
  assert.equal(session.state().loggedIn, false);
  assert.equal(server.to("/auth/logout").length, 0, "the session is not ended");
  assert.equal((await session.refresh()).loggedIn, true);
  assert.equal((await session.fetch("/me")).status, 200);
  await settle();
  assert.deepEqual(heard, [["refresh", true, undefined]]);
});

test("a server without cookies is named at the login, and no script keeps its token", async () => {
  const { tab, server, jar } = browser();
  const session = tab();
  const answer = { access_token: "a", expires_in: 5, refresh_token: "rt1_SENT-BY-MISTAKE" };
  server.fail("/auth/login", json(200, answer));
  const error = await failure(session);
  assert.deepEqual([error.kind, error.reason], ["misconfigured", "server_without_cookies"]);
  assert.match(error.message, /sessions\.endpoints\(\)\.with_cookies/);
  assert.equal(jar.value, null);
  assert.equal(session.state().loggedIn, false);
  assert.deepEqual(server.calls.map(({ path }) => path), ["/auth/login", "/auth/logout"]);
});

test("a page that asks for it keeps the tokens of such a server in memory", async () => {
  const { tab, server, clock } = browser();
  const session = tab({ delivery: "body", jar: memoryJar() });
  await session.login(ALICE);
  await clock.advance(1_800_001);
  assert.equal((await session.fetch("/me")).status, 200);
  assert.equal(server.to("/auth/refresh").length, 1);
  await session.logout();
  assert.equal(session.state().loggedIn, false);
});

test("a login that failed so ends the login before, which the server has replaced", async () => {
  const { one, server, jar, heard } = await loggedIn();
  server.fail("/auth/refresh", json(400, { error: "invalid_request" }));
  assert.equal((await failure(one)).reason, "cookie_not_kept");
  assert.equal(jar.value, null);
  await settle();
  assert.deepEqual(heard, [["ended", false, "cookie_not_kept"]]);
});

test("where no cookie can work the password is not sent", async (t) => {
  const { tab, server } = browser();
  pretend(t, { navigator: { cookieEnabled: false } });
  assert.equal((await failure(tab())).reason, "cookies_disabled");
  said.length = 0;
  pretend(t, { origin: "null" });
  assert.equal((await failure(tab())).reason, "page_without_origin");
  said.length = 0;
  const file = tab({
    base: `${PAGE}auth`,
    environment: { page: "file:///home/alice/page.html" },
  });
  assert.equal((await failure(file)).reason, "page_without_origin");
  assert.equal(server.calls.length, 0);
  await tab({ delivery: "body" }).login(ALICE);
});

test("the end by the server and a cookie that is gone have different reasons", async () => {
  for (const [answer, reason] of [
    [json(400, { error: "invalid_grant", reason: "session_revoked" }), "session_revoked"],
    [json(400, { error: "invalid_grant", reason: "refresh_reused" }), "refresh_reused"],
    [json(400, { error: "invalid_request", reason: "token_missing" }), "token_missing"],
    [json(400, { error: "invalid_request" }), "token_missing"],
  ]) {
    const { one, server, heard } = await loggedIn();
    server.fail("/auth/refresh", answer);
    assert.equal((await one.refresh()).loggedIn, false);
    await settle();
    assert.deepEqual(heard, [["ended", false, reason]]);
  }
});

test("another `invalid_request` is not the end of a login", async () => {
  const { one, server } = await loggedIn();
  server.fail("/auth/refresh", json(400, { error: "invalid_request", reason: "too_long" }));
  await assert.rejects(one.refresh(), { kind: "refused", status: 400, reason: "too_long" });
  // Not a word that this script shows, but another reason than a missing cookie.
  server.fail("/auth/refresh", json(400, { error: "invalid_request", reason: "too-long" }));
  await assert.rejects(one.refresh(), { kind: "refused", status: 400, reason: undefined });
  assert.equal(one.state().loggedIn, true);
});
