// The page that `docs/browser.md` shows, as a reader copies it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startBrowser, startServer } from "./site.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const guide = readFileSync(path.join(root, "docs", "browser.md"), "utf8");
const html = /^```html\n(.*?)^```$/ms.exec(guide)[1];

let browser, server;
before(async () => {
  [browser, server] = await Promise.all([startBrowser(), startServer()]);
});
after(async () => {
  await browser?.close();
  server?.stop();
});

/** A browser that finds the page of the guide, and the package in `/js/`, on the server's origin. */
async function reader() {
  const context = await browser.newContext();
  await context.route(`${server.origin}/guide`, (route) =>
    route.fulfill({ body: html, contentType: "text/html" }),
  );
  await context.route(`${server.origin}/js/**`, (route) =>
    route.fulfill({ path: path.join(root, new URL(route.request().url()).pathname) }),
  );
  return context;
}

async function open(context) {
  const page = await context.newPage();
  page.on("pageerror", (error) => assert.fail(`the page threw ${error}`));
  await page.goto(`${server.origin}/guide`);
  return page;
}

test("the page of the guide logs in, is reloaded, and hears of a logout in another tab", async () => {
  const context = await reader();
  const page = await open(context);
  await page.waitForSelector("#login:not([hidden])");
  await page.fill("[name=username]", "alice");
  await page.fill("[name=password]", "wrong");
  await page.click("#login button");
  await page.locator("output", { hasText: "Wrong name or password." }).waitFor();
  await page.fill("[name=password]", "wonderland-7");
  await page.click("#login button");
  await page.locator("#greeting", { hasText: "alice" }).waitFor();

  await page.reload();
  await page.locator("#greeting", { hasText: "alice" }).waitFor();
  // The cookie alone brings the login back.
  await page.evaluate(() => localStorage.clear());
  await page.reload();
  await page.locator("#greeting", { hasText: "alice" }).waitFor();

  const other = await open(context);
  await other.click("#logout:not([hidden])");
  await page.waitForSelector("#login:not([hidden])");
  assert.equal(await page.textContent("#greeting"), "");
  await context.close();
});
