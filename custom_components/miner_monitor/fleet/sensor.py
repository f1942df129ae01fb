"""Sensors of all miners together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    Platform,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTemperature,
)
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoreEntity

from ..entity import Resolution
from ..miners.model import HashRateUnit
from ..sensors.work import JOULES_PER_TERAHASH
from . import (
    FleetData,
    FleetFeature,
    FleetTotal,
    PartialSum,
)
from .coordinator import (
    FleetConfigEntry,
    FleetCoordinator,
)
from .entity import (
    FleetEntityDescription,
    FleetReadingEntity,
    async_add_fleet_entities,
)

COVERAGE = "coverage"

ONE_PERCENT = Resolution(relative=0.01, seconds=10)
"""Somebody is polled all the time: the sum of many is not written at each."""


@dataclass(frozen=True, kw_only=True)
class FleetSensorEntityDescription(FleetEntityDescription, SensorEntityDescription):
    """A sensor and where its value comes from."""

    value_fn: Callable[[FleetData], float | None]
    lasting: bool = False


def _covered(
    key: str,
    covered: Callable[[FleetData], PartialSum],
    *,
    resolution: Resolution = ONE_PERCENT,
    precision: int = 1,
    attributes_fn: Callable[[FleetData], Mapping[str, Any]] | None = None,
    **traits: Any,
) -> FleetSensorEntityDescription:
    """Describe what is known of some miners, and say of how many."""

    def attributes(data: FleetData) -> Mapping[str, Any]:
        more = {} if attributes_fn is None else attributes_fn(data)
        return {COVERAGE: covered(data).coverage, **more}

    return FleetSensorEntityDescription(
        key=key,
        translation_key=f"fleet_{key}",
        attributes_fn=attributes,
        resolution=resolution,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=precision,
        value_fn=lambda data: covered(data).value,
        **{"attributes_at_once": True, **traits},
    )


def _total(total: FleetTotal, **traits: Any) -> FleetSensorEntityDescription:
    """Describe what the fleet counts itself."""
    return FleetSensorEntityDescription(
        key=total.value,
        translation_key=f"fleet_{total}",
        lasting=True,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=lambda data: data.totals.get(total),
        **traits,
    )


_POWER: Mapping[str, Any] = {
    "device_class": SensorDeviceClass.POWER,
    "native_unit_of_measurement": UnitOfPower.WATT,
}
_EFFICIENCY: Mapping[str, Any] = {
    "native_unit_of_measurement": JOULES_PER_TERAHASH,
    "resolution": Resolution(absolute=0.1, relative=0.01, seconds=10),
}
_ENERGY: Mapping[str, Any] = {
    "device_class": SensorDeviceClass.ENERGY,
    "native_unit_of_measurement": UnitOfEnergy.KILO_WATT_HOUR,
    "resolution": Resolution(absolute=0.001, seconds=60),
    "suggested_display_precision": 2,
}
_SHARES: Mapping[str, Any] = {
    "resolution": Resolution(seconds=60),
    "suggested_display_precision": 0,
}

FLEET_SENSORS: tuple[FleetSensorEntityDescription, ...] = (
    _covered(
        "hash_rate",
        lambda data: data.hash_rate,
        native_unit_of_measurement=HashRateUnit.TERA,
        precision=2,
    ),
    _covered(
        "hash_rate_ratio",
        lambda data: data.hash_rate_ratio,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        resolution=Resolution(absolute=1),
        precision=0,
    ),
    _covered("power", lambda data: data.power, **_POWER),
    _total(FleetTotal.ENERGY, **_ENERGY),
    _covered("efficiency", lambda data: data.efficiency, **_EFFICIENCY),
    _covered(
        "wall_power",
        lambda data: data.wall_power,
        ability=FleetFeature.WALL_POWER,
        **_POWER,
    ),
    _total(FleetTotal.WALL_ENERGY, ability=FleetFeature.WALL_POWER, **_ENERGY),
    _covered(
        "wall_efficiency",
        lambda data: data.wall_efficiency,
        ability=FleetFeature.WALL_POWER,
        **_EFFICIENCY,
    ),
    FleetSensorEntityDescription(
        key="miners_online",
        translation_key="fleet_miners_online",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda data: data.miners_online,
    ),
    FleetSensorEntityDescription(
        key="miners_total",
        translation_key="fleet_miners_total",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda data: data.miners_total,
    ),
    _covered(
        "hottest_chip",
        lambda data: data.hottest_chip,
        attributes_fn=lambda data: {"miner": data.hottest},
        # Two miners may change places with each poll.
        attributes_at_once=False,
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        resolution=Resolution(absolute=0.5, seconds=10),
    ),
    _covered(
        "best_difficulty",
        lambda data: data.best_difficulty,
        resolution=Resolution(),
        precision=0,
    ),
    _total(FleetTotal.SHARES_ACCEPTED, **_SHARES),
    _total(FleetTotal.SHARES_REJECTED, **_SHARES),
    _covered(
        "reject_rate",
        lambda data: data.reject_rate,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        resolution=Resolution(absolute=0.1, seconds=60),
    ),
)


@callback
def async_add_fleet_sensors(
    entry: FleetConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of all miners."""
    async_add_fleet_entities(
        entry, Platform.SENSOR, FLEET_SENSORS, _create, async_add_entities
    )


def _create(
    fleet: FleetCoordinator, description: FleetSensorEntityDescription
) -> FleetSensor:
    kind = FleetTotalSensor if description.lasting else FleetSensor
    return kind(fleet, description)


class FleetSensor(FleetReadingEntity[FleetSensorEntityDescription], SensorEntity):
    """A sensor of all miners."""

    entity_description: FleetSensorEntityDescription

    @override
    def _read(self, data: FleetData) -> float | None:
        return self.entity_description.value_fn(data)

    @override
    def _show(self, value: float | None) -> None:
        self._attr_native_value = value


class FleetTotalSensor(FleetSensor, RestoreEntity):
    """A total, whose last state is kept so that it never falls."""
