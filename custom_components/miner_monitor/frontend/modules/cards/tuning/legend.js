// What the map's colours, sizes and signs mean.

import { h, s } from "../../lib/dom.js";
import { quantityText, spanOf, starOf } from "./figures.js";
import { largestRadius, radiusOf, starPath } from "./layout.js";
import { RAMP_GRADIENT } from "./ramp.js";
import { settingsOf } from "./settings.js";
import { noteOf } from "./verdicts.js";
import { BLOCK, spanText } from "./words.js";

/** @typedef {import("./points.js").Picture} Picture */

/**
 * Return the legend of a map or of bars.
 *
 * @param {Picture} picture
 * @param {boolean} sized whether the size says something
 * @returns {HTMLElement}
 */
export function legend(picture, sized) {
  return h(
    "div",
    { class: "legend" },
    colors(picture),
    h(
      "div",
      { class: "signs" },
      ...signs(picture),
      sized ? sizes(picture) : null,
    ),
  );
}

/** @param {Picture} picture */
function colors({ view, map, quantity }) {
  const span = spanOf(map.points, quantity);
  if (!span || span.worst === span.best) return null;
  const { say, hass } = view;
  /** @param {number} value */
  const write = (value) => quantityText(value, quantity, map.hash_rate_unit, hass.locale);
  return h(
    "div",
    { class: "colors" },
    h("span", {}, say("tuning_worst", { value: write(span.worst) })),
    h("span", { class: "ramp", style: { background: RAMP_GRADIENT } }),
    h("span", {}, say("tuning_best_value", { value: write(span.best) })),
  );
}

/** @param {Picture} picture */
function signs({ view, map, quantity }) {
  const best = starOf(map, quantity);
  const { say } = view;
  /** @param {string} className @param {string} text @param {SVGElement} sign */
  const item = (className, text, sign) =>
    h("span", { class: "sign" }, s("svg", { class: className, viewBox: "0 0 20 20", "aria-hidden": "true" }, sign), text);
  return [
    best && item("icon", best.certain ? say("tuning_best") : say("tuning_leads"),
      s("path", { class: best.certain ? "star" : "star leading", d: starPath(10, 10, 8) })),
    view.present && item("icon", say("tuning_in_use"), s("circle", { class: "now", cx: 10, cy: 10, r: 7 })),
  ];
}

/** @param {Picture} picture */
function sizes({ view, map, width }) {
  const most = Math.max(...map.points.map(({ blocks }) => blocks));
  const least = Math.min(...map.points.map(({ blocks }) => blocks));
  const largest = largestRadius(width);
  const shown = most === least ? [most] : [least, most];
  return h(
    "span",
    { class: "sign" },
    view.say("tuning_size"),
    ...shown.map((blocks) => {
      const r = radiusOf(blocks, most, largest);
      const side = 2 * r + 2;
      const circle = s("circle", { class: "size", cx: r + 1, cy: r + 1, r });
      return h(
        "span",
        { class: "sign" },
        s("svg", { width: side, height: side, viewBox: `0 0 ${side} ${side}`, "aria-hidden": "true" }, circle),
        spanText(blocks * BLOCK, view.hass.locale),
      );
    }),
  );
}

/**
 * Return how certain the star is, in a sentence.
 *
 * @param {Picture} picture
 * @returns {HTMLElement | null}
 */
export function starNote({ view, map, quantity }) {
  const best = starOf(map, quantity);
  const verdict = map.verdicts[quantity];
  if (!best || !verdict) return null;
  const { key, values } = noteOf(verdict, view.hass.locale);
  const setting = settingsOf(view, best.point.settings);
  // @says tuning_certain tuning_margin tuning_missing_both tuning_missing_blocks tuning_missing_day tuning_missing_days
  // @says tuning_missing_data tuning_missing_difference tuning_missing_points
  return h("p", { class: "star-note" }, h("b", {}, best.certain ? "★ " : "☆ ", setting), " – ", view.say(key, values));
}
