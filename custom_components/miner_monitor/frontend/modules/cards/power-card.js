// What power cost, and who was dealt which part of the power target of all miners.

import { MinerCard } from "../lib/card.js";
import { h } from "../lib/dom.js";
import { findMiners, idOf, says, stateOf } from "../lib/miners.js";
import { clock, format, money, telling } from "../lib/words.js";

// @says price_month_less price_month_more
// @says limit_offline limit_held limit_by_hand limit_save_power limit_stopped limit_temporary_profile
// @says limit_overheat_protection limit_unknown_power limit_minimum_run limit_minimum_pause
// @says limit_changed_recently limit_flash_writes limit_target power_target_set power_target_none power_target_limited
// @says power_miner power_share power_limit power_steps

/** @typedef {import("../lib/types.js").Hass} Hass */
/** @typedef {import("../lib/types.js").HassState} HassState */

const COST = "sensor.cost_today";
const PROFIT = "sensor.profit_today";
const REVENUE = "sensor.expected_revenue_value";
const TARGET = "number.power_target";

const PADDING = 16;

/** What is less than this of money is not worth a word. */
const TOLD = 0.005;

/**
 * Tell what the month took, how much of it was cheap, and what that saved.
 *
 * @param {Record<string, any> | undefined} attributes of the cost of all miners
 * @param {Pick<Hass, "locale" | "config">} hass
 * @param {import("../lib/types.js").Say} say
 * @returns {string} empty where no cost is known
 */
export function monthText(attributes, { locale, config }, say) {
  const { month_energy: energy, month_cost: cost, month_cheap: cheap, month_saving: saving } = attributes ?? {};
  if (typeof energy !== "number" || typeof cost !== "number") return "";
  const parts = [`${telling(energy, locale)} kWh`];
  if (typeof cheap === "number") parts.push(say("price_month_cheap", { part: format(cheap, 0, locale) }));
  if (typeof saving === "number" && Math.abs(saving) >= TOLD) {
    const key = saving > 0 ? "price_month_less" : "price_month_more";
    parts.push(say(key, { cost: money(Math.abs(saving), config.currency, locale) }));
  }
  return say("price_month", { figures: parts.join(", ") });
}

/**
 * @typedef {object} Share What a miner gets of the watts for all, and why not more.
 * @property {string} name
 * @property {number | null} power in W
 * @property {string | null} limit
 * @property {string | null} until
 * @property {number[]} [steps] in W, that it could run
 */

/**
 * @param {unknown} raw as the entity's attribute has it
 * @returns {Share[]}
 */
export function sharesOf(raw) {
  return (Array.isArray(raw) ? raw : []).filter((share) => typeof share?.name === "string");
}

/**
 * Tell why a miner gets no more; empty where nothing limits it.
 *
 * @param {Share | undefined} share
 * @param {number} now
 * @param {Pick<Hass, "locale" | "config">} hass
 * @param {import("../lib/types.js").Say} say
 */
export function limitText(share, now, hass, say) {
  if (!share?.limit) return "";
  const what = say(`limit_${share.limit}`);
  const until = Date.parse(share.until ?? "");
  return until > now ? say("limit_until", { what, time: clock(until, now, hass) }) : what;
}

/** @param {number} power in W @param {Pick<Hass, "locale">} hass */
function digits(power, { locale }) {
  return format(power, power < 100 ? 1 : 0, locale);
}

/** @param {unknown} power in W @param {Pick<Hass, "locale">} hass */
export function watts(power, hass) {
  return typeof power === "number" ? `${digits(power, hass)} W` : "";
}

/** What power cost and what is expected for it, and who was dealt which part of the power target. */
export class MinerPowerCard extends MinerCard {
  /** @type {import("../lib/types.js").Miner | undefined} */
  #fleet;

