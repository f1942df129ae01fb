// What is read again now and then: when, and what becomes of a failure.

import assert from "node:assert/strict";
import test from "node:test";

import { messageOf, Poll } from "../../custom_components/miner_monitor/frontend/modules/lib/poll.js";

const HASS = /** @type {any} */ ({});

test("it is read at once, then after its time", async () => {
  let read = 0;
  const poll = new Poll(60, async () => void (read += 1));
  const told = [];
  for (const now of [1000, 2000, 60_999, 61_000]) told.push(await poll.tick(HASS, now));
  assert.deepEqual(told, [true, false, false, true]);
  assert.equal(read, 2);
});

test("two do not run at the same time", async () => {
  let finish = () => {};
  const poll = new Poll(1, () => new Promise((resolve) => (finish = () => resolve(undefined))));
  const first = poll.tick(HASS, 0);
  assert.equal(await poll.tick(HASS, 5000), false);
  finish();
  assert.equal(await first, true);
});

test("a failure is told and tried again soon; success takes it back", async () => {
  let broken = true;
  const poll = new Poll(300, async () => {
    if (broken) throw { code: "timeout", message: "Connection lost" };
  });
  await poll.tick(HASS, 0);
  assert.equal(poll.error, "Connection lost");
  broken = false;
  assert.equal(await poll.tick(HASS, 29_999), false);
  assert.equal(await poll.tick(HASS, 30_000), true);
  assert.equal(poll.error, null);
});

test("it can be renewed, but not more often than wanted", async () => {
  const poll = new Poll(300, async () => {});
  await poll.tick(HASS, 100_000);
  poll.renew(60);
  assert.equal(await poll.tick(HASS, 110_000), false);
  assert.equal(await poll.tick(HASS, 160_000), true);
  poll.renew();
  assert.equal(await poll.tick(HASS, 160_001), true);
});

test("errors of any kind have words", () => {
  assert.equal(messageOf(new Error("No")), "No");
  assert.equal(messageOf({ code: 3 }), "3");
  assert.equal(messageOf("lost"), "lost");
  assert.equal(messageOf(null), "null");
});
