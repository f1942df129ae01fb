// Operating points: whether two are one, what a miner is set to, how they are written.

import { idOf, isOnline, numberOf, says, stateOf, unitOf } from "../../lib/miners.js";
import { format } from "../../lib/words.js";

/** @typedef {import("../../lib/types.js").Say} Say */
/** @typedef {import("../../lib/types.js").Hass} Hass */
/** @typedef {import("../../lib/types.js").Locale} Locale */
/** @typedef {import("../../lib/types.js").Miner} Miner */

/** Entities by what they set. */
export const CONTROLS = /** @type {const} */ ({
  frequency: "number.frequency",
  core_voltage: "number.core_voltage",
  work_mode: "select.work_mode",
});

/** A user may have chosen other units for numbers and sensors. */
const FACTORS = /** @type {Record<string, number>} */ ({
  ...{ Hz: 1e-6, kHz: 1e-3, MHz: 1, GHz: 1e3 },
  ...{ V: 1, mV: 1e-3, kV: 1e3 },
  ...{ W: 1, mW: 1e-3, kW: 1e3 },
  ...{ "H/s": 1e-12, "kH/s": 1e-9, "MH/s": 1e-6, "GH/s": 1e-3, "TH/s": 1, "PH/s": 1e3 },
});

/**
 * Return how many MHz, V, W or TH/s one of a unit is.
 *
 * @param {string} unit
 * @returns {number}
 */
export function factorOf(unit) {
  return FACTORS[unit] ?? 1;
}

/**
 * Return whether two operating points are one.
 *
 * @param {Settings | null} one
 * @param {Settings | null} other
 * @returns {boolean}
 */
export function same(one, other) {
  return one !== null && other !== null && keyOf(one) === keyOf(other);
}

/**
 * Return what tells an operating point from others.
 *
 * @param {Settings} settings
 * @returns {string}
 */
export function keyOf({ frequency, core_voltage, work_mode }) {
  if (work_mode !== undefined) return work_mode;
  const volts = core_voltage === undefined ? "" : Math.round(core_voltage * 1000);
  return `${Math.round((frequency ?? 0) * 10)}/${volts}`;
}

/**
 * Return the operating point that set points make; null of what is none.
 *
 * @param {number | null | undefined} frequency in MHz
 * @param {number | null | undefined} voltage in V
 * @param {string | null | undefined} mode
 * @returns {Settings | null}
 */
export function pointOf(frequency, voltage, mode) {
  const clock = frequency ?? null;
  if (clock !== null && typeof voltage === "number") return { frequency: clock, core_voltage: voltage };
  if (mode) return { work_mode: mode };
  return clock === null ? null : { frequency: clock };
}

/**
 * Return what a miner that answers is set to.
 *
 * @param {Hass} hass
 * @param {Miner} miner
 * @returns {Settings | null}
 */
export function presentSettings(hass, miner) {
  if (!isOnline(hass, miner)) return null;
  /** @param {string} name */
  const number = (name) => {
    const state = stateOf(hass, miner, name);
    const value = numberOf(state);
    // 1150 mV are 1.15 V, and nothing behind it.
    return value === null ? null : Number((value * factorOf(unitOf(state))).toPrecision(10));
  };
  const mode = stateOf(hass, miner, CONTROLS.work_mode);
  return pointOf(number(CONTROLS.frequency), number(CONTROLS.core_voltage), says(mode) ? mode.state : null);
}

/**
 * Return whether a miner has the entities that set this.
 *
 * @param {Miner} miner
 * @param {Settings} settings
 * @returns {boolean}
 */
export function canSet(miner, settings) {
  const names = /** @type {(keyof typeof CONTROLS)[]} */ (Object.keys(settings));
  return names.length > 0 && names.every((name) => idOf(miner, CONTROLS[name]) !== undefined);
}

/**
 * Write an operating point: 525 MHz, 1.150 V.
 *
 * @param {Settings} settings
 * @param {Locale | undefined} locale
 * @param {(mode: string) => string} modeName
 * @returns {string}
 */
export function settingsText({ frequency, core_voltage, work_mode }, locale, modeName) {
  const parts = [];
  if (frequency !== undefined) parts.push(`${frequencyText(frequency, locale)} MHz`);
  if (core_voltage !== undefined) parts.push(`${format(core_voltage, 3, locale)} V`);
  if (work_mode !== undefined) parts.push(modeName(work_mode));
  return parts.join(", ");
}

/**
 * Write MHz, with a place only where there is something in it.
 *
 * @param {number} frequency
 * @param {Locale} [locale]
 * @returns {string}
 */
export function frequencyText(frequency, locale) {
  const decimals = Math.abs(frequency - Math.round(frequency)) < 0.005 ? 0 : 2;
  return format(frequency, decimals, locale);
}

/**
 * Return how a miner's work modes are named in the user's language.
 *
 * @param {Hass} hass
 * @param {Miner} miner
 * @returns {(mode: string) => string}
 */
export function modeNames(hass, miner) {
  return (mode) => {
    const state = stateOf(hass, miner, CONTROLS.work_mode);
    return state ? hass.formatEntityState(state, mode) : mode;
  };
}

/**
 * Write an operating point of a miner as its user reads it.
 *
 * @param {{hass: Hass, miner: Miner}} view
 * @param {Settings} settings
 * @returns {string}
 */
export function settingsOf({ hass, miner }, settings) {
  return settingsText(settings, hass.locale, modeNames(hass, miner));
}

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

/**
 * @typedef {object} Settings An operating point: MHz and V, or a work mode.
 * @property {number} [frequency]
 * @property {number} [core_voltage]
 * @property {string} [work_mode]
 */

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
