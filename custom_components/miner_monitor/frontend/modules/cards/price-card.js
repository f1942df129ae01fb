// What power costs around now: prices and what is cheap, what ran, and what will run.

import { MinerCard } from "../lib/card.js";
import { CHART_STYLES, chartFrame, linear, linePath, MARGIN, time } from "../lib/chart.js";
import { h, s, showMore } from "../lib/dom.js";
import { findMiners, idOf, says, stateOf, unitOf } from "../lib/miners.js";
import { HOUR, MINUTE, Poll, readStates, readStatistics, stateAt } from "../lib/records.js";
import { clock, format, pairText, tickText, zoneOf } from "../lib/words.js";
import { monthText, sharesOf, watts } from "./power-card.js";

// @says price_cheap price_cheap_until price_expensive price_expensive_until price_ran

/** @typedef {import("../lib/types.js").HassState} HassState */
/** @typedef {import("../lib/records.js").Point} Point */
/** @typedef {import("../lib/records.js").Row} Row */

/** How much of the past and of the future is shown. */
export const PAST = 12 * HOUR;
export const FUTURE = 24 * HOUR;

const CHEAP = "binary_sensor.cheap_power";
const PRICE = "sensor.electricity_price";
const POWER = "sensor.power";
const RUN_WHEN = "select.run_when";
const DRY_RUN = "switch.dry_run";
const COST = "sensor.cost_today";
const OWN = "own_automations";

/** So many miners are named; of more, the number. */
const NAMED = 3;

const HEIGHT = 200;
/** Of the lane beneath the prices, which shows what ran and will run. */
const LANE = 30;
const NARROWEST = 300;
const PADDING = 16;

/**
 * @typedef {object} Slot
 * @property {number} start in ms since the epoch
 * @property {number} end
 * @property {number} price
 * @property {boolean | null} cheap null where nobody knows
 */

/**
 * Return the slots of a time, the plan's where it knows them and else what was recorded.
 *
 * @param {unknown} plan as the entity's attribute has it
 * @param {Point[] | undefined} prices the states of the price until now
 * @param {Point[] | undefined} cheap those of what is cheap
 * @param {number} from in ms
 * @param {number} to
 * @param {number} now
 * @returns {Slot[]}
 */
export function slotsOf(plan, prices, cheap, from, to, now) {
  const planned = (Array.isArray(plan) ? plan : []).map(plannedSlot).filter((slot) => slot !== null);
  const begin = planned[0]?.start ?? now;
  const recorded = (prices ?? []).map((point, i) => ({
    start: Math.max(from, point.time),
    end: Math.min(begin, prices?.[i + 1]?.time ?? now),
    price: point.state.trim() === "" ? NaN : Number(point.state),
    cheap: { on: true, off: false }[stateAt(cheap, Math.max(from, point.time)) ?? ""] ?? null,
  }));
  return [...recorded, ...planned]
    .map((slot) => ({ ...slot, start: Math.max(from, slot.start), end: Math.min(to, slot.end) }))
    .filter(({ start, end, price }) => start < end && Number.isFinite(price));
}

/**
 * @param {any} raw
 * @returns {Slot | null}
 */
function plannedSlot(raw) {
  const [start, end] = [Date.parse(raw?.start), Date.parse(raw?.end)];
  if (!(start < end) || typeof raw.price !== "number") return null;
  return { start, end, price: raw.price, cheap: typeof raw.cheap === "boolean" ? raw.cheap : null };
}

/**
 * Return from when to when power is cheap, neighbours joined.
 *
 * @param {Slot[]} slots in order of time
 * @returns {[number, number][]}
 */
export function cheapSpans(slots) {
  /** @type {[number, number][]} */
  const spans = [];
  for (const { start, end, cheap } of slots) {
    const last = spans.at(-1);
    if (!cheap) continue;
    if (last && last[1] === start) last[1] = end;
    else spans.push([start, end]);
  }
  return spans;
}

/** @typedef {import("./power-card.js").Share} Share */
/** @typedef {{prices: Point[] | undefined, cheap: Point[] | undefined, power: Row[]}} Past */

