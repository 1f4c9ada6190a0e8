// The example server as a process of its own, and a browser in front of it.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../..", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");

/** Screenshots: build output, not for git. */
export const shots = path.join(target, "screenshots");

/** Starts the server; `environment` is its whole environment. `stop` ends it. */
export function startServer(environment = {}) {
  return startProgram("examples/server", { DATABASE_URL: "memory:", ...environment });
}

/** Starts another example: a path in the folder of what Cargo has built. */
export async function startProgram(program, environment = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "tower-bearer-browser-"));
  const server = spawn(path.join(target, "debug", program), [], {
    cwd: folder,
    env: { ADDR: "127.0.0.1:0", ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: server.stdout });
  const origin = await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    // The whole output is read, so that the server never waits for a full pipe.
    lines.on("line", (line) => {
      const found = /^listening on (http:\/\/\S+?)(\. |$)/.exec(line);
      if (found) resolve(found[1]);
    });
  });
  const stop = () => {
    server.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  return { origin, stop };
}

const options = {
  // Debian's browser, or the one that CHROMIUM names.
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // Root has no sandbox; the other arguments keep the browser from calling home.
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

export function startBrowser() {
  return chromium.launch(options);
}

/** A browser whose user blocks the cookies and the storage of all sites, or of sites in frames. */
export async function startStrictBrowser({ allCookies }) {
  const folder = mkdtempSync(path.join(tmpdir(), "tower-bearer-profile-"));
  mkdirSync(path.join(folder, "Default"));
  const profile = allCookies
    ? { default_content_setting_values: { cookies: 2 } }
    : { block_third_party_cookies: true, cookie_controls_mode: 1 };
  writeFileSync(path.join(folder, "Default", "Preferences"), JSON.stringify({ profile }));
  const context = await chromium.launchPersistentContext(folder, options);
  const stop = async () => {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { context, stop };
}

/** A page of another origin. */
export async function startStranger() {
  const server = createServer((_, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end("<!doctype html><title>stranger</title><h1>stranger</h1>");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

/** Logs in as the page's own form does. */
export async function logIn(page, origin, name = "alice", password = "wonderland-7") {
  await page.goto(origin);
  await page.fill("#login-form input[name=username]", name);
  await page.fill("#login-form input[name=password]", password);
  await page.click("#login-form button[type=submit]");
  await page.waitForSelector("#signed-in:not([hidden])");
}

/** The refresh token, which no script of the page sees. */
export async function refreshCookie(context) {
  return (await context.cookies()).find((cookie) => cookie.name === "__Host-refresh_token");
}
