// What the card asks Home Assistant for: the tuning map, and what the recorder remembers.

import { idOf, stateOf, unitOf } from "../../lib/miners.js";
import { HOUR, readStates, readStatistics } from "../../lib/records.js";
import { joined, lineOf, scaledRows, scaledStates, telltale } from "./join.js";
import { changesOf } from "./marks.js";
import { CONTROLS, factorOf } from "./settings.js";

/** @typedef {import("./types.js").Past} Past */
/** @typedef {import("./types.js").TuningMap} TuningMap */
/** @typedef {import("../../lib/types.js").Hass} Hass */
/** @typedef {import("../../lib/types.js").Miner} Miner */

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
