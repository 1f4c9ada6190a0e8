// Two applications on one origin, which share storage and locks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { localStorageJar } from "../session.js";
import { ALICE, LIFE, Server, browser, hangs, settle, storage } from "./support.mjs";

/** A shop and its staff on one origin. Each has a server, and a page that hears of its login. */
function neighbours(options) {
  const { items, dispatch } = storage();
  const { tab, clock, locks } = browser();
  const open = (name) => {
    const server = new Server(clock);
    const fetch = (request) => {
      const { pathname } = new URL(request.url);
      assert.ok(pathname.startsWith(`/${name}/`), `${pathname} is not for ${name}`);
      return server.fetch(new Request(request.url.replace(`/${name}/`, "/"), request));
    };
    const heard = [];
    const onChange = (state, cause) => heard.push([cause, state.loggedIn]);
    const base = `/${name}/auth`;
    // Without a jar: the default.
    const session = tab({ base, onChange, jar: undefined, environment: { fetch }, ...options?.() });
    return { session, server, heard };
  };
  const [shop, staff] = [open("shop"), open("staff")];
  staff.server.life = LIFE / 2000; // so their tokens differ
  return { shop, staff, items, dispatch, clock, locks };
}

for (const [how, options] of [
  ["by default", undefined],
  ["with `localStorageJar()`", () => ({ jar: localStorageJar() })],
]) {
  test(`the login of one application is not that of its neighbour, ${how}`, async () => {
    const { shop, staff, items } = neighbours(options);
    await staff.session.login(ALICE);
    assert.equal(shop.session.state().loggedIn, false);
    assert.equal(await shop.session.accessToken(), null);
    await shop.session.login(ALICE);
    const [ours, theirs] = [await shop.session.accessToken(), await staff.session.accessToken()];
    assert.notEqual(ours, theirs);
    // No login was sent the token of the other to replace.
    for (const { server } of [shop, staff]) {
      assert.equal(server.to("/auth/login")[0].headers.get("authorization"), null);
    }
    assert.deepEqual([...items.keys()].sort(), [
      "tower-bearer https://app.example/shop/auth",
      "tower-bearer https://app.example/staff/auth",
    ]);
  });
}

test("a logout of one application is not heard by its neighbour, which stays", async () => {
  const { shop, staff, items, dispatch } = neighbours();
  await staff.session.login(ALICE);
  await shop.session.login(ALICE);
  const [ours] = [...items.keys()].filter((key) => key.includes("/shop/"));
  await settle();
  for (const { heard } of [shop, staff]) heard.length = 0;
  await shop.session.logout();
  // As the other tabs hear it.
  dispatch({ key: ours });
  await settle();
  assert.equal(shop.session.state().loggedIn, false);
  assert.equal(staff.session.state().loggedIn, true);
  assert.deepEqual(shop.heard, [["logout", false], ["other-tab", false]]);
  assert.deepEqual(staff.heard, []);
  assert.equal(staff.server.to("/auth/logout").length, 0);
  assert.equal((await staff.session.refresh()).loggedIn, true);
});

test("an application does not wait for its neighbour", async () => {
  const { shop, staff, clock, locks } = neighbours();
  staff.server.fail("/auth/login", hangs);
  const late = staff.session.login(ALICE).catch(({ kind }) => kind);
  await settle();
  assert.equal((await shop.session.login(ALICE)).loggedIn, true);
  await clock.advance(10_001);
  assert.equal(await late, "unavailable");
  assert.equal(new Set(locks.held).size, 2);
});

test("two pages of one application share its login, however each writes `base`", async () => {
  const { items } = storage();
  const { tab, locks } = browser();
  const urls = ["https://app.example/auth", "//APP.example:443/auth/"];
  const bases = ["/auth", "/auth/", "../auth", ...urls];
  const pages = bases.map((base) =>
    tab({ base, jar: undefined, environment: { page: "https://app.example/shop/#cart" } }));
  await pages[0].login(ALICE);
  for (const page of pages) {
    assert.equal(page.state().loggedIn, true);
    await page.refresh();
  }
  assert.deepEqual([...items.keys()], ["tower-bearer https://app.example/auth"]);
  assert.deepEqual([...new Set(locks.held)], [...items.keys()]);
});

test("a name of one's own is kept, for the jar and for the lock", async () => {
  const { items } = storage();
  const { tab, locks } = browser();
  await tab({ jar: localStorageJar("mine"), lockName: "my lock" }).login(ALICE);
  assert.deepEqual([[...items.keys()], locks.held], [["mine"], ["my lock"]]);
});
