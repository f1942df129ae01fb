// The same as bars, where a miner has work modes: one for each, with how far it wanders.

import { s } from "../../lib/dom.js";
import { linear } from "../../lib/scale.js";
import { quantityText, starOf, valueOf } from "./figures.js";
import { colorOf, pointGroup, star } from "./points.js";
import { same, settingsOf } from "./settings.js";

/** @typedef {import("./points.js").Picture} Picture */
/** @typedef {import("./types.js").TuningPoint} TuningPoint */

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
