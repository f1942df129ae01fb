// CSS of the tuning card; colours are those of Home Assistant's theme.

import { CHART_STYLES } from "../../lib/chart.js";

const FRAME = `
  :host { display: block; }
  ha-card { height: 100%; box-sizing: border-box; overflow: hidden; }
  .body { padding: 16px; display: flex; flex-direction: column; gap: 20px; color: var(--primary-text-color);
    font: 14px/1.4 var(--ha-font-family-body, Roboto, sans-serif); overflow-wrap: anywhere; }
  .body > :empty { display: none; }
  h2, h3, p, ul, dl, dd { margin: 0; padding: 0; }
  h2 { font-size: 20px; font-weight: 500; }
  h3 { font-size: 16px; font-weight: 500; margin-bottom: 8px; }
  section { display: block; min-width: 0; outline: none; }
  .secondary { color: var(--secondary-text-color); font-size: 13px; }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .empty-note { color: var(--secondary-text-color); padding: 8px 0; max-width: 60ch; }
  .error { border-inline-start: 4px solid var(--error-color); padding: 6px 12px; }
  .outcome:empty { display: none; }
  .status { border-inline-start: 4px solid var(--success-color); padding: 6px 12px; }
  .head { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: baseline; justify-content: space-between; }
`;

const CONTROLS = `
  button, select { font: inherit; font-size: 14px; color: var(--primary-text-color); cursor: pointer; min-height: 32px;
    background: var(--card-background-color); border: 1px solid var(--divider-color); border-radius: 8px; padding: 4px 12px; }
  select { max-width: 100%; min-height: 34px; }
  option { background: var(--card-background-color); color: var(--primary-text-color); }
  button:focus-visible, select:focus-visible, .table-box:focus-visible {
    outline: 2px solid var(--primary-color); outline-offset: 2px; }
  button:hover { background: color-mix(in srgb, var(--primary-text-color) 6%, var(--card-background-color)); }
  button:disabled { cursor: progress; opacity: 0.7; }
  .apply, .confirm { border: 2px solid var(--primary-color); font-weight: 500; flex: none;
    background: color-mix(in srgb, var(--primary-color) 14%, var(--card-background-color)); }
  .apply:hover, .confirm:hover { background: color-mix(in srgb, var(--primary-color) 26%, var(--card-background-color)); }
  .plain { border-color: transparent; padding: 4px 0; text-decoration: underline; text-underline-offset: 3px;
    text-decoration-color: var(--secondary-text-color); }
  .plain:hover { background: none; }
  .choices { display: flex; flex-wrap: wrap; gap: 8px 12px; margin-bottom: 12px; }
  .segments { display: inline-flex; flex-wrap: wrap; max-width: 100%; border: 1px solid var(--divider-color); border-radius: 8px; }
  .segments button { border: 0; border-radius: 7px; padding: 4px 12px; }
  .segments [aria-pressed="true"] { font-weight: 500; box-shadow: inset 0 0 0 2px var(--primary-color);
    background: color-mix(in srgb, var(--primary-color) 14%, var(--card-background-color)); }
  .badge { display: inline-block; border: 1px solid var(--secondary-text-color); border-radius: 10px; padding: 0 8px;
    font-size: 12px; font-weight: 400; white-space: nowrap; margin-inline-start: 8px; flex: none; }
`;

const MAP = `
  .beside { display: grid; grid-template-columns: minmax(0, 1fr) 264px; gap: 20px; align-items: start; }
  .below { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
  .details { border: 1px solid var(--divider-color); border-radius: 12px; padding: 12px; display: grid; gap: 8px; }
  .details .apply { justify-self: start; }
  .details .point-name { font-size: 15px; margin: 0; display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; }
  .point-name .badge { margin: 0; }
  table { border-collapse: collapse; font-size: 13px; }
  .figures { width: 100%; }
  .figures th { text-align: start; font-weight: 400; color: var(--secondary-text-color); padding: 3px 8px 3px 0; }
  .figures td { text-align: end; padding: 3px 0; white-space: nowrap; font-variant-numeric: tabular-nums; }
  .figures tr + tr > * { border-top: 1px solid var(--divider-color); }
  .figures .chosen > * { font-weight: 500; color: var(--primary-text-color); }
  .figures small { display: block; font-size: 11px; font-weight: 400; color: var(--secondary-text-color); }
  .table-box { overflow-x: auto; margin-top: 12px; }
  .show-table { margin-top: 4px; }
  .points { width: 100%; }
  .points th, .points td { text-align: start; padding: 6px 12px 6px 0; font-weight: 400; vertical-align: top;
    border-bottom: 1px solid var(--divider-color); font-variant-numeric: tabular-nums; overflow-wrap: normal; }
  .points td { white-space: nowrap; }
  .points td:last-child { white-space: normal; min-width: 100px; padding-inline-end: 0; }
  .points thead th { color: var(--secondary-text-color); font-size: 12px; }
  .points tbody th { white-space: nowrap; font-weight: 500; }
  .held-back { font-size: 13px; }
  .chart .point, .chart .change { outline: none; }
  g.point { cursor: pointer; }
  .target { fill: transparent; }
  .dot, .size { stroke: var(--secondary-text-color); stroke-width: 1; }
  .size { fill: none; }
  .now { fill: none; stroke: var(--primary-text-color); stroke-width: 1.8; stroke-dasharray: 4 2.5; }
  .ring { fill: none; stroke: none; stroke-width: 2; }
  .inspected .ring { stroke: var(--divider-color); }
  g.point:hover .ring { stroke: var(--secondary-text-color); }
  g.point:focus .ring, .change:focus-visible .target { stroke: var(--primary-color); }
  .star { fill: var(--primary-text-color); stroke: var(--card-background-color); stroke-width: 1.5;
    stroke-linejoin: round; pointer-events: none; }
  .star.leading { fill: var(--card-background-color); stroke: var(--primary-text-color); }
  .bars .dot, .bars .ring { rx: 3px; }
  .chart.bars .name { fill: var(--primary-text-color); font-size: 13px; }
  .chart.bars .value { fill: var(--primary-text-color); font-size: 13px; font-weight: 500; }
  .texts { pointer-events: none; }
  .whisker path { stroke: var(--primary-text-color); stroke-width: 1.5; fill: none; }
  .whisker .halo { stroke: var(--card-background-color); stroke-width: 4; }
`;

