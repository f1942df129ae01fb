// What the hash-rate card shows of a time, and its words.

import assert from "node:assert/strict";
import test from "node:test";

import { checkConfig, findSource, hiddenOf, Reader } from "#modules/cards/hash-rate/config.js";
import { valuesOf } from "#modules/cards/hash-rate/draw.js";
import { modelOf } from "#modules/cards/hash-rate/model.js";
import {
  clockOf,
  deviationText,
  figureLines,
  notesOf,
  spanText,
} from "#modules/cards/hash-rate/words.js";
import { DAY, HOUR, MINUTE } from "#modules/lib/records.js";
import { time as timeScale } from "#modules/lib/chart.js";

/** @typedef {import("#modules/lib/types.js").Hass} Hass */

const NOW = Date.UTC(2026, 10, 29, 12);
const FIVE = 5 * MINUTE;

/**
 * Steps of five minutes up to now.
 *
 * @param {number} hours
 * @param {(start: number) => number | null} mean
 */
function past(hours, mean) {
  const rows = [];
  for (let start = NOW - hours * HOUR; start < NOW; start += FIVE) {
    const value = mean(start);
    if (value !== null) rows.push({ start, end: start + FIVE, mean: value, min: value - 0.1, max: value + 0.1 });
  }
  return rows;
}

const VIEW = { from: NOW - DAY, to: NOW + MINUTE, means: [15, 60, 1440], most: 1000, live: 1.1 };
const MINER = { deciding: ["number.f"] };

test("two days that are known give all means from the left edge on", () => {
  const records = { rates: past(49, () => 1), expected: null, ratios: past(49, () => 100), settings: {} };
  const model = modelOf(records, MINER, VIEW);
  assert.equal(model.samples.length, 288);
  assert.equal(model.samples[0]?.means[2]?.measured, DAY);
  assert.deepEqual(model.late, []);
  assert.equal(model.expected, "ratio");
  assert.equal(model.figures?.mean, 1);
  assert.deepEqual(model.live, { time: NOW + MINUTE, value: 1.1, joined: true });
});

test("a mean that begins late says when, one that never begins says that", () => {
  const records = { rates: past(14, () => 1), expected: null, ratios: null, settings: {} };
  const late = modelOf(records, MINER, VIEW).late;
  assert.deepEqual(late, [{ minutes: 1440, from: NOW - 2 * HOUR, coarse: false }]);
  const fresh = modelOf({ ...records, rates: past(2, () => 1) }, MINER, VIEW).late;
  assert.deepEqual(fresh, [{ minutes: 1440, from: null, coarse: false }]);
});

test("after a pause nothing is below what is expected until a window is free of it", () => {
  const paused = (/** @type {number} */ start) => start >= NOW - 2 * HOUR && start < NOW - HOUR;
  const records = {
    rates: past(26, (start) => (paused(start) ? 0 : 1)),
    expected: past(26, () => 1),
    ratios: past(26, (start) => (paused(start) ? null : 100)),
    settings: {},
  };
  const model = modelOf(records, MINER, VIEW);
  assert.deepEqual(model.areas, []);
  assert.equal(model.figures?.deviation?.mean, 0);
  assert.equal(model.figures?.lowest.mean, 0);
  const lowest = Math.min(...valuesOf(model, new Set()));
  assert.ok(lowest > 0.85, `the pause stretches the scale down to ${lowest}`);
});

test("right after a change of settings nothing is above or below expected", () => {
  const rate = (/** @type {number} */ start) => (start < NOW - HOUR ? 1 : 1.2);
  const records = { rates: past(26, rate), expected: past(26, rate), ratios: past(26, () => 100), settings: {} };
  assert.deepEqual(modelOf(records, MINER, VIEW).areas, []);
  const good = { ...records, expected: past(26, (start) => 1.04 * rate(start)) };
  assert.deepEqual(modelOf(good, MINER, VIEW).areas, [], "a little less is good enough");
  const low = { ...records, expected: past(26, (start) => 1.1 * rate(start)) };
  const areas = modelOf(low, MINER, VIEW).areas;
  assert.deepEqual(
    areas.map(({ sign, line }) => [sign, line.at(0)?.[0], line.at(-1)?.[0]]),
    [
      [-1, NOW - DAY + FIVE, NOW - HOUR],
      [-1, NOW - HOUR + 20 * MINUTE, NOW],
    ],
  );
});

