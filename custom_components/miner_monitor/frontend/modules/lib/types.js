// What Home Assistant's frontend hands to cards and strategies, as far as it is used.

/**
 * @typedef {object} HassState
 * @property {string} entity_id
 * @property {string} state
 * @property {Record<string, any>} attributes
 * @property {string} last_changed
 * @property {string} last_updated
 */

/**
 * @typedef {object} EntityEntry An entity of the registry that is not disabled.
 * @property {string} entity_id
 * @property {string} [device_id]
 * @property {string} [translation_key]
 * @property {string} [platform]
 * @property {string} [entity_category]
 * @property {boolean} [hidden]
 * @property {string} [name]
 */

/**
 * @typedef {object} DeviceEntry
 * @property {string} id
 * @property {string | null} name
 * @property {string | null} name_by_user
 * @property {string | null} model
 * @property {string | null} entry_type
 * @property {string | null} [area_id]
 */

/**
 * @typedef {(key: string, values?: Record<string, any>) => string} Localize
 */

/**
 * @typedef {object} Locale
 * @property {string} language
 * @property {string} [number_format]
 * @property {string} [time_format]
 * @property {string} [time_zone]
 */

/**
 * @typedef {object} Hass
 * @property {Record<string, HassState>} states
 * @property {Record<string, EntityEntry>} entities
 * @property {Record<string, DeviceEntry>} devices
 * @property {{is_admin: boolean, name: string}} [user]
 * @property {Locale} locale
 * @property {string} language
 * @property {{time_zone: string, currency: string, components: string[]}} config
 * @property {Localize} localize
 * @property {(category: string, integration?: string) => Promise<Localize>} loadBackendTranslation
 * @property {(state: HassState, value?: string) => string} formatEntityState
 * @property {<T>(message: Record<string, any>) => Promise<T>} callWS
 * @property {(domain: string, service: string, data?: Record<string, any>,
 *   target?: Record<string, any>, notifyOnError?: boolean,
 *   returnResponse?: boolean) => Promise<any>} callService
 */

/**
 * @typedef {object} Miner One miner, or all of them together.
 * @property {string} id its device's id
 * @property {string} name as the user named it
 * @property {string} model
 * @property {boolean} fleet
 * @property {Record<string, string[]>} ids entity ids by "domain.key", such as
 *   "sensor.hash_rate"; several where a key is indexed, such as fans
 */

/**
 * @typedef {Record<string, any> & {type: string}} CardConfig
 */

export {};
