// Small makers of the cards that the views consist of.

import { idOf } from "../lib/miners.js";

/** @typedef {import("../lib/types.js").CardConfig} CardConfig */
/** @typedef {import("../lib/types.js").Hass} Hass */
/** @typedef {import("../lib/types.js").Miner} Miner */

/** @typedef {CardConfig | undefined | false} MaybeCard */

/** Where columns stand side by side; elsewhere what is long is closed at first. */
const WIDE_SCREEN = { condition: "screen", media_query: "(min-width: 1300px)" };
const OTHER_SCREEN = { condition: "screen", media_query: "(max-width: 1299.9px)" };

/**
 * Return a section of the cards that there are; undefined where there is none.
 *
 * @param {string | undefined} title
 * @param {MaybeCard[]} cards
 * @param {{span?: number, icon?: string, visibility?: Record<string, any>[], folds?: boolean}} [traits] `span`: columns that it covers, `folds`: closed at first unless the screen is wide
 * @returns {Record<string, any> | undefined}
 */
export function section(title, cards, { span = 1, icon, visibility, folds } = {}) {
  const there = cards.filter((card) => card !== undefined && card !== false);
  if (!there.length) return undefined;
  const heading = title && { type: "heading", heading: title, ...(icon && { icon }) };
  const all = heading ? [heading, ...there] : there;
  return {
    type: "grid",
    column_span: span,
    ...(visibility?.length && { visibility }),
    cards: folds && title ? foldable(title, there, all) : all,
  };
}

/**
 * Return a card that is closed at first; undefined where there is none.
 *
 * @param {string} title
 * @param {MaybeCard} card
 * @returns {CardConfig | undefined}
 */
export function folded(title, card) {
  return card ? { type: "custom:miner-choice-card", fold: true, title, card, grid_options: { columns: "full" } } : undefined;
}

/**
 * Return cards for a wide screen, and one that holds them, closed at first, for others.
 *
 * @param {string} title
 * @param {MaybeCard[]} cards
 * @param {MaybeCard[]} [open] what a wide screen shows
 * @returns {CardConfig[]}
 */
export function foldable(title, cards, open = cards) {
  const held = cards.filter((card) => card !== undefined && card !== false);
  const fold = folded(title, held.length > 1 ? { type: "vertical-stack", cards: held } : held[0]);
  if (!fold) return [];
  const shown = open.filter((card) => card !== undefined && card !== false);
  return [
    ...shown.map((card) => ({ ...card, visibility: [...(card.visibility ?? []), WIDE_SCREEN] })),
    { ...fold, visibility: [OTHER_SCREEN] },
  ];
}

/**
 * Return a view of the sections that there are.
 *
 * @param {(Record<string, any> | undefined)[]} sections
 * @param {number} columns
 * @returns {Record<string, any>}
 */
export function sectionsView(sections, columns) {
  return { type: "sections", max_columns: columns, dense_section_placement: true, sections: sections.filter(Boolean) };
}

/**
 * Return a view that says one thing.
 *
 * @param {string} text
 * @param {Record<string, any>} [action] what a press does
 * @returns {Record<string, any>}
 */
export function messageView(text, action) {
  const heading = { type: "heading", heading: text, icon: "mdi:pickaxe", ...(action && { tap_action: action }) };
  return { type: "sections", max_columns: 1, sections: [{ type: "grid", cards: [heading] }] };
}

/**
 * Makes cards of one miner's entities, by keys such as "sensor.hash_rate". What the
 * miner does not have becomes undefined.
 */
export class MinerCards {
  /**
   * @param {Hass} hass
   * @param {Miner} miner
   */
  constructor(hass, miner) {
    this.hass = hass;
    this.miner = miner;
  }

  /**
   * An entity with the name that it has within its device.
   *
   * @param {string} id
   */
  entity = (id) => ({ entity: id, name: this.hass.entities[id]?.name ?? this.miner.name });

  /** The condition under which there are present values. */
  whileOnline() {
    const entity = idOf(this.miner, "binary_sensor.online");
    return entity ? [{ condition: "state", entity, state: "on" }] : [];
  }

  /**
   * A tile, hidden while there is nothing to tell, as while the miner is offline.
   *
   * @param {string} key
   * @param {Record<string, any>} [traits]
   * @returns {CardConfig | undefined}
   */
  tile(key, traits) {
    const id = idOf(this.miner, key);
    if (id === undefined) return undefined;
    return {
      type: "tile",
      ...this.entity(id),
      visibility: [{ condition: "state", entity: id, state_not: ["unknown", "unavailable"] }],
      grid_options: { columns: 6 },
      ...traits,
    };
  }

  /**
   * A tile of a large count, in short.
   *
   * @param {string} key
   * @param {Record<string, any>} [traits]
   * @returns {CardConfig | undefined}
   */
  count(key, traits) {
    const tile = this.tile(key, traits);
    return tile && { ...tile, type: "custom:miner-value-card" };
  }

  /**
   * A tile with what happened in the last 24 hours in it.
   *
   * @param {string} key
   * @param {Record<string, any>} [traits]
   */
  trend(key, traits) {
    return this.tile(key, { features: [{ type: "trend-graph", hours_to_show: 24 }], ...traits });
  }

