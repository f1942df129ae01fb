// The card of all miners: what needs attention, what today took, and a row for each.

import { MinerCard } from "../lib/card.js";
import { h } from "../lib/dom.js";
import { findMiners, idOf, says } from "../lib/miners.js";
import { Poll } from "../lib/poll.js";
import { checkConfig, keepChoices, loadChoices, thresholdsOf } from "./fleet/choices.js";
import { clock } from "./fleet/clock.js";
import { bySeverity, notesOf, repairsOf } from "./fleet/findings.js";
import { formOf } from "./fleet/form.js";
import { NotesView } from "./fleet/notes-view.js";
import { lastSeenOf, readIssues, readReport, readSparks } from "./fleet/reads.js";
import { Strip } from "./fleet/strip.js";
import { STYLES } from "./fleet/styles.js";
import { Table } from "./fleet/table.js";

/** @typedef {import("../lib/types.js").Hass} Hass */
/** @typedef {import("../lib/types.js").HassState} HassState */
/** @typedef {import("../lib/types.js").Miner} Miner */
/** @typedef {import("../lib/types.js").CardConfig} CardConfig */
/** @typedef {import("./fleet/findings.js").Note} Note */

const TICK = 5_000;
const FIVE_MINUTES = 300;

/** @type {import("../lib/types.js").Say} what the editor says, which knows no language */
let lastSay = (key) => key;

export class MinerFleetCard extends MinerCard {
  /** @type {Miner[]} */
  #miners = [];
  /** @type {Miner | undefined} */
  #fleet;
  /** @type {string[]} */
  #watched = [];
  /** @type {{notes: NotesView, strip: Strip, table: Table} | undefined} */
  #parts;
  #all = true;
  #resort = true;
  #timer = 0;
  #lost = false;
  #built = "";
  #choices = loadChoices({});
  /** @type {Map<string, (number | null)[]>} */
  #sparks = new Map();
  /** @type {import("./fleet/reads.js").Today | null} */
  #today = null;
  /** @type {Map<string, import("./fleet/reads.js").Seen>} */
  #seen = new Map();
  /** @type {Note[]} */
  #repairs = [];
  #sparkPoll = new Poll(FIVE_MINUTES, (hass) => this.#readSparks(hass));
  #reportPoll = new Poll(FIVE_MINUTES, (hass) => this.#readReport(hass));
  #issuePoll = new Poll(60, (hass) => this.#readIssues(hass));
  #look = () => void this.#tick();

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

