// What is asked of Home Assistant beside states: what its recorder remembers, now and then.

import { idOf, NOTHING } from "./miners.js";

/** @typedef {import("./types.js").Hass} Hass */
/** @typedef {import("./types.js").HassState} HassState */
/** @typedef {import("./types.js").Miner} Miner */

/**
 * @typedef {object} Row One step of a statistic.
 * @property {number} start in ms since the epoch
 * @property {number} end
 * @property {number | null} [mean]
 * @property {number | null} [min]
 * @property {number | null} [max]
 * @property {number | null} [sum]
 * @property {number | null} [change]
 */

/**
 * @typedef {object} Point A value and since when it holds.
 * @property {number} time in ms since the epoch
 * @property {string} state
 */

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/**
 * Read statistics; ids without any are left out.
 *
 * @param {Hass} hass
 * @param {string[]} ids
 * @param {number} start in ms
 * @param {"5minute" | "hour" | "day"} period
 * @param {("mean" | "min" | "max" | "sum" | "change")[]} types
 * @returns {Promise<Record<string, Row[]>>}
 */
export async function readStatistics(hass, ids, start, period, types) {
  if (!ids.length) return {};
  return hass.callWS({
    type: "recorder/statistics_during_period",
    start_time: new Date(start).toISOString(),
    statistic_ids: ids,
    period,
    types,
  });
}

/**
 * Read how much a meter rose since local midnight; null where nothing is recorded.
 *
 * @param {Hass} hass
 * @param {string} id
 * @returns {Promise<number | null>}
 */
export async function readToday(hass, id) {
  /** @type {{change?: number | null}} */
  const found = await hass.callWS({
    type: "recorder/statistic_during_period",
    statistic_id: id,
    calendar: { period: "day" },
    types: ["change"],
  });
  return found.change ?? null;
}

/**
 * Read the states that entities had; each list begins with what held at `start`.
 *
 * @param {Hass} hass
 * @param {string[]} ids
 * @param {number} start in ms
 * @param {number} [end] in ms
 * @returns {Promise<Record<string, Point[]>>}
 */
export async function readStates(hass, ids, start, end) {
  if (!ids.length) return {};
  /** @type {Record<string, {s: string, lu: number, lc?: number}[]>} */
  const found = await hass.callWS({
    type: "history/history_during_period",
    start_time: new Date(start).toISOString(),
    ...(end !== undefined && { end_time: new Date(end).toISOString() }),
    entity_ids: ids,
    minimal_response: true,
    no_attributes: true,
    significant_changes_only: false,
  });
  return Object.fromEntries(
    Object.entries(found).map(([id, rows]) => [
      id,
      rows.map((row) => ({ time: (row.lc ?? row.lu) * 1000, state: row.s })),
    ]),
  );
}

/**
 * Return what held at a time; undefined before the first.
 *
 * @param {Point[] | undefined} points in order of time
 * @param {number} time in ms
 * @returns {string | undefined}
 */
export function stateAt(points, time) {
  if (!points?.length) return undefined;
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {Point} */ (points[middle]).time <= time) low = middle + 1;
    else high = middle;
  }
  return low ? points[low - 1]?.state : undefined;
}

/**
 * Return the median; null of nothing.
 *
 * @param {number[]} values
 * @returns {number | null}
 */
export function median(values) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = /** @type {number} */ (sorted[middle]);
  if (sorted.length % 2) return upper;
  return (upper + /** @type {number} */ (sorted[middle - 1])) / 2;
}

/**
 * Read what entities said last before a time; those that said nothing are left out.
 *
 * @param {Hass} hass
 * @param {string[]} ids
 * @param {number} time in ms
 * @returns {Promise<Record<string, HassState>>}
 */
export async function readLast(hass, ids, time) {
  const found = await readStates(hass, ids, time - MINUTE, time + 1000);
  /** @type {Record<string, HassState>} */
  const last = {};
  for (const [id, points] of Object.entries(found)) {
    const state = points.map(({ state }) => state).filter((state) => !NOTHING.has(state)).at(-1);
    const now = hass.states[id];
    if (state !== undefined && now) last[id] = { ...now, state };
  }
  return last;
}

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
 * @typedef {object} Today
 * @property {number | null} energy in kWh
 * @property {number | null} wall in kWh
 * @property {number | null} cost
 * @property {string} currency
 */

/**
 * Read what today took; what there is of it where the action cannot answer.
 *
 * @param {Hass} hass
 * @param {Miner | undefined} fleet
 * @param {Set<string> | null} only the devices, if not all
 * @returns {Promise<{today: Today | null, unplugged: Set<string>}>}
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
    return { today: todayOf(response, only), unplugged: unpluggedOf(response) };
  } catch {
    const id = idOf(fleet, "sensor.energy");
    const energy = id === undefined || only ? null : await readToday(hass, id);
    return {
      today: energy === null ? null : { energy, wall: null, cost: null, currency: "" },
      unplugged: new Set(),
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
 * Return the devices whose plugs are off, as a report says.
 *
 * @param {Record<string, any>} report
 * @returns {Set<string>}
 */
export function unpluggedOf(report) {
  /** @type {Record<string, any>[]} */
  const miners = report.miners ?? [];
  return new Set(miners.filter((one) => one.switched_off === true).map((one) => one.device_id));
}

/**
 * Read the repairs; where there are none to be had there are none.
 *
 * @param {Hass} hass
 * @returns {Promise<import("./status.js").Issue[]>}
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

/**
 * Calls `read` at once, then every so often, sooner after a failure. It rests while the
 * page is hidden, and forgets answers that come after it was stopped.
 *
 * @template T
 */
export class Poll {
  #read;
  #done;
  #every;
  #retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #turn = 0;
  #running = false;
  #started = 0;

  /**
   * @param {() => Promise<T>} read
   * @param {(outcome: {value: T} | {error: unknown}) => void} done
   * @param {{every: number, retry: number}} pace in ms
   */
  constructor(read, done, { every, retry }) {
    this.#read = read;
    this.#done = done;
    this.#every = every;
    this.#retry = retry;
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    document.addEventListener("visibilitychange", this.#seen);
    this.now();
  }

  stop() {
    this.#running = false;
    this.#turn += 1;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#seen);
  }

  /** Read at once, however long ago it was. */
  async now() {
    clearTimeout(this.#timer);
    if (!this.#running || document.hidden) return;
    const turn = ++this.#turn;
    this.#started = Date.now();
    /** @type {{value: T} | {error: unknown}} */
    let outcome;
    try {
      outcome = { value: await this.#read() };
    } catch (error) {
      outcome = { error };
    }
    if (turn !== this.#turn) return;
    this.#timer = setTimeout(() => this.now(), "error" in outcome ? this.#retry : this.#every);
    this.#done(outcome);
  }

  /** Read soon, but no more often than after failures. */
  soon() {
    if (!this.#running) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.now(), Math.max(1000, this.#started + this.#retry - Date.now()));
  }

  #seen = () => {
    if (document.hidden) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.now(), Math.max(0, this.#started + this.#every - Date.now()));
  };
}
