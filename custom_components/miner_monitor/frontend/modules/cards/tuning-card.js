// How a miner does at each of its settings: the map, the verdicts, scatters, and what was changed when.

import { OneMinerCard } from "../lib/card.js";
import { CHART_STYLES } from "../lib/chart.js";
import { fire, h } from "../lib/dom.js";
import { idOf } from "../lib/miners.js";
import { MINUTE, Poll } from "../lib/records.js";
import { confirmApply, DIALOG_STYLES, VERDICTS_STYLES, verdictList } from "./tuning/details.js";
import { MAP_STYLES } from "./tuning/map.js";
import { LEGENDS_STYLES, MapPart } from "./tuning/map-part.js";
import { changesPart, CONTROLS_STYLES, HOURS, hoursChoice, refill, ScatterPart } from "./tuning/parts.js";
import { readMap, readPast } from "./tuning/past.js";
import { CHARTS_STYLES, SCATTERS, scatterName } from "./tuning/scatter.js";
import { CONTROLS, canSet, errorText, keyOf, presentSettings, settingsOf } from "../lib/settings.js";

/** @typedef {import("./tuning/parts.js").Hours} Hours */
/** @typedef {import("./tuning/figures.js").Past} Past */
/** @typedef {import("../lib/settings.js").Settings} Settings */
/** @typedef {import("./tuning/figures.js").TuningMap} TuningMap */
/** @typedef {import("./tuning/figures.js").View} View */
/** @typedef {import("../lib/types.js").CardConfig} CardConfig */
/** @typedef {import("../lib/types.js").Hass} Hass */
/** @typedef {import("../lib/types.js").Localize} Localize */
/** @typedef {import("../lib/types.js").Miner} Miner */

const WATCHED = [...Object.values(CONTROLS), "sensor.status", "binary_sensor.online"];
const PADDING = 16;
const OFTEN = { every: 5 * MINUTE, retry: MINUTE };

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

const STYLES =
  CHART_STYLES + FRAME + CONTROLS_STYLES + MAP_STYLES + LEGENDS_STYLES + VERDICTS_STYLES + CHARTS_STYLES + DIALOG_STYLES;

/** `{type: "custom:miner-tuning-card", device_id: "..."}` */
export class MinerTuningCard extends OneMinerCard {
  /** @type {import("../lib/types.js").Localize} */
  #localize = () => "";
  /** @type {Hours} */
  #hours = 72;
  /** @type {TuningMap | null | undefined} */
  #map;
  /** @type {Past | undefined} */
  #past;
  /** @type {unknown} */
  #mapError;
  /** @type {unknown} */
  #pastError;
  #parts = {
    head: h("div", { class: "head" }),
    status: h("div", { role: "status" }),
    mapError: h("div", {}),
    map: new MapPart(() => this.#again("map")),
    verdicts: h("section", { class: "verdict-part" }),
    past: h("div", { class: "head past-head" }),
    scatter: new ScatterPart(() => this.#again("scatter")),
    changes: h("section", { class: "changes-part" }),
  };
  /** @type {Map<string, unknown[]>} */
  #painted = new Map();

  #mapPoll = new Poll(
    () => readMap(this.hass, this.config.device_id),
    (outcome) => {
      if ("value" in outcome) this.#map = outcome.value;
      this.#mapError = "error" in outcome ? (outcome.error ?? {}) : undefined;
      this.ask();
    },
    OFTEN,
  );

  #pastPoll = new Poll(
    () => readPast(this.hass, /** @type {Miner} */ (this.miner), this.#hours),
    (outcome) => {
      if ("value" in outcome) this.#past = outcome.value;
      this.#pastError = "error" in outcome ? (outcome.error ?? {}) : undefined;
      this.ask();
    },
    OFTEN,
  );

  constructor() {
    super();
    const { head, status, mapError, map, verdicts, past, scatter, changes } = this.#parts;
    this.body.append(head, status, mapError, map.element, verdicts, past, scatter.element, changes);
  }

  /** @override */
  static get styles() {
    return STYLES;
  }

  static getConfigForm() {
    return configForm();
  }

  /** @override @param {CardConfig} config */
  setConfig(config) {
    checkConfig(config);
    if (config.device_id !== this.config.device_id) this.#forget();
    this.#hours = /** @type {Hours} */ (Number(config.hours ?? 72));
    this.#parts.scatter.name = config.scatter ?? "hash_rate_power";
    super.setConfig(config);
    if (this.hass && this.isConnected) for (const poll of this.polls) poll.start();
  }

