// What the dashboard says in a language, out of the translations themselves.

import { readFileSync } from "node:fs";

import { sayWith } from "#modules/lib/words.js";

const FOLDER = new URL("../../custom_components/miner_monitor/translations/", import.meta.url);
const PREFIX = "component.miner_monitor.common.";

/** @param {string} language */
export function speaker(language) {
  const { common } = JSON.parse(readFileSync(new URL(`${language}.json`, FOLDER), "utf-8"));
  return sayWith((key, values = {}) =>
    String(common[key.replace(PREFIX, "")] ?? "").replace(/\{(\w+)\}/g, (_, name) => String(values[name])),
  );
}
