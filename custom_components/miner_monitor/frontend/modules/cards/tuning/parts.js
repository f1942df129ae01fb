// The parts of the card that the recorder feeds, and small choices.

import { chartFrame, linear, linePath, MARGIN, time as timeScale } from "../../lib/chart.js";
import { h, s } from "../../lib/dom.js";
import { stateOf, unitOf } from "../../lib/miners.js";
import { lanesOf } from "./past.js";
import { drawScatter, scatterName, scattersOf } from "./scatter.js";
import { settingsOf } from "../../lib/settings.js";
import { momentText, tickText, zoneOf } from "../../lib/words.js";

/** @typedef {import("./past.js").Change} Change */
/** @typedef {import("./scatter.js").ScatterName} ScatterName */
/** @typedef {import("./figures.js").Past} Past */
/** @typedef {import("./figures.js").View} View */

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

const HEIGHT = 220;
const LANES = 3;
const LANE = 15;

/** About how wide a letter of a mark is, in px. */
const LETTER = 6;

/**
 * Draw the chart.
 *
 * @param {View} view
 * @param {Past} past
 * @returns {SVGElement}
 */
export function drawChanges(view, past) {
  const { width, hass, miner, say } = view;
  const ticks = Math.max(2, Math.floor(width / 80));
  const x = timeScale(past.from, past.to, MARGIN.left, width - MARGIN.right, ticks, zoneOf(hass));
  const lanes = lanesOf(textPlaces(view, past.changes, x.at), LANES, width - MARGIN.right);
  const top = MARGIN.top + LANE * Math.max(0, ...lanes.map((place) => (place ? place.lane + 1 : 1)));
  const values = past.line.flatMap((point) => (point ? [point.value] : []));
  const y = linear(values, HEIGHT - MARGIN.bottom, top, 4);
  const unit = unitOf(stateOf(hass, miner, "sensor.hash_rate"));
  const chart = chartFrame({
    ...{ width, height: HEIGHT, locale: hass.locale },
    title: say("tuning_changes_title", { count: past.changes.length }),
    x: { scale: x, label: "", text: (tick) => tickText(tick, hass) },
    y: { scale: y, label: `${say("tuning_axis_hash_rate")} (${unit})` },
  });
  // The marks can be reached by keys, so it is more than a picture.
  chart.setAttribute("role", "group");
  chart.append(s("path", {
    class: "series",
    d: linePath(past.line.map((point) => point && [x.at(point.time), y.at(point.value)])),
  }));
  chart.append(...marks(view, past.changes, x.at, lanes));
  return chart;
}

/**
 * @param {View} view
 * @param {Change[]} changes
 * @param {(time: number) => number} at
 */
function textPlaces(view, changes, at) {
  return changes.map(({ time, changed }) => ({
    x: at(time),
    width: 6 + LETTER * settingsOf(view, changed).length,
  }));
}

/**
 * @param {View} view
 * @param {Change[]} changes
 * @param {(time: number) => number} at
 * @param {ReturnType<typeof lanesOf>} lanes
 */
function marks(view, changes, at, lanes) {
  const drawn = changes.map((change, index) => {
    const x = at(change.time);
    const place = lanes[index];
    const y = MARGIN.top + (place?.lane ?? 0) * LANE;
    const words = markText(view, change);
    return s(
      "g",
      { class: "change", tabindex: 0, role: "img", "aria-label": words },
      s("title", {}, words),
      s("rect", { class: "target", x: x - 12, y: 0, width: 24, height: HEIGHT - MARGIN.bottom }),
      s("line", { x1: x, x2: x, y1: y - 8, y2: HEIGHT - MARGIN.bottom }),
      place &&
        s("text", { x: place.left ? x - 4 : x + 4, y: y + 2, "text-anchor": place.left ? "end" : "start" }, settingsOf(view, change.changed)),
    );
  });
  // A text lies on the lines that come after it.
  return drawn.reverse();
}

/**
 * @param {View} view
 * @param {Change} change
 */
function markText(view, { time, changed, before }) {
  return view.say("tuning_change", {
    time: momentText(time, view.hass),
    from: settingsOf(view, before),
    to: settingsOf(view, changed),
  });
}

