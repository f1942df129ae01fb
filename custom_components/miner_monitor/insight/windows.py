"""Sliding windows of time: of the hash rate, of its spread and of response times."""

from array import array
from bisect import bisect_left, insort
from collections import deque
from math import sqrt
from operator import add, sub
from typing import Any

from ..miners.model import MinerState
from .model import (
    Baseline,
    InsightOptions,
    ResponseTimes,
    unless_equal,
)

SPARE_ROWS = 64
"""So many rows may have left before their memory is given back."""


class SlidingSums:
    """Rows of numbers of the last seconds, and the sums of their columns.

    A row costs the same however long the window is. What rounding leaves behind in
    the sums goes whenever the memory of old rows is given back, and with the last row.
    """

    def __init__(self, seconds: float, columns: int, most: int = 1000) -> None:
        """Start empty; more than ``most`` rows are never kept."""
        self.seconds = seconds
        self.count = 0
        self.sums = [0.0] * columns
        self._most = most
        self._width = columns + 1
        self._cells = array("d")
        self._first = 0

    def clear(self) -> None:
        """Forget all rows."""
        if self._cells:
            del self._cells[:]
            self._first = self.count = 0
            self.sums = [0.0] * len(self.sums)

    def add(self, now: float, *row: float) -> None:
        """Take a row at monotonic second ``now``."""
        self._cells.extend((now, *row))
        self.count += 1
        self.sums = list(map(add, self.sums, row, strict=True))
        if self.count > self._most:
            self._drop_first()

    def add_to_last(self, now: float, *row: float) -> None:
        """Take a row, as a part of the last one if that is of the same moment."""
        if not self.count or self._cells[-self._width] != now:
            self.add(now, *row)
            return
        self.sums = list(map(add, self.sums, row, strict=True))
        for place, value in enumerate(row, 1 - self._width):
            self._cells[place] += value

    def rows(self) -> list[array[float]]:
        """Return the rows, each with its time before it."""
        starts = range(self._first, len(self._cells), self._width)
        return [self._cells[start : start + self._width] for start in starts]

    def expire(self, now: float) -> None:
        """Let go of the rows that are as old as the window."""
        limit, cells = now - self.seconds, self._cells
        while self.count and cells[self._first] <= limit:
            self._drop_first()

    def _drop_first(self) -> None:
        if self.count == 1:
            self.clear()
            return
        old = self._cells[self._first + 1 : self._first + self._width]
        self.sums = list(map(sub, self.sums, old, strict=True))
        self._first += self._width
        self.count -= 1
        if self._first >= SPARE_ROWS * self._width:
            del self._cells[: self._first]
            self._first = 0
            columns = range(1, self._width)
            self.sums = [sum(self._cells[place :: self._width]) for place in columns]


RESPONSES_KEPT = 100


