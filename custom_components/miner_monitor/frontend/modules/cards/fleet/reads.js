// What the fleet card asks Home Assistant for beside states.

import { idOf } from "../../lib/miners.js";
import { DAY, HOUR, MINUTE, readStatistics, readToday } from "../../lib/records.js";
import { meansOf } from "../../lib/spark.js";

/** @typedef {import("../../lib/types.js").Hass} Hass */
/** @typedef {import("../../lib/types.js").Miner} Miner */
/** @typedef {import("./findings.js").Issue} Issue */

/**
 * @typedef {object} Today
 * @property {number | null} energy in kWh
 * @property {number | null} wall in kWh
 * @property {number | null} cost
 * @property {string} currency
 */

/**
 * @typedef {object} Seen What a report told of a miner.
 * @property {boolean | null} online
 * @property {boolean} off whether its plug is off
 * @property {number | null} last in ms since the epoch
 */

/** So long after the end of a step its statistics may be missing yet. */
const COMPILING = 30_000;

/** With more miners, 24 hours are read by the hour. */
const FEW_MINERS = 10;

/**
 * Return which steps a spark line has.
 *
 * @param {1 | 24} hours
 * @param {number} miners
 * @param {number} now in ms
 * @returns {{from: number, step: number, count: number, period: "5minute" | "hour"}}
 */
export function stepsOf(hours, miners, now) {
  const hourly = hours === 24 && miners > FEW_MINERS;
  const step = hours === 1 ? 5 * MINUTE : hourly ? HOUR : 30 * MINUTE;
  const span = hours === 1 ? HOUR : DAY;
  const end = Math.floor((now - COMPILING) / step) * step;
  return { from: end - span, step, count: span / step, period: hourly ? "hour" : "5minute" };
}

/**
 * Read the course of hash rates, one list of means for each entity.
 *
 * @param {Hass} hass
 * @param {string[]} ids
 * @param {1 | 24} hours
 * @returns {Promise<Map<string, (number | null)[]>>}
 */
export async function readSparks(hass, ids, hours) {
  const { from, step, count, period } = stepsOf(hours, ids.length, Date.now());
  const found = await readStatistics(hass, ids, from, period, ["mean"]);
  // The last place is for what there is now.
  return new Map(ids.map((id) => [id, meansOf(found[id], from, step, count + 1)]));
}

/**
 * Read what today took; what there is of it where the action cannot answer.
 *
 * @param {Hass} hass
 * @param {Miner | undefined} fleet
 * @param {Set<string> | null} only the devices, if not all
 * @returns {Promise<{today: Today | null, seen: Map<string, Seen>}>}
 */
export async function readReport(hass, fleet, only) {
  try {
    const { response } = await hass.callWS({
      type: "call_service",
      domain: "miner_monitor",
      service: "fleet_report",
      service_data: { today: true },
      return_response: true,
    });
    return { today: todayOf(response, only), seen: seenOf(response) };
  } catch {
    const id = idOf(fleet, "sensor.energy");
    const energy = id === undefined || only ? null : await readToday(hass, id);
    return {
      today: energy === null ? null : { energy, wall: null, cost: null, currency: "" },
      seen: new Map(),
    };
  }
}

/**
 * Add up a report's energy and cost; null where nothing is known.
 *
 * @param {Record<string, any>} report
 * @param {Set<string> | null} only
 * @returns {Today | null}
 */
export function todayOf(report, only) {
  /** @type {Record<string, any>[]} */
  const parts = only
    ? (report.miners ?? []).filter((/** @type {any} */ one) => only.has(one.device_id))
    : [report.totals ?? {}];
  const today = {
    energy: sum(parts.map((part) => part.energy)),
    wall: sum(parts.map((part) => part.wall_energy)),
    cost: sum(parts.map((part) => part.cost?.value)),
    currency: String(parts.find((part) => part.cost)?.cost.currency ?? ""),
  };
  return today.energy === null && today.wall === null && today.cost === null ? null : today;
}

/**
 * @param {Record<string, any>} report
 * @returns {Map<string, Seen>}
 */
export function seenOf(report) {
  return new Map(
    (report.miners ?? []).map((/** @type {Record<string, any>} */ one) => [
      one.device_id,
      {
        online: one.online ?? null,
        off: one.switched_off === true,
        last: one.last_seen ? Date.parse(one.last_seen) || null : null,
      },
    ]),
  );
}

/**
 * Return when a miner that is away answered last; null if nobody knows.
 *
 * @param {string | undefined} sensor what the entity says
 * @param {Seen | undefined} seen
 * @param {string | undefined} wentAway when it was found to be away
 * @returns {number | null} in ms since the epoch
 */
export function lastSeenOf(sensor, seen, wentAway) {
  const told = Date.parse(sensor ?? "");
  if (Number.isFinite(told)) return told;
  if (seen && !seen.online) return seen.last;
  // It went after the report; else the state's time may be that of a restart.
  return seen ? Date.parse(wentAway ?? "") || null : null;
}

/**
 * Read the repairs; where there are none to be had there are none.
 *
 * @param {Hass} hass
 * @returns {Promise<Issue[]>}
 */
export async function readIssues(hass) {
  if (!hass.config.components.includes("repairs")) return [];
  const { issues } = await hass.callWS({ type: "repairs/list_issues" });
  return issues;
}

/**
 * @param {unknown[]} values
 * @returns {number | null}
 */
function sum(values) {
  const known = values.filter((value) => typeof value === "number");
  return known.length ? known.reduce((total, value) => total + value, 0) : null;
}
