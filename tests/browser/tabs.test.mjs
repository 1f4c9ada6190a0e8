// Five tabs of one browser whose tokens run out at once, and what can go wrong on the way.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { logIn, refreshCookie, startBrowser, startServer } from "./site.mjs";

const TABS = 5;
const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

/** A server with this overlap, and a user with five tabs. */
async function fiveTabs(overlap) {
  const server = await startServer({ OVERLAP: String(overlap) });
  const context = await browser.newContext();
  const first = await context.newPage();
  await logIn(first, server.origin);
  const tabs = [first];
  while (tabs.length < TABS) {
    const tab = await context.newPage();
    await tab.goto(server.origin);
    await tab.waitForSelector("#signed-in:not([hidden])");
    tabs.push(tab);
  }
  const close = async () => {
    await context.unrouteAll({ behavior: "ignoreErrors" });
    await context.close();
    server.stop();
  };
  return { ...server, context, tabs, close };
}

/** How often a refresh token has rotated: four bytes behind version, key and random id. */
const generation = (cookie) =>
  Buffer.from(cookie.value.slice("rt1_".length), "base64url").readUInt32BE(22);

/** Refreshes without the page's own order among tabs, so that all of them come at once. */
const refresh = (tab, { after = 0 } = {}) =>
  tab.evaluate(async (after) => {
    await new Promise((resolve) => setTimeout(resolve, after));
    return (await fetch("/auth/refresh", { method: "POST" })).status;
  }, after);

/** Refreshes and calls as the page does; returns "200" when the answer is there. */
const expireAndCall = (tab) =>
  tab.evaluate(async () => {
    document.querySelector("#answer").textContent = "";
    document.querySelector("#refresh-now").click();
    document.querySelector("#call-me").click();
    const deadline = Date.now() + 15_000;
    while (!document.querySelector("#answer").textContent.includes("200")) {
      if (Date.now() > deadline) return document.querySelector("#answer").textContent;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return "200";
  });

test("five tabs refresh 25 times at once: no logout; one rotation a round", async () => {
  const site = await fiveTabs(4);
  const first = generation(await refreshCookie(site.context));
  for (let round = 1; round <= 25; round += 1) {
    await pause(4010);
    const statuses = await Promise.all(site.tabs.map((tab) => refresh(tab)));
    assert.deepEqual(statuses, Array(TABS).fill(200), `round ${round}`);
    const now = generation(await refreshCookie(site.context));
    assert.equal(now - first, round, `round ${round} rotates once`);
  }
  await site.close();
});

test("refreshes straddle an overlap of four seconds, with answers in swapped order", async () => {
  const site = await fiveTabs(4);
  // The first answers come last.
  let delay = 0;
  await site.context.route("**/auth/refresh", async (route) => {
    const answer = await route.fetch();
    delay = delay === 0 ? 300 : delay - 60;
    await pause(Math.max(delay, 0));
    await route.fulfill({ response: answer });
  });
  for (let round = 0; round < 3; round += 1) {
    await pause(3700);
    const refreshes = site.tabs.map((tab, index) => refresh(tab, { after: index * 130 }));
    const statuses = await Promise.all(refreshes);
    assert.deepEqual(statuses, Array(TABS).fill(200), `round ${round}`);
  }
  assert.equal(await expireAndCall(site.tabs[2]), "200");
  await site.close();
});

test("the page's own tabs share one refresh", async () => {
  const site = await fiveTabs(30);
  const asked = [];
  site.context.on("request", (request) => {
    if (request.url().endsWith("/auth/refresh")) asked.push(request);
  });
  const answers = await Promise.all(site.tabs.map(expireAndCall));
  assert.deepEqual(answers, Array(TABS).fill("200"));
  assert.ok(asked.length >= 1 && asked.length <= TABS, String(asked.length));
  await site.close();
});

test("a login in one tab while another refreshes logs no tab out", async () => {
  const site = await fiveTabs(4);
  for (let round = 0; round < 2; round += 1) {
    await pause(4050);
    const [, fresh] = await Promise.all([
      site.tabs[1].click("#refresh-now"),
      site.tabs[0].evaluate(async () => {
        const alice = { username: "alice", password: "wonderland-7", delivery: "cookie" };
        const headers = { "content-type": "application/json" };
        const lock = `tower-bearer ${location.origin}/auth`;
        const answer = await navigator.locks.request(lock, () =>
          fetch("/auth/login", { method: "POST", headers, body: JSON.stringify(alice) }),
        );
        return answer.status;
      }),
    ]);
    assert.equal(fresh, 200);
    assert.equal(await refresh(site.tabs[3]), 200, `round ${round}`);
  }
  await site.close();
});

test("a lost answer is requested again with the same key, and no tab is logged out", async () => {
  const site = await fiveTabs(30);
  const keys = [];
  let lost = 0;
  await site.context.route("**/auth/refresh", async (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    if (lost++ === 0) {
      // The server has answered; the browser never receives the answer.
      await route.fetch();
      return route.abort("internetdisconnected");
    }
    return route.continue();
  });
  await site.tabs[0].click("#refresh-now");
  const isRenewed = () =>
    /refreshed|renewed|new access token/i.test(document.querySelector("#events").textContent);
  await site.tabs[0].waitForFunction(isRenewed, undefined, { timeout: 20_000 });
  assert.ok(keys.length >= 2 && keys[0] && keys[0] === keys[1], JSON.stringify(keys));
  assert.equal(await expireAndCall(site.tabs[4]), "200");
  await site.close();
});

test("offline in the middle of a refresh, and back", async () => {
  const site = await fiveTabs(30);
  await site.context.setOffline(true);
  await site.tabs[0].click("#refresh-now");
  await pause(500);
  assert.ok(await site.tabs[0].isVisible("#signed-in"));
  await site.context.setOffline(false);
  assert.equal(await expireAndCall(site.tabs[0]), "200");
  assert.ok(await site.tabs[0].isVisible("#signed-in"));
  await site.close();
});
