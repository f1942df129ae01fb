// Draws the hash rate of a time as SVG.

import { CHART_STYLES, chartFrame, COLORS, linear, MARGIN, time as timeScale } from "../../lib/chart.js";
import { h, s } from "../../lib/dom.js";
import { MINUTE } from "../../lib/records.js";
import { follows, range } from "./series.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("../../lib/chart.js").Scale} Scale */

/** @typedef {[number, number]} Place */

/** Pixels of the time axis for each tick. */
const TICK_ROOM = 58;
/** Of the moving means, the shortest first: colour and width. */
export const STROKES = [
  { color: COLORS[6], width: 1.25 },
  { color: COLORS[4], width: 2 },
  { color: COLORS[0], width: 1.25 },
  { color: COLORS[3], width: 1.25 },
];

/**
 * @typedef {object} Picture
 * @property {SVGElement} svg
 * @property {Scale} x
 * @property {Scale} y
 * @property {number} floor
 */

/**
 * @typedef {object} Drawing
 * @property {number} width
 * @property {number} height
 * @property {Set<string>} hidden names of series that are not drawn
 * @property {string} label of the value axis
 * @property {string} period of the time axis
 * @property {string} title
 * @property {import("./words.js").Clock} clock
 * @property {import("../../lib/types.js").Locale} locale
 * @property {(change: import("./model.js").Change) => string} tell what a mark says
 */

/**
 * @param {Model} model
 * @param {Drawing} drawing
 * @returns {Picture}
 */
export function draw(model, drawing) {
  const { width, height, hidden, clock, locale, title } = drawing;
  const floor = height - MARGIN.bottom;
  const right = width - MARGIN.right;
  const ticks = Math.max(2, Math.floor((right - MARGIN.left) / TICK_ROOM));
  const x = timeScale(model.from, model.to, MARGIN.left, right, ticks, clock.zone);
  const y = linear(valuesOf(model, hidden), floor, MARGIN.top, height > 260 ? 5 : 4);
  const svg = chartFrame({
    width,
    height,
    x: { scale: x, label: drawing.period, text: clock.tick },
    y: { scale: y, label: drawing.label },
    title,
    locale,
  });
  /** @param {string} name */
  const shown = (name) => !hidden.has(name);
  svg.append(
    definitions(width, floor),
    s(
      "g",
      { "clip-path": "url(#plot)" },
      shown("hash_rate") && band(model, x, y),
      model.expected !== null && shown("deviation") && areas(model, x, y),
      shown("hash_rate") && rateLine(model, x, y),
      model.expected !== null && shown("expected") && expectedLine(model, x, y),
      model.means.map((minutes, i) => shown(`mean_${minutes}`) && meanLine(model, i, x, y)),
    ),
    s("g", { class: "marks" }, model.changes.map((change) => mark(x.at(change.time), floor, drawing.tell(change)))),
  );
  if (model.live && shown("hash_rate")) svg.append(liveDot(model.live, x, y));
  return { svg, x, y, floor };
}

/**
 * @param {number} width
 * @param {number} floor
 */
function definitions(width, floor) {
  const { left, right, top } = MARGIN;
  return s(
    "defs",
    {},
    s("clipPath", { id: "plot" }, s("rect", { x: left, y: top, width: width - left - right, height: floor - top })),
    hatch("above", "M4 1V7M1 4H7"),
    hatch("below", "M1 4H7"),
  );
}

/**
 * Fill an area with signs, so that it is told apart without its colour too.
 *
 * @param {string} name
 * @param {string} sign
 */
export function hatch(name, sign) {
  return s(
    "pattern",
    { id: name, class: name, width: 8, height: 8, patternUnits: "userSpaceOnUse" },
    s("rect", { width: 8, height: 8 }),
    s("path", { d: sign }),
  );
}

/**
 * @param {string} name
 * @param {(Place | null)[]} points
 * @param {Record<string, any>} [traits]
 */
function series(name, points, traits) {
  const count = points.filter((point) => point !== null).length;
  return s("path", {
    class: "series",
    "data-series": name,
    "data-points": count,
    d: pathOf(points),
    ...traits,
  });
}

