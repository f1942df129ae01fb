// All miners: what they do together, and a row of each.

import { MinerCards, section, sectionsView } from "./cards.js";
import { leftOut } from "./dashboard.js";
import { detailsCard } from "./details.js";

const COLUMNS = 4;

/**
 * @param {import("./views.js").Scene} scene
 * @returns {Record<string, any>}
 */
export function fleetView({ hass, say, miners, fleet, config }) {
  const all = fleet && new MinerCards(hass, fleet);
  return sectionsView(
    [
      all &&
        section(
          undefined,
          [
            all.trend("sensor.hash_rate"),
            all.trend("sensor.power"),
            all.trend("sensor.efficiency"),
            all.trend("sensor.hottest_chip"),
            all.trend("sensor.wall_power"),
            all.tile("sensor.miners_online"),
            all.tile("binary_sensor.problem"),
            all.tile("sensor.best_difficulty"),
            all.toggle("switch.throttle"),
            all.toggle("switch.mining"),
          ],
          { span: COLUMNS },
        ),
      section(
        undefined,
        [
          {
            type: "custom:miner-fleet-card",
            subviews: true,
            ...leftOut(config),
            grid_options: { columns: "full" },
          },
          detailsCard({ hass, say, miners }),
        ],
        { span: COLUMNS },
      ),
      fleet &&
        section(
          undefined,
          [{ type: "custom:miner-hash-rate-card", device_id: fleet.id, grid_options: { columns: "full" } }],
          { span: COLUMNS },
        ),
    ],
    COLUMNS,
  );
}
