// Tiles for people's own dashboards: a miner, and a large count in its short form.

// @says option_device_id option_entity option_name

import { MinerCard, OneMinerCard, SaveSwitch, TOGGLE_STYLES } from "../lib/card.js";
import { glyph, h, setAttribute, setGlyph, setText, showMore } from "../lib/dom.js";
import { findMiners, idOf, linkTo, numberOf, stateOf, unitOf } from "../lib/miners.js";
import {
  findingsOf,
  heldText,
  readingText,
  reasonText,
  STATUS_KEYS,
  statusOf,
  statusText,
  urgencyOf,
} from "../lib/status.js";
import { labelOf, short } from "../lib/words.js";

/** @typedef {import("../lib/types.js").Hass} Hass */
/** @typedef {import("../lib/types.js").Miner} Miner */
/** @typedef {import("../lib/types.js").CardConfig} CardConfig */

const READINGS = ["sensor.hash_rate", "sensor.power", "sensor.chip_temperature"];

/** `{type: "custom:miner-card", device_id: "...", name: "..."}` */
export class MinerTileCard extends OneMinerCard {
  /** @type {string[]} */
  #watched = [];
  /** @type {SaveSwitch | undefined} */
  #switch;
  #glyph = glyph();
  #line = h("div", { class: "line" });
  #readings = READINGS.map(() => h("span", { class: "reading" }));

  static get styles() {
    return STYLES + TOGGLE_STYLES;
  }

  static getConfigForm() {
    return { schema: [this.deviceField, { name: "name", selector: { text: {} } }], computeLabel: labelOf };
  }

  getCardSize() {
    return this.#rows;
  }

  /** @override @returns {any} */
  getGridOptions() {
    return { columns: 6, rows: 2, min_columns: 6, min_rows: 1 };
  }

