// What Home Assistant's frontend hands to cards and strategies, as far as it is used.

export interface HassState {
  entity_id: string;
  state: string;
  attributes: Record<string, any>;
  last_changed: string;
  last_updated: string;
}

/** An entity of the registry that is not disabled. */
export interface EntityEntry {
  entity_id: string;
  device_id?: string;
  translation_key?: string;
  platform?: string;
  entity_category?: string;
  hidden?: boolean;
  name?: string;
  display_precision?: number;
}

export interface DeviceEntry {
  id: string;
  name: string | null;
  name_by_user: string | null;
  model: string | null;
  entry_type: string | null;
  area_id?: string | null;
  primary_config_entry?: string | null;
}

export type Localize = (key: string, values?: Record<string, any>) => string;

export interface Locale {
  language: string;
  number_format?: string;
  time_format?: string;
  time_zone?: string;
}

export interface Hass {
  states: Record<string, HassState>;
  entities: Record<string, EntityEntry>;
  devices: Record<string, DeviceEntry>;
  panels?: Record<string, unknown>;
  user?: { is_admin: boolean; name: string };
  connected?: boolean;
  locale: Locale;
  language: string;
  config: { time_zone: string; currency: string; components: string[] };
  localize: Localize;
  loadBackendTranslation(category: string, integration?: string): Promise<Localize>;
  formatEntityState(state: HassState, value?: string): string;
  formatEntityAttributeValue(state: HassState, attribute: string, value?: unknown): string;
  callWS<T>(message: Record<string, any>): Promise<T>;
  callService(
    domain: string,
    service: string,
    data?: Record<string, any>,
    target?: Record<string, any>,
    notifyOnError?: boolean,
    returnResponse?: boolean,
  ): Promise<any>;
}

/** One miner, or all of them together. */
export interface Miner {
  /** of its device */
  id: string;
  /** as the user named it */
  name: string;
  model: string;
  fleet: boolean;
  /** Entity ids by "domain.key", such as "sensor.hash_rate"; several where a key is indexed, such as fans. */
  ids: Record<string, string[]>;
}

export type CardConfig = Record<string, any> & { type: string };

/**
 * Say something: `say("online_of", {online: 2, miners: 3})` is the translation
 * `common.dashboard_online_of` with these values in it.
 */
export type Say = (key: string, values?: Record<string, any>) => string;
