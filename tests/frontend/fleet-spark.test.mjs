// Spark lines: steps, gaps and the scale that lets noise look like noise.

import assert from "node:assert/strict";
import test from "node:test";

import { sparkPaths } from "#modules/lib/chart.js";
import { meansOf, stepsOf } from "#modules/lib/records.js";

const MINUTE = 60_000;

/** @param {string} path @returns {number[]} */
function heights(path) {
  return [...path.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, , y]) => Number(y));
}

/** @param {number} start @param {number | null} mean */
function row(start, mean) {
  return { start, end: start + 1, mean };
}

test("rows come into the steps in which they begin; a step without one is a gap", () => {
  assert.deepEqual(meansOf([row(0, 1), row(10, 3), row(25, 5)], 0, 10, 4), [1, 3, 5, null]);
});

test("several rows of a step are one mean; unknown ones do not count", () => {
  assert.deepEqual(meansOf([row(0, 1), row(5, 3), row(8, null)], 0, 10, 1), [2]);
});

test("rows outside are left out", () => {
  assert.deepEqual(meansOf([row(-1, 1), row(10, 2)], 0, 10, 1), [null]);
  assert.deepEqual(meansOf(undefined, 0, 10, 2), [null, null]);
});

test("a line goes from edge to edge", () => {
  const { line } = sparkPaths([1, 2, 3], 100, 30);
  assert.match(line, /^M0\.0 [\d.]+L50\.0 [\d.]+L100\.0 [\d.]+$/);
});

test("a gap stays one", () => {
  const { line, area } = sparkPaths([1, 1, null, 1, 1], 100, 30);
  assert.equal(line.split("M").length - 1, 2);
  assert.equal(area.split("Z").length - 1, 2);
});

test("a lone value between gaps can be seen", () => {
  assert.match(sparkPaths([null, 1, null], 100, 30).line, /^M50\.0 [\d.]+L51\.0 [\d.]+$/);
});

test("nothing known draws nothing", () => {
  assert.deepEqual(sparkPaths([null, null], 100, 30), { line: "", area: "" });
  assert.deepEqual(sparkPaths([], 100, 30), { line: "", area: "" });
});

test("noise of one per cent stays small; a fall to nothing takes the whole height", () => {
  const noise = heights(sparkPaths([1, 1.01], 100, 30).line);
  assert.ok(Math.abs(Number(noise[0]) - Number(noise[1])) < 3);
  assert.deepEqual(heights(sparkPaths([1, 0], 100, 30).line), [1.5, 28.5]);
});

test("a value that stays at zero lies at the floor", () => {
  assert.deepEqual(heights(sparkPaths([0, 0], 100, 30).line), [28.5, 28.5]);
});

test("every place is within the height", () => {
  for (const values of [
    [5, 5.5, 4],
    [0, 0.001],
    [-3, 3],
    [1e-9, 2e-9],
  ]) {
    for (const y of heights(sparkPaths(values, 100, 30).line)) assert.ok(y >= 1.4 && y <= 28.6);
  }
});

test("an hour has steps of five minutes and ends with what is compiled", () => {
  const noon = Date.UTC(2026, 10, 1, 12);
  assert.deepEqual(stepsOf(1, 100, noon + MINUTE), {
    from: noon - 60 * MINUTE,
    step: 5 * MINUTE,
    count: 12,
    period: "5minute",
  });
  assert.equal(stepsOf(1, 100, noon + 5000).from, noon - 65 * MINUTE);
});

test("a day is read by the hour only of many miners", () => {
  const noon = Date.UTC(2026, 10, 1, 12, 1);
  assert.deepEqual([stepsOf(24, 3, noon).period, stepsOf(24, 3, noon).count], ["5minute", 48]);
  assert.deepEqual([stepsOf(24, 100, noon).period, stepsOf(24, 100, noon).count], ["hour", 24]);
});
