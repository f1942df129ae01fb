// The tuning map: colours, sizes, the starred point, figures and verdicts in words.

import assert from "node:assert/strict";
import test from "node:test";

import {
  inOrder,
  noteOf,
  placeOf,
  quantitiesOf,
  quantityText,
  rampColor,
  rowsOf,
  spanOf,
  starOf,
  valueOf,
  verdictLines,
} from "#modules/cards/tuning/figures.js";
import {
  isMap,
  LEAST_RADIUS,
  mapScales,
  radiusOf,
  roomy,
  starPath,
} from "#modules/cards/tuning/map-part.js";
import { speaker } from "./texts.mjs";

/** @typedef {import("#modules/cards/tuning/figures.js").TuningPoint} TuningPoint */
/** @typedef {import("#modules/cards/tuning/figures.js").TuningMap} TuningMap */
/** @typedef {import("#modules/cards/tuning/figures.js").Verdict} Verdict */

/** @type {import("#modules/lib/types.js").Locale} */
const LOCALE = { language: "en" };
const SAY = speaker("en");

/** @param {number} mean @param {number | null} [deviation] */
const figure = (mean, deviation = null) => ({ mean, deviation, min: mean - 1, max: mean + 1 });

/**
 * @param {number} frequency
 * @param {number} voltage
 * @param {Record<string, any>} figures
 * @param {number} [blocks]
 * @returns {TuningPoint}
 */
function point(frequency, voltage, figures, blocks = 20) {
  const settings = { frequency, core_voltage: voltage };
  return { setting: "", settings, blocks, days: 2, last: null, figures, bottlenecks: [] };
}

/** @param {Partial<Verdict>} [known] @returns {Verdict} */
function verdict(known = {}) {
  return { settings: null, value: null, margin: null, missing: null, blocks_missing: 0, days_missing: 0, ...known };
}

/** @param {TuningPoint[]} points @param {Record<string, Verdict>} [verdicts] @returns {TuningMap} */
function mapOf(points, verdicts = {}) {
  return { name: "Gamma", device_id: "a", online: true, hash_rate_unit: "TH/s", points, verdicts };
}

const SLOW = point(450, 1.1, { hash_rate: figure(0.9, 0.009), efficiency: figure(14.5) });
const FAST = point(600, 1.2, { hash_rate: figure(1.2, 0.036), efficiency: figure(17) });
const BRIEF = point(400, 1.05, { hash_rate: figure(0.8), efficiency: figure(13) }, 2);

