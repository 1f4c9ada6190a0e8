// From sign-up to logout, as a person does it; and how the browser treats the page and its cookies.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { logIn, refreshCookie, shots, startBrowser, startServer, startStranger } from "./site.mjs";

let browser, server, stranger;
before(async () => {
  [browser, server, stranger] = await Promise.all([startBrowser(), startServer(), startStranger()]);
  mkdirSync(shots, { recursive: true });
});
after(async () => {
  await browser?.close();
  server?.stop();
  stranger?.stop();
});

/** A browser of its own, which fails the test when the page throws. */
async function open(options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on("pageerror", (error) => assert.fail(`the page threw ${error}`));
  return { context, page };
}

async function answered(page, status) {
  const isShown = (text) => document.querySelector("#answer").textContent.includes(text);
  await page.waitForFunction(isShown, String(status));
  return page.textContent("#answer");
}

test("a new user signs up, logs in, looks around and logs out", async () => {
  const { context, page } = await open();
  await page.goto(server.origin);
  await page.fill("#signup-form input[name=username]", "carol");
  await page.fill("#signup-form input[name=password]", "correct-horse");
  await page.click("#signup-form button[type=submit]");
  // A user who has signed up is logged in.
  await page.waitForSelector("#signed-in:not([hidden])");
  await page.locator("#who", { hasText: "carol" }).waitFor();
  assert.match(await page.textContent("#remaining"), /\d/);
  await page.click("#call-me");
  assert.match(await answered(page, 200), /carol/);
  await page.click("#call-admin");
  assert.match(await answered(page, 403), /scope_missing|insufficient_scope/);
  await page.waitForSelector("#sessions [data-session-id]");
  assert.equal(await page.locator("#sessions [data-session-id]").count(), 1);

  await page.click("#logout");
  await page.waitForSelector("#signed-out:not([hidden])");
  assert.equal(await refreshCookie(context), undefined);
  await context.close();
});

test("a reload keeps the user, and a refresh is silent", async () => {
  const { context, page } = await open();
  await logIn(page, server.origin);
  await page.reload();
  await page.waitForSelector("#signed-in:not([hidden])");
  await page.click("#refresh-now");
  await page.waitForFunction(() => /refresh/i.test(document.querySelector("#events").textContent));
  await page.click("#call-admin");
  assert.match(await answered(page, 200), /engine room/);
  await context.close();
});

test("a session is revoked from another browser, and all of them at once", async () => {
  const [one, other] = [await open(), await open()];
  await logIn(one.page, server.origin, "bob", "builder-8");
  await logIn(other.page, server.origin, "bob", "builder-8");
  await one.page.reload();
  const rows = "#sessions [data-session-id]";
  await one.page.waitForSelector(`${rows} >> nth=1`);
  const others = one.page.locator(rows).filter({ hasNotText: /this device/i });
  await others.locator(".revoke").first().click();
  await one.page.waitForFunction((rows) => document.querySelectorAll(rows).length === 1, rows);
  await other.page.click("#call-me");
  await other.page.waitForSelector("#signed-out:not([hidden])");

  await one.page.click("#logout-everywhere");
  await one.page.waitForSelector("#signed-out:not([hidden])");
  await one.context.close();
  await other.context.close();
});

test("the browser keeps the refresh token from every script", async () => {
  const { context, page } = await open();
  await logIn(page, server.origin);
  const cookie = await refreshCookie(context);
  const { httpOnly, secure, sameSite, path, domain } = cookie;
  assert.deepEqual(
    { httpOnly, secure, sameSite, path, domain },
    { httpOnly: true, secure: true, sameSite: "Lax", path: "/", domain: "127.0.0.1" },
  );
  const seen = await page.evaluate(() =>
    [document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)].join(),
  );
  assert.ok(!seen.includes(cookie.value) && !seen.includes("rt1_"));
  await context.close();
});

