"""An action that turns on the sensors of which the dashboard draws charts.

A dozen sensors are on by default, so that the recorder stays small. Whoever wants to
see all charts turns the others on with one press, not one by one.
"""

from homeassistant.core import ServiceCall
from homeassistant.helpers import entity_registry as er

from ..runtime.targets import targets_of

DETAILS = frozenset(
    {
        "best_session_difficulty",
        "blocks_found",
        "board_temperature",
        "chip_temperature_2",
        "core_voltage_actual",
        "efficiency_24h_mean",
        "expected_hash_rate",
        "fan_duty_cycle",
        "frequency_actual",
        "hardware_error_rate",
        "hash_rate_1h_mean",
        "hash_rate_24h_mean",
        "hash_rate_deviation",
        "hash_rate_range_24h",
        "hash_rate_stability",
        "hash_rate_stddev_10m",
        "hash_rate_stddev_1m",
        "hash_rate_stddev_5m",
        "inlet_temperature",
        "input_voltage",
        "last_share",
        "odds_of_block",
        "outlet_temperature",
        "pool_difficulty",
        "pool_hash_rate",
        "power_limit",
        "reject_rate",
        "share_error_rate",
        "shares_rejected",
        "target_chip_temperature",
        "time_to_beat_best",
        "uptime",
    }
)
"""Keys of sensors that are off by default and that a view of the dashboard shows."""


async def show_details(call: ServiceCall) -> None:
    """Turn on what is off by default; Home Assistant loads it half a minute later."""
    registry = er.async_get(call.hass)
    for entry in await targets_of(call):
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
            if (
                entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION
                and entity.translation_key in DETAILS
            ):
                registry.async_update_entity(entity.entity_id, disabled_by=None)
