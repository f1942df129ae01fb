// What a miner does, who controls it, and what is wrong with it: in words.

import assert from "node:assert/strict";
import test from "node:test";

import {
  bySeverity,
  changedByHand,
  findingsOf,
  heldText,
  readingText,
  reasonText,
  repairsOf,
  statusOf,
  statusText,
  urgencyOf,
} from "#modules/lib/status.js";

/** @typedef {import("#modules/lib/types.js").Miner} Miner */

const KEYS = ["problem", "fault", "online"].map((key) => `binary_sensor.${key}`);
KEYS.push(...["status", "chip_temperature", "hash_rate"].map((key) => `sensor.${key}`), "switch.follow_automations");

/** @type {Miner} */
const MINER = {
  id: "m",
  name: "<img onerror>",
  model: "",
  fleet: false,
  ids: Object.fromEntries(KEYS.map((key) => [key, [key]])),
};

/** @type {Record<string, string>} */
const WORDS = {
  report_finding_chip_hot: "Chip hot",
  report_finding_fan_stopped: "Fan stopped",
  report_finding_runs_hotter: "Hotter than 30 days ago",
  report_finding_hash_rate_low: "Hash rate low",
  report_finding_fault: "Fault",
  finding_help_chip_hot: "Check the fan.",
};

/** @type {import("#modules/lib/types.js").Say} */
const say = (key, values) => [key, ...Object.values(values ?? {})].join("|");

const NOW = Date.parse("2026-11-01T15:00:00Z");

/** @param {Record<string, any>} states with attributes, by key; a text is a state */
function home(states) {
  const all = { "binary_sensor.online": "on", "sensor.status": "hashing", ...states };
  return /** @type {any} */ ({
    states: Object.fromEntries(
      Object.entries(all).map(([id, state]) => [
        id,
        { entity_id: id, ...(typeof state === "string" ? { state, attributes: {} } : state) },
      ]),
    ),
    entities: {},
    devices: {},
    localize: (/** @type {string} */ key) => WORDS[key.replace("component.miner_monitor.common.", "")] ?? "",
    formatEntityState: (/** @type {any} */ state) => state.state.toUpperCase(),
    formatEntityAttributeValue: (/** @type {any} */ state, /** @type {string} */ name) => `<${state.attributes[name]}>`,
    locale: { language: "en", time_format: "24", time_zone: "server" },
    config: { time_zone: "UTC" },
  });
}

/**
 * @param {string} state
 * @param {Record<string, any>[]} findings
 * @param {Record<string, any>} [more]
 */
function found(state, findings, more = {}) {
  return findingsOf(home({ "binary_sensor.problem": { state, attributes: { findings } }, ...more }), MINER, say);
}

const HOT = {
  kind: "chip_hot",
  severity: "critical",
  quantity: "chip_temperature",
  value: 115.04,
  threshold: 95,
  since: "2026-11-01T11:55:00Z",
};

test("without a problem there is nothing to say", () => {
  assert.deepEqual(found("off", [HOT]), []);
  assert.deepEqual(found("unavailable", []), []);
});

test("a finding is told with its value and limit, since when, and what to do", () => {
  const [finding] = found("on", [HOT]);
  assert.deepEqual(finding, {
    kind: "chip_hot",
    severity: "critical",
    text: "fleet_finding_limit|Chip hot|115 °C|95 °C",
    since: Date.parse("2026-11-01T11:55:00Z"),
    help: "Check the fan.",
    miner: MINER,
  });
});

test("temperatures and hash rates are in the unit of the miner's own sensors", () => {
  const sensor = { "sensor.chip_temperature": { state: "239", attributes: { unit_of_measurement: "°F" } } };
  assert.equal(found("on", [HOT], sensor)[0]?.text, "fleet_finding_limit|Chip hot|239.1 °F|203 °F");
  const slow = { kind: "hash_rate_low", quantity: "hash_rate", value: 0.0004, threshold: 0.0005 };
  const card = { "sensor.hash_rate": { state: "400", attributes: { unit_of_measurement: "MH/s" } } };
  assert.equal(found("on", [slow], card)[0]?.text, "fleet_finding_limit|Hash rate low|400.0 MH/s|500.0 MH/s");
  assert.equal(found("on", [slow])[0]?.text, "fleet_finding_limit|Hash rate low|0.000 TH/s|0.001 TH/s");
});

test("a low hash rate is told in % of the expected one", () => {
  const low = { kind: "hash_rate_low", quantity: "hash_rate_ratio", value: 71.6, threshold: 85 };
  const text = "fleet_finding_limit|Hash rate low|ratio_of_expected|72%|ratio_of_expected|85%";
  assert.equal(found("on", [low])[0]?.text, text);
});

