// The map of operating points, or a bar for each work mode, and how one goes through them.

import { chartFrame, linear } from "../../lib/chart.js";
import { s } from "../../lib/dom.js";
import { inOrder, placeOf, quantityText, rampColor, spanOf, starOf, valueOf } from "./figures.js";
import { heightOf, largestRadius, LEAST_TARGET, mapScales, radiusOf, starPath } from "./map-part.js";
import { BLOCK, keyOf, same, settingsOf } from "../../lib/settings.js";
import { spanText } from "../../lib/words.js";

/** @typedef {import("./figures.js").Quantity} Quantity */
/** @typedef {import("../../lib/settings.js").Settings} Settings */
/** @typedef {import("./figures.js").TuningMap} TuningMap */
/** @typedef {import("./figures.js").TuningPoint} TuningPoint */
/** @typedef {import("./figures.js").View} View */

/**
 * @typedef {object} Places
 * @property {(settings: Settings) => [number, number]} at
 * @property {(point: TuningPoint) => number} radius
 */

/**
 * Draw the map.
 *
 * @param {Picture} picture
 * @returns {SVGElement}
 */
export function drawMap(picture) {
  const { view, map, width, leastHeight } = picture;
  const { say, present, hass } = view;
  const largest = largestRadius(width);
  const height = Math.max(leastHeight, heightOf(width));
  const points = map.points.filter(({ settings }) => settings.core_voltage !== undefined);
  const now = present?.core_voltage === undefined ? [] : [present];
  const size = { width, height, room: largest + 6 };
  const { x, y } = mapScales([...points.map(({ settings }) => settings), ...now], size);
  const most = Math.max(...points.map(({ blocks }) => blocks));
  /** @type {Places} */
  const places = {
    at: (settings) => [x.at(settings.frequency ?? 0), y.at((settings.core_voltage ?? 0) * 1000)],
    radius: (point) => radiusOf(point.blocks, most, largest),
  };
  const chart = chartFrame({
    ...{ width, height, title: say("tuning_map"), locale: hass.locale },
    x: { scale: x, label: `${say("tuning_frequency")} (MHz)` },
    y: { scale: y, label: `${say("tuning_voltage")} (mV)` },
  });
  // What is in it can be reached: it is no picture to a screen reader.
  chart.setAttribute("role", "group");
  // The small ones lie on top of the large ones.
  const drawn = [...points].sort((a, b) => b.blocks - a.blocks);
  chart.append(...drawn.map((point) => circle(picture, point, places)));
  const [only] = now;
  if (only && !points.some(({ settings }) => same(settings, only))) chart.append(empty(picture, only, places));
  return chart;
}

/**
 * @param {Picture} picture
 * @param {TuningPoint} point
 * @param {Places} places
 */
function circle(picture, point, places) {
  const { view, map, quantity } = picture;
  const [cx, cy] = places.at(point.settings);
  const r = places.radius(point);
  const best = starOf(map, quantity);
  return pointGroup(picture, point, [
    s("circle", { class: "target", cx, cy, r: Math.max(LEAST_TARGET, r) }),
    s("circle", { class: "dot", cx, cy, r, fill: colorOf(picture, point) }),
    same(point.settings, view.present) ? s("circle", { class: "now", cx, cy, r: r + 3.5 }) : null,
    s("circle", { class: "ring", cx, cy, r: r + 6.5 }),
    best?.point === point ? star(cx, r < 10 ? cy - r - 9 : cy, 9, best.certain) : null,
  ]);
}

/**
 * The present settings, at which no block of ten minutes was complete yet.
 *
 * @param {Picture} picture
 * @param {Settings} settings
 * @param {Places} places
 */
function empty({ view }, settings, places) {
  const [cx, cy] = places.at(settings);
  const title = s("title", {}, view.say("tuning_in_use_new"));
  return s("g", { class: "empty", role: "img", "aria-label": view.say("tuning_in_use_new") },
    title,
    s("circle", { class: "target", cx, cy, r: LEAST_TARGET }),
    s("circle", { class: "now", cx, cy, r: 8 }),
  );
}

const ROW = 58;
const BAR = 20;
const EDGE = 4;

/** Room right of the longest bar for its value. */
const VALUE_ROOM = 96;

/**
 * Draw a bar for each point.
 *
 * @param {Picture} picture
 * @returns {SVGElement}
 */
export function drawBars(picture) {
  const { view, quantity, width } = picture;
  const points = ordered(picture);
  const ends = points.map((point) => (valueOf(point, quantity) ?? 0) + deviationOf(picture, point));
  const scale = linear([0, Math.max(...ends)], EDGE, Math.max(EDGE + 60, width - VALUE_ROOM), 4);
  // The longest one ends where the room for values begins.
  const stretch = scale.to / Math.max(...ends, Number.MIN_VALUE);
  const at = (/** @type {number} */ value) => EDGE + (scale.at(value) - EDGE) * stretch;
  return s(
    "svg",
    {
      viewBox: `0 0 ${width} ${points.length * ROW + EDGE}`,
      role: "group",
      "aria-label": view.say("tuning_map"),
      class: "chart bars",
    },
    points.map((point, index) => bar(picture, point, index * ROW + EDGE, at)),
  );
}

