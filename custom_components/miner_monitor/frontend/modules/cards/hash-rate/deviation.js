// How far a hash rate is from the expected one: areas between both lines, and figures.

/** @typedef {import("./series.js").Step} Step */

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
  if (step.smooth < expected) sums.below += time;
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
