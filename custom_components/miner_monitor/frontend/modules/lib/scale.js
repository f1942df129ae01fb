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
 * Return a scale over time, with ticks at round times of a clock on the wall.
 *
 * @param {number} from in ms since the epoch
 * @param {number} to
 * @param {number} start the place of `from`
 * @param {number} end the place of `to`
 * @param {number} [count] at most so many ticks
 * @param {string} [zone] such as "Europe/Berlin"; without it that of the browser
 * @returns {Scale}
 */
export function time(from, to, start, end, count = 6, zone) {
  const least = (to - from) / count;
  const step = TIME_STEPS.find((length) => length >= least) ?? Math.ceil(least / DAY) * DAY;
  const offset = offsetsOf(zone);
  const ticks = [];
  // Steps of the clock on the wall, since a day may have 23 or 25 hours.
  const first = Math.floor((from + offset(from)) / DAY) * DAY;
  for (let wall = first; wall <= to + offset(to); wall += step) {
    const tick = wall - offset(wall - offset(wall));
    // Where clocks are put forward, some times never come.
    const exists = tick + offset(tick) === wall;
    if (exists && tick >= from && tick <= to) ticks.push(tick);
  }
  return { from, to, ticks, at: between(from, to, start, end) };
}

/**
 * Return how far the clocks of a zone are ahead of UTC at a time, in ms.
 *
 * @param {string | undefined} zone
 * @returns {(time: number) => number}
 */
function offsetsOf(zone) {
  if (!zone) return (time) => -new Date(time).getTimezoneOffset() * MINUTE;
  const clock = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  return (time) => {
    const minute = Math.floor(time / MINUTE) * MINUTE;
    const parts = Object.fromEntries(
      clock.formatToParts(minute).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute: past = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, past) - minute;
  };
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
