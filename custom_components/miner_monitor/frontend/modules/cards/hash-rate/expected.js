// What a miner should do at its settings: told by a sensor, else worked out of the ratio.

import { HOUR, MINUTE } from "../../lib/records.js";
import { median } from "../../lib/numbers.js";

/** @typedef {import("./series.js").Step} Step */
/** @typedef {import("../../lib/records.js").Point} Point */

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
