// What is loaded on every page, and what the view of all miners needs.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

const FOLDER = new URL("../../custom_components/miner_monitor/frontend/modules/", import.meta.url);
const SHELL = "miner-monitor.js";
const MOST_REQUESTS = 25;
const MOST_FILES = 40;

/** What is imported when the view of all miners is opened. */
const ROOTS = ["strategy/dashboard.js", "strategy/views.js", "cards/fleet-card.js", "cards/hash-rate-card.js"];

/** @param {string} path */
const read = (path) => readFileSync(new URL(path, FOLDER), "utf-8");

/** @param {string} path @returns {string[]} what it imports at once */
function importsOf(path) {
  const found = [...read(path).matchAll(/^(?:import|export)\b[^;]*?from "([^"]+)";/gm)];
  return found.map(([, name]) => new URL(name ?? "", new URL(path, FOLDER)).href.replace(FOLDER.href, ""));
}

/** @param {string[]} paths @returns {string[]} they and all that they import */
function closureOf(paths) {
  const found = new Set(paths);
  for (const path of found) for (const imported of importsOf(path)) found.add(imported);
  return [...found].sort();
}

test("every page loads the shells and nothing else", () => {
  assert.deepEqual(importsOf(SHELL), []);
});

test("what the view of all miners needs is fetched at once, in few requests", () => {
  const listed = [...(/const FIRST = (\[[^\]]*\])/.exec(read(SHELL))?.[1] ?? "").matchAll(/"([^"]+)"/g)];
  const needed = closureOf(ROOTS);
  assert.deepEqual(listed.map(([, path]) => path).sort(), needed);
  assert.ok(needed.length + 1 <= MOST_REQUESTS, `${needed.length + 1} requests`);
});

test("every module is one that something loads", () => {
  const lazy = [...read(SHELL).matchAll(/import\("\.\/([^"]+\.js)"\)(?!\.)/g)].map(([, path]) => path ?? "");
  const loaded = new Set([SHELL, ...closureOf(lazy)]);
  for (const path of [...loaded]) {
    const later = [...read(path).matchAll(/await import\("([^"]+)"\)/g)];
    const names = later.map(([, name]) => new URL(name ?? "", new URL(path, FOLDER)).href.replace(FOLDER.href, ""));
    for (const name of closureOf(names)) loaded.add(name);
  }
  const all = readdirSync(FOLDER, { recursive: true, encoding: "utf-8" }).filter((name) => name.endsWith(".js"));
  assert.deepEqual([...loaded].sort(), all.sort());
  assert.ok(all.length <= MOST_FILES, `${all.length} files`);
});
