// Two quantities against each other, a circle for each five minutes.

import { chartFrame, COLORS, linear, MARGIN } from "../../lib/chart.js";
import { h, s } from "../../lib/dom.js";
import { stateOf, unitOf } from "../../lib/miners.js";
import { format, momentText, rateDecimals, telling, withUnit } from "../../lib/words.js";
import { RAMP_GRADIENT, rampColor } from "./figures.js";
import { heightOf } from "./map-part.js";
import { settingsIn } from "./past.js";
import { frequencyText, keyOf, settingsOf } from "../../lib/settings.js";

/** @typedef {import("./figures.js").Past} Past */
/** @typedef {import("./figures.js").Sample} Sample */
/** @typedef {import("./figures.js").View} View */

/**
 * @typedef {"hash_rate" | "power" | "efficiency" | "temperature" | "frequency" | "voltage"} Axis
 */

/** The scatters by name: what lies on the y axis, and on the x axis. */
export const SCATTERS = /** @type {const} */ ({
  hash_rate_power: ["hash_rate", "power"],
  hash_rate_temperature: ["hash_rate", "temperature"],
  hash_rate_frequency: ["hash_rate", "frequency"],
  hash_rate_voltage: ["hash_rate", "voltage"],
  efficiency_temperature: ["efficiency", "temperature"],
  efficiency_frequency: ["efficiency", "frequency"],
  efficiency_voltage: ["efficiency", "voltage"],
  frequency_voltage: ["frequency", "voltage"],
  power_temperature: ["power", "temperature"],
});

/** @typedef {keyof typeof SCATTERS} ScatterName */

/**
 * Return the scatters for which there are data.
 *
 * @param {Sample[]} samples
 * @returns {ScatterName[]}
 */
export function scattersOf(samples) {
  const names = /** @type {ScatterName[]} */ (Object.keys(SCATTERS));
  return names.filter((name) => scatterOf(samples, name).length > 0);
}

/**
 * Return the samples that have both quantities of a scatter.
 *
 * @param {Sample[]} samples
 * @param {ScatterName} name
 * @returns {{x: number, y: number, sample: Sample}[]}
 */
export function scatterOf(samples, name) {
  const [yName, xName] = SCATTERS[name];
  return samples.flatMap((sample) => {
    const [x, y] = [sample[xName], sample[yName]];
    return x === null || y === null ? [] : [{ x, y, sample }];
  });
}

/**
 * Return a list thinned evenly, so that no more than `most` are left.
 *
 * @template T
 * @param {T[]} list
 * @param {number} most
 * @returns {{kept: T[], every: number}}
 */
export function thinned(list, most) {
  const every = Math.max(1, Math.ceil(list.length / most));
  return { kept: every === 1 ? list : list.filter((_, index) => index % every === 0), every };
}

const MOST_POINTS = 900;

/** More colours cannot be told apart. */
const MOST_COLORS = 8;

/** How far from a circle the pointer may be, in px. */
const NEAR = 18;

/** @typedef {{x: number, y: number, sample: Sample}} Spot */

/**
 * @typedef {object} Coloring
 * @property {(sample: Sample) => string} color
 * @property {(sample: Sample) => string} group
 * @property {HTMLElement} legend
 */

/**
 * Draw a scatter with its legend and a line that reads the point under the pointer.
 *
 * @param {View} view
 * @param {Past} past
 * @param {ScatterName} name
 * @param {"settings" | "age"} by
 * @returns {Element[]}
 */
export function drawScatter(view, past, name, by) {
  const { kept, every } = thinned(scatterOf(past.samples, name), MOST_POINTS);
  const coloring = by === "age" ? byAge(view, past) : bySettings(view, past);
  const readout = h("p", { class: "readout secondary", "aria-hidden": "true" }, view.say("tuning_read_point"));
  const chart = draw(view, name, kept, coloring);
  inspect(view, chart, name, kept, readout);
  const note = every > 1 ? h("p", { class: "secondary thinned" }, view.say("tuning_thinned", { every })) : null;
  return [chart, readout, coloring.legend, note].filter((part) => part !== null);
}

/**
 * @param {View} view
 * @param {Axis} axis
 * @returns {string}
 */
