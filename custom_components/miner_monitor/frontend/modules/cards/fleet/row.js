// One row of the fleet card: its elements, and what is written into them.

// @says fleet_column_chip_temperature fleet_column_efficiency fleet_column_hash_rate
// @says fleet_column_name fleet_column_power fleet_column_ratio fleet_column_shares
// @says fleet_column_status fleet_column_fan
// @says fleet_beside_power fleet_beside_shares

import { SaveSwitch } from "../../lib/card.js";
import { sparkPaths } from "../../lib/chart.js";
import { glyph, h, s, setAttribute, setGlyph, setText } from "../../lib/dom.js";
import { idOf, linkTo, stateOf } from "../../lib/miners.js";
import { findingsOf, heldText, reasonText, statusOf, statusText } from "../../lib/status.js";
import { format, messageOf, withUnit } from "../../lib/words.js";
import { factsOf, gradeOf, QUANTITIES, watchedOf } from "./facts.js";

/** @typedef {import("../../lib/types.js").Hass} Hass */
/** @typedef {import("../../lib/types.js").HassState} HassState */
/** @typedef {import("../../lib/types.js").Miner} Miner */
/** @typedef {import("./facts.js").Facts} Facts */
/** @typedef {import("./facts.js").Reading} Reading */

/**
 * @typedef {object} Surroundings What is the same for all rows.
 * @property {import("../../lib/types.js").Say} say
 * @property {() => Hass} hass
 * @property {{good: number, poor: number}} thresholds
 * @property {boolean} subviews
 * @property {boolean} switches
 * @property {number} columns of the table
 * @property {(id: string) => boolean} unplugged whether a device's plug is off
 */

const SPARK = { width: 120, height: 30 };

/** A quantity's cell: a value, and smaller what belongs to it. */
class Cell {
  #main = /** @type {Reading | null} */ (null);
  #beside = /** @type {Reading | null} */ (null);

  /** @param {string} key @param {string} label */
  constructor(key, label) {
    this.main = h("span", { class: "main" });
    this.beside = h("span", { class: "beside" });
    this.element = h(
      "div",
      { class: `cell measured silent ${key}`, role: "cell", "data-label": label },
      this.main,
      this.beside,
    );
  }

