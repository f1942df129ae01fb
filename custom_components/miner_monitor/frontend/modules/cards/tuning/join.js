// Rows of the recorder put together: what a miner did in each five minutes, and at which settings.

import { MINUTE, stateAt } from "../../lib/records.js";
import { keyOf, pointOf } from "./settings.js";

/** @typedef {import("../../lib/records.js").Row} Row */
/** @typedef {import("../../lib/records.js").Point} Point */
/** @typedef {import("./types.js").Sample} Sample */
/** @typedef {import("./types.js").Settings} Settings */

export const STEP = 5 * MINUTE;

/** After a change, miners take a while to come to rest; what they do meanwhile is left out. */
const SETTLE = 3 * STEP;

const NOTHING = new Set(["unknown", "unavailable", ""]);

/**
 * @typedef {object} Recorded Statistics and set points by what they are; what the miner
 *   does not have is missing.
 * @property {Row[]} [hash_rate]
 * @property {Row[]} [power] in W
 * @property {Row[]} [temperature]
 * @property {Row[]} [frequency_actual] in MHz
 * @property {Row[]} [voltage_actual] in V
 * @property {Point[]} [frequency] set points in MHz
 * @property {Point[]} [voltage] set points in V
 * @property {Point[]} [mode]
 */

/**
 * Leave out what says nothing, and what says the same again.
 *
 * @param {Point[] | undefined} points
 * @returns {Point[]}
 */
export function telltale(points) {
  /** @type {Point[]} */
  const kept = [];
  for (const point of points ?? []) {
    if (!NOTHING.has(point.state) && kept.at(-1)?.state !== point.state) kept.push(point);
  }
  return kept;
}

/**
 * Return states as numbers in another unit.
 *
 * @param {Point[] | undefined} points
 * @param {number} factor
 * @returns {Point[]}
 */
export function scaledStates(points, factor) {
  return telltale(points).map(({ time, state }) => ({ time, state: tidy(Number(state) * factor) }));
}

/** @param {number} value */
function tidy(value) {
  return String(Number(value.toPrecision(10)));
}

/**
 * Return means in another unit.
 *
 * @param {Row[] | undefined} rows
 * @param {number} factor
 * @returns {Row[]}
 */
export function scaledRows(rows, factor) {
  return (rows ?? []).map((row) => ({ ...row, mean: typeof row.mean === "number" ? row.mean * factor : null }));
}

/**
 * Return the set points that held at a time.
 *
 * @param {Recorded} recorded
 * @param {number} time
 * @returns {Settings | null}
 */
function settingsAt(recorded, time) {
  return pointOf(
    numberAt(recorded.frequency, time),
    numberAt(recorded.voltage, time),
    stateAt(recorded.mode, time),
  );
}

/**
 * @param {Point[] | undefined} points
 * @param {number} time
 */
function numberAt(points, time) {
  const value = Number(stateAt(points, time) ?? NaN);
  return Number.isFinite(value) ? value : null;
}

/**
 * Return a sample for each five minutes in which the miner hashed at constant settings.
 *
 * @param {Recorded} recorded
 * @param {number} rateFactor how many TH/s one of the unit of the hash rate is
 * @returns {Sample[]}
 */
export function joined(recorded, rateFactor) {
  const power = byStart(recorded.power);
  const temperature = byStart(recorded.temperature);
  const clock = byStart(recorded.frequency_actual);
  const volts = byStart(recorded.voltage_actual);
  const busy = new Set((recorded.hash_rate ?? []).filter(hashes).map(({ start }) => start));
  const first = recorded.hash_rate?.[0]?.start ?? 0;
  return (recorded.hash_rate ?? []).flatMap((row, index) => {
    const rate = row.mean;
    if (typeof rate !== "number" || !hashes(row)) return [];
    if (index > 0 && !busy.has(row.start - STEP)) return [];
    const before = settingsAt(recorded, Math.max(first, row.start - SETTLE));
    const settings = settingsAt(recorded, row.start);
    const after = settingsAt(recorded, row.start + STEP - 1);
    if (differ(settings, after) || differ(before, after)) return [];
    const watts = power.get(row.start) ?? null;
    return [
      {
        time: row.start,
        hash_rate: rate,
        power: watts,
        efficiency: watts === null ? null : watts / (rate * rateFactor),
        temperature: temperature.get(row.start) ?? null,
        frequency: clock.get(row.start) ?? settings?.frequency ?? null,
        voltage: volts.get(row.start) ?? settings?.core_voltage ?? null,
        settings: settings ?? after,
      },
    ];
  });
}

/**
 * Return whether a miner hashed all the time: means of a part of it would fit to nothing.
 *
 * @param {Row} row
 */
function hashes({ mean, min }) {
  return typeof mean === "number" && mean > 0 && !(typeof min === "number" && min <= 0);
}

/**
 * @param {Settings | null} one
 * @param {Settings | null} other
 */
function differ(one, other) {
  return one !== null && other !== null && keyOf(one) !== keyOf(other);
}

/**
 * @param {Row[] | undefined} rows
 * @returns {Map<number, number>}
 */
function byStart(rows) {
  /** @type {Map<number, number>} */
  const means = new Map();
  for (const { start, mean } of rows ?? []) {
    if (typeof mean === "number" && Number.isFinite(mean)) means.set(start, mean);
  }
  return means;
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

/**
 * Return the operating points of samples, the most frequent first.
 *
 * @param {Sample[]} samples
 * @returns {Settings[]}
 */
export function settingsIn(samples) {
  /** @type {Map<string, {settings: Settings, count: number}>} */
  const found = new Map();
  for (const { settings } of samples) {
    if (!settings) continue;
    const known = found.get(keyOf(settings));
    if (known) known.count += 1;
    else found.set(keyOf(settings), { settings, count: 1 });
  }
  return [...found.values()].sort((a, b) => b.count - a.count).map(({ settings }) => settings);
}

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
 * Return the means of hash rate for a line, null where rows are missing.
 *
 * @param {Row[] | undefined} rows
 * @returns {({time: number, value: number} | null)[]}
 */
export function lineOf(rows) {
  /** @type {({time: number, value: number} | null)[]} */
  const line = [];
  let before = NaN;
  for (const { start, mean } of rows ?? []) {
    if (typeof mean !== "number") continue;
    if (start - before > 2 * STEP) line.push(null);
    line.push({ time: start + STEP / 2, value: mean });
    before = start;
  }
  return line;
}
