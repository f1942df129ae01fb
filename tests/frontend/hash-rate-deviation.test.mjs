// Areas between the hash rate and the expected one, and the figures of a time.

import assert from "node:assert/strict";
import test from "node:test";

import { areasBetween, figuresOf } from "#modules/cards/hash-rate/series.js";

/**
 * Steps of ten units of time.
 *
 * @param {[number | null, number | null][]} pairs the line at the end, and what is expected
 * @param {number[]} gaps before which steps there is one
 */
function steps(pairs, gaps = []) {
  return pairs.map(([smooth, expected], i) => ({
    start: i * 10,
    end: (i + 1) * 10,
    joined: i > 0 && !gaps.includes(i),
    smooth,
    expected,
  }));
}

test("a line above is one area down to what is expected", () => {
  assert.deepEqual(areasBetween(steps([[3, 2], [4, 2], [3, 2]])), [
    {
      sign: 1,
      line: [[10, 3], [20, 4], [30, 3]],
      base: [[10, 2], [20, 2], [20, 2], [30, 2]],
    },
  ]);
});

test("an area is split exactly where the line crosses", () => {
  const areas = areasBetween(steps([[3, 2], [1, 2], [5, 2]]));
  assert.deepEqual(areas, [
    { sign: 1, line: [[10, 3], [15, 2]], base: [[10, 2], [15, 2]] },
    { sign: -1, line: [[15, 2], [20, 1], [22.5, 2]], base: [[15, 2], [20, 2], [20, 2], [22.5, 2]] },
    { sign: 1, line: [[22.5, 2], [30, 5]], base: [[22.5, 2], [30, 2]] },
  ]);
});

test("where the expected rate steps over the line the sign changes", () => {
  const areas = areasBetween(steps([[3, 2], [3, 2], [3, 4]]));
  assert.deepEqual(
    areas.map(({ sign, base }) => [sign, base]),
    [
      [1, [[10, 2], [20, 2]]],
      [-1, [[20, 4], [30, 4]]],
    ],
  );
});

test("the base of an area steps with the expected rate", () => {
  const [area] = areasBetween(steps([[5, 2], [5, 2], [5, 3]]));
  assert.deepEqual(area?.base, [[10, 2], [20, 2], [20, 3], [30, 3]]);
});

test("a gap, an unknown line and an unknown expectation end an area", () => {
  assert.deepEqual(
    areasBetween(steps([[3, 2], [3, 2], [3, 2], [3, 2]], [2])).map(({ line }) => line),
    [
      [[10, 3], [20, 3]],
      [[30, 3], [40, 3]],
    ],
  );
  assert.equal(areasBetween(steps([[3, 2], [null, 2], [3, 2]])).length, 0);
  assert.equal(areasBetween(steps([[3, 2], [3, null], [3, 2]])).length, 1);
});

test("a line that runs along has no area", () => {
  assert.deepEqual(areasBetween(steps([[2, 2], [2, 2]])), []);
});

/** @param {[number, number | null, number | null][]} rows mean, line and what is expected */
function samples(...rows) {
  return rows.map(([mean, smooth, expected], i) => ({
    start: i * 10,
    end: (i + 1) * 10,
    mean,
    min: mean,
    max: mean,
    joined: i > 0,
    smooth,
    expected,
  }));
}

test("figures are weighted by the time that is shown", () => {
  const rows = samples([1, 1, 2], [3, 3, 2], [5, 5, 2]);
  const figures = figuresOf(rows, 5, 30);
  assert.equal(figures?.mean, (1 * 5 + 3 * 10 + 5 * 10) / 25);
  assert.equal(figures?.lowest, rows[0]);
  assert.equal(figures?.highest, rows[2]);
  assert.deepEqual(figures?.deviation, {
    mean: (-1 * 5 + 1 * 10 + 3 * 10) / 25,
    percent: (100 * 35) / 50,
    above: 80,
    below: 20,
  });
});

test("what was not to be expected is no deviation", () => {
  const figures = figuresOf(samples([0, 0, null], [2, 2, 2], [1, 1, 2]), 0, 30);
  assert.equal(figures?.mean, 1);
  assert.deepEqual(figures?.deviation, { mean: -0.5, percent: -25, above: 0, below: 50 });
});

test("figures of nothing are none, and without an expected rate there is no deviation", () => {
  assert.equal(figuresOf([], 0, 10), null);
  assert.equal(figuresOf(samples([1, 1, 1]), 10, 20), null);
  assert.equal(figuresOf(samples([1, 1, null]), 0, 10)?.deviation, null);
});
