// Words, numbers and times in the user's language, out of Home Assistant's own translations.

/** @typedef {import("./types.js").Hass} Hass */
/** @typedef {import("./types.js").Locale} Locale */
/** @typedef {import("./types.js").Say} Say */

const PREFIX = "component.miner_monitor.common.";

/** @type {Map<string, Promise<Say>>} */
const loaded = new Map();

/**
 * Load the words, once per language.
 *
 * @param {Hass} hass
 * @returns {Promise<Say>}
 */
export function loadTexts(hass) {
  const language = hass.language ?? "en";
  let say = loaded.get(language);
  if (!say) {
    say = hass
      .loadBackendTranslation("common", "miner_monitor")
      .then((localize) => sayWith(localize));
    loaded.set(language, say);
    // A connection that was lost is no reason to stay without words.
    say.catch(() => loaded.delete(language));
  }
  return say;
}

/**
 * @param {import("./types.js").Localize} localize
 * @returns {Say}
 */
export function sayWith(localize) {
  return (key, values) => localize(`${PREFIX}dashboard_${key}`, values) || key;
}

/**
 * Return the words that were loaded last; a form is made without knowing for whom.
 *
 * @returns {Promise<Say>}
 */
export async function latestTexts() {
  return (await [...loaded.values()].at(-1)) ?? sayWith(() => "");
}

/**
 * Label the fields of a card's form.
 *
 * @param {{name: string}} field
 * @param {import("./types.js").Localize} localize
 * @returns {string}
 */
export function labelOf({ name }, localize) {
  return localize(`${PREFIX}dashboard_option_${name}`) || name;
}

const NUMBER_LOCALES = /** @type {Record<string, string | string[]>} */ ({
  comma_decimal: ["en-US", "en"],
  decimal_comma: ["de", "es", "it"],
  space_comma: ["fr", "sv", "cs"],
  quote_decimal: ["de-CH"],
});

/**
 * Return what Intl needs for the format that the user chose in the profile.
 *
 * @param {Locale | undefined} locale
 * @returns {string | string[] | undefined}
 */
function languageOf(locale) {
  const format = locale?.number_format ?? "language";
  if (format === "system") return undefined;
  if (format === "none") return "en";
  return NUMBER_LOCALES[format] ?? locale?.language;
}

/** @type {Map<string, Intl.NumberFormat>} */
const made = new Map();

/**
 * Write a number with so many decimals, in the format of the user's profile.
 *
 * @param {number} value
 * @param {number} decimals
 * @param {Locale} [locale]
 * @returns {string}
 */
export function format(value, decimals, locale) {
  const key = `${locale?.language} ${locale?.number_format} ${decimals}`;
  // To make a formatter takes some ten times as long as to use it.
  let formatter = made.get(key);
  if (!formatter) {
    formatter = new Intl.NumberFormat(languageOf(locale), {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      useGrouping: locale?.number_format !== "none",
    });
    made.set(key, formatter);
  }
  return formatter.format(value);
}

/** Where Home Assistant too puts a blank before the sign of per cent. */
const BLANK_BEFORE_PERCENT = new Set(["cs", "de", "fi", "fr", "sk", "sv"]);

/**
 * Put a unit behind a number that is written already.
 *
 * @param {string} number
 * @param {string} unit may be empty
 * @param {Locale} [locale]
 * @returns {string}
 */
export function withUnit(number, unit, locale) {
  if (unit !== "%") return `${number} ${unit}`.trim();
  return `${number}${BLANK_BEFORE_PERCENT.has(locale?.language ?? "") ? "\u00a0" : ""}%`;
}

/**
 * Write a value in %.
 *
 * @param {number} value
 * @param {number} decimals
 * @param {Locale} [locale]
 * @returns {string}
 */
export function percentText(value, decimals, locale) {
  return withUnit(format(value, decimals, locale), "%", locale);
}

/**
 * Write a number with its three most telling digits.
 *
 * @param {number} value
 * @param {Locale} [locale]
 * @returns {string}
 */
