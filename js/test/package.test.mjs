// The package as npm has it: what is in it, where it can be imported, and what bundlers make of it.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import * as vite from "vite";

const js = fileURLToPath(new URL("..", import.meta.url));
const read = (file) => readFileSync(path.join(js, file), "utf8");
const manifest = JSON.parse(read("package.json"));
const MODULES = ["session.js", "axios.js"];

/** An application that has installed the packed package, and nothing else. */
let app, packed;
before(() => {
  app = mkdtempSync(path.join(tmpdir(), "tower-bearer-package-"));
  const npm = (folder, ...words) =>
    execFileSync("npm", [...words, "--loglevel=error"], { cwd: folder, encoding: "utf8" });
  [packed] = JSON.parse(npm(js, "pack", "--json", "--pack-destination", app));
  writeFileSync(path.join(app, "package.json"), '{ "private": true, "type": "module" }');
  npm(app, "install", "--offline", "--no-audit", "--no-fund", `./${packed.filename}`);
});
after(() => rmSync(app, { recursive: true, force: true }));

/** Writes a file of the application. */
function write(name, text) {
  const file = path.join(app, name);
  writeFileSync(file, text);
  return file;
}

/** Runs a module of the application and returns what it prints. */
function run(file) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

test("the package has its modules and types, its README and its licence, and nothing else", () => {
  const inside = readdirSync(path.join(js, "session")).map((name) => `session/${name}`);
  const expected = [
    ...MODULES, ...inside, "session.d.ts", "axios.d.ts", "LICENSE", "README.md", "package.json",
  ];
  assert.deepEqual(packed.files.map(({ path }) => path).sort(), expected.sort());
  assert.equal(manifest.dependencies, undefined);
  assert.equal(manifest.scripts, undefined, "there is no build step, and nothing runs at install");
});

test("version and licence are those of the Rust crate", () => {
  const [, version] = /^version = "(.+)"$/m.exec(read("../Cargo.toml"));
  const [, license] = /^license = "(.+)"$/m.exec(read("../Cargo.toml"));
  assert.deepEqual([manifest.version, manifest.license], [version, license]);
  assert.equal(read("LICENSE"), read("../LICENSE"));
});

test("the types name the exports of each module, and no others", async () => {
  for (const file of MODULES) {
    const declared = read(file.replace(/js$/, "d.ts"))
      .matchAll(/^export (?:declare )?(?:class|function|const) (\w+)/gm);
    const names = Array.from(declared, ([, name]) => name);
    assert.deepEqual(names.sort(), Object.keys(await import(`../${file}`)).sort());
  }
});

