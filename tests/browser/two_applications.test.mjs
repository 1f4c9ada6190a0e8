// Two applications on one host: a browser keeps one cookie of each name, whatever the port.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startFront } from "./front.mjs";
import { logIn, startBrowser, startServer } from "./site.mjs";

let browser;
const running = [];
before(async () => {
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  for (const started of running) started.stop();
});

async function start(work) {
  const started = await work;
  running.push(started);
  return started;
}

/**
 * An application with a database and a secret of its own. The example server has no setting for the
 * names of its cookies, so a front gives them names.
 */
async function application(cookieName) {
  const { origin: backend } = await start(startServer());
  const { origin } = await start(startFront({ backend, cookieName }));
  return origin;
}

// The cookies with tokens. The mark of a device outlives a logout.
const names = async (context) =>
  (await context.cookies())
    .map(({ name }) => name)
    .filter((name) => !name.endsWith("device_mark"))
    .sort();
const cookiesOf = (name) => [`__Host-${name}_access_token`, `__Host-${name}_refresh_token`];

/** The page says who is logged in, its cookie is renewed, and `/me` needs no script. */
async function assertLoggedIn(page, origin, user) {
  await page.goto(origin);
  await page.waitForSelector("#signed-in:not([hidden])");
  await page.locator("#who", { hasText: user }).waitFor();
  const refreshed = page.waitForResponse(`${origin}/auth/refresh`);
  await page.click("#refresh-now");
  assert.equal((await refreshed).status(), 200);
  const me = await page.goto(`${origin}/me`);
  assert.equal(me.status(), 200);
  assert.equal((await me.json()).username, user);
  await page.goto(origin);
}

test("two applications on one host with names of their own do not log each other out", async () => {
  const [shop, staff] = await Promise.all([application("shop"), application("staff")]);
  const context = await browser.newContext();
  const [buyer, builder] = [await context.newPage(), await context.newPage()];
  await logIn(buyer, shop, "alice", "wonderland-7");
  await logIn(builder, staff, "bob", "builder-8");
  const both = [...cookiesOf("shop"), ...cookiesOf("staff")];
  assert.deepEqual(await names(context), both);
  for (const _ of ["one reload", "another"]) {
    await assertLoggedIn(buyer, shop, "alice");
    await assertLoggedIn(builder, staff, "bob");
  }

  await buyer.click("#logout");
  await buyer.waitForSelector("#signed-out:not([hidden])");
  assert.deepEqual(await names(context), cookiesOf("staff"));
  await assertLoggedIn(builder, staff, "bob");
  assert.equal((await buyer.goto(`${shop}/me`)).status(), 401);

  await logIn(buyer, shop, "bob", "builder-8");
  await builder.click("#logout-everywhere");
  await builder.waitForSelector("#signed-out:not([hidden])");
  assert.deepEqual(await names(context), cookiesOf("shop"));
  await assertLoggedIn(buyer, shop, "bob");
  await context.close();
});

test("with one name for both, the login to one logs the other out", async () => {
  const servers = await Promise.all([start(startServer()), start(startServer())]);
  const [shop, staff] = servers.map(({ origin }) => origin);
  const context = await browser.newContext();
  const [buyer, builder] = [await context.newPage(), await context.newPage()];
  await logIn(buyer, shop, "alice", "wonderland-7");
  await logIn(builder, staff, "bob", "builder-8");
  assert.deepEqual(await names(context), ["__Host-access_token", "__Host-refresh_token"]);
  assert.equal((await buyer.goto(`${shop}/me`)).status(), 401);
  await buyer.goto(shop);
  await buyer.click("#refresh-now");
  await buyer.waitForSelector("#signed-out:not([hidden])");
  await context.close();
});
