// The hash rate over time, with a mark wherever settings were changed.

import { chartFrame, MARGIN } from "../../lib/chart.js";
import { s } from "../../lib/dom.js";
import { stateOf, unitOf } from "../../lib/miners.js";
import { linear, linePath, time as timeScale } from "../../lib/scale.js";
import { lanesOf } from "./marks.js";
import { settingsOf } from "./settings.js";
import { momentText, tickText } from "./words.js";

/** @typedef {import("./marks.js").Change} Change */
/** @typedef {import("./types.js").Past} Past */
/** @typedef {import("./types.js").View} View */

const HEIGHT = 220;
const LANES = 3;
const LANE = 15;

/** About how wide a letter of a mark is, in px. */
const LETTER = 6;

/**
 * Draw the chart.
 *
 * @param {View} view
 * @param {Past} past
 * @returns {SVGElement}
 */
export function drawChanges(view, past) {
  const { width, hass, miner, say } = view;
  const x = timeScale(past.from, past.to, MARGIN.left, width - MARGIN.right, Math.max(2, Math.floor(width / 80)));
  const lanes = lanesOf(textPlaces(view, past.changes, x.at), LANES, width - MARGIN.right);
  const top = MARGIN.top + LANE * Math.max(0, ...lanes.map((place) => (place ? place.lane + 1 : 1)));
  const values = past.line.flatMap((point) => (point ? [point.value] : []));
  const y = linear(values, HEIGHT - MARGIN.bottom, top, 4);
  const unit = unitOf(stateOf(hass, miner, "sensor.hash_rate"));
  const chart = chartFrame({
    ...{ width, height: HEIGHT, locale: hass.locale },
    title: say("tuning_changes_title", { count: past.changes.length }),
    x: { scale: x, label: "", text: (tick) => tickText(tick, hass.locale) },
    y: { scale: y, label: `${say("tuning_axis_hash_rate")} (${unit})` },
  });
  // The marks can be reached by keys, so it is more than a picture.
  chart.setAttribute("role", "group");
  chart.append(s("path", {
    class: "series",
    d: linePath(past.line.map((point) => point && [x.at(point.time), y.at(point.value)])),
  }));
  chart.append(...marks(view, past.changes, x.at, lanes));
  return chart;
}

/**
 * @param {View} view
 * @param {Change[]} changes
 * @param {(time: number) => number} at
 */
function textPlaces(view, changes, at) {
  return changes.map(({ time, changed }) => ({
    x: at(time),
    width: 6 + LETTER * settingsOf(view, changed).length,
  }));
}

/**
 * @param {View} view
 * @param {Change[]} changes
 * @param {(time: number) => number} at
 * @param {ReturnType<typeof lanesOf>} lanes
 */
function marks(view, changes, at, lanes) {
  const drawn = changes.map((change, index) => {
    const x = at(change.time);
    const place = lanes[index];
    const y = MARGIN.top + (place?.lane ?? 0) * LANE;
    const words = markText(view, change);
    return s(
      "g",
      { class: "change", tabindex: 0, role: "img", "aria-label": words },
      s("title", {}, words),
      s("rect", { class: "target", x: x - 12, y: 0, width: 24, height: HEIGHT - MARGIN.bottom }),
      s("line", { x1: x, x2: x, y1: y - 8, y2: HEIGHT - MARGIN.bottom }),
      place &&
        s("text", { x: place.left ? x - 4 : x + 4, y: y + 2, "text-anchor": place.left ? "end" : "start" }, settingsOf(view, change.changed)),
    );
  });
  // A text lies on the lines that come after it.
  return drawn.reverse();
}

/**
 * @param {View} view
 * @param {Change} change
 */
function markText(view, { time, changed, before }) {
  return view.say("tuning_change", {
    time: momentText(time, view.hass.locale),
    from: settingsOf(view, before),
    to: settingsOf(view, changed),
  });
}
