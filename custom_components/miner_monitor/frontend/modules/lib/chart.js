// Charts: scales with ticks at round numbers, the frame with its axes, and spark lines.

import { s } from "./dom.js";
import { DAY, MINUTE } from "./records.js";
import { format } from "./words.js";

/** @typedef {[number, number]} Place */
/** @typedef {import("./types.js").Locale} Locale */

/** Room for the words beside the axes, in the units of the view box. */
export const MARGIN = { top: 12, right: 12, bottom: 34, left: 48 };

/**
 * @typedef {object} Axis
 * @property {Scale} scale
 * @property {string} label what it shows, with its unit
 * @property {(tick: number) => string} [text] how a tick is written
 */

/**
 * Return a chart's SVG with its axes; marks are appended to it.
 *
 * @param {object} chart
 * @param {number} chart.width
 * @param {number} chart.height
 * @param {Axis} chart.x
 * @param {Axis} chart.y
 * @param {string} chart.title what a screen reader says of the whole
 * @param {Locale} [chart.locale]
 * @returns {SVGElement}
 */
export function chartFrame({ width, height, x, y, title, locale }) {
  const { top, right, bottom, left } = MARGIN;
  const floor = height - bottom;
  /** @param {Axis} axis @returns {(tick: number) => string} */
  const writer = (axis) => {
    const decimals = decimalsOf(axis.scale.ticks);
    return axis.text ?? ((tick) => format(tick, decimals, locale));
  };
  const [xText, yText] = [writer(x), writer(y)];
  return s(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title, class: "chart" },
    s(
      "g",
      { class: "grid", "aria-hidden": "true" },
      y.scale.ticks.map((tick) => {
        const place = y.scale.at(tick);
        return s("line", { x1: left, x2: width - right, y1: place, y2: place });
      }),
      s("line", { class: "floor", x1: left, x2: width - right, y1: floor, y2: floor }),
    ),
    s(
      "g",
      { class: "ticks", "aria-hidden": "true" },
      y.scale.ticks.map((tick) =>
        s("text", { x: left - 6, y: y.scale.at(tick) + 4, "text-anchor": "end" }, yText(tick)),
      ),
      x.scale.ticks.map((tick) =>
        s("text", { x: x.scale.at(tick), y: floor + 15, "text-anchor": "middle" }, xText(tick)),
      ),
      s("text", { class: "label", x: (left + width - right) / 2, y: height - 3, "text-anchor": "middle" }, x.label),
      s(
        "text",
        {
          class: "label",
          x: 11,
          y: (top + floor) / 2,
          "text-anchor": "middle",
          transform: `rotate(-90 11 ${(top + floor) / 2})`,
        },
        y.label,
      ),
    ),
  );
}

/** CSS of every chart; colours are those of Home Assistant's theme. */
export const CHART_STYLES = `
  .chart { display: block; width: 100%; height: auto; overflow: visible; }
  .chart text { fill: var(--secondary-text-color); font: 11px var(--ha-font-family-body, Roboto, sans-serif); }
  .chart .label { fill: var(--primary-text-color); }
  .chart .grid line { stroke: var(--divider-color); stroke-width: 1; }
  .chart .grid .floor { stroke: var(--secondary-text-color); }
`;

/** Colours that Home Assistant's own charts use, one after the other. */
export const COLORS = Array.from({ length: 12 }, (_, i) => `var(--graph-color-${i + 1}, var(--color-${i + 1}))`);

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

/** The part of the highest value that the height stands for at the least: noise is to look like noise. */
const LEAST_SPAN = 0.2;

/**
 * Return the paths of a spark line and of what is below it; empty where nothing is known.
 *
 * @param {(number | null)[]} values
 * @param {number} width
 * @param {number} height
 * @param {number} [edge] room for the width of the line
 * @returns {{line: string, area: string}}
 */
export function sparkPaths(values, width, height, edge = 1.5) {
  const known = values.filter((value) => value !== null);
  if (!known.length) return { line: "", area: "" };
  const { low, span } = heightOf(known);
  const step = width / Math.max(1, values.length - 1);
  const scale = (height - 2 * edge) / span;
  const runs = runsOf(
    values.map((value, place) =>
      value === null ? null : [place * step, height - edge - (value - low) * scale],
    ),
  );
  return {
    line: runs.map((run) => linePath(run)).join(""),
    area: runs.map((run) => `${linePath(run)}L${x(run.at(-1))} ${height}L${x(run[0])} ${height}Z`).join(""),
  };
}

/** @param {Place | undefined} place */
function x(place) {
  return (place?.[0] ?? 0).toFixed(1);
}

/**
 * Return what the height stands for, around the values.
 *
 * @param {number[]} known
 */
function heightOf(known) {
  const low = Math.min(...known);
  const high = Math.max(...known);
  const span = Math.max(high - low, Math.abs(high) * LEAST_SPAN) || 1;
  // In the middle, but nothing below zero: a value that cannot fall further is at the floor.
  const floor = (high + low - span) / 2;
  return { low: low >= 0 ? Math.max(0, floor) : floor, span };
}

/**
 * Return the runs between gaps; a lone place becomes a short line, which can be seen.
 *
 * @param {(Place | null)[]} places
 * @returns {Place[][]}
 */
function runsOf(places) {
  /** @type {Place[][]} */
  const runs = [];
  let open = false;
  for (const place of places) {
    if (place === null) {
      open = false;
    } else if (open) {
      runs.at(-1)?.push(place);
    } else {
      runs.push([place]);
      open = true;
    }
  }
  for (const run of runs) {
    const [only, second] = run;
    if (only && !second) run.push([only[0] + 1, only[1]]);
  }
  return runs;
}