test("hotter than before is told in degrees, which are no temperature", () => {
  const worn = { kind: "runs_hotter", quantity: null, value: 4, threshold: 3 };
  assert.equal(found("on", [worn])[0]?.text, "fleet_finding_limit|Hotter than 30 days ago|4 °C|3 °C");
  const sensor = { "sensor.chip_temperature": { state: "139", attributes: { unit_of_measurement: "°F" } } };
  assert.equal(found("on", [worn], sensor)[0]?.text, "fleet_finding_limit|Hotter than 30 days ago|7.2 °F|5.4 °F");
});

test("a finding without numbers is a word", () => {
  const still = { kind: "fan_stopped", severity: "critical", value: null, threshold: null };
  assert.equal(found("on", [still])[0]?.text, "Fan stopped");
  assert.equal(found("on", [{ ...HOT, threshold: null }])[0]?.text, "pair|Chip hot|115 °C");
  assert.equal(found("on", [{ ...HOT, quantity: "brightness" }])[0]?.text, "Chip hot");
});

test("a fault is told with what the device calls it", () => {
  const fault = [{ kind: "fault", severity: "critical" }];
  const told = {
    "binary_sensor.problem": { state: "on", attributes: { findings: fault, faults: ["psu", "chip 3"] } },
  };
  assert.equal(found("on", fault, told)[0]?.text, "pair|Fault|psu, chip 3");
  assert.equal(found("on", fault)[0]?.text, "Fault");
});

test("what is not known by name is a problem all the same", () => {
  assert.equal(found("on", [{ kind: "something_new", severity: "warning" }])[0]?.text, "fleet_problem");
  assert.equal(found("on", [])[0]?.text, "fleet_problem");
});

test("critical ones come first, each in the order they came", () => {
  const all = found("on", [{ kind: "fault", severity: "warning" }, HOT, { kind: "fan_stopped", severity: "critical" }]);
  assert.deepEqual(
    bySeverity(all).map(({ severity }) => severity),
    ["critical", "critical", "warning"],
  );
  assert.match(all[0]?.text ?? "", /Chip hot/);
});

test("only our own repairs are shown that nobody ignores, by their titles", () => {
  const issue = { domain: "miner_monitor", issue_id: "derated_1", severity: "warning", ignored: false };
  const issues = [
    { ...issue, translation_key: "derated", translation_placeholders: { name: "Gamma" } },
    { ...issue, ignored: true },
    { ...issue, domain: "mqtt" },
    { ...issue, severity: "error", translation_key: "not_translated", translation_placeholders: null },
  ];
  const told = repairsOf(issues, (key, values) =>
    key.endsWith("issues.derated.title") ? `${values?.name} lowered` : "",
  );
  assert.deepEqual(
    told.map(({ severity, text, miner }) => [severity, text, miner]),
    [
      ["warning", "Gamma lowered", null],
      ["critical", "not_translated", null],
    ],
  );
});

test("a miner is offline since it was last seen, and of an unknown one nothing is said", () => {
  const gone = { state: "off", attributes: { last_seen: "2026-11-01T11:55:00+00:00" } };
  const away = home({ "binary_sensor.online": gone, "sensor.status": "unavailable" });
  assert.equal(statusOf(away, MINER), "away");
  assert.equal(statusText(away, MINER, say, NOW), "status_offline_since|11:55|hash_rate_hours|3.1");
  assert.equal(statusText(home({ "binary_sensor.online": "off" }), MINER, say, NOW), "status_offline");
  assert.equal(statusText(home({ "binary_sensor.online": "unavailable" }), MINER, say, NOW), "status_unknown");
  assert.equal(statusText(home({}), MINER, say, NOW), "HASHING");
});

/** @param {Record<string, any>} attributes @param {Record<string, any>} [more] */
const controlled = (attributes, more) => home({ "sensor.status": { state: "hashing", attributes }, ...more });

