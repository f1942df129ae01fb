// Numbers as people read them.

/** @typedef {import("./types.js").Locale} Locale */

const NUMBER_LOCALES = /** @type {Record<string, string | string[]>} */ ({
  comma_decimal: ["en-US", "en"],
  decimal_comma: ["de", "es", "it"],
  space_comma: ["fr", "sv", "cs"],
  quote_decimal: ["de-CH"],
});

/**
 * Return what Intl needs for the format that the user chose in the profile.
 *
 * @param {Locale | undefined} locale
 * @returns {string | string[] | undefined}
 */
function languageOf(locale) {
  const format = locale?.number_format ?? "language";
  if (format === "system") return undefined;
  if (format === "none") return "en";
  return NUMBER_LOCALES[format] ?? locale?.language;
}

/** @type {Map<string, Intl.NumberFormat>} */
const made = new Map();

/**
 * Write a number with so many decimals, in the format of the user's profile.
 *
 * @param {number} value
 * @param {number} decimals
 * @param {Locale} [locale]
 * @returns {string}
 */
export function format(value, decimals, locale) {
  const key = `${locale?.language} ${locale?.number_format} ${decimals}`;
  // To make a formatter takes some ten times as long as to use it.
  let formatter = made.get(key);
  if (!formatter) {
    formatter = new Intl.NumberFormat(languageOf(locale), {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      useGrouping: locale?.number_format !== "none",
    });
    made.set(key, formatter);
  }
  return formatter.format(value);
}

/**
 * Write a number with its three most telling digits.
 *
 * @param {number} value
 * @param {Locale} [locale]
 * @returns {string}
 */
export function telling(value, locale) {
  const size = Math.abs(value);
  return format(value, size >= 100 ? 0 : size >= 10 ? 1 : 2, locale);
}

const STEPS = /** @type {const} */ ([
  [1e15, "P"],
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
]);

/**
 * Write a large count, such as a difficulty: 128.0M.
 *
 * @param {number} value
 * @param {Locale} [locale]
 * @returns {string}
 */
export function short(value, locale) {
  for (const [size, letter] of STEPS) {
    if (Math.abs(value) >= size) return `${telling(value / size, locale)}${letter}`;
  }
  return format(value, 0, locale);
}

/**
 * Return the median; null of nothing.
 *
 * @param {number[]} values
 * @returns {number | null}
 */
export function median(values) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = /** @type {number} */ (sorted[middle]);
  if (sorted.length % 2) return upper;
  return (upper + /** @type {number} */ (sorted[middle - 1])) / 2;
}
