// Words come from Home Assistant's translations, loaded once for each language.

import assert from "node:assert/strict";
import test from "node:test";

import { latestTexts, loadTexts, pairText, percentText, sayWith, spanText } from "#modules/lib/words.js";
import { speaker } from "./texts.mjs";

/** @typedef {import("#modules/lib/types.js").Hass} Hass */

const WORDS = "component.miner_monitor.common.dashboard_";

/** @type {import("#modules/lib/types.js").Localize} */
function localize(key, values) {
  return key === `${WORDS}online_of` ? `${values?.online} of ${values?.miners}` : "";
}

/**
 * @param {string} language
 * @param {() => ReturnType<Hass["loadBackendTranslation"]>} loadBackendTranslation
 */
function speaking(language, loadBackendTranslation) {
  return /** @type {Hass} */ (/** @type {any} */ ({ language, loadBackendTranslation }));
}

test("a text gets its values", () => {
  assert.equal(sayWith(localize)("online_of", { online: 2, miners: 3 }), "2 of 3");
});

test("a text that is not there is shown by its key", () => {
  assert.equal(sayWith(localize)("no_such_text"), "no_such_text");
});

test("the words of a language are asked for once", async () => {
  let asked = 0;
  const hass = speaking("de", async () => {
    asked += 1;
    return localize;
  });
  const [say, again] = await Promise.all([loadTexts(hass), loadTexts(hass)]);
  assert.equal(say("online_of", { online: 1, miners: 1 }), "1 of 1");
  assert.equal(again, say);
  assert.equal(asked, 1);
});

test("words that could not be loaded are asked for again", async () => {
  const lost = speaking("fr", async () => {
    throw new Error("Connection lost");
  });
  await assert.rejects(loadTexts(lost), /Connection lost/);
  const say = await loadTexts(speaking("fr", async () => localize));
  assert.equal(say("online_of", { online: 0, miners: 1 }), "0 of 1");
});

test("a form is made in the words that were loaded last", async () => {
  const said = sayWith(() => "said");
  await loadTexts(speaking("nl", async () => () => "said"));
  assert.equal((await latestTexts())("anything"), said("anything"));
});

/** @type {[language: string, percent: string, hours: string, days: string, pair: string][]} */
const WRITTEN = [
  ["en", "46.5%", "1.5 h", "12 d", "A: 1"],
  ["de", "46,5\u00a0%", "1,5 h", "12 d", "A: 1"],
  ["es", "46,5%", "1,5 h", "12 d", "A: 1"],
  ["fr", "46,5\u00a0%", "1,5 h", "12 j", "A\u00a0: 1"],
  ["nl", "46,5%", "1,5 u", "12 d", "A: 1"],
  ["it", "46,5%", "1,5 h", "12 g", "A: 1"],
  ["pl", "46,5%", "1,5 h", "12 d", "A: 1"],
  ["pt-BR", "46,5%", "1,5 h", "12 d", "A: 1"],
  ["cs", "46,5\u00a0%", "1,5 h", "12 d", "A: 1"],
];

test("per cents, spans and pairs are written as in each language", () => {
  for (const [language, ...written] of WRITTEN) {
    const [say, locale] = [speaker(language), { language, number_format: "language" }];
    const spans = [90, 12 * 1440].map((minutes) => spanText(minutes, say, /** @type {any} */ (locale)));
    const percent = percentText(46.5, 1, /** @type {any} */ (locale));
    assert.deepEqual([percent, ...spans, pairText("A", "1", say)], written, language);
  }
});
