// The points of the map as a table, for screen readers and for who likes numbers.

import { h } from "../../lib/dom.js";
import { bottleneckNames, unitsOf } from "./details.js";
import { inOrder, rowsOf } from "./figures.js";
import { same, settingsOf } from "./settings.js";
import { BLOCK, spanText } from "./words.js";

/** @typedef {import("./types.js").TuningMap} TuningMap */
/** @typedef {import("./types.js").TuningPoint} TuningPoint */
/** @typedef {import("./types.js").View} View */

const COLUMNS = ["hash_rate", "efficiency", "stability", "power", "chip_temperature", "fan_duty_cycle"];

/**
 * Return all points as a table.
 *
 * @param {View} view
 * @param {TuningMap} map
 * @returns {HTMLElement}
 */
export function pointsTable(view, map) {
  const { say, hass } = view;
  const rows = inOrder(map.points).map((point) => ({
    point,
    cells: new Map(rowsOf(point, unitsOf(view, map), hass.locale).map((row) => [row.name, row.value])),
  }));
  const columns = COLUMNS.filter((name) => rows.some(({ cells }) => cells.has(name)));
  return h(
    "table",
    { class: "points" },
    h("caption", { class: "unseen" }, say("tuning_map")),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, say("tuning_setting")),
        // @says tuning_figure_hash_rate tuning_figure_efficiency tuning_figure_stability tuning_figure_power
        // @says tuning_figure_chip_temperature tuning_figure_fan_duty_cycle
        ...columns.map((name) => h("th", { scope: "col" }, say(`tuning_figure_${name}`))),
        h("th", { scope: "col" }, say("tuning_time")),
        h("th", { scope: "col" }, say("tuning_notes")),
      ),
    ),
    h("tbody", {}, ...rows.map(({ point, cells }) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, settingsOf(view, point.settings)),
        ...columns.map((name) => h("td", {}, cells.get(name) ?? "–")),
        h("td", {}, spanText(point.blocks * BLOCK, hass.locale)),
        h("td", {}, notes(view, point)),
      ),
    )),
  );
}

/**
 * @param {View} view
 * @param {TuningPoint} point
 */
function notes(view, point) {
  const now = same(point.settings, view.present) ? [view.say("tuning_in_use")] : [];
  return [...now, ...(point.bottlenecks.length ? [bottleneckNames(view, point)] : [])].join(", ");
}
