// Opens the dashboard in a page that was loaded before there was a miner. Such a page
// does not know our modules, and loads of a sudden only what a panel of its own names.

import "./miner-monitor.js";
import { fire } from "./lib/dom.js";

const NAME = "miner-monitor-opener";

class MinerMonitorOpener extends HTMLElement {
  /** @type {{config: {path: string}} | undefined} what Home Assistant knows of the panel */
  panel;

  connectedCallback() {
    // Not while Home Assistant is about to show this one.
    setTimeout(() => {
      if (!this.isConnected) return;
      history.replaceState(null, "", this.panel?.config.path);
      fire(window, "location-changed", { replace: true });
    });
  }
}

if (!customElements.get(NAME)) customElements.define(NAME, MinerMonitorOpener);
