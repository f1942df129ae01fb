// What the recorder remembers, joined into samples, and changes of settings as marks.

import assert from "node:assert/strict";
import test from "node:test";

import {
  changesOf,
  joined,
  lanesOf,
  lineOf,
  scaledRows,
  scaledStates,
  settingsIn,
  STEP,
  telltale,
} from "#modules/cards/tuning/past.js";
import { scatterOf, SCATTERS, scattersOf, thinned } from "#modules/cards/tuning/scatter.js";
import {
  canSet,
  factorOf,
  keyOf,
  pointOf,
  presentSettings,
  same,
  settingsText,
} from "#modules/lib/settings.js";
import { spanText, tickText } from "#modules/lib/words.js";
import { speaker } from "./texts.mjs";

/** @type {import("#modules/lib/types.js").Locale} */
const LOCALE = { language: "en" };
const SAY = speaker("en");

/** @param {number | null} mean @param {number} index */
const row = (mean, index) => ({ start: index * STEP, end: (index + 1) * STEP, mean });

/** @param {[number, string][]} states */
const points = (states) => states.map(([time, state]) => ({ time, state }));

const RECORDED = {
  hash_rate: [1, 1.1, 0, null, 0.3, 1.2].map(row),
  power: [15, 16.5, 2, 2, 9, null].map(row),
  temperature: [60, 61, 30, 30, 50, 62].map(row),
  frequency: points([[0, "500"], [2 * STEP, "550"]]),
  voltage: points([[0, "1.15"]]),
};

test("rows are joined by their time, and left out while nothing is hashed", () => {
  const samples = joined(RECORDED, 1);
  assert.deepEqual(samples.map(({ time }) => time / STEP), [0, 1, 5]);
  assert.equal(samples[0]?.efficiency, 15);
  assert.equal(samples[1]?.temperature, 61);
  assert.equal(samples[2]?.power, null);
  assert.equal(samples[2]?.efficiency, null);
  assert.deepEqual(samples[0]?.settings, { frequency: 500, core_voltage: 1.15 });
  assert.deepEqual(samples[2]?.settings, { frequency: 550, core_voltage: 1.15 });
  assert.equal(samples[0]?.voltage, 1.15);
});

test("efficiency is per TH/s whatever the unit of the rate", () => {
  const [sample] = joined({ hash_rate: [row(2000, 0)], power: [row(30, 0)] }, factorOf("GH/s"));
  assert.equal(sample?.efficiency, 15);
});

test("five minutes in which settings were changed are left out", () => {
  const recorded = { hash_rate: [1, 1, 1, 1, 1, 1].map(row), frequency: points([[0, "500"], [STEP + 1000, "550"]]) };
  assert.deepEqual(joined(recorded, 1).map(({ time }) => time / STEP), [0, 5], "as is a quarter of an hour after it");
});

test("five minutes of which the miner hashed a part are left out, and those after them", () => {
  const rows = [1, 0.4, 0.9, 1].map(row);
  const recorded = { hash_rate: rows.map((step, index) => ({ ...step, min: index === 1 ? 0 : 0.9 })) };
  assert.deepEqual(joined(recorded, 1).map(({ time }) => time / STEP), [0, 3]);
  const away = [row(1, 0), row(0.6, 4), row(1, 5)];
  assert.deepEqual(joined({ hash_rate: away }, 1).map(({ time }) => time / STEP), [0, 5], "it was away");
});

test("what was measured goes before what was set", () => {
  const [sample] = joined({ ...RECORDED, frequency_actual: [row(498.5, 0)], voltage_actual: [row(1.142, 0)] }, 1);
  assert.equal(sample?.frequency, 498.5);
  assert.equal(sample?.voltage, 1.142);
  assert.deepEqual(sample?.settings, { frequency: 500, core_voltage: 1.15 });
});

test("a miner with work modes has samples by mode", () => {
  const samples = joined({ hash_rate: [row(5, 0), row(6, 5), row(6, 6)], mode: points([[0, "low"], [3 * STEP, "high"]]) }, 1);
  assert.deepEqual(samples.map(({ settings }) => settings), [{ work_mode: "low" }, { work_mode: "high" }]);
  assert.deepEqual(scattersOf(samples), []);
});

test("states that say nothing, or the same again, are no states", () => {
  const states = points([[0, "unavailable"], [1, "500"], [2, "unknown"], [3, "500"], [4, "550"]]);
  assert.deepEqual(telltale(states).map(({ state }) => state), ["500", "550"]);
  assert.deepEqual(telltale(undefined), []);
});

test("units that a user chose are converted", () => {
  assert.deepEqual(scaledStates(points([[0, "1150"]]), factorOf("mV")), points([[0, "1.15"]]));
  assert.deepEqual(scaledRows([row(0.5, 0), row(null, 1)], factorOf("kW")).map(({ mean }) => mean), [500, null]);
  assert.equal(factorOf("°C"), 1);
});

test("a scatter has the points for which both quantities are known", () => {
  const samples = joined(RECORDED, 1);
  assert.deepEqual(scatterOf(samples, "hash_rate_power").map(({ x, y }) => [x, y]), [[15, 1], [16.5, 1.1]]);
  assert.equal(scatterOf(samples, "frequency_voltage").length, 3);
  assert.equal(Object.keys(SCATTERS).length, 9);
  assert.equal(scattersOf(samples).length, 9);
  assert.deepEqual(scattersOf([]), []);
});

