// What our cards have in common: they paint when something of theirs changed; a switch.

import { fire, h, setAttribute } from "./dom.js";
import { findMiners } from "./miners.js";
import { labelOf, loadTexts } from "./words.js";

/** @typedef {import("./types.js").Hass} Hass */
/** @typedef {import("./types.js").HassState} HassState */
/** @typedef {import("./types.js").CardConfig} CardConfig */
/** @typedef {import("./types.js").Miner} Miner */
/** @typedef {import("./records.js").Poll<any>} Poll */

const CLOCK = 30_000;

/** @type {Set<MinerCard>} cards that tell how long something has lasted */
const onClock = new Set();
let clock = 0;

/** @param {MinerCard} card */
function setClock(card) {
  onClock.add(card);
  clock ||= window.setInterval(() => onClock.forEach((one) => one.tick()), CLOCK);
}

/** @param {MinerCard} card */
function stopClock(card) {
  onClock.delete(card);
  if (onClock.size) return;
  window.clearInterval(clock);
  clock = 0;
}

/**
 * Do something when the browser has painted what there is now.
 *
 * @param {() => void} work
 */
export function afterPaint(work) {
  requestAnimationFrame(() => setTimeout(work));
}

/**
 * A card. Subclasses say which entities they look at (`watched`) and paint into
 * `this.body` (`paint`), which is called at most once per frame and only when one of
 * these entities, the configuration, the registries or the language changed.
 */
export class MinerCard extends HTMLElement {
  /** @type {Hass | undefined} */
  #hass;
  #asked = false;
  #ready = false;
  #begun = false;
  #shown = "";
  #sizes = new ResizeObserver(([entry]) => this.#resized(entry?.contentRect.width ?? 0));

  constructor() {
    super();
    /** @type {CardConfig} */
    this.config = { type: "" };
    /** @type {import("./types.js").Say} */
    this.say = (key) => key;
    /** Of the card, in CSS pixels; 0 until it is laid out. */
    this.width = 0;
    /** @type {Poll[]} what is read now and then, while the card is on the page */
    this.polls = [];
    /** Where the card paints. */
    this.body = h("div", { class: "body" });
    this.card = h("ha-card", {}, this.body);
    const root = this.attachShadow({ mode: "open" });
    root.append(h("style", {}, `:host { display: block; }${/** @type {typeof MinerCard} */ (this.constructor).styles}`), this.card);
  }

  /** CSS of the card. */
  static get styles() {
    return "";
  }

  /** @param {CardConfig} config */
  setConfig(config) {
    this.config = config;
    this.ask();
  }

  /** @returns {Hass} */
  get hass() {
    return /** @type {Hass} */ (this.#hass);
  }

  /** @param {Hass} hass */
  set hass(hass) {
    const before = this.#hass;
    this.#hass = hass;
    if (before?.connected === false && hass.connected !== false) for (const poll of this.polls) poll.now();
    if (!before || this.#registriesChanged(before, hass) || this.#shown !== hass.language) {
      this.#shown = hass.language;
      this.#prepare();
    } else if (this.watched().some((id) => before.states[id] !== hass.states[id])) {
      this.ask();
    }
  }

  /**
   * Whether something that `prepared` reads is another one.
   *
   * @param {Hass} before
   * @param {Hass} now
   */
  #registriesChanged(before, now) {
    return (
      before.entities !== now.entities ||
      before.devices !== now.devices ||
      before.locale !== now.locale
    );
  }

  async #prepare() {
    try {
      this.say = await loadTexts(this.hass);
    } catch {
      // Keys instead of words, until the connection is back.
    }
    this.#ready = true;
    this.prepared();
    this.#begin();
  }

  /** Paint at once what is known for the first time; what has to be read comes after it. */
  #begin() {
    if (!this.#ready || !this.isConnected) return;
    if (this.#begun) this.ask();
    else this.paint();
    this.#begun = true;
    afterPaint(() => {
      if (this.isConnected) for (const poll of this.polls) poll.start();
    });
  }

  connectedCallback() {
    this.#sizes.observe(this);
    setClock(this);
    this.#begin();
  }

  disconnectedCallback() {
    this.#sizes.disconnect();
    stopClock(this);
    for (const poll of this.polls) poll.stop();
  }

  /** Called twice a minute, for what changes with time alone. */
  tick() {}

  /** @param {number} width */
  #resized(width) {
    if (Math.abs(width - this.width) < 1) return;
    this.width = width;
    this.ask();
  }

  /** Paint at the next frame. */
  ask() {
    if (this.#asked || !this.#hass || !this.isConnected) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      if (this.isConnected && this.#ready) this.paint();
    });
  }

  /** Called when the registries or the language are others, before the next `paint`. */
  prepared() {}

  /**
   * Ids of the entities whose states are painted.
   *
   * @returns {string[]}
   */
  watched() {
    return [];
  }

  /** Paint into `this.body`. */
  paint() {}

  getCardSize() {
    return 6;
  }

  /** @returns {{columns: number | "full", min_columns?: number}} */
  getGridOptions() {
    return { columns: 12, min_columns: 6 };
  }
}

