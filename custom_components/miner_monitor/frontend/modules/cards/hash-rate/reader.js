// Reads what the recorder knows for the hash-rate card, again only what is new.

import { DAY, HOUR, MINUTE, readStates, readStatistics } from "../../lib/records.js";
import { joinRows, renewRows, stepsOf } from "./series.js";

/** @typedef {import("../../lib/types.js").Hass} Hass */
/** @typedef {import("../../lib/records.js").Row} Row */
/** @typedef {import("../../lib/records.js").Point} Point */
/** @typedef {import("./config.js").Source} Source */
/** @typedef {import("./series.js").Step} Step */

/**
 * @typedef {object} Records
 * @property {Step[]} rates
 * @property {Step[] | null} expected null without such a sensor
 * @property {Step[] | null} ratios
 * @property {Record<string, Point[]>} settings
 */

/** @type {("mean" | "min" | "max")[]} */
const TYPES = ["mean", "min", "max"];
/** What was read is read anew after so long, since the recorder may have changed it. */
const KEPT = 2 * HOUR;
/** The last steps are read again with the new ones. */
const OVERLAP = 15 * MINUTE;

/** The records of one source, as far back as somebody looked. */
export class Reader {
  /** @type {Record<string, Row[]>} */
  #fine = {};
  /** @type {Record<string, Row[]>} */
  #coarse = {};
  #from = Infinity;
  #fullRead = 0;

  /** @param {Source} source */
  constructor(source) {
    this.source = source;
    const { rate, expected, ratio } = source;
    this.ids = [rate, expected, ratio].filter((id) => id !== undefined);
  }

  /**
   * Return all since a time.
   *
   * @param {Hass} hass
   * @param {number} from in ms
   * @param {number} now
   * @returns {Promise<Records>}
   */
  async read(hass, from, now) {
    // A day at least: a change of settings before the chart decides within it.
    const settings = readStates(hass, this.source.settings, Math.min(from, now - DAY));
    const [states] = await Promise.all([settings, this.#readRows(hass, from, now)]);
    return this.#records(states, from);
  }

  /**
   * @param {Hass} hass
   * @param {number} from
   * @param {number} now
   */
  async #readRows(hass, from, now) {
    if (from < this.#from || now - this.#fullRead > KEPT) await this.#readAll(hass, from, now);
    else await this.#readNew(hass);
  }

  /**
   * @param {Hass} hass
   * @param {number} from
   * @param {number} now
   */
  async #readAll(hass, from, now) {
    const fine = await readStatistics(hass, this.ids, from, "5minute", TYPES);
    const first = fine[this.source.rate]?.[0]?.start ?? Infinity;
    // Either the miner is new, or short steps are kept for fewer days than shown.
    const short = first - from > HOUR;
    const coarse = short ? await readStatistics(hass, this.ids, from, "hour", TYPES) : {};
    this.#fine = fine;
    this.#coarse = coarse;
    this.#from = from;
    this.#fullRead = now;
  }

  /** @param {Hass} hass */
  async #readNew(hass) {
    const last = this.#fine[this.source.rate]?.at(-1)?.end ?? this.#from;
    const newer = await readStatistics(hass, this.ids, last - OVERLAP, "5minute", TYPES);
    for (const [id, rows] of Object.entries(newer)) {
      this.#fine[id] = renewRows(this.#fine[id] ?? [], rows);
    }
  }

  /**
   * @param {Record<string, Point[]>} settings
   * @param {number} from rows before are left out: nobody knows their settings
   * @returns {Records}
   */
  #records(settings, from) {
    const { rate, expected, ratio } = this.source;
    const begin = stepsOf(this.#fine[rate] ?? [])[0]?.start ?? Infinity;
    /** @param {string} id */
    const steps = (id) => {
      const before = (this.#coarse[id] ?? []).filter((row) => row.end <= begin);
      const short = (this.#fine[id] ?? []).filter((row) => row.start >= begin);
      const all = short.length ? joinRows(short, before) : stepsOf(before);
      return all.filter((step) => step.start >= from);
    };
    return {
      rates: steps(rate),
      expected: expected === undefined ? null : steps(expected),
      ratios: ratio === undefined ? null : steps(ratio),
      settings,
    };
  }
}
