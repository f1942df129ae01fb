// The offer to turn on the sensors that the charts draw and that are off by default.

import { idOf } from "../lib/miners.js";

/** Every miner has these, and they are off until somebody wants them. */
const SIGNS = ["sensor.hash_rate_1h_mean", "sensor.hash_rate_24h_mean", "sensor.hash_rate_stability"];

/**
 * Return a button that turns them on; undefined where that is done, or not allowed.
 *
 * @param {Pick<import("./views.js").Scene, "hass" | "say" | "miners">} scene
 * @returns {import("../lib/types.js").CardConfig | undefined}
 */
export function detailsCard({ hass, say, miners }) {
  const without = miners.filter((miner) => SIGNS.some((key) => idOf(miner, key) === undefined));
  if (!hass.user?.is_admin || !without.length) return undefined;
  return {
    type: "button",
    name: say("show_details"),
    icon: "mdi:chart-box-plus-outline",
    show_state: false,
    tap_action: {
      action: "perform-action",
      perform_action: "miner_monitor.show_details",
      target: { device_id: without.map((miner) => miner.id) },
      confirmation: { text: say("show_details_question") },
    },
    grid_options: { columns: 12, rows: 2 },
  };
}
