// The settings of a miner: chosen at leisure, and sent as one order.

import { OneMinerCard } from "../lib/card.js";
import { h, setAttribute, setText } from "../lib/dom.js";
import { idOf, says, stateOf } from "../lib/miners.js";
import {
  alike,
  changesOf,
  choicesOf,
  controlsOf,
  ENTITIES,
  errorText,
  hasCome,
  meaningful,
  shownOf,
  stepped,
  valueText,
} from "../lib/settings.js";
import { pairText } from "../lib/words.js";

/** @typedef {import("../lib/settings.js").Control} Control */
/** @typedef {import("../lib/settings.js").Setting} Setting */
/** @typedef {import("../lib/settings.js").Value} Value */
/** @typedef {import("../lib/settings.js").Wanted} Wanted */

/** So long after a call has returned the miner may take to report what was asked for. */
const PATIENCE = 20_000;
const FAN = ["sensor.fan_duty_cycle", "sensor.fan_speed"];
const OTHER = "other";

const STYLES = `
  .body { padding: 12px 16px; display: grid; gap: 12px; }
  [hidden] { display: none !important; }
  .row { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 8px; min-height: 40px; }
  .row > .name { flex: 1 1 72px; color: var(--primary-text-color); font-size: 14px; overflow-wrap: anywhere; }
  .field { display: inline-flex; align-items: center; gap: 4px; }
  .unit { color: var(--secondary-text-color); }
  button, select, input {
    min-height: 40px; min-width: 40px; box-sizing: border-box; padding: 0 10px; border-radius: 8px; font: inherit;
    border: 1px solid var(--divider-color); background: var(--card-background-color); color: var(--primary-text-color);
  }
  .rows { display: grid; gap: 8px; }
  select { width: 112px; }
  input { width: 112px; }
  button { cursor: pointer; }
  button:disabled, select:disabled, input:disabled { opacity: 0.6; cursor: default; }
  button:focus-visible, select:focus-visible, input:focus-visible { outline: 2px solid var(--primary-color); outline-offset: 1px; }
  .changed select, .changed input { border-color: var(--primary-color); box-shadow: inset 0 0 0 1px var(--primary-color); }
  .modes { display: flex; flex-wrap: wrap; gap: 8px; }
  .modes button { flex: 1 1 auto; }
  [aria-pressed="true"], [aria-checked="true"] {
    border-color: var(--primary-color); box-shadow: inset 0 0 0 1px var(--primary-color); font-weight: 600;
  }
  .now { color: var(--secondary-text-color); font-size: 13px; }
  .actions { display: flex; gap: 8px; justify-content: flex-end; align-items: center; flex-wrap: wrap; }
  .apply { background: var(--primary-color); color: var(--text-primary-color, #fff); border-color: transparent; font-weight: 500; }
  .state { margin: 0; font-size: 14px; color: var(--secondary-text-color); }
  .error:empty, .now:empty { display: none; }
  .state:empty { position: absolute; }
  .error { margin: 0; padding: 6px 12px; border-inline-start: 4px solid var(--error-color); font-size: 14px; overflow-wrap: anywhere; }
`;