const LEGENDS = `
  .legend { display: grid; gap: 8px; margin-top: 8px; font-size: 12px; color: var(--secondary-text-color); }
  .colors { display: flex; gap: 8px; align-items: center; }
  .colors > span { flex: none; }
  .colors > .ramp { flex: 1 1 40px; max-width: 280px; height: 12px; border-radius: 6px;
    box-shadow: inset 0 0 0 1px var(--secondary-text-color); }
  .signs, .groups { display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: center; }
  .sign { display: inline-flex; gap: 6px; align-items: center; }
  .sign .icon { width: 18px; height: 18px; flex: none; }
  .star-note { margin-top: 8px; font-size: 13px; }
  .star-note b { font-weight: 500; }
`;

const VERDICTS = `
  .verdicts { list-style: none; display: grid; gap: 0; }
  .verdict { display: flex; gap: 12px; align-items: center; justify-content: space-between; padding: 10px 0;
    border-top: 1px solid var(--divider-color); }
  .verdict:first-child { border-top: 0; padding-top: 0; }
  .verdict .words { display: grid; gap: 1px; min-width: 0; }
  .verdict .kind { font-weight: 500; }
  .present-note { margin-top: 8px; font-size: 13px; }
`;

const CHARTS = `
  .scatter circle.point { fill-opacity: 0.6; stroke: var(--primary-text-color); stroke-opacity: 0.5; stroke-width: 0.6; }
  .scatter circle.faint { opacity: 0.08; }
  .scatter circle.marked { stroke-opacity: 1; stroke-width: 2; fill-opacity: 1; opacity: 1; }
  .scatter { touch-action: pan-y; }
  .readout { min-height: 1.4em; margin-top: 4px; }
  .thinned { margin-top: 4px; }
  .group { display: inline-flex; gap: 6px; align-items: center; min-height: 28px; font-size: 12px; padding: 2px 10px; }
  .group[aria-pressed="true"] { box-shadow: inset 0 0 0 2px var(--primary-color); }
  .swatch { width: 12px; height: 12px; border-radius: 50%; flex: none; }
  .series { fill: none; stroke: var(--primary-color); stroke-width: 1.5; stroke-linejoin: round; }
  .change line { stroke: var(--primary-text-color); stroke-width: 1; stroke-dasharray: 3 3; }
  .chart .change text { fill: var(--primary-text-color); paint-order: stroke; stroke-width: 4px;
    stroke: var(--card-background-color); }
  .change:hover line, .change:focus line { stroke-width: 2; stroke-dasharray: none; }
`;

const DIALOG = `
  dialog { color: var(--primary-text-color); background: var(--card-background-color); border: 1px solid var(--divider-color);
    border-radius: var(--ha-card-border-radius, 12px); padding: 20px; width: min(420px, calc(100vw - 32px)); box-sizing: border-box;
    font: 14px/1.4 var(--ha-font-family-body, Roboto, sans-serif); box-shadow: 0 8px 32px rgb(0 0 0 / 0.4); }
  dialog::backdrop { background: rgb(0 0 0 / 0.5); }
  dialog h3 { font-size: 18px; margin-bottom: 12px; overflow-wrap: anywhere; }
  .from-to { display: grid; grid-template-columns: auto 1fr; gap: 4px 16px; margin-bottom: 8px; }
  .from-to dt { color: var(--secondary-text-color); }
  .from-to .to { font-weight: 500; }
  dialog .outcome { border-inline-start: 4px solid var(--error-color); padding: 6px 12px; margin-top: 12px; overflow-wrap: anywhere; }
  .actions { display: flex; justify-content: flex-end; gap: 8px; margin-top: 20px; }
  .actions button { min-height: 36px; }
`;

export const STYLES = CHART_STYLES + FRAME + CONTROLS + MAP + LEGENDS + VERDICTS + CHARTS + DIALOG;
