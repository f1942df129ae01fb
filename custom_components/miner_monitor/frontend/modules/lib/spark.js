// Spark lines: the course of a value in a line of text, with gaps where nothing is known.

import { linePath } from "./scale.js";

/** @typedef {import("./records.js").Row} Row */
/** @typedef {[number, number]} Place */

/** The part of the highest value that the height stands for at the least: noise is to look like noise. */
const LEAST_SPAN = 0.2;

/**
 * Return the means of steps of equal length; null where there is none.
 *
 * @param {Row[] | undefined} rows of statistics, each no longer than a step
 * @param {number} from in ms since the epoch
 * @param {number} step in ms
 * @param {number} count
 * @returns {(number | null)[]}
 */
export function meansOf(rows, from, step, count) {
  const sums = Array.from({ length: count }, () => ({ sum: 0, rows: 0 }));
  for (const { start, mean } of rows ?? []) {
    const place = sums[Math.floor((start - from) / step)];
    if (!place || typeof mean !== "number" || !Number.isFinite(mean)) continue;
    place.sum += mean;
    place.rows += 1;
  }
  return sums.map(({ sum, rows: known }) => (known ? sum / known : null));
}

/**
 * Return the paths of a spark line and of what is below it; empty where nothing is known.
 *
 * @param {(number | null)[]} values
 * @param {number} width
 * @param {number} height
 * @param {number} [edge] room for the width of the line
 * @returns {{line: string, area: string}}
 */
export function sparkPaths(values, width, height, edge = 1.5) {
  const known = values.filter((value) => value !== null);
  if (!known.length) return { line: "", area: "" };
  const { low, span } = heightOf(known);
  const step = width / Math.max(1, values.length - 1);
  const scale = (height - 2 * edge) / span;
  const runs = runsOf(
    values.map((value, place) =>
      value === null ? null : [place * step, height - edge - (value - low) * scale],
    ),
  );
  return {
    line: runs.map((run) => linePath(run)).join(""),
    area: runs.map((run) => `${linePath(run)}L${x(run.at(-1))} ${height}L${x(run[0])} ${height}Z`).join(""),
  };
}

/** @param {Place | undefined} place */
function x(place) {
  return (place?.[0] ?? 0).toFixed(1);
}

/**
 * Return what the height stands for, around the values.
 *
 * @param {number[]} known
 */
function heightOf(known) {
  const low = Math.min(...known);
  const high = Math.max(...known);
  const span = Math.max(high - low, Math.abs(high) * LEAST_SPAN) || 1;
  // In the middle, but nothing below zero: a value that cannot fall further is at the floor.
  const floor = (high + low - span) / 2;
  return { low: low >= 0 ? Math.max(0, floor) : floor, span };
}

/**
 * Return the runs between gaps; a lone place becomes a short line, which can be seen.
 *
 * @param {(Place | null)[]} places
 * @returns {Place[][]}
 */
function runsOf(places) {
  /** @type {Place[][]} */
  const runs = [];
  let open = false;
  for (const place of places) {
    if (place === null) {
      open = false;
    } else if (open) {
      runs.at(-1)?.push(place);
    } else {
      runs.push([place]);
      open = true;
    }
  }
  for (const run of runs) {
    const [only, second] = run;
    if (only && !second) run.push([only[0] + 1, only[1]]);
  }
  return runs;
}
