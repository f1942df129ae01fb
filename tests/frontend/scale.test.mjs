// Scales begin and end at round numbers, and at round times of a clock on the wall.

import assert from "node:assert/strict";
import test from "node:test";

import { decimalsOf, linear, linePath, roundStep, time } from "#modules/lib/chart.js";

const HOUR = 3_600_000;

/** @param {string} text @returns {number} */
const at = (text) => Date.parse(text);

/**
 * Return how the clock of a zone stands at the ticks of a scale.
 *
 * @param {import("#modules/lib/chart.js").Scale} scale
 * @param {string} zone
 */
function clocks(scale, zone) {
  const clock = new Intl.DateTimeFormat("de", { timeZone: zone, day: "numeric", hour: "2-digit", minute: "2-digit" });
  return scale.ticks.map((tick) => clock.format(tick).replace(".,", ","));
}

test("a scale holds its values between round ones", () => {
  const scale = linear([1.07, 0.94, 1.21], 100, 0);
  assert.deepEqual([scale.from, scale.to], [0.9, 1.3]);
  assert.deepEqual(scale.ticks, [0.9, 1, 1.1, 1.2, 1.3]);
  assert.equal(scale.at(0.9), 100);
  assert.equal(scale.at(1.3), 0);
  assert.ok(Math.abs(scale.at(1.1) - 50) < 1e-9);
});

/** @type {[number[], number[]][]} */
const SCALES = [
  [[0, 100], [0, 20, 40, 60, 80, 100]],
  [[400, 625], [400, 450, 500, 550, 600, 650]],
  [[-7, 3], [-8, -6, -4, -2, 0, 2, 4]],
  [[0.0012, 0.0021], [0.0012, 0.0014, 0.0016, 0.0018, 0.002, 0.0022]],
  [[12_000_000, 88_000_000], [0, 20_000_000, 40_000_000, 60_000_000, 80_000_000, 100_000_000]],
];

for (const [values, ticks] of SCALES) {
  test(`ticks from ${values[0]} to ${values[1]}`, () => assert.deepEqual(linear(values, 0, 100).ticks, ticks));
}

test("whatever the values, each has a place between the ends", () => {
  for (const values of [[5], [0], [-3, -3], [1e-9, 2e-9], [-1e12, 1e12], [99.999999, 100.000001], [0.1, 0.3]]) {
    const scale = linear(values, 10, 210);
    assert.ok(scale.ticks.length >= 2 && scale.ticks.length <= 13, String(values));
    for (const value of values) {
      const place = scale.at(value);
      assert.ok(place >= 10 && place <= 210, `${values}: ${place}`);
    }
    for (const tick of scale.ticks) assert.ok(scale.at(tick) >= 9.999 && scale.at(tick) <= 210.001, String(values));
  }
});

test("nothing has a scale too", () => {
  assert.deepEqual([linear([], 0, 1).from, linear([], 0, 1).to], [0, 1]);
  assert.deepEqual([linear([NaN], 0, 1).from, linear([NaN], 0, 1).to], [0, 1]);
});

test("steps are 1, 2 or 5", () => {
  assert.deepEqual([0.9, 1, 1.1, 2, 2.1, 5, 5.1, 10, 0.03, 700].map(roundStep), [1, 1, 2, 2, 5, 5, 10, 10, 0.05, 1000]);
});

test("as many decimals as tell ticks apart", () => {
  assert.equal(decimalsOf([0, 20, 40]), 0);
  assert.equal(decimalsOf([1, 1.5, 2]), 1);
  assert.equal(decimalsOf([0.9, 1, 1.1]), 1);
  assert.equal(decimalsOf([1, 1.05]), 2);
  assert.equal(decimalsOf([3]), 0);
  assert.equal(decimalsOf([]), 0);
});

/** @type {[string, string, string, string, string[]][]} */
const DAYS = [
  [
    "a day", "Europe/Berlin", "2026-06-15T07:20+02:00", "2026-06-16T07:20+02:00",
    ["15, 12:00", "15, 18:00", "16, 00:00", "16, 06:00"],
  ],
  [
    "a day of 23 hours", "Europe/Berlin", "2026-03-28T20:00+01:00", "2026-03-29T20:00+02:00",
    ["29, 00:00", "29, 06:00", "29, 12:00", "29, 18:00"],
  ],
  [
    "a day of 25 hours", "Europe/Berlin", "2026-10-24T20:00+02:00", "2026-10-25T20:00+01:00",
    ["25, 00:00", "25, 06:00", "25, 12:00", "25, 18:00"],
  ],
  [
    "an hour that never comes", "Europe/Berlin", "2026-03-29T00:30+01:00", "2026-03-29T06:30+02:00",
    ["29, 01:00", "29, 03:00", "29, 04:00", "29, 05:00", "29, 06:00"],
  ],
  [
    "an hour that comes twice", "Europe/Berlin", "2026-10-25T00:30+02:00", "2026-10-25T05:30+01:00",
    ["25, 01:00", "25, 02:00", "25, 03:00", "25, 04:00", "25, 05:00"],
  ],
  [
    "a midnight that never comes", "America/Santiago", "2026-09-05T12:00-04:00", "2026-09-06T12:00-03:00",
    ["5, 12:00", "5, 18:00", "6, 06:00", "6, 12:00"],
  ],
  [
    "two weeks with a longer day", "Europe/Berlin", "2026-10-20T00:30+02:00", "2026-11-03T05:30+01:00",
    ["23, 00:00", "26, 00:00", "29, 00:00", "1, 00:00"],
  ],
  [
    "a zone of quarters", "Asia/Kathmandu", "2026-06-15T07:21+05:45", "2026-06-15T08:01+05:45",
    ["15, 07:30", "15, 07:40", "15, 07:50", "15, 08:00"],
  ],
];

for (const [name, zone, from, to, ticks] of DAYS) {
  test(`ticks of ${name}`, () => assert.deepEqual(clocks(time(at(from), at(to), 0, 240, 6, zone), zone), ticks));
}

test("ticks are within, in order, and not many more than asked for", () => {
  const from = at("2026-10-20T03:17:11Z");
  for (const hours of [0.25, 0.5, 1, 2, 6, 24, 72, 168, 336, 744, 9000]) {
    for (const zone of ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", undefined]) {
      const scale = time(from, from + hours * HOUR, 0, 100, 6, zone);
      assert.ok(scale.ticks.length >= 2 && scale.ticks.length <= 7, `${hours} ${zone} ${scale.ticks.length}`);
      assert.deepEqual(scale.ticks, [...new Set(scale.ticks)].sort((a, b) => a - b));
      for (const tick of scale.ticks) assert.ok(tick >= scale.from && tick <= scale.to);
    }
  }
});

test("places of times are even in seconds that pass", () => {
  const scale = time(at("2026-10-25T00:00+02:00"), at("2026-10-26T00:00+01:00"), 0, 250, 6, "Europe/Berlin");
  assert.equal(scale.at(at("2026-10-25T00:00Z")), 20);
  assert.equal(scale.at(scale.to), 250);
});

test("a line has a gap where nothing is known", () => {
  assert.equal(linePath([[0, 1], [2, 3.26], null, [4, 5]]), "M0.0 1.0L2.0 3.3M4.0 5.0");
  assert.equal(linePath([null, [1, 1]]), "M1.0 1.0");
  assert.equal(linePath([]), "");
});
