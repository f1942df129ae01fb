// The settings of a miner: what it is set to, what can be set, what somebody wants to set, and how that is written.

import { idOf, isOnline, numberOf, says, stateOf, unitOf } from "./miners.js";
import { format, withUnit } from "./words.js";

/** @typedef {import("./types.js").Say} Say */
/** @typedef {import("./types.js").Hass} Hass */
/** @typedef {import("./types.js").Locale} Locale */
/** @typedef {import("./types.js").Miner} Miner */
/** @typedef {number | string | boolean} Value in MHz, V, °C, %, or a work mode, or whether it is on */
/** @typedef {Partial<Record<Setting, Value>>} Wanted as the action takes it */
/** @typedef {keyof typeof ENTITIES} Setting */

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
 * Say a word of the reports.
 *
 * @param {import("./types.js").Localize} localize
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

/** Entities by what they set, in the order in which they are shown. */
export const ENTITIES = /** @type {const} */ ({
  work_mode: "select.work_mode",
  frequency: "number.frequency",
  core_voltage: "number.core_voltage",
  auto_fan: "switch.auto_fan",
  target_temperature: "number.target_temperature",
  min_fan_duty_cycle: "number.min_fan_duty_cycle",
  fan_duty_cycle: "number.fan_duty_cycle",
});

/** What the fan does by itself, and what it does not. */
const WHILE_AUTOMATIC = new Set(["target_temperature", "min_fan_duty_cycle"]);
const WHILE_MANUAL = new Set(["fan_duty_cycle"]);

/** Values are one if they differ by less, or by less than this share: firmware rounds. */
const ALIKE = 0.0004;
const ALIKE_SHARE = 1e-4;

/**
 * @typedef {object} Control
 * @property {Setting} setting
 * @property {string} id of the entity
 * @property {Value} value that the miner reports
 * @property {Value | null} applying the value that is under way
 * @property {(number | string)[]} values that the board or the firmware has; of numbers maybe none
 * @property {number} min
 * @property {number} max
 * @property {number} step
 * @property {string} unit
 */

/**
 * Return what can be set at the moment.
 *
 * @param {Hass} hass
 * @param {Miner} miner
 * @returns {Control[]}
 */
export function controlsOf(hass, miner) {
  const settings = /** @type {Setting[]} */ (Object.keys(ENTITIES));
  return settings
    .map((setting) => controlOf(setting, stateOf(hass, miner, ENTITIES[setting])))
    .filter((control) => control !== null);
}

/**
 * @param {Setting} setting
 * @param {import("../lib/types.js").HassState | undefined} state
 * @returns {Control | null} null while nothing is known
 */
function controlOf(setting, state) {
  if (!says(state)) return null;
  const { attributes } = state;
  const common = { setting, id: state.entity_id, applying: attributes.applying ?? null, min: 0, max: 0, step: 1, unit: "" };
  if (setting === "auto_fan") return { ...common, value: state.state === "on", values: [] };
  if (setting === "work_mode") return { ...common, value: state.state, values: attributes.options ?? [] };
  const value = numberOf(state);
  if (value === null) return null;
  const native = nativeOf(unitOf(state));
  return {
    ...common,
    value: native.of(value),
    values: listOf(attributes.values),
    min: native.of(attributes.min),
    max: native.of(attributes.max),
    step: tidy(attributes.step * native.factor),
    unit: native.unit,
  };
}

/** @param {unknown} values */
function listOf(values) {
  return Array.isArray(values) ? values.filter((value) => Number.isFinite(value)) : [];
}

/**
 * Return how values become those that the action takes, whatever unit the user chose.
 *
 * @param {string} unit
 */
function nativeOf(unit) {
  if (unit === "°F") return { unit: "°C", factor: 1 / 1.8, of: (/** @type {number} */ v) => tidy((v - 32) / 1.8) };
  const factor = factorOf(unit);
  const own = /Hz$/.test(unit) ? "MHz" : /V$/.test(unit) ? "V" : unit;
  return { unit: own, factor, of: (/** @type {number} */ v) => tidy(v * factor) };
}