  #forget() {
    this.#mapPoll.stop();
    this.#pastPoll.stop();
    this.#map = this.#past = this.#mapError = this.#pastError = undefined;
    this.#parts.status.replaceChildren();
    this.#parts.map.reset();
  }

  /** @override */
  prepared() {
    super.prepared();
    this.#painted.clear();
    this.polls = this.miner ? this.#wanted() : [];
    this.#loadReportWords();
  }

  /** The words of the reports are in the same category as ours, so that they are there already. */
  async #loadReportWords() {
    try {
      this.#localize = await this.hass.loadBackendTranslation("common", "miner_monitor");
      this.#painted.clear();
      this.ask();
    } catch {
      // Keys instead of words, until the connection is back.
    }
  }

  /** What is read for what is shown. */
  #wanted() {
    return [
      ...(this.#shows("map") || this.#shows("verdicts") ? [this.#mapPoll] : []),
      ...(this.#shows("scatter") || this.#shows("changes") ? [this.#pastPoll] : []),
    ];
  }

  /** @override */
  watched() {
    return WATCHED.flatMap((name) => idOf(this.miner, name) ?? []);
  }

  /** @override */
  getCardSize() {
    return 12;
  }

  /** @param {typeof PARTS[number]} part */
  #shows(part) {
    return !this.config.show?.length || this.config.show.includes(part);
  }

  /** Paint one part again. @param {string} part */
  #again(part) {
    this.#painted.delete(part);
    this.ask();
  }

  /** @returns {View | null} */
  #view() {
    const miner = this.miner;
    const width = Math.floor(this.width) - 2 * PADDING - 2;
    if (!miner || width < 100) return null;
    const { hass, say } = this;
    return {
      ...{ hass, miner, say, width, localize: this.#localize },
      present: presentSettings(hass, miner),
      canApply: (settings) => canSet(miner, settings),
      apply: (settings) => this.#apply(settings),
    };
  }

  /** @override */
  paint() {
    if (!this.miner) {
      this.#parts.mapError.replaceChildren(h("p", { class: "empty-note" }, this.say("tuning_no_miner")));
      return;
    }
    const view = this.#view();
    if (!view) return;
    const present = view.present && keyOf(view.present);
    const looks = [view.width, this.say, view.hass.locale];
    this.#part("head", [...looks, this.miner.name], () => {
      const title = this.config.title ?? view.say("tuning_title", { name: view.miner.name });
      refill(this.#parts.head, [title ? h("h2", {}, title) : null]);
    });
    this.#part("error", [...looks, this.#map, this.#mapError], () => this.#paintError(view));
    this.#part("map", [...looks, this.#map, present], () => this.#paintMap(view));
    this.#part("verdicts", [...looks, this.#map, present], () => this.#paintVerdicts(view));
    this.#part("past", [...looks, this.#past, this.#pastError, this.#hours], () => this.#paintHead(view));
    this.#part("scatter", [...looks, this.#past], () => {
      if (this.#past && this.#shows("scatter")) this.#parts.scatter.paint(view, this.#past);
    });
    this.#part("changes", [...looks, this.#past], () => {
      if (this.#past && this.#shows("changes")) refill(this.#parts.changes, changesPart(view, this.#past));
    });
    // Settings that were changed belong into the chart.
    this.#part("set", [present], () => this.#past && this.#pastPoll.soon());
  }

  /**
   * Paint a part where what it depends on is another.
   *
   * @param {string} name
   * @param {unknown[]} depends
   * @param {() => void} paint
   */
  #part(name, depends, paint) {
    const before = this.#painted.get(name);
    if (before && before.every((value, index) => value === depends[index])) return;
    this.#painted.set(name, depends);
    paint();
  }

  /** @param {View} view */
  #paintError({ say }) {
    const error = this.#mapError;
    refill(this.#parts.mapError, [
      error === undefined ? null : h("p", { class: "error" }, say("tuning_read_failed", { error: errorText(error, say) })),
      this.#map === undefined && error === undefined && (this.#shows("map") || this.#shows("verdicts"))
        ? h("p", { class: "secondary" }, say("tuning_reading"))
        : null,
    ]);
  }

  /** @param {View} view */
  #paintMap(view) {
    const { element } = this.#parts.map;
    const map = this.#map;
    if (map === undefined || !this.#shows("map")) return element.replaceChildren();
    if (map?.points.length) return this.#parts.map.paint(view, map);
    return element.replaceChildren(h("p", { class: "empty-note" }, view.say("tuning_empty")));
  }

  /** @param {View} view */
  #paintVerdicts(view) {
    const { verdicts } = this.#parts;
    const map = this.#map;
    if (!map?.points.length || !this.#shows("verdicts")) return verdicts.replaceChildren();
    return refill(verdicts, [h("h3", {}, view.say("tuning_verdicts")), ...verdictList(view, map)]);
  }

  /** @param {View} view */
  #paintHead(view) {
    if (!this.#shows("scatter") && !this.#shows("changes")) return;
    const { say } = view;
    const error = this.#pastError;
    refill(this.#parts.past, [
      hoursChoice(view, this.#hours, (hours) => this.#show(hours)),
      error === undefined ? null : h("p", { class: "error" }, say("tuning_read_failed", { error: errorText(error, say) })),
    ]);
  }

  /** @param {Hours} hours */
  #show(hours) {
    this.#hours = hours;
    this.ask();
    this.#pastPoll.now();
  }

  /** @param {Settings} settings */
  async #apply(settings) {
    const view = this.#view();
    if (!view) return;
    const root = /** @type {ShadowRoot} */ (this.shadowRoot);
    const opener = root.activeElement?.getAttribute("data-focus") ?? null;
    const { status } = this.#parts;
    status.replaceChildren();
    const applied = await confirmApply(root, view, settings, this.#map);
    if (applied) {
      const words = view.say("tuning_applied", { name: view.miner.name, setting: settingsOf(view, settings) });
      status.replaceChildren(h("p", { class: "status" }, words));
      // The card may be longer than the screen: the app's own message is seen anywhere.
      fire(this, "hass-notification", { message: words });
      this.#mapPoll.now();
    }
    this.#focus(opener);
  }

  /** Give the focus back to what opened the dialog. @param {string | null} name */
  #focus(name) {
    for (const candidate of this.body.querySelectorAll("[data-focus]")) {
      if (candidate.getAttribute("data-focus") === name && candidate instanceof HTMLElement) candidate.focus();
    }
  }
}

