"""Rows of a miner, as the statistics of each hour."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import math
from typing import Any, Final

from .readings import FIGURES

HOUR: Final = 3600

MEANS: Final = (*FIGURES[:-1], "efficiency")
"""Figures of which an hour has mean, minimum and maximum."""

TOTALS: Final = ("energy", "shares_accepted")
"""Figures of which an hour has an amount."""

MOST_HOURS: Final = 300_000
"""Hours of all miners together: 20 of them for more than a year and a half."""

MOST_GAPS = 3
"""Rows so many usual intervals apart, or fewer, tell of the time between."""

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


@dataclass(slots=True)
class _Span:
    """When a miner was watched in an hour, and how often."""

    first: float
    last: float = 0.0
    rows: int = 0

    def overlaps(self, other: _Span) -> bool:
        return self.first <= other.last and other.first <= self.last

    def joined(self, other: _Span) -> _Span:
        return _Span(
            min(self.first, other.first),
            max(self.last, other.last),
            self.rows + other.rows,
        )


class HourBook:
    """Keeps the hours of one miner; rows come in the order of time."""

    def __init__(self, interval: float) -> None:
        """Take the seconds that its rows are usually apart."""
        usual = min(max(interval, 1.0), _LONGEST_INTERVAL)
        self._gaps = deque([usual] * 5, maxlen=_REMEMBERED)
        self._longest = MOST_GAPS * usual
        self._means: dict[str, dict[int, _Spread]] = {key: {} for key in MEANS}
        self._totals: dict[str, dict[int, float]] = {key: {} for key in TOTALS}
        self._seen: float | None = None
        self._power: tuple[float, float] | None = None
        self._accepted: float | None = None
        self._spans: dict[int, _Span] = {}

    def __len__(self) -> int:
        """Return how many hours there are."""
        return len(self._spans)

    @property
    def rows(self) -> int:
        """How many rows told something."""
        return sum(span.rows for span in self._spans.values())

    def observe(self, time: float, values: tuple[float, ...]) -> None:
        """Take a row; one without hash rate and power is of a miner that was away."""
        hour = int(time // HOUR) * HOUR
        self._learn_gap(time)
        rate, power, accepted = values[0], values[1], values[-1]
        if math.isnan(rate) and math.isnan(power):
            self._power = None
            return
        if (span := self._spans.get(hour)) is None:
            span = self._spans[hour] = _Span(time)
        span.last = time
        span.rows += 1
        for key, value in zip(FIGURES, values[:-1], strict=False):
            if not math.isnan(value):
                self._spread(key, hour).add(value, value, value, 1.0)
        if rate > 0 and power > 0:
            joules = power / rate
            self._spread("efficiency", hour).add(joules, joules, power, rate)
        self._meter(time, power)
        if not math.isnan(accepted):
            self._count(hour, accepted)

    def merge(self, other: HourBook) -> None:
        """Take the hours of the same miner from elsewhere.

        Two parts of an hour are put together. Where both watched at once, the one with
        more rows counts: added up, the miner would have used twice what it did.
        """
        for hour, span in other._spans.items():
            ours = self._spans.get(hour)
            if ours is not None and ours.overlaps(span):
                if ours.rows >= span.rows:
                    continue
                self._forget(hour)
                ours = None
            self._spans[hour] = span if ours is None else ours.joined(span)
            self._take_hour(hour, other)

    def _take_hour(self, hour: int, other: HourBook) -> None:
        for key, hours in other._means.items():
            if (them := hours.get(hour)) is not None:
                ours = self._spread(key, hour)
                ours.add(them.minimum, them.maximum, them.total, them.weight)
        for key, amounts in other._totals.items():
            if hour in amounts:
                self._add(key, hour, amounts[hour])

    def _forget(self, hour: int) -> None:
        tables: list[dict[int, Any]] = [*self._means.values(), *self._totals.values()]
        for table in tables:
            table.pop(hour, None)

    def _add(self, key: str, hour: int, amount: float) -> None:
        totals = self._totals[key]
        totals[hour] = totals.get(hour, 0.0) + amount

    def means(self, key: str) -> dict[int, Mean]:
        """Return the hours of a figure by their start."""
        return {
            hour: spread.result() for hour, spread in sorted(self._means[key].items())
        }

    def totals(self, key: str) -> dict[int, float]:
        """Return the amounts of each hour by its start."""
        return dict(sorted(self._totals[key].items()))

    def hours(self, key: str) -> tuple[int, int, int] | None:
        """Return the first and the last hour of a figure, and how many there are."""
        known = self._totals[key] if key in self._totals else self._means[key]
        return (min(known), max(known), len(known)) if known else None

    def _spread(self, key: str, hour: int) -> _Spread:
        hours = self._means[key]
        return hours.get(hour) or hours.setdefault(hour, _Spread())

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
            self._add("energy", hour, kilowatt_hours)
            start, first = until, power

    def _count(self, hour: int, accepted: float) -> None:
        """Add what a counter rose; one that fell began again at 0."""
        before, self._accepted = self._accepted, accepted
        if before is not None:
            rose = accepted - before if accepted >= before else accepted
            self._add("shares_accepted", hour, rose)


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
