// What was measured at operating points, the verdicts, and the dialog that applies one.

import { h } from "../../lib/dom.js";
import { stateOf, unitOf } from "../../lib/miners.js";
import { inOrder, rowsOf, starOf, verdictLines } from "./figures.js";
import { BLOCK, errorText, keyOf, reportWord, same, settingsOf } from "../../lib/settings.js";
import { momentText, pairText, spanText } from "../../lib/words.js";

/** @typedef {import("./figures.js").VerdictLine} VerdictLine */
/** @typedef {import("./figures.js").Quantity} Quantity */
/** @typedef {import("../../lib/settings.js").Settings} Settings */
/** @typedef {import("./figures.js").TuningMap} TuningMap */
/** @typedef {import("./figures.js").TuningPoint} TuningPoint */
/** @typedef {import("./figures.js").View} View */

// @says tuning_figure_hash_rate tuning_figure_efficiency tuning_figure_stability tuning_figure_power
// @says tuning_figure_chip_temperature tuning_figure_vr_temperature tuning_figure_room_temperature
// @says tuning_figure_fan_duty_cycle tuning_figure_input_voltage tuning_figure_error_rate
// @says tuning_figure_reject_rate

/**
 * Return what is known of a point.
 *
 * @param {View} view
 * @param {TuningMap} map
 * @param {TuningPoint} point
 * @param {Quantity} quantity
 * @returns {HTMLElement[]}
 */
export function details(view, map, point, quantity) {
  const { say } = view;
  const rows = rowsOf(point, unitsOf(view, map), view.hass.locale).map(({ name, value, spread }) =>
    h(
      "tr",
      { class: name === quantity ? "chosen" : null },
      h("th", { scope: "row" }, say(`tuning_figure_${name}`)),
      h("td", {}, value, spread && h("small", {}, spread)),
    ),
  );
  return [
    h("h3", { class: "point-name" }, settingsOf(view, point.settings), ...badges(view, map, point, quantity)),
    h("table", { class: "figures" }, h("tbody", {}, ...rows)),
    h("p", { class: "secondary" }, since(view, point)),
    bottlenecks(view, point),
    applyButton(view, point.settings, "details"),
  ].filter((part) => part !== null);
}

/**
 * @param {View} view
 * @param {TuningMap} map
 */
export function unitsOf({ hass, miner }, map) {
  return { rate: map.hash_rate_unit, temperature: unitOf(stateOf(hass, miner, "sensor.chip_temperature")) };
}

/**
 * @param {View} view
 * @param {TuningMap} map
 * @param {TuningPoint} point
 * @param {Quantity} quantity
 */
function badges(view, map, point, quantity) {
  const star = starOf(map, quantity);
  const { say } = view;
  return [
    star?.point === point && h("span", { class: "badge" }, star.certain ? `★ ${say("tuning_best")}` : `☆ ${say("tuning_leads")}`),
    same(point.settings, view.present) && h("span", { class: "badge" }, say("tuning_in_use")),
  ];
}

/**
 * @param {View} view
 * @param {TuningPoint} point
 */
function since({ say, hass }, { blocks, days, last }) {
  const time = spanText(blocks * BLOCK, say, hass.locale);
  const moment = last === null ? "–" : momentText(Date.parse(last), hass);
  return days === 1 ? say("tuning_measured_once", { time, last: moment }) : say("tuning_measured", { time, days, last: moment });
}

/**
 * Return what holds a point back, in words; null where nothing does.
 *
 * @param {View} view
 * @param {TuningPoint} point
 * @returns {HTMLElement | null}
 */
export function bottlenecks(view, point) {
  if (!point.bottlenecks.length) return null;
  return h("p", { class: "held-back" }, "⚠ ", view.say("tuning_held_back", { what: bottleneckNames(view, point) }));
}

/**
 * @param {View} view
 * @param {TuningPoint} point
 * @returns {string}
 */
export function bottleneckNames({ hass, localize }, { bottlenecks: found }) {
  const names = found.map((kind) => reportWord(localize, `finding_${kind}`));
  return new Intl.ListFormat(hass.locale?.language, { type: "unit", style: "short" }).format(names);
}

/**
 * Return the button that applies settings, where they are others and can be set.
 *
 * @param {View} view
 * @param {Settings} settings
 * @param {string} place tells it from others for the same settings
 * @returns {HTMLElement | null}
 */
