// Points of the map and bars of work modes: what they say, and how one goes through them.

import { s } from "../../lib/dom.js";
import { inOrder, quantityText, spanOf, starOf, valueOf } from "./figures.js";
import { starPath } from "./layout.js";
import { placeOf, rampColor } from "./ramp.js";
import { keyOf, same, settingsOf } from "./settings.js";
import { BLOCK, spanText } from "./words.js";

/** @typedef {import("./types.js").Quantity} Quantity */
/** @typedef {import("./types.js").TuningMap} TuningMap */
/** @typedef {import("./types.js").TuningPoint} TuningPoint */
/** @typedef {import("./types.js").View} View */

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
    spanText(point.blocks * BLOCK, hass.locale),
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
