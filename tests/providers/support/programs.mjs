// The examples as processes of their own. `cargo test` builds them.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../..", import.meta.url));
const target = path.join(process.env.CARGO_TARGET_DIR ?? path.join(root, "target"), "debug");

const running = new Set();
process.once("exit", () => running.forEach((program) => program.kill("SIGKILL")));

/** Starts an example that listens; `environment` is its whole environment. */
export function startExample(name, environment) {
  return start(built("examples", name), environment);
}

/** The same of `examples/mcp`, which is a package of its own. */
export function startMcp(environment = {}) {
  return start(built("example-mcp"), environment);
}

function built(...names) {
  const file = path.join(target, ...names);
  if (existsSync(file)) return file;
  const cure = "cargo build --all-features --examples && cargo build -p example-mcp";
  throw new Error(`${file} is missing. Try: ${cure}`);
}

async function start(file, environment) {
  const folder = mkdtempSync(path.join(tmpdir(), "tower-bearer-providers-"));
  const program = spawn(file, [], {
    cwd: folder,
    env: { ADDR: "127.0.0.1:0", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(program);
  const lines = [];
  createInterface({ input: program.stderr }).on("line", (line) => lines.push(line));
  const origin = await new Promise((resolve, reject) => {
    program.once("error", reject);
    program.once("close", (code) => {
      reject(new Error(`${path.basename(file)} ended with ${code}: ${lines.join("\n")}`));
    });
    // The whole output is read, so that the program never waits for a full pipe.
    createInterface({ input: program.stdout }).on("line", (line) => {
      const found = /^listening on (http:\/\/[^\s]+?)(\. |$)/.exec(line);
      if (found) resolve(found[1]);
    });
  });
  const stop = () => {
    program.kill("SIGKILL");
    running.delete(program);
    rmSync(folder, { recursive: true, force: true });
  };
  return { origin, log: () => lines.join("\n"), stop };
}

/** Runs the example `explain` with a token on stdin. */
export async function explain(token, environment) {
  const program = spawn(built("examples", "explain"), ["-"], { env: environment });
  running.add(program);
  let text = "";
  program.stdout.on("data", (part) => (text += part));
  program.stderr.on("data", (part) => (text += part));
  program.stdin.end(token);
  const code = await new Promise((resolve, reject) => {
    program.once("error", reject);
    program.once("close", resolve);
  });
  running.delete(program);
  return { isAccepted: code === 0, text };
}
