// What is asked of Home Assistant beside states: what its recorder remembers, now and then.

/** @typedef {import("./types.js").Hass} Hass */

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
 * @returns {Promise<Record<string, Point[]>>}
 */
export async function readStates(hass, ids, start) {
  if (!ids.length) return {};
  /** @type {Record<string, {s: string, lu: number, lc?: number}[]>} */
  const found = await hass.callWS({
    type: "history/history_during_period",
    start_time: new Date(start).toISOString(),
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
