// The dashboard as a whole, for homes with miners of each kind: snapshots, and what holds for all of them.
//
// UPDATE_SNAPSHOTS=1 writes the snapshots anew.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import test from "node:test";

import { findMiners } from "#modules/lib/miners.js";
import { dashboard, view } from "#modules/strategy/views.js";
import { hassOf, HOMES, homeOf, minersOf } from "./homes.mjs";

/** @typedef {import("#modules/lib/types.js").Hass} Hass */
/** @typedef {Record<string, any>} Config */

const SNAPSHOTS = new URL("snapshots/", import.meta.url);
const UPDATE = Boolean(process.env.UPDATE_SNAPSHOTS);
const HOSTILE = "<img src=x onerror=alert(1)>";

const BUILT_IN = [
  ...["button", "entities", "gauge", "grid", "heading", "history-graph", "logbook", "markdown", "vertical-stack"],
  ...["statistic", "statistics-graph", "tile"],
];
const OWN = ["chips", "choice", "controls", "findings", "fleet", "hash-rate", "tabs", "today", "tuning", "value"].map((name) => `custom:miner-${name}-card`);
const CARDS = new Set([...BUILT_IN, ...OWN]);
const FEATURES = new Set(["numeric-input", "select-options", "target-temperature", "trend-graph"]);
const WORDS = new Set(["title", "heading", "label", "text", "content", "name"]);
const ENTITY = /^(binary_sensor|button|climate|event|light|number|select|sensor|switch)\.[a-z0-9_]+$/;

/**
 * Return the dashboard and what is in each of its views.
 *
 * @param {Hass} hass
 * @param {Config} [more] of the dashboard's configuration
 * @returns {Promise<{dashboard: Config, views: Record<string, Config>}>}
 */
async function build(hass, more = {}) {
  const all = await dashboard({ type: "custom:miner-monitor", ...more }, hass);
  /** @type {Record<string, Config>} */
  const views = {};
  for (const { path, strategy } of all.views) {
    const first = (views[path] = await view(strategy, hass));
    const tabs = strategy.tabs ? tabsIn(first).tabs.slice(1) : [];
    for (const { tab } of tabs) views[`${path}#${tab}`] = await view(strategy, hass, `#${tab}`);
  }
  return { dashboard: all, views };
}

/** @param {Config} made @returns {Config} the row of tabs in a view */
const tabsIn = (made) => cardsOf(made).find((card) => card.type === "custom:miner-tabs-card") ?? {};

/**
 * Return all objects within a configuration, those of `path` too.
 *
 * @param {any} config
 * @param {string} [key] under which it is
 * @returns {Generator<[string, any]>}
 */
function* parts(config, key = "") {
  yield [key, config];
  if (Array.isArray(config)) {
    for (const item of config) yield* parts(item, key);
  } else if (typeof config === "object" && config !== null) {
    for (const [name, value] of Object.entries(config)) yield* parts(value, name);
  }
}

/** @param {any} config @returns {Config[]} all cards, also those that others hold */
function cardsOf(config) {
  return [...parts(config)]
    .filter(([key, value]) => ["cards", "card", "sections"].includes(key) && value?.type)
    .map(([, value]) => value);
}

/** @param {any} config @returns {string[]} the entities that are named */
function entitiesOf(config) {
  return [...parts(config)]
    .filter(([key, value]) => key !== "perform_action" && typeof value === "string" && ENTITY.test(value))
    .map(([, value]) => value);
}

/** @param {Config} card @returns {boolean} whether it leads where only admins may go */
function isForAdmins({ tap_action: action }) {
  const configures = Boolean(action?.navigation_path?.startsWith("/config"));
  return configures || action?.perform_action === "miner_monitor.show_details";
}

/** @param {any} config @returns {any} the same without what is for admins */
function withoutAdmins(config) {
  if (Array.isArray(config)) {
    const left = config.filter((item) => !(item?.type && isForAdmins(item))).map(withoutAdmins);
    // A heading alone is left of a section that was for admins.
    const emptied = left.length < config.length && left.every(({ type }) => type === "heading");
    return emptied ? [] : left.filter((item) => item?.type !== "grid" || item.cards.length);
  }
  if (typeof config !== "object" || config === null) return config;
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, withoutAdmins(value)]));
}

