// How each miner does at its settings.

import { messageView, section, sectionsView } from "./cards.js";

/**
 * @param {import("./views.js").Scene} scene
 * @returns {Record<string, any>}
 */
export function tuningView({ say, miners }) {
  const tunable = miners.filter((miner) => isTunable(miner));
  if (!tunable.length) {
    return messageView(say("nothing_tunable"));
  }
  return sectionsView(
    [
      section(
        undefined,
        [
          {
            type: "custom:miner-choice-card",
            id: "tuning",
            selects: [
              {
                label: say("miner"),
                options: tunable.map((miner) => ({ label: miner.name, key: miner.id, values: { device_id: miner.id } })),
                // A map of frequencies and voltages shows more than one of modes.
                first: Math.max(0, tunable.findIndex((miner) => miner.ids["number.frequency"])),
              },
            ],
            card: { type: "custom:miner-tuning-card" },
            grid_options: { columns: "full" },
          },
        ],
        { span: 4 },
      ),
    ],
    4,
  );
}

/**
 * Whether a miner has settings that make a difference.
 *
 * @param {import("../lib/types.js").Miner} miner
 */
export function isTunable(miner) {
  return ["number.frequency", "select.work_mode"].some((key) => miner.ids[key]);
}