test("the types name every reason that the server and this script give", () => {
  const types = read("session.d.ts");
  const inSources = (pattern, ...files) =>
    files.flatMap((file) => Array.from(read(file).matchAll(pattern), ([, reason]) => reason));
  const ours = inSources(
    /(?:misconfigured\(|unusable\(|reason:) ?"(\w+)"/g,
    "session/diagnosis.js", "session/identity.js", "session/place.js", "session/turns.js",
  );
  const [, words] = read("../src/session/error.rs").split("pub fn reason(");
  const theirs = Array.from(words.matchAll(/Kind::\w+ => "(\w+)",/g), ([, reason]) => reason);
  assert.ok(ours.length > 12 && theirs.length > 7, `${ours} and ${theirs}`);
  for (const reason of [...ours, ...theirs]) assert.ok(types.includes(`"${reason}"`), reason);
});

test("the example server has every module of the session", () => {
  const page = read("../examples/server/page.rs");
  const modules = readdirSync(path.join(js, "session")).map((name) => `session/${name}`);
  for (const file of ["session.js", ...modules]) {
    assert.ok(page.includes(`"/${file}"`), `it has no route for ${file}`);
    assert.ok(page.includes(`include_str!("../../js/${file}")`), `it has no ${file}`);
  }
});

test("an import on a server touches nothing of a browser, and does nothing", () => {
  const said = run(write("server.js", `
    const names = () => Object.getOwnPropertyNames(globalThis).sort().join();
    const touched = [];
    for (const name of ["window", "document", "self", "location", "origin", "navigator",
      "localStorage", "sessionStorage", "addEventListener", "fetch", "Request", "setTimeout",
      "setInterval", "crypto", "WorkerGlobalScope", "BroadcastChannel"]) {
      Object.defineProperty(globalThis, name, { get() { touched.push(name); } });
    }
    const before = names();
    const all = [await import("tower-bearer"), await import("tower-bearer/axios")];
    console.log(JSON.stringify([touched, names() === before, all.map(Object.keys)]));
  `));
  const exported = ["SessionError", "createSession", "localStorageJar", "memoryJar"];
  assert.deepEqual(JSON.parse(said), [[], true, [exported, ["attachSession"]]]);
});

test("what is inside of the package cannot be imported, and there is no CommonJS half", () => {
  const said = run(write("inside.js", `
    const inside = await import("tower-bearer/session/jar.js").catch(({ code }) => code);
    console.log(inside);
  `));
  assert.equal(said, "ERR_PACKAGE_PATH_NOT_EXPORTED");
  for (const target of Object.values(manifest.exports)) assert.equal(target.require, undefined);
});

const BUNDLERS = {
  esbuild: ({ entry, out }) => esbuild.build({
    entryPoints: [entry], outfile: out, bundle: true, minify: true, format: "esm",
    target: "es2022", logLevel: "error",
  }),
  vite: ({ entry, out }) => vite.build({
    root: app, configFile: false, logLevel: "error",
    build: {
      outDir: path.dirname(out), emptyOutDir: false, target: "es2022", minify: true,
      lib: { entry, formats: ["es"], fileName: () => path.basename(out) },
    },
  }),
};

/** What runs in the bundle: a login, a renewal and a request, at a server in the program. */
const APPLICATION = `
  import { createSession, memoryJar, SessionError } from "tower-bearer";
  const paths = [];
  const fetch = async (request) => {
    const { pathname } = new URL(request.url);
    paths.push(pathname, request.headers.get("authorization"));
    const tokens = { access_token: "a" + paths.length, refresh_token: "r", expires_in: 60 };
    return Response.json(pathname === "/me" ? {} : { ...tokens, token_type: "Bearer" });
  };
  const session = createSession({
    singleUser: true,
    base: "https://app.example/auth",
    origins: ["https://app.example"],
    delivery: "body",
    jar: memoryJar(),
    environment: { fetch, locks: null },
  });
  await session.login({ username: "alice", password: "wonderland-7" });
  await session.refresh();
  await session.fetch("https://app.example/me");
  console.log(JSON.stringify([paths, new SessionError("refused").name]));
`;

/** Bundles a program, and returns the file: in a folder without the package. */
async function bundled(t, name, program, source) {
  const folder = mkdtempSync(path.join(tmpdir(), "tower-bearer-bundle-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const out = path.join(folder, "out", `${program}.mjs`);
  mkdirSync(path.dirname(out));
  await BUNDLERS[name]({ entry: write(`${program}-${name}.js`, source), out });
  return out;
}

test("a bundle runs, with nothing beside it", async (t) => {
  for (const name of Object.keys(BUNDLERS)) {
    await t.test(name, async (t) => {
      const [sent, error] = JSON.parse(run(await bundled(t, name, "application", APPLICATION)));
      assert.deepEqual(sent, ["/auth/login", null, "/auth/refresh", null, "/me", "Bearer a4"]);
      assert.equal(error, "SessionError");
    });
  }
});

test("a bundle has only what is used", async (t) => {
  for (const name of Object.keys(BUNDLERS)) {
    await t.test(name, async (t) => {
      // Without comments: Vite names the files there, wherever they are.
      const size = async (...program) =>
        readFileSync(await bundled(t, name, ...program), "utf8").replace(/^\/\/.*/gm, "").length;
      const jar = 'import { memoryJar } from "tower-bearer"; console.log(memoryJar().read());';
      assert.ok(await size("jar", jar) < 500);
      assert.ok(await size("unused", 'import "tower-bearer"; console.log("nothing of it");') < 100);
      assert.ok(await size("whole", APPLICATION) > 5_000);
    });
  }
});
