// Where it does not run, or runs with less: servers, files, frames, blocked storage.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { createSession, localStorageJar } from "../session.js";
import { ALICE, LIFE, PAGE, breaks, browser, json, settle } from "./support.mjs";

const blocked = () => new DOMException("The operation is insecure.", "SecurityError");

/** Runs a module on a server, which has no document, and returns what it prints. */
function onServer(source) {
  const url = new URL("../session.js", import.meta.url);
  const program = `import { createSession } from ${JSON.stringify(url.href)};\n${source}`;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", program]);
  assert.equal(run.status, 0, String(run.stderr));
  return String(run.stdout).trim();
}

test("on a server it refuses to be shared by all visitors, whatever is set", () => {
  const url = "https://app.example/";
  const servers = [
    ["", ""],
    ["", `{ environment: { page: "${url}" } }`],
    ["", `{ base: "${url}auth", delivery: "body", jar: null }`],
    // As Cloudflare's workers, and as Deno with `--location`.
    ["globalThis.WorkerGlobalScope = class {};", `{ environment: { page: "${url}" } }`],
    [`Object.assign(globalThis, { Deno: {}, window: {}, location: new URL("${url}") });`, ""],
  ];
  for (const [globals, options] of servers) {
    const said = onServer(`${globals}
      try { createSession(${options}); console.log("created"); }
      catch (error) { console.log(error.name, error.kind, error.reason, error.message); }`);
    assert.match(said, /^SessionError misconfigured not_a_browser .*all visitors would share/);
  }
});

test("a program with one user says so, and gives the URL of its server", () => {
  const options = '{ singleUser: true, base: "https://app.example/auth", delivery: "body" }';
  assert.equal(onServer(`console.log(createSession(${options}).state().loggedIn)`), "false");
  const said = onServer(`try { createSession({ singleUser: true }); }
    catch (error) { console.log(error.name, error.reason, error.message); }`);
  assert.match(said, /^SessionError no_server .*program without a page.*set `base`/);
});

test("a page without a server says so, and never `Invalid URL`", () => {
  for (const page of ["file:///home/a/page.html?x=SECRET", "data:text/html,x", "about:blank"]) {
    const refused = { name: "SessionError", reason: "no_server", message: /set `base`/ };
    const create = () => createSession({ environment: { page } });
    assert.throws(create, refused);
    assert.throws(create, ({ message }) => !message.includes("SECRET"));
  }
});

test("a file is not an origin that gets tokens", async () => {
  const { tab, server } = browser({ delivery: "body" });
  const session = tab({
    base: `${PAGE}auth`,
    origins: [PAGE],
    environment: { page: "file:///home/a/page.html" },
  });
  await session.login(ALICE);
  await session.fetch("file:///home/a/other.html");
  assert.equal(server.calls.at(-1).headers.get("authorization"), null);
  await session.fetch(`${PAGE}me`);
  assert.match(server.calls.at(-1).headers.get("authorization"), /^Bearer SECRET/);
});

test("the endpoints are below `base`, however it is written", async () => {
  for (const [base, url] of [
    ["/auth", "https://app.example/auth/login"],
    ["/auth/", "https://app.example/auth/login"],
    ["https://api.example", "https://api.example/login"],
    ["https://api.example//auth", "https://api.example//auth/login"],
  ]) {
    const { tab, server } = browser();
    server.fail("/auth/login", breaks);
    await tab({ base }).login(ALICE).catch(() => {});
    assert.equal(server.calls[0].origin + server.calls[0].path, url);
  }
});

test("where locks are forbidden one tab still does one thing at a time", async () => {
  const rejecting = { request: () => Promise.reject(blocked()) };
  const throwing = { request: () => { throw blocked(); } };
  for (const locks of [rejecting, throwing]) {
    const { tab, server, clock } = browser({ environment: { locks } });
    const session = tab();
    await session.login(ALICE);
    await clock.advance(LIFE + 1);
    server.calls.length = 0;
    const calls = [session.fetch("/a"), session.fetch("/b"), session.refresh()];
    const answers = await Promise.all(calls);
    assert.deepEqual([answers[0].status, answers[1].status], [200, 200]);
    assert.equal(server.to("/auth/refresh").length, 1);
    server.fail("/auth/login", json(500, {}));
    await assert.rejects(session.login(ALICE), { name: "SessionError", status: 500 });
    await session.logout();
    assert.equal(clock.waiting, 0);
  }
});

