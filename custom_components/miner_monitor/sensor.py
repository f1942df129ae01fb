"""Sensors of a miner."""

from dataclasses import replace
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import ATTR_STATE_CLASS, SensorEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import MATCH_ALL, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoreEntity
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import MinerCoordinator
from .entity import (
    ReadingEntity,
    async_add_described,
)
from .fleet.entities import FLEET_SENSORS
from .fleet.money import MONTH
from .runtime.entries import is_fleet
from .sensors import SENSORS
from .sensors.description import (
    MinerSensorEntityDescription,
    Value,
)

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of a miner, or of all miners together.

    What the options ask for no more is taken out of the registry. It knows it again,
    by the same name, if they do so later.
    """
    wanted: tuple[MinerSensorEntityDescription[Any], ...] = FLEET_SENSORS
    if not is_fleet(entry):
        coordinator: MinerCoordinator = entry.runtime_data
        options, registry = coordinator.options, er.async_get(hass)
        wanted = tuple(item.under(options) for item in SENSORS if item.wanted(options))
        for key in {item.key for item in SENSORS} - {item.key for item in wanted}:
            if entity_id := registry.async_get_entity_id(
                Platform.SENSOR, DOMAIN, f"{entry.unique_id}_{key}"
            ):
                registry.async_remove(entity_id)
    async_add_described(entry, Platform.SENSOR, wanted, _create, async_add_entities)


def _create(
    coordinator: Any, description: MinerSensorEntityDescription[Any]
) -> MinerSensor:
    if _keeps_statistics(coordinator, description):
        description = replace(description, state_class=description.former_state_class)
    if description.total is not None:
        return MinerTotalSensor(coordinator, description)
    if description.day_fn is not None:
        return MinerDaySensor(coordinator, description)
    kind = MinerSensor if description.attributes_recorded else MinerFiguresSensor
    return kind(coordinator, description)


def _keeps_statistics(
    coordinator: Any, description: MinerSensorEntityDescription[Any]
) -> bool:
    """Whether it is on since the time when it had statistics."""
    if description.former_state_class is None:
        return False
    registry = er.async_get(coordinator.hass)
    unique_id = f"{coordinator.device_id}_{description.key}"
    entity_id = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
    entry = registry.async_get(entity_id or "")
    return (
        entry is not None
        and not entry.disabled
        and ATTR_STATE_CLASS in (entry.capabilities or {})
    )


class MinerSensor(ReadingEntity[Any, MinerSensorEntityDescription[Any]], SensorEntity):
    """A sensor of a miner, or of all miners together."""

    entity_description: MinerSensorEntityDescription[Any]
    last_reset: datetime | None = None
    _scale: float | None = None

    def __init__(
        self, coordinator: Any, description: MinerSensorEntityDescription[Any]
    ) -> None:
        """Give hash rates the unit of the device, and prices the currency."""
        if description.is_hash_rate:
            unit = coordinator.identity.hash_rate_unit
            self._attr_native_unit_of_measurement = unit
            self._scale = unit.per_terahash
        if description.money is not None:
            currency = coordinator.hass.config.currency
            self._attr_native_unit_of_measurement = f"{currency}{description.money}"
        super().__init__(coordinator, description)

    @override
    def _read(self, data: Any) -> Value:
        value: Value = super()._read(data)
        if self._scale is not None and isinstance(value, float):
            return value * self._scale
        return value

    @property
    @override
    def native_value(self) -> Value:
        """The value that was written last."""
        value: Value = self._published
        return value


class MinerTotalSensor(MinerSensor, RestoreEntity):
    """A total that goes on from what was published before Home Assistant started.

    Its coordinator restores it, and asks the recorder too.
    """


class MinerDaySensor(MinerSensor):
    """A sensor of what adds up in a local day, and says which day that is."""

    _unrecorded_attributes = MONTH

    @override
    def _show(self, value: Value) -> None:
        describe = self.entity_description.day_fn
        day = dt_util.parse_date(describe(self.coordinator.data) if describe else "")
        self.last_reset = None if day is None else dt_util.start_of_local_day(day)


class MinerFiguresSensor(MinerSensor):
    """A sensor whose attributes are too many or too long for the recorder."""

    _unrecorded_attributes = frozenset({MATCH_ALL})
