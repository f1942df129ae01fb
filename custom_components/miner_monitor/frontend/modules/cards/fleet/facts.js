// What a row knows of its miner, how rows are sorted, and what the user can choose.

// @says fleet_column_chip_temperature fleet_column_efficiency fleet_column_hash_rate
// @says fleet_column_name fleet_column_power fleet_column_ratio fleet_column_shares
// @says fleet_column_status fleet_column_attention fleet_hours_1 fleet_hours_24 fleet_option_exclude fleet_option_good
// @says fleet_option_hours fleet_option_miners fleet_option_poor fleet_option_show_findings
// @says fleet_option_show_switch fleet_option_sort fleet_option_subviews fleet_option_title

import { numberOf, unitOf } from "../../lib/miners.js";
import { STATUS_KEYS, statusOf, urgencyOf } from "../../lib/status.js";
import { rateDecimals } from "../../lib/words.js";

/** @typedef {import("../../lib/types.js").Hass} Hass */
/** @typedef {import("../../lib/types.js").HassState} HassState */
/** @typedef {import("../../lib/types.js").Miner} Miner */
/** @typedef {import("../../lib/types.js").Say} Say */

/**
 * @typedef {object} Quantity
 * @property {string} key
 * @property {string} name of the entity, see findMiners
 * @property {string} [beside] name of the entity that is shown smaller
 * @property {number} decimals where the user chose none
 * @property {"ascending" | "descending" | null} first how it is sorted at first, if at all
 */

/** @type {Quantity[]} */
export const QUANTITIES = [
  { key: "hash_rate", name: "sensor.hash_rate", decimals: 2, first: "descending" },
  { key: "ratio", name: "sensor.hash_rate_ratio", decimals: 0, first: "ascending" },
  { key: "power", name: "sensor.power", beside: "sensor.wall_power", decimals: 1, first: "descending" },
  { key: "efficiency", name: "sensor.efficiency", decimals: 1, first: "ascending" },
  { key: "chip_temperature", name: "sensor.chip_temperature", decimals: 1, first: "descending" },
  { key: "fan", name: "sensor.fan_speed", beside: "sensor.fan_duty_cycle", decimals: 0, first: null },
  {
    key: "shares",
    name: "sensor.shares_accepted",
    beside: "sensor.reject_rate",
    decimals: 0,
    first: "descending",
  },
];

/** @type {Record<string, "ascending" | "descending">} what rows can be sorted by, and how at first */
export const SORTS = {
  attention: "ascending",
  name: "ascending",
  status: "ascending",
  ...Object.fromEntries(QUANTITIES.filter(({ first }) => first).map(({ key, first }) => [key, first])),
};

/** Statuses in the order in which they need attention; `away` and `unknown` are ours. */
export const STATUSES = [
  "fault",
  "overheated",
  "pool_lost",
  "away",
  "unknown",
  "idle",
  "starting",
  "standby",
  "paused",
  "hashing",
];

/** Units of hash rates in the order in which they are sorted. */
export const RATE_UNITS = ["TH/s", "GH/s", "MH/s", "kH/s"];

/**
 * @typedef {object} Reading
 * @property {number} value
 * @property {string} unit
 * @property {number} decimals
 */

/**
 * @typedef {object} Facts
 * @property {string} id
 * @property {string} name
 * @property {string} status one of STATUSES
 * @property {boolean} there whether it answers
 * @property {number} urgency 0 of those that need attention first, 3 of those that need none
 * @property {Record<string, Reading | null>} readings by the key of a quantity
 * @property {Record<string, Reading | null>} beside what is shown smaller
 */

/**
 * Return the ids of all entities that a row shows.
 *
 * @param {Miner} miner
 * @returns {string[]}
 */
export function watchedOf(miner) {
  const names = QUANTITIES.flatMap(({ name, beside }) => (beside ? [name, beside] : [name]));
  return [...names, ...STATUS_KEYS].flatMap((name) =>
    name === "sensor.fan_speed" ? (miner.ids[name] ?? []) : (miner.ids[name]?.slice(0, 1) ?? []),
  );
}

/**
 * Return what is known of a miner.
 *
 * @param {Pick<Hass, "states" | "entities">} hass
 * @param {Miner} miner
 * @param {Record<string, HassState>} [last] what its entities said last, for as long as it is offline
 * @returns {Facts}
 */
