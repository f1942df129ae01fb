// The table of rows: its heads, its order, and how it looks.

// @says fleet_column_chip_temperature fleet_column_efficiency fleet_column_hash_rate
// @says fleet_column_name fleet_column_power fleet_column_ratio fleet_column_shares
// @says fleet_column_status fleet_column_fan fleet_column_spark fleet_column_switch

import { TOGGLE_STYLES } from "../../lib/card.js";
import { h, setAttribute } from "../../lib/dom.js";
import { FINDING_STYLES } from "../findings-card.js";
import { lackingOf, QUANTITIES, sorted, SORTS } from "./facts.js";
import { Row } from "./row.js";

/** @typedef {import("../../lib/types.js").Hass} Hass */
/** @typedef {import("../../lib/types.js").Miner} Miner */
/** @typedef {import("./facts.js").Choices} Choices */
/** @typedef {import("./row.js").Surroundings} Surroundings */

/** Rows are no more sorted than so often, so that they do not dance. */
const CALM = 30_000;

/** Below this width the heads are only read out, and cannot be reached by a key. */
export const NARROW = 754;

/** So many rows are more than a screen, and are there at once; the others follow. */
const FIRST_ROWS = 40;

/** All miners, a row each. */
export class Table {
  #sortedAt = 0;
  /** @type {Row[]} in the order in which they are shown */
  #order = [];
  #made = FIRST_ROWS;

  /**
   * @param {Miner[]} miners
   * @param {Omit<Surroundings, "columns">} around
   * @param {(changed: Partial<Choices>) => void} choose
   */
  constructor(miners, around, choose) {
    this.around = around;
    this.lacking = lackingOf(miners);
    const switches = around.switches && miners.some((miner) => miner.ids["switch.throttle"]);
    if (!switches) this.lacking.push("switch");
    this.heads = this.#makeHeads(choose);
    this.rows = miners.map((miner) => new Row(miner, { ...around, switches, columns: this.heads.size }));
    this.head = h("div", { class: "row head", role: "row" }, ...this.heads.values());
    this.body = h("div", { class: "rows", role: "rowgroup" });
    this.element = h(
      "div",
      {
        class: "table",
        role: "table",
        "aria-label": around.say("fleet_table"),
        style: layoutOf(this.lacking),
      },
      h("div", { role: "rowgroup" }, this.head),
      this.body,
    );
    this.element.dataset.lacks = this.lacking.join(" ");
  }