/** @param {string} color */
function lightness(color) {
  const [r = 0, g = 0, b = 0] = (color.match(/\d+/g) ?? []).map((part) => {
    const value = Number(part) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

test("each step of the ramp is lighter than the one before", () => {
  const steps = Array.from({ length: 41 }, (_, i) => lightness(rampColor(i / 40)));
  steps.slice(1).forEach((step, i) => assert.ok(step > (steps[i] ?? 1), `step ${i}`));
});

test("what lies outside the ramp has the colour of its end", () => {
  assert.equal(rampColor(-1), rampColor(0));
  assert.equal(rampColor(7), rampColor(1));
});

test("the good end is the low one where less is better", () => {
  assert.deepEqual(spanOf([SLOW, FAST], "efficiency"), { worst: 17, best: 14.5 });
  assert.deepEqual(spanOf([SLOW, FAST], "hash_rate"), { worst: 0.9, best: 1.2 });
  assert.equal(placeOf(14.5, 17, 14.5), 1);
  assert.equal(placeOf(15.75, 17, 14.5), 0.5);
  assert.equal(placeOf(5, 5, 5), 1);
});

test("stability is the deviation as a part of the mean", () => {
  assert.equal(valueOf(FAST, "stability")?.toFixed(6), "3.000000");
  assert.equal(valueOf(BRIEF, "stability"), null);
  assert.equal(valueOf(point(1, 1, {}), "efficiency"), null);
});

test("only what was measured can be chosen", () => {
  assert.deepEqual(quantitiesOf([SLOW]), ["efficiency", "hash_rate", "stability"]);
  assert.deepEqual(quantitiesOf([point(1, 1, { hash_rate: figure(1) })]), ["hash_rate"]);
  assert.equal(spanOf([point(1, 1, {})], "hash_rate"), null);
});

test("a verdict has the star", () => {
  const map = mapOf([SLOW, FAST], { efficiency: verdict({ settings: { frequency: 600.0, core_voltage: 1.2 } }) });
  assert.deepEqual(starOf(map, "efficiency"), { point: FAST, certain: true });
});

test("without a verdict the foremost of those with enough data leads", () => {
  assert.deepEqual(starOf(mapOf([BRIEF, SLOW, FAST]), "efficiency"), { point: SLOW, certain: false });
  assert.deepEqual(starOf(mapOf([BRIEF, SLOW, FAST]), "hash_rate"), { point: FAST, certain: false });
  assert.equal(starOf(mapOf([SLOW]), "efficiency"), null);
});

test("points go by frequency, then voltage", () => {
  const other = point(450, 1.05, {});
  assert.deepEqual(inOrder([FAST, SLOW, other]), [other, SLOW, FAST]);
});

test("the area of a circle is the time", () => {
  assert.equal(radiusOf(100, 100, 24), 24);
  assert.equal(radiusOf(25, 100, 24), 12);
  assert.equal(radiusOf(0, 100, 24), LEAST_RADIUS);
});

test("circles have room at both ends", () => {
  const scale = roomy([400, 600], 50, 550, 25, 5);
  assert.ok(scale.at(400) >= 75 && scale.at(600) <= 525);
  const single = roomy([400], 50, 550, 25, 5);
  assert.ok(single.at(400) > 100 && single.at(400) < 500);
});

test("the map is in MHz to the right and mV upwards", () => {
  const { x, y } = mapScales([SLOW.settings, FAST.settings], { width: 600, height: 400, room: 20 });
  assert.ok(x.at(450) < x.at(600));
  assert.ok(y.at(1100) > y.at(1200));
  assert.ok(x.at(600) <= 580 && y.at(1200) >= 20);
});

test("work modes are no map", () => {
  assert.ok(isMap([SLOW]));
  assert.ok(!isMap([{ ...SLOW, settings: { work_mode: "low" } }]));
  assert.ok(!isMap([]));
});

test("a star has ten corners", () => {
  assert.equal(starPath(0, 0, 5).match(/[ML]/g)?.length, 10);
});

test("figures are written with their units", () => {
  const rows = rowsOf(SLOW, { rate: "TH/s" }, LOCALE);
  assert.deepEqual(rows.map(({ name }) => name), ["hash_rate", "efficiency", "stability"]);
  assert.equal(rows[1]?.value, "14.5 J/TH");
  assert.equal(rows[1]?.spread, "13.5 – 15.5");
  assert.equal(quantityText(0.42, "stability", "TH/s", LOCALE), "0.42%");
});

test("temperatures are in the unit of the user", () => {
  const warm = point(1, 1, { chip_temperature: { mean: 60, deviation: 1, min: 60, max: 60 } });
  assert.deepEqual(rowsOf(warm, { rate: "TH/s", temperature: "°F" }, LOCALE), [
    { name: "chip_temperature", value: "140.0 °F", spread: null },
  ]);
});

test("a verdict says by how much it leads", () => {
  const won = verdict({ settings: SLOW.settings, value: 14.5, margin: 3.21 });
  const [line] = verdictLines(mapOf([SLOW, FAST], { efficiency: won }), SAY, LOCALE);
  assert.equal(line?.point, SLOW);
  assert.equal(line?.value, "14.5 J/TH");
  assert.deepEqual(line?.note, { key: "tuning_margin", values: { margin: "3.2" } });
});

test("the rate of a verdict is in the unit of the response, not of the judgement", () => {
  const card = { ...mapOf([SLOW], { hash_rate: verdict({ settings: SLOW.settings, value: 0.0009 }) }), hash_rate_unit: "GH/s" };
  assert.equal(verdictLines(card, SAY, LOCALE)[0]?.value, "0.90 GH/s");
  assert.deepEqual(verdictLines(card, SAY, LOCALE)[0]?.note, { key: "tuning_certain" });
});

test("what is missing is told", () => {
  assert.deepEqual(noteOf(verdict({ missing: "blocks", blocks_missing: 9 }), SAY, LOCALE), {
    key: "tuning_missing_blocks",
    values: { time: "1.5 h" },
  });
  assert.deepEqual(noteOf(verdict({ missing: "days", days_missing: 2 }), SAY, LOCALE), {
    key: "tuning_missing_days",
    values: { days: 2 },
  });
  assert.deepEqual(noteOf(verdict({ missing: "blocks", blocks_missing: 3, days_missing: 1 }), SAY, LOCALE), {
    key: "tuning_missing_both",
    values: { time: "30 min" },
  });
  assert.deepEqual(noteOf(verdict({ missing: "days", days_missing: 1 }), SAY, LOCALE), { key: "tuning_missing_day" });
  assert.equal(noteOf(verdict({ missing: "difference" }), SAY).key, "tuning_missing_difference");
  assert.equal(noteOf(verdict({ missing: "data" }), SAY).key, "tuning_missing_data");
  assert.equal(noteOf(verdict({ missing: "something new" }), SAY).key, "tuning_missing_points");
});
