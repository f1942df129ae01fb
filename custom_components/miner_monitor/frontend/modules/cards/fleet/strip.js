// The strip above the rows: what today took, how they are sorted, the length of spark lines.

// @says fleet_column_chip_temperature fleet_column_efficiency fleet_column_hash_rate
// @says fleet_column_name fleet_column_power fleet_column_ratio fleet_column_shares
// @says fleet_column_status fleet_hours_1 fleet_hours_24 fleet_direction_ascending
// @says fleet_direction_descending

import { h, setAttribute, setText } from "../../lib/dom.js";
import { format } from "../../lib/numbers.js";
import { SORTS } from "./quantities.js";

/** @typedef {import("./choices.js").Choices} Choices */
/** @typedef {import("./reads.js").Today} Today */
/** @typedef {import("../../lib/types.js").Say} Say */
/** @typedef {import("../../lib/types.js").Locale} Locale */

const HOURS = /** @type {const} */ ([1, 24]);

/** The strip. */
export class Strip {
  /**
   * @param {Say} say
   * @param {string[] | null} lacking quantities that cannot be sorted by; null if there is nothing to sort
   * @param {(changed: Partial<Choices>) => void} choose
   */
  constructor(say, lacking, choose) {
    this.say = say;
    this.today = h("div", { class: "today" });
    this.trouble = h("div", { class: "trouble", role: "status" });
    const keys = Object.keys(SORTS).filter((key) => !lacking?.includes(key));
    this.select = h(
      "select",
      { class: "sort", "aria-label": say("fleet_sort"), onchange: () => choose({ sort: this.select.value }) },
      ...keys.map((key) => h("option", { value: key }, say(`fleet_column_${key}`))),
    );
    this.direction = h("button", {
      type: "button",
      class: "direction",
      onclick: () => choose({ direction: this.#other() }),
    });
    this.ranges = HOURS.map((hours) =>
      h(
        "button",
        { type: "button", class: "range", "data-hours": hours, onclick: () => choose({ hours }) },
        say(`fleet_hours_${hours}`),
      ),
    );
    this.element = h(
      "div",
      { class: "strip" },
      this.today,
      h(
        "div",
        { class: "controls" },
        h(
          "span",
          { class: "sorting", hidden: lacking === null },
          h("span", { "aria-hidden": "true" }, say("fleet_sort")),
          this.select,
          this.direction,
        ),
        h("span", { class: "ranges", role: "group", "aria-label": say("fleet_range") }, ...this.ranges),
      ),
      this.trouble,
    );
  }

  /** @returns {Choices["direction"]} */
  #other() {
    return this.direction.dataset.direction === "descending" ? "ascending" : "descending";
  }

  /** @param {Choices} choices */
  showChoices({ sort, direction, hours }) {
    if (this.select.value !== sort) this.select.value = sort;
    this.direction.dataset.direction = direction;
    setText(this.direction, direction === "descending" ? "▼" : "▲");
    setAttribute(this.direction, "aria-label", this.say(`fleet_direction_${direction}`));
    setAttribute(this.direction, "title", this.say(`fleet_direction_${direction}`));
    for (const button of this.ranges) {
      setAttribute(button, "aria-pressed", String(button.dataset.hours === String(hours)));
    }
  }

  /** @param {Today | null} today @param {Locale} locale */
  showToday(today, locale) {
    setText(this.today, todayText(today, locale, this.say));
  }

  /** @param {string} text */
  showTrouble(text) {
    setText(this.trouble, text);
  }
}

/**
 * Tell what today took; what is not known is left out.
 *
 * @param {Today | null} today
 * @param {Locale} locale
 * @param {Say} say
 * @returns {string}
 */
export function todayText(today, locale, say) {
  if (!today) return "";
  const { energy, wall, cost, currency } = today;
  /** @param {number} value */
  const kwh = (value) => `${format(value, value < 100 ? 2 : 1, locale)} kWh`;
  const parts = [];
  if (energy !== null) parts.push(kwh(energy));
  if (wall !== null) parts.push(say("fleet_at_wall", { energy: kwh(wall) }));
  if (cost !== null) parts.push(money(cost, currency, locale));
  return parts.length ? say("fleet_today", { figures: parts.join(" · ") }) : "";
}

/**
 * @param {number} value
 * @param {string} currency
 * @param {Locale} locale
 * @returns {string}
 */
function money(value, currency, locale) {
  if (/^[A-Z]{3}$/.test(currency)) {
    return new Intl.NumberFormat(locale.language, { style: "currency", currency }).format(value);
  }
  return `${format(value, 2, locale)} ${currency}`.trim();
}
