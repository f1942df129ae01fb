// What is measured at an operating point, which point is the best, how both are written and coloured.

import { format, percentText, rateDecimals, spanText, withUnit } from "../../lib/words.js";
import { BLOCK, keyOf, same } from "../../lib/settings.js";

/** @typedef {import("../../lib/types.js").Locale} Locale */
/** @typedef {import("../../lib/types.js").Say} Say */
/** @typedef {import("../../lib/settings.js").Settings} Settings */

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
  if (quantity === "stability") return percentText(value, value < 10 ? 2 : 1, locale);
  return `${format(value, rateDecimals(value, unit), locale)} ${unit}`;
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
      return format(shown, decimals ?? rateDecimals(shown, rate), locale);
    };
    const [least, most] = [write(figure.min), write(figure.max)];
    const shownUnit = warm ? temperature : unit || rate;
    return [{ name, value: withUnit(write(figure.mean), shownUnit, locale), spread: least === most ? null : `${least} – ${most}` }];
  });
  const stability = valueOf(point, "stability");
  if (stability === null) return rows;
  const steady = { name: "stability", value: quantityText(stability, "stability", rate, locale), spread: null };
  return [...rows.slice(0, 2), steady, ...rows.slice(2)];
}

export const VERDICTS = /** @type {const} */ (["efficiency", "hash_rate", "balanced", "stability", "quiet", "quietest"]);

/**
 * @typedef {object} Words A text by its key, with its values.
 * @property {string} key
 * @property {Record<string, any>} [values]
 */

/**
 * @typedef {object} VerdictLine
 * @property {string} kind
 * @property {TuningPoint | null} point the best; null: not yet
 * @property {string} value what it reaches, such as 15.1 J/TH
 * @property {Words} note how certain that is, or what is missing
 */

/**
 * Return a line for each verdict that the response has.
 *
 * @param {TuningMap} map
 * @param {Say} say
 * @param {Locale} [locale]
 * @returns {VerdictLine[]}
 */
export function verdictLines(map, say, locale) {
  return VERDICTS.flatMap((kind) => {
    const verdict = map.verdicts[kind];
    if (!verdict) return [];
    const point = map.points.find(({ settings }) => same(settings, verdict.settings)) ?? null;
    const value = point ? valueText(kind, point, verdict, map.hash_rate_unit, locale) : "";
    return [{ kind, point, value, note: noteOf(verdict, say, locale) }];
  });
}

/**
 * The hash rate is that of the point, which is in the unit of the response.
 *
 * @param {string} kind
 * @param {TuningPoint} point
 * @param {Verdict} verdict
 * @param {string} unit
 * @param {Locale} [locale]
 */
function valueText(kind, { figures }, verdict, unit, locale) {
  const efficiency = figures.efficiency && quantityText(figures.efficiency.mean, "efficiency", unit, locale);
  const rate = figures.hash_rate && quantityText(figures.hash_rate.mean, "hash_rate", unit, locale);
  const fan = figures.fan_duty_cycle && percentText(figures.fan_duty_cycle.mean, 0, locale);
  if (kind === "efficiency") return efficiency ?? "";
  if (kind === "stability") {
    return verdict.value === null ? "" : `± ${quantityText(verdict.value, "stability", unit, locale)}`;
  }
  const told = kind === "balanced" ? [efficiency, rate] : kind === "quiet" ? [rate, fan] : kind === "quietest" ? [fan, rate] : [rate];
  return told.filter(Boolean).join(", ");
}

/**
 * Return how certain a verdict is, or what it takes.
 *
 * @param {Verdict} verdict
 * @param {Say} say
 * @param {Locale} [locale]
 * @returns {Words}
 */
export function noteOf(verdict, say, locale) {
  if (verdict.settings) {
    if (verdict.margin === null) return { key: "tuning_certain" };
    const margin = format(verdict.margin, verdict.margin < 10 ? 1 : 0, locale);
    return { key: "tuning_margin", values: { margin } };
  }
  const [minutes, days] = [verdict.blocks_missing * BLOCK, verdict.days_missing];
  if (minutes && days) return { key: "tuning_missing_both", values: { time: spanText(minutes, say, locale) } };
  if (minutes) return { key: "tuning_missing_blocks", values: { time: spanText(minutes, say, locale) } };
  if (days === 1) return { key: "tuning_missing_day" };
  if (days) return { key: "tuning_missing_days", values: { days } };
  const key = `tuning_missing_${verdict.missing ?? "points"}`;
  return { key: NOT_YET.has(key) ? key : "tuning_missing_points" };
}

