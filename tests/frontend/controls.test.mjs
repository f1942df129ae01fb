// What can be set of a miner, what is sent of what somebody chose, and when it has come about.

import assert from "node:assert/strict";
import test from "node:test";

import {
  alike,
  changesOf,
  choicesOf,
  controlsOf,
  hasCome,
  meaningful,
  shownOf,
  stepped,
  valueText,
} from "#modules/lib/settings.js";

/** @typedef {import("#modules/lib/types.js").Hass} Hass */
/** @typedef {import("#modules/lib/settings.js").Control} Control */
/** @typedef {import("#modules/lib/settings.js").Setting} Setting */

/** @type {Record<string, [string, Record<string, any>]>} */
const ENTITIES = {
  "number.frequency": ["525", { min: 400, max: 625, step: 0.01, unit_of_measurement: "MHz", values: [400, 490, 525, 575, 625] }],
  "number.core_voltage": ["1150", { min: 1000, max: 1300, step: 1, unit_of_measurement: "mV", values: [1.0, 1.15, 1.2] }],
  "number.target_temperature": ["140", { min: 68, max: 158, step: 1, unit_of_measurement: "°F", values: [] }],
  "number.fan_duty_cycle": ["62", { min: 0, max: 100, step: 1, unit_of_measurement: "%" }],
  "switch.auto_fan": ["on", {}],
  "select.work_mode": ["unavailable", { options: ["eco", "super"] }],
};

/** @param {Record<string, [string, Record<string, any>]>} [others] */
function controls(others = {}) {
  const all = Object.entries({ ...ENTITIES, ...others });
  const states = Object.fromEntries(
    all.map(([id, [state, attributes]]) => [id, { entity_id: id, state, attributes }]),
  );
  const ids = Object.fromEntries(all.map(([id]) => [id, [id]]));
  return controlsOf(/** @type {any} */ ({ states }), { id: "d", name: "Gamma", model: "", fleet: false, ids });
}

/** @param {Control[]} all @param {Setting} setting @returns {Control} */
function of(all, setting) {
  const found = all.find((control) => control.setting === setting);
  assert.ok(found);
  return found;
}

test("what is not known cannot be set", () => {
  assert.deepEqual(
    controls().map(({ setting }) => setting),
    ["frequency", "core_voltage", "auto_fan", "target_temperature", "fan_duty_cycle"],
  );
});

test("values are as the action takes them, whatever unit the user chose", () => {
  const voltage = of(controls(), "core_voltage");
  assert.deepEqual([voltage.value, voltage.min, voltage.max, voltage.step], [1.15, 1, 1.3, 0.001]);
  const target = of(controls(), "target_temperature");
  assert.deepEqual([target.value, target.min, target.max, target.unit], [60, 20, 70, "°C"]);
});

test("a list has the board's own values, and what the miner runs with", () => {
  const off = controls({ "number.frequency": ["550", { ...ENTITIES["number.frequency"]?.[1] }] });
  assert.deepEqual(choicesOf(of(off, "frequency"), {}), [400, 490, 525, 550, 575, 625]);
  assert.deepEqual(choicesOf(of(controls(), "frequency"), { frequency: 500 }), [400, 490, 500, 525, 575, 625]);
  assert.deepEqual(choicesOf(of(controls(), "fan_duty_cycle"), {}), []);
});

test("a step goes to the next value of the board, and never beyond its range", () => {
  const frequency = of(controls(), "frequency");
  assert.equal(stepped(frequency, {}, 1), 575);
  assert.equal(stepped(frequency, { frequency: 575 }, 1), 625);
  assert.equal(stepped(frequency, { frequency: 625 }, 1), 625);
  assert.equal(stepped(frequency, {}, -1), 490);
  const fan = of(controls(), "fan_duty_cycle");
  assert.equal(stepped(fan, {}, 1), 63);
  assert.equal(stepped(fan, { fan_duty_cycle: 100 }, 1), 100);
});

test("what was chosen is sent as one order, less what the miner does already", () => {
  const all = controls();
  assert.deepEqual(changesOf(all, { frequency: 575, core_voltage: 1.2 }), { frequency: 575, core_voltage: 1.2 });
  assert.deepEqual(changesOf(all, { frequency: 525.01, core_voltage: 1.1501 }), {});
});

test("the fan's own duty is there only while the fan is not automatic", () => {
  const all = controls();
  /** @param {import("#modules/lib/settings.js").Wanted} wanted */
  const shown = (wanted) => meaningful(all, wanted).map(({ setting }) => setting);
  assert.ok(!shown({}).includes("fan_duty_cycle"));
  assert.ok(shown({}).includes("target_temperature"));
  assert.ok(shown({ auto_fan: false }).includes("fan_duty_cycle"));
  assert.ok(!shown({ auto_fan: false }).includes("target_temperature"));
  assert.deepEqual(changesOf(all, { fan_duty_cycle: 80 }), {});
  assert.deepEqual(changesOf(all, { auto_fan: false, fan_duty_cycle: 80 }), { auto_fan: false, fan_duty_cycle: 80 });
});

test("nothing bounces back while a write is under way", () => {
  const all = controls({ "number.frequency": ["525", { ...ENTITIES["number.frequency"]?.[1], applying: 575 }] });
  assert.equal(shownOf(of(all, "frequency"), {}), 575);
  assert.equal(shownOf(of(all, "frequency"), { frequency: 490 }), 490);
  assert.equal(shownOf(of(controls(), "frequency"), {}), 525);
});

test("an order has come about when the miner reports all of it", () => {
  assert.ok(!hasCome(controls(), { frequency: 575, core_voltage: 1.15 }));
  assert.ok(hasCome(controls(), { frequency: 525.02, core_voltage: 1.15 }));
  assert.ok(alike("eco", "eco") && !alike("eco", null));
});

test("values are written as reports write them", () => {
  assert.equal(valueText(1.15, { setting: "core_voltage", unit: "V" }, { language: "de" }), "1,150 V");
  assert.equal(valueText(550, { setting: "frequency", unit: "MHz" }, { language: "en" }), "550 MHz");
  assert.equal(valueText(61.8, { setting: "fan_duty_cycle", unit: "%" }, { language: "en" }), "62%");
});
