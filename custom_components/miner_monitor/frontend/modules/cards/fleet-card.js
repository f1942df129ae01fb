// The card of all miners: what needs attention, what they do together, and a row for each.

// @says fleet_column_chip_temperature fleet_column_efficiency fleet_column_hash_rate
// @says fleet_column_name fleet_column_power fleet_column_ratio fleet_column_shares
// @says fleet_column_status fleet_column_attention fleet_hours_1 fleet_hours_24
// @says fleet_direction_ascending fleet_direction_descending
// @says fleet_why_paused_on_device fleet_why_overheat_protection fleet_why_held fleet_why_offline

import { afterPaint, MinerCard } from "../lib/card.js";
import { act, h, setAttribute, setText } from "../lib/dom.js";
import { findMiners, idOf, stateOf } from "../lib/miners.js";
import { MINUTE, Poll, readIssues, readLast, readReport, readSparks } from "../lib/records.js";
import { bySeverity, findingsOf, lastSeen, repairsOf } from "../lib/status.js";
import { todayText } from "../lib/words.js";
import { FindingsList } from "./findings-card.js";
import { checkConfig, formOf, keepChoices, loadChoices, SORTS, thresholdsOf } from "./fleet/facts.js";
import { STYLES, Table } from "./fleet/table.js";

/** @typedef {import("../lib/types.js").Hass} Hass */
/** @typedef {import("../lib/types.js").Miner} Miner */
/** @typedef {import("../lib/types.js").CardConfig} CardConfig */
/** @typedef {import("../lib/types.js").Say} Say */
/** @typedef {import("../lib/records.js").Today} Today */
/** @typedef {import("../lib/status.js").Finding} Finding */
/** @typedef {import("./fleet/facts.js").Choices} Choices */

const HOURS = /** @type {const} */ ([1, 24]);
const SELDOM = { every: 5 * MINUTE, retry: MINUTE / 2 };
const OFTEN = { every: MINUTE, retry: MINUTE / 2 };

/** The last values of so many miners that are offline are read at a time. */
const MOST_OFFLINE = 20;

/** @type {Say} what the editor says, which knows no language */
let lastSay = (key) => key;