export function factsOf(hass, miner, last = {}) {
  const status = statusOf(hass, miner);
  const there = status !== "away" && status !== "unknown";
  /** @type {Facts} */
  const facts = {
    ...{ id: miner.id, name: miner.name, status, there },
    ...{ urgency: urgencyOf(hass, miner), readings: {}, beside: {} },
  };
  const said = { entities: hass.entities, states: there ? hass.states : last };
  for (const { key, name, beside, decimals } of QUANTITIES) {
    const ids = key === "fan" ? miner.ids[name] : miner.ids[name]?.slice(0, 1);
    facts.readings[key] = highest(said, ids, decimals);
    facts.beside[key] = beside ? highest(said, miner.ids[beside]?.slice(0, 1), 1) : null;
  }
  return facts;
}

/**
 * Return the highest of what some entities say; of several fans it is the fastest.
 *
 * @param {Pick<Hass, "states" | "entities">} hass
 * @param {string[] | undefined} ids
 * @param {number} decimals
 * @returns {Reading | null}
 */
function highest(hass, ids, decimals) {
  /** @type {Reading | null} */
  let found = null;
  for (const id of ids ?? []) {
    const state = hass.states[id];
    const value = numberOf(state);
    if (value === null || (found && found.value >= value)) continue;
    const unit = unitOf(state);
    const chosen = hass.entities[id]?.display_precision ?? decimals;
    found = { value, unit, decimals: unit.endsWith("H/s") ? rateDecimals(value, unit) : chosen };
  }
  return found;
}

/**
 * Return which quantities no miner has.
 *
 * @param {Miner[]} miners
 * @returns {string[]}
 */
export function lackingOf(miners) {
  return QUANTITIES.filter(({ name }) => !miners.some((miner) => miner.ids[name])).map(({ key }) => key);
}

/**
 * Return miners' facts in order; what is unknown comes last, whatever the direction.
 *
 * @param {Facts[]} all
 * @param {string} by a key of SORTS
 * @param {"ascending" | "descending"} direction
 * @param {string} [language]
 * @returns {Facts[]}
 */
export function sorted(all, by, direction, language) {
  const names = new Intl.Collator(language, { numeric: true });
  const sign = direction === "descending" ? -1 : 1;
  /** @param {Facts} a @param {Facts} b @returns {number} */
  const byName = (a, b) => names.compare(a.name, b.name) || (a.id < b.id ? -1 : 1);
  if (by === "name" || !(by in SORTS)) return [...all].sort((a, b) => sign * byName(a, b));
  return [...all].sort((a, b) => {
    if (by === "attention") return sign * (a.urgency - b.urgency) || byName(a, b);
    if (by === "status")
      return sign * (rankOf(STATUSES, a.status) - rankOf(STATUSES, b.status)) || byName(a, b);
    return compared(presentOf(a, by), presentOf(b, by), by, sign) || byName(a, b);
  });
}

/** @param {Facts} facts @param {string} by */
function presentOf({ there, readings }, by) {
  return (there && readings[by]) || null;
}

/**
 * @param {Reading | null} a
 * @param {Reading | null} b
 * @param {string} by
 * @param {number} sign
 * @returns {number}
 */
function compared(a, b, by, sign) {
  if (!a || !b) return a ? -1 : b ? 1 : 0;
  // Hash rates of other algorithms cannot be compared.
  const units = by === "hash_rate" ? rankOf(RATE_UNITS, a.unit) - rankOf(RATE_UNITS, b.unit) : 0;
  return units || sign * (a.value - b.value);
}

/**
 * @param {string[]} order
 * @param {string} item
 * @returns {number}
 */
function rankOf(order, item) {
  const place = order.indexOf(item);
  return place < 0 ? order.length : place;
}

/**
 * Grade a hash rate beside the expected one.
 *
 * @param {number | null | undefined} ratio in %
 * @param {{good: number, poor: number}} thresholds
 * @returns {"good" | "fair" | "poor" | null}
 */
export function gradeOf(ratio, { good, poor }) {
  if (ratio === null || ratio === undefined) return null;
  if (ratio >= good) return "good";
  return ratio < poor ? "poor" : "fair";
}

