// Makes the dashboard, and the views of all miners when somebody opens one.

import { findMiners, idOf, unitOf } from "../lib/miners.js";
import { loadTexts } from "../lib/words.js";
import { detailsCard, isTunable, messageView, MinerCards, section, sectionsView } from "./cards.js";

/** @typedef {import("../lib/types.js").Hass} Hass */
/** @typedef {import("../lib/types.js").Miner} Miner */

/**
 * @typedef {object} Scene What a view is made from.
 * @property {Hass} hass
 * @property {import("../lib/types.js").Say} say
 * @property {Miner[]} miners
 * @property {Miner | undefined} fleet
 * @property {Record<string, any>} config
 * @property {string} hash of the address, which names the tab of a miner
 */

const TYPE = "custom:miner-monitor";

// @says view_fleet view_compare view_tuning view_energy
const TABS = /** @type {const} */ ([
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
      ...TABS.map(([path, icon]) => ({
        title: say(`view_${path}`),
        path,
        icon,
        show_icon_and_title: true,
        ...strategy(path),
      })),
      // One for all of a miner's tabs: each view takes time at every opening of the dashboard.
      ...miners.map((miner) => ({
        title: miner.name,
        path: `miner-${miner.id}`,
        subview: true,
        ...strategy("miner", { device_id: miner.id, tabs: true }),
      })),
    ],
  };
}

/**
 * Return the miners that the dashboard is about.
 *
 * @param {Record<string, any>} config
 * @param {Hass} hass
 */
function chosenMiners(config, hass) {
  const left = new Set(leftOut(config).exclude);
  return findMiners(hass).miners.filter((miner) => !left.has(miner.id));
}

/**
 * Return what the configuration says of devices that are left out, if it is a list.
 *
 * @param {Record<string, any>} config
 * @returns {{exclude?: string[]}}
 */
function leftOut({ exclude }) {
  return Array.isArray(exclude) && exclude.length ? { exclude } : {};
}

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
 * @param {string} [hash] of the address
 * @returns {Promise<Record<string, any>>}
 */
export async function view(config, hass, hash = "") {
  const say = await loadTexts(hass);
  const { fleet } = findMiners(hass);
  const miners = chosenMiners(config, hass);
  const scene = { hass, say, miners, fleet, config, hash };
  if (config.view === "miner") {
    const miner = miners.find((candidate) => candidate.id === config.device_id);
    if (!miner) return messageView(say("miner_gone"));
    const { minerView } = await import("./miner-view.js");
    return minerView(scene, miner);
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

const COLUMNS = 4;

const PRICES = { type: "custom:miner-price-card", grid_options: { columns: "full" } };

/**
 * @param {Scene} scene
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
            all.trend("sensor.wall_power", { name: say("wall_power") }),
            all.count("sensor.best_difficulty"),
            all.toggle("switch.mining"),
          ],
          { span: COLUMNS },
        ),
      section(
        undefined,
        [idOf(fleet, "binary_sensor.cheap_power") !== undefined && PRICES],
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
 * @param {Scene} scene
 * @returns {Record<string, any>}
 */
export function compareView({ say, miners, hass, config }) {
  const quantities = QUANTITIES.flatMap((key) => choicesOf(hass, miners, key, nameOf(hass, say, key)));
  const times = TIMES.map(([key, days, period]) => ({
    label: say(`time_${key}`),
    values: { days_to_show: days, period },
  }));
  const scales = [
    { label: say("scale_linear"), values: {} },
    { label: say("scale_logarithmic"), values: { logarithmic_scale: true } },
  ];
  if (!quantities.length) return messageView(say("nothing_comparable"));
  const chart = {
    type: "custom:miner-choice-card",
    id: "compare",
    selects: [
      { label: say("quantity"), options: quantities },
      { label: say("time"), options: times, first: 1 },
      { label: say("scale"), options: scales },
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
 * @param {import("../lib/types.js").Hass} hass
 * @param {import("../lib/types.js").Say} say
 * @param {string} key
 */
function nameOf(hass, say, key) {
  // Rates of miners of any size can be compared in per cent.
  if (key === "hash_rate_ratio") return say("fleet_column_ratio");
  return hass.localize(`component.miner_monitor.entity.sensor.${key}.name`, { index: 1 }) || key;
}

/**
 * Return the choices of a quantity, each with the entities that have one unit: a chart
 * has one axis, and an FPGA card's GH/s are no TH/s.
 *
 * @param {import("../lib/types.js").Hass} hass
 * @param {import("../lib/types.js").Miner[]} miners
 * @param {string} key
 * @param {string} name
 */
function choicesOf(hass, miners, key, name) {
  /** @type {Map<string, {entity: string, name: string}[]>} */
  const byUnit = new Map();
  for (const miner of miners) {
    const entity = idOf(miner, `sensor.${key}`);
    if (entity === undefined) continue;
    const unit = unitOf(hass.states[entity]);
    byUnit.set(unit, [...(byUnit.get(unit) ?? []), { entity, name: miner.name }]);
  }
  const mostFirst = [...byUnit].sort(([, a], [, b]) => b.length - a.length);
  return mostFirst.map(([unit, entities]) => ({
    label: byUnit.size > 1 && unit ? `${name} (${unit})` : name,
    values: { entities },
  }));
}

/**
 * @param {Scene} scene
 * @returns {Record<string, any>}
 */
export function tuningView({ say, miners }) {
  const tunable = miners.filter((miner) => isTunable(miner));
  if (!tunable.length) {
    return messageView(say("nothing_tunable"));
  }
  return sectionsView(
    [
      section(
        undefined,
        [
          {
            type: "custom:miner-choice-card",
            id: "tuning",
            selects: [
              {
                label: say("miner"),
                options: tunable.map((miner) => ({ label: miner.name, key: miner.id, values: { device_id: miner.id } })),
                // A map of frequencies and voltages shows more than one of modes.
                first: Math.max(0, tunable.findIndex((miner) => miner.ids["number.frequency"])),
              },
            ],
            card: { type: "custom:miner-tuning-card" },
            grid_options: { columns: "full" },
          },
        ],
        { span: 4 },
      ),
    ],
    4,
  );
}

const DAYS = 14;
const METERS = ["sensor.energy", "sensor.wall_energy"];

/**
 * @param {Scene} scene
 * @returns {Record<string, any>}
 */
export function energyView({ hass, say, miners, fleet }) {
  if (!miners.some((miner) => METERS.some((key) => miner.ids[key]))) return messageView(say("nothing_metered"));
  const all = fleet && new MinerCards(hass, fleet);
  const priced = idOf(fleet, "sensor.cost_today") !== undefined;
  return sectionsView(
    [
      section(
        undefined,
        [
          priced && { type: "custom:miner-power-card", grid_options: { columns: "full" } },
          priced && all?.control("number.power_target", { type: "numeric-input", style: "buttons" }),
        ],
        { span: 4 },
      ),
      section(
        undefined,
        [
          all?.today("sensor.energy", say("energy_today")),
          all?.today("sensor.wall_energy", say("wall_energy_today")),
          all?.trend("sensor.power"),
          all?.trend("sensor.wall_power", { name: say("wall_power") }),
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
