// Many calls, many tabs, and renewal ahead of time.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ALICE, LIFE, settle, json, invalidGrant, hangs } from "./support.mjs";
import { NAME, breaks, loggedIn, isUnavailable } from "./support.mjs";

test("many calls in one tab make one refresh", async () => {
  const { one, server, clock, jar, locks } = await loggedIn();
  await clock.advance(LIFE + 1);
  const answers = await Promise.all([
    one.fetch("/a"),
    one.fetch("/b"),
    one.accessToken(),
    one.refresh(),
    one.fetch("/c"),
  ]);
  assert.deepEqual([answers[0].status, answers[1].status, answers[4].status], [200, 200, 200]);
  assert.equal(answers[2], jar.value.access_token);
  assert.equal(server.to("/auth/refresh").length, 1);
  const [{ text, redirect, credentials }] = server.to("/auth/refresh");
  assert.deepEqual([text, redirect, credentials], ["", "error", "include"]);
  assert.deepEqual(locks.held, [NAME]);
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

test("login, logout and refresh wait for each other", async () => {
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
  assert.deepEqual(
    server.calls.map((call) => call.path),
    // The third one proves the cookie of the login.
    ["/auth/refresh", "/auth/refresh", "/auth/login", "/auth/refresh", "/auth/logout"],
  );
  assert.equal(jar.value, null);
  assert.equal(locks.held.length, 3);
});

/** A tab that hangs while it has the lock. Returns what ends it. */
async function deadTab(locks) {
  let free;
  const { signal } = new AbortController();
  locks.request(NAME, { signal }, () => new Promise((done) => { free = done; }));
  await settle();
  return free;
}

test("a tab that hangs stops no other for ever: fetch, logout and login work", async () => {
  const { one, locks, clock, server, jar } = await loggedIn();
  const free = await deadTab(locks);
  await clock.advance(LIFE + 1);
  const answer = one.fetch("/me");
  await clock.advance(89_999);
  assert.equal(server.calls.length, 0, "a tab that is slow is waited for");
  await clock.advance(1);
  assert.equal((await answer).status, 200);

  // The next calls do not wait as long.
  const logout = one.logout();
  await clock.advance(1_000);
  await logout;
  assert.equal(jar.value, null);
  const login = one.login(ALICE);
  await clock.advance(1_000);
  assert.equal((await login).loggedIn, true);

  free();
  await settle();
  await one.refresh();
  await deadTab(locks);
  const refresh = one.refresh();
  const before = server.keys().length;
  await clock.advance(89_999);
  assert.equal(server.keys().length, before, "the lock had come again");
  await clock.advance(1);
  assert.equal((await refresh).loggedIn, true);
});

test("what runs without the lock and what runs with it take turns in one tab", async () => {
  const { one, locks, clock, server } = await loggedIn();
  const free = await deadTab(locks);
  server.fail("/auth/refresh", hangs);
  const refresh = one.refresh();
  await clock.advance(90_000);
  assert.equal(server.keys().length, 1);
  free();
  const logout = one.logout();
  await settle();
  assert.equal(server.to("/auth/logout").length, 0);
  await clock.advance(11_000);
  await Promise.all([refresh, logout]);
  assert.deepEqual(server.calls.at(-1).path, "/auth/logout");
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
  const late = tab(), early = tab({ environment: { random: () => 0.98 } });
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

test("a renewal ahead of time that fails does no harm, and rests", async () => {
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

test("a refusal that comes after another tab has logged in ends nothing", async () => {
  const granted = json(200, { access_token: "late", expires_in: 5 });
  for (const late of [invalidGrant("refresh_reused"), granted, json(503, {})]) {
    const { one, server, jar } = await loggedIn({ environment: { locks: null } });
    const other = { ...jar.read(), access_token: "of another tab" };
    server.fail("/auth/refresh", () => { jar.write(other); return late; });
    assert.equal((await one.refresh()).loggedIn, true);
    assert.deepEqual(jar.read(), other);
    assert.equal(server.keys().length, 1);
  }
});

test("a late answer does not bring back a login that was logged out", async () => {
  const { one, server, jar } = await loggedIn({ environment: { locks: null } });
  server.fail("/auth/refresh", () => {
    jar.clear();
    return json(200, { access_token: "late", expires_in: 5 });
  });
  assert.equal((await one.refresh()).loggedIn, false);
  assert.equal(jar.value, null);
});

test("without locks a tab that another has overtaken does not try again", async () => {
  const environment = { locks: null };
  const { one, server, jar, clock } = await loggedIn({ environment, delivery: "body" });
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
  const { one, server, clock, jar } = await loggedIn({ environment: { locks: null } });
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
  // An error does not stop a later call.
  server.fail("/auth/login", json(500, {}));
  await assert.rejects(one.login(ALICE), isUnavailable);
  await one.login(ALICE);
});
