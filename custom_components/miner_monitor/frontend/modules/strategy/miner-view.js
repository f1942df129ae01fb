// One miner: only what it has, a view for each of its tabs, what matters first.

import { stateOf, unitOf } from "../lib/miners.js";
import { ENTITIES } from "../lib/settings.js";
import { detailsCard, foldable, folded, MinerCards, section, sectionsView, tabOf, tabsOf } from "./cards.js";

/** @typedef {import("./views.js").Scene} Scene */
/** @typedef {import("../lib/types.js").Miner} Miner */
/** @typedef {import("../lib/types.js").Say} Say */
/** @typedef {(Record<string, any> | undefined)[]} Sections */

const COLUMNS = 3;
const BUTTONS = { type: "numeric-input", style: "buttons" };
const WIDE = { columns: "full" };
/** In a section over several columns: one of them. */
const BESIDE = { grid_options: { columns: 12 } };
const HALF = { grid_options: { columns: 18 } };

/** Profiles that a miner begins with: where there are work modes, these are the same again. */
const FIRST_PROFILES = new Set(["eco", "default", "high"]);

/** @type {Record<string, (cards: MinerCards, scene: Scene) => Sections>} */
const MAKERS = { overview, charts, tuning, shares, activity, device };

/**
 * Return the view of the tab that the address names; of all of them one below the other without `tabs`.
 *
 * @param {Scene} scene
 * @param {Miner} miner
 * @returns {Record<string, any>}
 */
export function minerView(scene, miner) {
  const cards = new MinerCards(scene.hass, miner);
  if (!scene.config.tabs) return sectionsView(tabsOf(miner).flatMap((tab) => sectionsOf(tab, cards, scene)), COLUMNS);
  const tab = tabOf(miner, scene.hash);
  return sectionsView([tabRow(scene, miner, tab), ...sectionsOf(tab, cards, scene)], COLUMNS);
}

/** @param {string} tab @param {MinerCards} cards @param {Scene} scene */
function sectionsOf(tab, cards, scene) {
  return /** @type {typeof overview} */ (MAKERS[tab])(cards, scene);
}

/**
 * @param {Scene} scene
 * @param {Miner} miner
 * @param {string} chosen
 */
function tabRow({ say }, miner, chosen) {
  // @says view_overview view_charts view_tuning view_shares view_activity view_device
  const tabs = tabsOf(miner).map((tab) => ({ name: say(`view_${tab}`), tab }));
  return section(undefined, [{ type: "custom:miner-tabs-card", tabs, current: chosen, grid_options: WIDE }], { span: COLUMNS });
}

/** @param {MinerCards} cards @param {Scene} scene @returns {Sections} */
function overview(cards, { say }) {
  const { miner } = cards;
  return [
    section(undefined, [{ type: "custom:miner-findings-card", device_id: miner.id, grid_options: WIDE }], { span: COLUMNS }),
    section(say("now"), present(cards, say), { icon: "mdi:gauge", visibility: cards.whileOnline() }),
    section(say("controls"), controls(cards, say), { icon: "mdi:tune", visibility: cards.whileOnline() }),
    section(
      say("temperatures"),
      [cards.history(undefined, ["sensor.chip_temperature", "sensor.vr_temperature", "number.target_temperature"])],
      { icon: "mdi:thermometer", folds: true },
    ),
    section(undefined, [{ type: "custom:miner-hash-rate-card", device_id: miner.id, grid_options: WIDE }], { span: COLUMNS }),
  ];
}

/** @param {MinerCards} cards @param {Say} say */
function present(cards, say) {
  const gauges = [
    cards.gauge("sensor.hash_rate_ratio", { name: say("ratio"), min: 0, max: 120, severity: { red: 0, yellow: 85, green: 95 } }),
    heatGauge(cards, "chip_temperature", say("fleet_column_chip_temperature")),
    heatGauge(cards, "vr_temperature", say("regulator")),
  ].filter((gauge) => gauge !== undefined);
  return [
    cards.tile("sensor.status"),
    cards.tile("sensor.hash_rate"),
    cards.tile("sensor.power"),
    cards.tile("sensor.wall_power", { name: say("wall_power") }),
    cards.tile("sensor.efficiency"),
    cards.tile("sensor.wall_efficiency", { name: say("wall_efficiency") }),
    cards.tile("sensor.fan_speed"),
    cards.tile("sensor.fan_duty_cycle"),
    // Beside each other.
    ...gauges.map((gauge) => ({ ...gauge, grid_options: { columns: 12 / Math.max(2, gauges.length) } })),
  ];
}

/**
 * A gauge whose colours begin at the miner's own limits.
 *
 * @param {MinerCards} cards
 * @param {string} reading
 * @param {string} name
 */
