// Which values the scale of the hash-rate chart has to hold.

import { MINUTE } from "../../lib/records.js";
import { range } from "./series.js";

/** @typedef {import("./model.js").Model} Model */

/** So many steps at each end may lie outside: the minutes after a start are no scale. */
const OUTLIERS = 0.01;
/** A mean over less, in minutes, is left out as long as its window reaches into a pause. */
const SHORT = 180;

/**
 * Return values from the lowest to the highest that is to be seen of the lines shown.
 *
 * Pauses are left out where something is held against an expected rate, since one hour
 * of them would leave no height for the rest of the day.
 *
 * @param {Model} model
 * @param {Set<string>} hidden
 * @returns {number[]}
 */
export function valuesOf({ samples, means, live }, hidden) {
  const judged = samples.filter((sample) => sample.judged);
  const base = judged.length ? judged : samples;
  const values = [];
  if (!hidden.has("hash_rate")) {
    values.push(...range(base.map(({ mean }) => mean), OUTLIERS));
    values.push(...range(base.flatMap(({ min, max }) => [min, max]), 2 * OUTLIERS));
    if (live?.value) values.push(live.value);
  }
  if (!hidden.has("deviation")) values.push(...range(known(base.map(({ smooth }) => smooth)), OUTLIERS));
  if (!hidden.has("expected") || !hidden.has("deviation")) {
    values.push(...range(known(base.map(({ expected }) => expected)), 0));
  }
  for (const [i, minutes] of means.entries()) {
    if (hidden.has(`mean_${minutes}`)) continue;
    const told = minutes < SHORT ? unpaused(samples, minutes) : base;
    values.push(...range(known(told.map((sample) => sample.means[i]?.value ?? null)), OUTLIERS));
  }
  return values.length || !live ? values : [live.value];
}

/**
 * @param {Model["samples"]} samples
 * @param {number} minutes of the window
 */
function unpaused(samples, minutes) {
  if (!samples.some(({ judged }) => judged)) return samples;
  let pause = -Infinity;
  return samples.filter(({ end, judged }) => {
    if (!judged) pause = end;
    return pause <= end - minutes * MINUTE;
  });
}

/**
 * @param {(number | null)[]} values
 * @returns {number[]}
 */
function known(values) {
  return /** @type {number[]} */ (values.filter((value) => value !== null));
}
