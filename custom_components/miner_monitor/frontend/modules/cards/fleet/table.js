// The table of rows: its heads, its order, and what is redrawn of it.

// @says fleet_column_chip_temperature fleet_column_efficiency fleet_column_hash_rate
// @says fleet_column_name fleet_column_power fleet_column_ratio fleet_column_shares
// @says fleet_column_status fleet_column_fan fleet_column_spark fleet_column_switch

import { h, setAttribute } from "../../lib/dom.js";
import { lackingOf, sorted } from "./facts.js";
import { layoutOf } from "./layout.js";
import { QUANTITIES, SORTS } from "./quantities.js";
import { Row } from "./row.js";

/** @typedef {import("../../lib/types.js").Hass} Hass */
/** @typedef {import("../../lib/types.js").Miner} Miner */
/** @typedef {import("./choices.js").Choices} Choices */
/** @typedef {import("./row.js").Surroundings} Surroundings */

/** Rows are no more sorted than so often, so that they do not dance. */
const CALM = 30_000;

/** Below this width the heads are only read out, and cannot be reached by a key. */
export const NARROW = 754;

/** All miners, a row each. */
export class Table {
  #sortedAt = 0;
  /** @type {Row[]} in the order in which they are shown */
  #order = [];

  /**
   * @param {Miner[]} miners
   * @param {Surroundings} around
   * @param {(changed: Partial<Choices>) => void} choose
   */
  constructor(miners, around, choose) {
    this.around = around;
    this.lacking = lackingOf(miners);
    if (!around.switches || !miners.some((miner) => miner.ids["switch.throttle"])) {
      this.lacking.push("switch");
      around = { ...around, switches: false };
    }
    this.rows = miners.map((miner) => new Row(miner, around));
    this.heads = this.#makeHeads(choose);
    this.head = h("div", { class: "row head", role: "row" }, ...this.heads.values());
    this.body = h("div", { class: "rows", role: "rowgroup" }, ...this.rows.map((row) => row.element));
    this.#order = [...this.rows];
    this.element = h(
      "div",
      {
        class: "table",
        role: "table",
        "aria-label": around.say("fleet_table"),
        style: layoutOf(this.lacking),
      },
      h("div", { role: "rowgroup" }, this.head),
      this.body,
    );
    this.element.dataset.lacks = this.lacking.join(" ");
    const measured = QUANTITIES.filter(({ key }) => !this.lacking.includes(key)).length;
    for (const row of this.rows) row.note.setAttribute("aria-colspan", String(measured));
  }

  /** @param {(changed: Partial<Choices>) => void} choose */
  #makeHeads(choose) {
    const keys = ["name", "status", ...QUANTITIES.map(({ key }) => key), "spark", "switch"];
    const shown = keys.filter((key) => !this.lacking.includes(key));
    return new Map(
      shown.map((key) => {
        const words = this.around.say(`fleet_column_${key}`);
        const content =
          key in SORTS
            ? h("button", { type: "button", class: "by", onclick: () => choose(this.#chosen(key)) }, words)
            : h("span", { class: "by" }, words);
        return [key, h("div", { class: `cell ${key}`, role: "columnheader" }, content)];
      }),
    );
  }

  /** @param {string} key @returns {Partial<Choices>} */
  #chosen(key) {
    const now = this.heads.get(key)?.getAttribute("aria-sort");
    if (now === "ascending") return { sort: key, direction: "descending" };
    if (now === "descending") return { sort: key, direction: "ascending" };
    return { sort: key };
  }

  /**
   * Write what changed into the rows; return those that did.
   *
   * @param {Hass} hass
   * @param {boolean} all
   * @returns {Row[]}
   */
  paint(hass, all) {
    return this.rows.filter((row) => row.paint(hass, all));
  }

  /**
   * Bring the rows in order.
   *
   * @param {Choices} choices
   * @param {string} language
   * @param {boolean} now even if they were sorted a moment ago or somebody points at one
   */
  sort({ sort, direction }, language, now) {
    if (!now && (Date.now() - this.#sortedAt < CALM || this.body.matches(":hover, :focus-within"))) return;
    this.#sortedAt = Date.now();
    const rows = new Map(this.rows.map((row) => [row.miner.id, row]));
    const facts = this.rows.map((row) => row.facts);
    const order = sorted(facts, sort, direction, language).flatMap(({ id }) => rows.get(id) ?? []);
    if (order.some((row, place) => row !== this.#order[place]))
      this.body.append(...order.map((row) => row.element));
    this.#order = order;
    for (const [key, head] of this.heads) {
      if (key in SORTS) setAttribute(head, "aria-sort", key === sort ? direction : "none");
    }
  }

  /** @param {number} width of the card */
  fit(width) {
    const index = width && width < NARROW ? "-1" : null;
    for (const head of this.heads.values()) {
      if (head.firstElementChild instanceof HTMLButtonElement)
        setAttribute(head.firstElementChild, "tabindex", index);
    }
  }
}