  /**
   * Write a reading where it is another one: to write a number takes time.
   *
   * @param {Reading | null} main
   * @param {string} none what is written where nothing is known
   * @param {Reading | null} beside
   * @param {(reading: Reading, beside: boolean) => string} written
   */
  show(main, none, beside, written) {
    if (!same(main, this.#main) || (!main && this.main.textContent !== none)) {
      this.#main = main;
      setText(this.main, main ? written(main, false) : none);
      this.element.classList.toggle("silent", !main && !none);
      this.element.classList.toggle("dash", !main && none !== "");
    }
    if (same(beside, this.#beside)) return;
    this.#beside = beside;
    setText(this.beside, beside ? written(beside, true) : "");
  }
}

/** A miner's row: what is known of it, and, once somebody asks for it, its element. */
export class Row {
  /** @type {(HassState | undefined)[]} */
  #painted = [];
  /** @type {RowView | undefined} */
  #view;
  #means = /** @type {(number | null)[]} */ ([]);
  /** @type {Record<string, HassState> | undefined} what the entities said last */
  #said;

  /**
   * @param {Miner} miner
   * @param {Surroundings} around
   */
  constructor(miner, around) {
    this.miner = miner;
    this.around = around;
    this.watched = watchedOf(miner);
    /** @type {Facts} */
    this.facts = {
      id: miner.id,
      name: miner.name,
      status: "unknown",
      there: false,
      urgency: 3,
      readings: {},
      beside: {},
    };
  }

  /** To make it takes time, of which there is little before the first rows are seen. */
  get element() {
    if (!this.#view) {
      this.#view = new RowView(this.miner, this.around);
      this.#view.write(this.around.hass(), this.facts);
      this.#view.setSpark(this.#means);
    }
    return this.#view.element;
  }

  /**
   * Write what changed; return whether anything did.
   *
   * @param {Hass} hass
   * @param {boolean} all also what did not change
   * @returns {boolean}
   */
  paint(hass, all) {
    let changed = all;
    for (let place = 0; place < this.watched.length; place++) {
      const state = hass.states[/** @type {string} */ (this.watched[place])];
      if (this.#painted[place] === state) continue;
      this.#painted[place] = state;
      changed = true;
    }
    if (changed) this.#read(hass);
    return changed;
  }

  /** @param {Hass} hass */
  #read(hass) {
    this.facts = factsOf(hass, this.miner, this.#said);
    if (this.facts.there) this.#said = Object.fromEntries(this.watched.flatMap((id) => (hass.states[id] ? [[id, hass.states[id]]] : [])));
    this.#view?.write(hass, this.facts);
  }

  /**
   * Whether the miner is offline, and nobody knows yet what it said last.
   *
   * @param {Hass} hass
   */
  lacksLast(hass) {
    return this.#said === undefined && statusOf(hass, this.miner) === "away";
  }

  /** @param {Record<string, HassState>} last what its entities said last */
  setLast(last) {
    this.#said = last;
    this.#read(this.around.hass());
  }

  /** @param {(number | null)[]} means the last of them is replaced by the present value */
  setSpark(means) {
    this.#means = means;
    this.#view?.setSpark(means);
  }
}

/** The elements of a row. */
class RowView {
  #means = /** @type {(number | null)[]} */ ([]);
  #spark = "";
  #ratio = /** @type {number | null} */ (null);
  #now = /** @type {number | null} */ (null);
  #drawn = /** @type {number | null} */ (null);

  /**
   * @param {Miner} miner
   * @param {Surroundings} around
   */
  constructor(miner, around) {
    this.miner = miner;
    this.around = around;
    this.cells = new Map(
      QUANTITIES.map(({ key }) => [key, new Cell(key, around.say(`fleet_column_${key}`))]),
    );
    this.status = h("span", { class: "main" });
    this.glyph = glyph();
    this.finding = h("span", { class: "finding" });
    this.reason = h("span", { class: "reason" });
    const { columns } = around;
    this.telling = h("div", { class: "cell telling", role: "cell", hidden: true, "aria-colspan": columns }, this.finding, this.reason);
    this.line = s("path", { class: "spark-line" });
    this.area = s("path", { class: "spark-area" });
    this.switch = around.switches ? this.#makeSwitch() : undefined;
    this.error = h("div", { class: "cell error", role: "cell", hidden: true });
    this.element = this.#build();
  }

  #makeSwitch() {
    const id = idOf(this.miner, "switch.throttle");
    if (id === undefined) return undefined;
    return new SaveSwitch(this.around.say("fleet_save_power_of", { name: this.miner.name }), (on) =>
      this.#turn(id, on),
    );
  }

  #build() {
    const [hashRate, ratio, ...details] = [...this.cells.values()].map((cell) => cell.element);
    const { width, height } = SPARK;
    return h(
      "div",
      { class: "row", role: "row", "data-miner": this.miner.id },
      h("div", { class: "cell name", role: "cell" }, this.#link()),
      h(
        "div",
        { class: "now", role: "presentation" },
        h("div", { class: "cell status", role: "cell" }, this.glyph, this.status),
        hashRate,
        ratio,
      ),
      h("div", { class: "details", role: "presentation" }, ...details),
      h(
        "div",
        { class: "cell spark", role: "cell" },
        s(
          "svg",
          { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
          this.area,
          this.line,
        ),
      ),
      this.around.switches && h("div", { class: "cell switch", role: "cell" }, ...this.#switchParts()),
      this.telling,
      this.error,
    );
  }

  #switchParts() {
    if (!this.switch) return [];
    return [
      h("span", { class: "switch-label", "aria-hidden": "true" }, this.around.say("fleet_save_power")),
      this.switch.element,
    ];
  }

  #link() {
    const { miner, around } = this;
    const { tag, traits } = linkTo(around.hass, miner, around.subviews);
    return h(tag, { ...traits, class: "link" }, miner.name);
  }

  /** @param {string} id @param {boolean} on */
  async #turn(id, on) {
    this.#complain("");
    try {
      const action = on ? "turn_on" : "turn_off";
      await this.around.hass().callService("switch", action, { entity_id: id }, undefined, false);
    } catch (error) {
      this.#complain(
        this.around.say("fleet_switch_failed", { name: this.miner.name, error: messageOf(error) }),
      );
      throw error;
    }
  }

  /** @param {string} text */
  #complain(text) {
    this.error.replaceChildren(
      ...(text
        ? [h("div", { class: "notice critical", role: "alert" }, glyph("fault"), h("span", {}, text))]
        : []),
    );
    this.error.hidden = !text;
  }

