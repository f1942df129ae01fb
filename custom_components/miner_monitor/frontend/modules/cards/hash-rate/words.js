// What the hash-rate card says: names of lines, figures, notes, times and a moment's values.

import { entityName } from "../../lib/miners.js";
import { format, momentText, percentText, rateDecimals, tickText, timeForm, zoneOf } from "../../lib/words.js";
import { HOUR, MINUTE } from "../../lib/records.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./model.js").Sample} Sample */
/** @typedef {import("./series.js").Step} Step */
/** @typedef {import("../../lib/types.js").Say} Say */
/** @typedef {import("../../lib/types.js").Hass} Hass */
/** @typedef {import("../../lib/types.js").Locale} Locale */

/**
 * @typedef {object} Voice How this user is spoken to.
 * @property {Say} say
 * @property {Clock} clock
 * @property {Locale} locale
 * @property {string} unit of the hash rate
 */

/**
 * @typedef {object} Line Something named and its value.
 * @property {string} name
 * @property {string} value
 * @property {string} [more] about it
 * @property {string} [series] which line of the chart it is
 */

/** Of a mean's window, if less was measured it is told. */
const NEARLY_ALL = 0.95;

/**
 * @param {number} value
 * @param {Pick<Voice, "locale" | "unit">} voice
 * @param {number} [decimals]
 */
export function rateText(value, { locale, unit }, decimals = rateDecimals(value, unit)) {
  return `${format(value, decimals, locale)} ${unit}`.trim();
}

/**
 * Write the difference of two hash rates with its sign.
 *
 * @param {number} value
 * @param {number} rate one of them
 * @param {Voice} voice
 */
function differenceText(value, rate, voice) {
  return signed(value, rateText(Math.abs(value), voice, Math.max(2, rateDecimals(rate, voice.unit))));
}

/**
 * Write something with its sign; the text is that of the absolute value.
 *
 * @param {number} value
 * @param {string} text
 */
export function signed(value, text) {
  if (!/[1-9]/.test(text)) return text;
  return `${value < 0 ? "−" : "+"}${text}`;
}

/**
 * Write how far a rate is from the expected one: +0.013 TH/s (+1.1%).
 *
 * @param {number} rate
 * @param {number} expected more than 0
 * @param {Voice} voice
 */
export function deviationText(rate, expected, voice) {
  const away = rate - expected;
  const share = percentText((100 * Math.abs(away)) / expected, 1, voice.locale);
  return `${differenceText(away, expected, voice)} (${signed(away, share)})`;
}

/**
 * @param {number} minutes
 * @param {Say} say
 */
export function spanText(minutes, say) {
  if (minutes < 60 || minutes % 60) return say("hash_rate_minutes", { count: minutes });
  const hours = minutes / 60;
  if (hours > 24 && hours % 24 === 0) return say("hash_rate_days", { count: hours / 24 });
  return say("hash_rate_hours", { count: hours });
}

/**
 * @param {number} minutes
 * @param {Say} say
 */
export function meanName(minutes, say) {
  return say("hash_rate_mean", { span: spanText(minutes, say) });
}

/**
 * @param {Model} model
 * @param {Say} say
 */
export function expectedName({ expected }, say) {
  if (expected === "ratio") return say("hash_rate_expected_ratio");
  if (expected === "both") return say("hash_rate_expected_both");
  return say("hash_rate_expected");
}

/**
 * Return the lines of a chart as the legend names them.
 *
 * @param {Model} model
 * @param {Say} say
 * @returns {{series: string, name: string, about: string}[]}
 */
export function legendOf(model, say) {
  const wanted = model.expected !== null;
  return [
    {
      series: "hash_rate",
      name: say("hash_rate_line", { span: spanText(model.length, say) }),
      about: say("hash_rate_line_about"),
    },
    ...(wanted
      ? [
          { series: "expected", name: expectedName(model, say), about: "" },
          {
            series: "deviation",
            name: say("hash_rate_deviation"),
            about: say("hash_rate_deviation_about"),
          },
        ]
      : []),
    ...model.means.map((minutes) => ({
      series: `mean_${minutes}`,
      name: meanName(minutes, say),
      about: say("hash_rate_mean_about", { span: spanText(minutes, say) }),
    })),
  ];
}

/**
 * Return the figures of the time shown.
 *
 * @param {Model} model
 * @param {Voice} voice
 * @returns {Line[]}
 */
export function figureLines({ figures }, voice) {
  if (!figures) return [];
  const { say, clock, locale } = voice;
  const { mean, lowest, highest, deviation } = figures;
  /** @param {"hash_rate_lowest" | "hash_rate_highest"} key @param {Step} step */
  const extreme = (key, step) => ({
    // @says hash_rate_lowest hash_rate_highest
    name: say(key, { span: spanText(Math.round((step.end - step.start) / MINUTE), say) }),
    value: rateText(step.mean, voice),
    more: clock.moment(step.start),
  });
  const lines = [
    { name: say("hash_rate_mean_shown"), value: rateText(mean, voice) },
    extreme("hash_rate_lowest", lowest),
    extreme("hash_rate_highest", highest),
  ];
  if (!deviation) return lines;
  const [above, below] = [deviation.above, deviation.below].map((share) => percentText(share, 0, locale));
  return [
    ...lines,
    {
      name: say("hash_rate_mean_deviation"),
      value: differenceText(deviation.mean, mean, voice),
      more: signed(deviation.percent, percentText(Math.abs(deviation.percent), 1, locale)),
    },
    { name: say("hash_rate_time_above"), value: above ?? "", more: say("hash_rate_time_below", { share: below }) },
  ];
}

