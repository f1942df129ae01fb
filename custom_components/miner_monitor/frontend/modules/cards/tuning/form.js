// The form in which a user sets the card up.

import { HOURS } from "./past-part.js";
import { SCATTERS } from "./join.js";
import { scatterName } from "./scatter.js";

/** @typedef {import("../../lib/types.js").CardConfig} CardConfig */
/** @typedef {import("../../lib/types.js").Hass} Hass */
/** @typedef {import("../../lib/types.js").Localize} Localize */

export const PARTS = /** @type {const} */ (["map", "verdicts", "scatter", "changes"]);

const COMMON = "component.miner_monitor.common.dashboard_";

/**
 * Say something in a form, which has no card whose words it could take.
 *
 * @param {Localize | undefined} localize
 * @returns {import("../../lib/texts.js").Say}
 */
function sayBy(localize) {
  return (key, values) => localize?.(COMMON + key, values) || key;
}

/** @returns {import("../../lib/texts.js").Say} */
function sayNow() {
  const app = /** @type {(Element & {hass?: Hass}) | null} */ (document.querySelector("home-assistant"));
  return sayBy(app?.hass?.localize);
}

/** @returns {Record<string, any>} */
export function configForm() {
  const say = sayNow();
  // @says tuning_part_map tuning_part_verdicts tuning_part_scatter tuning_part_changes
  const parts = PARTS.map((value) => ({ value, label: say(`tuning_part_${value}`) }));
  const names = /** @type {import("./join.js").ScatterName[]} */ (Object.keys(SCATTERS));
  const scatters = names.map((value) => ({ value, label: scatterName(say, value) }));
  // @says tuning_last_24 tuning_last_72 tuning_last_168
  const hours = HOURS.map((value) => ({ value: String(value), label: say(`tuning_last_${value}`) }));
  return {
    schema: [
      { name: "device_id", required: true, selector: { device: { integration: "miner_monitor" } } },
      { name: "show", selector: { select: { multiple: true, options: parts } } },
      { name: "scatter", selector: { select: { mode: "dropdown", options: scatters } } },
      { name: "hours", selector: { select: { mode: "dropdown", options: hours } } },
    ],
    // @says tuning_form_device_id tuning_form_show tuning_form_scatter tuning_form_hours
    computeLabel: (/** @type {{name: string}} */ { name }) => sayNow()(`tuning_form_${name}`),
  };
}

/**
 * Say in plain words what is wrong with a configuration.
 *
 * @param {CardConfig} config
 */
export function checkConfig({ device_id, show, scatter, hours }) {
  if (typeof device_id !== "string" || !device_id) {
    throw new Error("Choose a miner: device_id is missing");
  }
  if (show !== undefined && !(Array.isArray(show) && show.every((part) => PARTS.includes(part)))) {
    throw new Error(`show is a list of ${PARTS.join(", ")}`);
  }
  if (scatter !== undefined && !Object.hasOwn(SCATTERS, scatter)) {
    throw new Error(`scatter is one of ${Object.keys(SCATTERS).join(", ")}`);
  }
  if (hours !== undefined && !HOURS.some((count) => count === Number(hours))) {
    throw new Error(`hours is one of ${HOURS.join(", ")}`);
  }
}