export function telling(value, locale) {
  const size = Math.abs(value);
  return format(value, size >= 100 ? 0 : size >= 10 ? 1 : 2, locale);
}

const STEPS = /** @type {const} */ ([
  [1e15, "P"],
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
]);

/**
 * Write a large count, such as a difficulty: 13.86 G.
 *
 * @param {number} value
 * @param {Locale} [locale]
 * @returns {string}
 */
export function short(value, locale) {
  for (const [size, letter] of STEPS) {
    const part = value / size;
    if (Math.abs(part) >= 1) return `${format(part, Math.abs(part) >= 100 ? 1 : 2, locale)} ${letter}`;
  }
  return format(value, 0, locale);
}

/**
 * Write a sum of money; of what is no currency the name follows.
 *
 * @param {number} value
 * @param {string} currency
 * @param {Locale} locale
 * @returns {string}
 */
export function money(value, currency, locale) {
  if (!/^[A-Z]{3}$/.test(currency)) return `${format(value, 2, locale)} ${currency}`.trim();
  return new Intl.NumberFormat(languageOf(locale), {
    style: "currency",
    currency,
    useGrouping: locale.number_format !== "none",
  }).format(value);
}

/**
 * Return how many decimals a hash rate needs: three below 10 TH/s.
 *
 * @param {number} value
 * @param {string} unit
 * @returns {number}
 */