function unitOfAxis({ hass, miner }, axis) {
  if (axis === "hash_rate") return unitOf(stateOf(hass, miner, "sensor.hash_rate"));
  if (axis === "temperature") return unitOf(stateOf(hass, miner, "sensor.chip_temperature")) || "°C";
  return { power: "W", efficiency: "J/TH", frequency: "MHz", voltage: "V" }[axis];
}

/**
 * @param {View} view
 * @param {Axis} axis
 */
function axisName(view, axis) {
  // @says tuning_axis_hash_rate tuning_axis_power tuning_axis_efficiency tuning_axis_temperature
  // @says tuning_axis_frequency tuning_axis_voltage
  return view.say(`tuning_axis_${axis}`);
}

/**
 * Return what a scatter is called.
 *
 * @param {import("../../lib/types.js").Say} say
 * @param {ScatterName} name
 * @returns {string}
 */
export function scatterName(say, name) {
  // @says tuning_scatter_hash_rate_power tuning_scatter_hash_rate_temperature tuning_scatter_hash_rate_frequency
  // @says tuning_scatter_hash_rate_voltage tuning_scatter_efficiency_temperature tuning_scatter_efficiency_frequency
  // @says tuning_scatter_efficiency_voltage tuning_scatter_frequency_voltage tuning_scatter_power_temperature
  return say(`tuning_scatter_${name}`);
}

/**
 * @param {View} view
 * @param {ScatterName} name
 * @param {Spot[]} spots
 * @param {Coloring} coloring
 */
function draw(view, name, spots, { color, group }) {
  const [yAxis, xAxis] = SCATTERS[name];
  const { width } = view;
  const height = heightOf(width);
  const x = linear(spots.map((spot) => spot.x), MARGIN.left, width - MARGIN.right, Math.max(2, Math.round(width / 90)));
  const y = linear(spots.map((spot) => spot.y), height - MARGIN.bottom, MARGIN.top);
  const chart = chartFrame({
    ...{ width, height, locale: view.hass.locale },
    title: view.say("tuning_scatter_title", { name: scatterName(view.say, name), count: spots.length }),
    x: { scale: x, label: `${axisName(view, xAxis)} (${unitOfAxis(view, xAxis)})` },
    y: { scale: y, label: `${axisName(view, yAxis)} (${unitOfAxis(view, yAxis)})` },
  });
  chart.classList.add("scatter");
  const r = width < 500 ? 3 : 3.5;
  chart.append(
    ...spots.map((spot) =>
      s("circle", {
        class: "point",
        ...{ cx: x.at(spot.x).toFixed(1), cy: y.at(spot.y).toFixed(1), r },
        fill: color(spot.sample),
        "data-group": group(spot.sample),
      }),
    ),
  );
  return chart;
}

/**
 * Read the nearest point aloud, so to speak, in a line below the chart.
 *
 * @param {View} view
 * @param {SVGElement} chart
 * @param {ScatterName} name
 * @param {Spot[]} spots
 * @param {HTMLElement} readout
 */
function inspect(view, chart, name, spots, readout) {
  /** @type {Element | null} */
  let marked = null;
  const circles = [...chart.querySelectorAll("circle.point")];
  const places = circles.map((circle) => [Number(circle.getAttribute("cx")), Number(circle.getAttribute("cy"))]);
  chart.addEventListener("pointermove", (event) => {
    const box = chart.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const index = nearest(places, x * (view.width / box.width), y * (view.width / box.width));
    const found = index === null ? null : (circles[index] ?? null);
    if (found === marked) return;
    marked?.classList.remove("marked");
    found?.classList.add("marked");
    marked = found;
    const spot = index === null ? undefined : spots[index];
    readout.textContent = spot ? spotText(view, name, spot) : view.say("tuning_read_point");
  });
}

/**
 * @param {number[][]} places
 * @param {number} x
 * @param {number} y
 * @returns {number | null}
 */
function nearest(places, x, y) {
  let found = null;
  let least = NEAR ** 2;
  places.forEach(([cx = NaN, cy = NaN], index) => {
    const distance = (cx - x) ** 2 + (cy - y) ** 2;
    if (distance <= least) [found, least] = [index, distance];
  });
  return found;
}

/**
 * @param {View} view
 * @param {ScatterName} name
 * @param {Spot} spot
 */
