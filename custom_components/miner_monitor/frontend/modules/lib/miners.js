// Which miners there are and what they have, out of Home Assistant's registries.

import { navigate, showMore } from "./dom.js";

/** @typedef {import("./types.js").Hass} Hass */
/** @typedef {import("./types.js").Miner} Miner */
/** @typedef {import("./types.js").HassState} HassState */

const PLATFORM = "miner_monitor";
const FLEET_KEY = "fleet_";

/** States that say nothing. */
export const NOTHING = new Set(["unknown", "unavailable"]);

/** @typedef {{miners: Miner[], fleet: Miner | undefined}} Found */

/** @type {WeakMap<object, {devices: object, language: string | undefined, found: Found}>} by the registry of entities */
const known = new WeakMap();

/**
 * Return all miners by name, and the device of all of them.
 *
 * Entities that are hidden are left out, as everywhere else in Home Assistant. Every
 * card asks this of the same registries, which have thousands of entities.
 *
 * @param {Pick<Hass, "entities" | "devices" | "locale">} hass
 * @returns {Found}
 */
export function findMiners(hass) {
  const { entities, devices } = hass;
  const language = hass.locale?.language;
  const before = known.get(entities);
  if (before?.devices === devices && before.language === language) return before.found;
  const found = lookForMiners(hass);
  known.set(entities, { devices, language, found });
  return found;
}

/**
 * @param {Pick<Hass, "entities" | "devices" | "locale">} hass
 * @returns {Found}
 */
function lookForMiners(hass) {
  /** @type {Map<string, Miner>} */
  const found = new Map();
  for (const entry of Object.values(hass.entities)) {
    if (entry.platform !== PLATFORM || entry.hidden) continue;
    const device = entry.device_id && hass.devices[entry.device_id];
    if (!device || !entry.translation_key) continue;
    let miner = found.get(device.id);
    if (!miner) {
      miner = {
        id: device.id,
        name: device.name_by_user || device.name || device.id,
        model: device.model ?? "",
        fleet: device.entry_type === "service",
        ids: {},
      };
      found.set(device.id, miner);
    }
    const [domain] = entry.entity_id.split(".");
    const key = entry.translation_key;
    const name = `${domain}.${miner.fleet && key.startsWith(FLEET_KEY) ? key.slice(FLEET_KEY.length) : key}`;
    (miner.ids[name] ??= []).push(entry.entity_id);
  }
  const order = new Intl.Collator(hass.locale?.language, { numeric: true });
  const all = [...found.values()].sort((a, b) => order.compare(a.name, b.name));
  for (const miner of all) {
    for (const ids of Object.values(miner.ids)) ids.sort(order.compare);
  }
  return {
    miners: all.filter((miner) => !miner.fleet),
    fleet: all.find((miner) => miner.fleet),
  };
}

/**
 * Return the first entity of a key, such as "sensor.hash_rate".
 *
 * @param {Miner | undefined} miner
 * @param {string} name
 * @returns {string | undefined}
 */
export function idOf(miner, name) {
  return miner?.ids[name]?.[0];
}

/**
 * Return the state of a key.
 *
 * @param {Pick<Hass, "states">} hass
 * @param {Miner | undefined} miner
 * @param {string} name
 * @returns {HassState | undefined}
 */
export function stateOf(hass, miner, name) {
  const id = idOf(miner, name);
  return id === undefined ? undefined : hass.states[id];
}

/**
 * Return what an entity is called, in the language of who looks.
 *
 * @param {string} id
 * @param {Pick<Hass, "states" | "entities" | "localize">} hass
 * @returns {string}
 */
export function entityName(id, hass) {
  const [domain] = id.split(".");
  const key = hass.entities[id]?.translation_key;
  return (
    hass.localize(`component.miner_monitor.entity.${domain}.${key}.name`) ||
    hass.states[id]?.attributes.friendly_name ||
    id
  );
}

/**
 * Return whether a state says something.
 *
 * @param {HassState | undefined} state
 * @returns {state is HassState}
 */
export function says(state) {
  return state !== undefined && !NOTHING.has(state.state);
}

/**
 * Return a state as a number; null of what is unknown or no number.
 *
 * @param {HassState | undefined} state
 * @returns {number | null}
 */
export function numberOf(state) {
  if (!says(state) || state.state.trim() === "") return null;
  const value = Number(state.state);
  return Number.isFinite(value) ? value : null;
}

/**
 * Return the unit of an entity, or nothing.
 *
 * @param {HassState | undefined} state
 * @returns {string}
 */
export function unitOf(state) {
  return state?.attributes.unit_of_measurement ?? "";
}

/**
 * Whether a miner answers. One whose answer is not known yet does not.
 *
 * @param {Pick<Hass, "states">} hass
 * @param {Miner} miner
 * @returns {boolean}
 */
export function isOnline(hass, miner) {
  return stateOf(hass, miner, "binary_sensor.online")?.state === "on";
}

const DASHBOARD = "miner-monitor";

/**
 * Return the path of a miner's own view: in the dashboard that is shown, else in ours;
 * undefined where there is neither.
 *
 * @param {Pick<Hass, "panels">} hass
 * @param {Miner} miner
 * @param {boolean} here whether the dashboard that is shown has such views
 * @returns {string | undefined}
 */
export function viewOf(hass, miner, here) {
  const dashboard = here ? location.pathname.split("/")[1] : DASHBOARD;
  if (!here && !hass.panels?.[DASHBOARD]) return undefined;
  return `/${dashboard}/miner-${miner.id}`;
}

/**
 * Show more of a miner: its own view, else one of its entities.
 *
 * @param {EventTarget} from
 * @param {Pick<Hass, "panels">} hass
 * @param {Miner} miner
 * @param {boolean} here
 */
export function openMiner(from, hass, miner, here) {
  const path = viewOf(hass, miner, here);
  const id =
    idOf(miner, "sensor.status") ?? idOf(miner, "binary_sensor.online") ?? Object.values(miner.ids)[0]?.[0];
  if (path !== undefined) navigate(path);
  else if (id !== undefined) showMore(from, id);
}

/**
 * Return what a link to a miner needs; a click with a key held opens it as any link.
 *
 * @param {() => Pick<Hass, "panels">} hass
 * @param {Miner} miner
 * @param {boolean} here
 * @returns {{tag: "a" | "button", traits: Record<string, any>}}
 */
export function linkTo(hass, miner, here) {
  const href = viewOf(hass(), miner, here);
  const onclick = (/** @type {MouseEvent} */ event) => {
    if (href !== undefined && (event.ctrlKey || event.metaKey || event.shiftKey || event.button)) return;
    event.preventDefault();
    openMiner(/** @type {EventTarget} */ (event.currentTarget), hass(), miner, here);
  };
  if (href === undefined) return { tag: "button", traits: { type: "button", onclick } };
  return { tag: "a", traits: { href, onclick } };
}
