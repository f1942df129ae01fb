// Steps of a statistic in order of time: joined, averaged over moving windows, thinned.

/** @typedef {import("../../lib/records.js").Row} Row */

/**
 * @typedef {object} Step A stretch of time of which the mean is known.
 * @property {number} start in ms since the epoch
 * @property {number} end
 * @property {number} mean
 * @property {number} min
 * @property {number} max
 */

/**
 * @typedef {object} Known A mean and how much of its window was measured.
 * @property {number} value
 * @property {number} measured in ms
 */

/** Steps that follow each other may be so far apart, in ms, and are still one line. */
const SEAM = 1000;

/**
 * Return fine rows, and before the first of them coarse ones: the recorder keeps short
 * steps for some days only.
 *
 * @param {Row[]} fine
 * @param {Row[]} coarse
 * @returns {Step[]}
 */
export function joinRows(fine, coarse) {
  const short = stepsOf(fine);
  const begin = short[0]?.start ?? Infinity;
  return [...stepsOf(coarse).filter((step) => step.end <= begin), ...short];
}

/**
 * @param {Row[]} rows
 * @returns {Step[]}
 */
export function stepsOf(rows) {
  const steps = [];
  for (const { start, end, mean, min, max } of rows) {
    if (mean === null || mean === undefined) continue;
    steps.push({ start, end, mean, min: min ?? mean, max: max ?? mean });
  }
  return steps.sort((a, b) => a.start - b.start);
}

/**
 * Return rows with newer ones in place of those that begin no earlier.
 *
 * @param {Row[]} rows
 * @param {Row[]} newer
 * @returns {Row[]}
 */
export function renewRows(rows, newer) {
  const begin = newer[0]?.start ?? Infinity;
  return [...rows.filter((row) => row.start < begin), ...newer];
}

/**
 * Whether one step begins where the other ends.
 *
 * @param {{end: number} | undefined} before
 * @param {{start: number}} step
 * @returns {boolean}
 */
export function follows(before, step) {
  return before !== undefined && step.start - before.end <= SEAM;
}

/**
 * Return for the end of each step the mean of the window before it, weighted by time
 * over what was measured.
 *
 * It is null as long as less than half of the window was measured, and where a step is
 * longer than the window, since then nobody knows.
 *
 * @param {Step[]} steps
 * @param {number} window in ms
 * @returns {(Known | null)[]}
 */
export function movingMeans(steps, window) {
  let first = 0;
  let sum = 0;
  let time = 0;
  return steps.map((step) => {
    sum += step.mean * (step.end - step.start);
    time += step.end - step.start;
    const begin = step.end - window;
    let oldest = /** @type {Step} */ (steps[first]);
    while (oldest.end <= begin) {
      sum -= oldest.mean * (oldest.end - oldest.start);
      time -= oldest.end - oldest.start;
      oldest = /** @type {Step} */ (steps[++first]);
    }
    const outside = Math.max(0, begin - oldest.start);
    const measured = time - outside;
    if (step.end - step.start > window || measured * 2 < window) return null;
    return { value: (sum - oldest.mean * outside) / measured, measured };
  });
}

/**
 * Return steps of at least this length, each of it the mean of those within.
 *
 * @param {Step[]} steps
 * @param {number} length in ms
 * @returns {Step[]}
 */
export function thin(steps, length) {
  /** @type {Step[]} */
  const thinned = [];
  for (const step of steps) {
    const last = thinned.at(-1);
    const slot = Math.floor(step.start / length);
    if (last && follows(last, step) && Math.floor(last.start / length) === slot) {
      const before = last.end - last.start;
      const added = step.end - step.start;
      last.mean = (last.mean * before + step.mean * added) / (before + added);
      last.min = Math.min(last.min, step.min);
      last.max = Math.max(last.max, step.max);
      last.end = step.end;
    } else {
      thinned.push({ start: step.start, end: step.end, mean: step.mean, min: step.min, max: step.max });
    }
  }
  return thinned;
}

/**
 * Return the place of the step that is nearest to a time; -1 of none.
 *
 * @param {{start: number, end: number}[]} steps in order of time
 * @param {number} time in ms
 * @returns {number}
 */
export function nearest(steps, time) {
  let best = -1;
  let distance = Infinity;
  for (const [i, step] of steps.entries()) {
    const away = Math.abs((step.start + step.end) / 2 - time);
    if (away > distance) break;
    [best, distance] = [i, away];
  }
  return best;
}

/**
 * Return between which values all but a share of them lie, at each side.
 *
 * @param {number[]} values
 * @param {number} share such as 0.01
 * @returns {number[]} nothing of nothing
 */
export function range(values, share) {
  if (!values.length) return [];
  const sorted = [...values].sort((a, b) => a - b);
  const cut = Math.floor(sorted.length * share);
  return [/** @type {number} */ (sorted[cut]), /** @type {number} */ (sorted[sorted.length - 1 - cut])];
}
