// The map of operating points: MHz by mV, coloured by a quantity, as large as the time spent there.

import { chartFrame } from "../../lib/chart.js";
import { s } from "../../lib/dom.js";
import { starOf } from "./figures.js";
import { heightOf, largestRadius, LEAST_TARGET, mapScales, radiusOf } from "./layout.js";
import { colorOf, pointGroup, star } from "./points.js";
import { same } from "./settings.js";

/** @typedef {import("./points.js").Picture} Picture */
/** @typedef {import("./types.js").Settings} Settings */
/** @typedef {import("./types.js").TuningPoint} TuningPoint */

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
