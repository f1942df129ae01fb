// Words come from Home Assistant's translations, loaded once for each language.

import assert from "node:assert/strict";
import test from "node:test";

import { loadTexts, sayWith } from "#modules/lib/words.js";

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
