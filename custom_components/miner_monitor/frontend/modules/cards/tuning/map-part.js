// The part of the card with the map: choice of the quantity, picture, legend, details and table.

import { linear, MARGIN } from "../../lib/chart.js";
import { h, s } from "../../lib/dom.js";
import { details, pointsTable } from "./details.js";
import { inOrder, noteOf, quantitiesOf, quantityText, RAMP_GRADIENT, spanOf, starOf } from "./figures.js";
import { drawBars, drawMap, showInspected } from "./map.js";
import { refill, segments } from "./parts.js";
import { BLOCK, keyOf, same, settingsOf } from "../../lib/settings.js";
import { spanText } from "../../lib/words.js";

/** @typedef {import("./map.js").Picture} Picture */
/** @typedef {import("./figures.js").Quantity} Quantity */
/** @typedef {import("../../lib/settings.js").Settings} Settings */
/** @typedef {import("./figures.js").TuningMap} TuningMap */
/** @typedef {import("./figures.js").TuningPoint} TuningPoint */
/** @typedef {import("./figures.js").View} View */
/** @typedef {import("../../lib/chart.js").Scale} Scale */

/** From this width on the details are beside the picture. */
const WIDE = 640;
const DETAILS_WIDTH = 264;
const GAP = 20;

/** About as high as the details, without the legend. */
const BESIDE_HEIGHT = 350;

/** Keeps what the user chose between two paints. */
export class MapPart {
  element = h("section", { class: "map-part" });
  /** @type {Quantity} */
  #quantity = "efficiency";
  /** @type {string | null} */
  #picked = null;
  #tableShown = false;
  #details = h("div", { class: "details" });
  #repaint;

  /** @param {() => void} repaint */
  constructor(repaint) {
    this.#repaint = repaint;
  }

  /** Forget what was chosen: it is another miner. */
  reset() {
    this.#picked = null;
  }

  /**
   * @param {View} view
   * @param {TuningMap} map with at least one point
   */
  paint(view, map) {
    const quantities = quantitiesOf(map.points);
    const quantity = quantities.includes(this.#quantity) ? this.#quantity : (quantities[0] ?? "hash_rate");
    const wide = view.width >= WIDE;
    const width = wide ? view.width - DETAILS_WIDTH - GAP : view.width;
    /** @type {Picture} */
    const picture = { view, map, quantity, width, leastHeight: wide ? BESIDE_HEIGHT : 0, handlers: this.#handlers(view, map, quantity) };
    const mapped = isMap(map.points);
    const chart = mapped ? drawMap(picture) : drawBars(picture);
    const [button, table] = this.#table(view, map);
    const drawing = h("div", { class: "picture" }, chart, legend(picture, mapped), starNote(picture), button);
    refill(this.element, [
      h("div", { class: "choices" }, this.#choice(view, quantities, quantity)),
      h("div", { class: wide ? "beside" : "below" }, drawing, this.#details),
      table,
    ]);
    this.#inspect(view, map, quantity, this.#picked);
  }

  /**
   * @param {View} view
   * @param {Quantity[]} quantities
   * @param {Quantity} chosen
   */
  #choice({ say }, quantities, chosen) {
    // @says tuning_figure_efficiency tuning_figure_hash_rate tuning_figure_stability
    const options = quantities.map((name) => /** @type {[Quantity, string]} */ ([name, say(`tuning_figure_${name}`)]));
    return segments(say("tuning_color"), options, chosen, (name) => {
      this.#quantity = name;
      this.#repaint();
    }, "quantity");
  }

  /**
   * @param {View} view
   * @param {TuningMap} map
   * @param {Quantity} quantity
   */
  #handlers(view, map, quantity) {
    return {
      pick: (/** @type {string} */ key) => {
        this.#picked = key;
        this.#inspect(view, map, quantity, key);
      },
      hover: (/** @type {string | null} */ key) => this.#inspect(view, map, quantity, key ?? this.#picked),
    };
  }

  /**
   * Show all of one point: the chosen one, else the present one or the best.
   *
   * @param {View} view
   * @param {TuningMap} map
   * @param {Quantity} quantity
   * @param {string | null} key
   */
  #inspect(view, map, quantity, key) {
    const point =
      map.points.find(({ settings }) => keyOf(settings) === key) ??
      starOf(map, quantity)?.point ??
      map.points.find(({ settings }) => same(settings, view.present)) ??
      inOrder(map.points)[0];
    if (!point) return;
    refill(this.#details, details(view, map, point, quantity));
    showInspected(this.element, keyOf(point.settings));
  }

  /**
   * Screen readers have the table always, others when they ask for it.
   *
   * @param {View} view
   * @param {TuningMap} map
   */
  #table(view, map) {
    const shown = this.#tableShown;
    const box = h("div", { class: shown ? "table-box" : "unseen" }, pointsTable(view, map));
    if (shown) {
      box.setAttribute("tabindex", "0");
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", view.say("tuning_map"));
    }
    const button = h(
      "button",
      {
        type: "button",
        class: "plain show-table",
        "data-focus": "table",
        "aria-expanded": String(shown),
        onclick: () => {
          this.#tableShown = !shown;
          this.#repaint();
        },
      },
      shown ? view.say("tuning_hide_table") : view.say("tuning_show_table"),
    );
    return /** @type {const} */ ([button, box]);
  }
}

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
        spanText(blocks * BLOCK, view.say, view.hass.locale),
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
  const { key, values } = noteOf(verdict, view.say, view.hass.locale);
  const setting = settingsOf(view, best.point.settings);
  // @says tuning_certain tuning_margin tuning_missing_both tuning_missing_blocks tuning_missing_day tuning_missing_days
  // @says tuning_missing_data tuning_missing_difference tuning_missing_points
  return h("p", { class: "star-note" }, h("b", {}, best.certain ? "★ " : "☆ ", setting), " – ", view.say(key, values));
}