/** `{type: "custom:miner-controls-card", device_id: "..."}` */
export class MinerControlsCard extends OneMinerCard {
  /** @type {Wanted} what was chosen and not sent */
  #wanted = {};
  /** @type {Wanted | null} what was sent and is not reported yet */
  #sent = null;
  #calling = false;
  /** @type {Set<Setting>} of which another value is typed than those of the list */
  #typed = new Set();
  /** @type {Control[]} */
  #controls = [];
  /** @type {Map<Setting, (control: Control, locked: boolean) => void>} */
  #rows = new Map();
  #built = "";
  #parts = {
    rows: h("div", { class: "rows" }),
    now: h("div", { class: "now" }),
    state: h("p", { class: "state", role: "status" }),
    error: h("p", { class: "error", role: "alert" }),
    apply: h("button", { class: "apply", type: "button", onclick: () => this.#apply() }),
    cancel: h("button", { class: "cancel", type: "button", onclick: () => this.#forget() }),
  };
  #actions = h("div", { class: "actions" }, this.#parts.cancel, this.#parts.apply);

  static get styles() {
    return STYLES;
  }

  constructor() {
    super();
    const { rows, now, state, error } = this.#parts;
    this.body.append(rows, now, error, state, this.#actions);
  }

  prepared() {
    super.prepared();
    this.#built = "";
  }

  watched() {
    return [...Object.values(ENTITIES), ...FAN].flatMap((key) => idOf(this.miner, key) ?? []);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#sent = null;
  }

  paint() {
    if (!this.miner) return;
    this.#controls = controlsOf(this.hass, this.miner);
    if (this.#sent && !this.#calling && hasCome(this.#controls, this.#sent)) this.#sent = null;
    const shown = meaningful(this.#controls, this.#present());
    this.#build(shown);
    const busy = this.#sent !== null || this.#controls.some(({ applying }) => applying !== null);
    for (const control of shown) this.#rows.get(control.setting)?.(control, this.#sent !== null);
    const { now, state, apply, cancel } = this.#parts;
    setText(now, this.#fanText());
    setText(state, busy ? this.say("tuning_applying") : "");
    setText(apply, this.say("tuning_apply"));
    setText(cancel, this.say("tuning_cancel"));
    this.#actions.hidden = this.#sent !== null || !Object.keys(changesOf(this.#controls, this.#wanted)).length;
  }

  /** What is shown instead of what the miner reports. @returns {Wanted} */
  #present() {
    return { ...this.#sent, ...this.#wanted };
  }

  #fanText() {
    const state = FAN.map((key) => stateOf(this.hass, this.miner, key)).find(says);
    return state ? pairText(this.say("control_fan_now"), this.hass.formatEntityState(state), this.say) : "";
  }

  /**
   * Make the rows anew where they are others: a list that is open stays open.
   *
   * @param {Control[]} controls
   */
  #build(controls) {
    const present = this.#present();
    const traits = controls.map((control) => [control.setting, this.#typed.has(control.setting), choicesOf(control, present), control.values]);
    const built = JSON.stringify([traits, this.hass.language]);
    if (built === this.#built) return;
    this.#built = built;
    const root = /** @type {ShadowRoot} */ (this.shadowRoot);
    const focus = root.activeElement?.getAttribute("data-focus");
    this.#rows.clear();
    this.#parts.rows.replaceChildren(...controls.map((control) => this.#row(control)));
    for (const element of this.#parts.rows.querySelectorAll("[data-focus]")) {
      if (element.getAttribute("data-focus") === focus && element instanceof HTMLElement) element.focus();
    }
  }

  /** @param {Control} control */
  #row(control) {
    const { setting, id } = control;
    const name = this.hass.entities[id]?.name ?? setting;
    if (setting === "work_mode") return this.#modes(control, name);
    if (setting === "auto_fan") return this.#fanSwitch(name);
    const field = this.#typed.has(setting) || !control.values.length ? this.#input(control, name) : this.#list(control, name);
    /** @param {1 | -1} by @param {string} sign @param {string} label */
    const step = (by, sign, label) =>
      h("button", { type: "button", "aria-label": label, "data-focus": `${setting} ${by}`, onclick: () => this.#step(setting, by) }, sign);
    const lower = step(-1, "−", this.say("control_lower", { name }));
    const raise = step(1, "+", this.say("control_raise", { name }));
    const row = h("div", { class: "row", "data-setting": setting }, h("span", { class: "name" }, name, field instanceof HTMLInputElement && h("span", { class: "unit" }, ` (${control.unit})`)), h("span", { class: "field" }, lower, field, raise));
    this.#rows.set(setting, (now, locked) => {
      row.classList.toggle("changed", this.#wanted[setting] !== undefined);
      for (const part of [lower, field, raise]) part.disabled = locked;
      const text = String(shownOf(now, this.#present()));
      if (field instanceof HTMLInputElement && field === this.shadowRoot?.activeElement) return;
      field.value = field instanceof HTMLSelectElement ? placeOf(field, Number(text)) : text;
    });
    return row;
  }

  /** @param {Control} control @param {string} name */
  #list(control, name) {
    const { setting } = control;
    const options = choicesOf(control, this.#present()).map((value) =>
      h("option", { value }, valueText(value, control, this.hass.locale)),
    );
    const list = h("select", { "aria-label": name, "data-focus": setting }, options, h("option", { value: OTHER }, this.say("control_other")));
    list.addEventListener("change", () => {
      if (list.value === OTHER) {
        this.#typed.add(setting);
        this.ask();
      } else this.#want(setting, Number(list.value));
    });
    return list;
  }

  /** @param {Control} control @param {string} name */
  #input({ setting, min, max, step, unit }, name) {
    const input = h("input", { type: "number", min, max, step, "aria-label": `${name} (${unit})`, "data-focus": setting });
    input.addEventListener("change", () => {
      const value = input.valueAsNumber;
      if (Number.isFinite(value)) this.#want(setting, Math.min(max, Math.max(min, value)));
    });
    return input;
  }

  /** @param {Control} control @param {string} name */
  #modes({ id, values }, name) {
    const state = this.hass.states[id];
    const buttons = values.map((mode) =>
      h("button", { type: "button", "data-focus": `mode ${mode}`, onclick: () => this.#want("work_mode", mode) },
        state ? this.hass.formatEntityState(state, String(mode)) : mode),
    );
    this.#rows.set("work_mode", (now, locked) => {
      const shown = shownOf(now, this.#present());
      buttons.forEach((button, place) => {
        button.disabled = locked;
        setAttribute(button, "aria-pressed", String(values[place] === shown));
      });
    });
    return h("div", { class: "row", "data-setting": "work_mode" }, h("span", { class: "name" }, name), h("div", { class: "modes", role: "group", "aria-label": name }, buttons));
  }

  /** @param {string} name */
  #fanSwitch(name) {
    const button = h("button", {
      type: "button", role: "switch", "aria-label": name, "data-focus": "auto_fan",
      onclick: () => this.#want("auto_fan", button.getAttribute("aria-checked") !== "true"),
    });
    this.#rows.set("auto_fan", (now, locked) => {
      const on = shownOf(now, this.#present()) === true;
      button.disabled = locked;
      setAttribute(button, "aria-checked", String(on));
      const state = this.hass.states[now.id];
      setText(button, state ? this.hass.formatEntityState(state, on ? "on" : "off") : "");
    });
    return h("div", { class: "row", "data-setting": "auto_fan" }, h("span", { class: "name" }, name), button);
  }

  /** @param {Setting} setting @param {1 | -1} by */
  #step(setting, by) {
    const control = this.#controls.find((each) => each.setting === setting);
    if (control) this.#want(setting, stepped(control, this.#present(), by));
  }

  /** @param {Setting} setting @param {Value} value */
  #want(setting, value) {
    setText(this.#parts.error, "");
    const wanted = { ...this.#wanted, [setting]: value };
    this.#wanted = changesOf(this.#controls, wanted);
    this.ask();
  }

  #forget() {
    this.#wanted = {};
    this.#typed.clear();
    setText(this.#parts.error, "");
    this.ask();
  }

  async #apply() {
    const order = changesOf(this.#controls, this.#wanted);
    if (this.#sent || !this.miner || !Object.keys(order).length) return;
    this.#sent = order;
    this.#wanted = {};
    this.#typed.clear();
    setText(this.#parts.error, "");
    this.#calling = true;
    this.ask();
    try {
      await this.hass.callService("miner_monitor", "apply_settings", order, { device_id: this.miner.id }, false);
      setTimeout(() => this.#giveUp(order), PATIENCE);
    } catch (error) {
      this.#sent = null;
      this.#wanted = order;
      setText(this.#parts.error, errorText(error, this.say));
    }
    this.#calling = false;
    this.ask();
  }

  /** @param {Wanted} order that the miner does not report after all that time */
  #giveUp(order) {
    if (this.#sent !== order) return;
    this.#sent = null;
    setText(this.#parts.error, this.say("control_unconfirmed"));
    this.ask();
  }
}

/**
 * Return the value of the option that stands for a number.
 *
 * @param {HTMLSelectElement} list
 * @param {number} number
 */
function placeOf(list, number) {
  const found = [...list.options].find(({ value }) => value !== OTHER && alike(Number(value), number));
  return found?.value ?? "";
}
