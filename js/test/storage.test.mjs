// Where the login is kept.

import assert from "node:assert/strict";
import { test } from "node:test";
import { localStorageJar } from "../session.js";
import { ALICE, LIFE, NAME, settle } from "./support.mjs";
import { browser, loggedIn, sessionStorageOf, storage } from "./support.mjs";

test("a tab hears what another does, by the storage event", async () => {
  const { items, dispatch } = storage();
  const { tab, heard } = browser();
  const session = tab({ jar: localStorageJar("mine") });
  const theirs = { access_token: "of another tab", expires_at: 9e15, lifetime: 1e9 };
  items.set("mine", JSON.stringify(theirs));
  dispatch({ key: "mine" });
  await settle();
  items.clear();
  dispatch({ key: null });
  dispatch({ key: "something else" });
  await settle();
  assert.deepEqual(heard, [["other-tab", true, undefined], ["other-tab", false, undefined]]);
  assert.equal(session.state().loggedIn, false);
});

test("a page that comes back from the history shows the logout that came meanwhile", async () => {
  const { dispatch } = storage();
  const { one, tab, heard } = await loggedIn({ jar: undefined });
  const onChange = () => {};
  const comeBack = async (persisted) => {
    dispatch({ persisted }, "pageshow");
    await settle();
    return heard.splice(0);
  };
  await one.refresh();
  await settle();
  heard.length = 0;
  dispatch({ persisted: true }, "pagehide");
  assert.deepEqual(await comeBack(true), [], "nothing has changed");
  dispatch({ persisted: true }, "pagehide");
  await tab({ onChange }).logout();
  assert.deepEqual(await comeBack(false), [], "a page that loads looks itself");
  assert.deepEqual(await comeBack(true), [["other-tab", false, undefined]]);
});

