// How the columns of the table lie beside each other, by what there is to show.

/** Columns of the wide table, with their widths. */
const WIDE = /** @type {const} */ ([
  ["name", "minmax(116px, 1.6fr)"],
  ["status", "minmax(114px, 0.7fr)"],
  ["hash_rate", "minmax(92px, 0.5fr)"],
  ["ratio", "minmax(82px, 0.4fr)"],
  ["power", "minmax(80px, 0.5fr)"],
  ["efficiency", "minmax(84px, 0.4fr)"],
  ["chip_temperature", "minmax(64px, 0.4fr)"],
  ["fan", "minmax(74px, 0.4fr)"],
  ["shares", "minmax(88px, 0.5fr)"],
  ["spark", "minmax(82px, 1.2fr)"],
  ["switch", "76px"],
]);

/** Columns of the medium table: two things one above the other. */
const MEDIUM = /** @type {const} */ ([
  ["name", "status", "minmax(110px, 1.4fr)"],
  ["hash_rate", "ratio", "minmax(88px, 0.6fr)"],
  ["power", "efficiency", "minmax(86px, 0.6fr)"],
  ["chip_temperature", "fan", "minmax(112px, 0.5fr)"],
  ["shares", "shares", "minmax(92px, 0.5fr)"],
  ["spark", "spark", "minmax(72px, 1fr)"],
  ["switch", "switch", "76px"],
]);

const ALWAYS = new Set(["name", "status", "spark", "switch"]);

/**
 * Return the templates of the grid as properties of CSS.
 *
 * @param {string[]} lacking quantities that no miner has, and "switch" where it is not wanted
 * @returns {Record<string, string>}
 */
export function layoutOf(lacking) {
  const gone = new Set(lacking);
  const wide = WIDE.filter(([key]) => !gone.has(key));
  const medium = MEDIUM.filter(([upper, lower]) => !gone.has(upper) || !gone.has(lower));
  /** @param {0 | 1} line */
  const areas = (line) => medium.map((column) => (gone.has(column[line]) ? "." : column[line])).join(" ");
  const widths = medium.map(([, , width]) => width).join(" ");
  return {
    "--wide": wide.map(([, width]) => width).join(" "),
    "--medium": `"${areas(0)}" "${areas(1)}" / ${widths}`,
    "--wide-measured": String(Math.max(1, wide.filter(([key]) => !ALWAYS.has(key)).length)),
    "--medium-measured": String(Math.max(1, medium.filter(([key]) => !ALWAYS.has(key)).length)),
  };
}
