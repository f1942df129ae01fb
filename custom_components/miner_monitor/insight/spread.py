"""How far the unsmoothed hash rate strays within minutes."""

from math import sqrt
from typing import NamedTuple

from .windows import SlidingSums

SPANS = (60.0, 300.0, 600.0)
LEAST_SAMPLES = 4
FILLED = 0.8
"""A window tells something when this part of it was watched."""

LONGEST_GAP = 3
"""So many intervals between two readings may be bridged."""

POINTS_PER_PERCENT = 2.0


class Figures(NamedTuple):
    """Sample deviations in TH/s by window, their samples, both sides and the score."""

    deviations: tuple[float | None, float | None, float | None] = (None, None, None)
    samples: tuple[int, int, int] = (0, 0, 0)
    above: float | None = None
    below: float | None = None
    score: float | None = None


NO_FIGURES = Figures()


class Spread:
    """Sample deviations over windows of time, whatever the poll interval is.

    A window's rows are the seconds that a reading stands for, its distance from a
    reference (the first reading, which keeps the squares small), and the square of
    that. Both sides hold the signed distances from the expected rate.
    """

    __slots__ = ("_above", "_below", "_last", "_reference", "_windows")

    def __init__(self) -> None:
        """Start empty."""
        self._windows = tuple(SlidingSums(seconds, 3) for seconds in SPANS)
        self._above = SlidingSums(SPANS[-1], 2)
        self._below = SlidingSums(SPANS[-1], 2)
        self._reference = 0.0
        self._last: float | None = None

    def clear(self) -> None:
        """Forget all readings."""
        if self._last is not None:
            self._last = None
            for window in (*self._windows, self._above, self._below):
                window.clear()

    def add(
        self, now: float, rate: float, expected: float | None, interval: float
    ) -> None:
        """Take a reading of a settled miner that hashes."""
        if not self._windows[-1].count:
            self._reference = rate
        held = interval
        if self._last is not None and now - self._last <= LONGEST_GAP * interval:
            held = now - self._last
        self._last = now
        distance = rate - self._reference
        for window in self._windows:
            window.add(now, held, distance, distance * distance)
        if expected is not None:
            away = rate - expected
            side = self._above if away >= 0 else self._below
            side.add(now, away, away * away)

    def figures(self, now: float) -> Figures:
        """Return what the windows say at a moment."""
        if self._last is None:
            return NO_FIGURES
        for window in (*self._windows, self._above, self._below):
            window.expire(now)
        short, middle, long = self._windows
        deviations = (_deviation(short), _deviation(middle), _deviation(long))
        samples = (short.count, middle.count, long.count)
        if deviations[2] is None:
            return Figures(deviations, samples)
        above, below = _side(self._above), _side(self._below)
        return Figures(deviations, samples, above, below, self._score())

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
        _, distance, squares = self._windows[-1].sums
        count = self._windows[-1].count
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


def _deviation(window: SlidingSums) -> float | None:
    held, distance, squares = window.sums
    if window.count < LEAST_SAMPLES or held < FILLED * window.seconds:
        return None
    return sqrt(_variance(window.count, distance, squares))


def _side(side: SlidingSums) -> float | None:
    if side.count < LEAST_SAMPLES:
        return None
    return sqrt(_variance(side.count, *side.sums))


def _variance(count: int, total: float, squares: float) -> float:
    variance = (squares - total * total / count) / (count - 1)
    return variance if variance > 0 else 0.0
