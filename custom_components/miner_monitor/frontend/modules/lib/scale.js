// For the time being: what is in another file now.
/** @typedef {import("./chart.js").Scale} Scale */
export * from "./chart.js";
