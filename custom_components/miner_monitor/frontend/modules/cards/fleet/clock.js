// Times as people read them: only the time of day for today, else with the date.

/** @typedef {import("../../lib/types.js").Locale} Locale */

/**
 * Write a time.
 *
 * @param {number} time in ms since the epoch
 * @param {number} now
 * @param {Locale} locale
 * @param {string} serverZone
 * @returns {string}
 */
export function clock(time, now, locale, serverZone) {
  const zone = locale.time_zone === "server" ? { timeZone: serverZone } : {};
  const day = new Intl.DateTimeFormat(locale.language, { ...zone, dateStyle: "short" });
  const hour12 = { 12: true, 24: false }[locale.time_format ?? ""];
  const hours = { hour: "2-digit", minute: "2-digit", ...(hour12 === undefined ? {} : { hour12 }) };
  const today = day.format(time) === day.format(now);
  const date = today ? {} : { day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(locale.language, /** @type {any} */ ({ ...zone, ...date, ...hours })).format(
    time,
  );
}
