// What needs attention: as a card for one miner, and as the list above all miners' rows.

// @says fleet_severity_critical fleet_severity_warning fleet_severity_notice

import { OneMinerCard } from "../lib/card.js";
import { act, glyph, h } from "../lib/dom.js";
import { entityName, idOf, linkTo, stateOf } from "../lib/miners.js";
import { DAY, MINUTE, Poll, readIssues } from "../lib/records.js";
import {
  changedByHand,
  findingsOf,
  heldText,
  reasonText,
  repairsOf,
  STATUS_KEYS,
  statusOf,
  statusText,
} from "../lib/status.js";
import { clock, spanText } from "../lib/words.js";

/** @typedef {import("../lib/types.js").Hass} Hass */
/** @typedef {import("../lib/types.js").HassState} HassState */
/** @typedef {import("../lib/types.js").Miner} Miner */
/** @typedef {import("../lib/types.js").CardConfig} CardConfig */
/** @typedef {import("../lib/types.js").Say} Say */
/** @typedef {import("../lib/status.js").Finding} Finding */

const REPAIRS = "/config/repairs";

/** In the list of all miners, more than these are shown only if somebody wants to see them. */
const SHOWN = 5;

/** What helps at once, or while somebody looks for the cause. */
const SAVES = new Set(["chip_hot", "vr_hot", "fan_stopped", "power_high", "input_low"]);
const RESTARTS = new Set(["stalled", "fault"]);

/** The hour of tomorrow until which automations are held. */
const MORNING = 7;

/**
 * @typedef {object} Notice
 * @property {"critical" | "warning" | "notice"} tone
 * @property {string} shape of its glyph
 * @property {string} [name] of whom it tells
 * @property {string} text
 * @property {string} [since]
 * @property {string} [help] what to do
 * @property {(HTMLElement | null | undefined | false)[]} [actions]
 */

/**
 * Make a notice.
 *
 * @param {Notice} notice
 * @param {Say} say
 */
function noticeOf({ tone, shape, name, text, since, help, actions = [] }, say) {
  const shown = actions.filter(Boolean);
  return h(
    "li",
    { class: `notice ${tone}` },
    glyph(shape),
    h(
      "div",
      { class: "words" },
      h("span", { class: "unseen" }, `${say(`fleet_severity_${tone}`)}: `),
      name && h("b", {}, name),
      name && " ",
      h("span", { class: "what" }, text),
      (since || help) && h("div", { class: "help" }, since && h("span", { class: "since" }, since, " "), help),
    ),
    shown.length > 0 && h("div", { class: "actions" }, ...shown),
  );
}

/** @param {string} text @param {() => void} onclick */
function button(text, onclick) {
  return h("button", { type: "button", class: "action", onclick }, text);
}

/**
 * @param {number | null} since
 * @param {Hass} hass
 * @param {Say} say
 * @param {number} now
 */
function sinceText(since, hass, say, now) {
  if (since === null) return "";
  const span = spanText(Math.max(0, now - since) / 60_000, say, hass.locale);
  return say("finding_since", { time: clock(since, now, hass), span });
}

/** The list above all miners' rows. */
export class FindingsList {
  #shown = "";
  #all = false;
  /** @type {Finding[]} */
  #findings = [];

  /** @param {{say: Say, hass: () => Hass, subviews: boolean}} around */
  constructor(around) {
    this.around = around;
    this.element = h("section", { class: "notes", hidden: true, "aria-label": around.say("fleet_attention") });
  }

