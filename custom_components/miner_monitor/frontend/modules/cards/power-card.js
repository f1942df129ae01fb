// What power cost, and who was dealt which part of the power target of all miners.

import { MinerCard } from "../lib/card.js";
import { h } from "../lib/dom.js";
import { findMiners, idOf, says, stateOf } from "../lib/miners.js";
import { clock, format, money, telling } from "../lib/words.js";

// @says price_month_less price_month_more
// @says limit_offline limit_held limit_by_hand limit_save_power limit_stopped limit_temporary_profile
// @says limit_overheat_protection limit_unknown_power limit_minimum_run limit_minimum_pause
// @says limit_changed_recently limit_target power_target_set power_target_none
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

/** @param {unknown} power @param {Hass} hass */
export function watts(power, { locale }) {
  return typeof power === "number" ? `${format(power, power < 100 ? 1 : 0, locale)} W` : "";
}

/** What power cost and what is expected for it, and who was dealt which part of the power target. */
export class MinerPowerCard extends MinerCard {
  /** @type {import("../lib/miners.js").Found} */
  #found = { miners: [], fleet: undefined };

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
    `;
  }

  /** @returns {any} */
  static getConfigForm() {
    return { schema: [] };
  }

  /** @override */
  prepared() {
    this.#found = findMiners(this.hass);
  }

  /** @override */
  watched() {
    const { fleet, miners } = this.#found;
    const all = [COST, PROFIT, REVENUE, TARGET].map((key) => idOf(fleet, key) ?? "");
    return [...all, ...miners.map((miner) => idOf(miner, TARGET) ?? "")];
  }

  /** @override */
  tick() {
    this.ask();
  }

  /** @override */
  paint() {
    const cost = stateOf(this.hass, this.#found.fleet, COST);
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
    const profit = stateOf(this.hass, this.#found.fleet, PROFIT);
    const revenue = stateOf(this.hass, this.#found.fleet, REVENUE);
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
    const { fleet, miners } = this.#found;
    const target = stateOf(this.hass, fleet, TARGET);
    if (!says(target)) return [];
    const { set, expected, shares } = target.attributes;
    const dealt = sharesOf(shares);
    const now = Date.now();
    const values = { target: watts(Number(target.state), this.hass), expected: watts(expected, this.hass) };
    const key = set ? "power_target_set" : "power_target_none";
    const rows = miners
      .map((miner) => ({ name: miner.name, state: stateOf(this.hass, miner, TARGET) }))
      .filter(({ state }) => state !== undefined)
      .map(({ name, state }) => {
        const share = dealt.find((one) => one.name === name);
        return [name, watts(share?.power, this.hass), limitText(share, now, this.hass, this.say), this.#steps(state)];
      });
    const heads = ["power_miner", "power_share", "power_limit", "power_steps"].map((head) => this.say(head));
    return [
      h("p", {}, this.say(key, values)),
      h(
        "div",
        { class: "scroll" },
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
          h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, cell))))),
        ),
      ),
    ];
  }

  /** @param {HassState | undefined} state */
  #steps(state) {
    const steps = Array.isArray(state?.attributes.steps) ? state.attributes.steps : [];
    const known = steps.filter((step) => typeof step?.power === "number");
    return known.map(({ power }) => watts(power, this.hass)).join(" · ");
  }
}
