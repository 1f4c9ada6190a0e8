// The page in the other two families of browsers. They treat the `Secure` cookie in their own ways.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer } from "./site.mjs";
import { FIREFOX, missingForWebKit, startFirefox, startWebKit } from "./webdriver.mjs";

let server;
before(async () => { server = await startServer(); });
after(() => server?.stop());

/** The reason to skip a browser, which is said aloud. */
function unless(missing) {
  if (missing) console.log(`tests/browser: NOT CHECKED: ${missing}`);
  return { skip: missing ? `NOT CHECKED: ${missing}` : false };
}

/** Asks the page until it has an answer. */
async function waitFor(browser, script) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const answer = await browser.evaluate(script);
    if (answer) return answer;
    assert.ok(Date.now() < deadline, `the page never answers: ${script}`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

/** Opens the page, and waits for its scripts. */
async function open(browser, origin) {
  await browser.goto(origin);
  await waitFor(browser, 'return document.querySelector("#events")?.textContent;');
}

/** Fills the page's form, and returns what the page shows then. */
async function logIn(browser, origin) {
  await open(browser, origin);
  await browser.evaluate(`
    const form = document.querySelector("#login-form");
    form.elements.username.value = "alice";
    form.elements.password.value = "wonderland-7";
    form.querySelector("button").click();`);
  return waitFor(browser, `
    const isLoggedIn = !document.querySelector("#signed-in").hidden;
    const who = document.querySelector("#who").textContent;
    const message = document.querySelector("#login-message").textContent;
    return (message || (isLoggedIn && who !== "…")) && { isLoggedIn, who, message };`);
}

const noFirefox = FIREFOX ? null : "Firefox is not installed (firefox-esr)";
test("Firefox logs in, and a reload keeps the user", unless(noFirefox), async () => {
  const browser = await startFirefox();
  try {
    const shown = await logIn(browser, server.origin);
    assert.deepEqual(shown, { isLoggedIn: true, who: "alice", message: "" });
    await open(browser, server.origin);
    await waitFor(browser, 'return !document.querySelector("#signed-in").hidden;');
    await browser.evaluate('document.querySelector("#refresh-now").click();');
    const events = 'document.querySelector("#events").textContent';
    await waitFor(browser, `return ${events}.includes("Refreshed, as you asked");`);
  } finally {
    await browser.stop();
  }
});

test("WebKit drops the cookie over http, and the login says so", unless(missingForWebKit()),
  async () => {
    const browser = await startWebKit();
    try {
      for (const origin of [server.origin, server.origin.replace("127.0.0.1", "localhost")]) {
        const { isLoggedIn, message } = await logIn(browser, origin);
        assert.equal(isLoggedIn, false);
        assert.match(message, /cookie_not_kept.*http instead of https.*Safari/);
      }
    } finally {
      await browser.stop();
    }
  });
