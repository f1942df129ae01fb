// What the recorder remembers: what a miner did in each five minutes, at which settings, and their changes.

import { idOf, stateOf, unitOf } from "../../lib/miners.js";
import { HOUR, MINUTE, readStates, readStatistics, stateAt } from "../../lib/records.js";
import { CONTROLS, factorOf, keyOf, pointOf } from "../../lib/settings.js";

/** @typedef {import("./figures.js").Past} Past */
/** @typedef {import("./figures.js").Sample} Sample */
/** @typedef {import("../../lib/settings.js").Settings} Settings */
/** @typedef {import("./figures.js").TuningMap} TuningMap */
/** @typedef {import("../../lib/records.js").Point} Point */
/** @typedef {import("../../lib/records.js").Row} Row */
/** @typedef {import("../../lib/types.js").Hass} Hass */
/** @typedef {import("../../lib/types.js").Miner} Miner */

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

/**
 * @typedef {object} Change What was set to what, at once or nearly so.
 * @property {number} time in ms
 * @property {Settings} changed only what is another one now
 * @property {Settings} before what it was
 */

/** What is set within this time is one change: a miner takes voltage and frequency one by one. */
const ONE_CHANGE = 2 * MINUTE;

/**
 * Return the changes of set points, in order of time.
 *
 * The first state of each list held before and is no change.
 *
 * @param {{frequency?: Point[], voltage?: Point[], mode?: Point[]}} set without what says nothing
 * @returns {Change[]}
 */
export function changesOf({ frequency, voltage, mode }) {
  const all = [
    ...steps(frequency, (state) => ({ frequency: Number(state) })),
    ...steps(voltage, (state) => ({ core_voltage: Number(state) })),
    ...steps(mode, (state) => ({ work_mode: state })),
  ].sort((a, b) => a.time - b.time);
  /** @type {Change[]} */
  const changes = [];
  for (const step of all) {
    const last = changes.at(-1);
    if (last && step.time - last.time <= ONE_CHANGE) {
      last.changed = { ...last.changed, ...step.changed };
      last.before = { ...step.before, ...last.before };
    } else {
      changes.push(step);
    }
  }
  return changes.filter(({ changed, before }) => !unchanged(changed, before));
}

/**
 * @param {Settings} changed
 * @param {Settings} before
 */
function unchanged(changed, before) {
  return (
    changed.frequency === before.frequency &&
    changed.core_voltage === before.core_voltage &&
    changed.work_mode === before.work_mode
  );
}

/**
 * @param {Point[] | undefined} points
 * @param {(state: string) => Settings} read
 * @returns {Change[]}
 */
function steps(points, read) {
  return (points ?? []).slice(1).map(({ time, state }, index) => ({
    time,
    changed: read(state),
    before: read(points?.[index]?.state ?? state),
  }));
}

/**
 * Return in which line each mark's text finds room; null where there is none.
 *
 * The newest come first, since they are what one looks for.
 *
 * @param {{x: number, width: number}[]} marks in order of time; x is where a text begins
 * @param {number} lanes how many lines there are
 * @param {number} end where the chart ends; a text that would pass it stands left of its mark
 * @returns {({lane: number, left: boolean} | null)[]}
 */
export function lanesOf(marks, lanes, end) {
  /** @type {[number, number][][]} */
  const taken = Array.from({ length: lanes }, () => []);
  /** @type {({lane: number, left: boolean} | null)[]} */
  const found = marks.map(() => null);
  for (let index = marks.length - 1; index >= 0; index--) {
    const mark = marks[index];
    if (!mark) continue;
    const left = mark.x + mark.width > end;
    const from = left ? mark.x - mark.width : mark.x;
    const lane = taken.findIndex((spans) => spans.every(([a, b]) => from > b + 4 || from + mark.width < a - 4));
    if (lane < 0) continue;
    taken[lane]?.push([from, from + mark.width]);
    found[index] = { lane, left };
  }
  return found;
}

/**
 * Read the map of a miner; null where it has none, since it is not loaded.
 *
 * @param {Hass} hass
 * @param {string} deviceId
 * @returns {Promise<TuningMap | null>}
 */
export async function readMap(hass, deviceId) {
  const target = { device_id: deviceId };
  const { response } = await hass.callService("miner_monitor", "compare_settings", {}, target, false, true);
  return response.miners[0] ?? null;
}

/**
 * Return the sensor that tells the power: the plug's where the miner has none.
 *
 * @param {Miner} miner
 * @returns {string}
 */
export function powerSensor(miner) {
  return idOf(miner, "sensor.power") ? "sensor.power" : "sensor.wall_power";
}

/**
 * Read what happened in the last hours.
 *
 * @param {Hass} hass
 * @param {Miner} miner
 * @param {number} hours
 * @returns {Promise<Past>}
 */
export async function readPast(hass, miner, hours) {
  const to = Date.now();
  const from = to - hours * HOUR;
  const measured = {
    hash_rate: "sensor.hash_rate",
    power: powerSensor(miner),
    temperature: "sensor.chip_temperature",
    frequency_actual: "sensor.frequency_actual",
    voltage_actual: "sensor.core_voltage_actual",
  };
  /** @param {string[]} names */
  const idsOf = (names) => names.map((name) => idOf(miner, name)).filter((id) => id !== undefined);
  const [rows, states] = await Promise.all([
    readStatistics(hass, idsOf(Object.values(measured)), from, "5minute", ["mean", "min"]),
    readStates(hass, idsOf(Object.values(CONTROLS)), from),
  ]);
  /** @param {string} name */
  const factor = (name) => factorOf(unitOf(stateOf(hass, miner, name)));
  /** @param {string} name */
  const rowsOf = (name) => scaledRows(rows[idOf(miner, name) ?? ""], factor(name));
  /** @param {string} name */
  const pointsOf = (name) => scaledStates(states[idOf(miner, name) ?? ""], factor(name));
  const set = {
    frequency: pointsOf(CONTROLS.frequency),
    voltage: pointsOf(CONTROLS.core_voltage),
    mode: telltale(states[idOf(miner, CONTROLS.work_mode) ?? ""]),
  };
  const rates = rows[idOf(miner, measured.hash_rate) ?? ""];
  const recorded = {
    ...set,
    hash_rate: rates,
    power: rowsOf(measured.power),
    temperature: rows[idOf(miner, measured.temperature) ?? ""],
    frequency_actual: rowsOf(measured.frequency_actual),
    voltage_actual: rowsOf(measured.voltage_actual),
  };
  return {
    ...{ from, to },
    samples: joined(recorded, factor(measured.hash_rate)),
    line: lineOf(rates),
    changes: changesOf(set).filter(({ time }) => time > from),
  };
}
