// What needs attention: findings of miners and repairs of the integration.

import { numberOf, says, stateOf, unitOf } from "../../lib/miners.js";
import { format } from "../../lib/numbers.js";

/** @typedef {import("../../lib/types.js").Hass} Hass */
/** @typedef {import("../../lib/types.js").Miner} Miner */
/** @typedef {import("../../lib/types.js").Say} Say */

/**
 * @typedef {object} Finding
 * @property {string} kind
 * @property {string} severity
 * @property {number | null} [value]
 * @property {number | null} [threshold]
 */

/**
 * @typedef {object} Note Something to look at.
 * @property {"critical" | "warning"} severity
 * @property {string} name of the miner, or nothing
 * @property {string} text
 * @property {Miner | null} miner null of a repair
 */

/**
 * @typedef {object} Issue A repair as Home Assistant lists it.
 * @property {string} domain
 * @property {string} issue_id
 * @property {string} severity
 * @property {string} [translation_key]
 * @property {Record<string, string> | null} [translation_placeholders]
 * @property {boolean} ignored
 */

/** @type {Record<string, [unit: string, decimals: number]>} */
const UNITS = {
  chip_hot: ["°C", 1],
  vr_hot: ["°C", 1],
  input_low: ["V", 2],
  power_high: ["W", 0],
  rejects_high: ["%", 1],
};

/**
 * Return what is wrong with a miner, in words.
 *
 * @param {Pick<Hass, "states" | "localize" | "locale">} hass
 * @param {Miner} miner
 * @param {Say} say
 * @returns {Note[]}
 */
export function notesOf(hass, miner, say) {
  const state = stateOf(hass, miner, "binary_sensor.problem");
  if (!says(state) || state.state !== "on") return [];
  /** @type {Finding[]} */
  const findings = Array.isArray(state.attributes.findings) ? state.attributes.findings : [];
  const notes = findings.map((finding) => ({
    severity: /** @type {Note["severity"]} */ (finding.severity === "critical" ? "critical" : "warning"),
    name: miner.name,
    text: textOf(hass, miner, finding, say),
    miner,
  }));
  if (notes.length) return notes;
  return [{ severity: "warning", name: miner.name, text: say("fleet_problem"), miner }];
}

/**
 * @param {Pick<Hass, "states" | "localize" | "locale">} hass
 * @param {Miner} miner
 * @param {Finding} finding
 * @param {Say} say
 * @returns {string}
 */
function textOf(hass, miner, finding, say) {
  const { kind } = finding;
  const what = hass.localize(`component.miner_monitor.common.report_finding_${kind}`) || say("fleet_problem");
  if (kind === "fault") {
    const faults = stateOf(hass, miner, "binary_sensor.fault")?.attributes.faults;
    return Array.isArray(faults) && faults.length ? `${what}: ${faults.join(", ")}` : what;
  }
  if (kind === "hash_rate_low") {
    // Its value may be one or the other of two; what there is now says more.
    const ratio = numberOf(stateOf(hass, miner, "sensor.hash_rate_ratio"));
    if (ratio === null) return what;
    return say("fleet_finding_low", { what, ratio: `${format(ratio, 0, hass.locale)} %` });
  }
  const value = written(hass, miner, kind, finding.value);
  const threshold = written(hass, miner, kind, finding.threshold);
  if (value && threshold) return say("fleet_finding_limit", { what, value, threshold });
  return value ? `${what}: ${value}` : what;
}

/**
 * Write a finding's number, a temperature in the unit of the miner's own sensor.
 *
 * @param {Pick<Hass, "states" | "locale">} hass
 * @param {Miner} miner
 * @param {string} kind
 * @param {number | null | undefined} value
 * @returns {string}
 */
function written(hass, miner, kind, value) {
  const [unit, decimals] = UNITS[kind] ?? [];
  if (unit === undefined || decimals === undefined || typeof value !== "number") return "";
  const fahrenheit = unit === "°C" && unitOf(stateOf(hass, miner, "sensor.chip_temperature")) === "°F";
  if (fahrenheit) return `${format(value * 1.8 + 32, decimals, hass.locale)} °F`;
  return `${format(value, decimals, hass.locale)} ${unit}`;
}

/**
 * Return the repairs of the integration that nobody ignores, by their titles.
 *
 * @param {Issue[]} issues
 * @param {import("../../lib/types.js").Localize} localize
 * @returns {Note[]}
 */
export function repairsOf(issues, localize) {
  return issues
    .filter((issue) => issue.domain === "miner_monitor" && !issue.ignored)
    .map((issue) => {
      const key = issue.translation_key ?? issue.issue_id;
      const values = issue.translation_placeholders ?? {};
      return {
        severity: issue.severity === "warning" ? "warning" : "critical",
        name: "",
        text: localize(`component.miner_monitor.issues.${key}.title`, values) || values.name || key,
        miner: null,
      };
    });
}

/**
 * Return notes with the critical ones before the others, each in the order they came.
 *
 * @param {Note[]} notes
 * @returns {Note[]}
 */
export function bySeverity(notes) {
  return [
    ...notes.filter(({ severity }) => severity === "critical"),
    ...notes.filter(({ severity }) => severity !== "critical"),
  ];
}
