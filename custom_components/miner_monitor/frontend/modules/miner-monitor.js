// Makes dashboard and cards known to Home Assistant's frontend, which loads this module
// on every page. It is kept small: the cards follow as soon as the app is there, since
// any dashboard may have one of them, and the views when somebody opens one.

const DOCUMENTATION = "https://github.com/miner-monitor/miner-monitor/blob/main/docs/dashboard.md";

/** @typedef {import("./lib/types.js").Hass} Hass */

const ICON = "mdi:pickaxe";

/** The dashboard: `{type: "custom:miner-monitor"}`. */
class MinerDashboardStrategy extends HTMLElement {
  static registryDependencies = ["entities", "devices"];
  static noEditor = true;

  /** @param {Record<string, any>} config @param {Hass} hass */
  static async generate(config, hass) {
    // The view that is opened next needs these too; it is what waits for the cards.
    void Promise.allSettled([import("./strategy/views.js"), loadCards()]);
    const { dashboard } = await import("./strategy/dashboard.js");
    return dashboard(config, hass);
  }

  static getCreateSuggestions() {
    return { title: "Miners", icon: ICON };
  }
}

/** One of its views: `{type: "custom:miner-monitor", view: "fleet"}`. */
class MinerViewStrategy extends HTMLElement {
  static registryDependencies = ["entities", "devices"];

  /** @param {Record<string, any>} config @param {Hass} hass */
  static async generate(config, hass) {
    const [{ view }] = await Promise.all([import("./strategy/views.js"), loadCards()]);
    return view(config, hass);
  }
}

/** @type {Record<string, () => Promise<CustomElementConstructor>>} */
const CARD_MODULES = {
  "miner-choice-card": () => import("./cards/choice-card.js").then((module) => module.MinerChoiceCard),
  "miner-fleet-card": () => import("./cards/fleet-card.js").then((module) => module.MinerFleetCard),
  "miner-hash-rate-card": () => import("./cards/hash-rate-card.js").then((module) => module.MinerHashRateCard),
  "miner-tuning-card": () => import("./cards/tuning-card.js").then((module) => module.MinerTuningCard),
};

const CARDS = [
  {
    type: "miner-fleet-card",
    name: "Miner fleet",
    description: "All miners with what they do, a row each",
    preview: true,
    documentationURL: DOCUMENTATION,
  },
  {
    type: "miner-tuning-card",
    name: "Miner tuning",
    description: "How a miner does at each of its settings",
    preview: false,
    documentationURL: DOCUMENTATION,
  },
  {
    type: "miner-hash-rate-card",
    name: "Miner hash rate",
    description: "A miner's hash rate beside the expected one, with moving means",
    preview: false,
    documentationURL: DOCUMENTATION,
  },
];

/** @type {any} */ (window).customStrategies ??= [];
/** @type {any} */ (window).customCards ??= [];

function announce() {
  const { customStrategies, customCards } = /** @type {any} */ (window);
  if (customStrategies.some((/** @type {any} */ item) => item.type === "miner-monitor")) return;
  customStrategies.push({
    type: "miner-monitor",
    strategyType: "dashboard",
    name: "Miner Monitor",
    description: "All miners, each miner, comparison, tuning and energy",
    documentationURL: DOCUMENTATION,
  });
  customCards.push(...CARDS);
}

/** @param {string} name @param {CustomElementConstructor} element */
function define(name, element) {
  if (!window.customElements.get(name)) window.customElements.define(name, element);
}

async function loadCards() {
  const names = Object.keys(CARD_MODULES).filter((name) => !window.customElements.get(name));
  // One that cannot be loaded now is tried again by the next view that is opened.
  await Promise.allSettled(names.map(async (name) => define(name, await /** @type {any} */ (CARD_MODULES[name])())));
}

async function start() {
  // The app replaces the registry of elements while it loads: what was defined in the
  // old one is lost.
  await customElements.whenDefined("home-assistant");
  define("ll-strategy-dashboard-miner-monitor", MinerDashboardStrategy);
  define("ll-strategy-view-miner-monitor", MinerViewStrategy);
  await loadCards();
}

announce();
start();
