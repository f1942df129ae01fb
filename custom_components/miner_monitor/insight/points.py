"""What is known of each operating point of a miner."""

from dataclasses import dataclass, field
import math
from typing import Annotated

from ..miners.codec import Amount, Row, Stored, Within
from ..miners.model import (
    Alarm,
    Limits,
    Setting,
)
from .blocks import (
    FIGURES,
    Block,
    PointKey,
)
from .model import (
    Bottleneck,
    Figure,
    OperatingPoint,
)
from .regression import (
    HUGE,
    Batch,
    PointStats,
    Positive,
    Regression,
    Signed,
    WorkRegression,
)

WANDERING = 0.05
"""Deviation between the means of ten minutes, as a part of the rate, from which a
setting counts as unstable. A healthy board stays below 3 %, on firmware that
estimates its rate from shares as well."""

ERRORS = 2.0
"""Hardware errors in % from which the chips lack voltage at their frequency."""

NEAR_LIMIT = 0.97
"""The part of the device's own power limit at which it holds the miner back."""

FORGOTTEN = 1e-9
"""What a point, or what is known of its batches, weighs after thirty half-lives."""

OLDEST = 1e5
"""No map is older, in days."""

_MOST_BLOCKS = 1e9

type Blocks = Annotated[int, Within(1, _MOST_BLOCKS)]


@dataclass(slots=True)
class Moments(Row):
    """A weighted mean, the scatter around it, the least and the most."""

    digits = 5

    mean: Signed
    scatter: Amount
    minimum: Signed
    maximum: Signed
    weight: Positive

    def add(self, value: float, weight: float = 1.0) -> None:
        """Take one value; the scatter is kept around the moving mean."""
        total = self.weight + weight
        apart = value - self.mean
        self.mean += apart * weight / total
        self.scatter += apart * apart * weight * self.weight / total
        self.weight = total
        self.minimum = min(self.minimum, value)
        self.maximum = max(self.maximum, value)

    def scale(self, factor: float) -> None:
        """Let all that was taken weigh so much of what it did."""
        self.weight *= factor
        self.scatter *= factor

    @property
    def deviation(self) -> float:
        """How far the values lie around their mean."""
        return math.sqrt(self.scatter / self.weight)

    def figure(self, several: bool) -> Figure:
        """Return what is shown; a single value has no deviation."""
        return Figure(
            mean=self.mean,
            deviation=self.deviation if several else None,
            minimum=self.minimum,
            maximum=self.maximum,
        )


@dataclass(slots=True)
class Figures(Row):
    """The quantities of a point; one without a hash rate is none."""

    hash_rate: Moments
    power: Moments | None = None
    chip_temperature: Moments | None = None
    vr_temperature: Moments | None = None
    input_voltage: Moments | None = None
    fan_duty_cycle: Moments | None = None
    error_rate: Moments | None = None
    room_temperature: Moments | None = None
    efficiency: Moments | None = None
    reject_rate: Moments | None = None

    def get(self, name: str) -> Moments | None:
        """Return a quantity by its name."""
        found: Moments | None = getattr(self, name)
        return found

    def known(self) -> dict[str, Moments]:
        """Return those that were reported."""
        named = ((name, self.get(name)) for name in FIGURES)
        return {name: moments for name, moments in named if moments is not None}


@dataclass(slots=True)
class PointRecord(Row):
    """The blocks and the batches of one operating point, in accumulators.

    ``last`` is the epoch second of the last block, ``seen`` the map's age in days.
    """

    digits = 10

    key: PointKey
    blocks: Blocks
    days: Blocks
    last: Amount
    seen: Amount
    figures: Figures
    day: Annotated[str, Within(0, 10)] = ""
    work: PointStats | None = None
    energy: PointStats | None = None

    @classmethod
    def begin(cls, block: Block) -> PointRecord:
        """Return one without a block."""
        rate, _ = block.figures["hash_rate"]
        figures = Figures(Moments(rate, 0.0, rate, rate, 0.0))
        return cls(block.point, 0, 0, block.end, 0.0, figures)

    @property
    def weight(self) -> float:
        """What all blocks together weigh now."""
        return self.figures.hash_rate.weight

    def add(self, block: Block, unit: float, age: float) -> None:
        """Take a block, which weighs ``unit``, at the map's age in days."""
        self.blocks += 1
        if block.day != self.day:
            self.day = block.day
            self.days += 1
        self.last, self.seen = block.end, age
        for name, (value, weight) in block.figures.items():
            moments = self.figures.get(name)
            if moments is None:
                moments = Moments(value, 0.0, value, value, 0.0)
                setattr(self.figures, name, moments)
            moments.add(value, weight * unit)

    def scale(self, factor: float) -> None:
        """Let all blocks and batches weigh so much of what they did."""
        for moments in self.figures.known().values():
            moments.scale(factor)
        self.work = _scaled(self.work, factor)
        self.energy = _scaled(self.energy, factor)

    def shown(self, limits: Limits, power_limit: float | None) -> OperatingPoint:
        """Return what is shown of the point, held against the limits."""
        return OperatingPoint(
            settings=self.key.settings,
            blocks=self.blocks,
            days=self.days,
            last=self.last,
            figures={
                name: kept.figure(self.blocks > 1)
                for name, kept in self.figures.known().items()
            },
            bottlenecks=bottlenecks(
                self.figures,
                limits,
                power_limit,
                regulates=Setting.WORK_MODE in self.key.settings,
            ),
        )


