"""How far the unsmoothed hash rate strays within minutes."""

from array import array
from math import sqrt, sumprod
from typing import NamedTuple

from .windows import (
    SPARE_ROWS,
    SlidingSums,
)

SPANS = (60.0, 300.0, 600.0)
LEAST_SAMPLES = 4
FILLED = 0.8
"""A window tells something when this part of it was watched."""

LONGEST_GAP = 3
"""So many intervals between two readings may be bridged."""

SHORTEST_GAP = 1.0

POINTS_PER_PERCENT = 2.0


class Figures(NamedTuple):
    """Sample deviations in TH/s by window, their samples, both sides and the score."""

    deviations: tuple[float | None, float | None, float | None] = (None, None, None)
    samples: tuple[int, int, int] = (0, 0, 0)
    above: float | None = None
    below: float | None = None
    score: float | None = None


NO_FIGURES = Figures()


class _Window:
    """Sums over the readings of the last seconds, which lie in arrays of others.

    ``held`` is the time that the readings stand for.
    """

    __slots__ = ("count", "first", "held", "seconds", "squares", "total")

    def __init__(self, seconds: float) -> None:
        """Start empty."""
        self.seconds = seconds
        self.reset()

    def reset(self) -> None:
        """Hold nothing, from the begin of the arrays on."""
        self.first = self.count = 0
        self.held = self.total = self.squares = 0.0

    def take(self, held: float, distance: float) -> None:
        """Add the newest reading."""
        self.count += 1
        self.held += held
        self.total += distance
        self.squares += distance * distance

    def drop(self, held: float, distance: float) -> None:
        """Take off the oldest reading."""
        self.first += 1
        self.count -= 1
        self.held -= held
        self.total -= distance
        self.squares -= distance * distance

    def deviation(self) -> float | None:
        """Return the sample deviation once the window is filled."""
        if self.count < LEAST_SAMPLES or self.held < FILLED * self.seconds:
            return None
        return sqrt(_variance(self.count, self.total, self.squares))


class Spread:
    """Sample deviations over windows of time, whatever the poll interval is.

    Kept of a reading are its time, the seconds it stands for, and its distance from a
    reference near the rates, so that the squares stay small. Both sides hold the
    signed distances from the expected rate.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._windows = tuple(_Window(seconds) for seconds in SPANS)
        self._times, self._held = array("d"), array("d")
        self._distances = array("d")
        self._above = SlidingSums(SPANS[-1], 2)
        self._below = SlidingSums(SPANS[-1], 2)
        self._reference = 0.0
        self._last: float | None = None

    def clear(self) -> None:
        """Forget all readings."""
        if self._last is not None:
            self._last = None
            self._above.clear()
            self._below.clear()
            self._empty()

    def _empty(self) -> None:
        del self._times[:], self._held[:], self._distances[:]
        for window in self._windows:
            window.reset()

    def add(
        self, now: float, rate: float, expected: float | None, interval: float
    ) -> None:
        """Take a reading of a settled miner that hashes; at most one a second."""
        held = interval
        if self._last is not None:
            gap = now - self._last
            if gap < SHORTEST_GAP:
                return
            if gap <= LONGEST_GAP * interval:
                held = gap
        self._last = now
        if not self._times:
            self._reference = rate
        distance = rate - self._reference
        self._times.append(now)
        self._held.append(held)
        self._distances.append(distance)
        for window in self._windows:
            window.take(held, distance)
        if expected is not None:
            away = rate - expected
            side = self._above if away >= 0 else self._below
            side.add(now, away, away * away)

    def figures(self, now: float) -> Figures:
        """Return what the windows say at a moment."""
        if self._last is None:
            return NO_FIGURES
        self._expire(now)
        short, middle, long = self._windows
        deviations = (short.deviation(), middle.deviation(), long.deviation())
        samples = (short.count, middle.count, long.count)
        if deviations[2] is None:
            return Figures(deviations, samples)
        above, below = _side(self._above), _side(self._below)
        return Figures(deviations, samples, above, below, self._score())

    def _expire(self, now: float) -> None:
        times = self._times
        for window in self._windows:
            limit = now - window.seconds
            while window.count and times[window.first] <= limit:
                first = window.first
                window.drop(self._held[first], self._distances[first])
        self._above.expire(now)
        self._below.expire(now)
        if not self._windows[-1].count:
            self._empty()
        elif self._windows[-1].first >= SPARE_ROWS:
            self._tidy()

    def _tidy(self) -> None:
        """Give back the memory of old readings, move the reference, sum up anew."""
        long = self._windows[-1]
        past, shift = long.first, long.total / long.count
        del self._times[:past], self._held[:past]
        self._reference += shift
        self._distances = array("d", (d - shift for d in self._distances[past:]))
        for window in self._windows:
            window.first -= past
            distances = self._distances[window.first :]
            window.held = sum(self._held[window.first :])
            window.total = sum(distances)
            window.squares = sumprod(distances, distances)

    def _score(self) -> float | None:
        """Judge the last ten minutes with one figure from 0 to 100.

        score = 100 - 2 x 100 x sqrt(s^2 + d^2) / E, at least 0, where s is the sample
        deviation of (rate - expected rate), d the mean of it where that is below
        zero, else 0, and E the mean expected rate. While no expected rate is known s
        is that of the rate, d is 0 and E is the mean rate.

        The root is the distance of the readings from the expected rate: noise and a
        lasting loss each count once and in the same measure, two points for each
        percent of E. Adding them up would take the same loss off twice, and would
        take the luck in the mean of rates that are counted from shares for a loss;
        squared it hardly matters beside the noise that it comes from. More than
        expected is no fault, and settings that are changed move both rates.
        """
        long = self._windows[-1]
        count, distance, squares = long.count, long.total, long.squares
        base, loss = self._reference + distance / count, 0.0
        if self._above.count + self._below.count == count:
            away = self._above.sums[0] + self._below.sums[0]
            squares = self._above.sums[1] + self._below.sums[1]
            base -= away / count
            loss = min(0.0, away / count)
            distance = away
        if base <= 0:
            return None
        off = sqrt(_variance(count, distance, squares) + loss * loss)
        return max(0.0, 100.0 - POINTS_PER_PERCENT * 100.0 * off / base)


def _side(side: SlidingSums) -> float | None:
    if side.count < LEAST_SAMPLES:
        return None
    return sqrt(_variance(side.count, *side.sums))


def _variance(count: int, total: float, squares: float) -> float:
    variance = (squares - total * total / count) / (count - 1)
    return variance if variance > 0 else 0.0