class Responses:
    """The last response times, in their order and sorted.

    What is shown of them is asked for with each poll, so nothing is counted anew.
    """

    def __init__(self) -> None:
        """Start without any."""
        self._last: deque[float] = deque()
        self._sorted: list[float] = []
        self._sum = 0.0

    def observe(self, milliseconds: float) -> ResponseTimes:
        """Take one more, and let go the oldest."""
        last, ranked = self._last, self._sorted
        last.append(milliseconds)
        insort(ranked, milliseconds)
        self._sum += milliseconds
        if len(last) > RESPONSES_KEPT:
            oldest = last.popleft()
            del ranked[bisect_left(ranked, oldest)]
            self._sum -= oldest
        count = len(ranked)
        return ResponseTimes(
            last=milliseconds,
            mean=self._sum / count,
            median=(ranked[count // 2] + ranked[(count - 1) // 2]) / 2,
            minimum=ranked[0],
            maximum=ranked[-1],
        )


SETTLE_SECONDS = 120
"""A freshly booted miner ramps up; its first rates say nothing of its health."""

HIGHEST_RATE = 1e9
"""In TH/s, more than any miner; what is above is no hash rate."""

LOWEST_RATE = 1e-15
"""In TH/s, one hash in a quarter of an hour; what is below is zero."""


def settled(state: MinerState) -> bool:
    """Whether the miner runs long enough to be judged by its hash rate."""
    return state.uptime is None or state.uptime >= SETTLE_SECONDS


def present_rate(state: MinerState) -> float | None:
    """Return the unsmoothed hash rate where it can be one."""
    rate = state.hash_rate_now
    if rate is None or not 0 <= rate <= HIGHEST_RATE:
        return None
    return rate if rate >= LOWEST_RATE else 0.0


WARM_UP = 600.0
"""Seconds of hashing before which a ratio is chance, or tells of the start alone."""


class BaselineWindow:
    """Hash rate beside the expected one, as sums over a window.

    What the user expects goes before what the device does. The window is in seconds
    and fills up from the first sample; it empties when the miner stops hashing, so a
    ratio never spans a pause. There is none before ``warm_up`` seconds of hashing.
    """

    def __init__(
        self, window: float, options: InsightOptions, warm_up: float = WARM_UP
    ) -> None:
        """Start empty."""
        self.window = window
        self._warm_up = warm_up
        self._since = 0.0
        self._chosen = known_rate(options.expected_hash_rate)
        self._sums = SlidingSums(window, 2)
        self._baseline = Baseline()

    def observe(self, state: MinerState, monotonic: float) -> Baseline:
        """Take one reading."""
        expected = self._chosen or known_rate(state.expected_hash_rate)
        sums = self._sums
        if state.hashing:
            sums.expire(monotonic)
            rate = present_rate(state)
            if rate is not None and expected is not None and settled(state):
                if not sums.count:
                    self._since = monotonic
                sums.add(monotonic, rate, expected)
        else:
            sums.clear()
        found = Baseline(expected=expected)
        if count := sums.count:
            rates, expectations = sums.sums
            warm = monotonic - self._since >= self._warm_up
            found = Baseline(
                expected=expected,
                ratio=100 * rates / expectations if warm else None,
                deviation=(rates - expectations) / count,
            )
        self._baseline = unless_equal(found, self._baseline)
        return self._baseline


def known_rate(rate: float | None) -> float | None:
    """Return a hash rate above zero where it can be one."""
    return rate if rate is not None and LOWEST_RATE <= rate <= HIGHEST_RATE else None


SPANS = (60.0, 300.0, 600.0)
LEAST_SAMPLES = 4
"""With fewer nothing can be said of how steady the rate is."""

FILLED = 0.8
"""A window has a deviation when this part of it was watched."""

LONGEST_GAP = 3
"""So many intervals between two readings may be bridged; in a longer silence nobody
knows what the miner did."""

SHORTEST_GAP = 1.0

POINTS_PER_PERCENT = 2.0


class Spread:
    """Sample deviations over windows of time, whatever the poll interval is.

    Kept of a reading are the seconds it stands for, and its distance from a reference
    near the rates, so that the squares stay small. Both sides hold the signed
    distances from the expected rate.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._windows = tuple(SlidingSums(seconds, 3) for seconds in SPANS)
        self._above = SlidingSums(SPANS[-1], 2)
        self._below = SlidingSums(SPANS[-1], 2)
        self._reference = self._moved = 0.0
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
        """Take a reading of a settled miner that hashes; at most one a second."""
        held = interval
        if self._last is not None:
            gap = now - self._last
            if gap < SHORTEST_GAP:
                return
            if gap <= LONGEST_GAP * interval:
                held = gap
        self._last = now
        if not self._windows[-1].count:
            self._reference, self._moved = rate, now
        distance = rate - self._reference
        for window in self._windows:
            window.add(now, held, distance, distance * distance)
        if expected is not None:
            away = rate - expected
            side = self._above if away >= 0 else self._below
            side.add(now, away, away * away)

    def figures(self, now: float) -> dict[str, Any]:
        """Return what the windows say at a moment, by the names of ``Stability``."""
        if self._last is None:
            return {}
        for window in (*self._windows, self._above, self._below):
            window.expire(now)
        short, middle, long = self._windows
        if long.count and now - self._moved >= long.seconds:
            self._move_reference(now)
        found: dict[str, Any] = {
            "deviations": (_filled(short), _filled(middle), _filled(long)),
            "samples": (short.count, middle.count, long.count),
        }
        if found["deviations"][2] is not None:
            found["above"] = _deviation(self._above)
            found["below"] = _deviation(self._below)
            found["score"] = self._score()
        return found

    def _move_reference(self, now: float) -> None:
        """Follow the rates, so that squares stay small."""
        long = self._windows[-1]
        rows, shift = long.rows(), long.sums[1] / long.count
        self._reference, self._moved = self._reference + shift, now
        for window in self._windows:
            window.clear()
            for at, held, distance, _ in rows:
                if at > now - window.seconds:
                    moved = distance - shift
                    window.add(at, held, moved, moved * moved)

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
        count, (_, distance, squares) = long.count, long.sums
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


def _filled(window: SlidingSums) -> float | None:
    """Return the sample deviation once the window is filled."""
    return _deviation(window) if window.sums[0] >= FILLED * window.seconds else None


def _deviation(window: SlidingSums) -> float | None:
    if window.count < LEAST_SAMPLES:
        return None
    return sqrt(_variance(window.count, *window.sums[-2:]))


def _variance(count: int, total: float, squares: float) -> float:
    variance = (squares - total * total / count) / (count - 1)
    return variance if variance > 0 else 0.0
