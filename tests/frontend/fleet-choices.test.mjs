// The fleet card's configuration, what was chosen in the browser, and what is read beside states.

import assert from "node:assert/strict";
import test from "node:test";

import "./browser.mjs";
import { fleetState } from "#modules/cards/fleet-card.js";
import { checkConfig, choicesOf, loadChoices, thresholdsOf } from "#modules/cards/fleet/facts.js";
import { layoutOf } from "#modules/cards/fleet/table.js";
import { readLast, readReport, todayOf, unpluggedOf } from "#modules/lib/records.js";
import { clock, spanText, todayText } from "#modules/lib/words.js";
import { speaker } from "./texts.mjs";

const EN = { language: "en" };

test("a configuration that cannot be meant is refused in plain words", () => {
  assert.throws(() => checkConfig({ miners: "abc" }), /"miners" has to be a list of device ids/);
  assert.throws(() => checkConfig({ exclude: [1] }), /"exclude"/);
  assert.throws(() => checkConfig({ sort: "colour" }), /"sort" has to be one of attention, name, status, hash_rate/);
  assert.throws(() => checkConfig({ hours: 7 }), /"hours" has to be 1 or 24/);
  assert.throws(() => checkConfig({ good: 80, poor: 90 }), /"good" and "poor"/);
  assert.throws(() => checkConfig({ good: "much" }), /"good" and "poor"/);
});

test("a configuration that is right is taken", () => {
  checkConfig({});
  checkConfig({ miners: ["a"], exclude: [], sort: "power", hours: "24", good: 97, poor: 90 });
  assert.deepEqual(thresholdsOf({ good: 97 }), { good: 97, poor: 85 });
});

test("choices begin with the configuration", () => {
  assert.deepEqual(choicesOf({}, null), { sort: "attention", direction: "ascending", hours: 1 });
  assert.deepEqual(choicesOf({ sort: "hash_rate", hours: "24" }, null), {
    sort: "hash_rate",
    direction: "descending",
    hours: 24,
  });
});

test("what was chosen in this browser wins", () => {
  const stored = JSON.stringify({ sort: "power", direction: "ascending", hours: 24 });
  assert.deepEqual(choicesOf({ sort: "name", hours: 1 }, stored), {
    sort: "power",
    direction: "ascending",
    hours: 24,
  });
});

test("what makes no sense in the browser's store is left aside", () => {
  for (const stored of ["{", "null", "7", '{"sort":"colour","direction":"up","hours":3}']) {
    assert.deepEqual(choicesOf({}, stored), { sort: "attention", direction: "ascending", hours: 1 });
  }
});

test("a browser that keeps nothing is no error", () => {
  assert.equal(loadChoices({ sort: "power" }).sort, "power");
});

const REPORT = {
  totals: { energy: 3.5, wall_energy: null, cost: { value: 0.9, currency: "EUR" } },
  miners: [
    {
      device_id: "a",
      energy: 1,
      wall_energy: 1.1,
      cost: { value: 0.3, currency: "EUR" },
      online: true,
      last_seen: "2026-11-01T12:00:00+00:00",
    },
    {
      device_id: "b",
      energy: 2.5,
      wall_energy: null,
      cost: null,
      online: false,
      last_seen: null,
      switched_off: true,
    },
  ],
};

test("today is the totals, or the sum of those that are shown", () => {
  assert.deepEqual(todayOf(REPORT, null), { energy: 3.5, wall: null, cost: 0.9, currency: "EUR" });
  assert.deepEqual(todayOf(REPORT, new Set(["a"])), { energy: 1, wall: 1.1, cost: 0.3, currency: "EUR" });
  assert.deepEqual(todayOf(REPORT, new Set(["b"])), { energy: 2.5, wall: null, cost: null, currency: "" });
  assert.equal(todayOf({ totals: {} }, null), null);
});

test("today in words leaves out what is not known", () => {
  /** @type {import("../../custom_components/miner_monitor/frontend/modules/lib/types.js").Say} */
  const say = (_, values) => Object.values(values ?? {}).join();
  assert.equal(
    todayText({ energy: 3.5, wall: 4, cost: 0.9, currency: "EUR" }, EN, say),
    "3.50 kWh · 4.00 kWh · €0.90",
  );
  assert.equal(
    todayText({ energy: 3.5, wall: null, cost: 0.9, currency: "sats" }, EN, say),
    "3.50 kWh · 0.90 sats",
  );
  assert.equal(todayText({ energy: 1234, wall: null, cost: null, currency: "" }, EN, say), "1,234.0 kWh");
  assert.equal(todayText(null, EN, say), "");
});

