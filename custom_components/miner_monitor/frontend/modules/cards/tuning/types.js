// What the tuning card is told: the response of compare_settings, and samples of the recorder.

/**
 * @typedef {object} Settings An operating point: MHz and V, or a work mode.
 * @property {number} [frequency]
 * @property {number} [core_voltage]
 * @property {string} [work_mode]
 */

/**
 * @typedef {object} Figure A quantity over the ten-minute blocks of a point.
 * @property {number} mean
 * @property {number | null} deviation
 * @property {number} min
 * @property {number} max
 */

/**
 * @typedef {object} TuningPoint
 * @property {string} setting in words of the server's language
 * @property {Settings} settings
 * @property {number} blocks of ten minutes
 * @property {number} days
 * @property {string | null} last ISO 8601
 * @property {Record<string, Figure | undefined>} figures
 * @property {string[]} bottlenecks
 */

/**
 * @typedef {object} Verdict
 * @property {Settings | null} settings null: not yet
 * @property {number | null} value
 * @property {number | null} margin in %
 * @property {string | null} missing
 * @property {number} blocks_missing
 * @property {number} days_missing
 */

/**
 * @typedef {object} TuningMap
 * @property {string} name
 * @property {string} device_id
 * @property {boolean | null} online
 * @property {string} hash_rate_unit
 * @property {TuningPoint[]} points
 * @property {Record<string, Verdict | undefined>} verdicts
 */

/**
 * @typedef {"efficiency" | "hash_rate" | "stability"} Quantity What the map is coloured by.
 */

/**
 * @typedef {object} Sample Five minutes of hashing at constant settings.
 * @property {number} time in ms since the epoch
 * @property {number} hash_rate in the unit of the sensor
 * @property {number | null} power in W
 * @property {number | null} efficiency in J/TH
 * @property {number | null} temperature in the unit of the sensor
 * @property {number | null} frequency in MHz
 * @property {number | null} voltage in V
 * @property {Settings | null} settings the set points
 */

/**
 * @typedef {object} Past What the recorder remembers.
 * @property {Sample[]} samples
 * @property {({time: number, value: number} | null)[]} line the hash rate; null is a gap
 * @property {import("./marks.js").Change[]} changes
 * @property {number} from in ms
 * @property {number} to
 */

/**
 * @typedef {object} View What every part of the card needs to show itself.
 * @property {import("../../lib/types.js").Hass} hass
 * @property {import("../../lib/types.js").Miner} miner
 * @property {import("../../lib/texts.js").Say} say
 * @property {import("../../lib/types.js").Localize} localize knows the words of the reports
 * @property {number} width for the content, in px
 * @property {Settings | null} present what the miner is set to; null: not known
 * @property {(settings: Settings) => boolean} canApply
 * @property {(settings: Settings) => void} apply
 */

export {};
