"""Sensors of a miner."""

from collections.abc import Iterable
from typing import override

from homeassistant.components.sensor import SensorEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import MATCH_ALL, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoreEntity

from .const import DOMAIN
from .coordinator import (
    MinerConfigEntry,
    MinerCoordinator,
)
from .entity import (
    MinerReadingEntity,
    async_add_miner_entities,
)
from .fleet.sensor import async_add_fleet_sensors
from .model import MinerData
from .runtime.entry_data import (
    is_fleet,
)
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
    """Add the sensors that the miner has."""
    if is_fleet(entry):
        async_add_fleet_sensors(entry, async_add_entities)
        return
    options = entry.runtime_data.options
    wanted = [item.under(options) for item in SENSORS if item.wanted(options)]
    _forget(hass, entry, [item for item in SENSORS if not item.wanted(options)])
    async_add_miner_entities(
        entry, Platform.SENSOR, wanted, _create, async_add_entities
    )


def _forget(
    hass: HomeAssistant,
    entry: MinerConfigEntry,
    unwanted: Iterable[MinerSensorEntityDescription],
) -> None:
    """Take out of the registry what the options ask for no more.

    It knows it again, by the same name, if they do so later.
    """
    registry, device_id = er.async_get(hass), entry.runtime_data.device_id
    for description in unwanted:
        if entity_id := registry.async_get_entity_id(
            Platform.SENSOR, DOMAIN, f"{device_id}_{description.key}"
        ):
            registry.async_remove(entity_id)


def _create(
    coordinator: MinerCoordinator, description: MinerSensorEntityDescription
) -> MinerSensor:
    if description.total is not None:
        return MinerTotalSensor(coordinator, description)
    kind = MinerSensor if description.attributes_recorded else MinerFiguresSensor
    return kind(coordinator, description)


class MinerSensor(MinerReadingEntity[MinerSensorEntityDescription], SensorEntity):
    """A sensor of a miner."""

    entity_description: MinerSensorEntityDescription
    last_reset = None
    _scale: float | None = None

    def __init__(
        self, coordinator: MinerCoordinator, description: MinerSensorEntityDescription
    ) -> None:
        """Give hash rates the unit of the device."""
        if description.is_hash_rate:
            unit = coordinator.identity.hash_rate_unit
            self._attr_native_unit_of_measurement = unit
            self._scale = unit.per_terahash
        super().__init__(coordinator, description)

    @override
    def _read(self, data: MinerData) -> Value:
        value = self.entity_description.value_fn(data)
        if self._scale is not None and isinstance(value, float):
            return value * self._scale
        return value

    @property
    @override
    def native_value(self) -> Value:
        """The value that was written last."""
        value: Value = self._shown
        return value


class MinerTotalSensor(MinerSensor, RestoreEntity):
    """A total that goes on from what was published before Home Assistant started.

    It is restored by the coordinator, which asks the recorder too.
    """


class MinerFiguresSensor(MinerSensor):
    """A sensor whose attributes are too many or too long for the recorder."""

    _unrecorded_attributes = frozenset({MATCH_ALL})