test("without the action, today is what the fleet's meter rose", async () => {
  const hass = /** @type {any} */ ({
    callWS: async (/** @type {{type: string}} */ { type }) => {
      if (type === "call_service") throw new Error("Unknown action");
      return { change: 2 };
    },
  });
  const fleet = { id: "f", name: "", model: "", fleet: true, ids: { "sensor.energy": ["sensor.all"] } };
  assert.equal((await readReport(hass, fleet, null)).today?.energy, 2);
  assert.equal((await readReport(hass, fleet, new Set(["a"]))).today, null);
  assert.equal((await readReport(hass, undefined, null)).today, null);
});

test("a report says whose plug is off", () => {
  assert.deepEqual([...unpluggedOf(REPORT)], ["b"]);
  assert.deepEqual([...unpluggedOf({})], []);
});

test("what an entity said last is what it said before it was unavailable", async () => {
  /** @type {Record<string, any>} */
  let asked = {};
  const rows = { "sensor.a": [{ s: "1.5", lu: 1 }, { s: "unavailable", lu: 2 }], "sensor.b": [{ s: "unknown", lu: 1 }] };
  const hass = /** @type {any} */ ({
    states: { "sensor.a": { state: "unavailable", attributes: { unit_of_measurement: "TH/s" } }, "sensor.b": {} },
    callWS: async (/** @type {any} */ message) => {
      asked = message;
      return rows;
    },
  });
  const noon = Date.UTC(2026, 10, 1, 12);
  const last = await readLast(hass, ["sensor.a", "sensor.b"], noon);
  assert.deepEqual(Object.keys(last), ["sensor.a"]);
  assert.equal(last["sensor.a"]?.state, "1.5");
  assert.equal(last["sensor.a"]?.attributes.unit_of_measurement, "TH/s");
  assert.deepEqual([asked.start_time, asked.end_time], ["2026-11-01T11:59:00.000Z", "2026-11-01T12:00:01.000Z"]);
});

test("an order to all is told while it goes on, and with those that failed", () => {
  /** @type {import("#modules/lib/types.js").Say} */
  const say = (key, values) => [key, ...Object.values(values ?? {})].join("|");
  const fleet = { id: "f", name: "", model: "", fleet: true, ids: { "switch.throttle": ["switch.all"] } };
  const state = (/** @type {Record<string, any>} */ attributes, asked = false) =>
    fleetState(/** @type {any} */ ({ states: { "switch.all": { attributes } } }), fleet, say, asked);
  assert.deepEqual(state({}), { saving: null, controllable: null, progress: "" });
  const counts = { saving: 3, controllable: 14 };
  assert.deepEqual(state({ ...counts, waiting: 0, done: 13, total: 14, failed: [] }), { ...counts, progress: "" });
  assert.equal(state({ waiting: 7, done: 7, total: 14, failed: [] }).progress, "fleet_progress|7|14|0|");
  const failed = { waiting: 0, done: 12, total: 14, failed: ["A", "B"] };
  assert.equal(state(failed).progress, "fleet_progress_failed|12|14|2|A, B");
  const left = { waiting: 0, done: 1, total: 1, failed: [], left_out: [{ name: "C", why: "held" }] };
  assert.equal(state(left).progress, "");
  assert.equal(state(left, true).progress, "fleet_left_out|C (fleet_why_held)");
});

test("a span has its most telling unit", () => {
  assert.deepEqual(
    [0, 59, 60, 95, 180, 1430, 72 * 60, 12 * 1440].map((minutes) => spanText(minutes, speaker("en"), EN)),
    ["0 min", "59 min", "1 h", "1.6 h", "3 h", "24 h", "3 d", "12 d"],
  );
});

test("a time of today needs no date", () => {
  const at = (/** @type {any} */ locale, /** @type {string} */ time_zone) => /** @type {any} */ ({ locale, config: { time_zone } });
  const locale = { language: "en", time_format: "24", time_zone: "server" };
  const now = Date.UTC(2026, 10, 1, 12);
  assert.equal(clock(now - 60_000, now, at(locale, "UTC")), "11:59");
  assert.equal(clock(now - 86_400_000, now, at(locale, "UTC")), "Oct 31, 12:00");
  assert.equal(clock(now, now, at(locale, "Asia/Tokyo")), "21:00");
  assert.match(clock(now, now, at({ ...locale, time_format: "12" }, "UTC")), /12:00 PM/);
});

test("a column that no miner has takes no room", () => {
  const all = layoutOf([]);
  assert.match(
    all["--medium"] ?? "",
    /^"name hash_rate power chip_temperature shares spark switch" "status ratio efficiency fan /,
  );
  const few = layoutOf(["power", "efficiency", "fan", "switch"]);
  assert.match(
    few["--medium"] ?? "",
    /^"name hash_rate chip_temperature shares spark" "status ratio \. shares spark" \//,
  );
});
