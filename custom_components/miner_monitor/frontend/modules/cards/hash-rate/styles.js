// CSS of the hash-rate card.

import { DRAW_STYLES } from "./draw.js";
import { INSPECTOR_STYLES } from "./inspector.js";

export const STYLES = `
  ${DRAW_STYLES}
  ${INSPECTOR_STYLES}
  :host { display: block; }
  ha-card { height: 100%; }
  .body { padding: 12px 16px 16px; }
  [hidden] { display: none !important; }
  .head { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center; margin-bottom: 8px; }
  .names { flex: 1 1 auto; display: flex; flex-wrap: wrap; gap: 0 12px; align-items: baseline; min-width: 0; }
  .title {
    margin: 0; font-size: var(--ha-font-size-l, 16px); font-weight: 500; line-height: 1.4;
    color: var(--primary-text-color); overflow-wrap: anywhere;
  }
  button {
    font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer;
    border-radius: 6px; outline: none;
  }
  button:focus-visible { box-shadow: 0 0 0 2px var(--primary-color); }
  .now { font-size: 20px; min-width: 24px; min-height: 28px; color: var(--primary-text-color); font-variant-numeric: tabular-nums; }
  .ranges { display: flex; gap: 4px; }
  .ranges button {
    min-width: 44px; min-height: 32px; padding: 0 8px; font-size: 13px;
    color: var(--primary-text-color); border: 1px solid var(--divider-color);
  }
  .ranges button[aria-pressed="true"] {
    border-color: var(--primary-color); box-shadow: inset 0 0 0 1px var(--primary-color); font-weight: 600;
  }
  .ranges button:focus-visible { box-shadow: 0 0 0 2px var(--primary-color); }
  .message { color: var(--secondary-text-color); font-size: 14px; }
  .message:not(:empty) { padding: 8px 0; }
  .legend { display: flex; flex-wrap: wrap; gap: 2px 8px; margin-top: 6px; font-size: 12px; }
  .key {
    display: inline-flex; align-items: center; gap: 6px; min-height: 28px; padding: 0 6px;
    color: var(--primary-text-color);
  }
  .key[aria-pressed="false"] { color: var(--secondary-text-color); text-decoration: line-through; }
  .key[aria-pressed="false"] > :first-child { opacity: 0.35; }
  [data-sample="hash_rate"] { stroke: var(--secondary-text-color); stroke-width: 1; }
  [data-sample="expected"] {
    stroke: var(--primary-text-color); stroke-width: 1.75; stroke-dasharray: 6 4; stroke-linecap: butt;
  }
  .swatches { display: inline-flex; gap: 2px; }
  .swatches span {
    width: 12px; height: 12px; line-height: 12px; text-align: center; font-weight: 700; border-radius: 2px;
    color: var(--primary-text-color); background: color-mix(in srgb, var(--tone) 35%, transparent);
  }
  .figures {
    display: grid; grid-template-columns: repeat(auto-fit, minmax(118px, 1fr)); gap: 10px 16px;
    margin: 10px 0 0; padding-top: 10px; border-top: 1px solid var(--divider-color);
  }
  .figures dt { font-size: 12px; overflow-wrap: anywhere; color: var(--secondary-text-color); }
  .figures dd {
    margin: 0; font-size: 15px; color: var(--primary-text-color); font-variant-numeric: tabular-nums;
  }
  .figures small { display: block; font-size: 12px; color: var(--secondary-text-color); }
  .notes p { margin: 4px 6px 0; font-size: 12px; color: var(--secondary-text-color); }
`;
