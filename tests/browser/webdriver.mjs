// Firefox and WebKitGTK, as Debian has them: a small client for each one's own remote control.

import { spawn, spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

const PATIENCE = 30_000;
const pause = (millis) => new Promise((resume) => setTimeout(resume, millis));

/** The first of these programs that is there. */
function find(...programs) {
  for (const program of programs) {
    if (program?.includes("/") ? existsSync(program) : false) return program;
    const found = spawnSync("sh", ["-c", 'command -v -- "$1"', "sh", program ?? ""]);
    if (found.status === 0) return String(found.stdout).trim();
  }
  return null;
}

export const FIREFOX = find(process.env.FIREFOX, "firefox-esr", "firefox");
export const WEBKIT = find(process.env.WEBKIT_DRIVER, "WebKitWebDriver");
const MINI_BROWSER = find(
  process.env.MINI_BROWSER,
  ...["x86_64", "aarch64"].flatMap((machine) => ["4.1", "4.0", "6.0"].map((version) =>
    `/usr/lib/${machine}-linux-gnu/webkit2gtk-${version}/MiniBrowser`)),
);

/** A port below those that the system assigns by itself: no connection takes it meanwhile. */
async function freePort() {
  for (;;) {
    const [server, port] = [createServer(), randomInt(15_000, 30_000)];
    const isFree = await new Promise((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

/** Tries until it works, and fails with the last error. */
async function insist(work) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(100);
    }
  }
}

/** A process in a folder of its own. `stop` ends it and what it has started. */
function start(program, args, folder, environment = {}) {
  const env = { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder, ...environment };
  const child = spawn(program, args, { env, detached: true, stdio: "ignore" });
  child.on("error", () => {});
  return () => {
    try { process.kill(-child.pid, "SIGKILL"); } catch { /* it has ended */ }
  };
}

async function withFolder(work) {
  const folder = mkdtempSync(path.join(tmpdir(), "tower-bearer-webdriver-"));
  const stops = [];
  const stop = async () => {
    for (const end of stops.reverse()) end();
    await insist(async () => rmSync(folder, { recursive: true, force: true }));
  };
  try {
    return { ...await work(folder, stops), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Firefox, by Marionette: lines of JSON with their length in front. It needs no geckodriver. */
export function startFirefox() {
  return withFolder(async (folder, stops) => {
    const port = await freePort();
    const settings = {
      "marionette.port": port,
      "browser.shell.checkDefaultBrowser": false,
      "datareporting.policy.dataSubmissionEnabled": false,
      "app.update.disabledForTesting": true,
    };
    const lines = Object.entries(settings).map(([name, value]) =>
      `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`);
    writeFileSync(path.join(folder, "user.js"), lines.join(""));
    const args = ["--headless", "--no-remote", "--marionette", "--profile", folder];
    stops.push(start(FIREFOX, [...args, "about:blank"], folder));
    const send = await insist(() => marionette(port, stops));
    await send("WebDriver:NewSession", {});
    return {
      goto: (url) => send("WebDriver:Navigate", { url }),
      evaluate: (script) => send("WebDriver:ExecuteScript", { script, args: [] })
        .then(({ value }) => value),
    };
  });
}

async function marionette(port, stops) {
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  stops.push(() => socket.destroy());
  const waiting = new Map();
  let received = Buffer.alloc(0);
  const greeted = new Promise((resolve) => waiting.set("greeting", { resolve }));
  socket.on("data", (data) => {
    received = Buffer.concat([received, data]);
    for (;;) {
      const colon = received.indexOf(":");
      const end = colon + 1 + Number(received.subarray(0, colon));
      if (colon < 0 || received.length < end) return;
      const message = JSON.parse(received.subarray(colon + 1, end));
      received = received.subarray(end);
      const [, id, error, result] = Array.isArray(message) ? message : [1, "greeting", null];
      const { resolve, reject } = waiting.get(id);
      if (error) reject(new Error(`${error.error}: ${error.message}`)); else resolve(result);
    }
  });
  await greeted;
  let next = 1;
  return (command, parameters) => new Promise((resolve, reject) => {
    const id = next++;
    waiting.set(id, { resolve, reject });
    const text = JSON.stringify([0, id, command, parameters]);
    socket.write(`${Buffer.byteLength(text)}:${text}`);
  });
}

/** WebKitGTK's small browser, by WebDriver, on a screen of its own. */
export function startWebKit() {
  return withFolder(async (folder, stops) => {
    const screen = path.join(folder, "screen");
    if (!process.env.DISPLAY) {
      const xvfb = ["-c", `exec Xvfb -displayfd 3 -screen 0 800x600x24 3>"${screen}"`];
      stops.push(start("sh", xvfb, folder));
    }
    const number = process.env.DISPLAY ??
      await insist(async () => `:${/\d+/.exec(readFileSync(screen, "utf8"))[0]}`);
    const port = await freePort();
    const args = [`--port=${port}`, "--host=127.0.0.1"];
    stops.push(start(WEBKIT, args, folder, { DISPLAY: number, GDK_BACKEND: "x11" }));
    const send = async (method, command, body) => {
      const options = { method, body: body && JSON.stringify(body) };
      const answer = await fetch(`http://127.0.0.1:${port}${command}`, options);
      const { value } = await answer.json();
      if (!answer.ok) throw new Error(`${value.error}: ${value.message}`);
      return value;
    };
    await insist(() => send("GET", "/status"));
    const browser = { binary: MINI_BROWSER, args: ["--automation"] };
    const alwaysMatch = { "webkitgtk:browserOptions": browser };
    const { sessionId } = await send("POST", "/session", { capabilities: { alwaysMatch } });
    const at = `/session/${sessionId}`;
    return {
      goto: (url) => send("POST", `${at}/url`, { url }),
      evaluate: (script) => send("POST", `${at}/execute/sync`, { script, args: [] }),
    };
  });
}

/** Why WebKitGTK cannot be started, or `null`. */
export function missingForWebKit() {
  if (!WEBKIT || !MINI_BROWSER) return "WebKitGTK is not installed (webkit2gtk-driver)";
  const hasScreen = process.env.DISPLAY || find("Xvfb");
  return hasScreen ? null : "there is no screen for WebKitGTK (xvfb)";
}
