// What is asked for again now and then, while somebody looks.

/** @typedef {import("./types.js").Hass} Hass */

const RETRY_SECONDS = 30;

/** Something that is read every so often. After a failure it is tried again soon. */
export class Poll {
  #due = 0;
  #last = 0;
  #running = false;

  /**
   * @param {number} seconds
   * @param {(hass: Hass) => Promise<void>} read
   */
  constructor(seconds, read) {
    this.seconds = seconds;
    this.read = read;
    /** @type {string | null} why it failed last time */
    this.error = null;
  }

  /**
   * Read at the next chance.
   *
   * @param {number} [seconds] that are to be between two reads at the least
   */
  renew(seconds = 0) {
    this.#due = Math.min(this.#due, this.#last + seconds * 1000);
  }

  /**
   * Read if it is time; return whether anything was read.
   *
   * @param {Hass} hass
   * @param {number} now in ms
   * @returns {Promise<boolean>}
   */
  async tick(hass, now) {
    if (this.#running || now < this.#due) return false;
    this.#running = true;
    this.#last = now;
    this.#due = now + this.seconds * 1000;
    try {
      await this.read(hass);
      this.error = null;
    } catch (error) {
      this.error = messageOf(error);
      this.#due = Math.min(this.#due, now + RETRY_SECONDS * 1000);
    } finally {
      this.#running = false;
    }
    return true;
  }
}

/**
 * Return what an error says; Home Assistant's are no instances of Error.
 *
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  const { message, code } = /** @type {{message?: unknown, code?: unknown}} */ (error ?? {});
  return String(message || code || error);
}
