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
