// What a miner's settings are the best in, or what is still missing to say so.

import { quantityText } from "./figures.js";
import { format } from "../../lib/numbers.js";
import { same } from "./settings.js";
import { BLOCK, spanText } from "./words.js";

/** @typedef {import("./types.js").TuningMap} TuningMap */
/** @typedef {import("./types.js").TuningPoint} TuningPoint */
/** @typedef {import("./types.js").Verdict} Verdict */
/** @typedef {import("../../lib/types.js").Locale} Locale */

export const VERDICTS = /** @type {const} */ (["efficiency", "hash_rate", "balanced", "stability", "quiet"]);

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
 * @param {Locale} [locale]
 * @returns {VerdictLine[]}
 */
export function verdictLines(map, locale) {
  return VERDICTS.flatMap((kind) => {
    const verdict = map.verdicts[kind];
    if (!verdict) return [];
    const point = map.points.find(({ settings }) => same(settings, verdict.settings)) ?? null;
    const value = point ? valueText(kind, point, verdict, map.hash_rate_unit, locale) : "";
    return [{ kind, point, value, note: noteOf(verdict, locale) }];
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
  const fan = figures.fan_duty_cycle && `${format(figures.fan_duty_cycle.mean, 0, locale)} %`;
  if (kind === "efficiency") return efficiency ?? "";
  if (kind === "stability") {
    return verdict.value === null ? "" : `± ${quantityText(verdict.value, "stability", unit, locale)}`;
  }
  const told = kind === "balanced" ? [efficiency, rate] : kind === "quiet" ? [rate, fan] : [rate];
  return told.filter(Boolean).join(", ");
}

/**
 * Return how certain a verdict is, or what it takes.
 *
 * @param {Verdict} verdict
 * @param {Locale} [locale]
 * @returns {Words}
 */
export function noteOf(verdict, locale) {
  if (verdict.settings) {
    if (verdict.margin === null) return { key: "tuning_certain" };
    const margin = format(verdict.margin, verdict.margin < 10 ? 1 : 0, locale);
    return { key: "tuning_margin", values: { margin } };
  }
  const [minutes, days] = [verdict.blocks_missing * BLOCK, verdict.days_missing];
  if (minutes && days) return { key: "tuning_missing_both", values: { time: spanText(minutes, locale) } };
  if (minutes) return { key: "tuning_missing_blocks", values: { time: spanText(minutes, locale) } };
  if (days === 1) return { key: "tuning_missing_day" };
  if (days) return { key: "tuning_missing_days", values: { days } };
  const key = `tuning_missing_${verdict.missing ?? "points"}`;
  return { key: NOT_YET.has(key) ? key : "tuning_missing_points" };
}

// @says tuning_certain tuning_margin tuning_missing_both tuning_missing_blocks tuning_missing_day tuning_missing_days
// @says tuning_missing_data tuning_missing_difference tuning_missing_points
const NOT_YET = new Set(["tuning_missing_data", "tuning_missing_difference", "tuning_missing_points"]);
