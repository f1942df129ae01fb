"""One row per local day, for reports."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
import math
from typing import Annotated, override

from ..miners.codec import LARGEST, Row, Stored, Within
from .model import (
    DayRow,
    Finding,
    FindingKind,
)

DAYS_KEPT = 35

type Sum = Annotated[float, Within(0, 1e12)]
type Times = Annotated[int, Within(0, 1e12)]
"""No sum of a day is beyond it; difficulties are not sums."""

_LARGEST_READING = 1e6
_LARGEST_DIFFICULTY = 1e30


@dataclass(slots=True, kw_only=True)
class Day(Row):
    """What adds up in one day. Times are in s, energy in kWh.

    What is weighted by time is kept as the sum of value times seconds, beside the
    seconds in which it was known. ``work_power`` and ``work_rate`` are those sums
    over the seconds in which both are known and there is a rate, for the efficiency.
    """

    digits = 8

    day: str
    watched_seconds: Sum = 0.0
    answered_seconds: Sum = 0.0
    restarts: Times = 0
    times_offline: Times = 0
    energy: Sum = 0.0
    wall_energy: Sum | None = None
    accepted: Times | None = None
    rejected: Times | None = None
    blocks: Times = 0
    best_difficulty: Annotated[float, Within(0, _LARGEST_DIFFICULTY)] | None = None
    rate: Sum = 0.0
    rate_seconds: Sum = 0.0
    power: Sum = 0.0
    power_seconds: Sum = 0.0
    work_power: Sum = 0.0
    work_rate: Sum = 0.0
    chip: Sum = 0.0
    chip_seconds: Sum = 0.0
    chip_max: Sum | None = None
    findings: set[FindingKind] = field(default_factory=set)

    def answered(
        self,
        seconds: float,
        *,
        hash_rate: float | None = None,
        power: float | None = None,
        chip_temperature: float | None = None,
    ) -> None:
        """Add time in which the miner was there, and what it reported after it.

        The same time is to be added to ``watched_seconds``.
        """
        self.answered_seconds += seconds
        if hash_rate is not None and _is_sane(hash_rate):
            self.rate += hash_rate * seconds
            self.rate_seconds += seconds
        if power is not None and _is_sane(power):
            self.power += power * seconds
            self.power_seconds += seconds
            if hash_rate and _is_sane(hash_rate):
                self.work_power += power * seconds
                self.work_rate += hash_rate * seconds
        if chip_temperature is not None and _is_sane(chip_temperature):
            self.chip += chip_temperature * seconds
            self.chip_seconds += seconds
            self.chip_max = max(self.chip_max or 0.0, chip_temperature)

    def add(self, **counted: float | None) -> None:
        """Add what was counted since the last poll, as far as the miner reports it."""
        for name, amount in counted.items():
            if amount is not None:
                setattr(self, name, (getattr(self, name) or 0) + amount)

    def note(self, findings: Iterable[Finding]) -> None:
        """Note what there is to look at."""
        self.findings.update(finding.kind for finding in findings)

    def best(self, difficulty: float | None) -> None:
        """Take the difficulty of a share found today; the highest is kept."""
        if difficulty is not None and 0 < difficulty <= _LARGEST_DIFFICULTY:
            self.best_difficulty = max(self.best_difficulty or 0.0, difficulty)

    def row(self) -> DayRow:
        """Return what the day amounts to."""
        return DayRow(
            day=self.day,
            watched=self.watched_seconds,
            answered=self.answered_seconds,
            restarts=self.restarts,
            times_offline=self.times_offline,
            energy=self.energy,
            wall_energy=self.wall_energy,
            accepted=self.accepted,
            rejected=self.rejected,
            hash_rate=_ratio(self.rate, self.rate_seconds),
            power=_ratio(self.power, self.power_seconds),
            efficiency=_ratio(self.work_power, self.work_rate),
            chip_temperature=_ratio(self.chip, self.chip_seconds),
            chip_temperature_max=self.chip_max,
            best_difficulty=self.best_difficulty,
            blocks_found=self.blocks,
            findings=tuple(kind for kind in FindingKind if kind in self.findings),
        )


@dataclass(slots=True)
class DayBook(Stored):
    """The last days that were looked at, in the order in which they were opened.

    The day that was open longest ago gives way, so that a clock that was wrong for a
    while costs no day that counts, and what it wrote does not stay for ever.
    """

    days: list[Day] = field(default_factory=list)

    def open(self, day: str) -> Day:
        """Return the day of this date, to add to; call it at every poll."""
        if not self.days or self.days[-1].day != day:
            known = {kept.day: kept for kept in self.days}
            opened = known.pop(day, None) or Day(day=day)
            self.days = [*known.values(), opened][-DAYS_KEPT:]
        return self.days[-1]

    def rows(self) -> tuple[DayRow, ...]:
        """Return all days, the oldest first, today included."""
        ordered = sorted(self.days, key=lambda kept: kept.day)
        return tuple(day.row() for day in ordered)

    @override
    def load(self, data: object) -> None:
        """Take over what was stored; what is no day is left out."""
        super().load(data)
        known = {day.day: day for day in self.days if _is_day(day.day)}
        self.days = list(known.values())[-DAYS_KEPT:]


def _is_sane(value: float) -> bool:
    return 0 <= value <= _LARGEST_READING


def _is_day(value: str) -> bool:
    """Whether it is a date as YYYY-MM-DD."""
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _ratio(total: float, weight: float) -> float | None:
    """Divide sums; None where there is nothing to divide by."""
    ratio = total / weight if weight > 0 else math.inf
    return ratio if ratio <= LARGEST else None
