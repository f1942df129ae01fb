// The colours of the map: even steps for the eye, told apart also by the colour blind.

/**
 * From bad (dark violet) to good (yellow): each step is lighter than the one before, so
 * that it needs no hue to be read. These are the stops of the map known as viridis.
 */
const STOPS = /** @type {[number, number, number][]} */ ([
  [68, 1, 84],
  [71, 45, 123],
  [59, 82, 139],
  [44, 114, 142],
  [33, 145, 140],
  [40, 174, 128],
  [94, 201, 98],
  [173, 220, 48],
  [253, 231, 37],
]);

/**
 * Return the colour of a place from 0 (bad) to 1 (good).
 *
 * @param {number} place
 * @returns {string}
 */
export function rampColor(place) {
  const at = Math.min(1, Math.max(0, place)) * (STOPS.length - 1);
  const index = Math.min(STOPS.length - 2, Math.floor(at));
  const [low, high] = [STOPS[index], STOPS[index + 1]];
  if (!low || !high) return "gray";
  const mixed = low.map((value, i) => Math.round(value + ((high[i] ?? value) - value) * (at - index)));
  return `rgb(${mixed.join(", ")})`;
}

/** The whole of it as CSS, from bad to good. */
export const RAMP_GRADIENT = `linear-gradient(to right, ${STOPS.map((stop) => `rgb(${stop.join(", ")})`).join(", ")})`;

/**
 * Return where a value lies between the worst (0) and the best (1).
 *
 * @param {number} value
 * @param {number} worst
 * @param {number} best
 * @returns {number}
 */
export function placeOf(value, worst, best) {
  return worst === best ? 1 : (value - worst) / (best - worst);
}