/** Prices, what was cheap, and what ran. Hidden while nothing is known of prices. */
export class MinerPriceCard extends MinerCard {
  /** @type {Past} */
  #past = { prices: undefined, cheap: undefined, power: [] };
  /** @type {import("../lib/types.js").Miner | undefined} */
  #fleet;
  // A list that is made anew while it is open would close.
  #list = /** @type {HTMLSelectElement} */ (h("select", { onchange: () => this.#choose(this.#list.value) }));
  #label = h("span", {});
  #decision = h("span", { class: "why" });
  #end = h("button", { type: "button", class: "end", onclick: () => this.#act("switch", "turn_off", DRY_RUN) });
  #when = h("div", { class: "when" }, h("label", {}, this.#label, this.#list), this.#decision, this.#end);
  #view = h("div", {});
  #listed = "";

  static get styles() {
    return `
      ${CHART_STYLES}
      .body { padding: ${PADDING}px; }
      header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 16px; margin-bottom: 4px; }
      h2 { margin: 0; font-size: 16px; font-weight: 500; }
      button { border: 0; padding: 4px 0; background: none; color: inherit; font: inherit; cursor: pointer; }
      button:hover { text-decoration: underline; }
      button:focus-visible { outline: 2px solid var(--primary-color); outline-offset: 2px; }
      .month { margin-top: 6px; text-align: start; }
      .when { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; margin-top: 6px; }
      .when[hidden] { display: none; }
      label { display: inline-flex; align-items: center; gap: 8px; color: var(--secondary-text-color); }
      select {
        min-height: 36px; padding: 0 8px; border: 1px solid var(--divider-color); border-radius: 6px; font: inherit;
        background: var(--card-background-color); color: var(--primary-text-color);
      }
      select:focus-visible { outline: 2px solid var(--primary-color); outline-offset: 2px; }
      button.end { min-height: 36px; padding: 0 12px; border: 1px solid var(--primary-color); border-radius: 18px; color: var(--primary-color); }
      .why { color: var(--secondary-text-color); }
      .slot { fill: var(--disabled-color, #9e9e9e); }
      .slot.cheap { fill: var(--success-color, #43a047); }
      .past { opacity: 0.5; }
      .now { stroke: var(--primary-text-color); stroke-width: 1.5; }
      .ran { fill: var(--primary-color); opacity: 0.7; }
      .will { fill: var(--primary-color); opacity: 0.25; }
      .legend { display: flex; flex-wrap: wrap; gap: 2px 16px; color: var(--secondary-text-color); font-size: 12px; }
      .legend span::before {
        content: ""; display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-inline-end: 6px;
        background: var(--kind);
      }
    `;
  }