test("a page of another origin neither refreshes nor logs out nor logs in", async () => {
  const { context, page } = await open();
  await logIn(page, server.origin);
  const before = (await refreshCookie(context)).value;

  const evil = await context.newPage();
  const refused = [];
  evil.on("response", (answer) => {
    if (answer.url().startsWith(server.origin)) refused.push(answer.status());
  });
  await evil.goto(stranger.origin);
  for (const endpoint of ["/auth/refresh", "/auth/logout"]) {
    await evil.evaluate(
      (url) => fetch(url, { method: "POST", mode: "no-cors", credentials: "include" }),
      server.origin + endpoint,
    );
  }
  // A form may send its request without a preflight.
  const forms = [
    ["/auth/logout", {}],
    ["/logout", {}],
    ["/login", { username: "bob", password: "builder-8" }],
  ];
  for (const [action, fields] of forms) {
    await evil.goto(stranger.origin);
    await Promise.all([
      evil.waitForNavigation(),
      evil.evaluate(([action, fields]) => {
        const create = (tag, fields) => Object.assign(document.createElement(tag), fields);
        const form = create("form", { method: "post", action });
        for (const [name, value] of Object.entries(fields)) {
          form.append(create("input", { name, value }));
        }
        document.body.append(form);
        form.submit();
      }, [server.origin + action, fields]),
    ]);
  }
  assert.deepEqual(refused, [403, 403, 403, 403, 403]);

  assert.equal((await refreshCookie(context)).value, before);
  await page.bringToFront();
  await page.click("#call-me");
  assert.match(await answered(page, 200), /alice/);
  await context.close();
});

test("without JavaScript the form logs in and shows who one is", async () => {
  const { context, page } = await open({ javaScriptEnabled: false });
  await page.goto(server.origin);
  await page.fill("#login-form input[name=username]", "alice");
  await page.fill("#login-form input[name=password]", "wonderland-7");
  await page.click("#login-form button[type=submit]");
  await page.waitForURL("**/me");
  assert.match(await page.textContent("body"), /"username":"alice"/);
  await page.goto(server.origin);
  await page.fill("#login-form input[name=username]", "alice");
  await page.fill("#login-form input[name=password]", "wrong-password");
  await page.click("#login-form button[type=submit]");
  await page.locator("body", { hasText: "wrong" }).waitFor();
  await context.close();
});

test("without JavaScript a page is renewed", async () => {
  const { context, page } = await open({ javaScriptEnabled: false });
  await page.goto(server.origin);
  await page.fill("#login-form input[name=username]", "alice");
  await page.fill("#login-form input[name=password]", "wonderland-7");
  await page.click("#login-form button[type=submit]");
  await page.waitForURL("**/me");
  const tokens = async () => Object.fromEntries(
    (await context.cookies())
      .map(({ name, value }) => [name.replace("__Host-", ""), value])
      .filter(([name]) => name !== "device_mark"),
  );
  const before = await tokens();
  assert.deepEqual(Object.keys(before).sort(), ["access_token", "refresh_token"]);
  // As the browser does it when the access token has expired.
  await context.clearCookies({ name: "__Host-access_token" });
  assert.deepEqual(Object.keys(await tokens()), ["refresh_token"]);

  const renewed = await page.goto(`${server.origin}/me`);
  assert.equal(renewed.status(), 200);
  assert.match(await page.textContent("body"), /"username":"alice"/);
  const setCookies = async (answer) =>
    (await answer.headersArray()).filter(({ name }) => name.toLowerCase() === "set-cookie");
  assert.equal((await setCookies(renewed)).length, 2);
  const after = await tokens();
  assert.deepEqual(Object.keys(after).sort(), ["access_token", "refresh_token"]);
  assert.notEqual(after.access_token, before.access_token);
  assert.notEqual(after.refresh_token, before.refresh_token);

  const again = await page.goto(`${server.origin}/me`);
  assert.equal(again.status(), 200);
  assert.match(await page.textContent("body"), /"username":"alice"/);
  assert.deepEqual(await setCookies(again), []);
  assert.deepEqual(await tokens(), after);
  await context.close();
});

