// Asks before settings are written to a miner, writes them, and tells how it went.

import { h } from "../../lib/dom.js";
import { bottleneckNames } from "./details.js";
import { settingsOf } from "./settings.js";
import { errorText } from "./words.js";

/** @typedef {import("./types.js").Settings} Settings */
/** @typedef {import("./types.js").TuningPoint} TuningPoint */
/** @typedef {import("./types.js").View} View */

/**
 * Ask, and apply. The dialog is modal: it keeps the focus, and Escape closes it.
 *
 * @param {Node} root where the dialog is put
 * @param {View} view
 * @param {Settings} settings
 * @param {TuningPoint | undefined} point what is known of these settings
 * @returns {Promise<boolean>} whether the settings were applied
 */
export function confirmApply(root, view, settings, point) {
  const { say } = view;
  const outcome = h("p", { class: "outcome", role: "alert" });
  const confirm = h("button", { class: "confirm", type: "button" }, say("tuning_apply"));
  const cancel = h("button", { class: "cancel", type: "button", autofocus: true }, say("tuning_cancel"));
  const dialog = h(
    "dialog",
    { class: "confirmation", "aria-labelledby": "apply-title", "aria-describedby": "apply-text" },
    h("h3", { id: "apply-title" }, say("tuning_apply_title", { name: view.miner.name })),
    h("div", { id: "apply-text" }, changesText(view, settings), warning(view, point)),
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

/**
 * @param {View} view
 * @param {TuningPoint | undefined} point
 */
function warning(view, point) {
  if (!point?.bottlenecks.length) return null;
  const what = bottleneckNames(view, point);
  return h("p", { class: "held-back" }, "⚠ ", view.say("tuning_held_back", { what }));
}