/**
 * Return a path with gaps at nulls, in which a lonely point is a dot.
 *
 * @param {(Place | null)[]} points
 */
export function pathOf(points) {
  let path = "";
  points.forEach((point, i) => {
    if (!point) return;
    const place = `${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
    if (points[i - 1]) path += `L${place}`;
    else path += points[i + 1] ? `M${place}` : `M${place}h0`;
  });
  return path;
}

/**
 * @param {Model} model
 * @param {Scale} x
 * @param {Scale} y
 */
function rateLine({ line, live }, x, y) {
  /** @type {(Place | null)[]} */
  const points = [];
  for (const [i, step] of line.entries()) {
    if (i && !follows(line[i - 1], step)) points.push(null);
    points.push([x.at((step.start + step.end) / 2), y.at(step.mean)]);
  }
  if (live?.joined) points.push([x.at(live.time), y.at(live.value)]);
  return series("hash_rate", points);
}

/**
 * @param {Model} model
 * @param {Scale} x
 * @param {Scale} y
 */
function band({ line }, x, y) {
  /** @type {string[]} */
  const parts = [];
  /** @type {typeof line} */
  let run = [];
  const close = () => {
    if (!run.length) return;
    const middle = run.map((step) => x.at((step.start + step.end) / 2));
    const top = run.map((step, i) => `${middle[i]?.toFixed(1)} ${y.at(step.max).toFixed(1)}`);
    const low = run.map((step, i) => `${middle[i]?.toFixed(1)} ${y.at(step.min).toFixed(1)}`);
    parts.push(`M${[...top, ...low.reverse()].join("L")}Z`);
    run = [];
  };
  for (const [i, step] of line.entries()) {
    if (!follows(line[i - 1], step)) close();
    run.push(step);
  }
  close();
  return s("path", { class: "band", d: parts.join("") });
}

/**
 * @param {Model} model
 * @param {Scale} x
 * @param {Scale} y
 */
function expectedLine({ samples }, x, y) {
  /** @type {(Place | null)[]} */
  const points = [];
  let count = 0;
  for (const { start, end, joined, expected } of samples) {
    if (!joined) points.push(null);
    if (expected === null) {
      points.push(null);
      continue;
    }
    count += 1;
    points.push([x.at(start), y.at(expected)], [x.at(end), y.at(expected)]);
  }
  return series("expected", points, { "data-points": count });
}

/**
 * @param {Model} model
 * @param {number} i
 * @param {Scale} x
 * @param {Scale} y
 */
function meanLine({ samples, means, length }, i, x, y) {
  /** @type {(Place | null)[]} */
  const points = [];
  for (const { end, joined, means: all } of samples) {
    const mean = all[i];
    if (!joined) points.push(null);
    points.push(mean ? [x.at(end), y.at(mean.value)] : null);
  }
  const { color, width } = strokeOf(i);
  // Where there is no room to tell its steps apart, a mean stays behind the longer ones.
  const opacity = /** @type {number} */ (means[i]) < length ? 0.5 : 1;
  return series(`mean_${means[i]}`, points, { style: { stroke: color, "stroke-width": width, opacity } });
}

/** @param {number} i */
export function strokeOf(i) {
  return /** @type {typeof STROKES[number]} */ (STROKES[i % STROKES.length]);
}

/**
 * @param {Model} model
 * @param {Scale} x
 * @param {Scale} y
 */
function areas(model, x, y) {
  /** @param {1 | -1} sign */
  const path = (sign) =>
    model.areas
      .filter((area) => area.sign === sign)
      .map(({ line, base }) => [...line, ...[...base].reverse()])
      .map((places) => `M${places.map(([t, v]) => `${x.at(t).toFixed(1)} ${y.at(v).toFixed(1)}`).join("L")}Z`)
      .join("");
  return s(
    "g",
    { class: "deviation", "data-areas": model.areas.length },
    s("path", { class: "above", fill: "url(#above)", d: path(1) }),
    s("path", { class: "below", fill: "url(#below)", d: path(-1) }),
  );
}

/**
 * @param {number} place
 * @param {number} floor
 * @param {string} text
 */
function mark(place, floor, text) {
  return s(
    "g",
    { class: "mark" },
    s("title", {}, text),
    s("line", { x1: place, x2: place, y1: MARGIN.top, y2: floor }),
    s("path", { d: `M${place} ${floor - 9}l6 9h-12z` }),
    s("rect", { x: place - 8, y: floor - 14, width: 16, height: 20, class: "touch" }),
  );
}

/**
 * @param {{time: number, value: number}} live
 * @param {Scale} x
 * @param {Scale} y
 */
function liveDot({ time, value }, x, y) {
  return s("circle", { class: "live", cx: x.at(time), cy: y.at(value), r: 3.5 });
}

/** A little picture of a line for the legend. */
export function sample(/** @type {Record<string, any>} */ traits) {
  return s(
    "svg",
    { viewBox: "0 0 22 12", width: 22, height: 12, "aria-hidden": "true" },
    s("path", { d: "M1 6H21", ...traits }),
  );
}

/** A little picture of the areas for the legend. */
export function areaSample() {
  return h(
    "span",
    { class: "swatches", "aria-hidden": "true" },
    h("span", { class: "above" }, "+"),
    h("span", { class: "below" }, "−"),
  );
}

export const DRAW_STYLES = `
  ${CHART_STYLES}
  .series { fill: none; stroke-linejoin: round; stroke-linecap: round; }
  [data-series="hash_rate"] { stroke: var(--secondary-text-color); stroke-width: 1; opacity: 0.6; }
  [data-series="expected"] {
    stroke: var(--primary-text-color); stroke-width: 1.75; stroke-dasharray: 6 4; stroke-linecap: butt;
  }
  .band { fill: var(--secondary-text-color); opacity: 0.14; }
  .above { --tone: var(--success-color); }
  .below { --tone: var(--error-color); }
  pattern rect { fill: var(--tone); opacity: 0.3; }
  pattern path { stroke: var(--tone); stroke-width: 1; fill: none; }
  .mark line { stroke: var(--secondary-text-color); stroke-width: 1; stroke-dasharray: 1 3; }
  .mark path { fill: var(--primary-text-color); }
  .mark .touch { fill: transparent; }
  .live { fill: var(--primary-color); stroke: var(--card-background-color); stroke-width: 1.5; }
`;

/** So many steps at each end may lie outside: the minutes after a start are no scale. */
const OUTLIERS = 0.01;
/** The part of the highest value that the height stands for at the least. */
const LEAST_SPAN = 0.02;
/** A mean over so many minutes follows so slowly that it is no part of the scale. */
const LONG = 1440;
/** A mean over less, in minutes, is left out as long as its window reaches into a pause. */
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
    if (hidden.has(`mean_${minutes}`) || minutes >= LONG) continue;
    const told = minutes < SHORT ? unpaused(samples, minutes) : base;
    values.push(...range(known(told.map((sample) => sample.means[i]?.value ?? null)), OUTLIERS));
  }
  return roomy(values.length || !live ? values : [live.value]);
}

/**
 * Return values with so much room that noise looks like noise, and nothing below zero.
 *
 * @param {number[]} values
 */
function roomy(values) {
  if (!values.length) return values;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (high <= 0) return [0, 1];
  const room = Math.max(0, LEAST_SPAN * high - (high - low)) / 2;
  return [...values, Math.max(0, low - room), high + room];
}

/**
 * @param {Model["samples"]} samples
 * @param {number} minutes of the window
 */
function unpaused(samples, minutes) {
  if (!samples.some(({ judged }) => judged)) return samples;
  let pause = -Infinity;
  return samples.filter(({ end, judged }) => {
    if (!judged) pause = end;
    return pause <= end - minutes * MINUTE;
  });
}

/**
 * @param {(number | null)[]} values
 * @returns {number[]}
 */
function known(values) {
  return /** @type {number[]} */ (values.filter((value) => value !== null));
}
