// The card of a miner's hash rate over time, or of all miners': beside what is expected,
// with moving means.

import { MinerCard } from "../lib/card.js";
import { h, setAttribute, setText, showMore } from "../lib/dom.js";
import { says, numberOf, unitOf } from "../lib/miners.js";
import { HOUR, MINUTE } from "../lib/records.js";
import { HOURS, checkConfig, configForm, exampleConfig, findSource } from "./hash-rate/config.js";
import { draw } from "./hash-rate/draw.js";
import { Inspector } from "./hash-rate/inspector.js";
import { modelOf } from "./hash-rate/model.js";
import { figureList, legendButtons, rangeButtons } from "./hash-rate/parts.js";
import { Reader } from "./hash-rate/reader.js";
import { STYLES } from "./hash-rate/styles.js";
import { clockOf } from "./hash-rate/times.js";
import { changeText, figureLines, legendOf, momentOf, notesOf, rateText } from "./hash-rate/words.js";

/** @typedef {import("../lib/types.js").Hass} Hass */
/** @typedef {import("../lib/types.js").CardConfig} CardConfig */
/** @typedef {import("./hash-rate/model.js").Model} Model */
/** @typedef {import("./hash-rate/words.js").Voice} Voice */

/** The recorder compiles a step every five minutes, some seconds after its end. */
const STEP = 5 * MINUTE;
const COMPILED = 20_000;
/** A failed read is tried again so much later. */
const AGAIN = MINUTE;
/** The present value moves the picture at most so often. */
const REDRAW = MINUTE;
/** Padding of the card at each side. */
const PADDING = 16;

