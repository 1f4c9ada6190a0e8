// Where a browser keeps no cookie: the login says so at once, and why.

import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { after, before, test } from "node:test";
import { startFront } from "./front.mjs";
import { logIn, refreshCookie, startBrowser, startServer, startStrictBrowser } from "./site.mjs";

let browser, server;
const running = [];
before(async () => {
  [browser, server] = await Promise.all([startBrowser(), startServer()]);
});
after(async () => {
  for (const front of running) front.stop();
  await browser?.close();
  server?.stop();
});

async function front(options) {
  const started = await startFront({ backend: server.origin, ...options });
  running.push(started);
  return started;
}

/** Logs in with `session.js` in this page or frame, and says how that went. */
const tryLogin = (frame, options = {}) => frame.evaluate(async (options) => {
  const { createSession } = await import("/session.js");
  const events = [];
  const onChange = (_, cause, reason) => events.push([cause, reason]);
  const session = createSession({ ...options, onChange });
  const alice = { username: "alice", password: "wonderland-7" };
  const error = await session.login(alice).then(() => null, (error) => error);
  const failure = error &&
    { name: error.name, kind: error.kind, reason: error.reason, message: error.message };
  return { failure, ...session.state(), events };
}, options);

/** A page of this origin in a context of its own, and what it writes to the console. */
async function open(url, context) {
  context ??= await browser.newContext();
  const page = await context.newPage();
  const said = [];
  page.on("console", (message) => message.type() === "error" && said.push(message.text()));
  page.on("pageerror", (error) => assert.fail(`the page threw ${error}`));
  await page.goto(url);
  return { context, page, said };
}

/** How many devices the user has, by a login with a program. */
async function devices() {
  const post = { method: "POST", headers: { "content-type": "application/json" } };
  const body = JSON.stringify({ username: "alice", password: "wonderland-7" });
  const login = await fetch(`${server.origin}/auth/login`, { ...post, body });
  const authorization = `Bearer ${(await login.json()).access_token}`;
  const list = await fetch(`${server.origin}/auth/sessions`, { headers: { authorization } });
  const { sessions } = await list.json();
  await fetch(`${server.origin}/auth/logout`, { method: "POST", headers: { authorization } });
  return sessions.length - 1;
}

test("on http://127.0.0.1 Chromium keeps the cookie, and the login proves it", async () => {
  const { page, context } = await open(server.origin);
  const posted = [];
  page.on("request", (request) => request.method() === "POST" && posted.push(request.postData()));
  await logIn(page, server.origin);
  assert.equal(posted.length, 2, posted.join());
  assert.equal(posted[1], '{"dry_run":"true"}');
  await context.close();
});

const addresses = Object.values(networkInterfaces()).flat();
const lan = addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
const skip = lan ? false : "NOT CHECKED: this machine has no address besides loopback";
if (skip) console.log(`tests/browser: ${skip}`);

test("at an address of this machine the `Secure` cookie is dropped", { skip }, async () => {
  const remote = await startServer({ ADDR: `${lan}:0`, DEMO_USERS: "1" });
  try {
    const { page, context, said } = await open(remote.origin);
    await page.fill("#login-form input[name=username]", "alice");
    await page.fill("#login-form input[name=password]", "wonderland-7");
    await page.click("#login-form button[type=submit]");
    const message = page.locator("#login-message", { hasText: "cookie_not_kept" });
    await message.waitFor();
    const text = await message.textContent();
    assert.ok(text.includes(`${remote.origin} is http instead of https`), text);
    assert.match(text, /http:\/\/localhost instead of an address/);
    assert.ok(said.some((line) => line.startsWith("tower-bearer: misconfigured")), said.join());
    assert.ok(await page.isVisible("#signed-out"));
    assert.equal(await refreshCookie(context), undefined);
    const { failure, loggedIn } = await tryLogin(page);
    assert.deepEqual([failure.reason, loggedIn], ["cookie_not_kept", false]);
    await context.close();
  } finally {
    remote.stop();
  }
});

