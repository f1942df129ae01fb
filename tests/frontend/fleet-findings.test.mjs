// What the fleet card says needs attention.

import assert from "node:assert/strict";
import test from "node:test";

import {
  bySeverity,
  notesOf,
  repairsOf,
} from "../../custom_components/miner_monitor/frontend/modules/cards/fleet/findings.js";

/** @typedef {import("../../custom_components/miner_monitor/frontend/modules/lib/types.js").Miner} Miner */

/** @type {Miner} */
const MINER = {
  id: "m",
  name: "<img onerror>",
  model: "",
  fleet: false,
  ids: Object.fromEntries(
    ["binary_sensor.problem", "binary_sensor.fault", "sensor.chip_temperature", "sensor.hash_rate_ratio"].map(
      (key) => [key, [key]],
    ),
  ),
};

/** @type {Record<string, string>} */
const WORDS = {
  chip_hot: "Chip hot",
  fan_stopped: "Fan stopped",
  hash_rate_low: "Hash rate low",
  fault: "Fault",
};

/** @type {import("../../custom_components/miner_monitor/frontend/modules/lib/types.js").Say} */
const say = (key, values) => [key, ...Object.values(values ?? {})].join("|");

/**
 * @param {string} problem
 * @param {Record<string, any>[]} findings
 * @param {Record<string, Record<string, any>>} [more]
 */
function notes(problem, findings, more = {}) {
  const states = { "binary_sensor.problem": { state: problem, attributes: { findings } }, ...more };
  const localize = (/** @type {string} */ key) => WORDS[key.replace(/.*report_finding_/, "")] ?? "";
  const hass = /** @type {any} */ ({ states, localize, locale: { language: "en" } });
  return notesOf(hass, MINER, say);
}

const HOT = { kind: "chip_hot", severity: "critical", value: 76.5, threshold: 72 };

test("without a problem there is nothing to say", () => {
  assert.deepEqual(notes("off", [HOT]), []);
  assert.deepEqual(notes("unavailable", []), []);
});

test("a finding is told with its value and limit", () => {
  const [note] = notes("on", [HOT]);
  assert.equal(note?.text, "fleet_finding_limit|Chip hot|76.5 °C|72.0 °C");
  assert.deepEqual([note?.severity, note?.name, note?.miner], ["critical", "<img onerror>", MINER]);
});

test("temperatures are in the unit of the miner's own sensor", () => {
  const sensor = { "sensor.chip_temperature": { state: "170", attributes: { unit_of_measurement: "°F" } } };
  assert.equal(notes("on", [HOT], sensor)[0]?.text, "fleet_finding_limit|Chip hot|169.7 °F|161.6 °F");
});

test("a finding without numbers is a word", () => {
  assert.equal(
    notes("on", [{ kind: "fan_stopped", severity: "critical", value: null, threshold: null }])[0]?.text,
    "Fan stopped",
  );
  assert.equal(notes("on", [{ ...HOT, threshold: null }])[0]?.text, "Chip hot: 76.5 °C");
});

test("a low hash rate is told by the ratio of now, if there is one", () => {
  const low = [{ kind: "hash_rate_low", severity: "warning", value: 0.4, threshold: 0.5 }];
  const ratio = { "sensor.hash_rate_ratio": { state: "71.6", attributes: {} } };
  assert.equal(notes("on", low, ratio)[0]?.text, "fleet_finding_low|Hash rate low|72 %");
  assert.equal(notes("on", low)[0]?.text, "Hash rate low");
});

test("a fault is told with what the device calls it", () => {
  const fault = [{ kind: "fault", severity: "critical" }];
  const told = { "binary_sensor.fault": { state: "on", attributes: { faults: ["psu", "chip 3"] } } };
  assert.equal(notes("on", fault, told)[0]?.text, "Fault: psu, chip 3");
  assert.equal(notes("on", fault)[0]?.text, "Fault");
});

test("what is not known by name is a problem all the same", () => {
  assert.equal(notes("on", [{ kind: "something_new", severity: "warning" }])[0]?.text, "fleet_problem");
  assert.equal(notes("on", [])[0]?.text, "fleet_problem");
});

test("critical ones come first, each in the order they came", () => {
  const all = notes("on", [
    { kind: "fault", severity: "warning" },
    HOT,
    { kind: "fan_stopped", severity: "critical" },
  ]);
  assert.deepEqual(
    bySeverity(all).map(({ severity }) => severity),
    ["critical", "critical", "warning"],
  );
  assert.match(bySeverity(all)[0]?.text ?? "", /Chip hot/);
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
