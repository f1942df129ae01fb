// Where the points of the map lie, and how large they are.

import { MARGIN } from "../../lib/chart.js";
import { linear } from "../../lib/scale.js";

/** @typedef {import("../../lib/scale.js").Scale} Scale */
/** @typedef {import("./types.js").Settings} Settings */
/** @typedef {import("./types.js").TuningPoint} TuningPoint */

export const LEAST_RADIUS = 5;

/** Targets smaller than this are hard to hit. */
export const LEAST_TARGET = 12;

/**
 * Return the radius of a point: its area is the time spent at it.
 *
 * @param {number} blocks
 * @param {number} most the blocks of the largest point
 * @param {number} largest its radius
 * @returns {number}
 */
export function radiusOf(blocks, most, largest) {
  return most > 0 ? Math.max(LEAST_RADIUS, largest * Math.sqrt(blocks / most)) : LEAST_RADIUS;
}

/**
 * Return the radius of the largest point of a map of this width.
 *
 * @param {number} width
 * @returns {number}
 */
export function largestRadius(width) {
  return Math.min(26, Math.max(14, width / 24));
}

/**
 * Return the height that suits a chart of this width.
 *
 * @param {number} width
 * @returns {number}
 */
export function heightOf(width) {
  return Math.round(Math.min(420, Math.max(230, width * 0.6)));
}

/**
 * Return a scale with room for circles at both ends.
 *
 * @param {number[]} values
 * @param {number} start place of the lowest
 * @param {number} end place of the highest
 * @param {number} room in the unit of places
 * @param {number} count about how many ticks
 * @returns {Scale}
 */
export function roomy(values, start, end, room, count) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const length = Math.abs(end - start);
  const part = Math.min(0.3, room / length);
  const span = high - low || Math.abs(low) * 0.1 || 1;
  const pad = (span * part) / (1 - 2 * part);
  return high === low
    ? linear([low - span / 2, high + span / 2], start, end, count)
    : linear([low - pad, high + pad], start, end, count);
}

/**
 * Return the scales of a map in MHz and mV.
 *
 * @param {Settings[]} settings
 * @param {{width: number, height: number, room: number}} size
 * @returns {{x: Scale, y: Scale}}
 */
export function mapScales(settings, { width, height, room }) {
  const clocks = settings.map(({ frequency }) => frequency ?? 0);
  const volts = settings.map(({ core_voltage }) => (core_voltage ?? 0) * 1000);
  return {
    x: roomy(clocks, MARGIN.left, width - MARGIN.right, room, Math.max(2, Math.round(width / 90))),
    y: roomy(volts, height - MARGIN.bottom, MARGIN.top, room, 5),
  };
}

/**
 * Return whether points are told apart by frequency and voltage.
 *
 * @param {TuningPoint[]} points
 * @returns {boolean}
 */
export function isMap(points) {
  return points.some(({ settings }) => settings.frequency !== undefined && settings.core_voltage !== undefined);
}

/**
 * Return the outline of a star with five points.
 *
 * @param {number} x
 * @param {number} y
 * @param {number} size its outer radius
 * @returns {string}
 */
export function starPath(x, y, size) {
  const corners = Array.from({ length: 10 }, (_, index) => {
    const radius = index % 2 ? size * 0.42 : size;
    const angle = (Math.PI / 5) * index - Math.PI / 2;
    return `${(x + radius * Math.cos(angle)).toFixed(1)} ${(y + radius * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${corners.join("L")}Z`;
}
