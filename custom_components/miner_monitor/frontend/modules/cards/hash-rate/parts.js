// The parts of the hash-rate card around its chart: cursor, buttons, legend, figures, CSS.

import { MARGIN } from "../../lib/chart.js";
import { h, s, setAttribute } from "../../lib/dom.js";
import { DRAW_STYLES, areaSample, sample, strokeOf } from "./draw.js";
import { nearest } from "./series.js";
import { pairText } from "../../lib/words.js";
import { spanText } from "./words.js";

/** @typedef {import("./draw.js").Picture} Picture */
/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./model.js").Sample} Sample */
/** @typedef {import("./words.js").Line} Line */
/** @typedef {import("../../lib/types.js").Say} Say */

/**
 * Show the buttons of how much time the chart shows; they stay what they are, so that
 * the focus stays too.
 *
 * @param {HTMLElement} group
 * @param {number[]} all in hours
 * @param {number} chosen
 * @param {Say} say
 * @param {(hours: number) => void} choose
 */
export function rangeButtons(group, all, chosen, say, choose) {
  setAttribute(group, "aria-label", say("hash_rate_range"));
  /** @param {number} hours */
  const make = (hours) => h("button", { type: "button", "data-hours": hours, onclick: () => choose(hours) });
  if (!group.children.length) group.append(...all.map(make));
  all.forEach((hours, i) => {
    const button = /** @type {HTMLElement} */ (group.children[i]);
    button.textContent = spanText(hours * 60, say);
    setAttribute(button, "aria-pressed", String(hours === chosen));
  });
}

/**
 * Show the lines of the chart as buttons that put them away.
 *
 * @param {HTMLElement} group
 * @param {{series: string, name: string, about: string}[]} lines
 * @param {Set<string>} hidden
 * @param {Say} say
 * @param {(series: string) => void} toggle
 */
export function legendButtons(group, lines, hidden, say, toggle) {
  setAttribute(group, "aria-label", say("hash_rate_legend"));
  const key = JSON.stringify(lines);
  if (group.dataset.lines !== key) {
    group.dataset.lines = key;
    const means = lines.filter(({ series }) => series.startsWith("mean_"));
    group.replaceChildren(
      ...lines.map((line) =>
        h(
          "button",
          {
            type: "button",
            class: "key",
            "data-toggles": line.series,
            title: line.about || undefined,
            onclick: () => toggle(line.series),
          },
          pictureOf(line.series, means.indexOf(line)),
          line.name,
        ),
      ),
    );
  }
  for (const button of group.querySelectorAll("button")) {
    setAttribute(button, "aria-pressed", String(!hidden.has(button.dataset.toggles ?? "")));
  }
}

/**
 * @param {string} series
 * @param {number} mean which of the means it is
 */
function pictureOf(series, mean) {
  if (series === "deviation") return areaSample();
  if (mean < 0) return sample({ class: "series", "data-sample": series });
  const { color, width } = strokeOf(mean);
  return sample({ class: "series", style: { stroke: color, "stroke-width": width } });
}

/**
 * @param {HTMLElement} list
 * @param {Line[]} lines
 */
export function figureList(list, lines) {
  list.hidden = !lines.length;
  list.replaceChildren(
    ...lines.map(({ name, value, more }) =>
      h("div", {}, h("dt", {}, name), h("dd", {}, value, more ? h("small", {}, more) : null)),
    ),
  );
}

/**
 * @param {HTMLElement} element
 * @param {string[]} notes
 */
export function noteList(element, notes) {
  element.hidden = !notes.length;
  element.replaceChildren(...notes.map((note) => h("p", {}, note)));
}

/** @typedef {{time: string, lines: Line[]}} Moment */

/** Steps of the keys that go far, as a share of all. */
const FAR = 1 / 12;

/** The plot of a chart with a cursor over it. */
export class Inspector {
  /** @type {Model | undefined} */
  #model;
  /** @type {Picture | undefined} */
  #picture;
  /** @type {Say} */
  #say = (key) => key;
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
   * @param {Say} say
   * @param {(sample: Sample) => Moment} tell
   */
  update(model, picture, say, tell) {
    this.#model = model;
    this.#picture = picture;
    this.#say = say;
    this.#tell = tell;
    setAttribute(this.element, "aria-label", say("hash_rate_inspect"));
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
    const words = lines.map(({ name, value, more }) => pairText(name, more ? `${value} (${more})` : value, this.#say));
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

export const STYLES = `
  ${DRAW_STYLES}
  ${INSPECTOR_STYLES}
  :host { display: block; }
  ha-card { height: 100%; }
  .body { padding: 12px 16px 16px; }
  [hidden] { display: none !important; }
  .head { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center; margin-bottom: 8px; }
  .names { flex: 1 1 auto; display: flex; flex-wrap: wrap; gap: 0 12px; align-items: baseline; min-width: 0; }
  .title {
    margin: 0; font-size: var(--ha-font-size-l, 16px); font-weight: 500; line-height: 1.4;
    color: var(--primary-text-color); overflow-wrap: anywhere;
  }
  button {
    font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer;
    border-radius: 6px; outline: none;
  }
  button:focus-visible { box-shadow: 0 0 0 2px var(--primary-color); }
  .now { font-size: 20px; min-width: 24px; min-height: 28px; color: var(--primary-text-color); font-variant-numeric: tabular-nums; }
  .ranges { display: flex; gap: 4px; }
  .ranges button {
    min-width: 44px; min-height: 32px; padding: 0 8px; font-size: 13px;
    color: var(--primary-text-color); border: 1px solid var(--divider-color);
  }
  .ranges button[aria-pressed="true"] {
    border-color: var(--primary-color); box-shadow: inset 0 0 0 1px var(--primary-color); font-weight: 600;
  }
  .ranges button:focus-visible { box-shadow: 0 0 0 2px var(--primary-color); }
  .message { color: var(--secondary-text-color); font-size: 14px; }
  .message:not(:empty) { padding: 8px 0; }
  .legend { display: flex; flex-wrap: wrap; gap: 2px 8px; margin-top: 6px; font-size: 12px; }
  .key {
    display: inline-flex; align-items: center; gap: 6px; min-height: 28px; padding: 0 6px;
    color: var(--primary-text-color);
  }
  .key[aria-pressed="false"] { color: var(--secondary-text-color); text-decoration: line-through; }
  .key[aria-pressed="false"] > :first-child { opacity: 0.35; }
  [data-sample="hash_rate"] { stroke: var(--secondary-text-color); stroke-width: 1; }
  [data-sample="expected"] {
    stroke: var(--primary-text-color); stroke-width: 1.75; stroke-dasharray: 6 4; stroke-linecap: butt;
  }
  .swatches { display: inline-flex; gap: 2px; }
  .swatches span {
    width: 12px; height: 12px; line-height: 12px; text-align: center; font-weight: 700; border-radius: 2px;
    color: var(--primary-text-color); background: color-mix(in srgb, var(--tone) 35%, transparent);
  }
  .figures {
    display: grid; grid-template-columns: repeat(auto-fit, minmax(98px, 1fr)); gap: 10px 16px;
    margin: 10px 0 0; padding-top: 10px; border-top: 1px solid var(--divider-color);
  }
  .figures dt { font-size: 12px; overflow-wrap: anywhere; color: var(--secondary-text-color); }
  .figures dd {
    margin: 0; font-size: 15px; color: var(--primary-text-color); font-variant-numeric: tabular-nums;
  }
  .figures small { display: block; font-size: 12px; color: var(--secondary-text-color); }
  .notes p { margin: 4px 6px 0; font-size: 12px; color: var(--secondary-text-color); }
`;