/**
 * @template {string | number} T
 * @param {string} label what is chosen
 * @param {[T, string][]} options values and their words
 * @param {T} chosen
 * @param {(value: T) => void} choose
 * @param {string} name for the focus to come back after a repaint
 * @returns {HTMLElement}
 */
export function segments(label, options, chosen, choose, name) {
  return h(
    "div",
    { class: "segments", role: "group", "aria-label": label },
    ...options.map(([value, text]) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(value === chosen),
          "data-value": value,
          "data-focus": `${name} ${value}`,
          onclick: () => choose(value),
        },
        text,
      ),
    ),
  );
}

/**
 * @template {string} T
 * @param {string} label
 * @param {[T, string][]} options
 * @param {T} chosen
 * @param {(value: T) => void} choose
 * @param {string} name
 * @returns {HTMLElement}
 */
export function chooser(label, options, chosen, choose, name) {
  return h(
    "select",
    {
      "aria-label": label,
      class: name,
      "data-focus": name,
      onchange: (/** @type {Event} */ event) =>
        choose(/** @type {T} */ (/** @type {HTMLSelectElement} */ (event.target).value)),
    },
    ...options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)),
  );
}

/**
 * Put other children into an element; what had the focus has it again.
 *
 * @param {Element} element
 * @param {(Node | null | undefined)[]} children
 */
export function refill(element, children) {
  const root = /** @type {ShadowRoot | Document} */ (element.getRootNode());
  const active = root.activeElement;
  const name = active && element.contains(active) ? active.getAttribute("data-focus") : null;
  element.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
  if (name === null) return;
  for (const candidate of element.querySelectorAll("[data-focus]")) {
    if (candidate.getAttribute("data-focus") !== name || !(candidate instanceof HTMLElement)) continue;
    candidate.focus({ preventScroll: true });
    return;
  }
  // What had it is gone: whoever uses keys goes on from here.
  element.setAttribute("tabindex", "-1");
  if (element instanceof HTMLElement) element.focus({ preventScroll: true });
}

export const CONTROLS_STYLES = `
  button, select { font: inherit; font-size: 14px; color: var(--primary-text-color); cursor: pointer; min-height: 32px;
    background: var(--card-background-color); border: 1px solid var(--divider-color); border-radius: 8px; padding: 4px 12px; }
  select { max-width: 100%; min-height: 34px; }
  option { background: var(--card-background-color); color: var(--primary-text-color); }
  button:focus-visible, select:focus-visible, .table-box:focus-visible {
    outline: 2px solid var(--primary-color); outline-offset: 2px; }
  button:hover { background: color-mix(in srgb, var(--primary-text-color) 6%, var(--card-background-color)); }
  button:disabled { cursor: progress; opacity: 0.7; }
  .apply, .confirm { border: 2px solid var(--primary-color); font-weight: 500; flex: none;
    background: color-mix(in srgb, var(--primary-color) 14%, var(--card-background-color)); }
  .apply:hover, .confirm:hover { background: color-mix(in srgb, var(--primary-color) 26%, var(--card-background-color)); }
  .plain { border-color: transparent; padding: 4px 0; text-decoration: underline; text-underline-offset: 3px;
    text-decoration-color: var(--secondary-text-color); }
  .plain:hover { background: none; }
  .choices { display: flex; flex-wrap: wrap; gap: 8px 12px; margin-bottom: 12px; }
  .segments { display: inline-flex; flex-wrap: wrap; max-width: 100%; border: 1px solid var(--divider-color); border-radius: 8px; }
  .segments button { border: 0; border-radius: 7px; padding: 4px 12px; }
  .segments [aria-pressed="true"] { font-weight: 500; box-shadow: inset 0 0 0 2px var(--primary-color);
    background: color-mix(in srgb, var(--primary-color) 14%, var(--card-background-color)); }
  .badge { display: inline-block; border: 1px solid var(--secondary-text-color); border-radius: 10px; padding: 0 8px;
    font-size: 12px; font-weight: 400; white-space: nowrap; margin-inline-start: 8px; flex: none; }
`;