function heatGauge(cards, reading, name) {
  const key = `sensor.${reading}`;
  const degrees = unitOf(stateOf(cards.hass, cards.miner, key)) === "°F" ? (/** @type {number} */ c) => c * 1.8 + 32 : Number;
  const limits = stateOf(cards.hass, cards.miner, "binary_sensor.problem")?.attributes.limits?.[reading];
  if (typeof limits?.limit !== "number") return cards.gauge(key, { name, min: degrees(20), max: degrees(110) });
  const segments = [
    { from: degrees(20), color: "var(--success-color)" },
    typeof limits.warning === "number" && { from: degrees(limits.warning), color: "var(--warning-color)" },
    { from: degrees(limits.limit), color: "var(--error-color)" },
  ].filter(Boolean);
  return cards.gauge(key, { name, min: degrees(20), max: degrees(Math.ceil((limits.limit + 5) / 10) * 10), segments });
}

/** @param {MinerCards} cards @param {Say} say */
function controls(cards, say) {
  const { miner } = cards;
  return [
    hasSettings(miner) && {
      type: "custom:miner-controls-card",
      device_id: miner.id,
      grid_options: WIDE,
    },
    cards.toggle("switch.throttle", miner.ids["switch.mining"] ? {} : BESIDE),
    cards.toggle("switch.mining"),
    // Its name is too long for half of a column.
    cards.toggle("switch.follow_automations", BESIDE),
    hasOwnProfiles(cards) && cards.choose("select.profile"),
    cards.control("climate.heater", { type: "target-temperature" }),
    cards.press("button.restore_settings", say("restore_question"), BESIDE),
  ];
}

/** @param {Miner} miner */
function hasSettings(miner) {
  return Object.values(ENTITIES).some((key) => miner.ids[key]);
}

/** @param {MinerCards} cards */
function hasOwnProfiles({ hass, miner }) {
  if (!miner.ids["select.work_mode"]) return true;
  /** @type {string[]} */
  const options = stateOf(hass, miner, "select.profile")?.attributes.options ?? [];
  return options.some((profile) => !FIRST_PROFILES.has(profile));
}

/** @param {MinerCards} cards @param {Scene} scene @returns {Sections} */
function charts(cards, { hass, say }) {
  const { miner } = cards;
  return [
    section(
      say("efficiency_and_power"),
      [
        cards.history(say("efficiency"), ["sensor.efficiency", "sensor.wall_efficiency", "sensor.efficiency_24h_mean"]),
        cards.history(say("power"), ["sensor.power", "sensor.wall_power", "sensor.power_limit"]),
      ],
      { icon: "mdi:flash" },
    ),
    section(say("heat"), heat(cards, say), { icon: "mdi:thermometer" }),
    section(hasVoltages(miner) ? say("settings") : say("work_mode"), settings(cards, say), { icon: "mdi:sine-wave", folds: true }),
    section(say("steadiness"), steadiness(cards, say), { icon: "mdi:chart-bell-curve", span: COLUMNS, folds: true }),
    section(undefined, [detailsCard({ hass, say, miners: [miner] })]),
  ];
}

/** @param {MinerCards} cards @param {Say} say */
function heat(cards, say) {
  return [
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
    ...foldable(say("fan"), [
      cards.history(say("fan"), ["sensor.fan_speed"]),
      cards.history(undefined, ["sensor.fan_duty_cycle"]),
    ]),
    cards.miner.ids["sensor.chip_temperature_min"] &&
      folded(say("chips"), { type: "custom:miner-chips-card", device_id: cards.miner.id }),
    folded(
      say("boards"),
      cards.history(undefined, ["sensor.board_chip_temperature", "sensor.chip_temperature_average", "sensor.board_hash_rate"]),
    ),
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
    cards.history(
      say("spread"),
      ["sensor.hash_rate_stddev_1m", "sensor.hash_rate_stddev_5m", "sensor.hash_rate_stddev_10m"],
      HALF,
    ),
    cards.history(say("stability"), ["sensor.hash_rate_stability"], HALF),
    cards.tile("sensor.hash_rate_stability", BESIDE),
    cards.tile("sensor.hash_rate_range_24h", { state_content: ["state", "grade"], ...BESIDE }),
  ];
}

/** @param {MinerCards} cards @param {Scene} scene @returns {Sections} */
function tuning({ miner }, { say }) {
  const card = { type: "custom:miner-tuning-card", device_id: miner.id };
  return [
    section(
      undefined,
      [
        { ...card, show: ["map", "verdicts"], title: false, grid_options: WIDE },
        folded(say("tuning_past"), { ...card, show: ["scatter", "changes"], title: false }),
      ],
      { span: COLUMNS },
    ),
  ];
}

