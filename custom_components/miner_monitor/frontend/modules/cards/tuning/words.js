// Times, errors and names in words.

import { format } from "../../lib/numbers.js";

/** @typedef {import("../../lib/types.js").Locale} Locale */
/** @typedef {import("../../lib/texts.js").Say} Say */

/** The map is made of blocks of so many minutes. */
export const BLOCK = 10;

/**
 * @param {Locale | undefined} locale
 * @param {Intl.DateTimeFormatOptions} options
 */
function dates(locale, options) {
  const clock = locale?.time_format;
  const hour12 = clock === "12" ? true : clock === "24" ? false : undefined;
  return new Intl.DateTimeFormat(locale?.language, hour12 === undefined ? options : { ...options, hour12 });
}

/**
 * Write a moment: 29 Nov, 14:05.
 *
 * @param {number} time in ms
 * @param {Locale} [locale]
 * @returns {string}
 */
export function momentText(time, locale) {
  return dates(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(time);
}

/**
 * Write a tick of an axis of time: the day at midnight, else the time of day.
 *
 * @param {number} time in ms
 * @param {Locale} [locale]
 * @returns {string}
 */
export function tickText(time, locale) {
  const date = new Date(time);
  const midnight = date.getHours() === 0 && date.getMinutes() === 0;
  return dates(
    locale,
    midnight ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" },
  ).format(time);
}

/**
 * Write how long a span is: 40 min, 7.5 h, 12 d.
 *
 * @param {number} minutes
 * @param {Locale} [locale]
 * @returns {string}
 */
export function spanText(minutes, locale) {
  if (minutes < 60) return `${format(minutes, 0, locale)} min`;
  const hours = minutes / 60;
  /** @param {number} value */
  const write = (value) => format(value, Number.isInteger(value) || value >= 20 ? 0 : 1, locale);
  return hours < 72 ? `${write(hours)} h` : `${write(hours / 24)} d`;
}

/**
 * Say a word of the reports.
 *
 * @param {import("../../lib/types.js").Localize} localize
 * @param {string} key
 * @returns {string}
 */
export function reportWord(localize, key) {
  return localize(`component.miner_monitor.common.report_${key}`) || key;
}

/**
 * Return what went wrong, as it was told.
 *
 * @param {any} error
 * @param {Say} say
 * @returns {string}
 */
export function errorText(error, say) {
  const told = error?.message ?? error?.error?.message ?? error?.body?.message;
  return typeof told === "string" && told.trim() ? told : say("tuning_no_answer");
}