export const PARTS = /** @type {const} */ (["map", "verdicts", "scatter", "changes"]);

const COMMON = "component.miner_monitor.common.dashboard_";

/**
 * Say something in a form, which has no card whose words it could take.
 *
 * @param {Localize | undefined} localize
 * @returns {import("../lib/types.js").Say}
 */
function sayBy(localize) {
  return (key, values) => localize?.(COMMON + key, values) || key;
}

/** @returns {import("../lib/types.js").Say} */
function sayNow() {
  const app = /** @type {(Element & {hass?: Hass}) | null} */ (document.querySelector("home-assistant"));
  return sayBy(app?.hass?.localize);
}

/** @returns {Record<string, any>} */
export function configForm() {
  const say = sayNow();
  // @says tuning_part_map tuning_part_verdicts tuning_part_scatter tuning_part_changes
  const parts = PARTS.map((value) => ({ value, label: say(`tuning_part_${value}`) }));
  const names = /** @type {import("./tuning/scatter.js").ScatterName[]} */ (Object.keys(SCATTERS));
  const scatters = names.map((value) => ({ value, label: scatterName(say, value) }));
  // @says tuning_last_24 tuning_last_72 tuning_last_168
  const hours = HOURS.map((value) => ({ value: String(value), label: say(`tuning_last_${value}`) }));
  return {
    schema: [
      OneMinerCard.deviceField,
      { name: "show", selector: { select: { multiple: true, options: parts } } },
      { name: "scatter", selector: { select: { mode: "dropdown", options: scatters } } },
      { name: "hours", selector: { select: { mode: "dropdown", options: hours } } },
    ],
    // @says tuning_form_device_id tuning_form_show tuning_form_scatter tuning_form_hours
    computeLabel: (/** @type {{name: string}} */ { name }) => sayNow()(`tuning_form_${name}`),
  };
}

/**
 * Say in plain words what is wrong with a configuration.
 *
 * @param {CardConfig} config
 */
export function checkConfig({ show, scatter, hours }) {
  if (show !== undefined && !(Array.isArray(show) && show.every((part) => PARTS.includes(part)))) {
    throw new Error(`show is a list of ${PARTS.join(", ")}`);
  }
  if (scatter !== undefined && !Object.hasOwn(SCATTERS, scatter)) {
    throw new Error(`scatter is one of ${Object.keys(SCATTERS).join(", ")}`);
  }
  if (hours !== undefined && !HOURS.some((count) => count === Number(hours))) {
    throw new Error(`hours is one of ${HOURS.join(", ")}`);
  }
}
