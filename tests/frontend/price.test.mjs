// Prices around now: the plan where there is one, what was recorded before it.

import assert from "node:assert/strict";
import test from "node:test";

import "./browser.mjs";
import { limitText, monthText, sharesOf } from "#modules/cards/power-card.js";
import { cheapSpans, slotsOf } from "#modules/cards/price-card.js";

const HOUR = 3_600_000;
const MIDNIGHT = Date.UTC(2026, 10, 20);

/** @param {number} hour */
const at = (hour) => MIDNIGHT + hour * HOUR;

/** @param {number} hour @param {number} price @param {boolean} [cheap] */
const planned = (hour, price, cheap) => ({
  start: new Date(at(hour)).toISOString(),
  end: new Date(at(hour + 1)).toISOString(),
  price,
  cheap,
});

test("the plan tells today, what was recorded tells yesterday", () => {
  const plan = [planned(0, 0.2, true), planned(1, 0.3, false)];
  const prices = [
    { time: at(-9), state: "0.5" },
    { time: at(-1), state: "0.1" },
    { time: at(0.5), state: "0.9" },
  ];
  const cheap = [
    { time: at(-9), state: "off" },
    { time: at(-1), state: "on" },
  ];
  assert.deepEqual(slotsOf(plan, prices, cheap, at(-8), at(9), at(1)), [
    { start: at(-8), end: at(-1), price: 0.5, cheap: false },
    { start: at(-1), end: at(0), price: 0.1, cheap: true },
    { start: at(0), end: at(1), price: 0.2, cheap: true },
    { start: at(1), end: at(2), price: 0.3, cheap: false },
  ]);
});

test("without a plan what was recorded ends now", () => {
  const prices = [{ time: at(-2), state: "0.5" }];
  assert.deepEqual(slotsOf(undefined, prices, undefined, at(-8), at(9), at(1)), [
    { start: at(-2), end: at(1), price: 0.5, cheap: null },
  ]);
});

test("what is no price, and no slot, is left out", () => {
  const odd = [null, 5, { start: "soon", end: "later", price: 1 }, { ...planned(3, 1), price: "1" }, planned(1, 0.1)];
  const prices = ["unknown", "", "NaN", "Infinity"].map((state, i) => ({ time: at(-4 + i), state }));
  assert.deepEqual(slotsOf(odd, prices, [], at(-8), at(9), at(0)), [
    { start: at(1), end: at(2), price: 0.1, cheap: null },
  ]);
});

test("a window cuts slots, and an empty one has none", () => {
  const plan = [planned(0, -0.1, true), planned(5, 0.3, false)];
  assert.deepEqual(slotsOf(plan, [], [], at(0.5), at(2), at(1)), [
    { start: at(0.5), end: at(1), price: -0.1, cheap: true },
  ]);
  assert.deepEqual(slotsOf([], [], [], at(0), at(1), at(0)), []);
});

test("cheap neighbours are one span", () => {
  const slots = [
    [0, true],
    [1, true],
    [2, false],
    [3, true],
    [5, true],
    [6, null],
  ].map(([hour, cheap]) => ({
    start: at(Number(hour)),
    end: at(Number(hour) + 1),
    price: 0.1,
    cheap: /** @type {boolean | null} */ (cheap),
  }));
  assert.deepEqual(cheapSpans(slots), [
    [at(0), at(2)],
    [at(3), at(4)],
    [at(5), at(6)],
  ]);
});

const HASS = /** @type {any} */ ({
  locale: { language: "en", number_format: "language" },
  config: { currency: "EUR" },
});

/** @param {string} key @param {Record<string, any>} [values] */
const say = (key, values) => `${key}(${Object.values(values ?? {}).join()})`;

test("the month is told in one line, and only what is known of it", () => {
  const month = { month_energy: 41.2, month_cost: 8.1, month_cheap: 78.4, month_saving: 11.4 };
  const text = (/** @type {Record<string, any>} */ more) => monthText({ ...month, ...more }, HASS, say);
  assert.equal(text({}), "price_month(41.2 kWh, price_month_cheap(78), price_month_less(€11.40))");
  assert.equal(text({ month_saving: -0.5 }), "price_month(41.2 kWh, price_month_cheap(78), price_month_more(€0.50))");
  assert.equal(text({ month_saving: 0.004, month_cheap: null }), "price_month(41.2 kWh)");
  assert.equal(text({ month_cost: null }), "");
  assert.equal(monthText(undefined, HASS, say), "");
});

test("why a miner gets no more is told in words, with its end while that is to come", () => {
  const share = { name: "Gamma", power: 0, limit: "minimum_pause", until: new Date(at(2)).toISOString() };
  assert.match(limitText(share, at(1), HASS, say), /^limit_until\(limit_minimum_pause\(\),.*\)$/);
  assert.equal(limitText(share, at(3), HASS, say), "limit_minimum_pause()");
  assert.equal(limitText({ ...share, limit: null }, at(1), HASS, say), "");
  assert.deepEqual(sharesOf([share, null, 5, {}]), [share]);
  assert.deepEqual(sharesOf("none"), []);
});
