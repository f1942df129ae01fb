// What the hash-rate card expects of a miner, and when its settings changed.

import assert from "node:assert/strict";
import test from "node:test";

import {
  expectedFromRatio,
  expectedOf,
  settingsChanges,
} from "#modules/cards/hash-rate/model.js";
import { HOUR, MINUTE } from "#modules/lib/records.js";

const BEGIN = Date.UTC(2026, 10, 20);
const FIVE = 5 * MINUTE;

/** @param {(number | null)[]} means */
function steps(means) {
  return means.flatMap((mean, i) => {
    const start = BEGIN + i * FIVE;
    return mean === null ? [] : [{ start, end: start + FIVE, mean, min: mean, max: mean }];
  });
}

test("what is expected is the median quotient at the same settings", () => {
  const found = expectedFromRatio(steps([0.9, 1.1, 1, 5]), steps([90, 100, 100, 100]), []);
  assert.deepEqual(found, [1.05, 1.05, 1.05, 1.05]);
});

test("at other settings another rate is expected, and the ratio has to settle first", () => {
  const rates = steps([1, 1, 1, 2, 2, 2, 2]);
  // The ratio lags: just after the change the quotients are 2.5 and 2.2.
  const ratios = steps([100, 100, 100, 80, 90, 90.9, 100]);
  const found = expectedFromRatio(rates, ratios, [BEGIN + 3 * FIVE]);
  assert.deepEqual(found, [1, 1, 1, 2, 2, 2, 2]);
});

test("right after a change the unsettled ratio is better than nothing", () => {
  const found = expectedFromRatio(steps([1, 2]), steps([100, 100]), [BEGIN + FIVE]);
  assert.deepEqual(found, [1, 2]);
});

test("nothing is expected of a time without a ratio, such as a pause", () => {
  const found = expectedFromRatio(steps([1, 0, 1]), steps([100, null, 100]), []);
  assert.deepEqual(found, [1, null, 1]);
});

test("a miner that hashes nothing is still expected to hash", () => {
  const found = expectedFromRatio(steps([1, 0, 1]), steps([100, 0, 100]), []);
  assert.deepEqual(found, [1, 1, 1]);
});

test("without settings it is the median of the time around", () => {
  const hours = HOUR / FIVE;
  const rates = [...Array(4 * hours).fill(2), ...Array(4 * hours).fill(4)];
  const found = expectedFromRatio(steps(rates), steps(rates.map(() => 100)), null);
  assert.equal(found[0], 2);
  assert.equal(found[4 * hours - 2], 2);
  assert.equal(found[4 * hours + 1], 4);
  assert.equal(found.at(-1), 4);
});

test("the sensor goes before the ratio, and who said what is known", () => {
  const rates = steps([1, 1, 1]);
  const found = expectedOf(rates, steps([null, 1.2, 1.2]), steps([100, 100, null]), []);
  assert.deepEqual(found, {
    values: [1, 1.2, null],
    ratio: [true, false, false],
    judged: [true, true, false],
  });
});

test("without a ratio all that the sensor says counts", () => {
  const found = expectedOf(steps([1, 1]), steps([1.2, null]), null, null);
  assert.deepEqual(found.values, [1.2, null]);
  assert.deepEqual(found.judged, [true, true]);
});

test("without sensor and ratio nothing is expected", () => {
  assert.deepEqual(expectedOf(steps([1]), null, null, null).values, [null]);
});

/** @param {[number, string][]} rows minutes and states */
function points(...rows) {
  return rows.map(([minute, state]) => ({ time: BEGIN + minute * MINUTE, state }));
}

test("settings that change together are one change", () => {
  const changes = settingsChanges({
    "number.frequency": points([0, "525"], [60, "575"], [90, "525"]),
    "number.core_voltage": points([0, "1.15"], [61, "1.2"]),
  });
  assert.deepEqual(changes, [
    {
      time: BEGIN + 60 * MINUTE,
      settings: [
        { id: "number.frequency", before: "525", after: "575" },
        { id: "number.core_voltage", before: "1.15", after: "1.2" },
      ],
    },
    { time: BEGIN + 90 * MINUTE, settings: [{ id: "number.frequency", before: "575", after: "525" }] },
  ]);
});

test("a miner that was away or says the same in other words changed nothing", () => {
  const changes = settingsChanges({
    "number.frequency": points([0, "525"], [10, "unavailable"], [20, "525.0"], [30, "unknown"]),
    "select.work_mode": points([0, "eco"], [50, "unavailable"], [60, "high"]),
  });
  assert.deepEqual(
    changes.map(({ settings }) => settings),
    [[{ id: "select.work_mode", before: "eco", after: "high" }]],
  );
});

test("a setting that comes back at once is no change", () => {
  assert.deepEqual(settingsChanges({ a: points([0, "1"], [10, "2"], [11, "1"]) }), []);
});
