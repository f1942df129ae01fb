"""How a sensor of a miner is described."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

from homeassistant.components.binary_sensor import BinarySensorEntityDescription
from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfTemperature
from homeassistant.helpers.typing import StateType

from ..entity import (
    ANY_CHANGE,
    MinerEntityDescription,
    Resolution,
    of_state,
)
from ..miners.model import (
    Capability,
    MinerState,
)
from ..model import MinerData
from ..runtime.options import MinerOptions

ONE_PERCENT = Resolution(relative=0.01)
ONCE_A_MINUTE = Resolution(seconds=60)

type Value = StateType | datetime


class Per(StrEnum):
    """What money is told by, as it follows the currency in a unit."""

    NOTHING = ""
    DAY = "/d"
    KILOWATT_HOUR = "/kWh"


@dataclass(frozen=True, kw_only=True)
class MinerBinarySensorEntityDescription[DataT = MinerData](
    MinerEntityDescription[DataT], BinarySensorEntityDescription
):
    """A binary sensor and where its value comes from.

    A value that says more than on or off is on where it is not empty.
    """

    value_fn: Callable[[DataT], bool | tuple[object, ...] | None]


@dataclass(frozen=True, kw_only=True)
class MinerSensorEntityDescription[DataT = MinerData](
    MinerEntityDescription[DataT], SensorEntityDescription
):
    """A sensor and where its value comes from; hash rates come in TH/s.

    ``money``: the value is in Home Assistant's currency, per what that says.
    ``day_fn``: it adds up in the local day (YYYY-MM-DD) that this returns.
    Attributes that are long lists, or many, stay out of the recorder. ``wanted_fn``:
    it is there while the options ask for it. ``total``: what is counted in it is
    published by its entity, and must never fall. ``former_state_class``: what it had
    before it had none; where it is in use it stays, for Home Assistant would ask the
    user what is to become of the statistics.
    """

    value_fn: Callable[[DataT], Value]
    is_hash_rate: bool = False
    money: Per | None = None
    day_fn: Callable[[DataT], str] | None = None
    attributes_recorded: bool = True
    wanted_fn: Callable[[MinerOptions], bool] | None = None
    total: StrEnum | None = None
    former_state_class: SensorStateClass | None = None

    def wanted(self, options: MinerOptions) -> bool:
        """Whether the options ask for it."""
        return self.wanted_fn is None or self.wanted_fn(options)

    def under(self, options: MinerOptions) -> Self:
        """Return what it is where the user gives what the device does not report."""
        given = options.insight.expected_hash_rate is not None
        if given and self.capability is Capability.EXPECTED_HASH_RATE:
            return replace(self, capability=None)
        return self


def of_item[ItemT](
    items: Callable[[MinerState], Sequence[ItemT]],
    index: int,
    value_fn: Callable[[ItemT], Value],
) -> Callable[[MinerData], Value]:
    """Read one fan, board or pool of several; None where the miner lists fewer."""

    def value(state: MinerState) -> Value:
        return value_fn(items(state)[index]) if index < len(items(state)) else None

    return of_state(value)


def timestamp(seconds: float | None) -> datetime | None:
    """Return a second since the epoch as Home Assistant shows it."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def iso_text(seconds: float | None) -> str | None:
    """Return a second since the epoch as ISO 8601, in UTC."""
    found = timestamp(seconds)
    return None if found is None else found.isoformat(timespec="seconds")


def hash_rate(
    key: str,
    value_fn: Callable[[MinerState], float | None],
    *,
    capability: Capability | None = None,
    enabled: bool = False,
    resolution: Resolution = ONE_PERCENT,
) -> MinerSensorEntityDescription:
    """Describe a hash rate; the unit is the device's."""
    return MinerSensorEntityDescription(
        key=key,
        translation_key=key,
        capability=capability,
        entity_registry_enabled_default=enabled,
        is_hash_rate=True,
        resolution=resolution,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=of_state(value_fn),
    )


def temperature(
    key: str,
    value_fn: Callable[[MinerState], float | None],
    capability: Capability,
    *,
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT,
    enabled: bool = False,
    diagnostic: bool = False,
) -> MinerSensorEntityDescription:
    """Describe a temperature."""
    return number(
        key,
        value_fn,
        capability,
        device_class=SensorDeviceClass.TEMPERATURE,
        state_class=state_class,
        unit=UnitOfTemperature.CELSIUS,
        resolution=Resolution(absolute=0.5),
        precision=1,
        enabled=enabled,
        diagnostic=diagnostic,
    )


def number(
    key: str,
    value_fn: Callable[[MinerState], float | None],
    capability: Capability,
    device_class: SensorDeviceClass | None = None,
    unit: str | None = None,
    resolution: Resolution = ANY_CHANGE,
    *,
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT,
    precision: int = 0,
    enabled: bool = False,
    diagnostic: bool = False,
    attributes_fn: Callable[[MinerData], Mapping[str, Any] | None] | None = None,
) -> MinerSensorEntityDescription:
    """Describe a number of the miner's state."""
    return MinerSensorEntityDescription(
        key=key,
        translation_key=key,
        capability=capability,
        attributes_fn=attributes_fn,
        device_class=device_class,
        entity_category=EntityCategory.DIAGNOSTIC if diagnostic else None,
        entity_registry_enabled_default=enabled,
        native_unit_of_measurement=unit,
        resolution=resolution,
        state_class=state_class,
        suggested_display_precision=precision,
        value_fn=of_state(value_fn),
    )