test("a server without cookies is named, and no session is left behind", async () => {
  const { origin } = await front({ withoutCookies: true });
  const before = await devices();
  const { page, context } = await open(origin);
  const { failure, loggedIn } = await tryLogin(page);
  assert.deepEqual([failure.kind, failure.reason], ["misconfigured", "server_without_cookies"]);
  assert.match(failure.message, /with_cookies/);
  assert.equal(loggedIn, false);
  assert.equal(await devices(), before);
  assert.equal((await tryLogin(page, { delivery: "body" })).loggedIn, true);
  await context.close();
});

/** What an API answers to the pages of other origins. */
const cors = ({ headers }) => ({
  "access-control-allow-origin": headers.origin,
  "access-control-allow-credentials": "true",
  "access-control-allow-headers": "authorization, content-type, idempotency-key",
});

test("a page on another site never gets the `Strict` cookie", async () => {
  const api = await front({ cors });
  const site = await front({ host: "localhost" });
  const { page, context } = await open(site.origin);
  const before = await devices();
  const { failure, loggedIn } = await tryLogin(page, { base: `${api.origin}/auth` });
  assert.equal(failure.reason, "cookie_not_kept");
  assert.ok(failure.message.includes(`The page is on ${site.origin}`), failure.message);
  assert.match(failure.message, /SameSite=Strict/);
  assert.equal(loggedIn, false);
  assert.equal(await devices(), before);
  const byBody = await tryLogin(page, { base: `${api.origin}/auth`, delivery: "body" });
  assert.equal(byBody.loggedIn, true);
  await context.close();
});

test("of another origin on the same site the cookie is kept", async () => {
  const api = await front({ cors });
  const site = await front();
  const { page, context } = await open(site.origin);
  assert.equal((await tryLogin(page, { base: `${api.origin}/auth` })).loggedIn, true);
  await context.close();
});

test("CORS that lets in the login and not the refresh is found at the login", async () => {
  const headers = "authorization, content-type";
  const narrow = (request) => ({ ...cors(request), "access-control-allow-headers": headers });
  const [none, narrowed] = [await front(), await front({ cors: narrow })];
  const site = await front();
  for (const { origin } of [none, narrowed]) {
    const { page, context } = await open(site.origin);
    const { failure, loggedIn } = await tryLogin(page, { base: `${origin}/auth` });
    assert.deepEqual([failure.kind, failure.reason], ["unavailable", "cors_or_network"]);
    assert.match(failure.message, /CORS.*idempotency-key/);
    assert.equal(loggedIn, false);
    await context.close();
  }
});

const framed = (src, sandbox = "") =>
  `<!doctype html><title>a page</title><iframe ${sandbox} src="${src}"></iframe>`;

async function openFrame(page) {
  const frame = page.frames()[1] ?? await page.waitForEvent("frameattached");
  await frame.waitForLoadState();
  return frame;
}

test("in a sandboxed frame it says what is wrong, and works with tokens in bodies", async () => {
  const pages = { "/framed": framed("/", 'sandbox="allow-scripts"') };
  const { origin } = await front({ cors, pages });
  const { page, context } = await open(`${origin}/framed`);
  const frame = await openFrame(page);
  assert.equal(await frame.evaluate(() => globalThis.origin), "null");
  const { failure, loggedIn } = await tryLogin(frame);
  assert.deepEqual([failure.name, failure.reason], ["SessionError", "page_without_origin"]);
  assert.equal(loggedIn, false);
  const byBody = await tryLogin(frame, { delivery: "body" });
  assert.deepEqual([byBody.failure, byBody.loggedIn], [null, true]);
  await context.close();
});

