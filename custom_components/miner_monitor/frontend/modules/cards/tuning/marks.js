// Changes of settings as marks on an axis of time.

import { MINUTE } from "../../lib/records.js";

/** @typedef {import("../../lib/records.js").Point} Point */
/** @typedef {import("./types.js").Settings} Settings */

/**
 * @typedef {object} Change What was set to what, at once or nearly so.
 * @property {number} time in ms
 * @property {Settings} changed only what is another one now
 * @property {Settings} before what it was
 */

/** What is set within this time is one change: a miner takes voltage and frequency one by one. */
const ONE_CHANGE = 2 * MINUTE;

/**
 * Return the changes of set points, in order of time.
 *
 * The first state of each list held before and is no change.
 *
 * @param {{frequency?: Point[], voltage?: Point[], mode?: Point[]}} set without what says nothing
 * @returns {Change[]}
 */
export function changesOf({ frequency, voltage, mode }) {
  const all = [
    ...steps(frequency, (state) => ({ frequency: Number(state) })),
    ...steps(voltage, (state) => ({ core_voltage: Number(state) })),
    ...steps(mode, (state) => ({ work_mode: state })),
  ].sort((a, b) => a.time - b.time);
  /** @type {Change[]} */
  const changes = [];
  for (const step of all) {
    const last = changes.at(-1);
    if (last && step.time - last.time <= ONE_CHANGE) {
      last.changed = { ...last.changed, ...step.changed };
      last.before = { ...step.before, ...last.before };
    } else {
      changes.push(step);
    }
  }
  return changes.filter(({ changed, before }) => !unchanged(changed, before));
}

/**
 * @param {Settings} changed
 * @param {Settings} before
 */
function unchanged(changed, before) {
  return (
    changed.frequency === before.frequency &&
    changed.core_voltage === before.core_voltage &&
    changed.work_mode === before.work_mode
  );
}

/**
 * @param {Point[] | undefined} points
 * @param {(state: string) => Settings} read
 * @returns {Change[]}
 */
function steps(points, read) {
  return (points ?? []).slice(1).map(({ time, state }, index) => ({
    time,
    changed: read(state),
    before: read(points?.[index]?.state ?? state),
  }));
}

/**
 * Return in which line each mark's text finds room; null where there is none.
 *
 * The newest come first, since they are what one looks for.
 *
 * @param {{x: number, width: number}[]} marks in order of time; x is where a text begins
 * @param {number} lanes how many lines there are
 * @param {number} end where the chart ends; a text that would pass it stands left of its mark
 * @returns {({lane: number, left: boolean} | null)[]}
 */
export function lanesOf(marks, lanes, end) {
  /** @type {[number, number][][]} */
  const taken = Array.from({ length: lanes }, () => []);
  /** @type {({lane: number, left: boolean} | null)[]} */
  const found = marks.map(() => null);
  for (let index = marks.length - 1; index >= 0; index--) {
    const mark = marks[index];
    if (!mark) continue;
    const left = mark.x + mark.width > end;
    const from = left ? mark.x - mark.width : mark.x;
    const lane = taken.findIndex((spans) => spans.every(([a, b]) => from > b + 4 || from + mark.width < a - 4));
    if (lane < 0) continue;
    taken[lane]?.push([from, from + mark.width]);
    found[index] = { lane, left };
  }
  return found;
}
