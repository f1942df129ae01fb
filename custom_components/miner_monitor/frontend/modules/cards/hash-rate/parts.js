// The parts of the hash-rate card around its chart: buttons, legend, figures and notes.

import { h, setAttribute } from "../../lib/dom.js";
import { areaSample, sample, strokeOf } from "./draw.js";
import { spanText } from "./words.js";

/** @typedef {import("../../lib/texts.js").Say} Say */
/** @typedef {import("./words.js").Line} Line */

/**
 * Show the buttons of how much time the chart shows; they stay what they are, so that
 * the focus stays too.
 *
 * @param {HTMLElement} group
 * @param {number[]} all in hours
 * @param {number} chosen
 * @param {Say} say
 * @param {(hours: number) => void} choose
 */
export function rangeButtons(group, all, chosen, say, choose) {
  setAttribute(group, "aria-label", say("hash_rate_range"));
  /** @param {number} hours */
  const make = (hours) => h("button", { type: "button", "data-hours": hours, onclick: () => choose(hours) });
  if (!group.children.length) group.append(...all.map(make));
  all.forEach((hours, i) => {
    const button = /** @type {HTMLElement} */ (group.children[i]);
    button.textContent = spanText(hours * 60, say);
    setAttribute(button, "aria-pressed", String(hours === chosen));
  });
}

/**
 * Show the lines of the chart as buttons that put them away.
 *
 * @param {HTMLElement} group
 * @param {{series: string, name: string, about: string}[]} lines
 * @param {Set<string>} hidden
 * @param {Say} say
 * @param {(series: string) => void} toggle
 */
export function legendButtons(group, lines, hidden, say, toggle) {
  setAttribute(group, "aria-label", say("hash_rate_legend"));
  const key = JSON.stringify(lines);
  if (group.dataset.lines !== key) {
    group.dataset.lines = key;
    const means = lines.filter(({ series }) => series.startsWith("mean_"));
    group.replaceChildren(
      ...lines.map((line) =>
        h(
          "button",
          {
            type: "button",
            class: "key",
            "data-toggles": line.series,
            title: line.about || undefined,
            onclick: () => toggle(line.series),
          },
          pictureOf(line.series, means.indexOf(line)),
          line.name,
        ),
      ),
    );
  }
  for (const button of group.querySelectorAll("button")) {
    setAttribute(button, "aria-pressed", String(!hidden.has(button.dataset.toggles ?? "")));
  }
}

/**
 * @param {string} series
 * @param {number} mean which of the means it is
 */
function pictureOf(series, mean) {
  if (series === "deviation") return areaSample();
  if (mean < 0) return sample({ class: "series", "data-sample": series });
  const { color, width } = strokeOf(mean);
  return sample({ class: "series", style: { stroke: color, "stroke-width": width } });
}

/**
 * @param {HTMLElement} list
 * @param {Line[]} lines
 */
export function figureList(list, lines) {
  list.hidden = !lines.length;
  list.replaceChildren(
    ...lines.map(({ name, value, more }) =>
      h("div", {}, h("dt", {}, name), h("dd", {}, value, more ? h("small", {}, more) : null)),
    ),
  );
}

/**
 * @param {HTMLElement} element
 * @param {string[]} notes
 */
export function noteList(element, notes) {
  element.hidden = !notes.length;
  element.replaceChildren(...notes.map((note) => h("p", {}, note)));
}