/** @param {MinerCards} cards @param {Scene} scene @returns {Sections} */
function shares(cards, { say }) {
  return [
    section(
      say("pool"),
      [
        cards.tile("sensor.pool", { grid_options: { columns: 12 } }),
        cards.control("select.pool", { type: "select-options" }),
        ...(cards.miner.ids["sensor.pool_status"] ?? []).map((id) => ({ type: "tile", ...cards.entity(id) })),
        cards.tile("binary_sensor.pool_connected"),
        cards.tile("binary_sensor.fallback_pool"),
        cards.count("sensor.pool_difficulty"),
        cards.tile("sensor.pool_latency"),
        folded(say("pool_latency"), cards.history(undefined, ["sensor.pool_latency"])),
        folded(say("pool_traffic"), cards.rise(undefined, ["sensor.pool_accepted", "sensor.pool_rejected"])),
        cards.history(undefined, ["sensor.pool_hash_rate"]),
      ],
      { icon: "mdi:server-network" },
    ),
    section(
      say("best_shares"),
      [
        cards.count("sensor.best_session_difficulty", { name: say("best_session") }),
        cards.count("sensor.best_difficulty"),
        cards.tile("sensor.blocks_found"),
        cards.tile("sensor.block_height"),
        // Their names are too long for half of a column.
        cards.count("sensor.network_difficulty", BESIDE),
        cards.tile("sensor.odds_of_block", BESIDE),
        cards.tile("sensor.time_to_beat_best", BESIDE),
      ],
      { icon: "mdi:trophy-outline" },
    ),
    section(
      say("shares_since_start"),
      [
        cards.tile("sensor.shares_accepted", { name: say("accepted") }),
        cards.tile("sensor.shares_rejected", { name: say("rejected") }),
        cards.tile("sensor.shares_stale", { name: say("stale") }),
        cards.tile("sensor.last_share"),
        cards.tile("binary_sensor.stalled"),
      ],
      { icon: "mdi:share-variant" },
    ),
    section(
      say("shares_per_hour"),
      [
        cards.tile("sensor.reject_rate", BESIDE),
        cards.tile("sensor.hardware_error_rate", BESIDE),
        cards.rise(undefined, ["sensor.shares_accepted", "sensor.shares_rejected"]),
        ...foldable(say("error_rates"), [
          cards.history(say("reject_rate"), ["sensor.reject_rate", "sensor.share_error_rate"], HALF),
          cards.history(say("hardware_errors"), ["sensor.hardware_error_rate"], HALF),
        ]),
      ],
      { icon: "mdi:chart-bar", span: COLUMNS },
    ),
  ];
}

/** @param {MinerCards} cards @param {Scene} scene @returns {Sections} */
function activity(cards, { say }) {
  return [
    section(
      say("today"),
      [
        { type: "custom:miner-today-card", device_id: cards.miner.id, grid_options: WIDE },
        cards.tile("sensor.availability_24h", { name: say("availability") }),
      ],
      { icon: "mdi:calendar-today" },
    ),
    section(say("activity"), [logbook(cards)], { span: 2, icon: "mdi:history" }),
  ];
}

/**
 * What happened: of what stays available while the miner is offline, so that there is
 * one line for each absence.
 *
 * @param {MinerCards} cards
 */
function logbook(cards) {
  if (!cards.hass.config.components.includes("logbook")) return undefined;
  const ids = cards.all(["event.activity", "binary_sensor.online", "switch.follow_automations"]);
  if (!ids.length) return undefined;
  return { type: "logbook", target: { entity_id: ids }, hours_to_show: 24, grid_options: { columns: "full", rows: 6 } };
}

/** @param {MinerCards} cards @param {Scene} scene @returns {Sections} */
function device(cards, scene) {
  const { say } = scene;
  const buttons = section(
    say("view_device"),
    [
      cards.press("button.restart", say("restart_question", { name: cards.miner.name })),
      cards.press("button.identify", say("identify_question")),
      cards.control("number.priority", BUTTONS),
      cards.toggle("switch.display"),
      cards.toggle("light.led"),
      scene.hass.user?.is_admin && {
        type: "button",
        name: say("device_open"),
        icon: "mdi:cog-outline",
        tap_action: { action: "navigate", navigation_path: `/config/devices/device/${cards.miner.id}` },
        grid_options: { columns: 12, rows: 2 },
      },
    ],
    { icon: "mdi:developer-board" },
  );
  const others = tabsOf(cards.miner).filter((tab) => tab !== "device");
  const shown = [buttons, ...others.flatMap((tab) => sectionsOf(tab, cards, scene))];
  return [buttons, section(say("diagnostics"), [diagnostics(cards, shown)], { span: 2, icon: "mdi:stethoscope" })];
}

/**
 * What no other tab shows.
 *
 * @param {MinerCards} cards
 * @param {Sections} others
 */
function diagnostics({ hass, miner, entity }, others) {
  const shown = JSON.stringify(others);
  const ids = Object.values(miner.ids)
    .flat()
    .filter((id) => hass.entities[id]?.entity_category === "diagnostic" && !id.startsWith("button."))
    .filter((id) => !shown.includes(`"${id}"`));
  if (!ids.length) return undefined;
  return { type: "entities", entities: byName(ids.map(entity), hass.language), grid_options: WIDE };
}

/**
 * @param {{entity: string, name: string}[]} entities
 * @param {string} language
 */
function byName(entities, language) {
  const order = new Intl.Collator(language, { numeric: true });
  return entities.sort((a, b) => order.compare(a.name, b.name) || order.compare(a.entity, b.entity));
}
