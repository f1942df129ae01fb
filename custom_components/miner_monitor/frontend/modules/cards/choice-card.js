// A built-in card of which the viewer chooses what it shows, or whether it is open.

import { MinerCard } from "../lib/card.js";
import { h } from "../lib/dom.js";

/** @typedef {import("../lib/types.js").CardConfig} CardConfig */

/**
 * @typedef {object} Option
 * @property {string} label
 * @property {string} [key] what it is remembered by, where labels may be alike
 * @property {Record<string, any>} values what it adds to the card's configuration
 */

/**
 * @typedef {object} Select
 * @property {string} label
 * @property {Option[]} options
 * @property {number} [first] the one that is chosen at first
 */

const MEMORY = "miner-monitor-choice-";

const STYLES = `
  .choices { display: flex; flex-wrap: wrap; gap: 8px 16px; padding: 12px 16px 0; }
  label { display: inline-flex; align-items: center; gap: 8px; color: var(--secondary-text-color); font-size: 14px; }
  select {
    min-height: 36px; max-width: min(60vw, 320px); padding: 4px 8px; border-radius: 8px;
    border: 1px solid var(--divider-color); font: inherit;
    background: var(--card-background-color); color: var(--primary-text-color);
  }
  summary {
    display: flex; align-items: center; gap: 8px; min-height: 48px; padding: 0 16px; cursor: pointer;
    font-size: 16px; font-weight: 500; color: var(--primary-text-color); list-style: none;
  }
  summary::after { content: "\\25be"; margin-inline-start: auto; color: var(--secondary-text-color); }
  details[open] > summary::after { content: "\\25b4"; }
  summary:focus-visible, select:focus-visible { outline: 2px solid var(--primary-color); outline-offset: 2px; }
  .held { --ha-card-border-width: 0; --ha-card-box-shadow: none; --ha-card-background: none; }
`;

/**
 * Config: `card`, a card's configuration; `selects`, each of which adds the values of
 * the option that is chosen; or `fold`, with `title`, so that it is closed at first.
 * With an `id` the choice is kept in the browser.
 */
export class MinerChoiceCard extends MinerCard {
  static get styles() {
    return STYLES;
  }

  constructor() {
    super();
    /** @type {number[]} */
    this.chosen = [];
    /** @type {any} */
    this.held = undefined;
    this.place = h("div", { class: "held" });
  }

  /** @param {CardConfig} config */
  setConfig(config) {
    if (typeof config.card?.type !== "string") throw new Error("Tell which card to show: card");
    const selects = /** @type {Select[]} */ (config.selects ?? []);
    const kept = recall(config.id);
    this.chosen = selects.map(({ options, first = 0 }, i) => {
      const found = options.findIndex((option) => keyOf(option) === kept[i]);
      return found < 0 ? Math.min(first, options.length - 1) : found;
    });
    super.setConfig(config);
    this.#build();
  }

  // What is inside takes every change itself.
  /** @param {import("../lib/types.js").Hass} hass */
  set hass(hass) {
    super.hass = hass;
    if (this.held) this.held.hass = hass;
  }

  get hass() {
    return super.hass;
  }

  #build() {
    const selects = /** @type {Select[]} */ (this.config.selects ?? []);
    const choices = selects.map((select, i) => this.#select(select, i));
    if (this.config.fold) {
      const details = h("details", {}, h("summary", {}, this.config.title ?? ""), this.place);
      details.addEventListener("toggle", () => details.open && !this.held && this.#hold());
      this.body.replaceChildren(details);
    } else {
      this.body.replaceChildren(h("div", { class: "choices" }, choices), this.place);
      this.#hold();
    }
  }

  /** @param {Select} select @param {number} index */
  #select({ label, options }, index) {
    const chosen = this.chosen[index];
    const list = h(
      "select",
      { "aria-label": label },
      options.map((option, i) => h("option", { value: i, selected: i === chosen }, option.label)),
    );
    list.addEventListener("change", () => {
      this.chosen[index] = Number(list.value);
      this.#remember();
      this.#hold();
    });
    return h("label", {}, label, list);
  }

  /** Make the card that is asked for, in place of the one before. */
  async #hold() {
    const selects = /** @type {Select[]} */ (this.config.selects ?? []);
    const values = selects.map(({ options }, i) => options[this.chosen[i] ?? 0]?.values);
    const config = Object.assign({}, this.config.card, ...values);
    const helpers = await /** @type {any} */ (window).loadCardHelpers();
    const held = helpers.createCardElement(config);
    held.hass = this.hass;
    held.addEventListener("ll-rebuild", (/** @type {Event} */ event) => {
      event.stopPropagation();
      this.#hold();
    });
    this.held = held;
    this.place.replaceChildren(held);
  }

  #remember() {
    if (!this.config.id) return;
    const selects = /** @type {Select[]} */ (this.config.selects ?? []);
    const keys = selects.map(({ options }, i) => keyOf(options[this.chosen[i] ?? 0]));
    try {
      localStorage.setItem(MEMORY + this.config.id, JSON.stringify(keys));
    } catch {
      // A browser that keeps nothing shows the first choice the next time.
    }
  }

  static getStubConfig() {
    return { card: { type: "markdown", content: "" }, fold: true, title: "Details" };
  }

  /** @override @returns {{columns: number | "full", min_columns?: number}} */
  getGridOptions() {
    return { columns: "full" };
  }
}

/** @param {Option | undefined} option */
function keyOf(option) {
  return option?.key ?? option?.label;
}

/** @param {string | undefined} id @returns {unknown[]} */
function recall(id) {
  try {
    const kept = id ? JSON.parse(localStorage.getItem(MEMORY + id) ?? "[]") : [];
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}