/** @param {Record<string, Config>} views */
function checkDiagnostics(views) {
  for (const [path, made] of Object.entries(views)) {
    if (!path.endsWith("#device")) continue;
    const listed = cardsOf(made).find((card) => card.type === "entities");
    const miner = Object.keys(views).filter((each) => each.startsWith(path.replace("#device", "")) && each !== path);
    const elsewhere = entitiesOf(miner.map((each) => views[each]));
    for (const id of entitiesOf(listed ?? {})) assert.ok(!elsewhere.includes(id), `${id} is on two tabs`);
  }
}

/** @param {{dashboard: Config, views: Record<string, Config>}} built @param {Hass} hass */
function check(built, hass) {
  for (const [key, value] of parts(built)) {
    assert.notEqual(value, undefined, key);
    assert.notEqual(value, null, key);
    assert.ok(!Number.isNaN(value), key);
    if (WORDS.has(key) && typeof value === "string") {
      assert.match(value, /^\S(.*\S)?$/s, key);
      assert.doesNotMatch(value, /^[a-z]+(_[a-z0-9]+)+$|component\.|undefined|\{/, key);
    }
    if (key === "features") for (const feature of [value].flat()) assert.ok(FEATURES.has(feature.type), feature.type);
  }
  for (const id of entitiesOf(built)) {
    assert.ok(hass.entities[id], id);
    assert.ok(hass.states[id], id);
  }
  for (const card of cardsOf(built.views)) {
    assert.ok(CARDS.has(card.type), card.type);
    for (const list of [card.entities, card.target?.entity_id]) {
      if (list) assert.equal(new Set(list.map((/** @type {any} */ item) => item.entity ?? item)).size, list.length);
    }
  }
  checkDiagnostics(built.views);
  for (const { sections } of Object.values(built.views)) {
    /** @type {Config[]} */
    const cards = sections.flatMap((/** @type {Config} */ section) => section.cards);
    assert.equal(new Set(cards.map((card) => JSON.stringify(card))).size, cards.length, "a card twice in a view");
    for (const section of sections) {
      assert.ok(sections.length === 1 || section.cards.at(-1).type !== "heading", "nothing below a heading");
    }
  }
}

for (const name of HOMES) {
  test(`${name}: as in its snapshot`, async () => {
    const file = new URL(`${name}.json`, SNAPSHOTS);
    const text = `${JSON.stringify(await build(hassOf(homeOf(name))), null, 2)}\n`;
    if (UPDATE) {
      mkdirSync(SNAPSHOTS, { recursive: true });
      writeFileSync(file, text);
    }
    assert.ok(existsSync(file), "no snapshot: run with UPDATE_SNAPSHOTS=1");
    assert.deepEqual(JSON.parse(text), JSON.parse(readFileSync(file, "utf-8")));
  });

  test(`${name}: nothing unknown, nothing twice, all in words`, async () => {
    const hass = hassOf(homeOf(name));
    check(await build(hass), hass);
  });

  test(`${name}: whoever is no admin sees all but what is for admins`, async () => {
    const hass = hassOf(homeOf(name), { admin: false });
    const built = await build(hass);
    check(built, hass);
    assert.deepEqual(built, withoutAdmins(await build(hassOf(homeOf(name)))));
    assert.deepEqual(cardsOf(built).filter(isForAdmins), []);
  });

  test(`${name}: the order of the registries does not matter`, async () => {
    const home = homeOf(name);
    const turned = { ...home };
    turned.entities = Object.fromEntries(Object.entries(home.entities).reverse());
    turned.devices = Object.fromEntries(Object.entries(home.devices).reverse());
    assert.deepEqual(await build(hassOf(turned)), await build(hassOf(home)));
  });

  test(`${name}: what is hidden or turned off is left out`, async () => {
    const home = homeOf(name);
    const all = entitiesOf(await build(hassOf(home)));
    const some = [...new Set(all)].filter((_, i) => name !== "mixed" || i % 7 === 0);
    for (const gone of some) {
      const hidden = homeOf(name);
      Object.assign(/** @type {any} */ (hidden.entities[gone]), { hidden: true });
      const hass = hassOf(hidden);
      const built = await build(hass);
      assert.ok(!entitiesOf(built).includes(gone), gone);
      check(built, hass);
    }
    const bare = homeOf(name);
    for (const [id, entity] of Object.entries(bare.entities)) {
      if (entity.translation_key !== "hash_rate" && entity.translation_key !== "status") delete bare.entities[id];
    }
    check(await build(hassOf(bare)), hassOf(bare));
  });

  test(`${name}: without the logbook there is no activity, and no admin's button without an admin`, async () => {
    const hass = hassOf(homeOf(name), { components: [] });
    const built = await build(hass);
    check(built, hass);
    assert.ok(!cardsOf(built).some((card) => card.type === "logbook"));
  });
}

test("there is a snapshot of each home and no other", () => {
  const there = readdirSync(SNAPSHOTS).map((file) => file.replace(".json", ""));
  for (const name of there) if (UPDATE && !HOMES.includes(name)) rmSync(new URL(`${name}.json`, SNAPSHOTS));
  assert.deepEqual(there.filter((name) => !HOMES.includes(name)), []);
});

test("each miner has a view of its own", async () => {
  const home = homeOf("mixed");
  const { dashboard: all, views } = await build(hassOf(home));
  /** @type {Config[]} */
  const subviews = all.views.filter((/** @type {Config} */ item) => item.subview);
  assert.deepEqual(
    subviews.map((item) => [item.path, item.title]).sort(),
    minersOf(home).map((device) => [`miner-${device.id}`, device.name]).sort(),
  );
  for (const { path } of subviews) {
    const own = Object.entries(views).filter(([each]) => each.startsWith(path));
    const shown = own.map(([, made]) => tabsIn(made));
    assert.deepEqual(shown[0]?.tabs.map((/** @type {Config} */ { tab }) => tab), shown.map(({ current }) => current));
    for (const { tabs } of shown) assert.deepEqual(tabs, shown[0]?.tabs);
    assert.ok(own.length >= 5);
  }
  const [{ path, strategy } = {}] = subviews;
  assert.deepEqual(await view(strategy, hassOf(home), "#nothing"), views[path]);
  assert.deepEqual(
    all.views.slice(0, 4).map((/** @type {Config} */ item) => item.path),
    ["fleet", "compare", "tuning", "energy"],
  );
});

test("a miner's view is about nothing but this miner", async () => {
  const home = homeOf("mixed");
  const { views } = await build(hassOf(home));
  for (const { id } of minersOf(home)) {
    const own = Object.keys(views).filter((path) => path.startsWith(`miner-${id}`));
    assert.ok(own.length >= 5);
    for (const path of own) {
      for (const entity of entitiesOf(views[path])) assert.equal(home.entities[entity]?.device_id, id);
    }
  }
});

test("miners are in the order of their names, with numbers as people count", async () => {
  const home = homeOf("mixed");
  const names = ["miner 10", "Miner 2", "Ärger", "zeta", "alpha", "miner 1"];
  for (const [i, device] of minersOf(home).entries()) device.name_by_user = names[i] ?? "";
  const hass = hassOf(home);
  const built = await build(hass);
  check(built, hass);
  const wanted = ["alpha", "Ärger", "miner 1", "Miner 2", "miner 10", "zeta"];
  const titles = built.dashboard.views.map((/** @type {Config} */ item) => item.title);
  assert.deepEqual([...new Set(titles.slice(4))], wanted);
  const compared = cardsOf(built.views.compare).find((card) => card.selects);
  const [quantity] = compared?.selects ?? [];
  const shown = quantity.options[0].values.entities.map((/** @type {Config} */ item) => item.name);
  assert.deepEqual(shown, wanted.filter((name) => shown.includes(name)));
});

test("a name is never more than text", async () => {
  const home = homeOf("mixed");
  for (const device of minersOf(home)) device.name_by_user = HOSTILE;
  const hass = hassOf(home);
  const built = await build(hass);
  let seen = 0;
  for (const [key, value] of parts(built)) {
    if (typeof value !== "string" || !value.includes("<img")) continue;
    seen += 1;
    assert.ok(WORDS.has(key), key);
    assert.ok(value.includes(HOSTILE));
  }
  assert.ok(seen > 6);
  for (const card of cardsOf(built)) {
    if (card.type === "markdown") assert.ok(!JSON.stringify(card).includes("<img"));
  }
});

test("an excluded miner is nowhere", async () => {
  const home = homeOf("mixed");
  const hass = hassOf(home);
  for (const { id, name } of minersOf(home)) {
    const built = await build(hass, { exclude: [id] });
    check(built, hass);
    const left = new Set(built.dashboard.views.slice(4).map((/** @type {Config} */ item) => item.title));
    assert.equal(left.size, minersOf(home).length - 1);
    for (const [key, value] of parts(built)) {
      if (key === "exclude") continue;
      assert.ok(value !== id && value !== name && !`${value}`.startsWith(`miner-${id}`), key);
    }
    for (const entity of entitiesOf(built)) assert.notEqual(home.entities[entity]?.device_id, id);
    const gone = await view({ view: "miner", device_id: id, exclude: [id] }, hass);
    assert.match(JSON.stringify(gone), /This miner was removed/);
  }
});

test("a view that cannot be is told in words", async () => {
  const hass = hassOf(homeOf("gamma"));
  for (const device_id of ["id-of-one-that-was", undefined, "id-all-miners"]) {
    assert.match(JSON.stringify(await view({ view: "miner", device_id }, hass)), /This miner was removed/);
  }
  assert.match(JSON.stringify(await view({ view: "moon" }, hass)), /Unknown view: moon/);
  assert.match(JSON.stringify(await view({ view: "constructor" }, hass)), /Unknown view: constructor/);
  assert.deepEqual(await view({}, hass), await view({ view: "fleet" }, hass));
});

test("without a miner there is a word how to get one", async () => {
  const hass = hassOf({ devices: {}, entities: {}, states: {} });
  const { dashboard: all, views } = await build(hass);
  assert.equal(all.views.length, 4);
  for (const made of Object.values(views)) assert.match(JSON.stringify(made), /No miner yet/);
});

test("a view that there is nothing for says so", async () => {
  const { views } = await build(hassOf(homeOf("cgminer")));
  assert.match(JSON.stringify(views.tuning), /None of your miners has settings/);
  assert.match(JSON.stringify(views.energy), /None of your miners reports its power/);
  assert.doesNotMatch(JSON.stringify(views.compare), /ranking/);
  const home = homeOf("cgminer");
  for (const id of Object.keys(home.entities)) if (!id.endsWith("_status")) delete home.entities[id];
  const { views: bare } = await build(hassOf(home));
  assert.match(JSON.stringify(bare.compare), /None of your miners reports readings/);
});

test("without the device of all miners the miners are there", async () => {
  const home = homeOf("mixed");
  for (const [id, entity] of Object.entries(home.entities)) {
    if (entity.device_id === "id-all-miners") delete home.entities[id];
  }
  const hass = hassOf(home);
  check(await build(hass), hass);
});

test("what power costs is shown where there is a price, and nothing of it without", async () => {
  const kinds = ["custom:miner-price-card", "custom:miner-power-card"];
  /** @param {Config} made */
  const shown = (made) => cardsOf(made).map(({ type }) => type).filter((type) => kinds.includes(type));
  const home = homeOf("mixed");
  const { views: without } = await build(hassOf(home));
  assert.deepEqual([shown(without.fleet ?? {}), shown(without.energy ?? {})], [[], []]);
  const fleet = findMiners(hassOf(home)).fleet?.id ?? "";
  for (const [id, key] of [
    ["sensor.cost", "fleet_cost_today"],
    ["binary_sensor.cheap", "fleet_cheap_power"],
  ]) {
    const entity = { entity_id: String(id), device_id: fleet, platform: "miner_monitor", translation_key: key };
    home.entities = { ...home.entities, [String(id)]: /** @type {any} */ (entity) };
  }
  const { views } = await build(hassOf(home));
  assert.deepEqual([shown(views.fleet ?? {}), shown(views.energy ?? {})], [[kinds[0]], [kinds[1]]]);
});
