// The list of what needs attention, above the rows.

// @says fleet_severity_critical fleet_severity_warning

import { h } from "../../lib/dom.js";
import { glyph } from "./glyphs.js";
import { openMiner, subviewOf } from "./row.js";

/** @typedef {import("./findings.js").Note} Note */

const REPAIRS = "/config/repairs";

/** More than these are shown only if somebody wants to see them. */
const SHOWN = 5;

/** What needs attention. */
export class NotesView {
  #shown = "";
  #all = false;
  /** @type {Note[]} */
  #notes = [];

  /**
   * @param {import("./row.js").Surroundings} around
   * @param {boolean} admin whether repairs can be opened
   */
  constructor(around, admin) {
    this.around = around;
    this.admin = admin;
    this.element = h("section", {
      class: "notes",
      hidden: true,
      "aria-label": around.say("fleet_attention"),
    });
  }

  /** @param {Note[]} notes */
  show(notes) {
    const signature = JSON.stringify(
      notes.map(({ severity, name, text, miner }) => [severity, name, text, miner?.id]),
    );
    if (signature === this.#shown) return;
    this.#shown = signature;
    this.#notes = notes;
    this.#paint();
  }

  #paint() {
    const notes = this.#notes;
    const shown = this.#all ? notes : notes.slice(0, SHOWN);
    this.element.hidden = !notes.length;
    this.element.replaceChildren(h("ul", {}, ...shown.map((note) => this.#item(note))));
    if (notes.length > SHOWN) this.element.append(this.#more());
  }

  #more() {
    const words = this.#all
      ? this.around.say("fleet_fewer")
      : this.around.say("fleet_more", { count: this.#notes.length - SHOWN });
    return h(
      "button",
      { type: "button", class: "more", "aria-expanded": String(this.#all), onclick: () => this.#turn() },
      words,
    );
  }

  #turn() {
    this.#all = !this.#all;
    this.#paint();
    /** @type {HTMLElement | null} */ (this.element.querySelector("button.more"))?.focus();
  }

  /** @param {Note} note */
  #item(note) {
    const severity = this.around.say(`fleet_severity_${note.severity}`);
    return h(
      "li",
      { class: `notice ${note.severity}`, "data-miner": note.miner?.id },
      this.#link(note, [
        glyph("fault"),
        h("span", { class: "unseen" }, `${severity}: `),
        h("span", { class: "words" }, note.name && h("b", {}, note.name), note.name && " ", note.text),
      ]),
    );
  }

  /** @param {Note} note @param {Node[]} parts */
  #link(note, parts) {
    const { miner } = note;
    if (!miner)
      return this.admin
        ? h("a", { href: REPAIRS, class: "to" }, ...parts)
        : h("div", { class: "to" }, ...parts);
    const open = (/** @type {MouseEvent} */ event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      openMiner(this.element, miner, this.around.subviews);
    };
    if (this.around.subviews) return h("a", { href: subviewOf(miner), class: "to", onclick: open }, ...parts);
    return h("button", { type: "button", class: "to", onclick: open }, ...parts);
  }
}
