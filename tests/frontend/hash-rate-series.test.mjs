// Moving means and joined steps of the hash-rate card.

import assert from "node:assert/strict";
import test from "node:test";

import {
  joinRows,
  movingMeans,
  nearest,
  range,
  renewRows,
  stepsOf,
  thin,
} from "#modules/cards/hash-rate/series.js";
import { DAY, HOUR, MINUTE } from "#modules/lib/records.js";

/** @typedef {import("#modules/cards/hash-rate/series.js").Step} Step */

const BEGIN = Date.UTC(2026, 10, 20);
const FIVE = 5 * MINUTE;

/**
 * Steps of five minutes, one after the other; null is a gap.
 *
 * @param {(number | null)[]} means
 * @param {number} [begin]
 * @returns {Step[]}
 */
function steps(means, begin = BEGIN) {
  return means.flatMap((mean, i) => {
    const start = begin + i * FIVE;
    return mean === null ? [] : [{ start, end: start + FIVE, mean, min: mean - 1, max: mean + 1 }];
  });
}

/** @param {ReturnType<typeof movingMeans>} means */
function values(means) {
  return means.map((mean) => mean && mean.value);
}

test("a mean is of the time before its moment, and begins when half of it is known", () => {
  const means = movingMeans(steps([1, 2, 3, 4, 8]), 15 * MINUTE);
  assert.deepEqual(values(means), [null, 1.5, 2, 3, 5]);
  assert.deepEqual(
    means.map((mean) => mean && mean.measured / MINUTE),
    [null, 10, 15, 15, 15],
  );
});

test("a window that ends within a step takes its share of it", () => {
  const means = movingMeans(steps([1, 4]), 7.5 * MINUTE);
  assert.deepEqual(values(means), [1, 3]);
});

test("a gap is not zero: the mean is of what was measured, if that is half", () => {
  const means = movingMeans(steps([6, 6, 6, null, null, 3, 3, 3]), 15 * MINUTE);
  assert.deepEqual(values(means), [null, 6, 6, null, 3, 3]);
});

test("a mean of 24 hours spans 24 hours and no more", () => {
  const day = DAY / FIVE;
  const means = values(movingMeans(steps([...Array(day).fill(1), ...Array(day).fill(3)]), DAY));
  assert.equal(means[day / 2 - 2], null);
  assert.equal(means[day / 2 - 1], 1);
  assert.equal(means[day - 1], 1);
  assert.equal(means[day + day / 2 - 1], 2);
  assert.equal(means[2 * day - 1], 3);
});

test("a mean of 24 hours spans 24 hours also when the clocks are changed", () => {
  // In Berlin the 25th of October 2026 has 25 hours, the 29th of March 23.
  for (const noon of [Date.UTC(2026, 9, 25, 11), Date.UTC(2026, 2, 29, 10)]) {
    const known = movingMeans(steps(Array(2 * (DAY / FIVE)).fill(1), noon - 2 * DAY), DAY);
    assert.equal(known.at(-1)?.measured, DAY);
  }
});

test("an outage of less than half the window does not end the mean of 24 hours", () => {
  const hours = HOUR / FIVE;
  const past = [...Array(20 * hours).fill(2), ...Array(4 * hours).fill(null), 2];
  const last = movingMeans(steps(past), DAY).at(-1);
  assert.equal(last?.value, 2);
  assert.equal(last?.measured, 20 * HOUR);
});

test("a step that is longer than the window tells nothing of it", () => {
  const hour = { start: BEGIN, end: BEGIN + HOUR, mean: 1, min: 1, max: 1 };
  assert.deepEqual(movingMeans([hour], 15 * MINUTE), [null]);
  assert.deepEqual(values(movingMeans([hour], HOUR)), [1]);
});

test("hours are taken only of the time before the first short step", () => {
  const fine = steps([5, 6], BEGIN + HOUR + 30 * MINUTE);
  const coarse = [0, 1, 2].map((i) => ({ start: BEGIN + i * HOUR, end: BEGIN + (i + 1) * HOUR, mean: i }));
  assert.deepEqual(
    joinRows(fine, coarse).map(({ mean }) => mean),
    [0, 5, 6],
  );
});

test("rows without a mean are no steps, and a mean stands for its own extremes", () => {
  const found = stepsOf([
    { start: 10, end: 20, mean: 2 },
    { start: 0, end: 10, mean: null },
  ]);
  assert.deepEqual(found, [{ start: 10, end: 20, mean: 2, min: 2, max: 2 }]);
});

test("rows read again replace those that begin no earlier", () => {
  const old = steps([1, 2, 3]);
  assert.deepEqual(
    renewRows(old, steps([9, 4], BEGIN + 2 * FIVE)).map(({ mean }) => mean),
    [1, 2, 9, 4],
  );
  assert.equal(renewRows(old, []).length, 3);
});

test("steps are thinned to means, lowest and highest; not across a gap", () => {
  const thinned = thin(steps([1, 3, null, 7, 9]), 15 * MINUTE);
  assert.deepEqual(
    thinned.map(({ mean, min, max }) => [mean, min, max]),
    [
      [2, 0, 4],
      [8, 6, 10],
    ],
  );
  assert.deepEqual(
    thin(steps([1, null, 5]), 15 * MINUTE).map(({ mean }) => mean),
    [1, 5],
  );
});

test("the nearest step is found also across a gap", () => {
  const some = steps([1, null, null, 4]);
  assert.equal(nearest(some, BEGIN), 0);
  assert.equal(nearest(some, BEGIN + 3 * FIVE), 1);
  assert.equal(nearest([], BEGIN), -1);
});

test("a range leaves out a share at each end", () => {
  const many = Array.from({ length: 100 }, (_, i) => i);
  assert.deepEqual(range(many, 0.01), [1, 98]);
  assert.deepEqual(range([3, 1], 0.01), [1, 3]);
  assert.deepEqual(range([], 0.01), []);
});