test("too many points are thinned evenly", () => {
  const list = Array.from({ length: 2016 }, (_, index) => index);
  const { kept, every } = thinned(list, 900);
  assert.equal(every, 3);
  assert.equal(kept.length, 672);
  assert.deepEqual(kept.slice(0, 3), [0, 3, 6]);
  assert.deepEqual(thinned([1, 2], 900), { kept: [1, 2], every: 1 });
});

test("the most frequent settings come first", () => {
  assert.deepEqual(settingsIn(joined(RECORDED, 1)).map(({ frequency }) => frequency), [500, 550]);
});

test("the line has a gap where rows are missing", () => {
  const line = lineOf([row(1, 0), row(1, 1), row(1, 9)]);
  assert.deepEqual(line.map((step) => step && step.value), [1, 1, null, 1]);
  assert.deepEqual(lineOf(undefined), []);
});

test("what is set at once is one change, and the first state is none", () => {
  const changes = changesOf({
    frequency: points([[0, "500"], [1e6, "550"], [9e6, "500"]]),
    voltage: points([[0, "1.15"], [1e6 + 30_000, "1.2"]]),
  });
  assert.deepEqual(changes, [
    { time: 1e6, changed: { frequency: 550, core_voltage: 1.2 }, before: { frequency: 500, core_voltage: 1.15 } },
    { time: 9e6, changed: { frequency: 500 }, before: { frequency: 550 } },
  ]);
});

test("what came back at once is no change", () => {
  assert.deepEqual(changesOf({ mode: points([[0, "low"], [1000, "high"], [2000, "low"]]) }), []);
  assert.deepEqual(changesOf({}), []);
});

test("texts of marks do not collide, and the newest has room first", () => {
  const marks = [0, 10, 20, 300].map((x) => ({ x, width: 50 }));
  assert.deepEqual(lanesOf(marks, 2, 400), [null, { lane: 1, left: false }, { lane: 0, left: false }, { lane: 0, left: false }]);
});

test("a text at the end stands left of its mark", () => {
  assert.deepEqual(lanesOf([{ x: 380, width: 50 }], 2, 400), [{ lane: 0, left: true }]);
});

test("operating points are compared as the map keys them", () => {
  assert.ok(same({ frequency: 525, core_voltage: 1.15 }, { frequency: 525.0, core_voltage: 1.1500001 }));
  assert.ok(!same({ frequency: 525, core_voltage: 1.15 }, { frequency: 525, core_voltage: 1.151 }));
  assert.ok(!same(null, null));
  assert.notEqual(keyOf({ frequency: 490 }), keyOf({ frequency: 490, core_voltage: 1 }));
  assert.deepEqual(pointOf(525, null, "low"), { work_mode: "low" });
  assert.deepEqual(pointOf(525, null, null), { frequency: 525 });
  assert.equal(pointOf(null, 1.1, null), null);
});

test("settings are written as in reports", () => {
  assert.equal(settingsText({ frequency: 525, core_voltage: 1.15 }, LOCALE, String), "525 MHz, 1.150 V");
  assert.equal(settingsText({ frequency: 490.63 }, LOCALE, String), "490.63 MHz");
  assert.equal(settingsText({ work_mode: "eco" }, LOCALE, () => "Eco"), "Eco");
});

/** @param {string} online */
function house(online) {
  const miner = {
    ...{ id: "a", name: "Gamma", model: "", fleet: false },
    ids: {
      "binary_sensor.online": ["binary_sensor.on"],
      "number.frequency": ["number.f"],
      "number.core_voltage": ["number.v"],
    },
  };
  const states = {
    "binary_sensor.on": { state: online, attributes: {} },
    "number.f": { state: "525", attributes: { unit_of_measurement: "MHz" } },
    "number.v": { state: "1150", attributes: { unit_of_measurement: "mV" } },
  };
  return { miner, hass: /** @type {any} */ ({ states }) };
}

test("the present settings are those of a miner that answers", () => {
  const { hass, miner } = house("on");
  assert.deepEqual(presentSettings(hass, miner), { frequency: 525, core_voltage: 1.15 });
  assert.equal(presentSettings(house("off").hass, miner), null);
});

test("only what has an entity can be set", () => {
  const { miner } = house("on");
  assert.ok(canSet(miner, { frequency: 500, core_voltage: 1.1 }));
  assert.ok(!canSet(miner, { work_mode: "low" }));
  assert.ok(!canSet(miner, {}));
});

test("spans and times are short", () => {
  assert.equal(spanText(40, SAY, LOCALE), "40 min");
  assert.equal(spanText(90, SAY, LOCALE), "1.5 h");
  assert.equal(spanText(24 * 60, SAY, LOCALE), "24 h");
  assert.equal(spanText(20 * 24 * 60, SAY, LOCALE), "20 d");
  const config = { time_zone: "UTC", currency: "EUR", components: [] };
  const user = { locale: { language: "en", time_format: "24" }, config };
  assert.equal(tickText(new Date(2026, 10, 29).getTime(), user), "Nov 29");
  assert.equal(tickText(new Date(2026, 10, 29, 14, 0).getTime(), user), "14:00");
});
