// The example `passkey`, with Chromium's virtual authenticator.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { refreshCookie, startBrowser, startProgram } from "./site.mjs";

let browser, server, context, page, devtools, authenticatorId;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());
beforeEach(async () => {
  server = await startProgram("example-passkey");
  context = await browser.newContext();
  page = await context.newPage();
  devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  // A phone or a laptop that recognises its user.
  const options = {
    protocol: "ctap2",
    transport: "internal",
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  };
  const added = await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
  ({ authenticatorId } = added);
  await page.goto(server.origin);
});
afterEach(async () => {
  await context?.close();
  server?.stop();
});

/** What the page says after a click. */
async function click(selector) {
  await page.evaluate(() => { document.querySelector("#said").textContent = ""; });
  await page.click(selector);
  await page.waitForSelector("#said:not(:empty)");
  return page.textContent("#said");
}

async function signUp(name) {
  await page.fill("#register input", name);
  return click("#register button");
}

test("a passkey signs a user up and logs them in", async () => {
  assert.equal(await signUp("alice"), "signed up");
  assert.equal(await refreshCookie(context), undefined);
  // Twice, because the authenticator counts.
  for (let login = 0; login < 2; login += 1) {
    assert.equal(await click("#login"), "logged in as alice");
  }
  const cookie = await refreshCookie(context);
  assert.ok(cookie.httpOnly && cookie.secure && cookie.sameSite === "Strict");
  const status = await page.evaluate(async () =>
    (await fetch("/auth/refresh", { method: "POST" })).status);
  assert.equal(status, 200);
});

test("an authenticator that does not recognise its user logs nobody in", async () => {
  await signUp("alice");
  const answer = { authenticatorId, isUserVerified: false };
  await devtools.send("WebAuthn.setUserVerified", answer);
  assert.match(await click("#login"), /^NotAllowedError/);
  assert.equal(await refreshCookie(context), undefined);
});

test("a signature counts once", async () => {
  await signUp("alice");
  const [request, said] = await Promise.all([
    page.waitForRequest("**/passkey/logged-in"),
    click("#login"),
  ]);
  assert.equal(said, "logged in as alice");
  const again = await page.evaluate(async (body) => {
    const response = await fetch("/passkey/logged-in", { method: "POST", body });
    return [response.status, await response.text()];
  }, request.postData());
  assert.deepEqual(again, [403, ""]);
});

for (const [what, change] of [
  ["another signature", (sent) => { sent.response.signature = sent.response.authenticatorData; }],
  ["another origin", (sent) => {
    const data = JSON.parse(Buffer.from(sent.response.clientDataJSON, "base64url"));
    data.origin = "http://localhost:1";
    sent.response.clientDataJSON = Buffer.from(JSON.stringify(data)).toString("base64url");
  }],
]) {
  test(`${what} is refused`, async () => {
    await signUp("alice");
    await page.route("**/passkey/logged-in", (route, request) => {
      const sent = request.postDataJSON();
      change(sent);
      route.continue({ postData: JSON.stringify(sent) });
    });
    assert.match(await click("#login"), /has answered 403$/);
    assert.equal(await refreshCookie(context), undefined);
  });
}

test("a name that is taken keeps its passkey", async () => {
  assert.equal(await signUp("alice"), "signed up");
  // No second passkey is made, which would log nobody in.
  assert.match(await signUp("alice"), /has answered 409$/);
  const { credentials } = await devtools.send("WebAuthn.getCredentials", { authenticatorId });
  assert.equal(credentials.length, 1);
  assert.equal(await click("#login"), "logged in as alice");
});

test("a request that no page of ours made is refused", async () => {
  for (const path of ["register?name=alice", "registered?name=alice", "login", "logged-in"]) {
    const headers = { "sec-fetch-site": "cross-site" };
    const url = `${server.origin}/passkey/${path}`;
    const refused = await fetch(url, { method: "POST", headers, body: "{}" });
    assert.equal(refused.status, 403, path);
    assert.equal((await refused.json()).reason, "cross_site");
  }
});

test("what was not asked is refused", async () => {
  const headers = { "sec-fetch-site": "same-origin" };
  for (const path of ["registered?name=alice", "logged-in"]) {
    const url = `${server.origin}/passkey/${path}`;
    const refused = await fetch(url, { method: "POST", headers, body: "{}" });
    assert.equal(refused.status, 400, path);
  }
});
