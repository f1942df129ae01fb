// A switch that shows what the device reports, never what was asked for.

import { h, setAttribute } from "../../lib/dom.js";

/** @typedef {import("../../lib/types.js").HassState} HassState */

/** So long a device may take to report what it was asked for. */
const PATIENCE = 30_000;

/** A switch of a row. */
export class SaveSwitch {
  /** @type {"on" | "off" | null} */
  #wanted = null;
  #shown = "";
  #timer = 0;

  /**
   * @param {string} label
   * @param {(on: boolean) => Promise<void>} turn
   */
  constructor(label, turn) {
    this.turn = turn;
    this.element = h(
      "button",
      { type: "button", class: "toggle", role: "switch", "aria-label": label, onclick: () => this.#press() },
      h("span", { class: "track", "aria-hidden": "true" }, h("span", { class: "thumb" })),
    );
    this.show(undefined);
  }

  /** @param {HassState | undefined} state */
  show(state) {
    this.#shown = state?.state ?? "";
    const known = this.#shown === "on" || this.#shown === "off";
    if (this.#wanted !== null && (this.#shown === this.#wanted || !known)) this.#settle();
    // What can be pressed while its state is not known would do nobody knows what.
    this.element.disabled = !known;
    setAttribute(this.element, "aria-checked", String(this.#shown === "on"));
  }

  async #press() {
    if (this.#wanted !== null) return;
    this.#wanted = this.#shown === "on" ? "off" : "on";
    setAttribute(this.element, "aria-busy", "true");
    try {
      await this.turn(this.#wanted === "on");
      this.#timer = window.setTimeout(() => this.#settle(), PATIENCE);
      if (this.#shown === this.#wanted) this.#settle();
    } catch {
      this.#settle();
    }
  }

  #settle() {
    this.#wanted = null;
    window.clearTimeout(this.#timer);
    setAttribute(this.element, "aria-busy", null);
  }
}
