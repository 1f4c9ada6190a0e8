// Two users in one browser: no call is sent in the name of the wrong one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryJar } from "../session.js";
import { ALICE, LIFE, breaks, browser, denied, json, loggedIn, settle } from "./support.mjs";

const BOB = { ...ALICE, username: "bob" };

/** Sends an order whose token is refused once, and says how that went. */
async function order(session, server) {
  server.fail("/orders", denied("session_revoked"));
  const { status } = await session.fetch("/orders", { method: "POST", body: "three apples" });
  return { status, sent: server.to("/orders").length };
}

test("a call is not repeated in the name of another user who has logged in meanwhile", async () => {
  const { one, tab, server } = await loggedIn();
  const other = tab();
  server.fail("/orders", async () => {
    await other.logout();
    await other.login(BOB);
    return denied("session_revoked");
  });
  const answer = await one.fetch("/orders", { method: "POST", body: "three apples" });
  assert.equal(answer.status, 401);
  assert.equal(server.to("/orders").length, 1);
  assert.equal(one.state().loggedIn, true);
});

test("a cookie that another tab has replaced repeats no call in the new user's name", async () => {
  const { tab, server, heard } = browser();
  const one = tab({ jar: memoryJar() });
  await one.login(ALICE);
  await tab({ jar: memoryJar() }).login(BOB);
  await settle();
  heard.length = 0;
  assert.deepEqual(await order(one, server), { status: 401, sent: 1 });
  await settle();
  assert.deepEqual(heard, [["other-tab", true, undefined]]);
  assert.equal((await one.fetch("/orders")).status, 200, "a later call is the new user's");
});

/** The answer to the login of Bob is lost, and the browser has kept its cookie. */
async function loseLogin({ one, server }) {
  server.fail("/auth/login", () => {
    server.tokens("rt1_BOB-LOGIN", "cookie");
    breaks();
  });
  await assert.rejects(one.login(BOB), { kind: "unavailable" });
}

test("a login whose answer is lost does not repeat a call of the user before", async () => {
  const world = await loggedIn();
  await loseLogin(world);
  assert.deepEqual(await order(world.one, world.server), { status: 401, sent: 1 });
});

test("without a `sid` a lost answer repeats no call of the user before", async () => {
  const world = await loggedIn();
  const { one, jar, server } = world;
  for (const access_token of ["opaque", "a.b.c", "a.bnVsbA.c", "a.e30.c"]) {
    jar.write({ ...jar.read(), access_token });
    await loseLogin(world);
    server.calls.length = 0;
    assert.deepEqual(await order(one, server), { status: 401, sent: 1 });
  }
});

test("a login whose answer is lost on the way there leaves the calls as they were", async () => {
  const { one, server, heard } = await loggedIn();
  server.fail("/auth/login", breaks);
  await assert.rejects(one.login(BOB), { kind: "unavailable" });
  assert.deepEqual(await order(one, server), { status: 200, sent: 2 });
  await settle();
  assert.deepEqual(heard, [["refresh", true, undefined]]);
});

test("a server whose access tokens do not name their session repeats calls too", async () => {
  const { one, server } = await loggedIn();
  const opaque = (access_token) => json(200, { access_token, expires_in: 5 });
  server.fail("/auth/refresh", opaque("first"), opaque("second"));
  await one.refresh();
  server.fail("/orders", denied("token_expired"), json(200, {}));
  assert.equal((await one.fetch("/orders")).status, 200);
  assert.equal(server.calls.at(-1).headers.get("authorization"), "Bearer second");
});

test("a call that waited is not sent in the name of a user who came meanwhile", async () => {
  const { one, tab, server, clock } = await loggedIn();
  await clock.advance(LIFE + 1);
  let answer;
  server.fail("/auth/login", () => new Promise((resolve) => { answer = resolve; }));
  const login = tab().login(BOB);
  await settle();
  const replaced = { name: "SessionError", kind: "refused", reason: "login_replaced" };
  const calls = Promise.all([
    assert.rejects(one.fetch("/orders", { method: "POST", body: "three apples" }), replaced),
    assert.rejects(one.accessToken(), replaced),
  ]);
  await settle();
  answer(server.tokens("rt1_BOB-LOGIN", "cookie"));
  await Promise.all([login, calls]);
  assert.equal(server.to("/orders").length, 0);
  assert.equal((await one.fetch("/orders")).status, 200, "a later call is the new user's");
});

test("a logout everywhere does not end the sessions of another user", async () => {
  const { tab, server, clock } = browser();
  const one = tab({ jar: memoryJar() });
  await one.login(ALICE);
  await tab({ jar: memoryJar() }).login(BOB);
  await clock.advance(LIFE + 1);
  await assert.rejects(one.logout({ everywhere: true }), { reason: "login_replaced" });
  assert.equal(server.to("/auth/logout-everywhere").length, 0);
});
