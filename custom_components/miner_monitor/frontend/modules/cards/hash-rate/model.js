// What the hash-rate card shows of a time, and what is expected of the miner: all without a DOM.

import { HOUR, median, MINUTE } from "../../lib/records.js";
import { markedAreas, figuresOf, follows, movingMeans, thin } from "./series.js";

/** @typedef {import("./config.js").Records} Records */
/** @typedef {import("./config.js").Source} Source */
/** @typedef {import("./series.js").Compared} Compared */
/** @typedef {import("./series.js").Known} Known */
/** @typedef {import("./series.js").Step} Step */
/** @typedef {import("../../lib/records.js").Point} Point */

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
 * @property {import("./series.js").Area[]} areas
 * @property {import("./series.js").Figures | null} figures
 * @property {Change[]} changes
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
    areas: markedAreas(samples),
    figures: figuresOf(samples, from, to),
    changes: changes.filter(({ time }) => time >= from && time <= to),
    expected: tellerOf(samples),
    late: lateMeans(samples, means, from, to),
    live: liveOf(samples.at(-1), view),
  };
}

/**
 * @param {Change[]} changes
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

/**
 * @typedef {object} Change Settings that became others at about the same time.
 * @property {number} time in ms
 * @property {{id: string, before: string, after: string}[]} settings
 */

/** A ratio is a mean over ten minutes: as long it still tells of other settings. */
const SETTLING = 15 * MINUTE;
/** Without settings, what is expected is the median of so much time at each side. */
const AROUND = HOUR;
/** Of a lower ratio, in %, its rounding to whole per cents leaves too little. */
const LOWEST_RATIO = 20;
/** Settings that change within this time were changed together. */
const TOGETHER = 2 * MINUTE;

const NOTHING = new Set(["unknown", "unavailable", ""]);

/**
 * Return when settings changed; a time at which nothing was known is no change.
 *
 * @param {Record<string, Point[]>} history
 * @returns {Change[]}
 */
export function settingsChanges(history) {
  const single = Object.entries(history).flatMap(([id, points]) => changesOf(id, points));
  single.sort((a, b) => a.time - b.time);
  /** @type {Change[]} */
  const changes = [];
  for (const { time, ...setting } of single) {
    const last = changes.at(-1);
    if (!last || time - last.time > TOGETHER) {
      changes.push({ time, settings: [setting] });
      continue;
    }
    const same = last.settings.find(({ id }) => id === setting.id);
    if (same) same.after = setting.after;
    else last.settings.push(setting);
  }
  return changes
    .map(({ time, settings }) => ({ time, settings: settings.filter((s) => s.before !== s.after) }))
    .filter(({ settings }) => settings.length);
}

/**
 * @param {string} id
 * @param {Point[]} points
 */
function changesOf(id, points) {
  const found = [];
  /** @type {string | undefined} */
  let held;
  for (const { time, state } of points) {
    if (NOTHING.has(state)) continue;
    if (held !== undefined && !same(held, state)) found.push({ time, id, before: held, after: state });
    held = state;
  }
  return found;
}

/**
 * Whether two states are one setting, though one be written 525 and the other 525.0.
 *
 * @param {string} one
 * @param {string} other
 */
function same(one, other) {
  return one === other || Number(one) === Number(other);
}

/**
 * Work out what is expected at each step from its hash rate and its ratio: the median of
 * all steps with the same settings; where the settings are not known, of those around it.
 *
 * It is null where a step has no ratio, as while the miner does not hash.
 *
 * @param {Step[]} steps of the hash rate
 * @param {Step[]} ratios in %
 * @param {number[] | null} borders when settings changed; null where there are none to know
 * @returns {(number | null)[]}
 */
export function expectedFromRatio(steps, ratios, borders) {
  const found = matched(steps, ratios);
  const quotients = steps.map((step, i) => {
    const ratio = found[i]?.mean ?? 0;
    return ratio >= LOWEST_RATIO ? (100 * step.mean) / ratio : null;
  });
  const medians = borders ? byStretch(steps, quotients, borders) : byTime(steps, quotients);
  return medians.map((value, i) => (found[i] ? value : null));
}

/**
 * Return for each step the one of another statistic for the same time.
 *
 * @param {Step[]} steps
 * @param {Step[]} others
 * @returns {(Step | undefined)[]}
 */
export function matched(steps, others) {
  const by = new Map(others.map((other) => [`${other.start} ${other.end}`, other]));
  return steps.map((step) => by.get(`${step.start} ${step.end}`));
}

/**
 * @param {Step[]} steps
 * @param {(number | null)[]} quotients
 * @param {number[]} borders
 * @returns {(number | null)[]}
 */
function byStretch(steps, quotients, borders) {
  /** @type {Map<number, {all: number[], settled: number[]}>} */
  const stretches = new Map();
  let next = 0;
  const places = steps.map((step, i) => {
    const middle = (step.start + step.end) / 2;
    while (next < borders.length && /** @type {number} */ (borders[next]) <= middle) next++;
    const quotient = quotients[i] ?? null;
    let stretch = stretches.get(next);
    if (!stretch) stretches.set(next, (stretch = { all: [], settled: [] }));
    if (quotient !== null) {
      stretch.all.push(quotient);
      if (step.start - (borders[next - 1] ?? -Infinity) >= SETTLING) stretch.settled.push(quotient);
    }
    return next;
  });
  const medians = new Map(
    [...stretches].map(([place, { all, settled }]) => [place, median(settled.length ? settled : all)]),
  );
  return places.map((place) => medians.get(place) ?? null);
}

/**
 * @param {Step[]} steps
 * @param {(number | null)[]} quotients
 * @returns {(number | null)[]}
 */
function byTime(steps, quotients) {
  let first = 0;
  let last = 0;
  return steps.map((step) => {
    while (/** @type {Step} */ (steps[first]).start < step.start - AROUND) first++;
    while (last < steps.length && /** @type {Step} */ (steps[last]).end <= step.end + AROUND) last++;
    return median(quotients.slice(first, last).filter((quotient) => quotient !== null));
  });
}

/**
 * Return what is expected at each step and who said so. What the sensor tells goes
 * first; of a time when the miner was not judged by a ratio, such as a pause, nothing
 * is expected.
 *
 * @param {Step[]} steps
 * @param {Step[] | null} told of the sensor of the expected hash rate; null without one
 * @param {Step[] | null} ratios null without such a sensor
 * @param {number[] | null} borders
 * @returns {{values: (number | null)[], ratio: boolean[], judged: boolean[]}} and at which
 *   steps that came from the ratio, and at which the miner had one
 */
export function expectedOf(steps, told, ratios, borders) {
  const sensor = matched(steps, told ?? []);
  const judged = ratios ? matched(steps, ratios).map(Boolean) : steps.map(() => true);
  const worked = ratios ? expectedFromRatio(steps, ratios, borders) : [];
  /** @type {boolean[]} */
  const ratio = [];
  const values = steps.map((_, i) => {
    const mean = judged[i] ? (sensor[i]?.mean ?? null) : null;
    const value = mean ?? worked[i] ?? null;
    ratio.push(mean === null && value !== null);
    return value;
  });
  return { values, ratio, judged };
}
