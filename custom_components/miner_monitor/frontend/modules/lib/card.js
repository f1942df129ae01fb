// What all our cards have in common: they paint when something of theirs changed.

import { h } from "./dom.js";
import { loadTexts } from "./texts.js";

/** @typedef {import("./types.js").Hass} Hass */
/** @typedef {import("./types.js").CardConfig} CardConfig */

/**
 * A card. Subclasses say which entities they look at (`watched`) and paint into
 * `this.body` (`paint`), which is called at most once per frame and only when one of
 * these entities, the configuration, the registries or the language changed.
 */
export class MinerCard extends HTMLElement {
  /** @type {Hass | undefined} */
  #hass;
  #asked = false;
  #shown = "";
  #sizes = new ResizeObserver(([entry]) => this.#resized(entry?.contentRect.width ?? 0));

  constructor() {
    super();
    /** @type {CardConfig} */
    this.config = { type: "" };
    /** @type {import("./texts.js").Say} */
    this.say = (key) => key;
    /** Of the card, in CSS pixels; 0 until it is laid out. */
    this.width = 0;
    /** Where the card paints. */
    this.body = h("div", { class: "body" });
    this.card = h("ha-card", {}, this.body);
    const root = this.attachShadow({ mode: "open" });
    root.append(h("style", {}, /** @type {typeof MinerCard} */ (this.constructor).styles), this.card);
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
    this.prepared();
    this.ask();
  }

  connectedCallback() {
    this.#sizes.observe(this);
    this.ask();
  }

  disconnectedCallback() {
    this.#sizes.disconnect();
  }

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
      if (this.isConnected && this.#hass) this.paint();
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