test("an end-to-end test logs in via the API, as docs/browser.md says", async () => {
  const text = readFileSync(new URL("../../docs/browser.md", import.meta.url), "utf8");
  const [snippet] = /(?<=```js\n)await context\.request\.post\(.*?(?=```)/s.exec(text);
  const parts = snippet.split("http://127.0.0.1:3000");
  assert.equal(parts.length, 3, snippet);
  const AsyncFunction = (async () => {}).constructor;
  const { context, page } = await open();
  await new AsyncFunction("context", parts.join(server.origin))(context);
  assert.notEqual(await refreshCookie(context), undefined);

  const me = await page.goto(`${server.origin}/me`);
  assert.equal(me.status(), 200);
  assert.match(await page.textContent("body"), /"username":"alice"/);
  // `session.js` knows only its own logins, until it is told to use the cookie.
  await page.goto(server.origin);
  await page.evaluate(async () => {
    const { createSession } = await import("/session.js");
    await createSession().refresh();
  });
  await page.reload();
  await page.waitForSelector("#signed-in:not([hidden])");
  await page.locator("#who", { hasText: "alice" }).waitFor();
  await context.close();
});

test("an unknown path is still 404", async () => {
  const { context, page } = await open();
  await page.goto(server.origin);
  assert.equal(await page.evaluate(async () => (await fetch("/nowhere")).status), 404);
  await context.close();
});

for (const [name, options] of [
  ["light", { colorScheme: "light", viewport: { width: 1100, height: 900 } }],
  ["dark", { colorScheme: "dark", viewport: { width: 1100, height: 900 } }],
  ["phone", { colorScheme: "light", viewport: { width: 360, height: 800 } }],
]) {
  test(`it looks right: ${name}`, async () => {
    // A server of its own, so that the list of devices is short.
    const server = await startServer();
    const { context, page } = await open(options);
    await page.goto(server.origin);
    await page.screenshot({ path: path.join(shots, `${name}-signed-out.png`), fullPage: true });
    await logIn(page, server.origin);
    await page.click("#call-me");
    await answered(page, 200);
    await page.waitForSelector("#sessions [data-session-id]");
    await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
    const fits = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    assert.ok(fits, "nothing sticks out");
    assert.deepEqual(await page.evaluate(complaints), []);
    await context.close();
    server.stop();
  });
}

/** Runs in the page: finds unnamed controls, invisible focus, and text with little contrast. */
async function complaints() {
  const found = [];
  const shown = (element) => element.checkVisibility();
  const interactive = "a[href], button, input, select, textarea, summary";
  const controls = [...document.querySelectorAll(interactive)].filter(shown);
  for (const control of controls) {
    const label = control.getAttribute("aria-label") || control.labels?.[0]?.textContent;
    const name = label || control.textContent || control.title;
    if (!name?.trim()) found.push(`no name: ${control.outerHTML}`);
    const styled = () => {
      const { outlineStyle, outlineWidth, boxShadow, borderColor } = getComputedStyle(control);
      return [outlineStyle, outlineWidth, boxShadow, borderColor].join();
    };
    const resting = styled();
    control.focus({ focusVisible: true });
    if (document.activeElement === control && styled() === resting) {
      found.push(`no visible focus: ${control.outerHTML}`);
    }
    control.blur();
  }

  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const linear = (value) =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.length < 4 || color[3] > 0.99) return color;
    }
    return [255, 255, 255];
  };
  for (const element of document.querySelectorAll("body *")) {
    const isText = (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim();
    const hasText = [...element.childNodes].some(isText);
    if (!hasText || !shown(element) || element.disabled) continue;
    const front = luminance(channels(getComputedStyle(element).color));
    const back = luminance(background(element));
    const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (contrast < 4.5) {
      found.push(`contrast ${contrast.toFixed(2)}: ${element.outerHTML.slice(0, 120)}`);
    }
  }
  return found;
}