  /** @param {Finding[]} findings */
  show(findings) {
    const { hass, say } = this.around;
    const now = Date.now();
    const signature = JSON.stringify(
      findings.map(({ severity, text, since, help, miner, repair }) => [
        ...[severity, text, help, miner?.id, miner?.name, repair],
        sinceText(since, hass(), say, now),
      ]),
    );
    if (signature === this.#shown) return;
    this.#shown = signature;
    this.#findings = findings;
    this.#paint();
  }

  #paint() {
    const findings = this.#findings;
    const shown = this.#all ? findings : findings.slice(0, SHOWN);
    this.element.hidden = !findings.length;
    this.element.replaceChildren(h("ul", {}, ...shown.map((finding) => this.#item(finding))));
    if (findings.length > SHOWN) this.element.append(this.#more());
  }

  #more() {
    const { say } = this.around;
    const words = this.#all ? say("fleet_fewer") : say("fleet_more", { count: this.#findings.length - SHOWN });
    const turn = () => {
      this.#all = !this.#all;
      this.#paint();
      /** @type {HTMLElement | null} */ (this.element.querySelector("button.more"))?.focus();
    };
    return h(
      "button",
      { type: "button", class: "more", "aria-expanded": String(this.#all), onclick: turn },
      words,
    );
  }

  /** @param {Finding} finding */
  #item(finding) {
    const { say, hass } = this.around;
    const { severity, miner, text, help, since } = finding;
    const item = noticeOf(
      {
        tone: severity,
        shape: "fault",
        name: miner?.name ?? "",
        text,
        help,
        since: sinceText(since, hass(), say, Date.now()),
        actions: [miner ? this.#toMiner(miner) : this.#toRepair()],
      },
      say,
    );
    if (miner) item.dataset.miner = miner.id;
    return item;
  }

  /** @param {Miner} miner */
  #toMiner(miner) {
    const { hass, subviews, say } = this.around;
    const { tag, traits } = linkTo(hass, miner, subviews);
    const label = say("finding_open_of", { name: miner.name });
    return h(tag, { ...traits, class: "action", "aria-label": label }, say("finding_open"));
  }

  #toRepair() {
    return repairLink(this.around.hass(), this.around.say);
  }
}

/** @param {Hass} hass @param {Say} say */
function repairLink(hass, say) {
  return hass.user?.is_admin && h("a", { href: REPAIRS, class: "action" }, say("finding_repair"));
}

/**
 * `{type: "custom:miner-findings-card", device_id: "..."}`: what is wrong with a miner,
 * who controls it, and for how long automations leave it alone. Hidden while there is
 * nothing to say.
 */
export class MinerFindingsCard extends OneMinerCard {
  /** @type {string[]} */
  #watched = [];
  #painted = "";
  /** @type {Finding[]} */
  #repairs = [];
  /** @type {boolean} whether it stands in an editor */
  preview = false;

  constructor() {
    super();
    this.polls = [new Poll(() => this.#readRepairs(), () => this.ask(), { every: MINUTE, retry: MINUTE / 2 })];
  }

  static get styles() {
    return FINDING_STYLES + CARD;
  }

  getCardSize() {
    return 1;
  }

  /** @override @returns {any} */
  getGridOptions() {
    return { columns: "full", min_columns: 6 };
  }

  watched() {
    return this.#watched;
  }

  prepared() {
    super.prepared();
    this.#watched = STATUS_KEYS.flatMap((key) => idOf(this.miner, key) ?? []);
    this.#painted = "";
  }

  tick() {
    this.ask();
  }

  /** Read the repairs of this miner; they end with its entry's id. */
  async #readRepairs() {
    const entry = this.hass.devices[this.miner?.id ?? ""]?.primary_config_entry;
    const issues = entry ? await readIssues(this.hass) : [];
    const own = issues.filter(({ issue_id }) => issue_id.endsWith(`_${entry}`));
    this.#repairs = repairsOf(own, await this.hass.loadBackendTranslation("issues", "miner_monitor"));
  }

  paint() {
    const notices = this.miner ? this.#notices(this.miner, Date.now()) : [];
    if (!notices.length && this.preview) {
      notices.push({ tone: "notice", shape: "hashing", text: this.say("finding_none") });
    }
    const painted = JSON.stringify(notices, (key, value) => (key === "actions" ? value.map(wordsOf) : value));
    if (painted === this.#painted) return;
    this.#painted = painted;
    this.body.replaceChildren(h("ul", {}, ...notices.map((notice) => noticeOf(notice, this.say))));
    this.#hide(!notices.length);
  }

  /** @param {boolean} hidden */
  #hide(hidden) {
    this.card.hidden = hidden;
    const detail = { value: !hidden };
    this.dispatchEvent(new CustomEvent("card-visibility-changed", { detail, bubbles: true }));
  }

  /** @param {Miner} miner @param {number} now @returns {Notice[]} */
  #notices(miner, now) {
    const { hass, say } = this;
    const held = heldText(hass, miner, say, now);
    /** @type {Notice[]} */
    const notices = [];
    if (statusOf(hass, miner) === "away") {
      const text = statusText(hass, miner, say, now);
      notices.push({ tone: "warning", shape: "away", text, help: say("status_offline_help") });
    }
    for (const { kind, severity, text, since, help } of findingsOf(hass, miner, say)) {
      const from = sinceText(since, hass, say, now);
      notices.push({ tone: severity, shape: "fault", text, since: from, help, actions: this.#remedies(miner, kind) });
    }
    for (const { severity, text, since } of this.#repairs) {
      const from = sinceText(since, hass, say, now);
      notices.push({ tone: severity, shape: "fault", text, since: from, actions: [repairLink(hass, say)] });
    }
    const reason = reasonText(hass, miner, say, now);
    const offer = !held && changedByHand(hass, miner, now) && idOf(miner, "switch.follow_automations");
    if (reason) {
      const help = offer ? say("hold_offer") : "";
      notices.push({ tone: "notice", shape: "paused", text: reason, help, actions: offer ? this.#holds(miner) : [] });
    }
    if (held) {
      const resume = button(say("hold_resume"), () => this.#hold(miner, { release: true }));
      notices.push({ tone: "notice", shape: "held", text: held, actions: [resume] });
    }
    return notices;
  }

  /** @param {Miner} miner @param {string} kind of a finding */
  #remedies(miner, kind) {
    const { hass, say } = this;
    if (statusOf(hass, miner) === "overheated") return [];
    const saving = stateOf(hass, miner, "switch.throttle");
    const restart = stateOf(hass, miner, "button.restart");
    if (SAVES.has(kind) && saving?.state === "off") return [this.#remedy(saving, "switch.turn_on")];
    if (!RESTARTS.has(kind) || !restart || restart.state === "unavailable") return [];
    return [this.#remedy(restart, "button.press", { text: say("restart_question", { name: miner.name }) })];
  }

  /** @param {HassState} state @param {string} perform_action @param {{text: string}} [confirmation] */
  #remedy({ entity_id }, perform_action, confirmation) {
    const target = { entity_id };
    return button(entityName(entity_id, this.hass), () => act(this, { action: "perform-action", perform_action, target, confirmation }));
  }

  /** @param {Miner} miner */
  #holds(miner) {
    const { say, hass } = this;
    const morning = tomorrow(MORNING);
    const time = clock(morning.getTime(), morning.getTime(), hass);
    const follow = stateOf(hass, miner, "switch.follow_automations");
    return [
      button(say("hold_hours", { hours: 2 }), () => this.#hold(miner, { for: { hours: 2 } })),
      button(say("hold_tomorrow", { time }), () => this.#hold(miner, { until: morning.toISOString() })),
      button(say("hold_open"), () =>
        act(this, {
          action: "perform-action",
          perform_action: "switch.turn_off",
          target: { entity_id: follow?.entity_id },
        }),
      ),
    ];
  }

  /** @param {Miner} miner @param {Record<string, any>} data */
  #hold(miner, data) {
    const target = { device_id: miner.id };
    act(this, { action: "perform-action", perform_action: "miner_monitor.hold", target, data });
  }
}

/** @param {HTMLElement | null | undefined | false} action */
function wordsOf(action) {
  return action && action.textContent;
}

/** @param {number} hour */
function tomorrow(hour) {
  const day = new Date(Date.now() + DAY);
  day.setHours(hour, 0, 0, 0);
  return day;
}

/** CSS of notices. */
export const FINDING_STYLES = `
  ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 6px; }
  [hidden] { display: none !important; }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .glyph { width: 16px; height: 16px; flex: none; fill: var(--secondary-text-color); }
  .notice {
    --tone: var(--info-color, var(--primary-color)); display: flex; flex-wrap: wrap; gap: 4px 10px; padding: 8px 12px;
    border-radius: var(--ha-border-radius-md, 8px); color: var(--primary-text-color); font-size: 14px; line-height: 20px;
    background: color-mix(in srgb, var(--tone) 14%, transparent);
  }
  .notice.critical { --tone: var(--error-color); }
  .notice.warning { --tone: var(--warning-color); }
  .notice > .glyph { fill: var(--tone); margin-top: 2px; }
  .notice .words { flex: 1 1 240px; align-self: center; min-width: 0; overflow-wrap: anywhere; }
  .notice .words b { font-weight: 600; margin-inline-end: 4px; }
  .notice .help { color: var(--secondary-text-color); font-size: 13px; line-height: 18px; }
  .notice .actions { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; margin-inline-start: 26px; }
  .action {
    display: inline-flex; align-items: center; min-height: 28px; padding: 0 10px; border-radius: 14px; cursor: pointer;
    border: 1px solid color-mix(in srgb, var(--primary-text-color) 30%, transparent); background: none;
    color: var(--primary-text-color); font: inherit; font-size: 13px; text-decoration: none;
  }
  .action:hover { background: color-mix(in srgb, var(--primary-text-color) 8%, transparent); }
  .action:disabled { opacity: 0.5; cursor: default; }
  .notes { margin-bottom: 12px; }
  .more {
    margin-top: 6px; padding: 4px 12px; text-decoration: underline; min-height: 28px; cursor: pointer;
    border: 0; background: none; color: inherit; font: inherit;
  }
  :focus-visible { outline: 2px solid var(--primary-color); outline-offset: 2px; border-radius: 4px; }
`;

const CARD = `
  ha-card { padding: 8px; height: 100%; box-sizing: border-box; }
`;
