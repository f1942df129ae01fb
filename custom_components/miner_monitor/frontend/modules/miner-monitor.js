// What Home Assistant loads on every page: shells of dashboard and cards. They stay
// light; what fills them is imported when one is first used.

// @says not_loaded reload

/** @typedef {import("./lib/types.js").Hass} Hass */
/** @typedef {import("./lib/types.js").CardConfig} CardConfig */

const ICON = "mdi:pickaxe";
const PATH = "/miner-monitor";
const DOCUMENTATION = "https://github.com/miner-monitor/miner-monitor/blob/main/docs/dashboard.md";
const WORDS = "component.miner_monitor.common.dashboard_";

/**
 * @typedef {object} CardTraits What a shell knows of its card.
 * @property {() => Promise<any>} load its class
 * @property {Record<string, any>} grid
 * @property {number} size in rows of 50 pixels
 * @property {boolean} [mayHide] whether it hides itself at times
 * @property {{name: string, description: string, preview?: boolean}} [picker] how it is offered
 */

/** @type {Record<string, CardTraits>} */
const CARDS = {
  "miner-card": {
    load: async () => (await import("./cards/miner-card.js")).MinerTileCard,
    grid: { columns: 6, rows: 2, min_columns: 6, min_rows: 1 },
    size: 1,
    picker: { name: "Miner", description: "One miner: what it does, its readings, and save power", preview: true },
  },
  "miner-value-card": {
    load: async () => (await import("./cards/miner-card.js")).MinerValueCard,
    grid: { columns: 6, rows: 1, min_columns: 6, min_rows: 1 },
    size: 1,
  },
  "miner-fleet-card": {
    load: async () => (await import("./cards/fleet-card.js")).MinerFleetCard,
    grid: { columns: "full", min_columns: 6 },
    size: 8,
    picker: { name: "All miners", description: "A row per miner, those with a problem first", preview: true },
  },
  "miner-price-card": {
    load: async () => (await import("./cards/price-card.js")).MinerPriceCard,
    grid: { columns: "full", min_columns: 6 },
    size: 5,
    picker: { name: "Electricity price", description: "Prices around now, what is cheap, and when miners ran" },
  },
  "miner-power-card": {
    load: async () => (await import("./cards/power-card.js")).MinerPowerCard,
    grid: { columns: "full", min_columns: 6 },
    size: 4,
    picker: { name: "Miner cost and power", description: "What power costs, and who gets which part of the power target" },
  },
  "miner-findings-card": {
    load: async () => (await import("./cards/findings-card.js")).MinerFindingsCard,
    grid: { columns: "full", min_columns: 6 },
    size: 1,
    mayHide: true,
    picker: { name: "Miner problems", description: "What is wrong with a miner, and what to do; hidden while nothing is" },
  },
  "miner-hash-rate-card": {
    load: async () => (await import("./cards/hash-rate-card.js")).MinerHashRateCard,
    grid: { columns: 12, min_columns: 6 },
    size: 8,
    picker: { name: "Miner hash rate", description: "A miner's hash rate and what is expected of it" },
  },
  "miner-tuning-card": {
    load: async () => (await import("./cards/tuning-card.js")).MinerTuningCard,
    grid: { columns: 12, min_columns: 6 },
    size: 12,
    picker: { name: "Miner tuning", description: "A miner's operating points, and which one is the best" },
  },
  "miner-controls-card": {
    load: async () => (await import("./cards/controls-card.js")).MinerControlsCard,
    grid: { columns: 12, min_columns: 6 },
    size: 6,
    picker: { name: "Miner controls", description: "A miner's settings, sent as one order" },
  },
  "miner-tabs-card": {
    load: async () => (await import("./cards/view-cards.js")).MinerTabsCard,
    grid: { columns: "full" },
    size: 1,
  },
  "miner-chips-card": {
    load: async () => (await import("./cards/view-cards.js")).MinerChipsCard,
    grid: { columns: 12, min_columns: 6 },
    size: 3,
  },
  "miner-today-card": {
    load: async () => (await import("./cards/view-cards.js")).MinerTodayCard,
    grid: { columns: 12, min_columns: 6 },
    size: 4,
  },
  "miner-choice-card": {
    load: async () => (await import("./cards/view-cards.js")).MinerChoiceCard,
    grid: { columns: "full" },
    size: 6,
  },
};

