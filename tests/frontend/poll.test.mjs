// What is read again now and then: when, and what becomes of a failure.

import assert from "node:assert/strict";
import test from "node:test";

import { Poll } from "#modules/lib/records.js";
import { messageOf } from "#modules/lib/words.js";

/** @type {Set<() => void>} */
const listeners = new Set();
const page = {
  hidden: false,
  addEventListener: (/** @type {string} */ _, /** @type {() => void} */ listener) => listeners.add(listener),
  removeEventListener: (/** @type {string} */ _, /** @type {() => void} */ listener) => listeners.delete(listener),
};
Object.assign(globalThis, { document: page });

/** Let what is under way come to its end. */
async function settle() {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

/**
 * Return a poll that runs, with what it read and how it ended.
 *
 * @param {import("node:test").TestContext} context
 * @param {() => Promise<unknown>} [answer]
 */
async function started(context, answer = async () => 1) {
  context.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1000 });
  const told = { reads: 0, outcomes: /** @type {any[]} */ ([]) };
  const poll = new Poll(
    () => {
      told.reads += 1;
      return answer();
    },
    (outcome) => told.outcomes.push(outcome),
    { every: 60_000, retry: 10_000 },
  );
  poll.start();
  await settle();
  const after = async (/** @type {number} */ ms) => {
    context.mock.timers.tick(ms);
    await settle();
    return told.reads;
  };
  return { poll, told, after };
}

test("it is read at once, then after its time, until it is stopped", async (context) => {
  const { poll, told, after } = await started(context);
  assert.deepEqual(told, { reads: 1, outcomes: [{ value: 1 }] });
  assert.equal(await after(59_999), 1);
  assert.equal(await after(1), 2);
  poll.start();
  assert.equal(await after(0), 2);
  poll.stop();
  assert.equal(await after(300_000), 2);
});

test("a failure is told and tried again soon", async (context) => {
  const { told, after } = await started(context, async () => {
    throw { code: "timeout" };
  });
  assert.deepEqual(told.outcomes, [{ error: { code: "timeout" } }]);
  assert.equal(await after(10_000), 2);
});

test("an answer that comes after it was stopped is forgotten", async (context) => {
  let finish = () => {};
  const { poll, told } = await started(context, () => new Promise((resolve) => (finish = () => resolve(1))));
  poll.stop();
  finish();
  await settle();
  assert.deepEqual(told.outcomes, []);
});

test("it rests while nobody looks, and reads when somebody does again", async (context) => {
  const { after } = await started(context);
  page.hidden = true;
  assert.equal(await after(300_000), 1);
  page.hidden = false;
  for (const listener of listeners) listener();
  assert.equal(await after(0), 2);
});

test("it can be wanted sooner, but not more often than after failures", async (context) => {
  const { poll, after } = await started(context);
  poll.soon();
  assert.equal(await after(9_999), 1);
  assert.equal(await after(1), 2);
  await after(20_000);
  poll.soon();
  assert.equal(await after(1000), 3);
});

test("errors of any kind have words", () => {
  assert.equal(messageOf(new Error("No")), "No");
  assert.equal(messageOf({ code: 3 }), "3");
  assert.equal(messageOf({ body: { message: "Not found" } }), "Not found");
  assert.equal(messageOf("lost"), "lost");
  assert.equal(messageOf(null), "null");
});