/**
 * @typedef {object} Choices
 * @property {string} sort
 * @property {"ascending" | "descending"} direction
 * @property {1 | 24} hours
 */

const STORE = "miner-monitor-rows";

/**
 * Complain in plain words about a configuration that cannot be meant.
 *
 * @param {Record<string, any>} config
 */
export function checkConfig(config) {
  for (const key of ["miners", "exclude"]) {
    const list = config[key];
    const fine = list === undefined || (Array.isArray(list) && list.every((id) => typeof id === "string"));
    if (!fine) throw new Error(`"${key}" has to be a list of device ids`);
  }
  if (config.sort !== undefined && !(config.sort in SORTS)) {
    throw new Error(`"sort" has to be one of ${Object.keys(SORTS).join(", ")}`);
  }
  if (![undefined, 1, 24, "1", "24"].includes(config.hours)) throw new Error('"hours" has to be 1 or 24');
  const { good, poor } = thresholdsOf(config);
  if (!(good >= poor)) throw new Error('"good" and "poor" have to be percentages, good not below poor');
}

/**
 * Return from what percentage a hash rate is good, and below which it is poor.
 *
 * @param {Record<string, any>} config
 * @returns {{good: number, poor: number}}
 */
export function thresholdsOf(config) {
  return { good: Number(config.good ?? 95), poor: Number(config.poor ?? 85) };
}

/**
 * Return what was chosen in this browser, else what the configuration says.
 *
 * @param {Record<string, any>} config
 * @param {string | null} stored
 * @returns {Choices}
 */
export function choicesOf(config, stored) {
  /** @type {Record<string, any>} */
  let kept = {};
  try {
    const parsed = JSON.parse(stored ?? "{}");
    if (parsed && typeof parsed === "object") kept = parsed;
  } catch {
    // Somebody else's, or cut off.
  }
  const sort = kept.sort in SORTS ? kept.sort : (config.sort ?? "attention");
  const known = kept.sort === sort && ["ascending", "descending"].includes(kept.direction);
  const hours = [1, 24].includes(kept.hours) ? kept.hours : Number(config.hours ?? 1);
  return {
    sort,
    direction: known ? kept.direction : (SORTS[sort] ?? "ascending"),
    hours: hours === 24 ? 24 : 1,
  };
}

/**
 * @param {Record<string, any>} config
 * @returns {Choices}
 */
export function loadChoices(config) {
  let stored = null;
  try {
    stored = localStorage.getItem(storeOf(config));
  } catch {
    // A browser may keep nothing.
  }
  return choicesOf(config, stored);
}

/**
 * @param {Record<string, any>} config
 * @param {Choices} choices
 */
export function keepChoices(config, choices) {
  try {
    localStorage.setItem(storeOf(config), JSON.stringify(choices));
  } catch {
    // They hold until the page is left.
  }
}

/** @param {Record<string, any>} config */
function storeOf(config) {
  const name = config.id ?? config.title;
  return name ? `${STORE}:${name}` : STORE;
}

const DEVICES = { device: { integration: "miner_monitor", multiple: true } };

/**
 * Return the form of the editor.
 *
 * @param {Say} say
 */
export function formOf(say) {
  return {
    schema: [
      { name: "title", selector: { text: {} } },
      { name: "miners", selector: DEVICES },
      { name: "exclude", selector: DEVICES },
      { name: "sort", selector: select(Object.keys(SORTS), (key) => say(`fleet_column_${key}`)) },
      { name: "hours", selector: select(["1", "24"], (hours) => say(`fleet_hours_${hours}`)) },
      ...["subviews", "show_findings", "show_switch"].map((name) => ({ name, selector: { boolean: {} } })),
      ...["good", "poor"].map((name) => ({
        name,
        selector: { number: { min: 0, max: 200, mode: "box", unit_of_measurement: "%" } },
      })),
    ],
    computeLabel: (/** @type {{name: string}} */ { name }) => say(`fleet_option_${name}`),
  };
}

/**
 * @param {string[]} values
 * @param {(value: string) => string} label
 */
function select(values, label) {
  return { select: { mode: "dropdown", options: values.map((value) => ({ value, label: label(value) })) } };
}
