// The tabs of a miner: links between the views that are about it.

import { MinerCard } from "../lib/card.js";
import { fire, h } from "../lib/dom.js";

/** @typedef {import("../lib/types.js").CardConfig} CardConfig */

const STYLES = `
  ha-card { background: none; border: 0; box-shadow: none; }
  nav { display: flex; flex-wrap: wrap; gap: 0 4px; border-bottom: 1px solid var(--divider-color); }
  a {
    display: inline-flex; align-items: center; min-height: 44px; padding: 0 12px; box-sizing: border-box;
    color: var(--primary-text-color); text-decoration: none; font-size: 14px; font-weight: 500;
    border-bottom: 3px solid transparent; border-radius: 6px 6px 0 0;
  }
  a:hover { background: color-mix(in srgb, var(--primary-text-color) 6%, transparent); }
  a[aria-current] { border-bottom-color: var(--primary-color); }
  a:focus-visible { outline: 2px solid var(--primary-color); outline-offset: -2px; }
  @media (max-width: 500px) { a { padding: 0 8px; font-size: 13px; } }
`;

/** Config: `tabs`, each with `name` and `path` beside the view's own, and which one is `current`. */
export class MinerTabsCard extends MinerCard {
  static get styles() {
    return STYLES;
  }

  /** @param {CardConfig} config */
  setConfig(config) {
    if (!Array.isArray(config.tabs)) throw new Error("tabs is a list of names and paths");
    super.setConfig(config);
    const links = config.tabs.map(({ name, path }) =>
      h("a", { href: path, "aria-current": path === config.current && "page", onclick: go }, name),
    );
    this.body.replaceChildren(h("nav", {}, links));
  }
}

/**
 * Go to another tab; the way back leads to where one came from, not through all tabs.
 *
 * @param {MouseEvent} event
 */
function go(event) {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  const { href } = /** @type {HTMLAnchorElement} */ (event.currentTarget);
  history.replaceState(history.state, "", href);
  fire(window, "location-changed", { replace: true });
}
