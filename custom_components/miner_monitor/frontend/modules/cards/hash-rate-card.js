// The card of a miner's hash rate over time, or of all miners': beside what is expected,
// with moving means.

import { MinerCard } from "../lib/card.js";
import { MARGIN } from "../lib/chart.js";
import { h, setAttribute, setText, showMore } from "../lib/dom.js";
import { numberOf, unitOf } from "../lib/miners.js";
import { HOUR, MINUTE } from "../lib/records.js";
import { pairText } from "../lib/words.js";
import { HOURS, Reader, checkConfig, configForm, exampleConfig, findSource, hiddenOf } from "./hash-rate/config.js";
import { draw } from "./hash-rate/draw.js";
import { figureList, Inspector, legendButtons, noteList, rangeButtons, STYLES } from "./hash-rate/parts.js";
import { modelOf } from "./hash-rate/model.js";
import { changeText, clockOf, figureLines, legendOf, momentOf, notesOf, rateText } from "./hash-rate/words.js";

/** @typedef {import("../lib/types.js").Hass} Hass */
/** @typedef {import("../lib/types.js").CardConfig} CardConfig */
/** @typedef {import("./hash-rate/model.js").Model} Model */
/** @typedef {import("./hash-rate/words.js").Voice} Voice */
/** @typedef {import("./hash-rate/words.js").Line} Line */
/** @typedef {import("./hash-rate/config.js").Source} Source */
/** @typedef {import("../lib/types.js").HassState} HassState */

/** The recorder compiles a step every five minutes, some seconds after its end. */
const STEP = 5 * MINUTE;
const COMPILED = 20_000;
/** A failed read is tried again so much later. */
const AGAIN = MINUTE;
/** The present value moves the picture at most so often. */
const REDRAW = MINUTE;
/** Padding and border of the card at each side. */
const PADDING = 17;
/** A card that is still being laid out is narrower than the axes alone. */
const NARROWEST = 2 * PADDING + MARGIN.left + MARGIN.right + 20;
/** A card is read for when it is so near to what is seen of the page. */
const NEAR = "300px";
/** Height of the chart in pixels, and as a share of its width. */
const [LOWEST, TALLEST, FLAT] = [230, 360, 0.42];