// @says tuning_certain tuning_margin tuning_missing_both tuning_missing_blocks tuning_missing_day tuning_missing_days
// @says tuning_missing_data tuning_missing_difference tuning_missing_points
const NOT_YET = new Set(["tuning_missing_data", "tuning_missing_difference", "tuning_missing_points"]);

/**
 * From bad (dark violet) to good (yellow): each step is lighter than the one before, so
 * that it needs no hue to be read. These are the stops of the map known as viridis.
 */
const STOPS = /** @type {[number, number, number][]} */ ([
  [68, 1, 84],
  [71, 45, 123],
  [59, 82, 139],
  [44, 114, 142],
  [33, 145, 140],
  [40, 174, 128],
  [94, 201, 98],
  [173, 220, 48],
  [253, 231, 37],
]);

/**
 * Return the colour of a place from 0 (bad) to 1 (good).
 *
 * @param {number} place
 * @returns {string}
 */
export function rampColor(place) {
  const at = Math.min(1, Math.max(0, place)) * (STOPS.length - 1);
  const index = Math.min(STOPS.length - 2, Math.floor(at));
  const [low, high] = [STOPS[index], STOPS[index + 1]];
  if (!low || !high) return "gray";
  const mixed = low.map((value, i) => Math.round(value + ((high[i] ?? value) - value) * (at - index)));
  return `rgb(${mixed.join(", ")})`;
}

/** The whole of it as CSS, from bad to good. */
export const RAMP_GRADIENT = `linear-gradient(to right, ${STOPS.map((stop) => `rgb(${stop.join(", ")})`).join(", ")})`;

/**
 * Return where a value lies between the worst (0) and the best (1).
 *
 * @param {number} value
 * @param {number} worst
 * @param {number} best
 * @returns {number}
 */
export function placeOf(value, worst, best) {
  return worst === best ? 1 : (value - worst) / (best - worst);
}

/**
 * @typedef {object} Figure A quantity over the ten-minute blocks of a point.
 * @property {number} mean
 * @property {number | null} deviation
 * @property {number} min
 * @property {number} max
 */

/**
 * @typedef {object} TuningPoint
 * @property {string} setting in words of the server's language
 * @property {Settings} settings
 * @property {number} blocks of ten minutes
 * @property {number} days
 * @property {string | null} last ISO 8601
 * @property {Record<string, Figure | undefined>} figures
 * @property {string[]} bottlenecks
 */

/**
 * @typedef {object} Verdict
 * @property {Settings | null} settings null: not yet
 * @property {number | null} value
 * @property {number | null} margin in %
 * @property {string | null} missing
 * @property {number} blocks_missing
 * @property {number} days_missing
 */

/**
 * @typedef {object} TuningMap
 * @property {string} name
 * @property {string} device_id
 * @property {boolean | null} online
 * @property {string} hash_rate_unit
 * @property {TuningPoint[]} points
 * @property {Record<string, Verdict | undefined>} verdicts
 */

/**
 * @typedef {"efficiency" | "hash_rate" | "stability"} Quantity What the map is coloured by.
 */

/**
 * @typedef {object} Sample Five minutes of hashing at constant settings.
 * @property {number} time in ms since the epoch
 * @property {number} hash_rate in the unit of the sensor
 * @property {number | null} power in W
 * @property {number | null} efficiency in J/TH
 * @property {number | null} temperature in the unit of the sensor
 * @property {number | null} frequency in MHz
 * @property {number | null} voltage in V
 * @property {Settings | null} settings the set points
 */

/**
 * @typedef {object} Past What the recorder remembers.
 * @property {Sample[]} samples
 * @property {({time: number, value: number} | null)[]} line the hash rate; null is a gap
 * @property {import("./past.js").Change[]} changes
 * @property {number} from in ms
 * @property {number} to
 */

/**
 * @typedef {object} View What every part of the card needs to show itself.
 * @property {import("../../lib/types.js").Hass} hass
 * @property {import("../../lib/types.js").Miner} miner
 * @property {import("../../lib/types.js").Say} say
 * @property {import("../../lib/types.js").Localize} localize knows the words of the reports
 * @property {number} width for the content, in px
 * @property {Settings | null} present what the miner is set to; null: not known
 * @property {(settings: Settings) => boolean} canApply
 * @property {(settings: Settings) => void} apply
 */
