// Small signs, one shape for each status: colour is not all that tells them apart.

import { s, setAttribute } from "../../lib/dom.js";

const RING = "M8 3a5 5 0 1 0 0 10a5 5 0 1 0 0-10z";
const ALERT = "M8 1.5l7 12.5H1zM7.2 6v4h1.6V6zM7.2 11v1.6h1.6V11z";

/** @type {Record<string, string>} */
const SHAPES = {
  hashing: RING,
  starting: `${RING}M8 4.6a3.4 3.4 0 0 1 0 6.8z`,
  paused: "M4 3h3v10H4zM9 3h3v10H9z",
  standby: "M6.5 2.5a6 6 0 1 0 7 7.5a5 5 0 0 1-7-7.5z",
  overheated: ALERT,
  fault: ALERT,
  pool_lost: "M8 2l6 6l-6 6l-6-6zM8 5l-3 3l3 3l3-3z",
  idle: `${RING}M8 4.8a3.2 3.2 0 1 1 0 6.4a3.2 3.2 0 1 1 0-6.4z`,
  away: "M4.4 3L8 6.6L11.6 3L13 4.4L9.4 8L13 11.6L11.6 13L8 9.4L4.4 13L3 11.6L6.6 8L3 4.4z",
  unknown: "M3 7h10v2H3z",
};

/**
 * Make a sign.
 *
 * @param {string} [shape]
 * @returns {SVGElement}
 */
export function glyph(shape = "unknown") {
  return s(
    "svg",
    { class: "glyph", viewBox: "0 0 16 16", "aria-hidden": "true", "data-shape": shape },
    s("path", { d: SHAPES[shape] ?? SHAPES.unknown, "fill-rule": "evenodd" }),
  );
}

/**
 * Make another sign of one.
 *
 * @param {SVGElement} sign
 * @param {string} shape
 */
export function setGlyph(sign, shape) {
  if (sign.getAttribute("data-shape") === shape) return;
  sign.setAttribute("data-shape", shape);
  if (sign.firstElementChild) setAttribute(sign.firstElementChild, "d", SHAPES[shape] ?? RING);
}
