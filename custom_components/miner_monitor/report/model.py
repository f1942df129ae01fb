"""What a report is made from: facts of the miners, and what was recorded of them."""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
import math
from typing import Any

from homeassistant.const import (
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfTemperature,
)

from ..insight.model import DayRow
from ..miners.model import HashRateUnit
from ..model import MinerData
from ..price import Slot

type Figures = dict[str, Any]
"""A part of a response."""

type Grid = array[float]
"""A value per step, NaN where none is known.

Python's search for garbage walks through each value of a list, and stops the event
loop meanwhile; an array it does not look into.
"""

MINUTES_5 = 300
HOUR = 3600

FINE_HOURS = 48
"""Up to so many hours five-minute statistics are read, beyond them hourly ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole steps of statistics up to the last one that has passed, in epoch seconds.

    ``first_day`` and ``last_day`` are the local dates whose daily rows belong to it.
    """

    start: float
    end: float
    step: int
    first_day: str
    last_day: str

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.end - self.start) / HOUR

    def empty(self) -> Grid:
        """Return a value per step, of which none is known."""
        return array("d", [math.nan]) * round((self.end - self.start) / self.step)

    def index_of(self, start: float) -> int:
        """Return which of its steps begins then."""
        return int((start - self.start) // self.step)

    def days_of(self, rows: tuple[DayRow, ...]) -> tuple[DayRow, ...]:
        """Return the daily rows that belong to it."""
        return tuple(row for row in rows if self.first_day <= row.day <= self.last_day)


UNITS: Mapping[str, str] = {
    "hash_rate": "TH/s",
    "power": "W",
    "energy": "kWh",
    "efficiency": "J/TH",
    "temperature": "°C",
    "fan_speed": "rpm",
    "voltage": "V",
    "frequency": "MHz",
    "ratios": "%",
}
"""The units of a response; a hash rate of one miner is in the unit of its own."""

MEASURED: Mapping[str, str | None] = {
    "hash_rate": None,
    "hash_rate_ratio": None,
    "efficiency": None,
    "power": UnitOfPower.WATT,
    "wall_power": UnitOfPower.WATT,
    "chip_temperature": UnitOfTemperature.CELSIUS,
    "chip_temperature_2": UnitOfTemperature.CELSIUS,
    "vr_temperature": UnitOfTemperature.CELSIUS,
    "board_temperature": UnitOfTemperature.CELSIUS,
    "inlet_temperature": UnitOfTemperature.CELSIUS,
    "outlet_temperature": UnitOfTemperature.CELSIUS,
    "ambient_temperature": UnitOfTemperature.CELSIUS,
    "input_voltage": UnitOfElectricPotential.VOLT,
    "core_voltage_actual": UnitOfElectricPotential.VOLT,
    "frequency_actual": UnitOfFrequency.MEGAHERTZ,
    "fan_speed": None,
    "fan_speed_2": None,
    "fan_speed_3": None,
    "fan_speed_4": None,
    "fan_duty_cycle": None,
    "reject_rate": None,
    "hardware_error_rate": None,
    "wifi_signal": None,
    "response_time": None,
}
"""Sensors of which means, minima and maxima are reported, each with the unit of a
report if users may choose another one."""

COUNTED: Mapping[str, str | None] = {
    "energy": UnitOfEnergy.KILO_WATT_HOUR,
    "wall_energy": UnitOfEnergy.KILO_WATT_HOUR,
    "shares_accepted": None,
    "shares_rejected": None,
}
"""Sensors of which is reported by how much they rose, in the same way."""

FLEET_MEASURED = frozenset({"hash_rate", "power", "chip_temperature"})
"""What a report of all miners needs of the measured ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a kWh costs: statistics of an entity, or its present state.

    ``slots`` are those of today and tomorrow that are known, in currency per kWh.
    """

    entity_id: str
    present: float | None
    per_kwh: float
    currency: str
    slots: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerFacts:
    """One miner at the moment of a report.

    ``recorded`` names the entity of each sensor of a report that is recorded,
    ``not_recorded`` are sensors that the miner has and the recorder does not get.
    """

    name: str
    device_id: str | None
    data: MinerData
    recorded: Mapping[str, str] = field(default_factory=dict)
    not_recorded: tuple[str, ...] = ()
    days: tuple[DayRow, ...] = ()

    @property
    def unit(self) -> HashRateUnit:
        """The unit in which the miner's hash rate is shown."""
        return self.data.identity.hash_rate_unit

    @property
    def billed(self) -> tuple[str, ...]:
        """The entities whose energy is paid for: the wall's where it is known."""
        keys = ("wall_energy", "energy")
        return tuple(self.recorded[key] for key in keys if key in self.recorded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A measured quantity over a period; ``seconds`` of it have statistics."""

    mean: float
    minimum: float
    maximum: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked of the recorder, each entity with the unit of the report."""

    period: Period
    measured: Mapping[str, str | None]
    counted: Mapping[str, str | None]
    billed: frozenset[str] = frozenset()
    price: Price | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What the recorder knows, by entity; one that it knows nothing of is not there.

    ``seconds`` of the period have statistics of any of the entities.
    """

    spreads: Mapping[str, Spread] = field(default_factory=dict)
    rises: Mapping[str, float] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0


NO_RECORDS = Records()


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What the recorder knows of each step of a period; NaN where it knows nothing.

    ``means`` and ``sums`` by entity; ``prices`` per kWh, empty without a price.
    """

    means: Mapping[str, Grid] = field(default_factory=dict)
    sums: Mapping[str, Grid] = field(default_factory=dict)
    prices: Grid = field(default_factory=lambda: array("d"))


def plain(value: float | None) -> Any:
    """Return a number with as many digits as are of use; None for what is none."""
    if value is None or not math.isfinite(value):
        return None
    if isinstance(value, int):
        return value
    return round(value, 3 if abs(value) >= 100 else 6)


def ratio(part: float | None, whole: float | None, scale: float = 1.0) -> float | None:
    """Divide; None where there is nothing to divide, or to divide by."""
    return None if part is None or not whole else part / whole * scale


def total(values: Iterable[float | None]) -> float | None:
    """Add up what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def local_time(seconds: float | None, zone: tzinfo) -> str | None:
    """Return an epoch second as ISO 8601 with its zone."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, zone).isoformat(timespec="seconds")