/**
 * Return what has to be said of what is not drawn all the way.
 *
 * @param {Model} model
 * @param {Set<string>} hidden
 * @param {{from: number, to: number}} scale of the values
 * @param {Voice} voice
 * @returns {string[]}
 */
export function notesOf({ late, line }, hidden, scale, voice) {
  const { say, clock } = voice;
  const notes = late
    .filter(({ minutes }) => !hidden.has(`mean_${minutes}`))
    .map(({ minutes, from, coarse }) => {
      const span = spanText(minutes, say);
      if (coarse) return say("hash_rate_note_coarse", { span });
      if (from === null) return say("hash_rate_note_never", { span });
      return say("hash_rate_note_from", { span, time: clock.moment(from) });
    });
  if (hidden.has("hash_rate")) return notes;
  if (line.some(({ mean }) => mean < scale.from)) {
    notes.push(say("hash_rate_note_below", { value: rateText(scale.from, voice) }));
  }
  if (line.some(({ mean }) => mean > scale.to)) {
    notes.push(say("hash_rate_note_above", { value: rateText(scale.to, voice) }));
  }
  return notes;
}

/**
 * Return all that is known of a moment.
 *
 * @param {Model} model
 * @param {Sample} sample
 * @param {Voice} voice
 * @param {(change: import("./model.js").Change) => string} tell
 * @returns {{time: string, lines: Line[]}}
 */
export function momentOf(model, sample, voice, tell) {
  const { say, clock } = voice;
  const { start, end, mean, min, max, expected, smooth } = sample;
  const minutes = Math.round((end - start) / MINUTE);
  /** @type {Line[]} */
  const lines = [
    { name: meanName(minutes, say), value: rateText(mean, voice), series: "hash_rate" },
    { name: say("hash_rate_between"), value: `${format(min, rateDecimals(min, voice.unit), voice.locale)} – ${rateText(max, voice)}` },
  ];
  if (expected !== null) {
    lines.push({ name: expectedName(model, say), value: rateText(expected, voice), series: "expected" });
    if (smooth !== null && expected > 0) {
      const value = deviationText(smooth, expected, voice);
      lines.push({ name: say("hash_rate_deviation_now"), value, series: "deviation" });
    }
  }
  for (const [i, window] of model.means.entries()) lines.push(meanLine(sample.means[i] ?? null, window, voice));
  for (const change of model.changes) {
    if (change.time < start || change.time >= end) continue;
    lines.push({ name: say("hash_rate_settings"), value: tell(change) });
  }
  return { time: `${clock.moment(start)} – ${clock.clock(end)}`, lines };
}

/**
 * @param {import("./series.js").Known | null} mean
 * @param {number} minutes
 * @param {Voice} voice
 * @returns {Line}
 */
function meanLine(mean, minutes, voice) {
  const { say, locale } = voice;
  const line = { name: meanName(minutes, say), series: `mean_${minutes}` };
  if (!mean) return { ...line, value: "–", more: say("hash_rate_too_little") };
  const value = rateText(mean.value, voice);
  if (mean.measured >= NEARLY_ALL * minutes * MINUTE) return { ...line, value };
  const hours = mean.measured >= HOUR;
  const count = format(mean.measured / (hours ? HOUR : MINUTE), hours ? 1 : 0, locale);
  const time = hours ? say("hash_rate_hours", { count }) : say("hash_rate_minutes", { count });
  return { ...line, value, more: say("hash_rate_measured", { time }) };
}

/**
 * Return what a change of settings says.
 *
 * @param {import("./model.js").Change} change
 * @param {Pick<Hass, "states" | "entities" | "localize" | "formatEntityState">} hass
 * @param {Voice} voice
 */
export function changeText({ settings }, hass, { say }) {
  return settings
    .map(({ id, before, after }) => {
      const state = hass.states[id];
      /** @param {string} value */
      const text = (value) => (state ? hass.formatEntityState({ ...state, state: value }, value) : value);
      return say("hash_rate_change", { name: entityName(id, hass), before: text(before), after: text(after) });
    })
    .join(", ");
}

/**
 * @typedef {object} Clock
 * @property {string | undefined} zone undefined: the browser's
 * @property {(time: number) => string} clock such as 14:05
 * @property {(time: number) => string} moment such as 29 Nov, 14:05
 * @property {(time: number) => string} tick the hour, and at midnight the day
 */

/**
 * Return how times are written for this user.
 *
 * @param {Pick<Hass, "locale" | "config">} hass
 * @returns {Clock}
 */
export function clockOf(hass) {
  const { language } = hass.locale;
  const clock = new Intl.DateTimeFormat(language, timeForm(hass));
  return {
    zone: zoneOf(hass),
    clock: (time) => clock.format(time),
    moment: (time) => momentText(time, hass),
    tick: (time) => tickText(time, hass),
  };
}
