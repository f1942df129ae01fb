// What a user can choose of the fleet card in the dashboard's editor.

// @says fleet_column_chip_temperature fleet_column_efficiency fleet_column_hash_rate
// @says fleet_column_name fleet_column_power fleet_column_ratio fleet_column_shares
// @says fleet_column_status fleet_hours_1 fleet_hours_24 fleet_option_exclude fleet_option_good
// @says fleet_option_hours fleet_option_miners fleet_option_poor fleet_option_show_findings
// @says fleet_option_show_switch fleet_option_sort fleet_option_subviews fleet_option_title

import { SORTS } from "./quantities.js";

/** @typedef {import("../../lib/types.js").Say} Say */

const DEVICES = { device: { integration: "miner_monitor", multiple: true } };

/**
 * Return the form of the editor.
 *
 * @param {Say} say
 */
export function formOf(say) {
  return {
    schema: [
      { name: "title", selector: { text: {} } },
      { name: "miners", selector: DEVICES },
      { name: "exclude", selector: DEVICES },
      { name: "sort", selector: select(Object.keys(SORTS), (key) => say(`fleet_column_${key}`)) },
      { name: "hours", selector: select(["1", "24"], (hours) => say(`fleet_hours_${hours}`)) },
      ...["subviews", "show_findings", "show_switch"].map((name) => ({ name, selector: { boolean: {} } })),
      ...["good", "poor"].map((name) => ({
        name,
        selector: { number: { min: 0, max: 200, mode: "box", unit_of_measurement: "%" } },
      })),
    ],
    computeLabel: (/** @type {{name: string}} */ { name }) => say(`fleet_option_${name}`),
  };
}

/**
 * @param {string[]} values
 * @param {(value: string) => string} label
 */
function select(values, label) {
  return { select: { mode: "dropdown", options: values.map((value) => ({ value, label: label(value) })) } };
}
