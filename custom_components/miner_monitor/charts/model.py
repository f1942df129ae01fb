"""What a chart is made of: series on one grid of time, and what happened meanwhile."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum

from ..notation import PLAIN, Notation


class ChartKind(StrEnum):
    """What a picture shows."""

    ALL_MINERS = "all_miners"
    MINERS = "miners"
    ONE_MINER = "one_miner"
    OPERATING_POINTS = "operating_points"
    TRENDS = "trends"
    NINE_PANELS = "nine_panels"
    ENERGY_AND_COST = "energy_and_cost"
    PRICE_AND_WHAT_RAN = "price_and_what_ran"


class Theme(StrEnum):
    """On what a picture is drawn."""

    LIGHT = "light"
    DARK = "dark"


DPI = 200
"""Dots per inch of a picture of 14 x 7 inches, unless another number is asked for."""

LEAST_DPI, MOST_DPI = 100, 300


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that was changed: when, in epoch seconds, and to what, in words."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingMark:
    """What was measured at one operating point, in TH/s and J/TH, for so many hours.

    ``best`` are the verdicts that name it: hash_rate, efficiency.
    """

    text: str
    rate: float
    deviation: float
    efficiency: float
    hours: float
    best: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What one miner did.

    ``readings`` are the means of each step by the key of their sensor, NaN where there
    is none; hash rates in TH/s, as many ``per_terahash`` of the unit it is shown in.
    ``energy`` is what was used in each step, in kWh.
    """

    name: str
    rate_unit: str = "TH/s"
    per_terahash: float = 1.0
    readings: Mapping[str, Sequence[float]] = field(default_factory=dict)
    energy: Sequence[float] = ()
    changes: Sequence[Change] = ()
    points: Sequence[OperatingMark] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartData:
    """What a picture is drawn from.

    All series have a value per ``step`` seconds. They begin ``lead`` steps before
    ``start`` (epoch seconds), so that a mean over a day is known from there on.
    ``say`` returns a text by its key, with values in it. ``left_out``: so many miners
    are not in it, for want of room.
    """

    kind: ChartKind
    start: float
    end: float
    step: int
    zone: tzinfo
    say: Callable[..., str]
    notation: Notation = PLAIN
    lead: int = 0
    tracks: Sequence[Track] = ()
    left_out: int = 0
    price: Sequence[float] = ()
    currency: str = ""

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.end - self.start) / 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a kind of chart shows: keys of sensors, and of how many miners."""

    measured: tuple[str, ...] = ()
    energy: bool = False
    price: bool = False
    settings: bool = False
    points: bool = False
    most_miners: int = 1000


NEEDS: Mapping[ChartKind, Needs] = {
    ChartKind.ALL_MINERS: Needs(measured=("hash_rate",), settings=True),
    ChartKind.MINERS: Needs(
        measured=("hash_rate", "chip_temperature"), most_miners=144
    ),
    ChartKind.ONE_MINER: Needs(
        measured=("hash_rate", "chip_temperature", "vr_temperature"),
        settings=True,
        most_miners=1,
    ),
    ChartKind.OPERATING_POINTS: Needs(points=True, most_miners=9),
    ChartKind.TRENDS: Needs(
        measured=("hash_rate", "core_voltage_actual", "frequency_actual"),
        settings=True,
        most_miners=10,
    ),
    ChartKind.NINE_PANELS: Needs(
        measured=(
            "hash_rate",
            "power",
            "efficiency",
            "chip_temperature",
            "vr_temperature",
            "fan_speed",
            "core_voltage_actual",
            "frequency_actual",
        ),
        settings=True,
        most_miners=10,
    ),
    ChartKind.ENERGY_AND_COST: Needs(energy=True, price=True),
    ChartKind.PRICE_AND_WHAT_RAN: Needs(measured=("hash_rate", "power"), price=True),
}
