// For the time being: what is in another file now.
export * from "./chart.js";
