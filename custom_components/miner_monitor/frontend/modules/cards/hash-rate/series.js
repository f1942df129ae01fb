// Steps of a statistic in order of time: joined, averaged, thinned, held against what is expected.

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

/** From this share of the expected rate on a miner does well: only what lies below is marked. */
export const GOOD = 0.95;

/**
 * @typedef {[number, number]} Place time and value
 */

/**
 * @typedef {object} Compared What is drawn of a step and what it is held against.
 * @property {number} start
 * @property {number} end
 * @property {boolean} joined whether it follows the one before without a gap
 * @property {number | null} smooth at the end of the step
 * @property {number | null} expected all through the step
 */

/**
 * @typedef {object} Area Between the line and the expected one, as long as one is above.
 * @property {1 | -1} sign 1: the line is above
 * @property {Place[]} line
 * @property {Place[]} base
 */

/**
 * Return the areas that are marked: above what is expected, and below what is good.
 *
 * @param {Compared[]} steps
 * @returns {Area[]}
 */
export function markedAreas(steps) {
  const good = steps.map((step) => ({ ...step, expected: step.expected === null ? null : GOOD * step.expected }));
  return [
    ...areasBetween(steps).filter(({ sign }) => sign > 0),
    ...areasBetween(good).filter(({ sign }) => sign < 0),
  ];
}

/**
 * Return the areas between a line and steps, split where they cross.
 *
 * @param {Compared[]} steps
 * @returns {Area[]}
 */
export function areasBetween(steps) {
  /** @type {Area[]} */
  const areas = [];
  /** @type {Compared | undefined} */
  let before;
  let open = false;
  for (const step of steps) {
    const from = step.joined ? (before?.smooth ?? null) : null;
    if (from === null || step.smooth === null || step.expected === null) {
      open = false;
    } else {
      for (const [one, other] of pieces([step.start, from], [step.end, step.smooth], step.expected)) {
        open = extend(areas, one, other, step.expected, open);
      }
    }
    before = step;
  }
  return areas;
}

/**
 * Split a line where it crosses a level.
 *
 * @param {Place} one
 * @param {Place} other
 * @param {number} level
 * @returns {[Place, Place][]}
 */
function pieces(one, other, level) {
  const [from, to] = [one[1] - level, other[1] - level];
  if (from * to >= 0) return [[one, other]];
  /** @type {Place} */
  const cross = [one[0] + (other[0] - one[0]) * (from / (from - to)), level];
  return [
    [one, cross],
    [cross, other],
  ];
}

/**
 * Add a piece to the last area, or begin another.
 *
 * @param {Area[]} areas
 * @param {Place} one
 * @param {Place} other
 * @param {number} level
 * @param {boolean} open whether the last area ends where this piece begins
 * @returns {boolean} whether the next piece may go on with it
 */
function extend(areas, one, other, level, open) {
  const sign = Math.sign(one[1] + other[1] - 2 * level);
  if (sign === 0) return false;
  const last = areas.at(-1);
  if (open && last?.sign === sign) {
    last.line.push(other);
    last.base.push([one[0], level], [other[0], level]);
  } else {
    areas.push({
      sign: sign > 0 ? 1 : -1,
      line: [one, other],
      base: [
        [one[0], level],
        [other[0], level],
      ],
    });
  }
  return true;
}

/**
 * @typedef {object} Figures Of a time; null is what is not known.
 * @property {number} mean
 * @property {Step} lowest
 * @property {Step} highest
 * @property {{mean: number, percent: number, above: number, below: number} | null} deviation
 *   signed; shares of the time compared, in %
 */

/**
 * Return the figures of what was measured within a time; null of nothing.
 *
 * @param {(Step & Compared)[]} steps
 * @param {number} from in ms
 * @param {number} to
 * @returns {Figures | null}
 */
export function figuresOf(steps, from, to) {
  const whole = { time: 0, sum: 0 };
  const compared = { time: 0, sum: 0, expected: 0, judged: 0, above: 0, below: 0 };
  /** @type {Step | undefined} */
  let lowest;
  /** @type {Step | undefined} */
  let highest;
  for (const step of steps) {
    const time = Math.min(step.end, to) - Math.max(step.start, from);
    if (time <= 0) continue;
    whole.time += time;
    whole.sum += step.mean * time;
    if (!lowest || step.mean < lowest.mean) lowest = step;
    if (!highest || step.mean > highest.mean) highest = step;
    if (step.expected !== null) compare(compared, step, step.expected, time);
  }
  if (!lowest || !highest) return null;
  return { mean: whole.sum / whole.time, lowest, highest, deviation: deviationOf(compared) };
}

/**
 * @param {{time: number, sum: number, expected: number, judged: number, above: number, below: number}} sums
 * @param {Step & Compared} step
 * @param {number} expected
 * @param {number} time
 */
function compare(sums, step, expected, time) {
  sums.time += time;
  sums.sum += (step.mean - expected) * time;
  sums.expected += expected * time;
  if (step.smooth === null) return;
  sums.judged += time;
  if (step.smooth > expected) sums.above += time;
  if (step.smooth < GOOD * expected) sums.below += time;
}

/**
 * @param {{time: number, sum: number, expected: number, judged: number, above: number, below: number}} sums
 */
function deviationOf({ time, sum, expected, judged, above, below }) {
  if (!time || !expected || !judged) return null;
  return {
    mean: sum / time,
    percent: (100 * sum) / expected,
    above: (100 * above) / judged,
    below: (100 * below) / judged,
  };
}
