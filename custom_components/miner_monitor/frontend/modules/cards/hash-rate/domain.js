// Which values the scale of the hash-rate chart has to hold.

import { range } from "./series.js";

/** @typedef {import("./model.js").Model} Model */

/** So many steps at each end may lie outside: the minutes after a start are no scale. */
const OUTLIERS = 0.01;
/** After a pause, short means are low for as long as their window. */
const SHORT_OUTLIERS = 0.06;
/** In minutes. */
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
    const all = known(base.map((sample) => sample.means[i]?.value ?? null));
    values.push(...range(all, minutes < SHORT ? SHORT_OUTLIERS : OUTLIERS));
  }
  return values.length || !live ? values : [live.value];
}

/**
 * @param {(number | null)[]} values
 * @returns {number[]}
 */
function known(values) {
  return /** @type {number[]} */ (values.filter((value) => value !== null));
}
