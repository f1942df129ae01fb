// What a miner does, who controls it and why, and what is wrong with it: in words.

// @says status_offline status_unknown ratio_of_expected

import { findMiners, idOf, numberOf, says, stateOf, unitOf } from "./miners.js";
import { clock, format, pairText, percentText, rateDecimals, spanText, withUnit } from "./words.js";

/** @typedef {import("./types.js").Hass} Hass */
/** @typedef {import("./types.js").Miner} Miner */
/** @typedef {import("./types.js").Say} Say */

const COMMON = "component.miner_monitor.common.";

/**
 * @typedef {object} Finding Something that is wrong.
 * @property {string} kind
 * @property {"critical" | "warning"} severity
 * @property {string} text with its value and its limit
 * @property {number | null} since in ms since the epoch
 * @property {string} help what to do
 * @property {Miner | null} miner null of a repair
 * @property {string} [repair] its id, of a repair
 */

/**
 * @typedef {object} Issue A repair as Home Assistant lists it.
 * @property {string} domain
 * @property {string} issue_id
 * @property {string} severity
 * @property {string} [created]
 * @property {string} [translation_key]
 * @property {Record<string, string> | null} [translation_placeholders]
 * @property {boolean} ignored
 */

/** What else than its readings is looked at of a miner. */
export const STATUS_KEYS = [
  "binary_sensor.online",
  "binary_sensor.problem",
  "sensor.status",
  "sensor.last_seen",
  "switch.throttle",
  "switch.follow_automations",
];

/**
 * Return the status of a miner; "away" of one that does not answer, "unknown" of one of
 * which nothing is known yet.
 *
 * @param {Pick<Hass, "states">} hass
 * @param {Miner} miner
 * @returns {string}
 */
export function statusOf(hass, miner) {
  const online = stateOf(hass, miner, "binary_sensor.online")?.state;
  if (online === "off") return "away";
  const state = stateOf(hass, miner, "sensor.status");
  if (!says(state)) return "unknown";
  return online === "on" || idOf(miner, "binary_sensor.online") === undefined ? state.state : "unknown";
}

/**
 * Write the status: "Hashing", or "Offline since 11:55 (3 h)".
 *
 * @param {Hass} hass
 * @param {Miner} miner
 * @param {Say} say
 * @param {number} now in ms
 * @returns {string}
 */
export function statusText(hass, miner, say, now) {
  const status = statusOf(hass, miner);
  if (status === "unknown") return say("status_unknown");
  const state = stateOf(hass, miner, "sensor.status");
  if (status !== "away") return state ? hass.formatEntityState(state) : "";
  const since = lastSeen(hass, miner);
  if (since === null) return say("status_offline");
  const span = spanText((now - since) / 60_000, say, hass.locale);
  return say("status_offline_since", { time: clock(since, now, hass), span });
}

/**
 * Return when a miner that is offline answered last; null if nobody knows.
 *
 * @param {Pick<Hass, "states">} hass
 * @param {Miner} miner
 * @returns {number | null} in ms since the epoch
 */
export function lastSeen(hass, miner) {
  const sensor = stateOf(hass, miner, "sensor.last_seen");
  const told = stateOf(hass, miner, "binary_sensor.online")?.attributes.last_seen;
  return timeOf(told) ?? (says(sensor) ? timeOf(sensor.state) : null);
}

/** @param {unknown} text @returns {number | null} */
function timeOf(text) {
  return (typeof text === "string" && Date.parse(text)) || null;
}

/**
 * Write who controls a miner and why: "Saving power until 07:00, by Night tariff".
 *
 * @param {Hass} hass
 * @param {Miner} miner
 * @param {Say} say
 * @param {number} now in ms
 * @returns {string} nothing where nobody does
 */
export function reasonText(hass, miner, say, now) {
  const state = stateOf(hass, miner, "sensor.status");
  if (!says(state) || statusOf(hass, miner) === "away") return "";
  const { reason, since, until, by, detail } = state.attributes;
  if (typeof reason !== "string") return "";
  const what = hass.formatEntityAttributeValue(state, "reason");
  const measured = reason === "power_target" ? written(hass, miner, "power", detail, say) : temperature(hass, miner, detail);
  const more = typeof detail === "number" ? measured : detail;
  let text = more ? `${what} (${more})` : what;
  const [from, to] = [timeOf(since), timeOf(until) ?? plannedEnd(hass, by)];
  if (to !== null) text = say("status_until", { what: text, time: clock(to, now, hass) });
  else if (from !== null) text = say("status_since", { what: text, time: clock(from, now, hass) });
  return by ? say("status_by", { what: text, name: by }) : text;
}