test("who controls a miner is one line", () => {
  const line = (/** @type {Record<string, any>} */ attributes) => reasonText(controlled(attributes), MINER, say, NOW);
  assert.equal(line({ reason: null }), "");
  assert.equal(line({}), "");
  assert.equal(
    line({ reason: "save_power", since: "2026-11-01T14:00:00Z", until: "2026-11-01T19:00:00Z", by: "Night tariff" }),
    "status_by|status_until|<save_power>|19:00|Night tariff",
  );
  assert.equal(
    line({ reason: "save_power", since: "2026-11-01T14:00:00Z", until: null, by: null }),
    "status_since|<save_power>|14:00",
  );
  assert.equal(line({ reason: "temporary_profile", detail: "Quiet" }), "<temporary_profile> (Quiet)");
  assert.equal(line({ reason: "overheat_protection", detail: 71.5 }), "<overheat_protection> (71.5 °C)");
  assert.equal(line({ reason: "power_target", detail: 1400 }), "<power_target> (1,400 W)");
  const offline = controlled({ reason: "save_power" }, { "binary_sensor.online": "off" });
  assert.equal(reasonText(offline, MINER, say, NOW), "");
});

test("what Run when limits says until when, where the prices are known", () => {
  const status = { reason: "power_target", since: "2026-11-01T14:00:00Z", until: null, by: "Run when: Cheap power" };
  const line = (/** @type {Record<string, any>} */ ruled, /** @type {Record<string, any>} */ more = {}) => {
    const hass = controlled({ ...status, ...more }, { "select.run_when": { state: "cheap_power", attributes: ruled } });
    const fleet = { entity_id: "select.run_when", device_id: "all", platform: "miner_monitor", translation_key: "fleet_run_when" };
    hass.entities = { [fleet.entity_id]: fleet };
    hass.devices = { all: { id: "all", name: "All miners", entry_type: "service" } };
    return reasonText(hass, MINER, say, NOW);
  };
  const planned = { by: status.by, until: "2026-11-01T20:15:00Z" };
  const since = "status_by|status_since|<power_target>|14:00|Run when: Cheap power";
  assert.equal(line(planned), "status_by|status_until|<power_target>|20:15|Run when: Cheap power");
  assert.equal(line({ ...planned, until: null }), since);
  assert.equal(line({}), since);
  assert.equal(line({ by: null, until: planned.until }, { by: null }), "status_since|<power_target>|14:00");
  assert.equal(line(planned, { by: "Price guard" }), since.replace(status.by, "Price guard"));
  assert.equal(line(planned, { until: "2026-11-01T16:00:00Z" }), "status_by|status_until|<power_target>|16:00|Run when: Cheap power");
});

test("only what a person changed within the last hour can be held", () => {
  const by = (/** @type {any} */ by_automation, /** @type {string} */ since) =>
    changedByHand(controlled({ reason: "save_power", by_automation, since }), MINER, NOW);
  assert.equal(by(false, "2026-11-01T14:30:00Z"), true);
  assert.equal(by(true, "2026-11-01T14:30:00Z"), false);
  assert.equal(by(null, "2026-11-01T14:30:00Z"), false);
  assert.equal(by(false, "2026-11-01T13:59:00Z"), false);
});

test("a miner is held until a time, or until somebody resumes it", () => {
  const held = (/** @type {any} */ follow) => heldText(home({ "switch.follow_automations": follow }), MINER, say, NOW);
  assert.equal(held("on"), "");
  assert.equal(held("off"), "status_held");
  assert.equal(
    held({ state: "off", attributes: { until: "2026-11-02T07:00:00Z" } }),
    "status_held_until|Nov 2, 07:00",
  );
});

test("what is critical is more urgent than a warning, and that than a miner that is offline", () => {
  const problem = (/** @type {any[]} */ findings) => ({ "binary_sensor.problem": { state: "on", attributes: { findings } } });
  assert.deepEqual(
    [
      problem([{ severity: "warning" }, HOT]),
      { "sensor.status": "overheated" },
      problem([{ severity: "warning" }]),
      problem([]),
      { "binary_sensor.online": "off" },
      { "sensor.status": { state: "hashing", attributes: { reason: "throttled_by_miner" } } },
      { "sensor.status": { state: "hashing", attributes: { reason: "save_power" } } },
      {},
    ].map((states) => urgencyOf(home(states), MINER)),
    [0, 0, 1, 1, 2, 2, 3, 3],
  );
});

test("a reading has its unit, and three decimals below 10 TH/s", () => {
  const rate = { "sensor.hash_rate": { state: "1.0612", attributes: { unit_of_measurement: "TH/s" } } };
  assert.equal(readingText(home(rate), MINER, "sensor.hash_rate"), "1.061 TH/s");
  const heat = { "sensor.chip_temperature": { state: "60.4", attributes: { unit_of_measurement: "°C" } } };
  assert.equal(readingText(home(heat), MINER, "sensor.chip_temperature"), "60 °C");
  assert.equal(readingText(home({ "sensor.hash_rate": "unknown" }), MINER, "sensor.hash_rate"), "");
});
