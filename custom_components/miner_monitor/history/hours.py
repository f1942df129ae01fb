"""Rows of a miner, as the statistics of each hour."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean, minimum and maximum of an hour."""

    mean: float
    minimum: float
    maximum: float


class _Spread:
    """Sum and extremes of what an hour has so far."""

    __slots__ = ("maximum", "minimum", "total", "weight")

    def __init__(self) -> None:
        self.total = self.weight = 0.0
        self.minimum, self.maximum = math.inf, -math.inf

    def add(self, low: float, high: float, total: float, weight: float) -> None:
        self.total += total
        self.weight += weight
        self.minimum = min(self.minimum, low)
        self.maximum = max(self.maximum, high)

    def result(self) -> Mean:
        """Return the figures; rounding must not put the mean beside the extremes."""
        mean = self.total / self.weight
        return Mean(
            min(max(mean, self.minimum), self.maximum), self.minimum, self.maximum
        )


class _Hour:
    """When a miner was watched in an hour, how often, and what it did."""

    __slots__ = ("first", "last", "means", "rows", "totals")

    def __init__(self, first: float) -> None:
        self.first = self.last = first
        self.rows = 0
        self.means: dict[str, _Spread] = {}
        self.totals: dict[str, float] = {}

    def spread(self, key: str) -> _Spread:
        return self.means.get(key) or self.means.setdefault(key, _Spread())

    def count(self, key: str, amount: float) -> None:
        self.totals[key] = self.totals.get(key, 0.0) + amount

    def overlaps(self, other: _Hour) -> bool:
        return self.first <= other.last and other.first <= self.last

    def join(self, other: _Hour) -> None:
        self.first = min(self.first, other.first)
        self.last = max(self.last, other.last)
        self.rows += other.rows
        for key, part in other.means.items():
            self.spread(key).add(part.minimum, part.maximum, part.total, part.weight)
        for key, amount in other.totals.items():
            self.count(key, amount)


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
        hour = self._hours.get(start) or self._hours.setdefault(start, _Hour(time))
        hour.last = time
        hour.rows += 1
        for key, value in zip(FIGURES, values[:-1], strict=False):
            if not math.isnan(value):
                hour.spread(key).add(value, value, value, 1.0)
        if rate > 0 and power > 0:
            joules = power / rate
            hour.spread("efficiency").add(joules, joules, power, rate)
        self._meter(time, power)
        if not math.isnan(accepted):
            # A counter that fell began again at 0.
            before, self._accepted = self._accepted, accepted
            if before is not None:
                rose = accepted - before if accepted >= before else accepted
                hour.count("shares_accepted", rose)

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

    def means(self, key: str) -> dict[int, Mean]:
        """Return the hours of a figure by their start."""
        hours = sorted(self._hours.items())
        return {
            start: hour.means[key].result()
            for start, hour in hours
            if key in hour.means
        }

    def totals(self, key: str) -> dict[int, float]:
        """Return the amounts of each hour by its start."""
        hours = sorted(self._hours.items())
        return {start: hour.totals[key] for start, hour in hours if key in hour.totals}

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
            self._hours[hour].count("energy", kilowatt_hours)
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
