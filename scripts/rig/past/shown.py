"""What each entity would have shown, by the descriptions that the integration has."""

from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from custom_components.miner_monitor.binary_sensor import BINARY_SENSORS
from custom_components.miner_monitor.entity import ANY_CHANGE, Resolution
from custom_components.miner_monitor.fleet import FleetData
from custom_components.miner_monitor.fleet.entities import (
    FLEET_BINARY_SENSORS,
    FLEET_SENSORS,
)
from custom_components.miner_monitor.miners.model import MinerIdentity, Setting
from custom_components.miner_monitor.model import MinerData
from custom_components.miner_monitor.number import NUMBERS
from custom_components.miner_monitor.select import SELECTS
from custom_components.miner_monitor.sensors import SENSORS
from custom_components.miner_monitor.sensors.description import (
    MinerSensorEntityDescription,
)
from custom_components.miner_monitor.switch import SWITCHES

from .house import Entity

OTHERS_KNOW = frozenset({"setting_writes", "profile"})
"""What comes from stores that have no past."""

AWAY = object()
"""Stands for an entity that is unavailable."""

type Read = Callable[[Any], object]


@dataclass(slots=True, kw_only=True)
class Track:
    """What one entity showed, a value for each of the times of its miner."""

    entity: Entity
    read: Read
    resolution: Resolution = ANY_CHANGE
    lasting: bool = False
    values: list[Any] = field(default_factory=list)

    def see(self, data: object, *, there: bool) -> None:
        """Add a value; an entity that does not last is unavailable without a miner."""
        self.values.append(self.read(data) if there or self.lasting else AWAY)


def miner_track(entity: Entity, identity: MinerIdentity) -> Track | None:
    """Return the empty track of a miner's entity; None if nothing is known of it."""
    description: Any = _BY_PLACE.get((entity.domain, entity.key))
    if description is None or entity.key in OTHERS_KNOW:
        return None
    return Track(
        entity=entity,
        read=_reader(description, identity),
        resolution=description.resolution,
        lasting=description.available_offline,
    )


def fleet_track(entity: Entity) -> Track | None:
    """Return the empty track of an entity of all miners."""
    description: Any = _FLEET.get((entity.domain, entity.key))
    if description is None:
        return None
    read: Callable[[FleetData], object] = description.value_fn
    return Track(
        entity=entity, read=read, resolution=description.resolution, lasting=True
    )


_BY_PLACE: Mapping[tuple[str, str], Any] = {
    **{("sensor", item.key): item for item in SENSORS},
    **{("binary_sensor", item.key): item for item in BINARY_SENSORS},
    **{("number", item.key): item for item in NUMBERS},
    **{("select", item.key): item for item in SELECTS},
    **{("switch", item.key): item for item in SWITCHES},
}
_FLEET: Mapping[tuple[str, str], Any] = {
    **{("sensor", item.key): item for item in FLEET_SENSORS},
    **{("binary_sensor", item.key): item for item in FLEET_BINARY_SENSORS},
}


def _reader(description: Any, identity: MinerIdentity) -> Read:
    if description in NUMBERS:
        return _setting_reader(description.setting)
    read: Callable[[MinerData], object] = description.value_fn
    if description in BINARY_SENSORS:
        return lambda data: _is_on(read(data))
    if isinstance(description, MinerSensorEntityDescription):
        if description.is_hash_rate:
            return _scaled(read, identity.hash_rate_unit.per_terahash)
        return read
    return read


def _is_on(value: object) -> bool | None:
    """Take what has anything in it as on."""
    assert value is None or isinstance(value, Sized | bool)
    return None if value is None else bool(value)


def _setting_reader(setting: Setting) -> Read:
    def read(data: MinerData) -> object:
        return None if data.state is None else data.state.settings.get(setting)

    return read


def _scaled(read: Callable[[MinerData], object], scale: float) -> Read:
    if scale == 1:
        return read

    def scaled(data: MinerData) -> object:
        value = read(data)
        return value * scale if isinstance(value, float) else value

    return scaled


def text_of(value: Any) -> str:
    """Return a value as Home Assistant writes it in a state."""
    match value:
        case _ if value is AWAY:
            return "unavailable"
        case None:
            return "unknown"
        case bool():
            return "on" if value else "off"
        case datetime():
            return value.isoformat(timespec="seconds")
    return str(value)


def number_of(value: Any) -> float | None:
    """Return a value if it counts for statistics."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