def _scaled(stats: PointStats | None, factor: float) -> PointStats | None:
    """Return batches that weigh so much of what they did, or nothing."""
    if stats is not None:
        stats.scale(factor)
    return stats if stats is not None and stats.weight >= FORGOTTEN else None


@dataclass(slots=True)
class TuningData(Stored):
    """All that is known of the points of one miner.

    ``age`` is that of the map in days, ``wall`` the epoch second of the last look,
    ``room`` the room's usual temperature. ``unit`` is what a new block weighs.
    """

    age: Annotated[float, Within(0, OLDEST)] = 0.0
    wall: Annotated[float, Within(0, HUGE)] | None = None
    room: Signed | None = None
    points: list[PointRecord] = field(default_factory=list)
    work: WorkRegression = field(default_factory=WorkRegression)
    energy: Regression = field(default_factory=Regression)
    batch: Batch | None = None
    unit: float = field(default=1.0, init=False)

    def find(self, key: PointKey) -> PointRecord | None:
        """Return a point by its settings."""
        return next((point for point in self.points if point.key == key), None)

    def forget(self, record: PointRecord) -> None:
        """Drop a point with all that is known of it."""
        self.points.remove(record)
        if self.batch is not None and self.batch.point == record.key:
            self.batch = None

    def close_batch(self) -> None:
        """Enter the batch that grew in the sums, where a whole one weighs a unit."""
        batch, self.batch = self.batch, None
        record = None if batch is None else self.find(batch.point)
        if batch is None or record is None:
            return
        x, work, energy = batch.observation()
        weight = self.unit * batch.weight
        record.work = record.work or PointStats.empty()
        self.work.add(record.work, x, work, weight)
        if energy is not None:
            record.energy = record.energy or PointStats.empty()
            self.energy.add(record.energy, x, energy, weight)

    def rebase(self) -> None:
        """Scale all weights so that a new block weighs 1, and forget the oldest."""
        for record in list(self.points):
            record.scale(1 / self.unit)
            if record.weight < FORGOTTEN:
                self.forget(record)
        self.work.scale(1 / self.unit)
        self.energy.scale(1 / self.unit)
        self.unit = 1.0


def bottlenecks(
    figures: Figures,
    limits: Limits,
    power_limit: float | None,
    *,
    regulates: bool = False,
) -> tuple[Bottleneck, ...]:
    """Return what holds a point back.

    A device that ``regulates`` itself by its work mode runs at that mode's power, and
    at as many hardware errors as it takes for fine: neither is a limit of the point.
    """
    power_limit = None if regulates else power_limit
    found = {
        Bottleneck.CHIP_HOT: _high(figures.chip_temperature, limits.chip_temperature),
        Bottleneck.VR_HOT: _high(figures.vr_temperature, limits.vr_temperature),
        Bottleneck.INPUT_LOW: _low(figures.input_voltage, limits.input_voltage),
        Bottleneck.POWER_LIMIT: _limited(figures.power, limits, power_limit),
        Bottleneck.UNSTABLE: _wanders(figures)
        or (not regulates and _fails(figures.error_rate)),
    }
    return tuple(kind for kind, holds in found.items() if holds)


def _limited(power: Moments | None, limits: Limits, power_limit: float | None) -> bool:
    """Whether the device's own limit, or what its supply endures, is reached."""
    if power is None:
        return False
    alarm = limits.power
    return bool(power_limit and power.mean >= NEAR_LIMIT * power_limit) or bool(
        alarm and power.mean >= alarm.warn
    )


def _high(value: Moments | None, alarm: Alarm | None) -> bool:
    """Whether it is too high on average, or was much too high for ten minutes."""
    if value is None or alarm is None:
        return False
    return value.mean >= alarm.warn or value.maximum >= alarm.critical


def _low(value: Moments | None, alarm: Alarm | None) -> bool:
    if value is None or alarm is None:
        return False
    return value.mean < alarm.warn or value.minimum < alarm.critical


def _wanders(figures: Figures) -> bool:
    rate = figures.hash_rate
    return rate.deviation > WANDERING * rate.mean


def _fails(errors: Moments | None) -> bool:
    return errors is not None and errors.mean > ERRORS
