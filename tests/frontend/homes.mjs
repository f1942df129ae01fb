// Homes whose miners the dashboard is built for: registries as a browser gets them, and a frontend's hass.

import { readdirSync, readFileSync } from "node:fs";

/** @typedef {import("#modules/lib/types.js").Hass} Hass */
/** @typedef {import("#modules/lib/types.js").DeviceEntry} DeviceEntry */
/** @typedef {Pick<Hass, "devices" | "entities" | "states">} Home */

const FOLDER = new URL("registries/", import.meta.url);
const TEXTS = new URL("../../custom_components/miner_monitor/translations/en.json", import.meta.url);
const COMPONENT = "component.miner_monitor.";

export const HOMES = readdirSync(FOLDER)
  .map((file) => file.replace(".json", ""))
  .sort();

/** @param {string} path @returns {any} */
const parsed = (path) => JSON.parse(readFileSync(new URL(path, FOLDER), "utf-8"));

/**
 * Return a home anew, so that a test may change it.
 *
 * @param {string} name
 * @returns {Home}
 */
export function homeOf(name) {
  return parsed(`${name}.json`);
}

const texts = JSON.parse(readFileSync(TEXTS, "utf-8"));

/**
 * Return a text of the translations; one that is asked for and not there is a mistake.
 *
 * @param {string} key
 * @param {Record<string, any>} [values]
 * @returns {string}
 */
function localize(key, values = {}) {
  const path = key.replace(COMPONENT, "").split(".");
  /** @type {any} */
  let found = texts;
  for (const part of path) found = found?.[part];
  if (typeof found !== "string") throw new Error(`There is no text ${key}`);
  return found.replaceAll(/\{(\w+)\}/g, (_, name) => {
    if (values[name] === undefined) throw new Error(`${key} lacks ${name}`);
    return String(values[name]);
  });
}

/**
 * Return what the frontend gives to a strategy.
 *
 * @param {Home} home
 * @param {{admin?: boolean, components?: string[]}} [user]
 * @returns {Hass}
 */
export function hassOf(home, { admin = true, components = ["logbook", "recorder"] } = {}) {
  const hass = {
    ...home,
    user: { is_admin: admin, name: "Ada" },
    language: "en",
    locale: { language: "en", number_format: "language" },
    config: { time_zone: "Europe/Berlin", currency: "EUR", components },
    localize,
    loadBackendTranslation: async () => localize,
  };
  return /** @type {Hass} */ (/** @type {any} */ (hass));
}

/**
 * Return the devices of a home's miners, without that of all of them.
 *
 * @param {Home} home
 * @returns {DeviceEntry[]}
 */
export function minersOf(home) {
  return Object.values(home.devices).filter((device) => device.entry_type !== "service");
}