test("a lock that another script has stolen fails no call", async () => {
  const stolen = {
    async request(_, __, work) { work(); throw new DOMException("stolen", "AbortError"); },
  };
  const { tab } = browser({ environment: { locks: stolen } });
  assert.equal((await tab().login(ALICE)).loggedIn, true);
});

test("where storage is forbidden the login lasts as long as the page", async (t) => {
  t.after(() => { delete globalThis.localStorage; });
  Object.defineProperty(globalThis, "localStorage", {
    configurable: true,
    get() { throw blocked(); },
  });
  const { tab, clock } = browser();
  const session = tab({ jar: localStorageJar() });
  await session.login(ALICE);
  await clock.advance(LIFE + 1);
  assert.equal((await session.fetch("/me")).status, 200);
  // After a reload the cookie brings it back.
  const reloaded = tab({ jar: localStorageJar() });
  assert.equal(reloaded.state().loggedIn, false);
  assert.equal((await reloaded.refresh()).loggedIn, true);
  await session.logout();
  assert.equal(session.state().loggedIn, false);
});

test("a browser clock that is wrong by hours, or is set meanwhile, logs nobody out", async () => {
  for (const hours of [-9, 9]) {
    const { tab, server, clock } = browser();
    const skew = hours * 3_600_000;
    const session = tab({ environment: { now: () => clock.time + skew } });
    await session.login(ALICE);
    assert.equal(session.state().expiresAt, clock.time + skew + LIFE);
    assert.equal((await session.fetch("/me")).status, 200);
    assert.equal(server.to("/auth/refresh").length, 1, "the proof, and no renewal");
    await clock.advance(LIFE + 1);
    assert.equal((await session.fetch("/me")).status, 200);
    assert.equal(server.to("/me").length, 2, "renewed ahead of the call");
  }
  // The clock was ahead, and is set right: the token seems to live for hours.
  const { tab, server, clock } = browser();
  let skew = 9 * 3_600_000;
  const session = tab({ environment: { now: () => clock.time + skew } });
  await session.login(ALICE);
  skew = 0;
  server.calls.length = 0;
  await session.accessToken();
  await settle();
  assert.equal(server.to("/auth/refresh").length, 1);
  assert.equal(session.state().expiresAt, clock.time + LIFE);
});

test("a date in Retry-After is compared with the server's clock", async () => {
  const { tab, server, clock } = browser();
  const session = tab({ environment: { now: () => clock.time - 9 * 3_600_000 } });
  const date = (time) => new Date(time).toUTCString();
  const headers = { date: date(clock.time), "retry-after": date(clock.time + 60_000) };
  server.fail("/auth/login", json(503, {}, headers));
  await assert.rejects(session.login(ALICE), { kind: "unavailable", retryAfter: 60_000 });
});

test("an answer that is not JSON says that something else has answered", async () => {
  const html = (status) => new Response("<h1>Welcome</h1>", {
    status,
    headers: { "content-type": "text/html; charset=utf-8" },
  });
  for (const [status, kind] of [[200, "unavailable"], [405, "refused"], [404, "refused"]]) {
    const { tab, server } = browser();
    server.fail("/auth/login", html(status));
    await assert.rejects(tab().login(ALICE), (error) => {
      assert.deepEqual([error.kind, error.status, error.reason], [kind, status, "not_json"]);
      assert.match(error.message, /app\.example\/auth\/login is not JSON \(text\/html\)/);
      return true;
    });
  }
});

