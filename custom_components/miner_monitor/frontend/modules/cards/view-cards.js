// Small cards of the views: tabs, a card that the viewer chooses, chips, and today.

import { afterPaint, MinerCard, OneMinerCard, rebuildView } from "../lib/card.js";
import { h } from "../lib/dom.js";
import { idOf, stateOf, unitOf } from "../lib/miners.js";
import { MINUTE, Poll } from "../lib/records.js";
import { format, lineOf, pairText, todayLines } from "../lib/words.js";
import { RAMP_GRADIENT, placeOf, rampColor } from "./tuning/figures.js";

/** @typedef {import("../lib/types.js").CardConfig} CardConfig */

const TABS_STYLES = `
  ha-card { background: none; border: 0; box-shadow: none; }
  nav { display: flex; flex-wrap: wrap; gap: 0 4px; border-bottom: 1px solid var(--divider-color); }
  a {
    display: inline-flex; align-items: center; min-height: 44px; padding: 0 12px; box-sizing: border-box;
    color: var(--primary-text-color); text-decoration: none; font-size: 14px; font-weight: 500;
    border-bottom: 3px solid transparent; border-radius: 6px 6px 0 0;
  }
  a:hover { background: color-mix(in srgb, var(--primary-text-color) 6%, transparent); }
  a[aria-current] { border-bottom-color: var(--primary-color); }
  a:focus-visible { outline: 2px solid var(--primary-color); outline-offset: -2px; }
  @media (max-width: 500px) { nav { gap: 0; } a { padding: 0 6px; font-size: 12.5px; } }
`;

/** Whether the tab that is shown next was chosen by a key or a click, and keeps the focus. */
let pressed = false;

/**
 * Config: `tabs`, each with its `name`, and which one is `current`. The end of the
 * address names the tab; the view is made anew when that is another one.
 */
export class MinerTabsCard extends MinerCard {
  #path = "";
  #left = false;

  static get styles() {
    return TABS_STYLES;
  }

  /** @param {CardConfig} config */
  setConfig(config) {
    if (!Array.isArray(config.tabs)) throw new Error("tabs is a list of names and tabs");
    super.setConfig(config);
    const links = config.tabs.map(({ name, tab }) =>
      h("a", { href: this.#address(tab), "aria-current": tab === config.current && "page", onclick: this.#go }, name),
    );
    this.body.replaceChildren(h("nav", {}, links));
  }

  connectedCallback() {
    super.connectedCallback();
    this.#path = location.pathname;
    this.#left = false;
    window.addEventListener("location-changed", this.#follow);
    window.addEventListener("popstate", this.#follow);
    // The view may have been left at another tab than it is opened at now.
    this.#follow();
    if (pressed) afterPaint(() => this.#takeFocus());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    window.removeEventListener("location-changed", this.#follow);
    window.removeEventListener("popstate", this.#follow);
  }

  #takeFocus() {
    // Home Assistant may move the card while it builds the view.
    if (!pressed || !this.isConnected) return;
    pressed = false;
    /** @type {HTMLElement | null} */ (this.body.querySelector("a[aria-current]"))?.focus();
  }

  /** @param {string} tab */
  #address(tab) {
    return location.pathname + (tab === this.config.tabs[0].tab ? "" : `#${tab}`);
  }

  #follow = () => {
    // Somebody is about to leave this miner.
    if (location.pathname !== this.#path || this.#left) return;
    const { tabs, current } = this.config;
    const named = tabs.find((/** @type {{tab: string}} */ { tab }) => location.hash === `#${tab}`) ?? tabs[0];
    if (named.tab === current) return;
    this.#left = true;
    rebuildView(this);
  };

  /** Go to another tab; the way back leads to where one came from, not through all tabs. */
  #go = (/** @type {MouseEvent} */ event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    const { href } = /** @type {HTMLAnchorElement} */ (event.currentTarget);
    history.replaceState(history.state, "", href);
    pressed = true;
    this.#follow();
  };
}

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

const CHOICE_STYLES = `
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
    return CHOICE_STYLES;
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

const CHIPS = "sensor.chip_temperature_min";

const CHIPS_STYLES = `
  .body { display: grid; gap: 12px; padding: 12px 16px; }
  figure { margin: 0; }
  figcaption { margin-bottom: 4px; font-size: 13px; color: var(--secondary-text-color); }
  .chips { display: grid; grid-template-columns: repeat(auto-fill, minmax(14px, 1fr)); gap: 2px; }
  .chips span { height: 18px; border-radius: 2px; }
  .legend { display: flex; align-items: center; gap: 8px; font-size: 12px; color: var(--secondary-text-color); }
  .ramp { flex: 1 1 auto; max-width: 160px; height: 8px; border-radius: 4px; }
`;

/** `{type: "custom:miner-chips-card", device_id: "..."}` */
export class MinerChipsCard extends OneMinerCard {
  static get styles() {
    return CHIPS_STYLES;
  }

  watched() {
    const id = idOf(this.miner, CHIPS);
    return id ? [id] : [];
  }

  paint() {
    const state = stateOf(this.hass, this.miner, CHIPS);
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
          h("span", { title: pairText(String(place + 1), write(value), this.say), style: { background: rampColor(placeOf(value, low, high)) } }),
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

const TODAY_STYLES = `
  dl { display: grid; grid-template-columns: 1fr auto; gap: 8px 16px; }
  dl, p { margin: 0; padding: 16px; font-size: 14px; }
  dt, p { color: var(--secondary-text-color); }
  dd { margin: 0; text-align: end; font-variant-numeric: tabular-nums; color: var(--primary-text-color); }
`;

/** `{type: "custom:miner-today-card", device_id: "..."}`: what a miner did today, and what it cost. */
export class MinerTodayCard extends MinerCard {
  /** @type {[string, string][] | null} names and values; null until they are read */
  #lines = null;
  polls = [
    new Poll(
      () => this.#read(),
      (outcome) => {
        this.#lines = "value" in outcome ? outcome.value : (this.#lines ?? []);
        this.ask();
      },
      { every: 5 * MINUTE, retry: MINUTE },
    ),
  ];

  static get styles() {
    return TODAY_STYLES;
  }

  async #read() {
    const target = { device_id: this.config.device_id };
    const { response } = await this.hass.callService("miner_monitor", "miner_report", { today: true }, target, false, true);
    const report = response?.miners?.[0] ?? {};
    const localize = await this.hass.loadBackendTranslation("common", "miner_monitor");
    const found = Object.keys(report.days?.findings ?? {}).map(
      (kind) => localize(`component.miner_monitor.common.report_finding_${kind}`) || kind,
    );
    const lines = todayLines(report, this.hass.locale, this.say);
    return found.length ? [...lines, lineOf(this.say("today_findings"), found.join(", "))] : lines;
  }

  paint() {
    if (!this.#lines) return;
    const lines = this.#lines.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
    this.body.replaceChildren(lines.length ? h("dl", {}, lines) : h("p", {}, this.say("today_nothing")));
  }
}
