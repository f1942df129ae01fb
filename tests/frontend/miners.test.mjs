// Which miners there are, out of the registries, and what their states say.

import assert from "node:assert/strict";
import test from "node:test";

import {
  findMiners,
  idOf,
  isOnline,
  numberOf,
  says,
  stateOf,
  unitOf,
} from "#modules/lib/miners.js";
import { hassOf, HOMES, homeOf, minersOf } from "./homes.mjs";

/** @param {string} state @param {Record<string, any>} [attributes] */
const stateWith = (state, attributes = {}) => ({
  entity_id: "sensor.a",
  state,
  attributes,
  last_changed: "",
  last_updated: "",
});

for (const name of HOMES) {
  test(`${name}: each device that is no service is a miner`, () => {
    const home = homeOf(name);
    const { miners, fleet } = findMiners(hassOf(home));
    assert.deepEqual(miners.map((miner) => miner.id).sort(), minersOf(home).map((device) => device.id).sort());
    assert.equal(fleet?.id, "id-all-miners");
    const ids = [...miners, /** @type {import("#modules/lib/types.js").Miner} */ (fleet)].flatMap((miner) =>
      Object.values(miner.ids).flat(),
    );
    assert.deepEqual(ids.sort(), Object.keys(home.entities).sort());
    for (const miner of miners) assert.match(idOf(miner, "sensor.hash_rate") ?? "", /_hash_rate$/);
  });
}

test("the fleet's keys are those of a miner", () => {
  const { fleet } = findMiners(hassOf(homeOf("mixed")));
  assert.equal(idOf(fleet, "sensor.hash_rate"), "sensor.all_miners_hash_rate");
  assert.equal(idOf(fleet, "switch.throttle"), "switch.all_miners_save_power");
});

test("what is numbered is in the order of its numbers", () => {
  const home = homeOf("gamma");
  const [device] = minersOf(home);
  for (const number of [10, 2, 3]) {
    const entity_id = `sensor.fan_${number}`;
    home.entities[entity_id] = {
      entity_id,
      device_id: device?.id ?? "",
      platform: "miner_monitor",
      translation_key: "fan",
    };
  }
  const { miners } = findMiners(hassOf(home));
  assert.deepEqual(miners[0]?.ids["sensor.fan"], ["sensor.fan_2", "sensor.fan_3", "sensor.fan_10"]);
});

test("what is not ours, has no device or no key is no miner's", () => {
  const home = homeOf("gamma");
  const [device] = minersOf(home);
  const others = [
    { platform: "template", device_id: device?.id, translation_key: "power" },
    { platform: "miner_monitor", translation_key: "power" },
    { platform: "miner_monitor", device_id: "gone", translation_key: "power" },
    { platform: "miner_monitor", device_id: device?.id },
    { platform: "miner_monitor", device_id: device?.id, translation_key: "power", hidden: true },
  ];
  const before = findMiners(hassOf(home));
  for (const [i, other] of others.entries()) {
    const entity_id = `sensor.other_${i}`;
    home.entities[entity_id] = /** @type {any} */ ({ entity_id, ...other });
  }
  assert.deepEqual(findMiners(hassOf(home)), before);
});

test("a miner has the name that its user gave it", () => {
  const home = homeOf("gamma");
  const [device] = minersOf(home);
  assert.ok(device);
  const { id } = device;
  /** @param {Record<string, string | null>} names as the frontend has them, which never changes a registry in place */
  const shown = (names) => {
    const devices = { ...home.devices, [id]: { ...device, ...names } };
    return findMiners(hassOf({ ...home, devices })).miners[0]?.name;
  };
  assert.equal(shown({}), "Gamma 601 A1B2");
  assert.equal(shown({ name_by_user: "Heater" }), "Heater");
  assert.equal(shown({ name: null, name_by_user: null }), id);
});

test("unknown is no number, and not 0", () => {
  assert.deepEqual(
    ["1.5", "0", "-3", "1e3", "unknown", "unavailable", "", " ", "on", "Infinity", "NaN"].map((text) =>
      numberOf(stateWith(text)),
    ),
    [1.5, 0, -3, 1000, null, null, null, null, null, null, null],
  );
  assert.equal(numberOf(undefined), null);
});

test("states, units and who answers", () => {
  const home = homeOf("gamma");
  const hass = hassOf(home);
  const [miner] = findMiners(hass).miners;
  assert.ok(miner);
  assert.equal(unitOf(stateOf(hass, miner, "sensor.hash_rate")), "TH/s");
  assert.equal(unitOf(undefined), "");
  assert.equal(stateOf(hass, miner, "sensor.nothing"), undefined);
  assert.equal(says(stateWith("unknown")), false);
  assert.equal(says(stateWith("off")), true);
  for (const [state, answers] of /** @type {const} */ ([["on", true], ["off", false], ["unavailable", false]])) {
    hass.states[idOf(miner, "binary_sensor.online") ?? ""] = stateWith(state);
    assert.equal(isOnline(hass, miner), answers);
  }
  assert.equal(isOnline(hass, { ...miner, ids: {} }), false);
});