function spotText(view, name, { x, y, sample }) {
  const { locale } = view.hass;
  const [yAxis, xAxis] = SCATTERS[name];
  /** @param {Axis} axis @param {number} value */
  const write = (axis, value) => {
    if (axis === "frequency") return `${frequencyText(Math.round(value), locale)} MHz`;
    if (axis === "voltage") return `${format(value, 3, locale)} V`;
    const unit = unitOfAxis(view, axis);
    const number = axis === "hash_rate" ? format(value, rateDecimals(value, unit), locale) : telling(value, locale);
    return withUnit(number, unit, locale);
  };
  const parts = [momentText(sample.time, view.hass), write(yAxis, y), write(xAxis, x)];
  if (sample.settings) parts.push(settingsOf(view, sample.settings));
  return parts.join(" · ");
}

/**
 * @param {View} view
 * @param {Past} past
 * @returns {Coloring}
 */
function byAge({ say, hass }, { from, to }) {
  const legend = h(
    "div",
    { class: "legend" },
    h(
      "div",
      { class: "colors" },
      h("span", {}, momentText(from, hass)),
      h("span", { class: "ramp", style: { background: RAMP_GRADIENT } }),
      h("span", {}, say("tuning_now")),
    ),
  );
  return { color: ({ time }) => rampColor((time - from) / (to - from)), group: () => "", legend };
}

/**
 * Points of one setting have one colour; a button of the legend lets them stand out.
 *
 * @param {View} view
 * @param {Past} past
 * @returns {Coloring}
 */
function bySettings(view, { samples }) {
  const found = settingsIn(samples);
  const shown = found.slice(0, MOST_COLORS);
  const colors = new Map(shown.map((settings, index) => [keyOf(settings), COLORS[index] ?? "gray"]));
  const others = "var(--secondary-text-color)";
  const legend = h("div", { class: "legend groups" }, ...shown.map((settings) =>
    groupButton(keyOf(settings), settingsOf(view, settings), colors.get(keyOf(settings)) ?? others)));
  if (found.length > shown.length) legend.append(h("span", { class: "secondary" }, view.say("tuning_others")));
  return {
    color: ({ settings }) => (settings && colors.get(keyOf(settings))) || others,
    group: ({ settings }) => (settings ? keyOf(settings) : ""),
    legend,
  };
}

/**
 * @param {string} key
 * @param {string} text
 * @param {string} color
 */
function groupButton(key, text, color) {
  return h(
    "button",
    {
      type: "button",
      class: "group",
      "aria-pressed": "false",
      onclick: (/** @type {Event} */ event) => standOut(/** @type {HTMLElement} */ (event.currentTarget), key),
    },
    h("span", { class: "swatch", style: { background: color } }),
    text,
  );
}

/**
 * Let the points of a group stand out, or all be equal again.
 *
 * @param {HTMLElement} button
 * @param {string} key
 */
function standOut(button, key) {
  const on = button.getAttribute("aria-pressed") !== "true";
  for (const other of button.parentElement?.querySelectorAll("button") ?? []) {
    other.setAttribute("aria-pressed", String(on && other === button));
  }
  for (const circle of button.closest("section")?.querySelectorAll("circle.point") ?? []) {
    circle.classList.toggle("faint", on && circle.getAttribute("data-group") !== key);
  }
}

export const CHARTS_STYLES = `
  .scatter circle.point { fill-opacity: 0.6; stroke: var(--primary-text-color); stroke-opacity: 0.5; stroke-width: 0.6; }
  .scatter circle.faint { opacity: 0.08; }
  .scatter circle.marked { stroke-opacity: 1; stroke-width: 2; fill-opacity: 1; opacity: 1; }
  .scatter { touch-action: pan-y; }
  .readout { min-height: 1.4em; margin-top: 4px; }
  .thinned { margin-top: 4px; }
  .group { display: inline-flex; gap: 6px; align-items: center; min-height: 28px; font-size: 12px; padding: 2px 10px; }
  .group[aria-pressed="true"] { box-shadow: inset 0 0 0 2px var(--primary-color); }
  .swatch { width: 12px; height: 12px; border-radius: 50%; flex: none; }
  .series { fill: none; stroke: var(--primary-color); stroke-width: 1.5; stroke-linejoin: round; }
  .change line { stroke: var(--primary-text-color); stroke-width: 1; stroke-dasharray: 3 3; }
  .chart .change text { fill: var(--primary-text-color); paint-order: stroke; stroke-width: 4px;
    stroke: var(--card-background-color); }
  .change:hover line, .change:focus line { stroke-width: 2; stroke-dasharray: none; }
`;