/** What the view of all miners consists of; fetched at once, not one import after the other. */
const FIRST = [
  "cards/findings-card.js",
  "cards/fleet-card.js",
  "cards/fleet/facts.js",
  "cards/fleet/row.js",
  "cards/fleet/table.js",
  "cards/hash-rate-card.js",
  "cards/hash-rate/config.js",
  "cards/hash-rate/draw.js",
  "cards/hash-rate/model.js",
  "cards/hash-rate/parts.js",
  "cards/hash-rate/series.js",
  "cards/hash-rate/words.js",
  "cards/miner-card.js",
  "lib/card.js",
  "lib/chart.js",
  "lib/dom.js",
  "lib/miners.js",
  "lib/records.js",
  "lib/status.js",
  "lib/words.js",
  "strategy/cards.js",
  "strategy/views.js",
];

let fetched = false;

function fetchFirst() {
  if (fetched) return;
  fetched = true;
  for (const path of FIRST) {
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = new URL(path, import.meta.url).href;
    document.head.append(link);
  }
}

/** @param {string} name @param {() => CustomElementConstructor} make */
function define(name, make) {
  if (!window.customElements.get(name)) window.customElements.define(name, make());
}

/** @type {Map<string, () => Promise<unknown>>} what loads the cards whose shells are known */
const loaders = new Map();

/** Load a card before its shell asks for it; what goes wrong the shell says. */
function loadSoon(/** @type {string} */ tag) {
  return Promise.allSettled([loaders.get(tag)?.()]);
}

/**
 * Return the class of a card's shell. It hands on what Home Assistant gives to a card,
 * now or as soon as the card is there.
 *
 * @param {string} tag
 * @param {CardTraits} traits
 */
function shellOf(tag, { load, grid, size, mayHide = false }) {
  const inner = `${tag}-body`;
  /** @type {any} the card's class, once it is there */
  let card;
  /** @type {Promise<any> | undefined} */
  let loading;

  const loaded = () =>
    (loading ??= load().then(
      (found) => {
        card = found;
        define(inner, () => card);
        return card;
      },
      (error) => {
        loading = undefined;
        throw error;
      },
    ));

  loaders.set(tag, loaded);
  return class extends HTMLElement {
    /** @type {any} */
    card;
    /** @type {CardConfig | undefined} */
    #config;
    /** @type {Record<string, any>} */
    #given = {};
    connectedWhileHidden = mayHide;

    constructor() {
      super();
      this.addEventListener("card-visibility-changed", (event) => {
        if (event.target !== this) this.hidden = !(/** @type {CustomEvent} */ (event).detail.value);
      });
    }

    static async getConfigForm() {
      return (await loaded()).getConfigForm?.();
    }

    /** @param {any[]} about */
    static async getStubConfig(...about) {
      return (await loaded()).getStubConfig?.(...about) ?? {};
    }

    /** @param {CardConfig} config */
    setConfig(config) {
      this.#config = config;
      if (card) this.#fill();
      else void this.#load();
    }

    async #load() {
      Object.assign(this.style, { display: "block", minHeight: `${size * 50}px` });
      try {
        await loaded();
      } catch (error) {
        await this.#complain(error);
        return;
      }
      try {
        this.#fill();
      } catch {
        // Made anew, it says in Home Assistant's way what is wrong with its configuration.
        this.dispatchEvent(new CustomEvent("ll-rebuild", { bubbles: true, composed: true }));
      }
    }

    #fill() {
      const filled = this.card ?? document.createElement(inner);
      filled.setConfig(this.#config);
      if (this.card) return;
      this.card = filled;
      Object.assign(filled, this.#given);
      Object.assign(this.style, { display: "contents", minHeight: "" });
      this.replaceChildren(filled);
    }

    /** @param {unknown} error */
    async #complain(error) {
      console.warn("Miner Monitor:", error);
      /** @type {(key: string) => string} */
      let localize = () => "";
      try {
        localize = await this.#given.hass.loadBackendTranslation("common", "miner_monitor");
      } catch {
        // Without a connection there are no other words either.
      }
      const line = document.createElement("ha-card");
      const again = document.createElement("button");
      line.style.padding = "16px";
      line.setAttribute("role", "alert");
      line.append(localize(`${WORDS}not_loaded`) || "Miner Monitor was updated. Reload the page.", " ", again);
      again.type = "button";
      again.style.cssText =
        "min-height:32px; margin-inline-start:8px; padding:0 12px; border:1px solid; border-radius:16px;" +
        "background:none; color:inherit; font:inherit; cursor:pointer";
      again.textContent = localize(`${WORDS}reload`) || "Reload";
      again.addEventListener("click", () => location.reload());
      this.style.minHeight = "";
      this.replaceChildren(line);
    }

    /** @param {string} name @param {any} value */
    #give(name, value) {
      this.#given[name] = value;
      if (this.card) this.card[name] = value;
    }

    get hass() {
      return this.#given.hass;
    }

    set hass(hass) {
      this.#give("hass", hass);
    }

    set layout(/** @type {string} */ layout) {
      this.#give("layout", layout);
    }

    set preview(/** @type {boolean} */ preview) {
      this.#give("preview", preview);
    }

    getCardSize() {
      return this.card?.getCardSize?.() ?? size;
    }

    getGridOptions() {
      return this.card?.getGridOptions?.() ?? grid;
    }
  };
}

