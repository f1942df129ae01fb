// For the time being: what is in other files now.
export { format, short, telling } from "./words.js";
export { median } from "./records.js";