/**
 * A card of one miner: `{device_id: "..."}`. Subclasses have `miner`, which is undefined
 * where there is no such device, from `prepared` on.
 */
export class OneMinerCard extends MinerCard {
  /** @type {Miner | undefined} */
  miner;

  /** What the form of the editor asks for first. */
  static deviceField = { name: "device_id", required: true, selector: { device: { integration: "miner_monitor" } } };

  /** @returns {any} */
  static getConfigForm() {
    return { schema: [this.deviceField], computeLabel: labelOf };
  }

  /** @param {Hass} hass */
  static getStubConfig(hass) {
    return { device_id: findMiners(hass).miners[0]?.id ?? "" };
  }

  /** @override @param {CardConfig} config */
  setConfig(config) {
    if (typeof config.device_id !== "string" || !config.device_id) {
      throw new Error("Choose a miner: device_id is missing");
    }
    super.setConfig(config);
    if (this.hass) this.prepared();
  }

  /** @override */
  prepared() {
    this.miner = findMiners(this.hass).miners.find(({ id }) => id === this.config.device_id);
  }
}

/** So long a device may take to report what it was asked for. */
const PATIENCE = 30_000;

/** A switch that shows what the device reports, never what was asked for. */
export class SaveSwitch {
  /** @type {"on" | "off" | null} */
  #wanted = null;
  #shown = "";
  #timer = 0;

  /**
   * @param {string} label
   * @param {(on: boolean) => Promise<void>} turn
   */
  constructor(label, turn) {
    this.turn = turn;
    this.element = h(
      "button",
      { type: "button", class: "toggle", role: "switch", "aria-label": label, onclick: () => this.#press() },
      h("span", { class: "track", "aria-hidden": "true" }, h("span", { class: "thumb" })),
    );
    this.show(undefined);
  }

  /** @param {HassState | undefined} state */
  show(state) {
    this.#shown = state?.state ?? "";
    const known = this.#shown === "on" || this.#shown === "off";
    if (this.#wanted !== null && (this.#shown === this.#wanted || !known)) this.#settle();
    // What can be pressed while its state is not known would do nobody knows what.
    this.element.disabled = !known;
    setAttribute(this.element, "aria-checked", String(this.#shown === "on"));
  }

  async #press() {
    if (this.#wanted !== null) return;
    this.#wanted = this.#shown === "on" ? "off" : "on";
    setAttribute(this.element, "aria-busy", "true");
    try {
      await this.turn(this.#wanted === "on");
      this.#timer = window.setTimeout(() => this.#settle(), PATIENCE);
      if (this.#shown === this.#wanted) this.#settle();
    } catch {
      this.#settle();
    }
  }

  #settle() {
    this.#wanted = null;
    window.clearTimeout(this.#timer);
    setAttribute(this.element, "aria-busy", null);
  }
}

/** CSS of a switch. */
export const TOGGLE_STYLES = `
  .toggle { display: inline-flex; align-items: center; justify-content: center; width: 48px; height: 32px; }
  .track {
    width: 36px; height: 20px; border-radius: 10px; padding: 3px; box-sizing: border-box; transition: background 120ms;
    background: color-mix(in srgb, var(--primary-text-color) 42%, transparent);
  }
  .thumb {
    display: block; width: 14px; height: 14px; border-radius: 50%; background: var(--card-background-color);
    transition: translate 120ms;
  }
  .toggle[aria-checked="true"] .track { background: var(--primary-color); }
  .toggle[aria-checked="true"] .thumb { translate: 16px; }
  .toggle:dir(rtl)[aria-checked="true"] .thumb { translate: -16px; }
  .toggle[aria-busy] .thumb { animation: waiting 900ms ease-in-out infinite alternate; }
  .toggle:disabled { cursor: default; opacity: 0.45; }
  @keyframes waiting { to { opacity: 0.3; } }
  @media (prefers-reduced-motion: reduce) {
    .track, .thumb { transition: none; animation: none !important; }
    .toggle[aria-busy] { opacity: 0.6; }
  }
`;

/**
 * Let Home Assistant make the view around a card anew; where it does not, load the page.
 *
 * @param {Node} card
 */
export function rebuildView(card) {
  /** @type {any} */
  let view = card;
  while (view && view.localName !== "hui-view") view = view.parentNode ?? view.host;
  let unheard = !view?.firstElementChild;
  // Who takes it, stops it on its way.
  const passed = () => (unheard = true);
  view?.addEventListener("ll-rebuild", passed);
  if (!unheard) fire(view.firstElementChild, "ll-rebuild", {});
  view?.removeEventListener("ll-rebuild", passed);
  if (unheard) location.reload();
}
