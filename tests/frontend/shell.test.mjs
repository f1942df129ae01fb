// What is loaded on every page, and what the view of all miners needs.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

import { classOf, make, until } from "./browser.mjs";
import { hassOf, homeOf } from "./homes.mjs";

const FOLDER = new URL("../../custom_components/miner_monitor/frontend/modules/", import.meta.url);
const SHELL = "miner-monitor.js";
const MOST_REQUESTS = 25;
const MOST_FILES = 37;

/** What is imported when the view of all miners is opened. */
const ROOTS = ["strategy/views.js", ...["fleet", "hash-rate", "miner"].map((name) => `cards/${name}-card.js`)];

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

/** A card that has been asked for nothing yet. */
class FakeCard extends HTMLElement {
  /** @param {any} config */
  setConfig(config) {
    if (config.wrong) throw new Error("That is wrong");
    this.config = config;
  }

  getCardSize() {
    return 99;
  }
}

test("a shell hands on what it was given as soon as its card is there", async () => {
  await import("#modules/miner-monitor.js");
  await until(() => classOf("miner-value-card"));
  customElements.define("miner-value-card-body", FakeCard);
  const shell = make("miner-value-card");
  shell.setConfig({ type: "custom:miner-value-card", entity: "sensor.a" });
  shell.hass = { language: "en" };
  shell.preview = true;
  assert.deepEqual([shell.children, shell.getCardSize(), shell.getGridOptions().rows], [[], 1, 1]);
  await until(() => shell.children.length);
  const [card] = shell.children;
  assert.ok(card instanceof FakeCard);
  const { config, hass, preview } = /** @type {any} */ (card);
  assert.deepEqual([config.entity, hass.language, preview, shell.getCardSize()], ["sensor.a", "en", true, 99]);
  shell.setConfig({ entity: "sensor.b" });
  shell.hass = { language: "de" };
  assert.deepEqual([shell.children, /** @type {any} */ (card).hass.language], [[card], "de"]);
  assert.equal(/** @type {any} */ (card).config.entity, "sensor.b");
});

test("a shell whose card does not take its configuration is made anew, and then says why", async () => {
  const first = make("miner-card");
  customElements.define("miner-card-body", FakeCard);
  let rebuilt = 0;
  first.addEventListener("ll-rebuild", () => (rebuilt += 1));
  first.setConfig({ wrong: true });
  await until(() => rebuilt);
  assert.equal(rebuilt, 1);
  assert.throws(() => make("miner-card").setConfig({ wrong: true }), /That is wrong/);
});

test("a shell hides with its card", async () => {
  customElements.define("miner-findings-card-body", FakeCard);
  const shell = make("miner-findings-card");
  shell.setConfig({});
  await until(() => shell.children.length);
  assert.equal(shell.connectedWhileHidden, true);
  for (const value of [false, true]) {
    const event = new CustomEvent("card-visibility-changed", { detail: { value } });
    Object.defineProperty(event, "target", { value: shell.children[0] });
    shell.dispatchEvent(event);
    assert.equal(shell.hidden, !value);
  }
});

test("each card that is offered in the list has a form and begins with a configuration", async () => {
  const hass = hassOf(homeOf("mixed"));
  const cards = /** @type {{type: string}[]} */ (/** @type {any} */ (globalThis).customCards);
  assert.ok(cards.length > 3);
  for (const { type } of cards) {
    const { schema } = await classOf(type).getConfigForm();
    const stub = await classOf(type).getStubConfig(hass, [], []);
    const names = schema.map((/** @type {{name: string}} */ { name }) => name);
    assert.deepEqual(Object.keys(stub).filter((key) => !names.includes(key)), [], type);
  }
});
