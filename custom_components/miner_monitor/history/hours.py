"""Rows of a miner, as the statistics of each hour."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
import math
from typing import Final

from .readings import FIGURES

HOUR: Final = 3600

MEANS: Final = (*FIGURES[:-1], "efficiency")
"""Figures of which an hour has mean, minimum and maximum."""

TOTALS: Final = ("energy", "shares_accepted")
"""Figures of which an hour has an amount."""

MOST_HOURS: Final = 300_000
"""Hours of all miners together: 20 of them for more than a year and a half."""

MOST_GAPS = 3
"""Rows so many usual intervals apart, or fewer, count for the time between."""

_REMEMBERED = 15
_LONGEST_INTERVAL = 900.0


@dataclass(slots=True)
class Spread:
    """Weighted sum and extremes of a figure in an hour."""

    total: float = 0.0
    weight: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf

    @property
    def mean(self) -> float:
        """The mean; rounding must not put it beside the extremes."""
        return min(max(self.total / self.weight, self.minimum), self.maximum)

    def add(self, low: float, high: float, total: float, weight: float) -> None:
        """Take one value, or the sum of several with the least and the greatest."""
        self.total += total
        self.weight += weight
        self.minimum = min(self.minimum, low)
        self.maximum = max(self.maximum, high)


@dataclass(slots=True)
class _Hour:
    """When a miner was watched in an hour, how often, and what it did."""

    first: float
    last: float
    rows: int = 0
    means: defaultdict[str, Spread] = field(default_factory=lambda: defaultdict(Spread))
    totals: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def overlaps(self, other: _Hour) -> bool:
        return self.first <= other.last and other.first <= self.last

    def join(self, other: _Hour) -> None:
        self.first = min(self.first, other.first)
        self.last = max(self.last, other.last)
        self.rows += other.rows
        for key, part in other.means.items():
            self.means[key].add(part.minimum, part.maximum, part.total, part.weight)
        for key, amount in other.totals.items():
            self.totals[key] += amount


class HourBook:
    """Keeps the hours of one miner; rows come in the order of time."""

    def __init__(self, interval: float) -> None:
        """Take the seconds that its rows are usually apart."""
        usual = min(max(interval, 1.0), _LONGEST_INTERVAL)
        self._gaps = deque([usual] * 5, maxlen=_REMEMBERED)
        self._longest = MOST_GAPS * usual
        self._hours: dict[int, _Hour] = {}
        self._seen: float | None = None
        self._power: tuple[float, float] | None = None
        self._accepted: float | None = None

    def __len__(self) -> int:
        """Return how many hours there are."""
        return len(self._hours)

    @property
    def rows(self) -> int:
        """How many rows had figures."""
        return sum(hour.rows for hour in self._hours.values())

    def observe(self, time: float, values: tuple[float, ...]) -> None:
        """Take a row; one without hash rate and power is of a miner that was away."""
        self._learn_gap(time)
        rate, power, accepted = values[0], values[1], values[-1]
        if math.isnan(rate) and math.isnan(power):
            self._power = None
            return
        start = int(time // HOUR) * HOUR
        hour = self._hours.get(start) or self._hours.setdefault(
            start, _Hour(time, time)
        )
        hour.last = time
        hour.rows += 1
        for key, value in zip(FIGURES, values[:-1], strict=False):
            if not math.isnan(value):
                hour.means[key].add(value, value, value, 1.0)
        if rate > 0 and power > 0:
            joules = power / rate
            hour.means["efficiency"].add(joules, joules, power, rate)
        self._meter(time, power)
        if not math.isnan(accepted):
            # A counter that fell began again at 0.
            before, self._accepted = self._accepted, accepted
            if before is not None:
                rose = accepted - before if accepted >= before else accepted
                hour.totals["shares_accepted"] += rose

    def merge(self, other: HourBook) -> None:
        """Take the hours of the same miner from elsewhere.

        Two parts of an hour are put together. Where both watched at once, the one with
        more rows counts: added up, the miner would have used twice what it did.
        """
        for start, theirs in other._hours.items():
            ours = self._hours.get(start)
            if ours is None or (ours.overlaps(theirs) and ours.rows < theirs.rows):
                self._hours[start] = theirs
            elif not ours.overlaps(theirs):
                ours.join(theirs)

    def means(self, key: str) -> dict[int, Spread]:
        """Return the hours of a figure by their start."""
        return {
            start: hour.means[key]
            for start, hour in sorted(self._hours.items())
            if key in hour.means
        }

    def totals(self, key: str) -> dict[int, float]:
        """Return the amounts of each hour by its start."""
        return {
            start: hour.totals[key]
            for start, hour in sorted(self._hours.items())
            if key in hour.totals
        }

    def hours(self, key: str) -> tuple[int, int, int] | None:
        """Return the first and the last hour of a figure, and how many there are."""
        known = [
            start
            for start, hour in self._hours.items()
            if key in hour.totals or key in hour.means
        ]
        return (min(known), max(known), len(known)) if known else None

    def _learn_gap(self, time: float) -> None:
        """Follow a tool that began to poll less often, and no outage."""
        seen, self._seen = self._seen, time
        if seen is None or not 0 < (gap := time - seen) <= _LONGEST_INTERVAL:
            return
        self._gaps.append(gap)
        ordered = sorted(self._gaps)
        self._longest = MOST_GAPS * ordered[len(ordered) // 2]

    def _meter(self, time: float, power: float) -> None:
        """Integrate the power between two rows that are not too far apart."""
        before = self._power
        self._power = None if math.isnan(power) else (time, power)
        if self._power and before and time - before[0] <= self._longest:
            self._add_energy(*before, time, power)

    def _add_energy(self, start: float, first: float, end: float, last: float) -> None:
        """Share the trapezoid among the hours in which it lies."""
        slope = (last - first) / (end - start)
        while start < end:
            hour = int(start // HOUR) * HOUR
            until = min(end, hour + HOUR)
            power = first + slope * (until - start)
            kilowatt_hours = (first + power) / 2 * (until - start) / 3.6e6
            self._hours[hour].totals["energy"] += kilowatt_hours
            start, first = until, power


def running_sums(
    stored: Iterable[tuple[int, float]], amounts: Mapping[int, float]
) -> list[tuple[int, float]]:
    """Put the amounts of some hours into a series of sums; return what changes.

    An hour that is there already gets the new amount, so that the same hours put in
    twice leave the sums as they were.
    """
    sums: dict[int, float] = {}
    changes: dict[int, float] = {}
    before = 0.0
    for hour, total in stored:
        sums[hour], changes[hour] = total, total - before
        before = total
    changes.update(amounts)
    result, running = [], 0.0
    for hour in sorted(changes):
        running += changes[hour]
        known = sums.get(hour)
        if known is None or abs(known - running) > 1e-6:
            result.append((hour, running))
        else:
            running = known
    return result
