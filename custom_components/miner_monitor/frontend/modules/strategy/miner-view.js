// One miner: only what it has, the present first, the past below.

import { detailsCard, isTunable, MinerCards, section, sectionsView } from "./cards.js";

/** @typedef {import("./views.js").Scene} Scene */
/** @typedef {import("../lib/types.js").Miner} Miner */

const COLUMNS = 3;
const BUTTONS = { type: "numeric-input", style: "buttons" };

/**
 * @param {Scene} scene
 * @param {Miner} miner
 * @returns {Record<string, any>}
 */
export function minerView(scene, miner) {
  const { hass, say } = scene;
  const cards = new MinerCards(hass, miner);
  const sections = [
    section(say("now"), present(cards, say), { icon: "mdi:gauge" }),
    section(say("controls"), controls(cards, say), { icon: "mdi:tune" }),
    section(say("efficiency_and_power"), power(cards, say), { icon: "mdi:flash" }),
    section(say("work"), work(cards, miner, scene), { span: 2, icon: "mdi:pickaxe" }),
    section(say("heat"), heat(cards, say), { icon: "mdi:thermometer" }),
    section(hasVoltages(miner) ? say("settings") : say("work_mode"), settings(cards, say), { icon: "mdi:sine-wave" }),
    section(say("steadiness"), steadiness(cards, say), { icon: "mdi:chart-bell-curve" }),
    section(say("shares_and_pools"), shares(cards, say), { icon: "mdi:share-variant" }),
    isTunable(miner) &&
      section(
        say("view_tuning"),
        [{ type: "custom:miner-tuning-card", device_id: miner.id, grid_options: { columns: "full" } }],
        { span: COLUMNS, icon: "mdi:tune-vertical" },
      ),
    section(say("activity"), [activity(cards)], { span: 2, icon: "mdi:history" }),
  ].filter(isSection);
  const rest = section(undefined, [diagnostics(cards, say, sections)]);
  return sectionsView([...sections, rest], COLUMNS);
}

/** @param {any} value @returns {value is Record<string, any>} */
function isSection(value) {
  return Boolean(value);
}

/** @typedef {import("../lib/texts.js").Say} Say */

/** @param {MinerCards} cards @param {Say} say */
function present(cards, say) {
  return [
    cards.tile("sensor.status"),
    cards.tile("sensor.hash_rate"),
    cards.tile("sensor.power"),
    cards.tile("sensor.wall_power"),
    cards.tile("sensor.efficiency"),
    cards.tile("sensor.wall_efficiency"),
    cards.tile("sensor.fan_speed"),
    cards.tile("sensor.shares_accepted"),
    cards.tile("sensor.reject_rate"),
    cards.tile("sensor.best_difficulty"),
    cards.tile("sensor.blocks_found"),
    cards.today("sensor.energy", say("energy_today")),
    cards.today("sensor.wall_energy", say("wall_energy_today")),
    cards.gauge("sensor.hash_rate_ratio", { min: 0, max: 120, severity: { red: 0, yellow: 85, green: 95 } }),
    cards.gauge("sensor.chip_temperature", { min: 20, max: 110 }),
    cards.gauge("sensor.vr_temperature", { min: 20, max: 110, severity: { green: 0, yellow: 90, red: 100 } }),
  ];
}

/** @param {MinerCards} cards @param {Say} say */
function controls(cards, say) {
  return [
    cards.toggle("switch.throttle"),
    cards.toggle("switch.mining"),
    cards.toggle("switch.auto_fan"),
    cards.control("select.work_mode", { type: "select-options" }),
    cards.control("select.profile", { type: "select-options" }),
    cards.control("climate.heater", { type: "target-temperature" }),
    cards.control("number.frequency", BUTTONS),
    cards.control("number.core_voltage", BUTTONS),
    cards.control("number.target_temperature", BUTTONS),
    cards.control("number.fan_duty_cycle", BUTTONS),
    cards.control("number.min_fan_duty_cycle", BUTTONS),
    cards.control("select.pool", { type: "select-options" }),
    cards.control("number.priority", BUTTONS),
    cards.press("button.restore_settings", say("restore_question")),
    cards.press("button.restart", say("restart_question", { name: cards.miner.name })),
    cards.press("button.identify", say("identify_question")),
  ];
}

/** @param {MinerCards} cards @param {Miner} miner @param {Scene} scene */
function work(cards, miner, { hass, say }) {
  return [
    { type: "custom:miner-hash-rate-card", device_id: miner.id, grid_options: { columns: "full" } },
    cards.history(say("deviation"), ["sensor.hash_rate_deviation"]),
    cards.history(say("ratio"), ["sensor.hash_rate_ratio"]),
    cards.history(undefined, ["sensor.pool_hash_rate"]),
    detailsCard({ hass, say, miners: [miner] }),
  ];
}