test("a pause is seen where nothing is known of it", () => {
  const records = {
    rates: past(26, (start) => (start < NOW - 2 * HOUR ? 1 : 0)),
    expected: null,
    ratios: null,
    settings: {},
  };
  const model = modelOf(records, { deciding: [] }, VIEW);
  assert.equal(model.expected, null);
  assert.ok(Math.min(...valuesOf(model, new Set())) <= 0);
});

test("the mean of a day is off where fewer than three days are shown, and no part of the scale", () => {
  const means = [15, 1440];
  assert.deepEqual(hiddenOf(means, 24, new Set()), new Set(["mean_1440"]));
  assert.deepEqual(hiddenOf(means, 72, new Set()), new Set());
  assert.deepEqual(hiddenOf(means, 24, new Set(["mean_1440", "mean_15"])), new Set(["mean_15"]));
  assert.deepEqual(hiddenOf(means, 72, new Set(["mean_1440"])), new Set(["mean_1440"]));
  const rates = past(60, (start) => (start < NOW - DAY ? 3 : 1));
  const model = modelOf({ rates, expected: null, ratios: null, settings: {} }, MINER, { ...VIEW, means });
  assert.ok(model.samples.some((sample) => (sample.means[1]?.value ?? 0) > 2));
  assert.ok(Math.max(...valuesOf(model, new Set())) < 2);
});

test("a narrow chart draws longer steps, the figures stay those of the short ones", () => {
  const rates = past(200, (start) => (start === NOW - HOUR ? 0.5 : 1));
  const records = { rates, expected: null, ratios: null, settings: {} };
  const model = modelOf(records, MINER, { ...VIEW, from: NOW - 7 * DAY, most: 340 });
  assert.equal(model.length, 30);
  assert.ok(model.line.length <= 340);
  assert.equal(model.figures?.lowest.mean, 0.5);
});

/** @param {Record<string, any>} more */
function hassWith(more) {
  const empty = { locale: { language: "en" }, config: {}, devices: {}, entities: {}, states: {} };
  return /** @type {Hass} */ (/** @type {any} */ ({ ...empty, ...more }));
}

test("the reader reads all once, then only what is new", async () => {
  /** @type {any[]} */
  const asked = [];
  const hass = hassWith({
    callWS: async (/** @type {any} */ message) => {
      asked.push(message);
      const from = Date.parse(message.start_time);
      return message.period === "5minute" ? { "sensor.r": past(48, () => 1).filter(({ start }) => start >= from) } : {};
    },
  });
  const source = { name: "", rate: "sensor.r", expected: undefined, ratio: undefined, settings: [], deciding: [] };
  const reader = new Reader(source);
  const first = await reader.read(hass, NOW - 48 * HOUR, NOW);
  const second = await reader.read(hass, NOW - 24 * HOUR, NOW + FIVE);
  assert.equal(first.rates.length, 576);
  assert.equal(second.rates.length, 288);
  assert.deepEqual(
    asked.map(({ period, start_time }) => [period, (NOW - Date.parse(start_time)) / MINUTE]),
    [
      ["5minute", 48 * 60],
      ["5minute", 15],
    ],
  );
  await reader.read(hass, NOW - 72 * HOUR, NOW + FIVE);
  assert.deepEqual(
    asked.slice(2).map(({ period }) => period),
    ["5minute", "hour"],
  );
});

test("a configuration is checked in plain words", () => {
  assert.throws(() => checkConfig({ type: "" }), /Choose a miner/);
  assert.throws(() => checkConfig({ type: "", device_id: "a", hours: 5 }), /hours has to be one of 6, 24, 72, 168/);
  assert.throws(() => checkConfig({ type: "", device_id: "a", means: ["x"] }), /means has to be a list/);
  assert.throws(() => checkConfig({ type: "", entity: "light.a" }), /has to be a sensor/);
  assert.deepEqual(checkConfig({ type: "", device_id: "a", hours: "72", means: ["60", 15, 60] }), {
    device: "a",
    entity: undefined,
    title: undefined,
    hours: 72,
    means: [15, 60],
  });
});

