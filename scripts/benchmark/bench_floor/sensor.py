"""Sensors that say one number after the other."""

from datetime import datetime, timedelta
from itertools import count, cycle, islice

from homeassistant.components.sensor import (
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_track_time_interval

from . import DOMAIN

_MEASURED = SensorEntityDescription(
    key="measured",
    native_unit_of_measurement=UnitOfPower.WATT,
    state_class=SensorStateClass.MEASUREMENT,
)
_OFF = SensorEntityDescription(key="off", entity_registry_enabled_default=False)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add as many as the entry says, and write as many states with each poll."""
    data = entry.data
    measured = _sensors(entry, data["measured"], _MEASURED)
    plain = _sensors(entry, data["plain"], SensorEntityDescription(key="plain"))
    async_add_entities([*measured, *plain, *_sensors(entry, data["off"], _OFF)])
    writers, owed = cycle(measured), 0.0

    async def write(_: datetime) -> None:
        nonlocal owed
        owed += data["writes"]
        for sensor in islice(writers, int(owed)):
            sensor.count()
        owed -= int(owed)

    every = timedelta(seconds=data["interval"])
    entry.async_on_unload(async_track_time_interval(hass, write, every))


def _sensors(
    entry: ConfigEntry, number: int, description: SensorEntityDescription
) -> list[FloorSensor]:
    """Return so many sensors of a kind."""
    return [FloorSensor(entry, description, place) for place in range(number)]


class FloorSensor(SensorEntity):
    """Says a number."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self, entry: ConfigEntry, description: SensorEntityDescription, place: int
    ) -> None:
        """Begin at nothing."""
        self.entity_description = description
        self._attr_name = f"{description.key} {place}"
        self._attr_unique_id = f"{entry.unique_id}_{self._attr_name}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, entry.unique_id or "")}, name=entry.title
        )
        self._numbers = count(1)
        self._attr_native_value = 0

    def count(self) -> None:
        """Say the next number."""
        self._attr_native_value = next(self._numbers)
        self.async_write_ha_state()
