// For the time being: what is in another file now.
/** @typedef {import("./types.js").Say} Say */
export * from "./words.js";