export function rateDecimals(value, unit) {
  if (unit === "TH/s" && Math.abs(value) < 10) return 3;
  return Math.abs(value) < 100 ? 2 : 1;
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const dates = new Map();

/**
 * @param {string | undefined} language
 * @param {Record<string, any>} form
 */
function dateFormat(language, form) {
  const key = JSON.stringify([language, form]);
  let formatter = dates.get(key);
  if (!formatter) dates.set(key, (formatter = new Intl.DateTimeFormat(language, form)));
  return formatter;
}

/**
 * Return the zone of times, where it is not the browser's.
 *
 * @param {Pick<Hass, "locale" | "config">} hass
 */
export function zoneOf({ locale, config }) {
  return locale.time_zone === "server" ? config.time_zone : undefined;
}

/**
 * Return how a time of day is written: in which zone, and of 12 or of 24 hours.
 *
 * @param {Pick<Hass, "locale" | "config">} hass
 * @returns {Intl.DateTimeFormatOptions}
 */
export function timeForm(hass) {
  const { language, time_format: chosen } = hass.locale;
  const spoken = dateFormat(chosen === "system" ? undefined : language, { hour: "numeric" });
  const half = chosen === "12" || (chosen !== "24" && spoken.resolvedOptions().hour12 === true);
  return {
    hour: half ? "numeric" : "2-digit",
    minute: "2-digit",
    hourCycle: half ? "h12" : "h23",
    timeZone: zoneOf(hass),
  };
}

const DAY = /** @type {const} */ ({ day: "numeric", month: "short" });

/**
 * Write a time: only the time of day for today, else with the date.
 *
 * @param {number} time in ms since the epoch
 * @param {number} now
 * @param {Pick<Hass, "locale" | "config">} hass
 * @returns {string}
 */
export function clock(time, now, hass) {
  const { language } = hass.locale;
  const day = dateFormat(language, { timeZone: zoneOf(hass), dateStyle: "short" });
  if (day.format(time) !== day.format(now)) return momentText(time, hass);
  return dateFormat(language, timeForm(hass)).format(time);
}

/**
 * Write a moment: 29 Nov, 14:05.
 *
 * @param {number} time in ms
 * @param {Pick<Hass, "locale" | "config">} hass
 * @returns {string}
 */
export function momentText(time, hass) {
  return dateFormat(hass.locale.language, { ...DAY, ...timeForm(hass) }).format(time);
}

/**
 * Write a tick of an axis of time: the day at midnight, else the time of day.
 *
 * @param {number} time in ms
 * @param {Pick<Hass, "locale" | "config">} hass
 * @returns {string}
 */
export function tickText(time, hass) {
  const form = timeForm(hass);
  const plain = dateFormat("en", { ...form, hour: "2-digit", hourCycle: "h23" });
  const midnight = plain.format(time) === "00:00";
  return dateFormat(hass.locale.language, midnight ? { ...DAY, timeZone: zoneOf(hass) } : form).format(time);
}

/**
 * Write how long something takes or lasts: 40 min, 7.5 h, 12 d.
 *
 * @param {number} minutes
 * @param {Say} say
 * @param {Locale} [locale]
 * @returns {string}
 */
export function spanText(minutes, say, locale) {
  if (minutes < 59.5) return say("hash_rate_minutes", { count: format(Math.round(minutes), 0, locale) });
  if (minutes >= 72 * 60) return say("hash_rate_days", { count: roundly(minutes / 1440, locale) });
  return say("hash_rate_hours", { count: roundly(minutes / 60, locale) });
}

/**
 * @param {number} value
 * @param {Locale} [locale]
 */
function roundly(value, locale) {
  const round = Math.abs(value - Math.round(value)) < 0.05 || value >= 10;
  return format(value, round ? 0 : 1, locale);
}

/**
 * Tell what today took; what is not known is left out.
 *
 * @param {import("./records.js").Today | null} today
 * @param {Locale} locale
 * @param {Say} say
 * @returns {string}
 */
export function todayText(today, locale, say) {
  if (!today) return "";
  const { energy, wall, cost, currency } = today;
  /** @param {number} value */
  const kwh = (value) => `${format(value, value < 100 ? 2 : 1, locale)} kWh`;
  const parts = [];
  if (energy !== null) parts.push(kwh(energy));
  if (wall !== null) parts.push(say("fleet_at_wall", { energy: kwh(wall) }));
  if (cost !== null) parts.push(money(cost, currency, locale));
  return parts.length ? say("fleet_today", { figures: parts.join(" · ") }) : "";
}

/**
 * Write a name and its value: Power: 15 W.
 *
 * @param {string} name
 * @param {string} value
 * @param {Say} say
 * @returns {string}
 */
export function pairText(name, value, say) {
  return say("pair", { name, value });
}

/** @param {string} name @param {string} value @returns {[string, string]} */
export function lineOf(name, value) {
  return [name, value];
}

/**
 * Return the figures of a report that are known, with their names.
 *
 * @param {Record<string, any>} report
 * @param {Locale} locale
 * @param {Say} say
 * @returns {[string, string][]}
 */
export function todayLines({ energy, wall_energy, cost, shares, days, hash_rate, hash_rate_unit: unit }, locale, say) {
  const { restarts, times_offline: times, hours_away: hours } = days ?? {};
  const rate = hash_rate?.mean ?? days?.hash_rate;
  /** @param {unknown} value @param {number} decimals @param {string} [unitText] */
  const text = (value, decimals, unitText = "") =>
    typeof value === "number" ? withUnit(format(value, decimals, locale), unitText, locale) : "";
  const offline = times ? `${text(times, 0)} (${say("hash_rate_hours", { count: text(hours, 1) })})` : "";
  const lines = [
    lineOf(say("today_energy"), text(energy, 2, "kWh")),
    lineOf(say("today_wall_energy"), text(wall_energy, 2, "kWh")),
    lineOf(say("today_cost"), typeof cost?.value === "number" ? money(cost.value, cost.currency, locale) : ""),
    lineOf(say("today_hash_rate"), text(rate, rateDecimals(rate ?? 0, unit), unit)),
    lineOf(say("today_accepted"), text(shares?.accepted, 0)),
    lineOf(say("today_rejected"), text(shares?.rejected, 0)),
    lineOf(say("today_restarts"), text(restarts, 0)),
    lineOf(say("today_offline"), offline),
  ];
  return lines.filter(([, value]) => value);
}

/**
 * Return what an error says; Home Assistant's are no instances of Error.
 *
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  const { message, code, body } = /** @type {Record<string, any>} */ (error ?? {});
  return String(message || body?.message || code || error);
}
