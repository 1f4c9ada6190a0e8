// The README promises what tests prove: each promise names tests, and they exist.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");

/** The names of all tests here and in `tests/browser`, this one's not included. */
function namesOfTests() {
  const folders = ["./", "../../tests/browser/"];
  const files = folders.flatMap((folder) =>
    readdirSync(new URL(folder, import.meta.url))
      .filter((name) => name.endsWith(".test.mjs") && name !== "promises.test.mjs")
      .map((name) => folder + name));
  return new Set(files.flatMap((file) =>
    Array.from(read(file).matchAll(/^test\("([^"]+)"/gm), ([, name]) => name)));
}

/** The promises, each with the names of its tests. */
function promises(readme) {
  const [, section] = readme.split(/^## What it promises$/m);
  const [, ...items] = section.split(/^## /m)[0].split(/^- /m);
  return items.map((item) => {
    const [promise, tests = ""] = item.replace(/\s+/g, " ").split("\\ Tests: ");
    return { promise, tests: Array.from(tests.matchAll(/"([^"]+)"/g), ([, name]) => name) };
  });
}

test("each promise of the README names tests that exist", () => {
  const names = namesOfTests();
  const all = promises(read("../README.md"));
  assert.ok(all.length > 10 && names.size > 100, `${all.length} promises, ${names.size} tests`);
  for (const { promise, tests } of all) {
    assert.notEqual(tests.length, 0, `it names no test: ${promise}`);
    for (const name of tests) assert.ok(names.has(name), `there is no test "${name}"`);
  }
});