  static get styles() {
    return `
      .body { padding: ${PADDING}px; }
      h2 { margin: 0 0 8px; font-size: 16px; font-weight: 500; }
      p { margin: 8px 0 0; }
      dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 0; }
      dt { color: var(--secondary-text-color); }
      dd { margin: 0; }
      .scroll { overflow-x: auto; margin-top: 8px; }
      table { border-collapse: collapse; }
      th { color: var(--secondary-text-color); font-weight: 400; }
      th, td { padding: 4px 16px 4px 0; text-align: start; vertical-align: top; }
      td:nth-child(2) { white-space: nowrap; }
      @media (max-width: 600px) {
        table, tbody { display: block; }
        thead { display: none; }
        tr { display: grid; grid-template-columns: 1fr max-content; padding: 6px 0; border-top: 1px solid var(--divider-color); }
        td { padding: 0; }
        td:nth-child(n + 3) { grid-column: 1 / -1; color: var(--secondary-text-color); font-size: 13px; }
        td:empty { display: none; }
      }
    `;
  }

  /** @returns {any} */
  static getConfigForm() {
    return { schema: [] };
  }

  /** @override */
  prepared() {
    this.#fleet = findMiners(this.hass).fleet;
  }

  /** @override */
  watched() {
    return [COST, PROFIT, REVENUE, TARGET].map((key) => idOf(this.#fleet, key) ?? "");
  }

  /** @override */
  tick() {
    this.ask();
  }

  /** @override */
  paint() {
    const cost = stateOf(this.hass, this.#fleet, COST);
    const lines = this.#lines(cost).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
    const month = monthText(cost?.attributes, this.hass, this.say);
    this.body.replaceChildren(
      ...[
        h("h2", {}, this.say("power_title")),
        lines.length ? h("dl", {}, lines) : undefined,
        month ? h("p", {}, month) : undefined,
        ...this.#target(),
      ].filter((part) => part !== undefined),
    );
  }

  /**
   * @param {HassState | undefined} cost
   * @returns {[string, string][]} what is known, with its name
   */
  #lines(cost) {
    const { locale, config } = this.hass;
    const profit = stateOf(this.hass, this.#fleet, PROFIT);
    const revenue = stateOf(this.hass, this.#fleet, REVENUE);
    /** @param {unknown} value */
    const amount = (value) => (typeof value === "number" ? money(value, config.currency, locale) : "");
    /** @type {[string, string][]} */
    const lines = [
      [this.say("power_cost_today"), says(cost) ? amount(Number(cost.state)) : ""],
      [this.say("power_cost_month"), amount(cost?.attributes.month_cost)],
      [this.say("power_revenue_day"), says(revenue) ? amount(Number(revenue.state)) : ""],
      [this.say("power_revenue_today"), amount(profit?.attributes.revenue)],
      [this.say("power_revenue_month"), amount(profit?.attributes.month_revenue)],
    ];
    return lines.filter(([, value]) => value);
  }

  /** @returns {HTMLElement[]} the target, and a row per miner */
  #target() {
    const target = stateOf(this.hass, this.#fleet, TARGET);
    if (!says(target)) return [];
    const { set, expected, shares } = target.attributes;
    const now = Date.now();
    const values = { target: watts(Number(target.state), this.hass), expected: watts(expected, this.hass) };
    const rows = sharesOf(shares).map((share) => [
      share.name,
      watts(share.power, this.hass),
      limitText(share, now, this.hass, this.say),
      this.#steps(share),
    ]);
    // Without a target it is Run when that deals.
    const key = set ? "power_target_set" : rows.length && values.expected ? "power_target_limited" : "power_target_none";
    /** @param {string} _ @param {number} column */
    const shown = (_, column) => rows.some((cells) => cells[column]);
    const heads = ["power_miner", "power_share", "power_limit", "power_steps"].map((head) => this.say(head));
    const line = h("p", {}, this.say(key, values));
    if (!rows.length) return [line];
    return [
      line,
      h(
        "div",
        { class: "scroll" },
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, heads.filter(shown).map((head) => h("th", { scope: "col" }, head)))),
          h("tbody", {}, rows.map((cells) => h("tr", {}, cells.filter(shown).map((cell) => h("td", {}, cell))))),
        ),
      ),
    ];
  }

  /** @param {Share} share @returns {string} its steps with one unit for all of them */
  #steps({ steps }) {
    const known = Array.isArray(steps) ? steps.filter((power) => typeof power === "number") : [];
    if (!known.length) return "";
    return `${known.map((power) => digits(power, this.hass)).join(" · ")} W`;
  }
}
