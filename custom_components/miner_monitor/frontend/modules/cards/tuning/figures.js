// What is measured at an operating point, which point is the best, and how both are written.

import { format, telling } from "../../lib/numbers.js";
import { keyOf, same } from "./settings.js";

/** @typedef {import("./types.js").Figure} Figure */
/** @typedef {import("./types.js").Quantity} Quantity */
/** @typedef {import("./types.js").TuningMap} TuningMap */
/** @typedef {import("./types.js").TuningPoint} TuningPoint */
/** @typedef {import("./types.js").Verdict} Verdict */
/** @typedef {import("../../lib/types.js").Locale} Locale */

/** @type {Quantity[]} */
export const QUANTITIES = ["efficiency", "hash_rate", "stability"];

/** Of which a greater value is a better one. */
const GREATER = new Set(["hash_rate"]);

/** With fewer blocks of ten minutes a mean says little. */
const ENOUGH_BLOCKS = 12;

/**
 * Return what a point is coloured by; null where it was not measured.
 *
 * @param {TuningPoint} point
 * @param {Quantity} quantity
 * @returns {number | null}
 */
export function valueOf({ figures }, quantity) {
  if (quantity !== "stability") return figures[quantity]?.mean ?? null;
  const rate = figures.hash_rate;
  if (!rate || rate.deviation === null || rate.mean <= 0) return null;
  return (100 * rate.deviation) / rate.mean;
}

/**
 * Return the quantities that at least one point has.
 *
 * @param {TuningPoint[]} points
 * @returns {Quantity[]}
 */
export function quantitiesOf(points) {
  return QUANTITIES.filter((quantity) => points.some((point) => valueOf(point, quantity) !== null));
}

/**
 * Return the worst and the best value of all points; null where there is none.
 *
 * @param {TuningPoint[]} points
 * @param {Quantity} quantity
 * @returns {{worst: number, best: number} | null}
 */
export function spanOf(points, quantity) {
  const values = points.map((point) => valueOf(point, quantity)).filter((value) => value !== null);
  if (!values.length) return null;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return GREATER.has(quantity) ? { worst: low, best: high } : { worst: high, best: low };
}

/**
 * Return the point to be starred, and whether it is certain to be the best.
 *
 * Until it is, the foremost by its mean is it, if possible of those with enough data.
 *
 * @param {TuningMap} map
 * @param {Quantity} quantity
 * @returns {{point: TuningPoint, certain: boolean} | null}
 */
export function starOf({ points, verdicts }, quantity) {
  const found = verdicts[quantity]?.settings ?? null;
  const winner = points.find((point) => same(point.settings, found));
  if (winner) return { point: winner, certain: true };
  const known = points.filter((point) => valueOf(point, quantity) !== null);
  if (known.length < 2) return null;
  const ready = known.filter((point) => point.blocks >= ENOUGH_BLOCKS);
  const best = spanOf(ready.length ? ready : known, quantity)?.best;
  const foremost = (ready.length ? ready : known).find((point) => valueOf(point, quantity) === best);
  return foremost ? { point: foremost, certain: false } : null;
}

/**
 * Return the points in the order in which keys go through them and a table lists them.
 *
 * @param {TuningPoint[]} points
 * @returns {TuningPoint[]}
 */
export function inOrder(points) {
  return [...points].sort(
    ({ settings: one }, { settings: other }) =>
      (one.frequency ?? 0) - (other.frequency ?? 0) ||
      (one.core_voltage ?? 0) - (other.core_voltage ?? 0) ||
      keyOf(one).localeCompare(keyOf(other)),
  );
}

/**
 * Write a value of a quantity with its unit.
 *
 * @param {number} value
 * @param {Quantity} quantity
 * @param {string} unit of the hash rate
 * @param {Locale} [locale]
 * @returns {string}
 */
export function quantityText(value, quantity, unit, locale) {
  if (quantity === "efficiency") return `${format(value, 1, locale)} J/TH`;
  if (quantity === "stability") return `${format(value, value < 10 ? 2 : 1, locale)} %`;
  return `${telling(value, locale)} ${unit}`;
}

/** All figures of a point in the order in which they are shown: decimals and unit. */
const SHOWN = /** @type {[string, number | null, string][]} */ ([
  ["hash_rate", null, ""],
  ["efficiency", 1, "J/TH"],
  ["power", 1, "W"],
  ["chip_temperature", 1, "°C"],
  ["vr_temperature", 1, "°C"],
  ["room_temperature", 1, "°C"],
  ["fan_duty_cycle", 0, "%"],
  ["input_voltage", 2, "V"],
  ["error_rate", 2, "%"],
  ["reject_rate", 2, "%"],
]);

/**
 * @typedef {object} Row A figure in words.
 * @property {string} name of the figure, such as hash_rate
 * @property {string} value with its unit
 * @property {string | null} spread from the least to the most; null of a single value
 */

/**
 * Return what is known of a point in words.
 *
 * @param {TuningPoint} point
 * @param {object} units
 * @param {string} units.rate the unit of the hash rate
 * @param {string} [units.temperature] the user's unit of temperatures
 * @param {Locale} [locale]
 * @returns {Row[]}
 */
export function rowsOf(point, { rate, temperature = "°C" }, locale) {
  const rows = SHOWN.flatMap(([name, decimals, unit]) => {
    const figure = point.figures[name];
    if (!figure) return [];
    const warm = unit === "°C" && temperature === "°F";
    /** @param {number} value */
    const write = (value) => {
      const shown = warm ? value * 1.8 + 32 : value;
      return decimals === null ? telling(shown, locale) : format(shown, decimals, locale);
    };
    const [least, most] = [write(figure.min), write(figure.max)];
    const shownUnit = warm ? temperature : unit || rate;
    return [{ name, value: `${write(figure.mean)} ${shownUnit}`, spread: least === most ? null : `${least} – ${most}` }];
  });
  const stability = valueOf(point, "stability");
  if (stability === null) return rows;
  const steady = { name: "stability", value: quantityText(stability, "stability", rate, locale), spread: null };
  return [...rows.slice(0, 2), steady, ...rows.slice(2)];
}