  connectedCallback() {
    super.connectedCallback();
    this.#timer = window.setInterval(this.#look, TICK);
    document.addEventListener("visibilitychange", this.#look);
    void this.#tick();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    window.clearInterval(this.#timer);
    document.removeEventListener("visibilitychange", this.#look);
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
    const built = JSON.stringify([this.#miners, this.config, language, locale, this.say("fleet_table")]);
    if (built === this.#built) return;
    this.#built = built;
    this.#build();
    this.#sparkPoll.renew(60);
    void this.#tick();
  }

  #build() {
    const { config } = this;
    const around = {
      say: this.say,
      hass: () => this.hass,
      thresholds: thresholdsOf(config),
      subviews: config.subviews === true,
      switches: config.show_switch !== false,
      lastSeen: (/** @type {string} */ id, /** @type {HassState | undefined} */ online) =>
        this.#lastSeen(id, online),
    };
    const choose = (/** @type {Partial<import("./fleet/choices.js").Choices>} */ change) =>
      this.#choose(change);
    const table = new Table(this.#miners, around, choose);
    const notes = new NotesView(around, this.hass.user?.is_admin === true);
    const strip = new Strip(this.say, this.#miners.length > 1 ? table.lacking : null, choose);
    this.#parts = { notes, strip, table };
    this.#watched = table.rows.flatMap((row) => row.watched);
    this.#all = this.#resort = true;
    this.body.replaceChildren(
      ...(config.title ? [h("h2", {}, config.title)] : []),
      notes.element,
      strip.element,
    );
    this.body.append(
      this.#miners.length ? table.element : h("div", { class: "empty" }, this.say("fleet_none")),
    );
    for (const row of table.rows)
      row.setSpark(this.#sparks.get(idOf(row.miner, "sensor.hash_rate") ?? "") ?? []);
  }

  /** @param {Partial<import("./fleet/choices.js").Choices>} change */
  #choose(change) {
    const before = this.#choices;
    const next = { ...before, ...change };
    if (change.sort && !change.direction && change.sort !== before.sort) {
      next.direction = loadChoices({ sort: change.sort }).direction;
    }
    this.#choices = next;
    keepChoices(this.config, next);
    if (next.hours !== before.hours) {
      this.#sparkPoll.renew();
      void this.#tick();
    }
    this.#resort = true;
    this.ask();
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
    if (changed.length && this.config.show_findings !== false) parts.notes.show(this.#notes());
    parts.strip.showChoices(this.#choices);
    if (!all) return;
    parts.strip.showToday(this.#today, hass.locale);
    parts.strip.showTrouble(this.#trouble());
  }

  #notes() {
    const found = this.#miners.flatMap((miner) => notesOf(this.hass, miner, this.say));
    return bySeverity([...found, ...this.#repairs]);
  }

  #trouble() {
    const { error } = this.#sparkPoll;
    return error === null ? "" : this.say("fleet_no_history", { error });
  }

  /** @param {string} id of the device @param {HassState | undefined} online */
  #lastSeen(id, online) {
    const miner = this.#miners.find((one) => one.id === id);
    const sensor = this.hass.states[idOf(miner, "sensor.last_seen") ?? ""];
    const seen = this.#seen.get(id);
    const time = lastSeenOf(says(sensor) ? sensor.state : undefined, seen, online?.last_changed);
    const words = seen?.off && online?.state === "off" ? [this.say("fleet_switched_off")] : [];
    if (time !== null) {
      const { locale, config } = this.hass;
      words.push(this.say("fleet_last_seen", { time: clock(time, Date.now(), locale, config.time_zone) }));
    }
    return words.join(" · ");
  }

  async #tick() {
    const { hass } = this;
    if (!hass || !this.#parts || !this.isConnected || document.visibilityState === "hidden") return;
    const lost = /** @type {{connected?: boolean}} */ (hass).connected === false;
    const polls = [this.#sparkPoll, this.#reportPoll, this.#issuePoll];
    if (this.#lost && !lost) for (const poll of polls) poll.renew();
    this.#lost = lost;
    if (lost) return;
    await Promise.all(
      polls.map(async (poll) => {
        if (!(await poll.tick(hass, Date.now()))) return;
        this.#all = true;
        this.ask();
      }),
    );
  }

  /** @param {Hass} hass */
  async #readSparks(hass) {
    const { hours } = this.#choices;
    const ids = this.#miners.flatMap((miner) => idOf(miner, "sensor.hash_rate") ?? []);
    const sparks = await readSparks(hass, ids, hours);
    // Another length was chosen meanwhile.
    if (hours !== this.#choices.hours) return this.#sparkPoll.renew();
    this.#sparks = sparks;
    for (const row of this.#parts?.table.rows ?? []) {
      row.setSpark(sparks.get(idOf(row.miner, "sensor.hash_rate") ?? "") ?? []);
    }
  }

  /** @param {Hass} hass */
  async #readReport(hass) {
    const all = !this.config.miners && !this.config.exclude;
    const only = all ? null : new Set(this.#miners.map(({ id }) => id));
    ({ today: this.#today, seen: this.#seen } = await readReport(hass, this.#fleet, only));
  }

  /** @param {Hass} hass */
  async #readIssues(hass) {
    if (this.config.show_findings === false) return;
    const [issues, localize] = await Promise.all([
      readIssues(hass),
      hass.loadBackendTranslation("issues", "miner_monitor"),
    ]);
    this.#repairs = repairsOf(issues, localize);
  }
}
