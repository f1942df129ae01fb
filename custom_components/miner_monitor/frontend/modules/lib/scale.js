// Scales of charts: from values to places, with ticks at round numbers.

/**
 * @typedef {object} Scale
 * @property {number} from the lowest value
 * @property {number} to the highest value
 * @property {(value: number) => number} at the place of a value
 * @property {number[]} ticks round values within
 */

/**
 * Return a scale over values that begins and ends at round numbers.
 *
 * @param {number[]} values at least one; a single value gets room around it
 * @param {number} start the place of the lowest
 * @param {number} end the place of the highest
 * @param {number} [count] about how many ticks
 * @returns {Scale}
 */
export function linear(values, start, end, count = 5) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(low <= high)) [low, high] = [0, 1];
  if (low === high) {
    const room = Math.abs(low) * 0.01 || 1;
    [low, high] = [low - room, high + room];
  }
  const step = roundStep((high - low) / count);
  const from = Math.floor(low / step) * step;
  const to = Math.ceil(high / step) * step;
  const ticks = [];
  for (let i = 0; from + i * step <= to + step / 1e6; i++) ticks.push(tidy(from + i * step, step));
  return { from, to, ticks, at: between(from, to, start, end) };
}

/**
 * Return a step of 1, 2 or 5 times a power of ten that is at least as long.
 *
 * @param {number} least
 * @returns {number}
 */
export function roundStep(least) {
  const size = 10 ** Math.floor(Math.log10(least));
  const steps = [1, 2, 5, 10].map((times) => times * size);
  return steps.find((step) => step >= least * (1 - 1e-9)) ?? 10 * size;
}

/**
 * Return how many decimals tell the ticks of a scale apart.
 *
 * @param {number[]} ticks
 * @returns {number}
 */
export function decimalsOf(ticks) {
  const [first, second] = ticks;
  if (first === undefined || second === undefined) return 0;
  return Math.max(0, -Math.floor(Math.log10(Math.abs(second - first)) + 1e-9));
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TIME_STEPS = [5, 10, 15, 30, 60, 120, 180, 360, 720].map((minutes) => minutes * MINUTE);

/**
 * Return a scale over time, with ticks at round local times.
 *
 * @param {number} from in ms since the epoch
 * @param {number} to
 * @param {number} start the place of `from`
 * @param {number} end the place of `to`
 * @param {number} [count] at most so many ticks
 * @returns {Scale}
 */
export function time(from, to, start, end, count = 6) {
  const least = (to - from) / count;
  const step = TIME_STEPS.find((length) => length >= least) ?? Math.ceil(least / DAY) * DAY;
  const ticks = [];
  const first = new Date(from);
  first.setHours(0, 0, 0, 0);
  // Day by day, since one of them may have 23 or 25 hours.
  for (let day = first; day.getTime() <= to; day = addDays(day, Math.max(1, step / DAY))) {
    const next = addDays(day, 1).getTime();
    for (let tick = day.getTime(); tick < next; tick += step) {
      if (tick >= from && tick <= to) ticks.push(tick);
    }
  }
  return { from, to, ticks, at: between(from, to, start, end) };
}

/**
 * @param {Date} day
 * @param {number} count
 */
function addDays(day, count) {
  const later = new Date(day);
  later.setDate(later.getDate() + count);
  return later;
}

/**
 * @param {number} from
 * @param {number} to
 * @param {number} start
 * @param {number} end
 * @returns {(value: number) => number}
 */
function between(from, to, start, end) {
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

/**
 * @param {number} value
 * @param {number} step
 */
function tidy(value, step) {
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(step)));
  return Number(value.toFixed(Math.min(decimals, 12)));
}

/**
 * Return the path of a line through points, with a gap at each null.
 *
 * @param {([number, number] | null)[]} points
 * @returns {string}
 */
export function linePath(points) {
  let path = "";
  let pen = "M";
  for (const point of points) {
    if (point === null) {
      pen = "M";
    } else {
      path += `${pen}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
      pen = "L";
    }
  }
  return path;
}
