// All miners beside each other: one quantity at a time, and a ranking.

import { idOf, unitOf } from "../lib/miners.js";
import { messageView, section, sectionsView } from "./cards.js";
import { leftOut } from "./dashboard.js";

const QUANTITIES = [
  "hash_rate",
  "efficiency",
  "power",
  "chip_temperature",
  "hash_rate_ratio",
  "reject_rate",
  "vr_temperature",
  "fan_speed",
  "wall_power",
  "hash_rate_stability",
  "frequency_actual",
  "core_voltage_actual",
];

/** Days and the step of the statistics. */
// @says time_6h time_24h time_3d time_7d time_30d
const TIMES = /** @type {const} */ ([
  ["6h", 0.25, "5minute"],
  ["24h", 1, "5minute"],
  ["3d", 3, "hour"],
  ["7d", 7, "hour"],
  ["30d", 30, "day"],
]);

/**
 * @param {import("./views.js").Scene} scene
 * @returns {Record<string, any>}
 */
export function compareView({ say, miners, hass, config }) {
  const quantities = QUANTITIES.flatMap((key) => choicesOf(hass, miners, key));
  const times = TIMES.map(([key, days, period]) => ({
    label: say(`time_${key}`),
    values: { days_to_show: days, period },
  }));
  if (!quantities.length) return messageView(say("nothing_comparable"));
  const chart = {
    type: "custom:miner-choice-card",
    id: "compare",
    selects: [
      { label: say("quantity"), options: quantities },
      { label: say("time"), options: times, first: 1 },
    ],
    card: { type: "statistics-graph", chart_type: "line", stat_types: ["mean"] },
    grid_options: { columns: "full" },
  };
  const ranking = miners.some((miner) => idOf(miner, "sensor.efficiency")) && {
    type: "custom:miner-fleet-card",
    id: "ranking",
    sort: "efficiency",
    hours: 24,
    subviews: true,
    show_findings: false,
    show_switch: false,
    ...leftOut(config),
    grid_options: { columns: "full" },
  };
  return sectionsView(
    [
      section(undefined, [chart], { span: 4 }),
      section(say("ranking"), [ranking], { span: 4, icon: "mdi:podium" }),
    ],
    4,
  );
}

/**
 * Return the choices of a quantity, each with the entities that have one unit: a chart
 * has one axis, and an FPGA card's GH/s are no TH/s.
 *
 * @param {import("../lib/types.js").Hass} hass
 * @param {import("../lib/types.js").Miner[]} miners
 * @param {string} key
 */
function choicesOf(hass, miners, key) {
  /** @type {Map<string, {entity: string, name: string}[]>} */
  const byUnit = new Map();
  for (const miner of miners) {
    const entity = idOf(miner, `sensor.${key}`);
    if (entity === undefined) continue;
    const unit = unitOf(hass.states[entity]);
    byUnit.set(unit, [...(byUnit.get(unit) ?? []), { entity, name: miner.name }]);
  }
  const translated = hass.localize(`component.miner_monitor.entity.sensor.${key}.name`, { index: 1 });
  const name = translated || key;
  const mostFirst = [...byUnit].sort(([, a], [, b]) => b.length - a.length);
  return mostFirst.map(([unit, entities]) => ({
    label: byUnit.size > 1 && unit ? `${name} (${unit})` : name,
    values: { entities },
  }));
}
