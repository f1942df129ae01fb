// The verdicts in words, each with a button that applies it.

import { h } from "../../lib/dom.js";
import { applyButton, bottlenecks } from "./details.js";
import { same, settingsOf } from "./settings.js";
import { verdictLines } from "./verdicts.js";
import { reportWord } from "./words.js";

/** @typedef {import("./types.js").TuningMap} TuningMap */
/** @typedef {import("./types.js").View} View */
/** @typedef {import("./verdicts.js").VerdictLine} VerdictLine */

/**
 * Return all verdicts, and what holds the present settings back.
 *
 * @param {View} view
 * @param {TuningMap} map
 * @returns {(HTMLElement | null)[]}
 */
export function verdictList(view, map) {
  const lines = verdictLines(map, view.hass.locale);
  const now = map.points.find(({ settings }) => same(settings, view.present));
  const told = now && lines.some(({ point }) => point === now);
  return [
    h("ul", { class: "verdicts" }, ...lines.map((line) => row(view, line))),
    now && !told && now.bottlenecks.length
      ? h("div", { class: "present-note" }, view.say("tuning_in_use"), ": ", settingsOf(view, now.settings), bottlenecks(view, now))
      : null,
    view.present === null ? h("p", { class: "secondary" }, view.say("tuning_offline")) : null,
  ];
}

/**
 * @param {View} view
 * @param {VerdictLine} line
 */
function row(view, { kind, point, value, note }) {
  const { say, localize } = view;
  // @says tuning_certain tuning_margin tuning_missing_both tuning_missing_blocks tuning_missing_day tuning_missing_days
  // @says tuning_missing_data tuning_missing_difference tuning_missing_points
  const certain = say(note.key, note.values);
  return h(
    "li",
    { class: "verdict", "data-verdict": kind },
    h(
      "div",
      { class: "words" },
      h("span", { class: "kind" }, reportWord(localize, `verdict_${kind}`)),
      point && h("span", { class: "setting" }, settingsOf(view, point.settings), value && ` – ${value}`),
      h("span", { class: "secondary" }, certain),
      point && bottlenecks(view, point),
    ),
    point && (same(point.settings, view.present)
      ? h("span", { class: "badge" }, say("tuning_in_use"))
      : applyButton(view, point.settings, kind)),
  );
}