test("tokens that are not Bearer tokens are not used", async () => {
  const answer = { access_token: "a", expires_in: 5 };
  for (const token_type of ["DPoP", "mac", 7, ""]) {
    const { tab, server, jar } = browser();
    server.fail("/auth/login", json(200, { ...answer, token_type }));
    await assert.rejects(tab().login(ALICE), { kind: "misconfigured", reason: "token_type" });
    assert.equal(jar.value, null);
  }
  for (const token_type of ["bearer", "BEARER", "Bearer", undefined]) {
    const { tab, server } = browser();
    server.cookie = "rt1_KEPT";
    server.fail("/auth/login", json(200, { ...answer, token_type }));
    assert.equal((await tab().login(ALICE)).loggedIn, true);
  }
});

test("a request to another origin that the browser blocks names CORS", async () => {
  const at = async (options) => {
    const { tab, server } = browser(options);
    server.fail("/auth/login", breaks);
    return tab().login(ALICE).then(assert.fail, (error) => error);
  };
  const cors = await at({ base: "https://api.example/auth" });
  assert.deepEqual([cors.kind, cors.reason], ["unavailable", "cors_or_network"]);
  for (const word of ["CORS", "https://app.example", "idempotency-key", "with_origin"]) {
    assert.ok(cors.message.includes(word), cors.message);
  }
  assert.equal((await at({ base: "http://api.example/auth" })).reason, "mixed_content");
  assert.match((await at({})).message, /connection failed, or it redirects/);
  assert.equal((await at({})).reason, undefined);
});

test("an answer that has come by a redirect to another origin is not used", async () => {
  const { tab, server, jar, clock } = browser();
  // The fetch of React Native does not say whether it was redirected.
  const from = (url) => () => Object.defineProperties(server.tokens("rt1_S-LOGIN", "cookie"),
    { url: { value: url }, redirected: { value: undefined } });
  const session = tab();
  for (const url of ["https://evil.example/auth/login", "http://app.example/auth/login"]) {
    server.fail("/auth/login", from(url));
    await assert.rejects(session.login(ALICE), { kind: "unavailable", message: /it redirects/ });
    assert.equal(jar.value, null);
  }
  server.fail("/auth/login", from("https://app.example/auth/login/"));
  await session.login(ALICE);
  const before = jar.read();
  const elsewhere = from("https://evil.example/auth/refresh");
  server.fail("/auth/refresh", elsewhere, elsewhere, elsewhere);
  const refresh = assert.rejects(session.refresh(), { kind: "unavailable" });
  await clock.advance(10_000);
  await refresh;
  assert.deepEqual(jar.read(), before);
});

test("a refusal of another site names the setting that lets this page in", async () => {
  const { tab, server } = browser();
  server.fail("/auth/login", json(403, { error: "access_denied", reason: "cross_site" }));
  await assert.rejects(tab().login(ALICE), {
    kind: "refused",
    reason: "cross_site",
    message: /with_origin\("https:\/\/app\.example"\)/,
  });
});

test("a refusal because the cookie would be dropped names both cures", async () => {
  const { tab, server } = browser({ base: "https://api.other.example/auth" });
  server.fail("/auth/login", json(403, {
    error: "access_denied",
    error_description: "the browser would drop the cookies, because this page is on another site",
    reason: "cross_site_cookie",
  }));
  const error = await tab().login(ALICE).then(assert.fail, (error) => error);
  assert.deepEqual([error.kind, error.reason], ["refused", "cross_site_cookie"]);
  assert.match(error.message, /takes https:\/\/app\.example for another site/);
  assert.match(error.message, /`CookieDelivery::new\(\)\.for_other_sites\(\)` on the server/);
  assert.match(error.message, /createSession\(\{ delivery: "body" \}\)/);
});

test("a page without an origin is told what the server says, and not to list `null`", async (t) => {
  t.after(() => { delete globalThis.origin; });
  globalThis.origin = "null";
  const { tab, server } = browser();
  const error_description = "the request comes from a page without an origin: use delivery=body";
  const answer = { error: "access_denied", error_description, reason: "cross_site" };
  server.fail("/auth/refresh", json(403, answer));
  const message = `refused (403, cross_site): ${error_description}`;
  await assert.rejects(tab().refresh(), { kind: "refused", message });
});
