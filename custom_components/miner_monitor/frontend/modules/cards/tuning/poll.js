// Reads something now and then, only while somebody can see it.

/**
 * Calls `read` at once, then every so often, sooner after a failure. It rests while the
 * page is hidden, and forgets answers that come after it was stopped.
 *
 * @template T
 */
export class Poll {
  #read;
  #done;
  #every;
  #retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #turn = 0;
  #running = false;
  #started = 0;

  /**
   * @param {() => Promise<T>} read
   * @param {(outcome: {value: T} | {error: unknown}) => void} done
   * @param {{every: number, retry: number}} pace in ms
   */
  constructor(read, done, { every, retry }) {
    this.#read = read;
    this.#done = done;
    this.#every = every;
    this.#retry = retry;
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    document.addEventListener("visibilitychange", this.#seen);
    this.now();
  }

  stop() {
    this.#running = false;
    this.#turn += 1;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#seen);
  }

  /** Read at once, however long ago it was. */
  async now() {
    clearTimeout(this.#timer);
    if (!this.#running || document.hidden) return;
    const turn = ++this.#turn;
    this.#started = Date.now();
    /** @type {{value: T} | {error: unknown}} */
    let outcome;
    try {
      outcome = { value: await this.#read() };
    } catch (error) {
      outcome = { error };
    }
    if (turn !== this.#turn) return;
    this.#timer = setTimeout(() => this.now(), "error" in outcome ? this.#retry : this.#every);
    this.#done(outcome);
  }

  /** Read soon, but no more often than after failures. */
  soon() {
    if (!this.#running) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.now(), Math.max(1000, this.#started + this.#retry - Date.now()));
  }

  #seen = () => {
    if (document.hidden) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.now(), Math.max(0, this.#started + this.#every - Date.now()));
  };
}