/**
 * Return the points from the least power to the most, as their names mean it.
 *
 * @param {Picture} picture
 */
function ordered({ map }) {
  return [...map.points].sort((a, b) => (a.figures.power?.mean ?? 0) - (b.figures.power?.mean ?? 0));
}

/**
 * @param {Picture} picture
 * @param {TuningPoint} point
 */
function deviationOf({ quantity }, point) {
  return quantity === "stability" ? 0 : (point.figures[quantity]?.deviation ?? 0);
}

/**
 * @param {Picture} picture
 * @param {TuningPoint} point
 * @param {number} top
 * @param {(value: number) => number} at
 */
function bar(picture, point, top, at) {
  const { view, map, quantity, width } = picture;
  const value = valueOf(point, quantity);
  const best = starOf(map, quantity);
  const now = same(point.settings, view.present);
  const end = at(value ?? 0);
  const y = top + 22;
  const name = settingsOf(view, point.settings);
  const title = now ? `${name} · ${view.say("tuning_in_use")}` : name;
  const text = value === null ? "–" : quantityText(value, quantity, map.hash_rate_unit, view.hass.locale);
  const whisker = deviationOf(picture, point);
  const drawn = pointGroup(picture, point, [
    s("rect", { class: "target", x: 0, y: top, width, height: ROW - 4 }),
    s("rect", { class: "dot", x: EDGE, y, width: Math.max(1, end - EDGE), height: BAR, fill: colorOf(picture, point) }),
    now ? s("rect", { class: "now", x: 1, y: y - 3, width: end + 2, height: BAR + 6, rx: 2 }) : null,
    s("rect", { class: "ring", x: 1, y: top - 1, width: width - 2, height: ROW - 6, rx: 6 }),
    whisker > 0 && value !== null ? whiskerAt(at(value - whisker), at(value + whisker), y + BAR / 2) : null,
    best?.point === point ? star(EDGE + 14, y + BAR / 2, 8, best.certain) : null,
  ]);
  // The name of the group says the same to screen readers.
  const words = [
    s("text", { class: "name", x: EDGE, y: top + 14 }, title),
    s("text", { class: "value", x: at((value ?? 0) + whisker) + 8, y: y + 14 }, text),
  ];
  return s("g", {}, drawn, s("g", { class: "texts", "aria-hidden": "true" }, words));
}

/**
 * @param {number} from
 * @param {number} to
 * @param {number} y
 */
function whiskerAt(from, to, y) {
  const path = `M${from} ${y}H${to}M${from} ${y - 5}v10M${to} ${y - 5}v10`;
  return s("g", { class: "whisker" }, s("path", { class: "halo", d: path }), s("path", { d: path }));
}

/**
 * @typedef {object} Handlers
 * @property {(key: string) => void} pick a point was chosen
 * @property {(key: string | null) => void} hover the pointer is over a point, or over none
 */

/**
 * @typedef {object} Picture What is drawn.
 * @property {View} view
 * @property {TuningMap} map
 * @property {Quantity} quantity
 * @property {number} width
 * @property {number} leastHeight so that it is as high as what is beside it
 * @property {Handlers} handlers
 */

const KEYS = /** @type {Record<string, number>} */ ({ ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 });

/**
 * Return a point that can be inspected; what is drawn of it is `children`.
 *
 * @param {Picture} picture
 * @param {TuningPoint} point
 * @param {(SVGElement | null)[]} children
 * @returns {SVGElement}
 */
export function pointGroup(picture, point, children) {
  const key = keyOf(point.settings);
  const { pick, hover } = picture.handlers;
  return s(
    "g",
    {
      class: "point",
      "data-key": key,
      tabindex: -1,
      role: "button",
      "aria-label": labelOf(picture, point),
      onclick: () => pick(key),
      onfocus: () => pick(key),
      onpointerenter: (/** @type {PointerEvent} */ event) => event.pointerType === "mouse" && hover(key),
      onpointerleave: () => hover(null),
      onkeydown: (/** @type {KeyboardEvent} */ event) => step(event, picture.map, key, pick),
    },
    children,
  );
}

/**
 * @param {Picture} picture
 * @param {TuningPoint} point
 */
function labelOf({ view, map, quantity }, point) {
  const { say, hass } = view;
  const value = valueOf(point, quantity);
  const told = value === null ? say("tuning_not_measured") : quantityText(value, quantity, map.hash_rate_unit, hass.locale);
  const parts = [
    settingsOf(view, point.settings),
    told,
    spanText(point.blocks * BLOCK, say, hass.locale),
  ];
  const star = starOf(map, quantity);
  if (star?.point === point) parts.push(star.certain ? say("tuning_best") : say("tuning_leads"));
  if (same(point.settings, view.present)) parts.push(say("tuning_in_use"));
  return parts.join(", ");
}