  constructor() {
    super();
    this.body.append(this.#view, this.#when);
    this.polls = [
      new Poll(() => this.#read(), (outcome) => this.#take(outcome), { every: 5 * MINUTE, retry: MINUTE }),
    ];
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
    return [CHEAP, PRICE, POWER, RUN_WHEN, COST].map((key) => idOf(this.#fleet, key) ?? "");
  }

  /** @override */
  tick() {
    this.ask();
  }

  /** @returns {Promise<Past>} */
  async #read() {
    const since = Date.now() - PAST;
    const [price, cheap, power] = [PRICE, CHEAP, POWER].map((key) => idOf(this.#fleet, key) ?? "");
    const known = [price, cheap].filter((id) => id !== "" && id !== undefined);
    const [states, rows] = await Promise.all([
      readStates(this.hass, /** @type {string[]} */ (known), since),
      readStatistics(this.hass, power ? [power] : [], since, "5minute", ["mean"]),
    ]);
    return { prices: states[price ?? ""], cheap: states[cheap ?? ""], power: rows[power ?? ""] ?? [] };
  }

  /** @param {{value: Past} | {error: unknown}} outcome */
  #take(outcome) {
    if (!("value" in outcome)) return;
    this.#past = outcome.value;
    this.ask();
  }

  /** @override */
  paint() {
    const now = Date.now();
    const cheap = stateOf(this.hass, this.#fleet, CHEAP);
    const { prices, cheap: wasCheap } = this.#past;
    const slots = slotsOf(cheap?.attributes.plan, prices, wasCheap, now - PAST, now + FUTURE, now);
    this.#paintWhen();
    this.#view.replaceChildren(
      this.#head(cheap, now),
      slots.length ? this.#chart(slots, now) : h("p", { class: "why" }, this.say("price_none")),
      h(
        "div",
        { class: "legend" },
        [
          ["price_cheap", "var(--success-color, #43a047)"],
          ["price_expensive", "var(--disabled-color, #9e9e9e)"],
          ...(this.#past.power.length ? [["price_ran", "var(--primary-color)"]] : []),
        ].map(([key, color]) => h("span", { style: { "--kind": color } }, this.say(key ?? ""))),
      ),
      ...[this.#month()].filter((part) => part !== undefined),
    );
  }

  /** @param {string} option */
  #choose(option) {
    void this.#act("select", "select_option", RUN_WHEN, { option });
  }

  /**
   * @param {string} domain
   * @param {string} action
   * @param {string} key of the entity
   * @param {Record<string, any>} [data]
   */
  async #act(domain, action, key, data) {
    try {
      await this.hass.callService(domain, action, { entity_id: idOf(this.#fleet, key), ...data });
    } catch {
      // Home Assistant says what is wrong; the list shows again what holds.
      this.#listed = "";
      this.ask();
    }
  }

  /** Show by what miners run, what that comes to now, and that it is only shown. */
  #paintWhen() {
    const runs = stateOf(this.hass, this.#fleet, RUN_WHEN);
    this.#when.hidden = !says(runs);
    if (!says(runs)) return;
    const { options, dry_run: dry, would_change: would } = runs.attributes;
    const listed = JSON.stringify([options, runs.state, this.hass.language]);
    if (this.#listed !== listed) {
      this.#listed = listed;
      this.#label.textContent = this.say("price_run_when");
      this.#end.textContent = this.say("price_dry_end");
      this.#list.replaceChildren(
        ...(Array.isArray(options) ? options : []).map((option) =>
          h("option", { value: option, selected: option === runs.state }, this.hass.formatEntityState(runs, option)),
        ),
      );
    }
    const decides = runs.state !== OWN;
    this.#end.hidden = !decides || dry !== true;
    this.#decision.textContent = decides ? this.#decided(runs, dry === true, sharesOf(would)) : "";
  }

  /**
   * @param {HassState} runs
   * @param {boolean} dry
   * @param {Share[]} would
   */
  #decided(runs, dry, would) {
    const decision = this.hass.formatEntityAttributeValue(runs, "decision");
    if (!dry) return decision;
    if (!would.length) return this.say("price_dry", { decision });
    const each = would.slice(0, NAMED).map(({ name, power }) => {
      const text = watts(power, this.hass);
      return text ? this.say("price_dry_each", { name, power: text }) : name;
    });
    const names = each.join(", ");
    const more = would.length - NAMED;
    return this.say("price_dry_would", {
      decision,
      names: more > 0 ? this.say("price_dry_more", { names, count: more }) : names,
    });
  }

  #month() {
    const cost = stateOf(this.hass, this.#fleet, COST);
    const text = monthText(cost?.attributes, this.hass, this.say);
    if (!cost || !text) return undefined;
    return h("button", { type: "button", class: "month", onclick: () => showMore(this, cost.entity_id) }, text);
  }

  /**
   * @param {HassState | undefined} cheap
   * @param {number} now
   */
  #head(cheap, now) {
    const price = stateOf(this.hass, this.#fleet, PRICE);
    const change = Date.parse(cheap?.attributes.next_change ?? "");
    const known = cheap?.state === "on" || cheap?.state === "off";
    const [until, plain] = cheap?.state === "on" ? ["price_cheap_until", "price_cheap"] : ["price_expensive_until", "price_expensive"];
    const verdict = change > now ? this.say(until ?? "", { time: clock(change, now, this.hass) }) : this.say(plain ?? "");
    return h(
      "header",
      {},
      h("h2", {}, this.say("price_title")),
      says(price) &&
        h("button", { type: "button", onclick: () => showMore(this, price.entity_id) }, this.hass.formatEntityState(price)),
      known && h("span", {}, verdict),
    );
  }

  /**
   * @param {Slot[]} slots
   * @param {number} now
   */
  #chart(slots, now) {
    const { locale } = this.hass;
    const width = Math.max(NARROWEST, this.width - 2 * PADDING - 2);
    const floor = HEIGHT - MARGIN.bottom;
    const from = now - PAST;
    const x = time(from, now + FUTURE, MARGIN.left, width - MARGIN.right, width < 500 ? 4 : 9, zoneOf(this.hass));
    const y = linear([0, ...slots.map(({ price }) => price)], floor - LANE - 6, MARGIN.top, 4);
    const price = stateOf(this.hass, this.#fleet, PRICE);
    const unit = unitOf(price);
    const frame = chartFrame({
      width,
      height: HEIGHT,
      x: { scale: x, label: "", text: (tick) => tickText(tick, this.hass) },
      y: { scale: y, label: unit },
      title: this.say("price_title"),
      locale,
    });
    frame.append(
      ...slots.map((slot) => this.#bar(slot, x, y, now, unit)),
      ...this.#lane(slots, x, floor, now),
      s("line", { class: "now", x1: x.at(now), x2: x.at(now), y1: MARGIN.top, y2: floor }),
    );
    return frame;
  }

  /**
   * @param {Slot} slot
   * @param {import("../lib/chart.js").Scale} x
   * @param {import("../lib/chart.js").Scale} y
   * @param {number} now
   * @param {string} unit
   */
  #bar({ start, end, price, cheap }, x, y, now, unit) {
    const [top, foot] = [y.at(Math.max(0, price)), y.at(Math.min(0, price))];
    const kind = cheap === null ? "" : `, ${this.say(cheap ? "price_cheap" : "price_expensive")}`;
    const at = [start, end].map((moment) => clock(moment, now, this.hass)).join("–");
    const width = Math.max(0.5, x.at(end) - x.at(start) - 0.5);
    return s(
      "rect",
      {
        class: ["slot", cheap && "cheap", end <= now && "past"].filter(Boolean).join(" "),
        x: x.at(start).toFixed(1),
        y: top.toFixed(1),
        width: width.toFixed(1),
        height: Math.max(1, foot - top).toFixed(1),
      },
      s("title", {}, pairText(at, `${format(price, 3, this.hass.locale)} ${unit}${kind}`, this.say)),
    );
  }

  /**
   * Draw what ran, and, where cheap power decides, what will run.
   *
   * @param {Slot[]} slots
   * @param {import("../lib/chart.js").Scale} x
   * @param {number} floor
   * @param {number} now
   */
  #lane(slots, x, floor, now) {
    const rows = this.#past.power.filter(({ mean, start }) => typeof mean === "number" && start >= now - PAST);
    const most = Math.max(1, ...rows.map(({ mean }) => mean ?? 0));
    const ran = rows.map(({ start, end, mean }) => {
      const top = floor - ((mean ?? 0) / most) * LANE;
      return linePath([[x.at(start), floor], [x.at(start), top], [x.at(end), top], [x.at(end), floor]]);
    });
    const runs = stateOf(this.hass, this.#fleet, RUN_WHEN);
    const decides = runs?.state === "cheap_power" && runs.attributes.dry_run !== true;
    const will = decides ? cheapSpans(slots).filter(([, end]) => end > now) : [];
    return [
      s("path", { class: "ran", d: ran.join("") }),
      ...will.map(([start, end]) => {
        const begin = x.at(Math.max(now, start));
        return s("rect", { class: "will", x: begin, y: floor - LANE, width: x.at(end) - begin, height: LANE });
      }),
    ];
  }
}
