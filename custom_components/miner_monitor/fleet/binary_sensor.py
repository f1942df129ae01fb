"""Binary sensors of all miners together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from . import FleetData
from .coordinator import FleetConfigEntry
from .entity import (
    FleetEntityDescription,
    FleetReadingEntity,
    async_add_fleet_entities,
)

MINERS = "miners"


@dataclass(frozen=True, kw_only=True)
class FleetBinarySensorEntityDescription(
    FleetEntityDescription, BinarySensorEntityDescription
):
    """A binary sensor and where its value comes from."""

    value_fn: Callable[[FleetData], bool | None]


def _troubled(data: FleetData) -> dict[str, Any]:
    """Tell which miners have a problem, and what."""
    return {
        MINERS: [
            {"name": trouble.name, "problems": list(trouble.problems)}
            for trouble in data.troubles
        ]
    }


FLEET_BINARY_SENSORS: tuple[FleetBinarySensorEntityDescription, ...] = (
    FleetBinarySensorEntityDescription(
        key="problem",
        translation_key="fleet_problem",
        attributes_fn=_troubled,
        device_class=BinarySensorDeviceClass.PROBLEM,
        value_fn=lambda data: data.problem,
        attributes_at_once=True,
    ),
)


@callback
def async_add_fleet_binary_sensors(
    entry: FleetConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the binary sensors of all miners."""
    async_add_fleet_entities(
        entry,
        Platform.BINARY_SENSOR,
        FLEET_BINARY_SENSORS,
        FleetBinarySensor,
        async_add_entities,
    )


class FleetBinarySensor(
    FleetReadingEntity[FleetBinarySensorEntityDescription], BinarySensorEntity
):
    """A binary sensor of all miners."""

    entity_description: FleetBinarySensorEntityDescription
    # The list may be as long as there are miners.
    _unrecorded_attributes = frozenset({MINERS})

    @override
    def _read(self, data: FleetData) -> bool | None:
        return self.entity_description.value_fn(data)

    @override
    def _show(self, value: bool | None) -> None:
        self._attr_is_on = value