/** @param {number} value */
function tidy(value) {
  return Number(value.toPrecision(8));
}

/**
 * Whether two values of a setting are one.
 *
 * @param {Value | null | undefined} one
 * @param {Value | null | undefined} other
 */
export function alike(one, other) {
  if (typeof one !== "number" || typeof other !== "number") return one === other;
  return Math.abs(one - other) < Math.max(ALIKE, ALIKE_SHARE * Math.abs(one));
}

/**
 * Return what to show of a setting: what is wanted, else what is under way, else what
 * the miner reports. So nothing bounces back while a write is under way.
 *
 * @param {Control} control
 * @param {Wanted} wanted
 * @returns {Value}
 */
export function shownOf({ setting, value, applying }, wanted) {
  return wanted[setting] ?? applying ?? value;
}

/**
 * Return the controls that mean something with the fan as it is shown.
 *
 * @param {Control[]} controls
 * @param {Wanted} wanted
 * @returns {Control[]}
 */
export function meaningful(controls, wanted) {
  const fan = controls.find(({ setting }) => setting === "auto_fan");
  if (!fan) return controls;
  const left = shownOf(fan, wanted) ? WHILE_MANUAL : WHILE_AUTOMATIC;
  return controls.filter(({ setting }) => !left.has(setting));
}

/**
 * Return the values to choose from: the board's own, and what is shown.
 *
 * @param {Control} control
 * @param {Wanted} wanted
 * @returns {number[]} none where the board has no list
 */
export function choicesOf(control, wanted) {
  const own = /** @type {number[]} */ (control.values);
  if (!own.length) return [];
  const choices = [...own];
  for (const value of [control.value, shownOf(control, wanted)]) {
    if (typeof value === "number" && !choices.some((known) => alike(known, value))) choices.push(value);
  }
  return choices.sort((a, b) => a - b);
}

/**
 * Return the value that is a step away: the next of the board's own, else by the step.
 *
 * @param {Control} control
 * @param {Wanted} wanted
 * @param {1 | -1} by
 * @returns {number}
 */
export function stepped(control, wanted, by) {
  const from = Number(shownOf(control, wanted));
  const { min, max, step } = control;
  const choices = choicesOf(control, wanted);
  const next = choices.length
    ? (by > 0 ? choices : [...choices].reverse()).find((value) => (value - from) * by > 0 && !alike(value, from))
    : tidy(from + by * step);
  return Math.min(max, Math.max(min, next ?? from));
}

/**
 * Return what of the wanted differs from what the miner reports, which is what is sent.
 *
 * @param {Control[]} controls
 * @param {Wanted} wanted
 * @returns {Wanted}
 */
export function changesOf(controls, wanted) {
  const changed = meaningful(controls, wanted).filter(
    ({ setting, value }) => wanted[setting] !== undefined && !alike(wanted[setting], value),
  );
  return Object.fromEntries(changed.map(({ setting }) => [setting, wanted[setting]]));
}

/**
 * Whether the miner reports all that was sent; what it no longer has is not waited for.
 *
 * @param {Control[]} controls
 * @param {Wanted} sent
 */
export function hasCome(controls, sent) {
  return controls.every(({ setting, value }) => sent[setting] === undefined || alike(sent[setting], value));
}

/**
 * Write a number as its control shows it.
 *
 * @param {number} value
 * @param {Pick<Control, "setting" | "unit">} control
 * @param {Locale} [locale]
 */
export function valueText(value, { setting, unit }, locale) {
  if (setting === "frequency") return `${frequencyText(value, locale)} ${unit}`;
  return withUnit(format(value, setting === "core_voltage" ? 3 : 0, locale), unit, locale);
}
