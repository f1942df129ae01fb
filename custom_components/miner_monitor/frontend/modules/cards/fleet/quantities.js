// What a row shows of a miner, and what it can be sorted by.

/**
 * @typedef {object} Quantity
 * @property {string} key
 * @property {string} name of the entity, see lib/miners.js
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
  name: "ascending",
  status: "ascending",
  ...Object.fromEntries(QUANTITIES.filter(({ first }) => first).map(({ key, first }) => [key, first])),
};

/** What else a row looks at. */
export const ALSO_WATCHED = [
  "binary_sensor.online",
  "binary_sensor.problem",
  "binary_sensor.fault",
  "sensor.status",
  "sensor.last_seen",
  "switch.throttle",
];

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