export function applyButton(view, settings, place) {
  if (view.present === null || same(settings, view.present) || !view.canApply(settings)) return null;
  const setting = settingsOf(view, settings);
  return h(
    "button",
    {
      class: "apply",
      type: "button",
      "data-focus": `apply ${place}`,
      "data-key": keyOf(settings),
      "aria-label": view.say("tuning_apply_setting", { setting }),
      onclick: () => view.apply(settings),
    },
    view.say("tuning_apply"),
  );
}

/**
 * Ask, and apply. The dialog is modal: it keeps the focus, and Escape closes it.
 *
 * @param {Node} root where the dialog is put
 * @param {View} view
 * @param {Settings} settings
 * @param {TuningMap | null | undefined} map what is known of these settings and of the present ones
 * @returns {Promise<boolean>} whether the settings were applied
 */
export function confirmApply(root, view, settings, map) {
  const { say } = view;
  const outcome = h("p", { class: "outcome", role: "alert" });
  const confirm = h("button", { class: "confirm", type: "button" }, say("tuning_apply"));
  const cancel = h("button", { class: "cancel", type: "button", autofocus: true }, say("tuning_cancel"));
  const dialog = h(
    "dialog",
    { class: "confirmation", "aria-labelledby": "apply-title", "aria-describedby": "apply-text" },
    h("h3", { id: "apply-title" }, say("tuning_apply_title", { name: view.miner.name })),
    h("div", { id: "apply-text" }, changesText(view, settings), ...(map ? expectedText(view, map, settings) : [])),
    outcome,
    h("div", { class: "actions" }, cancel, confirm),
  );
  root.appendChild(dialog);
  return new Promise((resolve) => {
    let applied = false;
    cancel.addEventListener("click", () => dialog.close());
    confirm.addEventListener("click", async () => {
      applied = await apply(view, settings, { dialog, confirm, outcome });
      if (applied) dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(applied);
    });
    dialog.showModal();
    cancel.focus();
  });
}

/**
 * @param {View} view
 * @param {Settings} settings
 * @param {{dialog: HTMLElement, confirm: HTMLButtonElement, outcome: HTMLElement}} parts
 */
async function apply({ hass, miner, say }, settings, { dialog, confirm, outcome }) {
  confirm.disabled = true;
  outcome.textContent = "";
  dialog.setAttribute("aria-busy", "true");
  confirm.textContent = say("tuning_applying");
  try {
    const target = { device_id: miner.id };
    await hass.callService("miner_monitor", "apply_settings", { ...settings }, target, false);
    return true;
  } catch (error) {
    outcome.textContent = say("tuning_apply_failed", { error: errorText(error, say) });
    return false;
  } finally {
    confirm.disabled = false;
    dialog.removeAttribute("aria-busy");
    confirm.textContent = say("tuning_apply");
  }
}

/**
 * @param {View} view
 * @param {Settings} settings
 */
function changesText(view, settings) {
  const { say, present } = view;
  const to = settingsOf(view, settings);
  return h(
    "dl",
    { class: "from-to" },
    present && h("dt", {}, say("tuning_from")),
    present && h("dd", {}, settingsOf(view, present)),
    h("dt", {}, say("tuning_to")),
    h("dd", { class: "to" }, to),
  );
}

/** What somebody who changes settings wants to know before. */
const EXPECTED = ["hash_rate", "power", "chip_temperature"];

/**
 * Return what was measured at the settings, beside the present ones, and what limited it.
 *
 * @param {View} view
 * @param {TuningMap} map
 * @param {Settings} settings
 */
function expectedText(view, map, settings) {
  const { say, hass } = view;
  const point = map.points.find((known) => same(known.settings, settings));
  if (!point) return [];
  const now = map.points.find((known) => same(known.settings, view.present));
  /** @param {TuningPoint | undefined} of */
  const texts = (of) => new Map(of && rowsOf(of, unitsOf(view, map), hass.locale).map(({ name, value }) => [name, value]));
  const [before, after] = [texts(now), texts(point)];
  const rows = EXPECTED.filter((name) => after.has(name)).flatMap((name) => {
    const from = before.get(name);
    return [
      h("dt", {}, say(`tuning_figure_${name}`)),
      h("dd", {}, from ? `${from} → ${after.get(name)}` : after.get(name)),
    ];
  });
  return [h("p", { class: "secondary" }, say("tuning_expected")), h("dl", { class: "from-to" }, rows), bottlenecks(view, point)];
}

