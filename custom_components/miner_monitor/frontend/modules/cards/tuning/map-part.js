// The part of the card with the map: choice of the quantity, picture, details and table.

import { h } from "../../lib/dom.js";
import { drawBars } from "./bars.js";
import { refill, segments } from "./controls.js";
import { details } from "./details.js";
import { inOrder, quantitiesOf, starOf } from "./figures.js";
import { isMap } from "./layout.js";
import { legend, starNote } from "./legend.js";
import { drawMap } from "./map.js";
import { showInspected } from "./points.js";
import { keyOf, same } from "./settings.js";
import { pointsTable } from "./table.js";

/** @typedef {import("./points.js").Picture} Picture */
/** @typedef {import("./types.js").Quantity} Quantity */
/** @typedef {import("./types.js").TuningMap} TuningMap */
/** @typedef {import("./types.js").View} View */

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