/**
 * Return when *Run when* of all miners is going to let one work that it limits.
 *
 * @param {Hass} hass
 * @param {unknown} by who limits the miner
 * @returns {number | null} in ms since the epoch; null where another limits it, or nobody knows
 */
function plannedEnd(hass, by) {
  const ruled = stateOf(hass, findMiners(hass).fleet, "select.run_when")?.attributes;
  return by && ruled?.by === by ? timeOf(ruled.until) : null;
}

/**
 * Return whether somebody changed a miner by hand just now, so that an automation may
 * change it again.
 *
 * @param {Pick<Hass, "states">} hass
 * @param {Miner} miner
 * @param {number} now in ms
 * @returns {boolean}
 */
export function changedByHand(hass, miner, now) {
  const { reason, by_automation, since } = stateOf(hass, miner, "sensor.status")?.attributes ?? {};
  const from = timeOf(since);
  return Boolean(reason) && by_automation === false && from !== null && now - from < 3_600_000;
}

/**
 * Return until when automations leave a miner alone.
 *
 * @param {Pick<Hass, "states">} hass
 * @param {Miner} miner
 * @returns {{until: number | null} | null} null where they do not
 */
export function heldOf(hass, miner) {
  const follow = stateOf(hass, miner, "switch.follow_automations");
  return follow?.state === "off" ? { until: timeOf(follow.attributes.until) } : null;
}

/**
 * Write until when automations leave a miner alone; nothing where they do not.
 *
 * @param {Hass} hass
 * @param {Miner} miner
 * @param {Say} say
 * @param {number} now in ms
 * @returns {string}
 */
export function heldText(hass, miner, say, now) {
  const held = heldOf(hass, miner);
  if (!held) return "";
  if (held.until === null) return say("status_held");
  return say("status_held_until", { time: clock(held.until, now, hass) });
}

/**
 * Return what is wrong with a miner, the worst first.
 *
 * @param {Pick<Hass, "states" | "localize" | "locale">} hass
 * @param {Miner} miner
 * @param {Say} say
 * @returns {Finding[]}
 */
export function findingsOf(hass, miner, say) {
  const state = stateOf(hass, miner, "binary_sensor.problem");
  if (!says(state) || state.state !== "on") return [];
  /** @type {Record<string, any>[]} */
  const told = Array.isArray(state.attributes.findings) ? state.attributes.findings : [];
  const found = told.map((finding) => ({
    kind: String(finding.kind),
    severity: /** @type {Finding["severity"]} */ (finding.severity === "critical" ? "critical" : "warning"),
    text: textOf(hass, miner, finding, say),
    since: timeOf(finding.since),
    help: hass.localize(`${COMMON}finding_help_${finding.kind}`),
    miner,
  }));
  if (found.length) return bySeverity(found);
  return [{ kind: "", severity: "warning", text: say("fleet_problem"), since: null, help: "", miner }];
}

/**
 * @param {Pick<Hass, "states" | "localize" | "locale">} hass
 * @param {Miner} miner
 * @param {Record<string, any>} finding
 * @param {Say} say
 * @returns {string}
 */
function textOf(hass, miner, finding, say) {
  const { kind } = finding;
  const what = hass.localize(`${COMMON}report_finding_${kind}`) || say("fleet_problem");
  if (kind === "fault") {
    const faults = stateOf(hass, miner, "binary_sensor.problem")?.attributes.faults;
    return Array.isArray(faults) && faults.length ? pairText(what, faults.join(", "), say) : what;
  }
  const quantity = finding.quantity ?? kind;
  const value = written(hass, miner, quantity, finding.value, say);
  const threshold = written(hass, miner, quantity, finding.threshold, say);
  if (value && threshold) return say("fleet_finding_limit", { what, value, threshold });
  return value ? pairText(what, value, say) : what;
}

/** @type {Record<string, [unit: string, decimals: number]>} */
const UNITS = {
  input_voltage: ["V", 2],
  power: ["W", 0],
  reject_rate: ["%", 1],
  fan_speed: ["RPM", 0],
};

/**
 * Write a finding's number in the unit of the miner's own sensor.
 *
 * @param {Pick<Hass, "states" | "locale">} hass
 * @param {Miner} miner
 * @param {string} quantity or the kind of a finding that names none
 * @param {unknown} value
 * @param {Say} say
 * @returns {string}
 */
