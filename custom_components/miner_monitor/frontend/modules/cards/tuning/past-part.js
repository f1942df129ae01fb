// The parts of the card that the recorder feeds: scatters, and the changes of settings.

import { h } from "../../lib/dom.js";
import { drawChanges } from "./changes.js";
import { chooser, refill, segments } from "./controls.js";
import { scattersOf } from "./join.js";
import { drawScatter, scatterName } from "./scatter.js";

/** @typedef {import("./join.js").ScatterName} ScatterName */
/** @typedef {import("./types.js").Past} Past */
/** @typedef {import("./types.js").View} View */

/** The times that can be chosen, in hours. */
export const HOURS = /** @type {const} */ ([24, 72, 168]);

/** @typedef {typeof HOURS[number]} Hours */

/**
 * Return the choice of the time.
 *
 * @param {View} view
 * @param {Hours} hours
 * @param {(hours: Hours) => void} choose
 * @returns {HTMLElement}
 */
export function hoursChoice({ say }, hours, choose) {
  // @says tuning_last_24 tuning_last_72 tuning_last_168
  const options = HOURS.map((count) => /** @type {[Hours, string]} */ ([count, say(`tuning_last_${count}`)]));
  return segments(say("tuning_time_shown"), options, hours, choose, "hours");
}

/** Scatters; keeps which one was chosen. */
export class ScatterPart {
  element = h("section", { class: "scatter-part" });
  /** @type {ScatterName} */
  name = "hash_rate_power";
  /** @type {"settings" | "age"} */
  #by = "settings";
  #repaint;

  /** @param {() => void} repaint */
  constructor(repaint) {
    this.#repaint = repaint;
  }

  /**
   * @param {View} view
   * @param {Past} past
   */
  paint(view, past) {
    const { say } = view;
    const names = scattersOf(past.samples);
    const heading = h("h3", {}, say("tuning_scatter"));
    const [first] = names;
    if (!first) {
      refill(this.element, [heading, h("p", { class: "empty-note" }, say("tuning_scatter_empty"))]);
      return;
    }
    const name = names.includes(this.name) ? this.name : first;
    refill(this.element, [heading, this.#choices(view, names, name), ...drawScatter(view, past, name, this.#by)]);
  }

  /**
   * @param {View} view
   * @param {ScatterName[]} names
   * @param {ScatterName} chosen
   */
  #choices(view, names, chosen) {
    const { say } = view;
    const options = names.map((name) => /** @type {[ScatterName, string]} */ ([name, scatterName(say, name)]));
    const colors = /** @type {["settings" | "age", string][]} */ ([
      ["settings", say("tuning_by_settings")],
      ["age", say("tuning_by_age")],
    ]);
    return h(
      "div",
      { class: "choices" },
      chooser(say("tuning_scatter"), options, chosen, (name) => {
        this.name = name;
        this.#repaint();
      }, "scatter-choice"),
      segments(say("tuning_color"), colors, this.#by, (by) => {
        this.#by = by;
        this.#repaint();
      }, "color"),
    );
  }
}

/**
 * Return the part with the changes of settings.
 *
 * @param {View} view
 * @param {Past} past
 * @returns {Element[]}
 */
export function changesPart(view, past) {
  const { say } = view;
  const heading = h("h3", {}, say("tuning_changes"));
  if (!past.line.length) return [heading, h("p", { class: "empty-note" }, say("tuning_scatter_empty"))];
  const note = past.changes.length ? null : h("p", { class: "secondary" }, say("tuning_no_changes"));
  return [heading, drawChanges(view, past), note].filter((part) => part !== null);
}