  /**
   * @param {Hass} hass
   * @param {Facts} facts
   */
  write(hass, facts) {
    setAttribute(this.element, "data-status", facts.status);
    this.element.classList.toggle("away", !facts.there);
    setGlyph(this.glyph, facts.status);
    setText(this.status, statusText(hass, this.miner, this.around.say, Date.now()));
    for (const { key, name } of QUANTITIES) {
      const none = facts.there && this.miner.ids[name] ? "–" : "";
      const words = (/** @type {Reading} */ reading, /** @type {boolean} */ beside) =>
        this.#written(hass, key, reading, beside);
      this.cells.get(key)?.show(facts.readings[key] ?? null, none, facts.beside[key] ?? null, words);
    }
    this.#grade(facts.there ? (facts.readings.ratio?.value ?? null) : null);
    this.#tell(hass, facts);
    this.switch?.show(stateOf(hass, this.miner, "switch.throttle"));
    this.#now = facts.there ? (facts.readings.hash_rate?.value ?? null) : null;
    if (facts.there && this.#drawn !== this.#now) this.#drawSpark();
  }

  /**
   * Write what is wrong, and who controls the miner.
   *
   * @param {Hass} hass
   * @param {Facts} facts
   */
  #tell(hass, { status }) {
    const { miner, around } = this;
    const [worst] = findingsOf(hass, miner, around.say);
    const now = Date.now();
    const reason = heldText(hass, miner, around.say, now) || reasonText(hass, miner, around.say, now);
    const unplugged = status === "away" && around.unplugged(miner.id);
    setText(this.finding, worst?.text ?? "");
    setAttribute(this.finding, "data-severity", worst?.severity ?? null);
    setText(this.reason, unplugged ? around.say("fleet_switched_off") : reason);
    this.telling.hidden = !worst && !this.reason.textContent;
  }

  /**
   * @param {Hass} hass
   * @param {string} key
   * @param {Reading} reading
   * @param {boolean} beside
   */
  #written(hass, key, { value, unit, decimals }, beside) {
    const words = withUnit(format(value, decimals, hass.locale), unit, hass.locale);
    return beside && key !== "fan" ? this.around.say(`fleet_beside_${key}`, { value: words }) : words;
  }

  /** @param {number | null} ratio in % */
  #grade(ratio) {
    const element = this.cells.get("ratio")?.element;
    if (!element || ratio === this.#ratio) return;
    this.#ratio = ratio;
    setAttribute(element, "data-grade", gradeOf(ratio, this.around.thresholds));
    element.style.setProperty("--part", `${Math.min(100, Math.max(0, ratio ?? 0))}%`);
  }

  /** @param {(number | null)[]} means the last of them is replaced by the present value */
  setSpark(means) {
    this.#means = means;
    this.#drawSpark();
  }

  #drawSpark() {
    if (!this.#means.length) return;
    this.#drawn = this.#now;
    const values = [...this.#means.slice(0, -1), this.#now ?? this.#means.at(-1) ?? null];
    const { line, area } = sparkPaths(values, SPARK.width, SPARK.height);
    if (line === this.#spark) return;
    this.#spark = line;
    this.line.setAttribute("d", line);
    this.area.setAttribute("d", area);
  }
}

/** @param {Reading | null} a @param {Reading | null} b */
function same(a, b) {
  return a?.value === b?.value && a?.unit === b?.unit && a?.decimals === b?.decimals;
}
