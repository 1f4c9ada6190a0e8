// Where the login is kept.

import assert from "node:assert/strict";
import { test } from "node:test";
import { localStorageJar } from "../session.js";
import { settle, browser, loggedIn, storage } from "./support.mjs";

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

test("keys are long, and never the same", async () => {
  const { tab, server } = await loggedIn();
  const session = tab({ environment: { randomKey: undefined } });
  await session.refresh();
  await session.refresh();
  const [first, second] = server.keys();
  assert.match(first, /^[0-9a-f]{32}$/);
  assert.notEqual(first, second);
});