test("rubbish in the storage is not a login, and a full storage loses no token", async () => {
  const { items } = storage();
  const jar = localStorageJar("mine");
  for (const rubbish of ["", "{", "null", "7", '{"access_token":7}']) {
    items.set("mine", rubbish);
    assert.equal(jar.read(), null);
  }
  jar.write({ access_token: "a" });
  assert.deepEqual(jar.read(), { access_token: "a" });
  assert.equal(items.get("mine"), '{"access_token":"a"}');
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

test("where new tokens cannot be stored, no other tab finds the old ones", async () => {
  const { items } = storage();
  const { one, tab, server } = await loggedIn({ delivery: "body", jar: localStorageJar("mine") });
  const other = tab({ jar: localStorageJar("mine") });
  localStorage.setItem = () => { throw new Error("full"); };
  await one.refresh();
  assert.equal(one.state().loggedIn, true);
  assert.deepEqual([other.state().loggedIn, items.size], [false, 0]);
  assert.equal((await other.refresh()).loggedIn, false);
  assert.equal(server.to("/auth/refresh").length, 1, "the old refresh token is not used again");
  assert.equal((await one.fetch("/me")).status, 200);
});

test("new tokens are stored where there is room without the old ones", () => {
  const { items } = storage();
  const jar = localStorageJar("mine");
  const { setItem } = localStorage;
  localStorage.setItem = (key, value) => {
    if (items.has(key)) throw new Error("full");
    setItem(key, value);
  };
  const tokens = (name) => ({ access_token: name, refresh_token: `rt1_${name}` });
  jar.write(tokens("a"));
  jar.write(tokens("b"));
  assert.deepEqual(localStorageJar("mine").read(), tokens("b"));
});

test("with cookies a full storage logs no other tab out", async () => {
  storage();
  const { one, tab } = await loggedIn({ jar: localStorageJar("mine") });
  const other = tab({ jar: localStorageJar("mine") });
  localStorage.setItem = () => { throw new Error("full"); };
  await one.refresh();
  assert.equal(other.state().loggedIn, true);
  assert.equal((await other.refresh()).loggedIn, true);
});

test("a login that is not to be remembered is gone with the browser", async () => {
  const { items } = storage();
  const { tab, server, clock } = browser({ jar: undefined });
  server.isBrief = true;
  await tab().login(ALICE);
  assert.deepEqual([items.size, sessionStorage.getItem(NAME) !== null], [0, true]);
  await clock.advance(LIFE + 1);
  assert.equal((await tab().fetch("/me")).status, 200, "after a reload too");
  assert.equal(items.size, 0, "a refresh stores nothing either");

  sessionStorageOf();
  const other = tab();
  assert.equal(other.state().loggedIn, false);
  assert.equal((await other.refresh()).loggedIn, true, "the cookie is that of all tabs");
  assert.equal((await other.fetch("/me")).status, 200);

  sessionStorageOf();
  server.cookie = null;
  assert.equal(tab().state().loggedIn, false);
  assert.equal((await tab().refresh()).loggedIn, false);
  assert.equal(items.size, 0);
});

test("of a login that is remembered and one that is not, the newer one counts", async () => {
  const { items, dispatch } = storage();
  const { tab, server } = await loggedIn({ jar: undefined });
  assert.equal(items.has(NAME), true);
  server.isBrief = true;
  const first = sessionStorageOf();
  const brief = tab();
  await brief.login(ALICE);
  assert.equal(items.has(NAME), false, "the one before is gone from the machine");
  sessionStorageOf();
  const other = tab();
  server.isBrief = false;
  await other.login(ALICE);
  const token = await other.accessToken();
  sessionStorageOf(first);
  assert.equal(await brief.accessToken(), token);
  dispatch({ key: NAME, storageArea: localStorage });
  await other.logout();
  assert.equal(brief.state().loggedIn, false, "nothing of an older one is left");
});

test("the logout of a login that is not remembered is heard in all tabs", async () => {
  const { dispatch } = storage();
  const { tab, server, heard } = browser({ jar: undefined });
  server.isBrief = true;
  const first = sessionStorageOf();
  const one = tab();
  await one.login(ALICE);
  sessionStorageOf();
  const other = tab({ onChange: () => {} });
  await other.refresh();
  const { setItem } = localStorage;
  const written = [];
  localStorage.setItem = (key, value) => { written.push(key); setItem(key, value); };
  await other.logout();
  assert.deepEqual([written, localStorage.getItem(NAME)], [[NAME], null], "an event, and no trace");
  sessionStorageOf(first);
  heard.length = 0;
  dispatch({ key: NAME, storageArea: sessionStorage });
  assert.equal(one.state().loggedIn, true, "a frame of this tab has renewed the token");
  dispatch({ key: NAME, storageArea: localStorage });
  await settle();
  assert.deepEqual(heard.at(-1), ["other-tab", false, undefined]);
  assert.equal(one.state().loggedIn, false);
});

test("an event of blocked storage is not an error", async (t) => {
  const { dispatch } = storage();
  const { tab } = browser({ jar: undefined });
  const one = tab();
  await one.login(ALICE);
  const before = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
  t.after(() => Object.defineProperty(globalThis, "localStorage", before));
  Object.defineProperty(globalThis, "localStorage", {
    configurable: true,
    get() { throw new DOMException("Access is denied for this document.", "SecurityError"); },
  });
  for (const key of [NAME, null]) dispatch({ key, storageArea: {} });
  await settle();
});

test("with tokens in bodies the page decides how long it keeps them", async () => {
  const { items } = storage();
  const { tab, server } = browser({ jar: undefined, delivery: "body" });
  server.isBrief = true;
  await tab().login(ALICE);
  assert.equal(items.has(NAME), true);
});

test("keys are long, and never the same", async () => {
  const { tab, server } = await loggedIn();
  const session = tab({ environment: { randomKey: undefined } });
  await session.refresh();
  await session.refresh();
  const [first, second] = server.keys();
  assert.match(first, /^[0-9a-f]{32}$/);
  assert.notEqual(first, second);
});
