// How the fleet card looks: wide as a table, narrow as short blocks of lines.

import { QUANTITIES } from "./quantities.js";

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
  :focus-visible { outline: 2px solid var(--primary-color); outline-offset: 2px; border-radius: 4px; }
  [hidden] { display: none !important; }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .glyph { width: 16px; height: 16px; flex: none; fill: var(--secondary-text-color); }
  .empty, .trouble { color: var(--secondary-text-color); }
  .trouble { flex-basis: 100%; font-size: 12px; }
  .trouble:empty { display: none; }
`;

const NOTES = `
  .notes { margin-bottom: 12px; }
  .notes ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 6px; }
  .notice { border-radius: 8px; background: color-mix(in srgb, var(--tone) 14%, transparent); }
  .notice.critical { --tone: var(--error-color); }
  .notice.warning { --tone: var(--warning-color); }
  .notice .glyph { fill: var(--tone); margin-top: 2px; }
  .notice .to {
    display: flex; gap: 10px; width: 100%; box-sizing: border-box; padding: 8px 12px;
    text-align: start; text-decoration: none; color: var(--primary-text-color);
  }
  .notice a.to:hover, .notice button.to:hover {
    background: color-mix(in srgb, var(--tone) 10%, transparent); border-radius: 8px;
  }
  .words { min-width: 0; overflow-wrap: anywhere; }
  .words b { font-weight: 600; margin-inline-end: 4px; }
  .more { margin-top: 6px; padding: 4px 12px; text-decoration: underline; min-height: 28px; }
`;

const STRIP = `
  .strip { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 16px; margin-bottom: 8px; }
  .today { flex: 1 1 auto; font-weight: 500; }
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
  .status { display: flex; align-items: center; gap: 6px; white-space: nowrap; }
  .status > .main { overflow: hidden; text-overflow: ellipsis; }
  .alarm { display: inline-flex; }
  [data-status="overheated"] .alarm, [data-status="fault"] .alarm { display: none; }
  .alarm .glyph { fill: var(--warning-color); }
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
  .away .measured { display: none !important; }
  .row:not(.away) .note { display: none; }
  .note, .away .link, .away .status { color: var(--secondary-text-color); }
  .spark svg { display: block; width: 100%; height: 30px; }
  .spark-line {
    fill: none; stroke: var(--graph-color-1, var(--primary-color)); stroke-width: 1.5; stroke-linecap: round;
    stroke-linejoin: round; vector-effect: non-scaling-stroke;
  }
  .spark-area { fill: var(--graph-color-1, var(--primary-color)); opacity: 0.14; }
  .away .spark-line { stroke: var(--secondary-text-color); }
  .error { grid-column: 1 / -1; }
  .error .notice { display: flex; gap: 8px; padding: 6px 10px; margin-top: 4px; font-size: 13px; }
  ${LACKING} { display: none !important; }
`;

const TOGGLE = `
  .toggle { display: inline-flex; align-items: center; justify-content: center; width: 48px; height: 32px; }
  .track {
    width: 36px; height: 20px; border-radius: 10px; padding: 3px; box-sizing: border-box; transition: background 120ms;
    background: color-mix(in srgb, var(--primary-text-color) 42%, transparent);
  }
  .thumb {
    display: block; width: 14px; height: 14px; border-radius: 50%; background: var(--card-background-color);
    transition: translate 120ms;
  }
  .toggle[aria-checked="true"] .track { background: var(--primary-color); }
  .toggle[aria-checked="true"] .thumb { translate: 16px; }
  .toggle:dir(rtl)[aria-checked="true"] .thumb { translate: -16px; }
  .toggle[aria-busy] .thumb { animation: waiting 900ms ease-in-out infinite alternate; }
  .toggle:disabled { cursor: default; opacity: 0.45; }
  .switch-label { color: var(--secondary-text-color); font-size: 12px; }
  @keyframes waiting { to { opacity: 0.3; } }
  @media (prefers-reduced-motion: reduce) {
    .track, .thumb { transition: none; animation: none !important; }
    .toggle[aria-busy] { opacity: 0.6; }
  }
`;

const NARROW = `
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
    .note { grid-area: details; }
    .away .details { display: none; }
    .beside:not(:empty)::before { content: " "; white-space: pre; }
    .status { align-items: baseline; }
    .status .glyph, .alarm { align-self: center; }
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
    .note { grid-column: span var(--wide-measured); }
  }
  @container (min-width: 720px) and (max-width: 1035px) {
    .row { grid-template: var(--medium); }
    ${PLACES}
    .fan .beside:not(:empty)::before { content: " "; white-space: pre; }
    .shares .beside, .power .beside { display: block; }
    .note { grid-row: 1 / 3; grid-column: 2 / span var(--medium-measured); }
    .ratio[data-grade] .main { line-height: 18px; }
  }
`;

export const STYLES = COMMON + NOTES + STRIP + CELLS + TOGGLE + NARROW + TABLE;
