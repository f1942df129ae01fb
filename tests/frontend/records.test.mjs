// What the recorder remembers is asked for as it wants to be asked, and comes as plain numbers.

import assert from "node:assert/strict";
import test from "node:test";

import { readStates, readStatistics, readToday, stateAt } from "#modules/lib/records.js";

/** @typedef {import("#modules/lib/types.js").Hass} Hass */

const START = Date.parse("2026-06-15T08:00:00Z");

/**
 * Return a frontend whose questions are kept and answered.
 *
 * @param {any} answer
 * @returns {Hass & {asked: any[]}}
 */
function answering(answer) {
  const asked = /** @type {any[]} */ ([]);
  const callWS = async (/** @type {any} */ message) => {
    asked.push(message);
    return answer;
  };
  return /** @type {any} */ ({ asked, callWS });
}

test("statistics", async () => {
  const rows = { "sensor.a": [{ start: START, end: START + 300_000, mean: 1 }] };
  const hass = answering(rows);
  assert.equal(await readStatistics(hass, ["sensor.a"], START, "5minute", ["mean"]), rows);
  const [{ type, ...question }] = hass.asked;
  assert.equal(type, "recorder/statistics_during_period");
  assert.deepEqual(question, {
    start_time: "2026-06-15T08:00:00.000Z",
    statistic_ids: ["sensor.a"],
    period: "5minute",
    types: ["mean"],
  });
});

test("who asks for nothing does not ask", async () => {
  const hass = answering({});
  assert.deepEqual(await readStatistics(hass, [], START, "hour", ["mean"]), {});
  assert.deepEqual(await readStates(hass, [], START), {});
  assert.deepEqual(hass.asked, []);
});

test("a rise of today", async () => {
  assert.equal(await readToday(answering({ change: 0.42 }), "sensor.energy"), 0.42);
  assert.equal(await readToday(answering({ change: 0 }), "sensor.energy"), 0);
  assert.equal(await readToday(answering({ change: null }), "sensor.energy"), null);
  assert.equal(await readToday(answering({}), "sensor.energy"), null);
});

test("states, each since it changed", async () => {
  const second = START / 1000;
  const hass = answering({
    "select.mode": [
      { s: "eco", lu: second },
      { s: "super", lu: second + 90, lc: second + 60 },
    ],
  });
  assert.deepEqual(await readStates(hass, ["select.mode", "select.other"], START), {
    "select.mode": [
      { time: START, state: "eco" },
      { time: START + 60_000, state: "super" },
    ],
  });
});

test("what held at a time", () => {
  const points = [
    { time: 100, state: "a" },
    { time: 200, state: "b" },
    { time: 200, state: "c" },
    { time: 300, state: "d" },
  ];
  const held = [0, 99.9, 100, 199, 200, 299, 300, 1e15].map((time) => stateAt(points, time));
  assert.deepEqual(held, [undefined, undefined, "a", "a", "c", "c", "d", "d"]);
  assert.equal(stateAt(undefined, 100), undefined);
  assert.equal(stateAt([], 100), undefined);
});