export class MinerHashRateCard extends MinerCard {
  /** @type {import("./hash-rate/config.js").Wish | undefined} */
  #wish;
  /** @type {Source | undefined} */
  #source;
  /** @type {Reader | undefined} */
  #reader;
  /** @type {import("./hash-rate/config.js").Records | undefined} */
  #records;
  #hours = 24;
  /** @type {Set<string>} names of lines that the user put away, or wanted all the same */
  #toggled = new Set();
  #failed = false;
  #turn = 0;
  #due = 0;
  #drawn = 0;
  #stale = true;
  #drawnWidth = 0;
  #visible = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #later;
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
  #sight = new IntersectionObserver(
    (entries) => this.#seen(entries.at(-1)?.isIntersecting ?? false),
    { rootMargin: NEAR },
  );
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
    if (!this.hass) return;
    this.prepared();
    this.#readNow();
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
    clearTimeout(this.#later);
    this.#later = undefined;
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

  /** Read at once; what was asked for before is not waited for. */
  #readNow() {
    this.#turn += 1;
    this.#due = 0;
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
    // Also where no answer comes at all.
    this.#due = now + AGAIN;
    this.#plan();
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
    const { hass, say } = this;
    const { title, now, ranges, message } = this.#parts;
    const state = this.#source && hass.states[this.#source.rate];
    const name = this.#source?.name;
    setText(title, this.#wish?.title || (name ? say("hash_rate_of", { name }) : say("hash_rate_title")));
    const rate = numberOf(state);
    setText(now, rate === null ? "–" : rateText(rate, { locale: hass.locale, unit: unitOf(state) }));
    setAttribute(now, "title", say("hash_rate_now"));
    setAttribute(now, "aria-label", pairText(say("hash_rate_now"), now.textContent ?? "", say));
    now.hidden = !this.#source;
    rangeButtons(ranges, HOURS, this.#hours, say, (hours) => this.#show(hours));
    setText(message, this.#message());
    if (!this.#records) this.#clear();
    else if (this.width < NARROWEST) return;
    else if (this.#stale || this.width !== this.#drawnWidth) this.#redraw(this.#records, state);
    else this.#redrawLater();
  }

  get #hidden() {
    return hiddenOf(this.#wish?.means ?? [], this.#hours, this.#toggled);
  }

  #message() {
    if (!this.#source) return this.say("hash_rate_gone");
    if (this.#failed) return this.say("hash_rate_failed");
    if (!this.#records) return this.say("hash_rate_reading");
    return this.#records.rates.length ? "" : this.say("hash_rate_nothing");
  }

  #clear() {
    const { legend, figures, notes } = this.#parts;
    for (const part of [legend, figures, notes, this.#inspector.element]) part.hidden = true;
  }

  /** The present value is another one: move the picture, but not at each of its changes. */
  #redrawLater() {
    this.#later ??= setTimeout(
      () => {
        this.#later = undefined;
        this.#stale = true;
        this.ask();
      },
      Math.max(0, this.#drawn + REDRAW - Date.now()),
    );
  }

  /**
   * @param {import("./hash-rate/config.js").Records} records
   * @param {HassState | undefined} state of the hash rate
   */
  #redraw(records, state) {
    const { hass, say } = this;
    const { legend, figures, notes } = this.#parts;
    this.#stale = false;
    this.#drawn = Date.now();
    this.#drawnWidth = this.width;
    const width = this.width - 2 * PADDING;
    const model = modelOf(records, /** @type {Source} */ (this.#source), {
      from: this.#drawn - this.#hours * HOUR,
      to: this.#drawn,
      means: this.#wish?.means ?? [],
      most: width,
      live: numberOf(state),
    });
    const voice = { say, locale: hass.locale, clock: clockOf(hass), unit: unitOf(state) };
    const lines = figureLines(model, voice);
    const { y } = this.#drawChart(model, voice, width, lines);
    legendButtons(legend, legendOf(model, say), this.#hidden, say, (series) => this.#toggle(series));
    legend.hidden = !model.samples.length;
    figureList(figures, lines);
    noteList(notes, notesOf(model, this.#hidden, y, voice));
  }

  /**
   * @param {Model} model
   * @param {Voice} voice
   * @param {number} width
   * @param {Line[]} figures
   */
  #drawChart(model, voice, width, figures) {
    const { say, hass } = this;
    /** @param {import("./hash-rate/model.js").Change} change */
    const tell = (change) => changeText(change, hass, voice);
    const picture = draw(model, {
      width,
      height: Math.round(Math.min(TALLEST, Math.max(LOWEST, width * FLAT))),
      hidden: this.#hidden,
      label: voice.unit,
      period: `${voice.clock.moment(model.from)} – ${voice.clock.moment(model.to)}`,
      title: figures.map(({ name, value, more }) => pairText(name, `${value} ${more ?? ""}`.trim(), voice.say)).join("; "),
      clock: voice.clock,
      locale: voice.locale,
      tell: (change) => pairText(voice.clock.moment(change.time), tell(change), voice.say),
    });
    this.#inspector.update(model, picture, say, (sample) => momentOf(model, sample, voice, tell));
    this.#inspector.element.hidden = !model.samples.length && !model.live;
    return picture;
  }

  /** @param {string} series */
  #toggle(series) {
    if (!this.#toggled.delete(series)) this.#toggled.add(series);
    this.#stale = true;
    this.ask();
  }

  /** @param {number} hours */
  #show(hours) {
    // What goes back further has to be read first.
    this.#stale ||= hours < this.#hours;
    this.#hours = hours;
    this.#readNow();
    this.ask();
  }
}
