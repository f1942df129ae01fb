// All chips of a miner as a strip of heat, a row for each hash board.

import { MinerCard } from "../lib/card.js";
import { h } from "../lib/dom.js";
import { findMiners, idOf, stateOf, unitOf } from "../lib/miners.js";
import { format } from "../lib/words.js";
import { RAMP_GRADIENT, placeOf, rampColor } from "./tuning/figures.js";

/** @typedef {import("../lib/types.js").CardConfig} CardConfig */
/** @typedef {import("../lib/types.js").Miner} Miner */

const SENSOR = "sensor.chip_temperature_min";

const STYLES = `
  .body { display: grid; gap: 12px; padding: 12px 16px; }
  figure { margin: 0; }
  figcaption { margin-bottom: 4px; font-size: 13px; color: var(--secondary-text-color); }
  .chips { display: grid; grid-template-columns: repeat(auto-fill, minmax(14px, 1fr)); gap: 2px; }
  .chips span { height: 18px; border-radius: 2px; }
  .legend { display: flex; align-items: center; gap: 8px; font-size: 12px; color: var(--secondary-text-color); }
  .ramp { flex: 1 1 auto; max-width: 160px; height: 8px; border-radius: 4px; }
`;

/** `{type: "custom:miner-chips-card", device_id: "..."}` */
export class MinerChipsCard extends MinerCard {
  /** @type {Miner | undefined} */
  #miner;

  static get styles() {
    return STYLES;
  }

  prepared() {
    this.#miner = findMiners(this.hass).miners.find(({ id }) => id === this.config.device_id);
  }

  watched() {
    const id = idOf(this.#miner, SENSOR);
    return id ? [id] : [];
  }

  paint() {
    const state = stateOf(this.hass, this.#miner, SENSOR);
    const boards = boardsOf(state?.attributes.chips);
    const all = boards.flat();
    if (!all.length) return this.body.replaceChildren(h("p", {}, this.say("hash_rate_nothing")));
    // The sensor's unit is the user's, its attributes are not.
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const write = (/** @type {number} */ value) => this.#degrees(value, unitOf(state));
    this.body.replaceChildren(
      ...boards.map((chips, place) => this.#board(chips, place + 1, low, high, write)),
      h(
        "div",
        { class: "legend" },
        write(low),
        h("span", { class: "ramp", style: { background: RAMP_GRADIENT } }),
        write(high),
      ),
    );
  }

  /**
   * @param {number[]} chips
   * @param {number} index
   * @param {number} low
   * @param {number} high
   * @param {(value: number) => string} write
   */
  #board(chips, index, low, high, write) {
    const mean = chips.reduce((sum, value) => sum + value, 0) / chips.length;
    const values = { index, low: write(Math.min(...chips)), mean: write(mean), high: write(Math.max(...chips)) };
    const words = this.say("chips_of_board", values);
    return h(
      "figure",
      {},
      h("figcaption", {}, words),
      h(
        "div",
        { class: "chips", role: "img", "aria-label": words },
        chips.map((value, place) =>
          h("span", { title: `${place + 1}: ${write(value)}`, style: { background: rampColor(placeOf(value, low, high)) } }),
        ),
      ),
    );
  }

  /** @param {number} celsius @param {string} unit */
  #degrees(celsius, unit) {
    const value = unit === "°F" ? celsius * 1.8 + 32 : celsius;
    return `${format(value, 0, this.hass.locale)} ${unit || "°C"}`;
  }
}

/**
 * Return what is a list of lists of numbers.
 *
 * @param {unknown} found
 * @returns {number[][]}
 */
function boardsOf(found) {
  if (!Array.isArray(found)) return [];
  return found.filter(Array.isArray).map((chips) => chips.filter(Number.isFinite)).filter((chips) => chips.length);
}
