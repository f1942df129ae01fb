// What the fleet card's rows know, how they are sorted and graded.

import assert from "node:assert/strict";
import test from "node:test";

import {
  factsOf,
  gradeOf,
  lackingOf,
  sorted,
  watchedOf,
} from "#modules/cards/fleet/facts.js";

/** @typedef {import("#modules/lib/types.js").HassState} HassState */
/** @typedef {import("#modules/lib/types.js").Miner} Miner */

/**
 * @param {string} name
 * @param {Record<string, string | number | [string | number, string]>} values by "domain.key", some with units
 * @returns {{miner: Miner, states: Record<string, HassState>, entities: Record<string, any>}}
 */
function minerWith(name, values) {
  /** @type {Record<string, HassState>} */
  const states = {};
  /** @type {Record<string, string[]>} */
  const ids = {};
  for (const [key, value] of Object.entries(values)) {
    const [state, unit] = Array.isArray(value) ? value : [value, undefined];
    const id = `${key.replace(/#.*/, "")}_of_${name}${key.split("#")[1] ?? ""}`;
    (ids[key.replace(/#.*/, "")] ??= []).push(id);
    states[id] = {
      entity_id: id,
      state: String(state),
      attributes: unit ? { unit_of_measurement: unit } : {},
      last_changed: "",
      last_updated: "",
    };
  }
  return { miner: { id: name, name, model: "", fleet: false, ids }, states, entities: {} };
}

/** @param {string} name @param {Parameters<typeof minerWith>[1]} values */
function facts(name, values) {
  const made = minerWith(name, { "binary_sensor.online": "on", "sensor.status": "hashing", ...values });
  return factsOf(made, made.miner);
}

/** @param {ReturnType<typeof facts>[]} all @param {string} by @param {"ascending" | "descending"} direction */
function names(all, by, direction) {
  return sorted(all, by, direction, "en").map(({ name }) => name);
}

test("a reading has its value and unit", () => {
  const { readings, status, there } = facts("a", { "sensor.hash_rate": ["1.06", "TH/s"] });
  assert.deepEqual(readings.hash_rate, { value: 1.06, unit: "TH/s", decimals: 3 });
  assert.deepEqual([status, there], ["hashing", true]);
});

test("what is unknown, or not there, is no zero", () => {
  const { readings } = facts("a", { "sensor.efficiency": "unknown" });
  assert.equal(readings.efficiency, null);
  assert.equal(readings.power, null);
});

test("a zero that the device reports is one", () => {
  assert.equal(facts("a", { "sensor.hash_rate": ["0.0", "TH/s"] }).readings.hash_rate?.value, 0);
});

test("the user's precision is kept", () => {
  const made = minerWith("a", {
    "binary_sensor.online": "on",
    "sensor.status": "hashing",
    "sensor.power": 12,
  });
  made.entities["sensor.power_of_a"] = { display_precision: 3 };
  assert.equal(factsOf(made, made.miner).readings.power?.decimals, 3);
});

test("of several fans the fastest is shown, and all are watched", () => {
  const fans = { "sensor.fan_speed#1": 900, "sensor.fan_speed#2": 1200 };
  assert.equal(facts("a", fans).readings.fan?.value, 1200);
  assert.deepEqual(watchedOf(minerWith("a", fans).miner), [
    "sensor.fan_speed_of_a1",
    "sensor.fan_speed_of_a2",
  ]);
});

test("a miner that is away tells nothing, even what its states still say", () => {
  const gone = facts("a", { "binary_sensor.online": "off", "sensor.power": 20, "sensor.wall_power": 25 });
  assert.deepEqual([gone.status, gone.there], ["away", false]);
  assert.equal(gone.readings.power, null);
  assert.equal(gone.beside.power, null);
});

test("what it said last is shown, and never compared with what others say now", () => {
  const made = minerWith("a", { "binary_sensor.online": "off", "sensor.power": "unavailable" });
  const last = { "sensor.power_of_a": { ...made.states["sensor.power_of_a"], state: "20" } };
  const gone = factsOf(made, made.miner, /** @type {any} */ (last));
  assert.deepEqual([gone.readings.power?.value, gone.there], [20, false]);
  const all = [gone, facts("b", { "sensor.power": 10 })];
  assert.deepEqual(names(all, "power", "descending"), ["b", "a"]);
});

test("three decimals below 10 TH/s", () => {
  const decimals = (/** @type {number} */ value) =>
    facts("a", { "sensor.hash_rate": [value, "TH/s"] }).readings.hash_rate?.decimals;
  assert.deepEqual([1.2, 9.99, 10, 55.5, 120].map(decimals), [3, 3, 2, 2, 1]);
});

test("those with a problem come first, the critical ones before the others, then those that are offline", () => {
  const problem = (/** @type {string} */ name, /** @type {any} */ severity) => {
    const made = minerWith(name, { "binary_sensor.online": "on", "sensor.status": "hashing", "binary_sensor.problem": "on" });
    Object.assign(made.states[`binary_sensor.problem_of_${name}`] ?? {}, { attributes: { findings: [{ severity }] } });
    return factsOf(made, made.miner);
  };
  const all = [
    facts("good", {}),
    facts("gone", { "binary_sensor.online": "off" }),
    problem("warned", "warning"),
    problem("hot", "critical"),
    facts("broken", { "sensor.status": "fault" }),
  ];
  assert.deepEqual(names(all, "attention", "ascending"), ["broken", "hot", "warned", "gone", "good"]);
});

test("a miner of which nothing is known yet is not called away", () => {
  assert.equal(facts("a", { "binary_sensor.online": "unavailable" }).status, "unknown");
  assert.equal(facts("a", { "sensor.status": "unavailable" }).status, "unknown");
});

test("names are sorted as people count", () => {
  const all = ["miner 10", "miner 9", "Miner 1"].map((name) => facts(name, {}));
  assert.deepEqual(names(all, "name", "ascending"), ["Miner 1", "miner 9", "miner 10"]);
  assert.deepEqual(names(all, "name", "descending"), ["miner 10", "miner 9", "Miner 1"]);
});

test("what is unknown comes last in both directions", () => {
  const all = [
    facts("none", {}),
    facts("low", { "sensor.power": 10 }),
    facts("high", { "sensor.power": 20 }),
  ];
  assert.deepEqual(names(all, "power", "ascending"), ["low", "high", "none"]);
  assert.deepEqual(names(all, "power", "descending"), ["high", "low", "none"]);
});

test("hash rates are compared within their unit, SHA-256 first", () => {
  const all = [
    facts("nimiq", { "sensor.hash_rate": [900, "kH/s"] }),
    facts("0xbitcoin", { "sensor.hash_rate": [11, "GH/s"] }),
    facts("small", { "sensor.hash_rate": [0.6, "TH/s"] }),
    facts("large", { "sensor.hash_rate": [50, "TH/s"] }),
  ];
  assert.deepEqual(names(all, "hash_rate", "descending"), ["large", "small", "0xbitcoin", "nimiq"]);
  assert.deepEqual(names(all, "hash_rate", "ascending"), ["small", "large", "0xbitcoin", "nimiq"]);
});

test("equals are sorted by name", () => {
  const all = ["b", "c", "a"].map((name) => facts(name, { "sensor.power": 10 }));
  assert.deepEqual(names(all, "power", "descending"), ["a", "b", "c"]);
});

test("by status, those that need attention come first", () => {
  const all = [
    facts("good", {}),
    facts("gone", { "binary_sensor.online": "off" }),
    facts("hot", { "sensor.status": "overheated" }),
    facts("new", { "sensor.status": "something_new" }),
  ];
  assert.deepEqual(names(all, "status", "ascending"), ["hot", "gone", "good", "new"]);
});

test("the given list stays as it was", () => {
  const all = [facts("b", {}), facts("a", {})];
  sorted(all, "name", "ascending");
  assert.deepEqual(
    all.map(({ name }) => name),
    ["b", "a"],
  );
});

test("a ratio is graded at its thresholds", () => {
  const thresholds = { good: 95, poor: 85 };
  assert.deepEqual(
    [95, 94.9, 85, 84.9].map((ratio) => gradeOf(ratio, thresholds)),
    ["good", "fair", "fair", "poor"],
  );
  assert.equal(gradeOf(null, thresholds), null);
});

test("what no miner has is lacking", () => {
  const { miner } = minerWith("a", { "sensor.hash_rate": 1, "sensor.power": 2 });
  const { miner: other } = minerWith("b", { "sensor.fan_speed": 1 });
  assert.deepEqual(lackingOf([miner, other]), ["ratio", "efficiency", "chip_temperature", "shares"]);
});
