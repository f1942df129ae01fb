// Shows all values of a moment under the pointer, or moved to by the arrow keys.

import { MARGIN } from "../../lib/chart.js";
import { h, s, setAttribute } from "../../lib/dom.js";
import { nearest } from "./series.js";

/** @typedef {import("./draw.js").Picture} Picture */
/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./model.js").Sample} Sample */
/** @typedef {import("./words.js").Line} Line */
/** @typedef {{time: string, lines: Line[]}} Moment */

/** Steps of the keys that go far, as a share of all. */
const FAR = 1 / 12;

/** The plot of a chart with a cursor over it. */
export class Inspector {
  /** @type {Model | undefined} */
  #model;
  /** @type {Picture | undefined} */
  #picture;
  #tell = (/** @type {Sample} */ _sample) => /** @type {Moment} */ ({ time: "", lines: [] });
  /** @type {number | null} time of the moment shown */
  #time = null;
  #cursor = s("g", { class: "cursor", "aria-hidden": "true" });
  #tip = h("div", { class: "tip", "aria-hidden": "true" });

  constructor() {
    this.element = h("div", {
      class: "plot",
      tabindex: 0,
      role: "slider",
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
      onpointermove: (/** @type {PointerEvent} */ event) => this.#point(event),
      onpointerdown: (/** @type {PointerEvent} */ event) => this.#point(event),
      onpointerleave: () => this.#show(null),
      onfocus: () => this.#focused(),
      onblur: () => this.#show(null),
    });
  }

  /**
   * Show another picture.
   *
   * @param {Model} model
   * @param {Picture} picture
   * @param {string} label what a screen reader calls it
   * @param {(sample: Sample) => Moment} tell
   */
  update(model, picture, label, tell) {
    this.#model = model;
    this.#picture = picture;
    this.#tell = tell;
    setAttribute(this.element, "aria-label", label);
    setAttribute(this.element, "aria-valuemin", "0");
    setAttribute(this.element, "aria-valuemax", String(Math.max(0, model.samples.length - 1)));
    picture.svg.append(this.#cursor);
    this.element.replaceChildren(picture.svg, this.#tip);
    this.#show(this.#time);
  }

  get #samples() {
    return this.#model?.samples ?? [];
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const last = this.#samples.length - 1;
    if (last < 0) return;
    const here = this.#time === null ? last : nearest(this.#samples, this.#time);
    const far = Math.max(1, Math.round(last * FAR));
    const places = /** @type {Record<string, number>} */ ({
      ArrowLeft: here - 1,
      ArrowDown: here - 1,
      ArrowRight: here + 1,
      ArrowUp: here + 1,
      PageDown: here - far,
      PageUp: here + far,
      Home: 0,
      End: last,
    });
    const place = places[event.key];
    if (place !== undefined) this.#go(Math.min(last, Math.max(0, place)));
    else if (event.key === "Escape") this.#show(null);
    else return;
    event.preventDefault();
  }

  /** @param {number} place */
  #go(place) {
    const sample = this.#samples[place];
    if (sample) this.#show((sample.start + sample.end) / 2);
  }

  #focused() {
    // A click focuses too, but the pointer says where it is.
    if (this.element.matches(":focus-visible") && this.#time === null) this.#go(this.#samples.length - 1);
  }

  /** @param {PointerEvent} event */
  #point(event) {
    if (!this.#picture) return;
    const { x } = this.#picture;
    const box = this.#picture.svg.getBoundingClientRect();
    const width = Number(this.#picture.svg.getAttribute("viewBox")?.split(" ")[2]);
    const place = ((event.clientX - box.left) / box.width) * width;
    const share = (place - MARGIN.left) / (width - MARGIN.left - MARGIN.right);
    this.#show(x.from + Math.min(1, Math.max(0, share)) * (x.to - x.from));
  }

  /** @param {number | null} time */
  #show(time) {
    this.#time = time;
    const place = time === null ? -1 : nearest(this.#samples, time);
    const sample = this.#samples[place];
    if (!sample || !this.#picture) {
      this.#cursor.replaceChildren();
      this.#tip.hidden = true;
      setAttribute(this.element, "aria-valuenow", String(Math.max(0, this.#samples.length - 1)));
      this.#speak(this.#samples.at(-1));
      return;
    }
    setAttribute(this.element, "aria-valuenow", String(place));
    this.#speak(sample);
    this.#draw(sample, this.#picture);
  }

  /** @param {Sample | undefined} sample */
  #speak(sample) {
    if (!sample) return setAttribute(this.element, "aria-valuetext", null);
    const { time, lines } = this.#tell(sample);
    const words = lines.map(({ name, value, more }) => `${name}: ${value}${more ? ` (${more})` : ""}`);
    setAttribute(this.element, "aria-valuetext", [time, ...words].join("; "));
  }

  /**
   * @param {Sample} sample
   * @param {Picture} picture
   */
  #draw(sample, { x, y, svg, floor }) {
    const middle = x.at((sample.start + sample.end) / 2);
    this.#cursor.replaceChildren(
      s("line", { x1: middle, x2: middle, y1: MARGIN.top, y2: floor }),
      s("circle", { cx: middle, cy: Math.min(floor, Math.max(MARGIN.top, y.at(sample.mean))), r: 3 }),
    );
    const { time, lines } = this.#tell(sample);
    this.#tip.replaceChildren(
      h("div", { class: "when" }, time),
      h(
        "dl",
        {},
        ...lines.flatMap(({ name, value, more }) => [
          h("dt", {}, name),
          h("dd", {}, value, more ? h("small", {}, more) : null),
        ]),
      ),
    );
    this.#tip.hidden = false;
    const width = Number(svg.getAttribute("viewBox")?.split(" ")[2]);
    const room = this.#tip.offsetWidth;
    const beside = middle + 12 + room <= width ? middle + 12 : middle - 12 - room;
    // Where it fits on neither side it would hide what it tells of.
    this.#tip.classList.toggle("under", beside < 0);
    this.#tip.style.setProperty("left", `${Math.max(0, beside)}px`);
  }
}

export const INSPECTOR_STYLES = `
  .plot { position: relative; touch-action: pan-y; border-radius: 8px; outline: none; cursor: crosshair; }
  .plot:focus-visible { box-shadow: 0 0 0 2px var(--primary-color); }
  .cursor { pointer-events: none; }
  .cursor line { stroke: var(--primary-text-color); stroke-width: 1; }
  .cursor circle { fill: var(--card-background-color); stroke: var(--primary-text-color); stroke-width: 1.5; }
  .tip {
    position: absolute; top: 4px; z-index: 1; box-sizing: border-box; max-width: min(300px, 100%);
    padding: 8px 10px; border-radius: 8px; pointer-events: none;
    border: 1px solid var(--divider-color); font-size: 12px; line-height: 1.45;
    color: var(--primary-text-color);
    background: var(--ha-card-background, var(--card-background-color, #fff));
    box-shadow: 0 2px 8px rgba(0, 0, 0, 0.25);
  }
  .tip.under { top: calc(100% + 2px); left: 0 !important; right: 0; max-width: none; }
  .tip[hidden] { display: none; }
  .tip .when { font-weight: 500; margin-bottom: 2px; }
  .tip dl { display: grid; grid-template-columns: 1fr auto; gap: 0 12px; margin: 0; }
  .tip dt { color: var(--secondary-text-color); }
  .tip dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
  .tip small { display: block; color: var(--secondary-text-color); font-size: 11px; }
`;
