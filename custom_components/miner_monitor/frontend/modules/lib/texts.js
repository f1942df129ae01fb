// Words in the user's language, out of Home Assistant's own translations.

/** @typedef {import("./types.js").Hass} Hass */

const PREFIX = "component.miner_monitor.common.";

/**
 * Say something: `say("online_of", {online: 2, miners: 3})` is the translation
 * `common.dashboard_online_of` with these values in it.
 *
 * @callback Say
 * @param {string} key
 * @param {Record<string, any>} [values]
 * @returns {string}
 */

/** @type {Map<string, Promise<Say>>} */
const loaded = new Map();

/**
 * Load the words, once per language.
 *
 * @param {Hass} hass
 * @returns {Promise<Say>}
 */
export function loadTexts(hass) {
  const language = hass.language ?? "en";
  let say = loaded.get(language);
  if (!say) {
    say = hass
      .loadBackendTranslation("common", "miner_monitor")
      .then((localize) => sayWith(localize));
    loaded.set(language, say);
    // A connection that was lost is no reason to stay without words.
    say.catch(() => loaded.delete(language));
  }
  return say;
}

/**
 * @param {import("./types.js").Localize} localize
 * @returns {Say}
 */
export function sayWith(localize) {
  return (key, values) => localize(`${PREFIX}dashboard_${key}`, values) || key;
}
