// What a row knows of its miner: read from states, without any element.

import { idOf, numberOf, says, stateOf, unitOf } from "../../lib/miners.js";
import { ALSO_WATCHED, QUANTITIES, RATE_UNITS, SORTS, STATUSES } from "./quantities.js";

/** @typedef {import("../../lib/types.js").Hass} Hass */
/** @typedef {import("../../lib/types.js").Miner} Miner */

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
  return [...names, ...ALSO_WATCHED].flatMap((name) =>
    name === "sensor.fan_speed" ? (miner.ids[name] ?? []) : (miner.ids[name]?.slice(0, 1) ?? []),
  );
}

/**
 * Return what is known of a miner.
 *
 * @param {Pick<Hass, "states" | "entities">} hass
 * @param {Miner} miner
 * @returns {Facts}
 */
export function factsOf(hass, miner) {
  const status = statusOf(hass, miner);
  const there = status !== "away" && status !== "unknown";
  /** @type {Facts} */
  const facts = { id: miner.id, name: miner.name, status, there, readings: {}, beside: {} };
  for (const { key, name, beside, decimals } of QUANTITIES) {
    const ids = key === "fan" ? miner.ids[name] : miner.ids[name]?.slice(0, 1);
    facts.readings[key] = there ? highest(hass, ids, decimals) : null;
    facts.beside[key] = there && beside ? highest(hass, miner.ids[beside]?.slice(0, 1), 1) : null;
  }
  return facts;
}

/**
 * @param {Pick<Hass, "states">} hass
 * @param {Miner} miner
 * @returns {string}
 */
function statusOf(hass, miner) {
  const online = stateOf(hass, miner, "binary_sensor.online")?.state;
  if (online === "off") return "away";
  const state = stateOf(hass, miner, "sensor.status");
  if (!says(state)) return "unknown";
  return online === "on" || idOf(miner, "binary_sensor.online") === undefined ? state.state : "unknown";
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
    const entry = /** @type {{display_precision?: number} | undefined} */ (hass.entities[id]);
    found = { value, unit: unitOf(state), decimals: entry?.display_precision ?? decimals };
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
    if (by === "status")
      return sign * (rankOf(STATUSES, a.status) - rankOf(STATUSES, b.status)) || byName(a, b);
    return compared(a.readings[by] ?? null, b.readings[by] ?? null, by, sign) || byName(a, b);
  });
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