/**
 * Return all verdicts, and what holds the present settings back.
 *
 * @param {View} view
 * @param {TuningMap} map
 * @returns {(HTMLElement | null)[]}
 */
export function verdictList(view, map) {
  const lines = verdictLines(map, view.say, view.hass.locale);
  const now = map.points.find(({ settings }) => same(settings, view.present));
  const told = now && lines.some(({ point }) => point === now);
  return [
    h("ul", { class: "verdicts" }, ...lines.map((line) => row(view, line))),
    now && !told && now.bottlenecks.length
      ? h("div", { class: "present-note" }, pairText(view.say("tuning_in_use"), settingsOf(view, now.settings), view.say), bottlenecks(view, now))
      : null,
    view.present === null ? h("p", { class: "secondary" }, view.say("tuning_offline")) : null,
  ];
}

/**
 * @param {View} view
 * @param {VerdictLine} line
 */
function row(view, { kind, point, value, note }) {
  const { say, localize } = view;
  // @says tuning_certain tuning_margin tuning_missing_both tuning_missing_blocks tuning_missing_day tuning_missing_days
  // @says tuning_missing_data tuning_missing_difference tuning_missing_points
  const certain = say(note.key, note.values);
  return h(
    "li",
    { class: "verdict", "data-verdict": kind },
    h(
      "div",
      { class: "words" },
      h("span", { class: "kind" }, reportWord(localize, `verdict_${kind}`)),
      point && h("span", { class: "setting" }, settingsOf(view, point.settings), value && ` – ${value}`),
      h("span", { class: "secondary" }, certain),
      point && bottlenecks(view, point),
    ),
    point && (same(point.settings, view.present)
      ? h("span", { class: "badge" }, say("tuning_in_use"))
      : applyButton(view, point.settings, kind)),
  );
}

const COLUMNS = ["hash_rate", "efficiency", "stability", "power", "chip_temperature", "fan_duty_cycle"];

/**
 * Return all points as a table.
 *
 * @param {View} view
 * @param {TuningMap} map
 * @returns {HTMLElement}
 */
export function pointsTable(view, map) {
  const { say, hass } = view;
  const rows = inOrder(map.points).map((point) => ({
    point,
    cells: new Map(rowsOf(point, unitsOf(view, map), hass.locale).map((row) => [row.name, row.value])),
  }));
  const columns = COLUMNS.filter((name) => rows.some(({ cells }) => cells.has(name)));
  return h(
    "table",
    { class: "points" },
    h("caption", { class: "unseen" }, say("tuning_map")),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, say("tuning_setting")),
        // @says tuning_figure_hash_rate tuning_figure_efficiency tuning_figure_stability tuning_figure_power
        // @says tuning_figure_chip_temperature tuning_figure_fan_duty_cycle
        ...columns.map((name) => h("th", { scope: "col" }, say(`tuning_figure_${name}`))),
        h("th", { scope: "col" }, say("tuning_time")),
        h("th", { scope: "col" }, say("tuning_notes")),
      ),
    ),
    h("tbody", {}, ...rows.map(({ point, cells }) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, settingsOf(view, point.settings)),
        ...columns.map((name) => h("td", {}, cells.get(name) ?? "–")),
        h("td", {}, spanText(point.blocks * BLOCK, say, hass.locale)),
        h("td", {}, notes(view, point)),
      ),
    )),
  );
}

/**
 * @param {View} view
 * @param {TuningPoint} point
 */
function notes(view, point) {
  const now = same(point.settings, view.present) ? [view.say("tuning_in_use")] : [];
  return [...now, ...(point.bottlenecks.length ? [bottleneckNames(view, point)] : [])].join(", ");
}

export const VERDICTS_STYLES = `
  .verdicts { list-style: none; display: grid; gap: 0; }
  .verdict { display: flex; gap: 12px; align-items: center; justify-content: space-between; padding: 10px 0;
    border-top: 1px solid var(--divider-color); }
  .verdict:first-child { border-top: 0; padding-top: 0; }
  .verdict .words { display: grid; gap: 1px; min-width: 0; }
  .verdict .kind { font-weight: 500; }
  .present-note { margin-top: 8px; font-size: 13px; }
`;

export const DIALOG_STYLES = `
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
