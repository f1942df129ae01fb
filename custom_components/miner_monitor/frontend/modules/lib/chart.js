// The frame of a chart: axes with ticks and grid, on which a card draws its marks.

import { s } from "./dom.js";
import { format } from "./numbers.js";
import { decimalsOf } from "./scale.js";

/** @typedef {import("./scale.js").Scale} Scale */
/** @typedef {import("./types.js").Locale} Locale */

/** Room for the words beside the axes, in the units of the view box. */
export const MARGIN = { top: 12, right: 12, bottom: 34, left: 48 };

/**
 * @typedef {object} Axis
 * @property {Scale} scale
 * @property {string} label what it shows, with its unit
 * @property {(tick: number) => string} [text] how a tick is written
 */

/**
 * Return a chart's SVG with its axes; marks are appended to it.
 *
 * @param {object} chart
 * @param {number} chart.width
 * @param {number} chart.height
 * @param {Axis} chart.x
 * @param {Axis} chart.y
 * @param {string} chart.title what a screen reader says of the whole
 * @param {Locale} [chart.locale]
 * @returns {SVGElement}
 */
export function chartFrame({ width, height, x, y, title, locale }) {
  const { top, right, bottom, left } = MARGIN;
  const floor = height - bottom;
  /** @param {Axis} axis @returns {(tick: number) => string} */
  const writer = (axis) => {
    const decimals = decimalsOf(axis.scale.ticks);
    return axis.text ?? ((tick) => format(tick, decimals, locale));
  };
  const [xText, yText] = [writer(x), writer(y)];
  return s(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title, class: "chart" },
    s(
      "g",
      { class: "grid", "aria-hidden": "true" },
      y.scale.ticks.map((tick) => {
        const place = y.scale.at(tick);
        return s("line", { x1: left, x2: width - right, y1: place, y2: place });
      }),
      s("line", { class: "floor", x1: left, x2: width - right, y1: floor, y2: floor }),
    ),
    s(
      "g",
      { class: "ticks", "aria-hidden": "true" },
      y.scale.ticks.map((tick) =>
        s("text", { x: left - 6, y: y.scale.at(tick) + 4, "text-anchor": "end" }, yText(tick)),
      ),
      x.scale.ticks.map((tick) =>
        s("text", { x: x.scale.at(tick), y: floor + 15, "text-anchor": "middle" }, xText(tick)),
      ),
      s("text", { class: "label", x: (left + width - right) / 2, y: height - 3, "text-anchor": "middle" }, x.label),
      s(
        "text",
        {
          class: "label",
          x: 11,
          y: (top + floor) / 2,
          "text-anchor": "middle",
          transform: `rotate(-90 11 ${(top + floor) / 2})`,
        },
        y.label,
      ),
    ),
  );
}

/** CSS of every chart; colours are those of Home Assistant's theme. */
export const CHART_STYLES = `
  .chart { display: block; width: 100%; height: auto; overflow: visible; }
  .chart text { fill: var(--secondary-text-color); font: 11px var(--ha-font-family-body, Roboto, sans-serif); }
  .chart .label { fill: var(--primary-text-color); }
  .chart .grid line { stroke: var(--divider-color); stroke-width: 1; }
  .chart .grid .floor { stroke: var(--secondary-text-color); }
`;

/** Colours that Home Assistant's own charts use, one after the other. */
export const COLORS = Array.from({ length: 12 }, (_, i) => `var(--graph-color-${i + 1}, var(--color-${i + 1}))`);
