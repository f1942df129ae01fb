// What is asked within a page of the frontend; shadow trees are looked into everywhere.
"use strict";
(() => {
  // What fills the shells of our cards.
  const OURS = [
    ...["miner", "miner-value", "miner-fleet", "miner-findings", "miner-hash-rate", "miner-tuning", "miner-choice"],
    ...["miner-controls", "miner-tabs", "miner-chips", "miner-today"],
  ].map((name) => `${name}-card-body`);
  const PRESSED = "a[href], button, select, summary, input, [tabindex='0'][role=button]";

  function* walk(root) {
    for (const element of root.querySelectorAll("*")) {
      yield element;
      if (element.shadowRoot) yield* walk(element.shadowRoot);
    }
  }
  const all = (root, ...tags) => [...walk(root)].filter((element) => tags.includes(element.localName));
  const has = (root, ...tags) => all(root, ...tags).length > 0;
  const view = () => all(document, "hui-view").at(-1);
  const ours = () => all(view(), ...OURS);
  const seen = (element) => element.checkVisibility();
  // A chart without data says so in the place where it said before that it was loading…
  const says = (root) =>
    all(root, "div").some(
      ({ className, textContent }) => className === "info" && !/loading|(…|\.\.\.)\s*$/i.test(textContent),
    );

  /** Whether a card is told to show other parts than this one. */
  const without = ({ host }, part) => host.config.show?.includes(part) === false;

  /** When an element has drawn all that it is going to draw. */
  const DRAWN = {
    "miner-fleet-card-body": (root) => root.querySelector(".row[data-status], .empty"),
    "miner-hash-rate-card-body": (root) => root.querySelector("svg.chart"),
    "miner-tuning-card-body": (root) =>
      (without(root, "scatter") || root.querySelector(".scatter-part > *")) &&
      (without(root, "map") || root.querySelector(".map-part svg, .empty-note")),
    "miner-choice-card-body": (root) => root.querySelector(".held > *, details"),
    "miner-today-card-body": (root) => root.querySelector("dl, p"),
    "hui-history-graph-card": (root) => has(root, "ha-chart-base", "state-history-chart-timeline") || says(root),
    "hui-statistics-graph-card": (root) => has(root, "ha-chart-base") || says(root),
    "ha-chart-base": (root) => root.host.chart,
    "ha-spinner": () => false,
  };

  function settled(path) {
    if (location.pathname + location.hash !== path || !view()) return false;
    // The tab of before stays until the next one is made.
    const [tab] = all(view(), "miner-tabs-card-body").map((card) => card.shadowRoot.querySelector("[aria-current]"));
    if (tab && tab.getAttribute("href") !== path) return false;
    // A card below the edge of the screen reads nothing until somebody looks.
    all(view(), "miner-hash-rate-card-body").find(({ shadowRoot }) => !has(shadowRoot, "svg"))?.scrollIntoView();
    const cards = all(view(), "hui-card").filter(seen);
    if (!cards.length || cards.some((card) => !card.firstElementChild)) return false;
    // Shells that are not filled yet.
    if (ours().length < all(view(), ...OURS.map((name) => name.replace("-body", ""))).length) return false;
    return unsettled().length === 0;
  }

  /** What is not drawn yet. */
  function unsettled() {
    return [...walk(view())].filter((element) => {
      if (!element.localName.includes("-") || !seen(element)) return false;
      if (!customElements.get(element.localName)) return true;
      const drawn = DRAWN[element.localName];
      return drawn && !(element.shadowRoot && drawn(element.shadowRoot));
    });
  }

  /** Whether what reaches beyond an element's edge is cut off or can be scrolled to. */
  function held(element) {
    for (let box = element; box; box = box.parentNode ?? box.host) {
      if (box instanceof Element && getComputedStyle(box).overflowX !== "visible") return true;
    }
    return false;
  }

  const called = ({ localName, className }) => `${localName}.${className.baseVal ?? className}`;

  /** What makes a page scroll to the side, or lies where nobody can scroll to. */
  function wide() {
    const boxes = [document.scrollingElement];
    boxes.push(...all(document, "hui-root", "hui-view-container", "hui-view", "hui-sections-view"));
    const scrolling = boxes.filter((box) => box.clientWidth && box.scrollWidth > box.clientWidth + 1);
    const outside = ours()
      .flatMap((card) => [...card.shadowRoot.querySelectorAll("*")])
      .filter((element) => {
        const { right, left, width } = element.getBoundingClientRect();
        return width && (left < -1 || right > innerWidth + 1) && !held(element.parentNode);
      });
    return [
      ...scrolling.map((box) => `${called(box)} scrolls: ${box.scrollWidth} > ${box.clientWidth}`),
      ...outside.map((element) => `${called(element)} reaches to ${element.getBoundingClientRect().right}`),
    ];
  }

  /** Heads of a table are only read out where there is no room for them. */
  const readOut = (element) => element.matches("[tabindex='-1']");

  /** What somebody can press in our cards. */
  function controls() {
    return ours()
      .flatMap((card) => [...card.shadowRoot.querySelectorAll("*")])
      .filter((element) => element.matches(PRESSED) && seen(element) && !readOut(element));
  }

  const told = (element) =>
    `${called(element)} "${element.getAttribute("aria-label") ?? element.textContent.trim().slice(0, 60)}"`;

  /** What had the focus. A card may draw the same control anew meanwhile. */
  const focused = new Set();
  const hear = ({ target }) => focused.add(told(target));

  /** What keys have not come to, since somebody began anew. */
  function unreached(anew) {
    if (anew) focused.clear();
    // Outside of a card nobody hears how the focus moves within it.
    for (const { shadowRoot } of ours()) shadowRoot.addEventListener("focusin", hear);
    return controls()
      .filter((element) => !element.disabled)
      .map(told)
      .filter((text) => !focused.has(text));
  }

  /** What is too small for a finger. */
  function small() {
    return controls()
      .filter((element) => {
        const { width, height } = element.getBoundingClientRect();
        return Math.round(width) < 24 || Math.round(height) < 24;
      })
      .map((element) => {
        const { width, height } = element.getBoundingClientRect();
        return `${called(element)} "${element.textContent.trim()}" is ${width} x ${height}`;
      });
  }

  /** What makes our cards hard to use for some; cards of others within ours are not ours. */
  async function faults() {
    const strangers = all(view(), "miner-choice-card-body").flatMap((card) =>
      [...card.shadowRoot.querySelectorAll(".held > *")].filter(({ localName }) => !OURS.includes(localName)),
    );
    const context = { include: ours(), exclude: strangers };
    const { violations } = await window.axe.run(context, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) =>
        nodes.map((node) => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`),
      );
  }

  const heading = ({ shadowRoot }) => shadowRoot.querySelector(".card-header")?.innerText.trim();

  /** The series that built-in charts have drawn, with how many points each has. */
  function series({ card, title }) {
    const number = (item) => {
      const value = item?.value ?? item;
      const height = Array.isArray(value) ? value[1] : value;
      return height !== null && Number.isFinite(Number(height));
    };
    return all(view(), card)
      .filter((element) => title === null || heading(element) === title)
      .flatMap((element) => all(element.shadowRoot, "ha-chart-base"))
      .flatMap(({ chart }) => chart?.getOption()?.series ?? [])
      .map(({ name, data }) => [name ?? "", (data ?? []).filter(number).length]);
  }

  const own = (element) => [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE);

  const hasText = ({ textContent }) => textContent.trim() !== "";

  /** Texts of which a part is not seen, for want of room, and what cuts them off. */
  function cut() {
    const found = new Set();
    for (const element of walk(view())) {
      const text = own(element).map(({ textContent }) => textContent).join("").trim();
      if (!text || ["style", "script", "title"].includes(element.localName) || !seen(element)) continue;
      for (const box of cutting(element)) found.add(`${text} (${called(box)})`);
    }
    return [...found];
  }

  /** What cuts off the text of an element. */
  function* cutting(element) {
    for (let box = element, up = 0; box && up < 4; box = box.parentNode ?? box.host, up += 1) {
      if (!(box instanceof HTMLElement) || box.clientWidth <= 1) continue;
      const { overflowX, textOverflow, webkitLineClamp } = getComputedStyle(box);
      const wide = ["hidden", "clip"].includes(overflowX) && textOverflow === "ellipsis";
      const high = webkitLineClamp !== "none" && box.scrollHeight > box.clientHeight + 2;
      if (high || (wide && box.scrollWidth > box.clientWidth + 1)) yield box;
    }
  }

  /** Of some names those for which the narrowest tile of a view has no room. */
  function crowded(names) {
    const width = (element) => element.getBoundingClientRect().width;
    const [tile] = all(view(), "hui-tile-card").filter(seen).sort((one, other) => width(one) - width(other));
    const label = [...walk(tile.shadowRoot)].find(
      (element) => !["style", "script"].includes(element.localName) && own(element).some(hasText) && seen(element),
    );
    const node = own(label).find(hasText);
    const name = node.data;
    const found = names.filter((other) => {
      node.data = other;
      return !cutting(label).next().done;
    });
    node.data = name;
    return found;
  }

  /** All texts that somebody sees. */
  function texts(root) {
    return [...walk(root ?? view())]
      .filter((element) => !["style", "script"].includes(element.localName) && seen(element))
      .flatMap(own)
      .map(({ textContent }) => textContent.trim())
      .filter(Boolean);
  }

  const page = () => texts(document);
  window.look = { settled, unsettled, wide, small, unreached, faults, series, texts, cut, crowded, page };
})();
