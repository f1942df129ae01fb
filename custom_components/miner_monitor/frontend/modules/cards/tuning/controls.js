// Small choices: buttons in a row, of which one is pressed, and a list to choose from.

import { h } from "../../lib/dom.js";

/**
 * @template {string | number} T
 * @param {string} label what is chosen
 * @param {[T, string][]} options values and their words
 * @param {T} chosen
 * @param {(value: T) => void} choose
 * @param {string} name for the focus to come back after a repaint
 * @returns {HTMLElement}
 */
export function segments(label, options, chosen, choose, name) {
  return h(
    "div",
    { class: "segments", role: "group", "aria-label": label },
    ...options.map(([value, text]) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(value === chosen),
          "data-value": value,
          "data-focus": `${name} ${value}`,
          onclick: () => choose(value),
        },
        text,
      ),
    ),
  );
}

/**
 * @template {string} T
 * @param {string} label
 * @param {[T, string][]} options
 * @param {T} chosen
 * @param {(value: T) => void} choose
 * @param {string} name
 * @returns {HTMLElement}
 */
export function chooser(label, options, chosen, choose, name) {
  return h(
    "select",
    {
      "aria-label": label,
      class: name,
      "data-focus": name,
      onchange: (/** @type {Event} */ event) =>
        choose(/** @type {T} */ (/** @type {HTMLSelectElement} */ (event.target).value)),
    },
    ...options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)),
  );
}

/**
 * Put other children into an element; what had the focus has it again.
 *
 * @param {Element} element
 * @param {(Node | null | undefined)[]} children
 */
export function refill(element, children) {
  const root = /** @type {ShadowRoot | Document} */ (element.getRootNode());
  const active = root.activeElement;
  const name = active && element.contains(active) ? active.getAttribute("data-focus") : null;
  element.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
  if (name === null) return;
  for (const candidate of element.querySelectorAll("[data-focus]")) {
    if (candidate.getAttribute("data-focus") !== name || !(candidate instanceof HTMLElement)) continue;
    candidate.focus({ preventScroll: true });
    return;
  }
  // What had it is gone: whoever uses keys goes on from here.
  element.setAttribute("tabindex", "-1");
  if (element instanceof HTMLElement) element.focus({ preventScroll: true });
}
