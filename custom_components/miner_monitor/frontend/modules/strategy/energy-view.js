// What the miners used, and how Home Assistant's Energy dashboard gets it.

import { idOf } from "../lib/miners.js";
import { MinerCards, messageView, section, sectionsView } from "./cards.js";

const DAYS = 14;
const METERS = ["sensor.energy", "sensor.wall_energy"];

/**
 * @param {import("./views.js").Scene} scene
 * @returns {Record<string, any>}
 */
export function energyView({ hass, say, miners, fleet }) {
  if (!miners.some((miner) => METERS.some((key) => miner.ids[key]))) return messageView(say("nothing_metered"));
  const all = fleet && new MinerCards(hass, fleet);
  return sectionsView(
    [
      section(
        undefined,
        [
          all?.today("sensor.energy", say("energy_today")),
          all?.today("sensor.wall_energy", say("wall_energy_today")),
          all?.trend("sensor.power"),
          all?.trend("sensor.wall_power"),
          perDay(miners, "sensor.energy", say("energy_per_day")),
          perDay(miners, "sensor.wall_energy", say("wall_energy_per_day")),
          all?.rise(say("energy_per_hour"), ["sensor.energy"], { days_to_show: 2 }),
        ],
        { span: 4 },
      ),
      section(
        say("energy_dashboard"),
        [
          { type: "markdown", content: say("energy_how"), text_only: true, grid_options: { columns: "full" } },
          hass.user?.is_admin && {
            type: "button",
            name: say("energy_open"),
            icon: "mdi:lightning-bolt",
            tap_action: { action: "navigate", navigation_path: "/config/energy" },
            grid_options: { columns: 12, rows: 2 },
          },
        ],
        { span: 4, icon: "mdi:help-circle-outline" },
      ),
    ],
    4,
  );
}

/**
 * Bars of each miner's kWh per day, one on the other.
 *
 * @param {import("../lib/types.js").Miner[]} miners
 * @param {string} key
 * @param {string} title
 * @returns {import("../lib/types.js").CardConfig | undefined}
 */
function perDay(miners, key, title) {
  const entities = miners.flatMap((miner) => {
    const id = idOf(miner, key);
    return id === undefined ? [] : [{ entity: id, name: miner.name }];
  });
  if (!entities.length) return undefined;
  return {
    type: "statistics-graph",
    title,
    chart_type: "bar-stack",
    period: "day",
    days_to_show: DAYS,
    stat_types: ["change"],
    entities,
    grid_options: { columns: "full" },
  };
}
