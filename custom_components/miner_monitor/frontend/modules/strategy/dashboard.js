// The dashboard: which views there are. What is in them is made when one is opened.

import { findMiners } from "../lib/miners.js";
import { loadTexts } from "../lib/words.js";
import { pathOf, tabsOf } from "./cards.js";

/** @typedef {import("../lib/types.js").Hass} Hass */

export const TYPE = "custom:miner-monitor";

// @says view_fleet view_compare view_tuning view_energy
const VIEWS = /** @type {const} */ ([
  ["fleet", "mdi:pickaxe"],
  ["compare", "mdi:chart-multiple"],
  ["tuning", "mdi:tune-vertical"],
  ["energy", "mdi:lightning-bolt"],
]);

/**
 * Return the configuration of the dashboard.
 *
 * @param {Record<string, any>} config `exclude`: ids of devices that are left out
 * @param {Hass} hass
 * @returns {Promise<Record<string, any>>}
 */
export async function dashboard(config, hass) {
  const say = await loadTexts(hass);
  const miners = chosenMiners(config, hass);
  /** @param {string} view @param {Record<string, any>} [more] */
  const strategy = (view, more) => ({
    strategy: { type: TYPE, view, ...leftOut(config), ...more },
  });
  return {
    title: say("title"),
    views: [
      ...VIEWS.map(([path, icon]) => ({
        title: say(`view_${path}`),
        path,
        icon,
        show_icon_and_title: true,
        ...strategy(path),
      })),
      ...miners.flatMap((miner) =>
        tabsOf(miner).map((tab) => ({
          title: miner.name,
          path: pathOf(miner.id, tab),
          subview: true,
          ...strategy("miner", { device_id: miner.id, tab }),
        })),
      ),
    ],
  };
}

/**
 * Return the miners that the dashboard is about.
 *
 * @param {Record<string, any>} config
 * @param {Hass} hass
 */
export function chosenMiners(config, hass) {
  const left = new Set(leftOut(config).exclude);
  return findMiners(hass).miners.filter((miner) => !left.has(miner.id));
}

/**
 * Return what the configuration says of devices that are left out, if it is a list.
 *
 * @param {Record<string, any>} config
 * @returns {{exclude?: string[]}}
 */
export function leftOut({ exclude }) {
  return Array.isArray(exclude) && exclude.length ? { exclude } : {};
}
