"""What a report is made from: facts of the miners and what was recorded of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..insight.model import (
    DayRow,
    Tuning,
)
from ..miners.model import HashRateUnit
from ..model import MinerData

MINUTES_5 = 300
HOUR = 3600
DAY = 24 * HOUR

MOST_HOURS = 744
"""A month of 31 days."""

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


class Quantity(StrEnum):
    """What is measured; each is reported in one unit."""

    POWER = "power"
    ENERGY = "energy"
    TEMPERATURE = "temperature"
    VOLTAGE = "voltage"
    FREQUENCY = "frequency"
    OTHER = "other"


MEASURED: Mapping[str, Quantity] = {
    "hash_rate": Quantity.OTHER,
    "hash_rate_ratio": Quantity.OTHER,
    "efficiency": Quantity.OTHER,
    "power": Quantity.POWER,
    "wall_power": Quantity.POWER,
    "chip_temperature": Quantity.TEMPERATURE,
    "chip_temperature_2": Quantity.TEMPERATURE,
    "vr_temperature": Quantity.TEMPERATURE,
    "board_temperature": Quantity.TEMPERATURE,
    "inlet_temperature": Quantity.TEMPERATURE,
    "outlet_temperature": Quantity.TEMPERATURE,
    "ambient_temperature": Quantity.TEMPERATURE,
    "input_voltage": Quantity.VOLTAGE,
    "core_voltage_actual": Quantity.VOLTAGE,
    "frequency_actual": Quantity.FREQUENCY,
    "fan_speed": Quantity.OTHER,
    "fan_speed_2": Quantity.OTHER,
    "fan_speed_3": Quantity.OTHER,
    "fan_speed_4": Quantity.OTHER,
    "fan_duty_cycle": Quantity.OTHER,
    "reject_rate": Quantity.OTHER,
    "hardware_error_rate": Quantity.OTHER,
    "wifi_signal": Quantity.OTHER,
    "response_time": Quantity.OTHER,
}
"""Sensors of which means, minima and maxima are reported."""

COUNTED: Mapping[str, Quantity] = {
    "energy": Quantity.ENERGY,
    "wall_energy": Quantity.ENERGY,
    "shares_accepted": Quantity.OTHER,
    "shares_rejected": Quantity.OTHER,
}
"""Sensors of which is reported by how much they rose."""

FLEET_MEASURED = frozenset({"hash_rate", "power", "chip_temperature"})
"""What a report of all miners needs of the measured ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a kWh costs: statistics of an entity, or what it says now."""

    entity_id: str
    present: float | None
    per_kwh: float
    currency: str


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
    def tuning(self) -> Tuning:
        """The tuning map."""
        return self.data.insight.tuning

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
    """What is asked of the recorder, each entity with what it measures."""

    period: Period
    measured: Mapping[str, Quantity]
    counted: Mapping[str, Quantity]
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
