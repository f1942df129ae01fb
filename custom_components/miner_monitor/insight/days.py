"""One row per local day, for reports."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Self

from .model import (
    DayRow,
    Finding,
    FindingKind,
)
from .stored import number_of

DAYS_KEPT = 35

_LARGEST = 1e12
"""No sum of a day is beyond it; difficulties are not sums."""

_LARGEST_READING = 1e6
_LARGEST_DIFFICULTY = 1e30
_KINDS = {kind.value: kind for kind in FindingKind}


@dataclass(slots=True, kw_only=True)
class Day:
    """What adds up in one day. Times are in s, energy in kWh.

    What is weighted by time is kept as the sum of value times seconds, beside the
    seconds in which it was known. ``work_power`` and ``work_rate`` are those sums
    over the seconds in which both are known and there is a rate, for the efficiency.
    """

    day: str
    watched_seconds: float = 0.0
    answered_seconds: float = 0.0
    restarts: int = 0
    times_offline: int = 0
    energy: float = 0.0
    wall_energy: float | None = None
    accepted: int | None = None
    rejected: int | None = None
    blocks: int = 0
    best_difficulty: float | None = None
    rate: float = 0.0
    rate_seconds: float = 0.0
    power: float = 0.0
    power_seconds: float = 0.0
    work_power: float = 0.0
    work_rate: float = 0.0
    chip: float = 0.0
    chip_seconds: float = 0.0
    chip_max: float | None = None
    findings: set[FindingKind] = field(default_factory=set)

    def watched(self, seconds: float) -> None:
        """Add time in which we looked, whether the miner was there or not."""
        self.watched_seconds += seconds

    def answered(
        self,
        seconds: float,
        *,
        hash_rate: float | None = None,
        power: float | None = None,
        chip_temperature: float | None = None,
    ) -> None:
        """Add time in which the miner was there, and what it reported after it.

        ``watched`` is to be told of the same time.
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

    def add(
        self,
        *,
        energy: float = 0.0,
        wall_energy: float | None = None,
        accepted: int | None = None,
        rejected: int | None = None,
        restarts: int = 0,
        times_offline: int = 0,
        blocks: int = 0,
    ) -> None:
        """Add what was counted since the last poll, as far as the miner tells it."""
        self.energy += energy
        if wall_energy is not None:
            self.wall_energy = (self.wall_energy or 0.0) + wall_energy
        if accepted is not None:
            self.accepted = (self.accepted or 0) + accepted
        if rejected is not None:
            self.rejected = (self.rejected or 0) + rejected
        self.restarts += restarts
        self.times_offline += times_offline
        self.blocks += blocks

    def note(self, findings: Iterable[Finding]) -> None:
        """Note what there is to look at."""
        for finding in findings:
            self.findings.add(finding.kind)

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

    def dump(self) -> list[Any]:
        """Return the day as a list, in the order of the fields."""
        numbers = (getattr(self, name) for name in _NUMBERS)
        found = " ".join(kind for kind in FindingKind if kind in self.findings)
        return [self.day, *map(_short, numbers), found]

    @classmethod
    def load(cls, data: object) -> Self | None:
        """Read what ``dump`` returned; None if it is not of the same form."""
        if not isinstance(data, list) or len(data) != len(_NUMBERS) + 2:
            return None
        name, *told, found = data
        if not (_is_day(name) and isinstance(found, str)):
            return None
        day = cls(day=name)
        for key, value in zip(_NUMBERS, told, strict=True):
            largest = _LARGEST_DIFFICULTY if key == "best_difficulty" else _LARGEST
            if (number := number_of(value, largest)) is not None:
                setattr(day, key, int(number) if key in _COUNTS else number)
        day.findings = {_KINDS[kind] for kind in found.split() if kind in _KINDS}
        return day


_NUMBERS = tuple(
    entry.name for entry in fields(Day) if entry.name not in ("day", "findings")
)
_COUNTS = ("restarts", "times_offline", "accepted", "rejected", "blocks")


class DayBook:
    """The last days that were looked at.

    The day that was open longest ago gives way, so that a clock that was wrong for a
    while costs no day that counts, and what it wrote does not stay for ever.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._days: dict[str, Day] = {}
        self._open: Day | None = None

    def open(self, day: str) -> Day:
        """Return the day of this date, to add to; call it at every poll."""
        if self._open is not None and self._open.day == day:
            return self._open
        opened = self._days.pop(day, None) or Day(day=day)
        self._days[day] = self._open = opened
        while len(self._days) > DAYS_KEPT:
            del self._days[next(iter(self._days))]
        return opened

    def rows(self) -> tuple[DayRow, ...]:
        """Return all days, the oldest first, today included."""
        return tuple(self._days[day].row() for day in sorted(self._days))

    def dump(self) -> list[Any]:
        """Return the days as JSON types."""
        return [day.dump() for day in self._days.values()]

    def load(self, data: object) -> None:
        """Take over what ``dump`` returned; a day that is damaged is left out."""
        if not isinstance(data, list):
            return
        loaded = map(Day.load, data[-DAYS_KEPT:])
        self._days = {day.day: day for day in loaded if day is not None}
        self._open = None


def _is_sane(value: float) -> bool:
    return 0 <= value <= _LARGEST_READING


def _is_day(value: object) -> bool:
    """Whether it is a date as YYYY-MM-DD."""
    if not isinstance(value, str) or len(value) != len("2000-01-01"):
        return False
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _ratio(total: float, weight: float) -> float | None:
    """Divide sums; None where there is nothing to divide by."""
    return number_of(total / weight) if weight > 0 else None


def _short(value: float | None) -> float | None:
    """Write a number with as many digits as are of use."""
    return value if value is None or isinstance(value, int) else float(f"{value:.9g}")
