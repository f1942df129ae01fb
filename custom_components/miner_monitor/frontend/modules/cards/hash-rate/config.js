// What a user configures of the hash-rate card, and what the recorder knows for it.

import { findMiners } from "../../lib/miners.js";
import { DAY, HOUR, MINUTE, readStates, readStatistics } from "../../lib/records.js";
import { latestTexts } from "../../lib/words.js";
import { joinRows, renewRows, stepsOf } from "./series.js";
import { spanText } from "./words.js";

/** @typedef {import("./series.js").Step} Step */
/** @typedef {import("../../lib/records.js").Point} Point */
/** @typedef {import("../../lib/records.js").Row} Row */
/** @typedef {import("../../lib/types.js").CardConfig} CardConfig */
/** @typedef {import("../../lib/types.js").Hass} Hass */
/** @typedef {import("../../lib/types.js").Miner} Miner */

/** Of the buttons: how far back the chart reaches. */
export const HOURS = [6, 24, 72, 168];
/** In minutes. */
const MEANS = [15, 60, 1440];
/** A mean of a week and a step of a statistic. */
const LONGEST_MEAN = 7 * 24 * 60;
const SHORTEST_MEAN = 5;
const MOST_MEANS = 4;

const DOMAIN = "miner_monitor";

/**
 * @typedef {object} Wish A checked configuration.
 * @property {string | undefined} device
 * @property {string | undefined} entity
 * @property {string | undefined} title
 * @property {number} hours
 * @property {number[]} means in minutes, the shortest first
 */

/**
 * Check a configuration; say plainly what is wrong with it.
 *
 * @param {CardConfig} config
 * @returns {Wish}
 */
export function checkConfig(config) {
  const { device_id, entity, title, hours = 24, means = MEANS } = config;
  if (device_id !== undefined && typeof device_id !== "string") {
    throw new Error("device_id has to be the id of a miner's device");
  }
  if (entity !== undefined && (typeof entity !== "string" || !entity.startsWith("sensor."))) {
    throw new Error("entity has to be a sensor, such as sensor.my_miner_hash_rate");
  }
  if (!device_id && !entity) throw new Error("Choose a miner (device_id) or a sensor (entity)");
  if (title !== undefined && typeof title !== "string") throw new Error("title has to be a text");
  if (!HOURS.includes(Number(hours))) throw new Error(`hours has to be one of ${HOURS.join(", ")}`);
  return {
    device: device_id || undefined,
    entity: entity || undefined,
    title,
    hours: Number(hours),
    means: checkMeans(means),
  };
}

/**
 * @param {unknown} means
 * @returns {number[]}
 */
function checkMeans(means) {
  const list = Array.isArray(means) ? means.map(Number) : [NaN];
  const fine = list.every(
    (mean) => Number.isInteger(mean) && mean >= SHORTEST_MEAN && mean <= LONGEST_MEAN,
  );
  if (!fine || list.length > MOST_MEANS) {
    throw new Error(
      `means has to be a list of at most ${MOST_MEANS} times in minutes, ` +
        `each from ${SHORTEST_MEAN} to ${LONGEST_MEAN}`,
    );
  }
  return [...new Set(list)].sort((a, b) => a - b);
}

/** In minutes: a longer mean says little of a period that is shorter than `SLOW_HOURS`. */
const SLOW = 1440;
const SLOW_HOURS = 72;

/**
 * Return the names of the lines that are not drawn.
 *
 * @param {number[]} means in minutes
 * @param {number} hours shown
 * @param {Set<string>} toggled lines of which the user wanted the opposite
 * @returns {Set<string>}
 */
export function hiddenOf(means, hours, toggled) {
  const hidden = new Set(toggled);
  for (const minutes of hours < SLOW_HOURS ? means : []) {
    const name = `mean_${minutes}`;
    if (minutes >= SLOW && !hidden.delete(name)) hidden.add(name);
  }
  return hidden;
}

/**
 * @typedef {object} Source Where the card's data come from.
 * @property {string} name of the miner or the sensor
 * @property {string} rate entity of the hash rate
 * @property {string | undefined} expected
 * @property {string | undefined} ratio
 * @property {string[]} settings entities whose changes are marked
 * @property {string[]} deciding those of them that decide what is expected
 */

/**
 * Find the entities of a configuration; undefined where the hash rate is not there.
 *
 * @param {Hass} hass
 * @param {Wish} wish
 * @returns {Source | undefined}
 */
export function findSource(hass, wish) {
  const { miners, fleet } = findMiners(hass);
  const all = fleet ? [...miners, fleet] : miners;
  const miner = wish.entity
    ? all.find((each) => each.ids["sensor.hash_rate"]?.includes(/** @type {string} */ (wish.entity)))
    : all.find((each) => each.id === wish.device);
  if (miner) return sourceOf(miner);
  const state = wish.entity ? hass.states[wish.entity] : undefined;
  if (!state) return undefined;
  return {
    name: state.attributes.friendly_name ?? state.entity_id,
    rate: state.entity_id,
    expected: undefined,
    ratio: undefined,
    settings: [],
    deciding: [],
  };
}

/**
 * @param {Miner} miner
 * @returns {Source | undefined}
 */
function sourceOf(miner) {
  const rate = miner.ids["sensor.hash_rate"]?.[0];
  if (!rate) return undefined;
  /** @param {...string} names */
  const ids = (...names) => names.flatMap((name) => miner.ids[name] ?? []);
  return {
    name: miner.name,
    rate,
    expected: miner.ids["sensor.expected_hash_rate"]?.[0],
    ratio: miner.ids["sensor.hash_rate_ratio"]?.[0],
    settings: ids("number.frequency", "number.core_voltage", "select.work_mode"),
    deciding: ids("number.frequency", "select.work_mode"),
  };
}

/**
 * Return the first miner as an example.
 *
 * @param {Hass} hass
 */
export function exampleConfig(hass) {
  const { miners, fleet } = findMiners(hass);
  return { device_id: (miners[0] ?? fleet)?.id ?? "" };
}

// @says hash_rate_form_device_id hash_rate_form_entity hash_rate_form_title
// @says hash_rate_form_hours hash_rate_form_means
const PREFIX = `component.${DOMAIN}.common.dashboard_hash_rate_form_`;

/** Return the form in which a user configures the card. */
export async function configForm() {
  const say = await latestTexts();
  /** @param {number[]} values */
  const options = (values) => values.map((value) => ({ value: String(value), label: spanText(value, say) }));
  return {
    schema: [
      { name: "device_id", selector: { device: { filter: [{ integration: DOMAIN }] } } },
      { name: "entity", selector: { entity: { filter: [{ domain: "sensor", integration: DOMAIN }] } } },
      { name: "title", selector: { text: {} } },
      {
        name: "hours",
        default: "24",
        selector: { select: { mode: "dropdown", options: options(HOURS.map((hours) => hours * 60)) } },
      },
      { name: "means", selector: { select: { multiple: true, mode: "list", options: options(MEANS) } } },
    ],
    /**
     * @param {{name: string}} field
     * @param {(key: string) => string} localize
     */
    computeLabel: (field, localize) => localize(`${PREFIX}${field.name}`) || field.name,
  };
}

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