export class MinerFleetCard extends MinerCard {
  /** @type {Miner[]} */
  #miners = [];
  /** @type {Miner | undefined} */
  #fleet;
  /** @type {string[]} */
  #watched = [];
  /** @type {{list: FindingsList, strip: Strip, table: Table} | undefined} */
  #parts;
  #all = true;
  #resort = true;
  #built = "";
  #choices = loadChoices({});
  #trouble = false;
  /** @type {Map<string, (number | null)[]>} */
  #sparks = new Map();
  /** @type {Today | null} */
  #today = null;
  /** @type {Set<string>} */
  #unplugged = new Set();
  /** @type {Finding[]} */
  #repairs = [];
  #sparkPoll = new Poll(
    () => this.#readSparks(),
    (outcome) => this.#repaint(() => (this.#trouble = "error" in outcome)),
    SELDOM,
  );
  #lastPoll = new Poll(
    () => this.#readLast(),
    () => this.#repaint(),
    { every: MINUTE, retry: MINUTE / 6 },
  );

  constructor() {
    super();
    const again = () => this.#repaint();
    this.polls = [
      this.#sparkPoll,
      new Poll(() => this.#readReport(), again, SELDOM),
      new Poll(() => this.#readIssues(), again, OFTEN),
      this.#lastPoll,
    ];
  }

  static get styles() {
    return STYLES;
  }

  static getConfigForm() {
    return formOf(lastSay);
  }

  static getStubConfig() {
    return { hours: 24, show_findings: true, show_switch: true };
  }

  /** @param {CardConfig} config */
  setConfig(config) {
    checkConfig(config);
    this.#choices = loadChoices(config);
    super.setConfig(config);
    if (this.#parts) this.prepared();
  }

  getCardSize() {
    return 2 + this.#miners.length;
  }

  /** @returns {any} */
  getGridOptions() {
    return { columns: "full", min_columns: 6 };
  }

  watched() {
    return this.#watched;
  }

  prepared() {
    lastSay = this.say;
    const { miners, fleet } = findMiners(this.hass);
    const { miners: wanted, exclude } = this.config;
    this.#miners = miners.filter(({ id }) => (!wanted || wanted.includes(id)) && !exclude?.includes(id));
    this.#fleet = fleet;
    this.#all = true;
    const { language, locale } = this.hass;
    // The registries change for many reasons, of which few concern the rows.
    const built = JSON.stringify([this.#miners, fleet, this.config, language, locale, this.say("fleet_table")]);
    if (built === this.#built) return;
    this.#built = built;
    this.#build();
    for (const poll of this.polls) poll.soon();
  }

  #build() {
    const { config } = this;
    const around = {
      say: this.say,
      hass: () => this.hass,
      thresholds: thresholdsOf(config),
      subviews: config.subviews === true,
      switches: config.show_switch !== false,
      unplugged: (/** @type {string} */ id) => this.#unplugged.has(id),
    };
    const choose = (/** @type {Partial<Choices>} */ change) => this.#choose(change);
    const table = new Table(this.#miners, around, choose);
    const list = new FindingsList(around);
    // The buttons and counts are of all miners, and no others.
    const whole = !config.miners && !config.exclude && around.switches ? this.#fleet : undefined;
    const strip = new Strip(this.say, this.#miners.length > 1 ? table.lacking : null, whole, choose);
    this.#parts = { list, strip, table };
    const ofFleet = ["switch.throttle", "button.save_power_all", "button.resume_all"];
    this.#watched = [...table.rows.flatMap((row) => row.watched), ...ofFleet.flatMap((key) => idOf(whole, key) ?? [])];
    this.#all = this.#resort = true;
    this.body.replaceChildren(
      ...(config.title ? [h("h2", {}, config.title)] : []),
      list.element,
      strip.element,
      this.#miners.length ? table.element : h("div", { class: "empty" }, this.say("fleet_none")),
    );
    this.#drawSparks();
  }

  /** @param {Partial<Choices>} change */
  #choose(change) {
    const before = this.#choices;
    const next = { ...before, ...change };
    if (change.sort && !change.direction && change.sort !== before.sort) {
      next.direction = loadChoices({ sort: change.sort }).direction;
    }
    this.#choices = next;
    keepChoices(this.config, next);
    if (next.hours !== before.hours) void this.#sparkPoll.now();
    this.#resort = true;
    this.ask();
  }

  /** @param {() => void} [change] */
  #repaint(change) {
    change?.();
    this.#all = true;
    this.ask();
  }

  tick() {
    this.#repaint();
  }

  paint() {
    const parts = this.#parts;
    if (!parts) return;
    const { hass } = this;
    const all = this.#all;
    this.#all = false;
    const changed = parts.table.paint(hass, all);
    parts.table.sort(this.#choices, hass.language, this.#resort);
    this.#resort = false;
    parts.table.fit(this.width);
    if (parts.table.waits) afterPaint(() => whenIdle(() => parts.table.fill()));
    if (changed.some((row) => row.lacksLast(hass))) this.#lastPoll.soon();
    if (changed.length && this.config.show_findings !== false) {
      const found = this.#miners.flatMap((miner) => findingsOf(hass, miner, this.say));
      parts.list.show(bySeverity([...found, ...this.#repairs]));
    }
    parts.strip.show(hass, this.#choices, parts.table.rows, this.#today);
    setText(parts.strip.trouble, this.#trouble ? this.say("fleet_no_history") : "");
  }

  #drawSparks() {
    for (const row of this.#parts?.table.rows ?? []) {
      row.setSpark(this.#sparks.get(idOf(row.miner, "sensor.hash_rate") ?? "") ?? []);
    }
  }

  async #readSparks() {
    const ids = this.#miners.flatMap((miner) => idOf(miner, "sensor.hash_rate") ?? []);
    const { hours } = this.#choices;
    const sparks = await readSparks(this.hass, ids, hours);
    // Else another length was chosen meanwhile, and is read by now.
    if (hours !== this.#choices.hours) return;
    this.#sparks = sparks;
    this.#drawSparks();
  }

  async #readReport() {
    const all = !this.config.miners && !this.config.exclude;
    const only = all ? null : new Set(this.#miners.map(({ id }) => id));
    ({ today: this.#today, unplugged: this.#unplugged } = await readReport(this.hass, this.#fleet, only));
  }

  async #readIssues() {
    if (this.config.show_findings === false) return;
    const [issues, localize] = await Promise.all([
      readIssues(this.hass),
      this.hass.loadBackendTranslation("issues", "miner_monitor"),
    ]);
    this.#repairs = repairsOf(issues, localize);
  }

  /** Read what those said last that were offline before somebody looked. */
  async #readLast() {
    const rows = (this.#parts?.table.rows ?? []).filter((row) => row.lacksLast(this.hass));
    for (const row of rows.slice(0, MOST_OFFLINE)) {
      const time = lastSeen(this.hass, row.miner);
      row.setLast(time === null ? {} : await readLast(this.hass, row.watched, time));
    }
  }
}

/** @param {() => void} work what nobody waits for */
function whenIdle(work) {
  if (window.requestIdleCallback) window.requestIdleCallback(work, { timeout: 1000 });
  else setTimeout(work);
}

/** So long after an order it is told whom it left out. */
const LONG_AGO = 10 * MINUTE;

/** The strip above the rows: what all do, what acts on all, how rows are sorted. */
class Strip {
  /**
   * @param {Say} say
   * @param {string[] | null} lacking quantities that cannot be sorted by; null if there is nothing to sort
   * @param {Miner | undefined} fleet
   * @param {(changed: Partial<Choices>) => void} choose
   */
  constructor(say, lacking, fleet, choose) {
    this.say = say;
    this.fleet = fleet;
    this.asked = 0;
    this.counts = h("div", { class: "counts" });
    this.today = h("div", { class: "today" });
    this.trouble = h("div", { class: "trouble", role: "status" });
    this.progress = h("div", { class: "progress", role: "status" });
    this.save = this.#button(say("fleet_save_all"), "save_power_all");
    this.resume = this.#button(say("fleet_resume_all"), "resume_all");
    const keys = Object.keys(SORTS).filter((key) => !lacking?.includes(key));
    this.select = h(
      "select",
      { class: "sort", "aria-label": say("fleet_sort"), onchange: () => choose({ sort: this.select.value }) },
      ...keys.map((key) => h("option", { value: key }, say(`fleet_column_${key}`))),
    );
    this.direction = h("button", {
      type: "button",
      class: "direction",
      onclick: () => choose({ direction: this.#other() }),
    });
    this.ranges = HOURS.map((hours) =>
      h(
        "button",
        { type: "button", class: "range", "data-hours": hours, onclick: () => choose({ hours }) },
        say(`fleet_hours_${hours}`),
      ),
    );
    const sorting = h("span", { class: "sorting", hidden: lacking === null });
    sorting.append(h("span", { "aria-hidden": "true" }, say("fleet_sort")), this.select, this.direction);
    const ranges = h("span", { class: "ranges", role: "group", "aria-label": say("fleet_range") }, ...this.ranges);
    this.element = h(
      "div",
      { class: "strip" },
      h("div", { class: "together" }, this.counts, this.today),
      h("div", { class: "buttons" }, this.save, this.resume),
      h("div", { class: "controls" }, sorting, ranges),
      this.progress,
      this.trouble,
    );
  }

  /** @param {string} label @param {string} key */
  #button(label, key) {
    const entity_id = idOf(this.fleet, `button.${key}`);
    const onclick = () => {
      this.asked = Date.now();
      act(this.element, {
        action: "perform-action",
        perform_action: "button.press",
        target: { entity_id },
        confirmation: key === "resume_all" && {
          text: this.say("fleet_resume_question", { count: this.resume.dataset.count ?? "" }),
        },
      });
    };
    return h("button", { type: "button", class: "action", hidden: entity_id === undefined, onclick }, label);
  }

  /** @param {Hass} hass */
  #state(hass) {
    return fleetState(hass, this.fleet, this.say, Date.now() - this.asked < LONG_AGO);
  }

  /** @returns {Choices["direction"]} */
  #other() {
    return this.direction.dataset.direction === "descending" ? "ascending" : "descending";
  }

  /**
   * @param {Hass} hass
   * @param {Choices} choices
   * @param {import("./fleet/row.js").Row[]} rows
   * @param {Today | null} today
   */
  show(hass, { sort, direction, hours }, rows, today) {
    if (this.select.value !== sort) this.select.value = sort;
    this.direction.dataset.direction = direction;
    setText(this.direction, direction === "descending" ? "▼" : "▲");
    setAttribute(this.direction, "aria-label", this.say(`fleet_direction_${direction}`));
    setAttribute(this.direction, "title", this.say(`fleet_direction_${direction}`));
    for (const button of this.ranges) {
      setAttribute(button, "aria-pressed", String(button.dataset.hours === String(hours)));
    }
    setText(this.today, todayText(today, hass.locale, this.say));
    setText(this.counts, this.#counts(hass, rows));
    const { progress, saving, controllable } = this.#state(hass);
    setText(this.progress, progress);
    this.resume.dataset.count = String(saving ?? "");
    this.save.disabled = saving !== null && saving === controllable;
    this.resume.disabled = saving === 0;
  }

  /** @param {Hass} hass @param {import("./fleet/row.js").Row[]} rows */
  #counts(hass, rows) {
    const online = rows.filter(({ facts }) => facts.there).length;
    const parts = rows.length ? [this.say("fleet_online", { online, total: rows.length })] : [];
    const { saving, controllable } = this.#state(hass);
    if (saving !== null && controllable) parts.push(this.say("fleet_saving", { saving, total: controllable }));
    return parts.join(" · ");
  }
}

/**
 * Return how many miners save power, and how an order to all of them goes on.
 *
 * @param {Pick<Hass, "states">} hass
 * @param {Miner | undefined} fleet
 * @param {Say} say
 * @param {boolean} asked whether somebody here gave an order a moment ago
 * @returns {{saving: number | null, controllable: number | null, progress: string}}
 */
export function fleetState(hass, fleet, say, asked = false) {
  const { saving, controllable, waiting, done, total, failed, left_out } =
    stateOf(hass, fleet, "switch.throttle")?.attributes ?? {};
  const names = Array.isArray(failed) ? failed : [];
  const left = Array.isArray(left_out) && (waiting || asked) ? left_out : [];
  const parts = [];
  const values = { done, total, failed: names.length, names: names.join(", ") };
  if (names.length) parts.push(say("fleet_progress_failed", values));
  else if (waiting) parts.push(say("fleet_progress", values));
  const listed = left.map(({ name, why }) => `${name} (${say(`fleet_why_${why}`)})`);
  if (listed.length) parts.push(say("fleet_left_out", { names: listed.join(", ") }));
  return { saving: saving ?? null, controllable: controllable ?? null, progress: parts.join(" · ") };
}
