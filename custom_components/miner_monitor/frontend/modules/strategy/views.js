// Makes a view of the dashboard when somebody opens it.

import { findMiners } from "../lib/miners.js";
import { loadTexts } from "../lib/texts.js";
import { compareView } from "./compare-view.js";
import { messageView } from "./cards.js";
import { chosenMiners } from "./dashboard.js";
import { energyView } from "./energy-view.js";
import { fleetView } from "./fleet-view.js";
import { minerView } from "./miner-view.js";
import { tuningView } from "./tuning-view.js";

/** @typedef {import("../lib/types.js").Hass} Hass */
/** @typedef {import("../lib/types.js").Miner} Miner */

/**
 * @typedef {object} Scene What a view is made from.
 * @property {Hass} hass
 * @property {import("../lib/texts.js").Say} say
 * @property {Miner[]} miners
 * @property {Miner | undefined} fleet
 * @property {Record<string, any>} config
 */

/** @type {Record<string, (scene: Scene) => Record<string, any>>} */
const VIEWS = {
  fleet: fleetView,
  compare: compareView,
  tuning: tuningView,
  energy: energyView,
};

/**
 * Return the configuration of a view.
 *
 * @param {Record<string, any>} config `view` names it, `device_id` the miner of "miner"
 * @param {Hass} hass
 * @returns {Promise<Record<string, any>>}
 */
export async function view(config, hass) {
  const say = await loadTexts(hass);
  const { fleet } = findMiners(hass);
  const miners = chosenMiners(config, hass);
  const scene = { hass, say, miners, fleet, config };
  if (config.view === "miner") {
    const miner = miners.find((candidate) => candidate.id === config.device_id);
    return miner ? minerView(scene, miner) : messageView(say("miner_gone"));
  }
  const name = config.view ?? "fleet";
  const make = Object.hasOwn(VIEWS, name) ? VIEWS[name] : undefined;
  if (!make) return messageView(say("no_such_view", { view: String(config.view) }));
  return miners.length ? make(scene) : messageView(say("no_miner"), ADD_MINER);
}

const ADD_MINER = {
  action: "navigate",
  navigation_path: "/config/integrations/integration/miner_monitor",
};