function written(hass, miner, quantity, value, say) {
  if (typeof value !== "number") return "";
  const { locale } = hass;
  if (quantity.endsWith("temperature")) return temperature(hass, miner, value);
  if (quantity === "runs_hotter") return temperature(hass, miner, value, 0);
  if (quantity === "hash_rate_ratio") return say("ratio_of_expected", { ratio: percentText(value, 0, locale) });
  if (quantity === "hash_rate") return rate(hass, miner, value);
  const [unit, decimals] = UNITS[quantity] ?? [];
  return unit === undefined ? "" : withUnit(format(value, decimals ?? 0, locale), unit, locale);
}

/**
 * @param {Pick<Hass, "states" | "locale">} hass
 * @param {Miner} miner
 * @param {number} celsius
 * @param {number} zero in °F; 0 for a difference
 */
function temperature(hass, miner, celsius, zero = 32) {
  const fahrenheit = unitOf(stateOf(hass, miner, "sensor.chip_temperature")) === "°F";
  const value = fahrenheit ? celsius * 1.8 + zero : celsius;
  const decimals = Math.abs(value - Math.round(value)) < 0.05 ? 0 : 1;
  return `${format(value, decimals, hass.locale)} ${fahrenheit ? "°F" : "°C"}`;
}

/** @type {Record<string, number>} */
const PER_TERAHASH = { "TH/s": 1, "GH/s": 1e3, "MH/s": 1e6, "kH/s": 1e9 };

/**
 * @param {Pick<Hass, "states" | "locale">} hass
 * @param {Miner} miner
 * @param {number} terahashes
 */
function rate(hass, miner, terahashes) {
  const own = unitOf(stateOf(hass, miner, "sensor.hash_rate"));
  const unit = own in PER_TERAHASH ? own : "TH/s";
  const value = terahashes * (PER_TERAHASH[unit] ?? 1);
  return `${format(value, rateDecimals(value, unit), hass.locale)} ${unit}`;
}

/**
 * Return the repairs of the integration that nobody ignores, by their titles.
 *
 * @param {Issue[]} issues
 * @param {import("./types.js").Localize} localize
 * @returns {Finding[]}
 */
export function repairsOf(issues, localize) {
  return issues
    .filter((issue) => issue.domain === "miner_monitor" && !issue.ignored)
    .map((issue) => {
      const key = issue.translation_key ?? issue.issue_id;
      const values = issue.translation_placeholders ?? {};
      return {
        kind: key,
        severity: issue.severity === "warning" ? "warning" : "critical",
        text: localize(`component.miner_monitor.issues.${key}.title`, values) || values.name || key,
        since: timeOf(issue.created),
        help: "",
        miner: null,
        repair: issue.issue_id,
      };
    });
}

/**
 * Return findings with the critical ones before the others, each in the order they came.
 *
 * @template {{severity: string}} T
 * @param {T[]} findings
 * @returns {T[]}
 */
export function bySeverity(findings) {
  return [
    ...findings.filter(({ severity }) => severity === "critical"),
    ...findings.filter(({ severity }) => severity !== "critical"),
  ];
}

/** Reasons for which a miner does less than its owner set. */
const OF_HEAT = new Set(["throttled_by_miner", "overheat_protection"]);

/**
 * Return how urgently a miner needs attention: 0 most, 3 not at all.
 *
 * @param {Pick<Hass, "states">} hass
 * @param {Miner} miner
 * @returns {0 | 1 | 2 | 3}
 */
export function urgencyOf(hass, miner) {
  const status = statusOf(hass, miner);
  const problem = stateOf(hass, miner, "binary_sensor.problem");
  const found = problem?.state === "on" ? (problem.attributes.findings ?? []) : null;
  const critical = Array.isArray(found) && found.some((one) => one?.severity === "critical");
  if (critical || status === "fault" || status === "overheated") return 0;
  if (found || status === "pool_lost") return 1;
  const { reason } = stateOf(hass, miner, "sensor.status")?.attributes ?? {};
  return status === "away" || OF_HEAT.has(reason) ? 2 : 3;
}

/**
 * Write a reading in few digits; nothing where it is unknown.
 *
 * @param {Pick<Hass, "states" | "locale">} hass
 * @param {Miner} miner
 * @param {string} key such as "sensor.power"
 * @returns {string}
 */
export function readingText(hass, miner, key) {
  const state = stateOf(hass, miner, key);
  const value = numberOf(state);
  if (value === null) return "";
  const unit = unitOf(state);
  const decimals = key === "sensor.hash_rate" ? rateDecimals(value, unit) : 0;
  return withUnit(format(value, decimals, hass.locale), unit, hass.locale);
}