export class MinerHashRateCard extends MinerCard {
  /** @type {import("./hash-rate/config.js").Wish | undefined} */
  #wish;
  /** @type {import("./hash-rate/config.js").Source | undefined} */
  #source;
  /** @type {Reader | undefined} */
  #reader;
  /** @type {import("./hash-rate/reader.js").Records | undefined} */
  #records;
  #hours = 24;
  /** @type {Set<string>} names of lines that the user put away */
  #hidden = new Set();
  #failed = false;
  #turn = 0;
  #due = 0;
  #drawn = 0;
  #stale = true;
  #drawnWidth = 0;
  #visible = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #inspector = new Inspector();
  #parts = {
    title: h("h2", { class: "title" }),
    now: h("button", { class: "now", onclick: () => this.#source && showMore(this, this.#source.rate) }),
    ranges: h("div", { class: "ranges", role: "group" }),
    message: h("div", { class: "message", role: "status" }),
    legend: h("div", { class: "legend", role: "group" }),
    figures: h("dl", { class: "figures" }),
    notes: h("div", { class: "notes" }),
  };
  #sight = new IntersectionObserver((entries) => this.#seen(entries.at(-1)?.isIntersecting ?? false));
  #awake = () => this.#plan();

  static get styles() {
    return STYLES;
  }

  static getConfigForm() {
    return configForm();
  }

  /** @param {Hass} hass */
  static getStubConfig(hass) {
    return exampleConfig(hass);
  }

  constructor() {
    super();
    const { title, now, ranges, message, legend, figures, notes } = this.#parts;
    const head = h("div", { class: "head" }, h("div", { class: "names" }, title, now), ranges);
    this.body.append(head, message, this.#inspector.element, legend, notes, figures);
  }

  /** @param {CardConfig} config */
  setConfig(config) {
    this.#wish = checkConfig(config);
    this.#hours = this.#wish.hours;
    super.setConfig(config);
    if (this.hass) this.prepared();
  }

  getCardSize() {
    return 8;
  }

  connectedCallback() {
    super.connectedCallback();
    this.#sight.observe(this);
    document.addEventListener("visibilitychange", this.#awake);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#sight.disconnect();
    document.removeEventListener("visibilitychange", this.#awake);
    this.#visible = false;
    clearTimeout(this.#timer);
  }

  /** Find the entities; what was read stays if they are the same. */
  prepared() {
    if (!this.#wish) return;
    const source = findSource(this.hass, this.#wish);
    this.#stale = true;
    if (JSON.stringify(source) !== JSON.stringify(this.#source)) {
      this.#source = source;
      this.#reader = source && new Reader(source);
      this.#records = undefined;
      this.#readNow();
    }
    this.ask();
  }

  watched() {
    return this.#source ? [this.#source.rate] : [];
  }

  /** @param {boolean} visible */
  #seen(visible) {
    this.#visible = visible;
    this.#plan();
    if (visible) this.ask();
  }

  #readNow() {
    this.#due = 0;
    this.#turn += 1;
    this.#plan();
  }

  /** Read when it is time, as long as somebody sees the card. */
  #plan() {
    clearTimeout(this.#timer);
    if (!this.isConnected || !this.#visible || document.hidden || !this.#reader) return;
    this.#timer = setTimeout(() => this.#read(), Math.max(0, this.#due - Date.now()));
  }

  async #read() {
    const turn = ++this.#turn;
    const now = Date.now();
    if (!this.#reader || !this.#wish) return;
    this.#due = now + AGAIN;
    try {
      const records = await this.#reader.read(this.hass, this.#begin(now), now);
      if (turn !== this.#turn) return;
      this.#records = records;
      this.#failed = false;
      this.#due = (Math.floor((now - COMPILED) / STEP) + 1) * STEP + COMPILED;
    } catch {
      if (turn !== this.#turn) return;
      this.#failed = true;
    }
    this.#stale = true;
    this.#plan();
    this.ask();
  }

  /**
   * Return since when has to be known what is drawn: the longest mean at the left edge
   * needs all of its window.
   *
   * @param {number} now in ms
   */
  #begin(now) {
    const longest = Math.max(15, ...(this.#wish?.means ?? []));
    return now - this.#hours * HOUR - (longest + 5) * MINUTE;
  }

  paint() {
    const { hass } = this;
    const state = this.#source && hass.states[this.#source.rate];
    /** @type {Voice} */
    const voice = { say: this.say, locale: hass.locale, clock: clockOf(hass), unit: unitOf(state) };
    const name = this.#source?.name ?? "";
    setText(this.#parts.title, this.#wish?.title || this.say("hash_rate_of", { name }));
    setText(this.#parts.now, says(state) ? hass.formatEntityState(state) : "–");
    setAttribute(this.#parts.now, "title", this.say("hash_rate_now"));
    this.#parts.now.hidden = !this.#source;
    rangeButtons(this.#parts.ranges, HOURS, this.#hours, this.say, (hours) => this.#setHours(hours));
    setText(this.#parts.message, this.#message());
    if (!this.#records || this.width <= 2 * PADDING) return;
    if (this.#stale || this.width !== this.#drawnWidth) this.#redraw(voice, numberOf(state));
    else this.#redrawLater();
  }

  #message() {
    if (!this.#source) return this.say("hash_rate_gone");
    if (this.#failed) return this.say("hash_rate_failed");
    if (!this.#records) return this.say("hash_rate_reading");
    return this.#records.rates.length ? "" : this.say("hash_rate_nothing");
  }

  /** The present value changed: show it, but not more than once a minute. */
  #redrawLater() {
    const wait = this.#drawn + REDRAW - Date.now();
    this.#stale = true;
    if (wait <= 0) this.ask();
    else {
      this.#stale = false;
      this.#later ??= setTimeout(() => {
        this.#later = undefined;
        this.#stale = true;
        this.ask();
      }, wait);
    }
  }
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #later;

  /**
   * @param {Voice} voice
   * @param {number | null} live
   */
  #redraw(voice, live) {
  }

  /** @param {number} hours */
  #setHours(hours) {
    this.#hours = hours;
    this.#readNow();
    this.ask();
  }
}
