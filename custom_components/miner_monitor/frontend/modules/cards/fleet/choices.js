// The card's configuration, and what the user of this browser chose instead.

import { SORTS } from "./quantities.js";

/**
 * @typedef {object} Choices
 * @property {string} sort
 * @property {"ascending" | "descending"} direction
 * @property {1 | 24} hours
 */

const STORE = "miner-monitor-fleet";

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
  const sort = kept.sort in SORTS ? kept.sort : (config.sort ?? "name");
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
  return config.title ? `${STORE}:${config.title}` : STORE;
}
