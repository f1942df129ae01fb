// Numbers are written as the user's profile wants them.

import assert from "node:assert/strict";
import test from "node:test";

import { median } from "#modules/lib/records.js";
import { format, momentText, money, short, telling, tickText } from "#modules/lib/words.js";

/** @param {string} language @param {string} [number_format] */
const profile = (language, number_format) => ({ language, ...(number_format && { number_format }) });

/** @type {[string, string | undefined, string][]} */
const FORMATS = [
  ["en", undefined, "1,234.50"],
  ["en", "language", "1,234.50"],
  ["de", "language", "1.234,50"],
  ["de", "comma_decimal", "1,234.50"],
  ["en", "decimal_comma", "1.234,50"],
  ["en", "space_comma", "1 234,50"],
  ["en", "quote_decimal", "1'234.50"],
  ["de", "none", "1234.50"],
];

for (const [language, wanted, text] of FORMATS) {
  test(`${wanted ?? "nothing chosen"}, ${language}`, () => {
    // Spaces and quotes are of other kinds from one version of Unicode's data to the next.
    const written = format(1234.5, 2, profile(language, wanted)).replace(/\s/, " ").replace("’", "'");
    assert.equal(written, text);
  });
}

test("the browser's own format, and none at all", () => {
  const own = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1 }).format(1234.5);
  assert.equal(format(1234.5, 1, profile("de", "system")), own);
  assert.equal(format(1234.5, 1), own);
});

test("three digits tell the most", () => {
  const en = profile("en");
  assert.deepEqual(
    [0, 0.123, 1.005, 9.99, 10, 12.34, 99.94, 100, 1234.5, -12.34].map((value) => telling(value, en)),
    ["0.00", "0.12", "1.01", "9.99", "10.0", "12.3", "99.9", "100", "1,235", "-12.3"],
  );
});

test("large counts are short", () => {
  const en = profile("en");
  assert.deepEqual(
    [0, 999, 1000, 32_768, 4.29e9, 128.04e6, 1.5e12, 2e15, 5e18].map((value) => short(value, en)),
    ["0", "999", "1.00 k", "32.77 k", "4.29 G", "128.0 M", "1.50 T", "2.00 P", "5,000.0 P"],
  );
  assert.equal(short(32_768, profile("de")), "32,77 k");
});

test("a median is in the middle", () => {
  assert.equal(median([]), null);
  assert.equal(median([3]), 3);
  assert.equal(median([10, 9, 100]), 10);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  const values = [3, 1, 2];
  median(values);
  assert.deepEqual(values, [3, 1, 2]);
});

/**
 * @param {Record<string, string>} wanted of the user's profile
 * @returns {any}
 */
const user = (wanted) => ({ locale: { language: "de", ...wanted }, config: { time_zone: "Asia/Tokyo" } });
const NOON = Date.UTC(2026, 11, 2, 12, 5);
const SERVER = { time_zone: "server" };
/** @param {string} text */
const spaced = (text) => text.replace(/\s/gu, " ");

test("times are in the profile's zone and of its hours", () => {
  assert.equal(momentText(NOON, user(SERVER)), "2. Dez., 21:05");
  assert.equal(spaced(momentText(NOON, user({ ...SERVER, time_format: "12" }))), "2. Dez., 9:05 PM");
  assert.equal(spaced(momentText(NOON, user({ ...SERVER, language: "en" }))), "Dec 2, 9:05 PM");
  assert.equal(momentText(NOON, user({ ...SERVER, language: "en", time_format: "24" })), "Dec 2, 21:05");
});

test("a tick is a day at the zone's own midnight", () => {
  const midnight = Date.UTC(2026, 11, 2, 15);
  assert.equal(tickText(midnight, user(SERVER)), "3. Dez.");
  assert.equal(tickText(NOON, user(SERVER)), "21:05");
  assert.equal(tickText(midnight, user({ ...SERVER, language: "en-GB" })), "3 Dec");
});

test("money is written as numbers are", () => {
  /** @param {Record<string, string>} wanted */
  const written = (wanted) => spaced(money(1234.5, "EUR", user(wanted).locale));
  assert.equal(written({}), "1.234,50 €");
  assert.equal(written({ number_format: "comma_decimal" }), "€1,234.50");
  assert.equal(written({ number_format: "none" }), "€1234.50");
});
