// Swagger UI: its Authorize button works at first try, and so does a call after it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBrowser, startServer } from "./site.mjs";

let browser, server;
before(async () => {
  [browser, server] = await Promise.all([startBrowser(), startServer()]);
});
after(async () => {
  await browser?.close();
  server?.stop();
});

test("Authorize takes a user name and a password, and /me answers", async () => {
  const page = await (await browser.newContext()).newPage();
  const elsewhere = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(server.origin) && !url.startsWith("data:")) elsewhere.push(url);
  });
  await page.goto(`${server.origin}/docs`);
  await page.click("button.btn.authorize");
  const form = page.locator(".dialog-ux .auth-container");
  const dialog = form.filter({ has: page.locator("#oauth_username") });
  await dialog.locator("#oauth_username").fill("alice");
  await dialog.locator("#oauth_password").fill("wonderland-7");
  await dialog.locator("button.authorize").click();
  // The dialog offers to log out now.
  await page.locator(".dialog-ux").getByText("Logout").waitFor();
  await page.click(".dialog-ux .close-modal");

  const me = page.locator(".opblock").filter({ has: page.locator("[data-path='/me']") });
  await me.locator(".opblock-summary").click();
  await me.locator(".try-out__btn").click();
  await me.locator("button.execute").click();
  await me.locator(".live-responses-table", { hasText: /200[^]*alice/ }).waitFor();
  assert.deepEqual(elsewhere, [], "nothing comes from elsewhere");
});