test("with all cookies and storage blocked it says so, and never `SecurityError`", async () => {
  const { context, stop } = await startStrictBrowser({ allCookies: true });
  try {
    const { origin } = await front();
    const { page } = await open(origin, context);
    const raw = await page.evaluate(() => {
      try { return String(localStorage); } catch (error) { return error.name; }
    });
    assert.equal(raw, "SecurityError");
    const { failure, loggedIn } = await tryLogin(page);
    assert.equal(failure.name, "SessionError");
    // Some versions say that cookies are enabled.
    assert.ok(["cookies_disabled", "cookie_not_kept"].includes(failure.reason), failure.reason);
    assert.match(failure.message, /browser (allows no cookies|blocks the storage)/);
    assert.equal(loggedIn, false);
    const byBody = await tryLogin(page, { delivery: "body" });
    assert.deepEqual([byBody.failure, byBody.loggedIn], [null, true]);
  } finally {
    await stop();
  }
});

test("with cookies of other sites blocked, a frame of another site says so", async () => {
  const { context, stop } = await startStrictBrowser({ allCookies: false });
  try {
    const inner = await front();
    const outer = await front({ host: "localhost", pages: { "/framed": framed(inner.origin) } });
    const { page } = await open(`${outer.origin}/framed`, context);
    const frame = await openFrame(page);
    const { failure, loggedIn } = await tryLogin(frame);
    assert.equal(failure.name, "SessionError");
    assert.ok(["cookies_disabled", "cookie_not_kept"].includes(failure.reason), failure.reason);
    assert.match(failure.message, /iframe/);
    assert.equal(loggedIn, false);
    // The same page in a window of its own keeps its login.
    const own = await open(inner.origin, context);
    assert.equal((await tryLogin(own.page)).loggedIn, true);
  } finally {
    await stop();
  }
});

test("a frame without a URL is a part of its page", async () => {
  const { origin } = await front();
  const { page, context } = await open(origin);
  await page.evaluate(() => {
    document.body.append(Object.assign(document.createElement("iframe"), { srcdoc: "<p>in</p>" }));
  });
  const frame = await openFrame(page);
  assert.equal(frame.url(), "about:srcdoc");
  const { failure, loggedIn } = await tryLogin(frame);
  assert.deepEqual([failure, loggedIn], [null, true]);
  await context.close();
});

test("a worker logs in too, and keeps its token in memory", async () => {
  const worker = `
    import { createSession } from "/session.js";
    const session = createSession();
    session.login({ username: "alice", password: "wonderland-7" })
      .then(() => session.fetch("/auth/sessions"))
      .then(({ status }) => postMessage(status), (error) => postMessage(error.message));`;
  const { origin } = await front({ pages: { "/worker.js": worker } });
  const { page, context } = await open(origin);
  const answer = await page.evaluate(() => new Promise((resolve) => {
    const worker = new Worker("/worker.js", { type: "module" });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => resolve(message);
  }));
  assert.equal(answer, 200);
  await context.close();
});

test("a lost cookie and an end by the server are told apart", async () => {
  const { page, context } = await open(server.origin);
  const message = page.locator("#login-message");
  await logIn(page, server.origin);
  await context.clearCookies();
  await page.click("#refresh-now");
  await page.waitForSelector("#signed-out:not([hidden])");
  assert.match(await message.textContent(), /lost its cookie/);

  await logIn(page, server.origin);
  await page.evaluate(async () => {
    const held = localStorage.getItem(`tower-bearer ${location.origin}/auth`);
    const { access_token } = JSON.parse(held);
    const authorization = `Bearer ${access_token}`;
    // The cookie stays: another device would do the same.
    await fetch("/auth/logout", {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({ token: access_token }),
      credentials: "omit",
    });
  });
  assert.notEqual(await refreshCookie(context), undefined);
  await page.click("#refresh-now");
  await page.waitForSelector("#signed-out:not([hidden])");
  assert.match(await message.textContent(), /on another device, or by the server/);
  await context.close();
});
