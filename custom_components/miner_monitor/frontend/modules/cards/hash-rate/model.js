// What the hash-rate card shows of a time: all that is drawn and told, without a DOM.

import { MINUTE } from "../../lib/records.js";
import { areasBetween, figuresOf } from "./deviation.js";
import { expectedOf, settingsChanges } from "./expected.js";
import { follows, movingMeans, thin } from "./series.js";

/** @typedef {import("./reader.js").Records} Records */
/** @typedef {import("./config.js").Source} Source */
/** @typedef {import("./series.js").Step} Step */
/** @typedef {import("./series.js").Known} Known */
/** @typedef {import("./deviation.js").Compared} Compared */

/** The mean that is held against the expected hash rate, in minutes. */
const SMOOTH = 15;
/** What is expected at other settings differs by more than this share. */
const OTHER_LEVEL = 0.02;
/** The present value goes on the line if the last step ended no longer ago. */
const LIVE_SEAM = 15 * MINUTE;
/** A mean that begins later than this share of the time shown is told of. */
const LATE = 0.03;
/** Lengths of steps that are drawn, in minutes. */
const LENGTHS = [5, 10, 15, 30, 60];

/**
 * @typedef {object} Details
 * @property {boolean} ratio whether what is expected is worked out from the ratio
 * @property {boolean} judged whether the miner was to be held against anything
 * @property {(Known | null)[]} means in the order asked for
 *
 * @typedef {Step & Compared & Details} Sample
 */

/**
 * @typedef {object} Model
 * @property {number} from in ms
 * @property {number} to
 * @property {number[]} means in minutes
 * @property {Sample[]} samples that end within the time shown
 * @property {Step[]} line of the hash rate, as it is drawn
 * @property {number} length of its steps, in minutes
 * @property {import("./deviation.js").Area[]} areas
 * @property {import("./deviation.js").Figures | null} figures
 * @property {import("./expected.js").Change[]} changes
 * @property {"sensor" | "ratio" | "both" | null} expected who tells it
 * @property {Late[]} late means that are not known from the beginning on
 * @property {{time: number, value: number, joined: boolean} | null} live
 */

/**
 * @typedef {object} Late
 * @property {number} minutes
 * @property {number | null} from when it is known; null: not at all
 * @property {boolean} coarse whether only longer steps are kept of the time before
 *
 * @typedef {object} View
 * @property {number} from in ms
 * @property {number} to
 * @property {number[]} means in minutes
 * @property {number} most steps that can be told apart on the line
 * @property {number | null} live the present hash rate
 */

/**
 * @param {Records} records
 * @param {Pick<Source, "deciding">} source
 * @param {View} view
 * @returns {Model}
 */
export function modelOf(records, source, view) {
  const { from, to, means } = view;
  const changes = settingsChanges(records.settings);
  const all = samplesOf(records, bordersOf(changes, source), means);
  const samples = all.filter((sample) => sample.end > from && sample.start < to);
  const length = lengthOf(samples, view);
  return {
    from,
    to,
    means,
    samples,
    line: length > 5 ? thin(samples, length * MINUTE) : samples,
    length,
    areas: areasBetween(samples),
    figures: figuresOf(samples, from, to),
    changes: changes.filter(({ time }) => time >= from && time <= to),
    expected: tellerOf(samples),
    late: lateMeans(samples, means, from, to),
    live: liveOf(samples.at(-1), view),
  };
}

/**
 * @param {import("./expected.js").Change[]} changes
 * @param {Pick<Source, "deciding">} source
 */
function bordersOf(changes, { deciding }) {
  if (!deciding.length) return null;
  return changes
    .filter(({ settings }) => settings.some(({ id }) => deciding.includes(id)))
    .map(({ time }) => time);
}

/**
 * @param {Records} records
 * @param {number[] | null} borders
 * @param {number[]} means
 * @returns {Sample[]}
 */
function samplesOf({ rates, expected, ratios }, borders, means) {
  const moving = means.map((minutes) => movingMeans(rates, minutes * MINUTE));
  const wanted = expectedOf(rates, expected, ratios, borders);
  const smooth = smoothed(rates, wanted);
  return rates.map((step, i) => ({
    ...step,
    joined: follows(rates[i - 1], step),
    smooth: smooth[i] ?? null,
    expected: wanted.values[i] ?? null,
    ratio: wanted.ratio[i] ?? false,
    judged: wanted.judged[i] ?? true,
    means: moving.map((mean) => mean[i] ?? null),
  }));
}

/**
 * Return the means that are held against what is expected: none of a window that
 * reaches into a pause or to other settings, which say nothing of how well the miner
 * does now.
 *
 * @param {Step[]} steps
 * @param {{values: (number | null)[], judged: boolean[]}} expected
 * @returns {(number | null)[]}
 */
function smoothed(steps, { values, judged }) {
  const window = SMOOTH * MINUTE;
  let since = -Infinity;
  /** @type {number | null} */
  let level = null;
  return movingMeans(steps, window).map((mean, i) => {
    const { start, end, mean: own } = /** @type {Step} */ (steps[i]);
    const value = values[i] ?? null;
    if (!judged[i]) since = end;
    if (value !== null && (level === null || Math.abs(value - level) > OTHER_LEVEL * level)) {
      if (level !== null) since = end;
      level = value;
    }
    // A step that is longer than the window is smooth enough by itself.
    if (end - start > window) return own;
    return mean && since <= end - window ? mean.value : null;
  });
}

/**
 * Return how long the steps of the line have to be so that there is room for all.
 *
 * @param {Step[]} samples
 * @param {View} view
 */
function lengthOf(samples, { from, to, most }) {
  const longest = Math.max(...samples.map(({ start, end }) => end - start)) / MINUTE;
  const fits = LENGTHS.find((length) => (to - from) / MINUTE / length <= most) ?? 60;
  return samples.length && longest > fits ? longest : fits;
}

/** @param {Sample[]} samples */
function tellerOf(samples) {
  const known = samples.filter(({ expected }) => expected !== null);
  if (!known.length) return null;
  if (known.every(({ ratio }) => ratio)) return "ratio";
  return known.some(({ ratio }) => ratio) ? "both" : "sensor";
}

/**
 * @param {Sample[]} samples
 * @param {number[]} means
 * @param {number} from
 * @param {number} to
 * @returns {Late[]}
 */
function lateMeans(samples, means, from, to) {
  const [first] = samples;
  if (!first) return [];
  const begin = Math.max(from, first.start);
  return means
    .map((minutes, i) => ({
      minutes,
      from: samples.find((sample) => sample.means[i])?.end ?? null,
      coarse: first.end - first.start > minutes * MINUTE,
    }))
    .filter((mean) => mean.from === null || mean.from - begin > LATE * (to - from));
}

/**
 * @param {Sample | undefined} last
 * @param {View} view
 */
function liveOf(last, { live, to }) {
  if (live === null) return null;
  return { time: to, value: live, joined: last !== undefined && to - last.end <= LIVE_SEAM };
}