  get #rows() {
    return this.config.grid_options?.rows === 1 ? 1 : 2;
  }

  watched() {
    return this.#watched;
  }

  prepared() {
    super.prepared();
    const keys = [...STATUS_KEYS, ...READINGS];
    this.#watched = keys.flatMap((key) => idOf(this.miner, key) ?? []);
    this.#build(this.miner);
  }

  /** @param {Miner | undefined} miner */
  #build(miner) {
    if (!miner) {
      this.body.replaceChildren(h("div", { class: "gone" }, this.say("miner_gone")));
      return;
    }
    const { tag, traits } = linkTo(() => this.hass, miner, false);
    const name = this.config.name || miner.name;
    const throttle = idOf(miner, "switch.throttle");
    this.#switch =
      throttle === undefined
        ? undefined
        : new SaveSwitch(this.say("fleet_save_power_of", { name }), (on) =>
            this.hass.callService("switch", on ? "turn_on" : "turn_off", { entity_id: throttle }),
          );
    this.body.replaceChildren(
      h(
        "div",
        { class: "top" },
        h("div", { class: "icon" }, this.#glyph),
        h("div", { class: "words" }, h(tag, { ...traits, class: "name" }, name), this.#line),
        this.#switch?.element,
      ),
      h("div", { class: "readings" }, ...this.#readings),
    );
    setAttribute(this.body, "data-rows", String(this.#rows));
    this.#switch?.element.setAttribute("title", this.say("fleet_save_power"));
  }

  tick() {
    this.ask();
  }

  paint() {
    const { miner } = this;
    if (!miner) return;
    const { hass, say } = this;
    const now = Date.now();
    const status = statusOf(hass, miner);
    const [worst] = status === "away" ? [] : findingsOf(hass, miner, say);
    const tone = worst?.severity ?? ["critical", "warning", "away", status][urgencyOf(hass, miner)];
    const readings = READINGS.map((key) => (status === "away" ? "" : readingText(hass, miner, key)));
    setAttribute(this.body, "data-tone", tone ?? null);
    setGlyph(this.#glyph, worst ? "fault" : status);
    // In one row the colour of the icon says that it works, and the switch that it saves power.
    const brief = this.#rows === 1 && status === "hashing" ? readings.filter(Boolean).join(" · ") : "";
    const telling = worst?.text || heldText(hass, miner, say, now) || brief || reasonText(hass, miner, say, now);
    setText(this.#line, telling || statusText(hass, miner, say, now));
    this.#line.title = this.#line.textContent ?? "";
    this.#readings.forEach((element, place) => setText(element, readings[place] || ""));
    this.#switch?.show(stateOf(hass, miner, "switch.throttle"));
  }
}

/**
 * `{type: "custom:miner-value-card", entity: "sensor.best_difficulty"}`: a count that is
 * too large to be read, as 13.86 G.
 */
export class MinerValueCard extends MinerCard {
  #icon = /** @type {any} */ (document.createElement("ha-state-icon"));
  #name = h("button", { type: "button", class: "name", onclick: () => showMore(this, this.config.entity) });
  #line = h("div", { class: "line" });

  constructor() {
    super();
    const words = h("div", { class: "words" }, this.#name, this.#line);
    this.body.append(h("div", { class: "top" }, h("div", { class: "icon" }, this.#icon), words));
    setAttribute(this.body, "data-tone", "value");
  }

  static get styles() {
    return STYLES;
  }

  static getConfigForm() {
    return {
      schema: [
        { name: "entity", required: true, selector: { entity: { integration: "miner_monitor", domain: "sensor" } } },
        { name: "name", selector: { text: {} } },
      ],
      computeLabel: labelOf,
    };
  }

  /** @param {Hass} hass */
  static getStubConfig(hass) {
    const { miners, fleet } = findMiners(hass);
    return { entity: idOf(fleet ?? miners[0], "sensor.best_difficulty") ?? "" };
  }

  /** @override @param {CardConfig} config */
  setConfig(config) {
    if (typeof config.entity !== "string") throw new Error('"entity" has to be the id of an entity');
    super.setConfig(config);
  }

  getCardSize() {
    return 1;
  }

  /** @override @returns {any} */
  getGridOptions() {
    return { columns: 6, rows: 1, min_columns: 6, min_rows: 1 };
  }

  watched() {
    return [this.config.entity];
  }

  paint() {
    const { hass, config } = this;
    const state = hass.states[config.entity];
    const value = numberOf(state);
    const text = state ? hass.formatEntityState(state) : "–";
    setText(this.#name, config.name || (hass.entities[config.entity]?.name ?? config.entity));
    setText(this.#line, value === null ? text : `${short(value, hass.locale)} ${unitOf(state)}`.trim());
    Object.assign(this.#icon, { hass, stateObj: state });
  }
}

const STYLES = `
  :host, ha-card { height: 100%; }
  ha-card { box-sizing: border-box; overflow: hidden; position: relative; }
  [hidden] { display: none !important; }
  .body {
    --tone: var(--secondary-text-color); display: flex; flex-direction: column; justify-content: center; height: 100%;
    min-height: 56px; box-sizing: border-box; padding: 0 10px; gap: 4px; color: var(--primary-text-color);
  }
  .body[data-tone="hashing"] { --tone: var(--success-color); }
  .body[data-tone="starting"] { --tone: var(--info-color, var(--primary-color)); }
  .body[data-tone="warning"] { --tone: var(--warning-color); }
  .body[data-tone="critical"] { --tone: var(--error-color); }
  .body:hover { background: color-mix(in srgb, var(--tone) 6%, transparent); }
  .top { display: flex; align-items: center; gap: 10px; min-width: 0; }
  .icon {
    display: grid; place-items: center; flex: none; width: 36px; height: 36px; border-radius: 18px;
    background: color-mix(in srgb, var(--tone) 20%, transparent);
  }
  .body[data-tone="value"] { --tone: var(--state-icon-color, var(--primary-color)); }
  .icon ha-state-icon { color: var(--tone); --mdc-icon-size: 24px; }
  .glyph { width: 20px; height: 20px; fill: var(--tone); }
  .words { flex: 1 1 auto; min-width: 0; }
  .name {
    min-height: 24px; margin: -2px 0;
    display: block; max-width: 100%; padding: 0; border: 0; background: none; cursor: pointer; text-align: start;
    font: inherit; font-size: 14px; font-weight: 500; line-height: 24px; letter-spacing: 0.1px; text-decoration: none;
    color: var(--primary-text-color); overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  }
  .name::after { content: ""; position: absolute; inset: 0; border-radius: var(--ha-card-border-radius, 12px); }
  .name:focus-visible { outline: none; }
  .name:focus-visible::after { outline: 2px solid var(--primary-color); outline-offset: -2px; }
  .line { margin-top: -2px; font-size: 12px; line-height: 16px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  [data-rows="2"] .line { white-space: normal; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
  .toggle { position: relative; z-index: 1; flex: none; margin-inline-end: -6px; padding: 0; border: 0; background: none; cursor: pointer; }
  .toggle:focus-visible { outline: 2px solid var(--primary-color); border-radius: 8px; }
  .readings { display: flex; flex-wrap: wrap; gap: 0 10px; padding-inline-start: 46px; font-size: 13px; font-weight: 500; }
  .reading { font-variant-numeric: tabular-nums; white-space: nowrap; }
  .reading:empty, [data-rows="1"] .readings { display: none; }
  .gone { color: var(--secondary-text-color); font-size: 14px; }
`;
