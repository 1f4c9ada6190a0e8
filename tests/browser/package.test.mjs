// The npm package in `js/`, in a browser: in a service worker, and as the example server has it.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startFront } from "./front.mjs";
import { startBrowser, startServer } from "./site.mjs";

const js = fileURLToPath(new URL("../../js", import.meta.url));
let browser, server;
before(async () => {
  [browser, server] = await Promise.all([startBrowser(), startServer()]);
});
after(async () => {
  await browser?.close();
  server?.stop();
});

test("the example server has the same files as the package", async () => {
  const modules = readdirSync(path.join(js, "session")).map((name) => `session/${name}`);
  for (const file of ["session.js", ...modules]) {
    const response = await fetch(`${server.origin}/${file}`);
    assert.equal(response.status, 200, file);
    assert.match(response.headers.get("content-type"), /^text\/javascript/);
    assert.equal(await response.text(), readFileSync(path.join(js, file), "utf8"), file);
  }
});

/** Adds the token to the requests of its pages, which have no token themselves. */
const SERVICE_WORKER = `
  import { createSession } from "/session.js";
  const session = createSession();
  const started = session.refresh().catch(() => {});
  addEventListener("install", () => skipWaiting());
  addEventListener("activate", (event) => event.waitUntil(clients.claim()));
  addEventListener("message", ({ data, ports: [port] }) =>
    session.login(data).then((state) => port.postMessage(state), (error) =>
      port.postMessage(error.message)));
  addEventListener("fetch", (event) => {
    if (new URL(event.request.url).pathname !== "/auth/sessions") return;
    event.respondWith(started.then(() => session.fetch(event.request)));
  });`;

test("a service worker adds the token, and has its login again when it was stopped", async (t) => {
  const front = await startFront({ backend: server.origin, pages: { "/sw.js": SERVICE_WORKER } });
  t.after(front.stop);
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(front.origin);
  // Without cookies, which the server takes too.
  const status = () => page.evaluate(async () =>
    (await fetch("/auth/sessions", { credentials: "omit" })).status);
  await page.evaluate(async () => {
    const isOurs = new Promise((resolve) =>
      navigator.serviceWorker.addEventListener("controllerchange", resolve));
    await navigator.serviceWorker.register("/sw.js", { type: "module" });
    await isOurs;
  });
  assert.equal(await status(), 401);
  const state = await page.evaluate(() => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    const alice = { username: "alice", password: "wonderland-7" };
    navigator.serviceWorker.controller.postMessage(alice, [port2]);
  }));
  assert.equal(state.loggedIn, true, state);
  assert.equal(await status(), 200);

  const developer = await context.newCDPSession(page);
  const isStopped = new Promise((resolve) =>
    developer.on("ServiceWorker.workerVersionUpdated", ({ versions }) => {
      if (versions.some(({ runningStatus }) => runningStatus === "stopped")) resolve();
    }));
  await developer.send("ServiceWorker.enable");
  await developer.send("ServiceWorker.stopAllWorkers");
  await isStopped;
  assert.equal(await status(), 200);
  await context.close();
});
