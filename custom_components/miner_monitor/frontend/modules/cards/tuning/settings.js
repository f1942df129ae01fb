// Operating points: whether two are the same one, what a miner is set to, how they are written.

import { format } from "../../lib/numbers.js";
import { idOf, isOnline, numberOf, says, stateOf, unitOf } from "../../lib/miners.js";

/** @typedef {import("./types.js").Settings} Settings */
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
