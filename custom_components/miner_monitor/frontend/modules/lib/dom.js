// Elements made by hand. Text is only ever text: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {string | number | Node | null | undefined | false} Child */

/**
 * Make an HTML element.
 *
 * Of `traits`, `class` and other strings and numbers become attributes, `true` an
 * empty one, functions under `onclick` and the like listeners, `style` an object of
 * properties. Children that are null, undefined or false are left out.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @overload
 * @param {Tag} tag
 * @param {Record<string, any>} [traits]
 * @param {...(Child | Child[])[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
/**
 * @overload
 * @param {string} tag
 * @param {Record<string, any>} [traits]
 * @param {...(Child | Child[])[]} children
 * @returns {HTMLElement}
 */
/**
 * @param {string} tag
 * @param {Record<string, any>} [traits]
 * @param {...(Child | Child[])} children
 * @returns {any}
 */
export function h(tag, traits, ...children) {
  return fill(document.createElement(tag), traits, children);
}

/**
 * Make an SVG element.
 *
 * @param {string} tag
 * @param {Record<string, any>} [traits]
 * @param {...(Child | Child[])} children
 * @returns {SVGElement}
 */
export function s(tag, traits, ...children) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG, tag));
  return fill(element, traits, children);
}

/**
 * @template {HTMLElement | SVGElement} T
 * @param {T} element
 * @param {Record<string, any> | undefined} traits
 * @param {(Child | Child[])[]} children
 * @returns {T}
 */
function fill(element, traits, children) {
  for (const [name, value] of Object.entries(traits ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") {
      element.addEventListener(name.replace(/^on/, ""), value);
    } else if (name === "style") {
      for (const [property, setting] of Object.entries(value)) {
        element.style.setProperty(property, String(setting));
      }
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(child instanceof Node ? child : String(child));
    }
  }
  return element;
}

/**
 * Set an element's text where it is another one.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Set an attribute where it is another one; null takes it away.
 *
 * @param {Element} element
 * @param {string} name
 * @param {string | null} value
 */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

/**
 * Ask Home Assistant to do what a click usually does, such as showing an entity.
 *
 * @param {EventTarget} from
 * @param {string} type
 * @param {any} detail
 */
export function fire(from, type, detail) {
  from.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
}

/**
 * Open the dialog of an entity.
 *
 * @param {EventTarget} from
 * @param {string} entityId
 */
export function showMore(from, entityId) {
  fire(from, "hass-more-info", { entityId });
}

/**
 * Go to another page of Home Assistant without loading it anew.
 *
 * @param {string} path
 */
export function navigate(path) {
  history.pushState(null, "", path);
  fire(window, "location-changed", { replace: false });
}

/**
 * Do what a tap on a built-in card does, with its confirmation and its error messages.
 *
 * @param {EventTarget} from
 * @param {Record<string, any>} action as in a card's `tap_action`
 */
export function act(from, action) {
  fire(from, "hass-action", { config: { tap_action: action }, action: "tap" });
}

// Small signs, one shape for each status: colour is not all that tells them apart.

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
  held: "M5 1.5h6V3H5zM7.2 3h1.6v1.7a5 5 0 1 1-1.6 0zM8 6a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7zM7.2 7h1.6v3H7.2z",
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