/**
 * Go to the next point by an arrow key, or inspect this one.
 *
 * @param {KeyboardEvent} event
 * @param {TuningMap} map
 * @param {string} key
 * @param {(key: string) => void} pick
 */
function step(event, map, key, pick) {
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    pick(key);
    return;
  }
  const steps = KEYS[event.key];
  if (!steps) return;
  event.preventDefault();
  const keys = inOrder(map.points).map(({ settings }) => keyOf(settings));
  const next = keys[(keys.indexOf(key) + steps + keys.length) % keys.length];
  const svg = /** @type {Element} */ (event.currentTarget).closest("svg");
  for (const group of svg?.querySelectorAll(".point") ?? []) {
    if (group instanceof SVGElement && group.dataset.key === next) group.focus();
  }
}

/**
 * Mark the point that is inspected; it alone is a stop of the Tab key.
 *
 * @param {Element} chart
 * @param {string | null} key
 */
export function showInspected(chart, key) {
  for (const group of chart.querySelectorAll(".point")) {
    const chosen = group instanceof SVGElement && group.dataset.key === key;
    group.classList.toggle("inspected", chosen);
    group.setAttribute("tabindex", chosen ? "0" : "-1");
    group.setAttribute("aria-pressed", String(chosen));
  }
}

/**
 * Return the colour of a point; none where the quantity was not measured.
 *
 * @param {Picture} picture
 * @param {TuningPoint} point
 * @returns {string}
 */
export function colorOf({ map, quantity }, point) {
  const value = valueOf(point, quantity);
  const span = spanOf(map.points, quantity);
  return value === null || !span ? "none" : rampColor(placeOf(value, span.worst, span.best));
}

/**
 * Return a star: filled for the best, hollow for one that only leads.
 *
 * @param {number} x
 * @param {number} y
 * @param {number} size
 * @param {boolean} certain
 * @returns {SVGElement}
 */
export function star(x, y, size, certain) {
  return s("path", { class: certain ? "star" : "star leading", d: starPath(x, y, size) });
}

export const MAP_STYLES = `
  .beside { display: grid; grid-template-columns: minmax(0, 1fr) 264px; gap: 20px; align-items: start; }
  .below { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
  .details { border: 1px solid var(--divider-color); border-radius: 12px; padding: 12px; display: grid; gap: 8px; }
  .details .apply { justify-self: start; }
  .details .point-name { font-size: 15px; margin: 0; display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; }
  .point-name .badge { margin: 0; }
  table { border-collapse: collapse; font-size: 13px; }
  .figures { width: 100%; }
  .figures th { text-align: start; font-weight: 400; color: var(--secondary-text-color); padding: 3px 8px 3px 0; }
  .figures td { text-align: end; padding: 3px 0; white-space: nowrap; font-variant-numeric: tabular-nums; }
  .figures tr + tr > * { border-top: 1px solid var(--divider-color); }
  .figures .chosen > * { font-weight: 500; color: var(--primary-text-color); }
  .figures small { display: block; font-size: 11px; font-weight: 400; color: var(--secondary-text-color); }
  .table-box { overflow-x: auto; margin-top: 12px; }
  .show-table { margin-top: 4px; }
  .points { width: 100%; }
  .points th, .points td { text-align: start; padding: 6px 12px 6px 0; font-weight: 400; vertical-align: top;
    border-bottom: 1px solid var(--divider-color); font-variant-numeric: tabular-nums; overflow-wrap: normal; }
  .points td { white-space: nowrap; }
  .points td:last-child { white-space: normal; min-width: 100px; padding-inline-end: 0; }
  .points thead th { color: var(--secondary-text-color); font-size: 12px; }
  .points tbody th { white-space: nowrap; font-weight: 500; }
  .held-back { font-size: 13px; }
  .chart .point, .chart .change { outline: none; }
  g.point { cursor: pointer; }
  .target { fill: transparent; }
  .dot, .size { stroke: var(--secondary-text-color); stroke-width: 1; }
  .size { fill: none; }
  .now { fill: none; stroke: var(--primary-text-color); stroke-width: 1.8; stroke-dasharray: 4 2.5; }
  .ring { fill: none; stroke: none; stroke-width: 2; }
  .inspected .ring { stroke: var(--divider-color); }
  g.point:hover .ring { stroke: var(--secondary-text-color); }
  g.point:focus .ring, .change:focus-visible .target { stroke: var(--primary-color); }
  .star { fill: var(--primary-text-color); stroke: var(--card-background-color); stroke-width: 1.5;
    stroke-linejoin: round; pointer-events: none; }
  .star.leading { fill: var(--card-background-color); stroke: var(--primary-text-color); }
  .bars .dot, .bars .ring { rx: 3px; }
  .chart.bars .name { fill: var(--primary-text-color); font-size: 13px; }
  .chart.bars .value { fill: var(--primary-text-color); font-size: 13px; font-weight: 500; }
  .texts { pointer-events: none; }
  .whisker path { stroke: var(--primary-text-color); stroke-width: 1.5; fill: none; }
  .whisker .halo { stroke: var(--card-background-color); stroke-width: 4; }
`;