function dashboardStrategy() {
  return class extends HTMLElement {
    static registryDependencies = ["entities", "devices"];
    static noEditor = true;

    /** @param {Record<string, any>} config @param {Hass} hass */
    static async generate(config, hass) {
      fetchFirst();
      const { dashboard } = await import("./strategy/views.js");
      return dashboard(config, hass);
    }

    static getCreateSuggestions() {
      return { title: "Miners", icon: ICON };
    }
  };
}

function viewStrategy() {
  return class extends HTMLElement {
    static registryDependencies = ["entities", "devices"];

    /** @param {Record<string, any>} config @param {Hass} hass */
    static async generate(config, hass) {
      const { view } = await import("./strategy/views.js");
      // Where it is there already, the rows are painted together with the built-in cards.
      if ((config.view ?? "fleet") === "fleet") await loadSoon("miner-fleet-card");
      return view(config, hass, location.hash);
    }
  };
}

/** Opens the dashboard in a page that was there before the first miner, and knows no module of ours. */
function opener() {
  return class extends HTMLElement {
    /** @type {{config: {path: string}} | undefined} what Home Assistant knows of the panel */
    panel;

    connectedCallback() {
      // Not while Home Assistant is about to show this one.
      setTimeout(() => {
        if (!this.isConnected) return;
        history.replaceState(null, "", this.panel?.config.path);
        window.dispatchEvent(new CustomEvent("location-changed", { detail: { replace: true } }));
      });
    }
  };
}

function announce() {
  const page = /** @type {any} */ (window);
  page.customStrategies ??= [];
  page.customCards ??= [];
  if (page.customStrategies.some((/** @type {any} */ item) => item.type === "miner-monitor")) return;
  page.customStrategies.push({
    type: "miner-monitor",
    strategyType: "dashboard",
    name: "Miner Monitor",
    description: "All miners, each miner, comparison, tuning and energy",
    documentationURL: DOCUMENTATION,
  });
  for (const [type, { picker }] of Object.entries(CARDS)) {
    if (picker) page.customCards.push({ type, preview: false, documentationURL: DOCUMENTATION, ...picker });
  }
}

async function start() {
  if (location.pathname.startsWith(PATH)) fetchFirst();
  // The app replaces the registry of elements while it loads: what was defined in the
  // old one, or made of its elements, is lost.
  await customElements.whenDefined("home-assistant");
  define("ll-strategy-dashboard-miner-monitor", dashboardStrategy);
  define("ll-strategy-view-miner-monitor", viewStrategy);
  define("miner-monitor-opener", opener);
  for (const [tag, traits] of Object.entries(CARDS)) define(tag, () => shellOf(tag, traits));
}

announce();
start();