  /**
   * A tile with what sets it.
   *
   * @param {string} key
   * @param {Record<string, any>} feature
   */
  control(key, feature) {
    return this.tile(key, { features: [feature], grid_options: { columns: 12 } });
  }

  /**
   * A tile with its options in the same line.
   *
   * @param {string} key
   */
  choose(key) {
    return this.tile(key, {
      features: [{ type: "select-options" }],
      features_position: "inline",
      hide_state: true,
      grid_options: { columns: 12 },
    });
  }

  /**
   * A switch that a press turns.
   *
   * @param {string} key
   * @param {Record<string, any>} [traits]
   */
  toggle(key, traits) {
    return this.tile(key, { tap_action: { action: "toggle" }, icon_tap_action: { action: "toggle" }, ...traits });
  }

  /**
   * A button that asks before it does what it says.
   *
   * @param {string} key
   * @param {string} question
   * @param {Record<string, any>} [more]
   */
  press(key, question, more) {
    const entity = idOf(this.miner, key);
    const action = {
      action: "perform-action",
      perform_action: "button.press",
      target: { entity_id: entity },
      confirmation: { text: question },
    };
    return this.tile(key, {
      hide_state: true,
      tap_action: action,
      icon_tap_action: action,
      // One that was never pressed is unknown, and can be pressed.
      visibility: [{ condition: "state", entity, state_not: "unavailable" }],
      ...more,
    });
  }

  /**
   * A gauge; colours begin at these values.
   *
   * @param {string} key
   * @param {Record<string, any>} traits
   * @returns {CardConfig | undefined}
   */
  gauge(key, traits) {
    const id = idOf(this.miner, key);
    if (id === undefined) return undefined;
    return {
      type: "gauge",
      ...this.entity(id),
      needle: true,
      visibility: [{ condition: "state", entity: id, state_not: ["unknown", "unavailable"] }],
      grid_options: { columns: 6 },
      ...traits,
    };
  }

  /**
   * A line per entity, as recorded.
   *
   * @param {string | undefined} title
   * @param {string[]} keys
   * @param {Record<string, any>} [traits]
   * @returns {CardConfig | undefined}
   */
  history(title, keys, traits) {
    const ids = this.all(keys);
    if (!ids.length) return undefined;
    return {
      type: "history-graph",
      ...(title && { title }),
      hours_to_show: 24,
      entities: ids.map((id) => this.entity(id)),
      grid_options: { columns: "full" },
      ...traits,
    };
  }

  /**
   * Bars of how much counters rose.
   *
   * @param {string | undefined} title
   * @param {string[]} keys
   * @param {Record<string, any>} [traits]
   * @returns {CardConfig | undefined}
   */
  rise(title, keys, traits) {
    const ids = this.all(keys);
    if (!ids.length) return undefined;
    return {
      type: "statistics-graph",
      ...(title && { title }),
      chart_type: "bar",
      period: "hour",
      days_to_show: 1,
      stat_types: ["change"],
      entities: ids.map((id) => this.entity(id)),
      grid_options: { columns: "full" },
      ...traits,
    };
  }

  /**
   * How much a meter rose today.
   *
   * @param {string} key
   * @param {string} name
   * @returns {CardConfig | undefined}
   */
  today(key, name) {
    const id = idOf(this.miner, key);
    if (id === undefined) return undefined;
    return {
      type: "statistic",
      entity: id,
      name,
      period: { calendar: { period: "day" } },
      stat_type: "change",
      grid_options: { columns: 6 },
    };
  }

  /**
   * Return the ids of all entities of these keys.
   *
   * @param {string[]} keys
   * @returns {string[]}
   */
  all(keys) {
    return keys.flatMap((key) => this.miner.ids[key] ?? []);
  }
}

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
    show_icon: false,
    show_state: false,
    tap_action: {
      action: "perform-action",
      perform_action: "miner_monitor.show_details",
      target: { device_id: without.map((miner) => miner.id) },
      confirmation: { text: say("show_details_question") },
    },
    grid_options: { columns: 12, rows: 1 },
  };
}

/**
 * Whether a miner has settings that make a difference.
 *
 * @param {import("../lib/types.js").Miner} miner
 */
export function isTunable(miner) {
  return ["number.frequency", "select.work_mode"].some((key) => miner.ids[key]);
}

const TABS = ["overview", "charts", "tuning", "shares", "activity", "device"];

/**
 * Return the tabs of a miner.
 *
 * @param {Miner} miner
 * @returns {string[]}
 */
export function tabsOf(miner) {
  return TABS.filter((tab) => tab !== "tuning" || isTunable(miner));
}

/**
 * Return the tab that the end of an address names, such as "#charts"; the first without one.
 *
 * @param {Miner} miner
 * @param {string} hash
 * @returns {string}
 */
export function tabOf(miner, hash) {
  const [first = "", ...others] = tabsOf(miner);
  return others.find((tab) => hash === `#${tab}`) ?? first;
}