/** @param {MinerCards} cards @param {Say} say */
function power(cards, say) {
  return [
    cards.history(say("efficiency"), ["sensor.efficiency", "sensor.wall_efficiency", "sensor.efficiency_24h_mean"]),
    cards.history(say("power"), ["sensor.power", "sensor.wall_power", "sensor.power_limit"]),
  ];
}

/** @param {MinerCards} cards @param {Say} say */
function heat(cards, say) {
  return [
    cards.tile("binary_sensor.overheating"),
    cards.history(say("temperatures"), [
      "sensor.chip_temperature",
      "sensor.chip_temperature_2",
      "sensor.vr_temperature",
      "number.target_temperature",
      "sensor.target_chip_temperature",
      "sensor.board_temperature",
      "sensor.inlet_temperature",
      "sensor.outlet_temperature",
    ]),
    cards.history(say("fan"), ["sensor.fan_speed"]),
    cards.history(undefined, ["sensor.fan_duty_cycle"]),
  ];
}

const VOLTAGES = [
  "number.frequency",
  "sensor.frequency_actual",
  "number.core_voltage",
  "sensor.core_voltage_actual",
  "sensor.input_voltage",
];

/** @param {Miner} miner */
function hasVoltages(miner) {
  return VOLTAGES.some((key) => miner.ids[key]);
}

/** @param {MinerCards} cards @param {Say} say */
function settings(cards, say) {
  return [
    cards.history(say("frequency"), ["number.frequency", "sensor.frequency_actual"]),
    cards.history(say("core_voltage"), ["number.core_voltage", "sensor.core_voltage_actual"]),
    cards.history(say("input_voltage"), ["sensor.input_voltage"]),
    cards.history(hasVoltages(cards.miner) ? say("work_mode") : undefined, ["select.work_mode"]),
  ];
}

/** @param {MinerCards} cards @param {Say} say */
function steadiness(cards, say) {
  return [
    cards.tile("sensor.hash_rate_stability"),
    cards.tile("sensor.hash_rate_range_24h", { state_content: ["state", "grade"] }),
    cards.history(say("spread"), [
      "sensor.hash_rate_stddev_1m",
      "sensor.hash_rate_stddev_5m",
      "sensor.hash_rate_stddev_10m",
    ]),
    cards.history(say("stability"), ["sensor.hash_rate_stability"]),
  ];
}

/** @param {MinerCards} cards @param {Say} say */
function shares(cards, say) {
  return [
    cards.tile("binary_sensor.fallback_pool"),
    cards.tile("binary_sensor.stalled"),
    cards.tile("sensor.pool"),
    cards.tile("sensor.pool_difficulty"),
    cards.tile("sensor.best_session_difficulty"),
    ...(cards.miner.ids["sensor.pool_status"] ?? []).map((id) => ({ type: "tile", ...cards.entity(id) })),
    cards.rise(say("shares_per_hour"), ["sensor.shares_accepted", "sensor.shares_rejected"]),
    cards.history(say("reject_rate"), ["sensor.reject_rate", "sensor.share_error_rate"]),
    cards.history(undefined, ["sensor.hardware_error_rate"]),
  ];
}

/** @param {MinerCards} cards */
function activity(cards) {
  if (!cards.hass.config.components.includes("logbook")) return undefined;
  const ids = cards.all([
    "event.activity",
    "sensor.status",
    "binary_sensor.online",
    "switch.throttle",
    "number.frequency",
    "number.core_voltage",
    "select.work_mode",
    "select.profile",
  ]);
  if (!ids.length) return undefined;
  return {
    type: "logbook",
    target: { entity_id: ids },
    hours_to_show: 72,
    grid_options: { columns: "full", rows: 8 },
  };
}

/**
 * What the sections above do not show.
 *
 * @param {MinerCards} cards
 * @param {Say} say
 * @param {Record<string, any>[]} above
 */
function diagnostics(cards, say, above) {
  const { hass, miner } = cards;
  const shown = JSON.stringify(above);
  const ids = Object.values(miner.ids)
    .flat()
    .filter((id) => hass.entities[id]?.entity_category === "diagnostic" && !id.startsWith("button."))
    .filter((id) => !shown.includes(`"${id}"`));
  if (!ids.length) return undefined;
  return {
    type: "custom:miner-choice-card",
    fold: true,
    title: say("diagnostics"),
    card: { type: "entities", entities: byName(ids.map((id) => cards.entity(id)), hass.language) },
    grid_options: { columns: "full" },
  };
}

/**
 * @param {{entity: string, name: string}[]} entities
 * @param {string} language
 */
function byName(entities, language) {
  const order = new Intl.Collator(language, { numeric: true });
  return entities.sort((a, b) => order.compare(a.name, b.name) || order.compare(a.entity, b.entity));
}
