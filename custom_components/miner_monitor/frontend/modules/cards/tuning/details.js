// All that was measured at one operating point, and the button that applies it.

import { h } from "../../lib/dom.js";
import { stateOf, unitOf } from "../../lib/miners.js";
import { rowsOf, starOf } from "./figures.js";
import { keyOf, same, settingsOf } from "./settings.js";
import { BLOCK, momentText, reportWord, spanText } from "./words.js";

/** @typedef {import("./types.js").Quantity} Quantity */
/** @typedef {import("./types.js").Settings} Settings */
/** @typedef {import("./types.js").TuningMap} TuningMap */
/** @typedef {import("./types.js").TuningPoint} TuningPoint */
/** @typedef {import("./types.js").View} View */

// @says tuning_figure_hash_rate tuning_figure_efficiency tuning_figure_stability tuning_figure_power
// @says tuning_figure_chip_temperature tuning_figure_vr_temperature tuning_figure_room_temperature
// @says tuning_figure_fan_duty_cycle tuning_figure_input_voltage tuning_figure_error_rate
// @says tuning_figure_reject_rate

/**
 * Return what is known of a point.
 *
 * @param {View} view
 * @param {TuningMap} map
 * @param {TuningPoint} point
 * @param {Quantity} quantity
 * @returns {HTMLElement[]}
 */
export function details(view, map, point, quantity) {
  const { say } = view;
  const rows = rowsOf(point, unitsOf(view, map), view.hass.locale).map(({ name, value, spread }) =>
    h(
      "tr",
      { class: name === quantity ? "chosen" : null },
      h("th", { scope: "row" }, say(`tuning_figure_${name}`)),
      h("td", {}, value, spread && h("small", {}, spread)),
    ),
  );
  return [
    h("h3", { class: "point-name" }, settingsOf(view, point.settings), ...badges(view, map, point, quantity)),
    h("table", { class: "figures" }, h("tbody", {}, ...rows)),
    h("p", { class: "secondary" }, since(view, point)),
    bottlenecks(view, point),
    applyButton(view, point.settings, "details"),
  ].filter((part) => part !== null);
}

/**
 * @param {View} view
 * @param {TuningMap} map
 */
export function unitsOf({ hass, miner }, map) {
  return { rate: map.hash_rate_unit, temperature: unitOf(stateOf(hass, miner, "sensor.chip_temperature")) };
}

/**
 * @param {View} view
 * @param {TuningMap} map
 * @param {TuningPoint} point
 * @param {Quantity} quantity
 */
function badges(view, map, point, quantity) {
  const star = starOf(map, quantity);
  const { say } = view;
  return [
    star?.point === point && h("span", { class: "badge" }, star.certain ? `★ ${say("tuning_best")}` : `☆ ${say("tuning_leads")}`),
    same(point.settings, view.present) && h("span", { class: "badge" }, say("tuning_in_use")),
  ];
}

/**
 * @param {View} view
 * @param {TuningPoint} point
 */
function since({ say, hass }, { blocks, days, last }) {
  const time = spanText(blocks * BLOCK, hass.locale);
  const moment = last === null ? "–" : momentText(Date.parse(last), hass.locale);
  return days === 1 ? say("tuning_measured_once", { time, last: moment }) : say("tuning_measured", { time, days, last: moment });
}

/**
 * Return what holds a point back, in words; null where nothing does.
 *
 * @param {View} view
 * @param {TuningPoint} point
 * @returns {HTMLElement | null}
 */
export function bottlenecks(view, point) {
  if (!point.bottlenecks.length) return null;
  return h("p", { class: "held-back" }, "⚠ ", view.say("tuning_held_back", { what: bottleneckNames(view, point) }));
}

/**
 * @param {View} view
 * @param {TuningPoint} point
 * @returns {string}
 */
export function bottleneckNames({ hass, localize }, { bottlenecks: found }) {
  const names = found.map((kind) => reportWord(localize, `finding_${kind}`));
  return new Intl.ListFormat(hass.locale?.language, { type: "unit", style: "short" }).format(names);
}

/**
 * Return the button that applies settings, where they are others and can be set.
 *
 * @param {View} view
 * @param {Settings} settings
 * @param {string} place tells it from others for the same settings
 * @returns {HTMLElement | null}
 */
export function applyButton(view, settings, place) {
  if (view.present === null || same(settings, view.present) || !view.canApply(settings)) return null;
  const setting = settingsOf(view, settings);
  return h(
    "button",
    {
      class: "apply",
      type: "button",
      "data-focus": `apply ${place}`,
      "data-key": keyOf(settings),
      "aria-label": view.say("tuning_apply_setting", { setting }),
      onclick: () => view.apply(settings),
    },
    view.say("tuning_apply"),
  );
}
