"""What is known of each operating point of a miner."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from ..miners.model import (
    Alarm,
    Limits,
    Setting,
)
from .blocks import (
    FIGURES,
    LONGEST_NAME,
    Block,
    PointKey,
)
from .model import (
    Bottleneck,
    InsightOptions,
    OperatingPoint,
)
from .moments import (
    Moments,
    sound_number,
)

WANDERING = 0.05
"""Deviation between the means of ten minutes, as a part of the rate, from which a
setting counts as unstable. A healthy board stays below 3 %, on firmware that
estimates its rate from shares as well."""

ERRORS = 2.0
"""Hardware errors in % from which the chips lack voltage at their frequency."""

NEAR_LIMIT = 0.97
"""The part of the device's own power limit at which it holds the miner back."""


class PointRecord:
    """The blocks of one operating point, in accumulators."""

    __slots__ = ("blocks", "day", "days", "figures", "key", "last", "seen")

    def __init__(self, key: PointKey) -> None:
        """Start without a block."""
        self.key = key
        self.blocks = 0
        self.days = 0
        self.day = ""
        self.last = 0.0
        self.seen = 0.0
        self.figures: dict[str, Moments] = {}

    @property
    def weight(self) -> float:
        """What all blocks together weigh now."""
        rate = self.figures.get("hash_rate")
        return 0.0 if rate is None else rate.weight

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
                moments = self.figures[name] = Moments()
            moments.add(value, weight * unit)

    def scale(self, factor: float) -> None:
        """Let all blocks weigh so much of what they did."""
        for moments in self.figures.values():
            moments.scale(factor)

    def mean(self, name: str) -> float | None:
        """Return the mean of a quantity."""
        moments = self.figures.get(name)
        return None if moments is None else moments.mean

    def shown(self, bounds: Bounds) -> OperatingPoint:
        """Return what is shown of the point."""
        return OperatingPoint(
            settings=dict(self.key),
            blocks=self.blocks,
            days=self.days,
            last=self.last,
            figures={
                name: kept.figure(self.blocks > 1)
                for name, kept in self.figures.items()
            },
            bottlenecks=bounds.bottlenecks(self.figures),
        )

    def dump(self) -> list[object]:
        """Return what must be stored."""
        figures = [
            self.figures[name].dump() if name in self.figures else 0 for name in FIGURES
        ]
        key = [[setting.value, value] for setting, value in self.key]
        seen = round(self.seen, 3)
        return [key, self.blocks, self.days, self.day, int(self.last), seen, figures]

    @classmethod
    def load(cls, data: object) -> Self | None:
        """Return the point that was stored; None of what is not sound."""
        if not isinstance(data, list) or len(data) != 7:
            return None
        key, figures = _stored_key(data[0]), data[6]
        counts = [sound_number(value) for value in (data[1], data[2], data[4], data[5])]
        blocks, days, last, seen = counts
        if key is None or not isinstance(figures, list) or len(figures) != len(FIGURES):
            return None
        if not blocks or not days or last is None or seen is None:
            return None
        made = cls(key)
        made.blocks, made.days = max(1, int(blocks)), max(1, int(days))
        made.day = data[3][:10] if isinstance(data[3], str) else ""
        made.last, made.seen = last, seen
        for name, stored in zip(FIGURES, figures, strict=True):
            moments = Moments.load(stored)
            if moments is not None:
                made.figures[name] = moments
        return made if "hash_rate" in made.figures else None


_NUMBERS = (Setting.FREQUENCY, Setting.CORE_VOLTAGE)


def _stored_key(data: object) -> PointKey | None:
    """Return the operating point that was stored; None of anything else."""
    if not isinstance(data, list) or not 1 <= len(data) <= 2:
        return None
    key: list[tuple[Setting, float | str]] = []
    for item in data:
        if not isinstance(item, list) or len(item) != 2:
            return None
        name, value = item
        if name == Setting.WORK_MODE and isinstance(value, str):
            key.append((Setting.WORK_MODE, value[:LONGEST_NAME]))
        elif name in _NUMBERS and (number := sound_number(value)) is not None:
            key.append((Setting(name), number))
        else:
            return None
    return tuple(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the figures of a point are held against."""

    chip_temperature: Alarm | None = None
    vr_temperature: Alarm | None = None
    input_voltage: Alarm | None = None
    power: Alarm | None = None
    power_limit: float | None = None

    @classmethod
    def of(cls, limits: Limits, options: InsightOptions, limit: float | None) -> Self:
        """Return those of a device, or what its user put in their stead."""
        alarms = options.alarms
        return cls(
            chip_temperature=alarms.get("chip_temperature", limits.chip_temperature),
            vr_temperature=alarms.get("vr_temperature", limits.vr_temperature),
            input_voltage=alarms.get("input_voltage", limits.input_voltage),
            power=alarms.get("power", limits.power),
            power_limit=limit,
        )

    def bottlenecks(self, figures: Mapping[str, Moments]) -> tuple[Bottleneck, ...]:
        """Return what holds a point back."""
        found = {
            Bottleneck.CHIP_HOT: _high(
                figures.get("chip_temperature"), self.chip_temperature
            ),
            Bottleneck.VR_HOT: _high(
                figures.get("vr_temperature"), self.vr_temperature
            ),
            Bottleneck.INPUT_LOW: _low(
                figures.get("input_voltage"), self.input_voltage
            ),
            Bottleneck.POWER_LIMIT: self._limited(figures.get("power")),
            Bottleneck.UNSTABLE: _unstable(figures),
        }
        return tuple(kind for kind, holds in found.items() if holds)

    def _limited(self, power: Moments | None) -> bool:
        """Whether the device's own limit, or what its supply endures, is reached."""
        if power is None:
            return False
        limit = self.power_limit
        return bool(limit and power.mean >= NEAR_LIMIT * limit) or bool(
            self.power and power.mean >= self.power.warn
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


def _unstable(figures: Mapping[str, Moments]) -> bool:
    errors = figures.get("error_rate")
    if errors is not None and errors.mean > ERRORS:
        return True
    rate = figures.get("hash_rate")
    return rate is not None and rate.deviation > WANDERING * rate.mean