  /** @param {(changed: Partial<Choices>) => void} choose */
  #makeHeads(choose) {
    const keys = ["name", "status", ...QUANTITIES.map(({ key }) => key), "spark", "switch"];
    const shown = keys.filter((key) => !this.lacking.includes(key));
    return new Map(
      shown.map((key) => {
        const words = this.around.say(`fleet_column_${key}`);
        const content =
          key in SORTS
            ? h("button", { type: "button", class: "by", onclick: () => choose(this.#chosen(key)) }, words)
            : h("span", { class: "by" }, words);
        return [key, h("div", { class: `cell ${key}`, role: "columnheader" }, content)];
      }),
    );
  }

  /** @param {string} key @returns {Partial<Choices>} */
  #chosen(key) {
    const now = this.heads.get(key)?.getAttribute("aria-sort");
    if (now === "ascending") return { sort: key, direction: "descending" };
    if (now === "descending") return { sort: key, direction: "ascending" };
    return { sort: key };
  }

  /**
   * Write what changed into the rows; return those that did.
   *
   * @param {Hass} hass
   * @param {boolean} all
   * @returns {Row[]}
   */
  paint(hass, all) {
    return this.rows.filter((row) => row.paint(hass, all));
  }

  /**
   * Bring the rows in order.
   *
   * @param {Choices} choices
   * @param {string} language
   * @param {boolean} now even if they were sorted a moment ago or somebody points at one
   */
  sort({ sort, direction }, language, now) {
    // What needs attention seldom changes, and is then what people want to see.
    const calm = sort !== "attention" && Date.now() - this.#sortedAt < CALM;
    if (!now && (calm || this.body.matches(":hover, :focus-within"))) return;
    this.#sortedAt = Date.now();
    const rows = new Map(this.rows.map((row) => [row.miner.id, row]));
    const facts = this.rows.map((row) => row.facts);
    const order = sorted(facts, sort, direction, language).flatMap(({ id }) => rows.get(id) ?? []);
    if (order.some((row, place) => row !== this.#order[place]))
      this.body.replaceChildren(...order.slice(0, this.#made).map((row) => row.element));
    this.#order = order;
    for (const [key, head] of this.heads) {
      if (key in SORTS) setAttribute(head, "aria-sort", key === sort ? direction : "none");
    }
  }

  /** Whether there are rows that are not shown yet. */
  get waits() {
    return this.rows.length > this.#made;
  }

  /** Show those rows too. */
  fill() {
    this.body.append(...this.#order.slice(this.#made).map((row) => row.element));
    this.#made = Infinity;
  }

  /** @param {number} width of the card */
  fit(width) {
    const index = width && width < NARROW ? "-1" : null;
    for (const head of this.heads.values()) {
      if (head.firstElementChild instanceof HTMLButtonElement)
        setAttribute(head.firstElementChild, "tabindex", index);
    }
  }
}

const KEYS = [...QUANTITIES.map(({ key }) => key), "switch"];

const LACKING = KEYS.map((key) => `.table[data-lacks~="${key}"] .cell.${key}`).join(", ");
const PLACES = ["name", "status", "spark", ...KEYS]
  .map((key) => `.cell.${key} { grid-area: ${key}; }`)
  .join("\n");

const COMMON = `
  :host { display: block; }
  .body { container-type: inline-size; padding: 12px 16px; font-size: 14px; line-height: 20px; }
  h2 { margin: 0 0 8px; font-size: 18px; font-weight: 500; line-height: 24px; }
  button, select { font: inherit; color: inherit; }
  button { background: none; border: 0; padding: 0; cursor: pointer; }
  .empty, .trouble { color: var(--secondary-text-color); }
  .trouble { flex-basis: 100%; font-size: 12px; }
  .trouble:empty { display: none; }
`;

const STRIP = `
  .strip { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 16px; margin-bottom: 8px; }
  .together { flex: 1 1 auto; font-weight: 500; display: flex; flex-wrap: wrap; gap: 0 16px; }
  .today:empty, .counts:empty, .progress:empty { display: none; }
  .buttons { display: flex; flex-wrap: wrap; gap: 6px; }
  .buttons .action { min-height: 32px; border-radius: 16px; }
  .progress { flex-basis: 100%; }
  .controls { display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: center; margin-inline-start: auto; }
  .sorting, .ranges {
    display: inline-flex; align-items: center; gap: 4px; color: var(--secondary-text-color); font-size: 13px;
  }
  .sort { background: var(--card-background-color); color: var(--primary-text-color); }
  .sort, .direction, .range {
    min-height: 32px; border: 1px solid var(--divider-color); border-radius: 8px; padding: 0 8px; font-size: 13px;
    color: var(--primary-text-color);
  }
  .direction { min-width: 32px; font-size: 11px; }
  .range[aria-pressed="true"] {
    background: color-mix(in srgb, var(--primary-color) 18%, transparent); border-color: var(--primary-color);
    font-weight: 500;
  }
`;

const CELLS = `
  .row { position: relative; border-top: 1px solid var(--divider-color); contain: layout style; }
  .cell { min-width: 0; }
  .beside { color: var(--secondary-text-color); font-size: 12px; line-height: 16px; }
  .measured { font-variant-numeric: tabular-nums; white-space: nowrap; }
  .link {
    display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; max-width: 100%; padding: 2px 0;
    font-weight: 500; text-align: start; overflow: hidden; overflow-wrap: anywhere;
    color: var(--primary-text-color); text-decoration: none;
  }
  .link:hover { text-decoration: underline; }
  .status { display: flex; align-items: center; gap: 6px; }
  .status > .main { min-width: 0; overflow-wrap: anywhere; line-height: 18px; }
  .telling {
    grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: 0 12px; margin-top: 2px; font-size: 13px; line-height: 18px;
    color: var(--secondary-text-color);
  }
  .finding:empty, .reason:empty { display: none; }
  .finding { color: var(--primary-text-color); }
  .finding::before {
    content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 4px; margin-inline-end: 6px;
    background: var(--warning-color);
  }
  .finding[data-severity="critical"]::before { background: var(--error-color); }
  [data-status="hashing"] .status > .glyph { fill: var(--success-color); }
  [data-status="starting"] .status > .glyph { fill: var(--info-color, var(--primary-color)); }
  [data-status="overheated"] .status > .glyph, [data-status="fault"] .status > .glyph { fill: var(--error-color); }
  [data-status="pool_lost"] .status > .glyph { fill: var(--warning-color); }
  .ratio[data-grade] .main { display: inline-block; position: relative; padding-bottom: 5px; }
  .ratio[data-grade] .main::before, .ratio[data-grade] .main::after {
    content: ""; position: absolute; inset-inline-start: 0; bottom: 0; height: 4px; width: 100%; border-radius: 2px;
    background: var(--divider-color);
  }
  .ratio[data-grade] .main::after { width: var(--part); background: var(--success-color); }
  .ratio[data-grade="fair"] .main::after { background: var(--warning-color); }
  .ratio[data-grade="poor"] .main::after { background: var(--error-color); }
  .away .measured, .away .link, .away .status { color: var(--secondary-text-color); }
  .away .measured { font-style: italic; font-weight: 400 !important; }
  .spark svg { display: block; width: 100%; height: 30px; }
  .spark-line {
    fill: none; stroke: var(--graph-color-1, var(--primary-color)); stroke-width: 1.5; stroke-linecap: round;
    stroke-linejoin: round; vector-effect: non-scaling-stroke;
  }
  .spark-area { fill: var(--graph-color-1, var(--primary-color)); opacity: 0.14; }
  .away .spark-line { stroke: var(--secondary-text-color); }
  .error { grid-column: 1 / -1; }
  .error .notice { padding: 6px 10px; margin-top: 4px; font-size: 13px; }
  ${LACKING} { display: none !important; }
`;

const NARROW_STYLES = `
  @container (max-width: 719px) {
    .head { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    .table { position: relative; }
    .row:not(.head) {
      display: grid; column-gap: 12px; align-items: center; padding: 8px 0;
      grid-template:
        "name switch switch" "now now spark" "details details details"
        / minmax(0, 1fr) 34px clamp(84px, 22cqi, 180px);
    }
    .row:not(.head) > .name { grid-area: name; }
    .row:not(.head) > .switch {
      grid-area: switch; display: flex; align-items: center; justify-content: end; margin-inline-end: -6px;
    }
    .row:not(.head) > .spark { grid-area: spark; }
    .details .measured:is(.silent, .dash) { display: none; }
    .now .measured.ratio:is(.silent, .dash) { display: none; }
    .now, .details { display: flex; flex-wrap: wrap; gap: 0 12px; align-items: baseline; }
    .now { grid-area: now; }
    .now .hash_rate { font-weight: 500; }
    .details { grid-area: details; color: var(--secondary-text-color); font-size: 13px; }
    .beside:not(:empty)::before { content: " "; white-space: pre; }
    .status { align-items: baseline; }
    .status .glyph { align-self: center; }
    .measured.shares::before { content: attr(data-label) " "; }
  }
`;

const TABLE = `
  @container (min-width: 720px) {
    .row { display: grid; column-gap: 12px; align-items: center; padding: 6px 0; }
    .now, .details { display: contents; }
    .head { border-top: 0; padding: 0; color: var(--secondary-text-color); font-size: 12px; align-items: end; }
    .measured, .head .cell { text-align: end; }
    .head .name, .head .status, .head .spark { text-align: start; }
    .head .switch, .row .switch { text-align: center; }
    .switch-label { display: none; }
    .by {
      display: inline-block; max-width: 100%; padding: 4px 0; line-height: 16px; text-align: inherit;
      overflow-wrap: anywhere;
    }
    .by:hover { color: var(--primary-text-color); }
    .head [aria-sort="ascending"] .by::after { content: " ▲"; font-size: 9px; }
    .head [aria-sort="descending"] .by::after { content: " ▼"; font-size: 9px; }
    .head [aria-sort="ascending"], .head [aria-sort="descending"] {
      color: var(--primary-text-color); font-weight: 500;
    }
  }
  @container (min-width: 1036px) {
    .row { grid-template-columns: var(--wide); column-gap: 8px; }
    .cell.spark { padding-inline-start: 8px; }
    .cell.measured .beside { display: block; }
  }
  @container (min-width: 720px) and (max-width: 1035px) {
    .row { grid-template: var(--medium); }
    ${PLACES}
    .fan .beside:not(:empty)::before { content: " "; white-space: pre; }
    .shares .beside, .power .beside { display: block; }
    .ratio[data-grade] .main { line-height: 18px; }
  }
`;

export const STYLES = COMMON + FINDING_STYLES + STRIP + CELLS + TOGGLE_STYLES + NARROW_STYLES + TABLE;

/** Columns of the wide table, with their widths. */
const WIDE = /** @type {const} */ ([
  ["name", "minmax(116px, 1.6fr)"],
  ["status", "minmax(114px, 0.7fr)"],
  ["hash_rate", "minmax(92px, 0.5fr)"],
  ["ratio", "minmax(82px, 0.4fr)"],
  ["power", "minmax(80px, 0.5fr)"],
  ["efficiency", "minmax(84px, 0.4fr)"],
  ["chip_temperature", "minmax(64px, 0.4fr)"],
  ["fan", "minmax(74px, 0.4fr)"],
  ["shares", "minmax(88px, 0.5fr)"],
  ["spark", "minmax(82px, 1.2fr)"],
  ["switch", "76px"],
]);

/** Columns of the medium table: two things one above the other. */
const MEDIUM = /** @type {const} */ ([
  ["name", "status", "minmax(110px, 1.4fr)"],
  ["hash_rate", "ratio", "minmax(88px, 0.6fr)"],
  ["power", "efficiency", "minmax(86px, 0.6fr)"],
  ["chip_temperature", "fan", "minmax(112px, 0.5fr)"],
  ["shares", "shares", "minmax(92px, 0.5fr)"],
  ["spark", "spark", "minmax(72px, 1fr)"],
  ["switch", "switch", "76px"],
]);

/**
 * Return the templates of the grid as properties of CSS.
 *
 * @param {string[]} lacking quantities that no miner has, and "switch" where it is not wanted
 * @returns {Record<string, string>}
 */
export function layoutOf(lacking) {
  const gone = new Set(lacking);
  const wide = WIDE.filter(([key]) => !gone.has(key));
  const medium = MEDIUM.filter(([upper, lower]) => !gone.has(upper) || !gone.has(lower));
  /** @param {0 | 1} line */
  const areas = (line) => medium.map((column) => (gone.has(column[line]) ? "." : column[line])).join(" ");
  const widths = medium.map(([, , width]) => width).join(" ");
  return {
    "--wide": wide.map(([, width]) => width).join(" "),
    "--medium": `"${areas(0)}" "${areas(1)}" / ${widths}`,
  };
}
