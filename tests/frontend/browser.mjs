// As much of a browser as modules with elements need in Node; nothing is drawn there.

/** @type {Map<string, any>} */
const registry = new Map();

class FakeElement extends EventTarget {
  /** @type {Record<string, string>} */
  style = {};
  hidden = false;
  /** @type {any[]} */
  children = [];
  textContent = "";

  /** @param {any[]} children */
  replaceChildren(...children) {
    this.children = children;
  }

  /** @param {any[]} children */
  append(...children) {
    this.children.push(...children);
  }

  setAttribute() {}
}

const document = {
  /** @param {string} tag */
  createElement: (tag) => new (registry.get(tag) ?? FakeElement)(),
  head: new FakeElement(),
  querySelector: () => null,
};

const customElements = {
  get: (/** @type {string} */ name) => registry.get(name),
  define: (/** @type {string} */ name, /** @type {any} */ element) => registry.set(name, element),
  whenDefined: async () => {},
};

Object.assign(globalThis, {
  HTMLElement: FakeElement,
  customElements,
  document,
  location: { pathname: "/lovelace", reload: () => {} },
  window: globalThis,
});

/** @param {() => unknown} so wait for this, for as long as modules take on a busy machine */
export async function until(so) {
  for (let i = 0; i < 1000 && !so(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** @param {string} tag @returns {any} */
export const make = (tag) => document.createElement(tag);

/** @param {string} tag @returns {any} */
export const classOf = (tag) => registry.get(tag);
