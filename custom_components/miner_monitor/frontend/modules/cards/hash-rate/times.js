// Times as people read them, in the format and the zone of the user's profile.

/** @typedef {import("../../lib/types.js").Hass} Hass */

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
  const { language, time_format, time_zone } = hass.locale;
  const zone = time_zone === "server" ? hass.config.time_zone : undefined;
  const spoken = time_format === "system" ? undefined : language;
  const half = saysAmPm(time_format, spoken);
  /** @type {Intl.DateTimeFormatOptions} */
  const hours = {
    hour: half ? "numeric" : "2-digit",
    minute: "2-digit",
    hourCycle: half ? "h12" : "h23",
    timeZone: zone,
  };
  const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: zone });
  const clock = new Intl.DateTimeFormat(language, hours);
  const moment = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", ...hours });
  const plain = new Intl.DateTimeFormat("en", { ...hours, hourCycle: "h23", hour: "2-digit" });
  return {
    zone,
    clock: (time) => clock.format(time),
    moment: (time) => moment.format(time),
    tick: (time) => (plain.format(time) === "00:00" ? day : clock).format(time),
  };
}

/**
 * @param {string | undefined} format of the profile
 * @param {string | undefined} language
 */
function saysAmPm(format, language) {
  if (format === "12") return true;
  if (format === "24") return false;
  return new Intl.DateTimeFormat(language, { hour: "numeric" }).resolvedOptions().hour12 === true;
}