test("a sensor of a miner brings the rest of the miner", () => {
  /** @param {string} id @param {string} key */
  const entry = (id, key) => ({ entity_id: id, translation_key: key, device_id: "d", platform: "miner_monitor" });
  const hass = hassWith({
    devices: { d: { id: "d", name: "Gamma" } },
    entities: {
      "sensor.a": entry("sensor.a", "hash_rate"),
      "sensor.b": entry("sensor.b", "hash_rate_ratio"),
      "number.c": entry("number.c", "frequency"),
    },
    states: { "sensor.x": { entity_id: "sensor.x", state: "1", attributes: { friendly_name: "Other" } } },
  });
  const found = findSource(hass, checkConfig({ type: "", entity: "sensor.a" }));
  assert.deepEqual(found, {
    name: "Gamma",
    rate: "sensor.a",
    expected: undefined,
    ratio: "sensor.b",
    settings: ["number.c"],
    deciding: ["number.c"],
  });
  assert.deepEqual(found, findSource(hass, checkConfig({ type: "", device_id: "d" })));
  assert.equal(findSource(hass, checkConfig({ type: "", entity: "sensor.x" }))?.name, "Other");
  assert.equal(findSource(hass, checkConfig({ type: "", device_id: "gone" })), undefined);
});

/** @param {string} zone @param {Record<string, string>} locale */
function clockIn(zone, locale) {
  return clockOf(hassWith({ locale: { ...locale, time_zone: "server" }, config: { time_zone: zone } }));
}

const VOICE = {
  say: (/** @type {string} */ key, /** @type {any} */ values) => [key, ...Object.values(values ?? {})].join(" "),
  clock: clockIn("Europe/Berlin", { language: "en-GB" }),
  locale: { language: "en" },
  unit: "TH/s",
};

test("figures and notes are told with their signs, times and units", () => {
  const records = { rates: past(14, () => 1), expected: null, ratios: past(14, () => 80), settings: {} };
  const model = modelOf(records, MINER, VIEW);
  assert.deepEqual(
    figureLines(model, VOICE).map(({ value, more }) => [value, more]),
    [
      ["1.000 TH/s", undefined],
      ["1.000 TH/s", "28 Nov, 23:00"],
      ["1.000 TH/s", "28 Nov, 23:00"],
      ["−0.250 TH/s", "−20.0%"],
      ["0%", "hash_rate_time_below 100%"],
    ],
  );
  assert.deepEqual(notesOf(model, new Set(), { from: 0, to: 2 }, VOICE), [
    "hash_rate_note_from hash_rate_hours 24 29 Nov, 11:00",
  ]);
  assert.deepEqual(notesOf(model, new Set(["mean_1440"]), { from: 1.1, to: 2 }, VOICE), [
    "hash_rate_note_below 1.100 TH/s",
  ]);
});

test("signs, per cents and spans are written as people read them", () => {
  assert.equal(deviationText(1.2131, 1.2, VOICE), "+0.013 TH/s (+1.1%)");
  assert.equal(deviationText(392.1, 400, VOICE), "−7.90 TH/s (−2.0%)");
  assert.equal(deviationText(1.19999, 1.2, VOICE), "0.000 TH/s (0.0%)");
  assert.deepEqual(
    [15, 60, 1440, 4320, 90].map((minutes) => spanText(minutes, VOICE.say)),
    ["hash_rate_minutes 15", "hash_rate_hours 1", "hash_rate_hours 24", "hash_rate_days 3", "hash_rate_minutes 90"],
  );
});

test("times are those of the chosen zone and format, days stand at midnight", () => {
  assert.equal(VOICE.clock.tick(Date.UTC(2026, 10, 28, 23)), "29 Nov");
  assert.equal(VOICE.clock.tick(Date.UTC(2026, 10, 29, 2)), "03:00");
  const noon = clockIn("UTC", { language: "en", time_format: "12" });
  assert.equal(noon.clock(NOW).replace(/\s/u, " "), "12:00 PM");
});

test("ticks stand at round hours of the wall clock also when it is changed", () => {
  // In Berlin clocks are put back on the 25th of October, and forward on the 29th of March.
  const back = timeScale(Date.UTC(2026, 9, 24, 22), Date.UTC(2026, 9, 25, 23), 0, 100, 5, "Europe/Berlin");
  assert.deepEqual(
    back.ticks.map((tick) => VOICE.clock.clock(tick)),
    ["00:00", "06:00", "12:00", "18:00", "00:00"],
  );
  const forward = timeScale(Date.UTC(2026, 2, 29, 0), Date.UTC(2026, 2, 29, 4), 0, 100, 6, "Europe/Berlin");
  assert.deepEqual(
    forward.ticks.map((tick) => VOICE.clock.clock(tick)),
    ["01:00", "03:00", "04:00", "05:00", "06:00"],
  );
});
