// All miners: what they do together, and a row of each.

import { MinerCards, section, sectionsView } from "./cards.js";
import { detailsCard } from "./details.js";

const COLUMNS = 4;

/**
 * @param {import("./views.js").Scene} scene
 * @returns {Record<string, any>}
 */
export function fleetView({ hass, say, miners, fleet, config }) {
  const all = fleet && new MinerCards(hass, fleet);
  const narrow = { grid_options: { columns: 6 } };
  return sectionsView(
    [
      all &&
        section(
          undefined,
          [
            all.trend("sensor.hash_rate", narrow),
            all.trend("sensor.power", narrow),
            all.trend("sensor.efficiency", narrow),
            all.trend("sensor.hottest_chip", narrow),
          ],
          { span: 2 },
        ),
      all &&
        section(
          undefined,
          [
            all.tile("sensor.miners_online", { state_content: ["state", "of"] }),
            all.tile("binary_sensor.problem"),
            all.tile("sensor.wall_power"),
            all.tile("sensor.best_difficulty"),
            all.toggle("switch.throttle"),
            all.toggle("switch.mining"),
          ],
          { span: 2 },
        ),
      section(
        undefined,
        [
          {
            type: "custom:miner-fleet-card",
            subviews: true,
            ...(config.exclude && { exclude: config.exclude }),
            grid_options: { columns: "full" },
          },
          detailsCard({ hass, say, miners }),
        ],
        { span: COLUMNS },
      ),
    ],
    COLUMNS,
  );
}