export const LEAST_RADIUS = 5;

/** Targets smaller than this are hard to hit. */
export const LEAST_TARGET = 12;

/**
 * Return the radius of a point: its area is the time spent at it.
 *
 * @param {number} blocks
 * @param {number} most the blocks of the largest point
 * @param {number} largest its radius
 * @returns {number}
 */
export function radiusOf(blocks, most, largest) {
  return most > 0 ? Math.max(LEAST_RADIUS, largest * Math.sqrt(blocks / most)) : LEAST_RADIUS;
}

/**
 * Return the radius of the largest point of a map of this width.
 *
 * @param {number} width
 * @returns {number}
 */
export function largestRadius(width) {
  return Math.min(26, Math.max(14, width / 24));
}

/**
 * Return the height that suits a chart of this width.
 *
 * @param {number} width
 * @returns {number}
 */
export function heightOf(width) {
  return Math.round(Math.min(420, Math.max(230, width * 0.6)));
}

/**
 * Return a scale with room for circles at both ends.
 *
 * @param {number[]} values
 * @param {number} start place of the lowest
 * @param {number} end place of the highest
 * @param {number} room in the unit of places
 * @param {number} count about how many ticks
 * @returns {Scale}
 */
export function roomy(values, start, end, room, count) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const length = Math.abs(end - start);
  const part = Math.min(0.3, room / length);
  const span = high - low || Math.abs(low) * 0.1 || 1;
  const pad = (span * part) / (1 - 2 * part);
  return high === low
    ? linear([low - span / 2, high + span / 2], start, end, count)
    : linear([low - pad, high + pad], start, end, count);
}

/**
 * Return the scales of a map in MHz and mV.
 *
 * @param {Settings[]} settings
 * @param {{width: number, height: number, room: number}} size
 * @returns {{x: Scale, y: Scale}}
 */
export function mapScales(settings, { width, height, room }) {
  const clocks = settings.map(({ frequency }) => frequency ?? 0);
  const volts = settings.map(({ core_voltage }) => (core_voltage ?? 0) * 1000);
  return {
    x: roomy(clocks, MARGIN.left, width - MARGIN.right, room, Math.max(2, Math.round(width / 90))),
    y: roomy(volts, height - MARGIN.bottom, MARGIN.top, room, 5),
  };
}

/**
 * Return whether points are told apart by frequency and voltage.
 *
 * @param {TuningPoint[]} points
 * @returns {boolean}
 */
export function isMap(points) {
  return points.some(({ settings }) => settings.frequency !== undefined && settings.core_voltage !== undefined);
}

/**
 * Return the outline of a star with five points.
 *
 * @param {number} x
 * @param {number} y
 * @param {number} size its outer radius
 * @returns {string}
 */
export function starPath(x, y, size) {
  const corners = Array.from({ length: 10 }, (_, index) => {
    const radius = index % 2 ? size * 0.42 : size;
    const angle = (Math.PI / 5) * index - Math.PI / 2;
    return `${(x + radius * Math.cos(angle)).toFixed(1)} ${(y + radius * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${corners.join("L")}Z`;
}

export const LEGENDS_STYLES = `
  .legend { display: grid; gap: 8px; margin-top: 8px; font-size: 12px; color: var(--secondary-text-color); }
  .colors { display: flex; gap: 8px; align-items: center; }
  .colors > span { flex: none; }
  .colors > .ramp { flex: 1 1 40px; max-width: 280px; height: 12px; border-radius: 6px;
    box-shadow: inset 0 0 0 1px var(--secondary-text-color); }
  .signs, .groups { display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: center; }
  .sign { display: inline-flex; gap: 6px; align-items: center; }
  .sign .icon { width: 18px; height: 18px; flex: none; }
  .star-note { margin-top: 8px; font-size: 13px; }
  .star-note b { font-weight: 500; }
`;
