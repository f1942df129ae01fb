"""Amounts in buckets of time that outlive a restart, and what they say of days."""

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from ..miners.codec import (
    Amount,
    Count,
    Row,
    Stored,
    Within,
    dump,
    load_or,
)
from ..miners.events import Moment
from .model import (
    Grade,
    Period,
    Range,
    unless_equal,
)

MINUTE = 60.0
LONGEST_BRIDGE = 31 * 86_400.0
"""All that is kept is over after this gap, so that none need be longer."""

CLOCK_SET = 60.0
"""A wall clock that runs so far ahead of the monotonic one was set, or slept."""

LATEST = 1e11
"""An epoch second that no clock shows."""

type Instant = Annotated[float, Within(0, LATEST)]
"""Epoch seconds."""

SMALLEST = 1e-18
"""What is less is no work."""

PACE = 10
"""In minutes; what is shown of a whole day is renewed so often."""

AMOUNTS = 8
"""In order: TH and s of a settled miner that hashes; TH and s of all that was watched;
J and TH while both are known; TH expected and s of a settled miner that hashes."""

type Amounts = Sequence[float]

RANGES: Mapping[str, tuple[int, int, int]] = {
    "1h": (2, 30, 4),
    "4h": (5, 48, 2),
    "8h": (10, 48, 2),
    "24h": (60, 24, 6),
    "3d": (120, 36, 2),
}
"""Minutes of a bucket, number of buckets, and how many of the amounts they hold."""

FILLED_BUCKET = 0.5
"""A bucket has a mean when the miner hashed for this part of it."""

FILLED_RANGE = 0.75
"""A range is shown when this part of its buckets has a mean."""

WATCHED = 0.25
"""A mean over hours is shown when this part of them was watched."""

PERIOD_MINUTES = 10
SHOWN = 10
KEPT = 25
MONTH = 30 * 86_400.0
PERIOD_DIGITS = 10
"""An epoch second has as many."""

THROUGHOUT = 0.99
"""The part of a period in which the miner must have hashed."""

SKEWED = 0.05
GRADES = (
    (30.0, Grade.EXCELLENT),
    (50.0, Grade.STABLE),
    (70.0, Grade.ACCEPTABLE),
    (90.0, Grade.VARIABLE),
)


@dataclass(slots=True)
class Timeline(Stored):
    """The wall clock's seconds, that never go back and run by the monotonic clock.

    A wall clock that is set back is not followed, nor when it is set right again. One
    that leaps ahead otherwise is, as after a host's sleep: nobody watched in between.
    ``ahead`` is where the wall clock is, seen from ``now``.
    """

    now: Instant = 0.0
    wall: Instant | None = None
    ahead: float = field(default=0.0, init=False)
    _monotonic: float | None = field(default=None, init=False)
    _set_back: float = field(default=0.0, init=False)

    def move(self, moment: Moment) -> float | None:
        """Go on to a moment; return the span since the last if it can be bridged."""
        wall = moment.wall if 0 <= moment.wall < LATEST else self.wall or 0.0
        span: float | None = None
        gap = 0.0
        if self.wall is None:
            self.now = wall
        elif self._monotonic is None:
            gap = self._gap(wall - self.wall, 0.0)
        else:
            span = max(0.0, moment.monotonic - self._monotonic)
            self.now += span
            gap = self._gap(wall - self.wall - span, CLOCK_SET)
        if gap > 0:
            self.now += min(gap, LONGEST_BRIDGE)
            span = None
        self.wall, self._monotonic = wall, moment.monotonic
        self.ahead = wall - self.now
        return span

    def _gap(self, leap: float, tolerance: float) -> float:
        """Return the time in which nobody watched, of a leap of the wall clock."""
        if abs(leap) <= tolerance:
            return 0.0
        gap = max(0.0, leap - self._set_back)
        self._set_back = max(0.0, self._set_back - leap)
        return gap if gap > tolerance else 0.0


@dataclass(slots=True)
class Ring(Row):
    """The latest buckets of one width, the open one with them.

    ``key`` is the number of the open bucket; ``cells`` hold column after column.
    """

    digits = 5

    key: Count | None = None
    cells: array[Amount] = field(default_factory=lambda: array("d"))
    width: int = field(default=1, init=False)
    count: int = field(default=0, init=False)
    _size: int = field(default=1, init=False)

    @classmethod
    def of(cls, width: int, count: int, columns: int) -> Ring:
        """Return an empty one; ``width`` is in minutes."""
        ring = cls(None, array("d", bytes(8 * columns * (count + 1))))
        ring.width, ring.count, ring._size = width, count, count + 1
        return ring

    def add(self, minute: int, amounts: Amounts) -> None:
        """Put a minute's amounts into its bucket."""
        self.advance(minute)
        cells = self.cells
        slots = range(minute // self.width % self._size, len(cells), self._size)
        for slot, amount in zip(slots, amounts, strict=False):
            cells[slot] += amount

    def advance(self, minute: int) -> bool:
        """Go on to a minute; return whether a bucket closed."""
        key = minute // self.width
        if self.key is None:
            self.key = key
        if key <= self.key:
            return False
        for fresh in range(max(self.key, key - self._size) + 1, key + 1):
            for slot in range(fresh % self._size, len(self.cells), self._size):
                self.cells[slot] = 0.0
        self.key = key
        return True

    def column(self, number: int) -> array[float]:
        """Return one amount of all buckets."""
        return self.cells[number * self._size : (number + 1) * self._size]

    def total(self, number: int, minute: int) -> float:
        """Sum up a column over the window's own length to the begin of a minute.

        Of the oldest bucket that part counts which the open one leaves of the window.
        """
        if self.key is None:
            return 0.0
        passed = (minute - self.key * self.width) / self.width
        cells = self.column(number)
        return sum(cells) - passed * cells[(self.key + 1) % self._size]

    def means(self) -> list[float]:
        """Return the mean rates of the closed buckets that have one."""
        least = FILLED_BUCKET * self.width * MINUTE
        is_open = -1 if self.key is None else self.key % self._size
        amounts = zip(self.column(0), self.column(1), strict=True)
        return [
            work / seconds
            for slot, (work, seconds) in enumerate(amounts)
            if slot != is_open and seconds >= least
        ]

    def take_over(self, stored: Ring, minute: int) -> None:
        """Go on from what was stored up to a minute, if it is of this form."""
        fits = len(stored.cells) == len(self.cells)
        if fits and stored.key is not None and stored.key <= minute // self.width:
            self.key, self.cells = stored.key, stored.cells


class History:
    """What a miner did, minute by minute, in the buckets of all ranges.

    A range is shown when three quarters of its buckets have a mean, which takes half
    of a bucket. The means over 1 and 24 hours are ratios of sums over what was watched
    in them, a quarter at least: standing still counts as the rate of zero that it is,
    and time in which nobody could look does not count. That over 24 hours is renewed
    every ten minutes.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._rings = {name: Ring.of(*form) for name, form in RANGES.items()}
        self._key: int | None = None
        self._ranges: dict[str, Range | None] = dict.fromkeys(RANGES)
        self.ranges: Mapping[str, Range] = {}
        self.hash_rate_1h: float | None = None
        self.hash_rate_24h: float | None = None
        self.efficiency_24h: float | None = None

    def add_bucket(self, minute: int, amounts: Amounts) -> None:
        """Add what happened within a minute."""
        for ring in self._rings.values():
            ring.add(minute, amounts)

    def advance(self, minute: int) -> None:
        """Go on to a minute and renew what is shown."""
        self._show_ranges(
            [n for n, ring in self._rings.items() if ring.advance(minute)]
        )
        self.hash_rate_1h = _mean(self._rings["1h"], minute)
        if minute // PACE != self._key:
            self._key = minute // PACE
            self._show_day(self._rings["24h"], self._key * PACE)

    def _show_ranges(self, names: Iterable[str]) -> None:
        for name in names:
            self._ranges[name] = _range_of(self._rings[name])
        ranges = {n: known for n, known in self._ranges.items() if known is not None}
        self.ranges = unless_equal(ranges, self.ranges)

    def _show_day(self, day: Ring, minute: int) -> None:
        self.hash_rate_24h = _mean(day, minute)
        work = day.total(5, minute)
        known = self.hash_rate_24h is not None and work >= SMALLEST
        self.efficiency_24h = day.total(4, minute) / work if known else None

    def dump(self) -> Any:
        """Return all buckets."""
        return dump(self._rings)

    def load(self, data: object, minute: int) -> None:
        """Take over what was stored up to a minute."""
        stored = load_or(dict[str, Ring], data, {})
        for name in stored.keys() & self._rings.keys():
            self._rings[name].take_over(stored[name], minute)
        self._show_ranges(self._rings)


def _mean(ring: Ring, minute: int) -> float | None:
    seconds = ring.total(3, minute)
    if seconds < WATCHED * ring.width * ring.count * MINUTE:
        return None
    return max(0.0, ring.total(2, minute)) / seconds


def _range_of(ring: Ring) -> Range | None:
    rates = sorted(ring.means())
    count = len(rates)
    mean = sum(rates) / count if count >= FILLED_RANGE * ring.count else 0.0
    if mean <= 0:
        return None
    median = (rates[count // 2] + rates[(count - 1) // 2]) / 2
    wide = (rates[-1] - rates[0]) / mean * 100
    grade = next((g for below, g in GRADES if wide < below), Grade.UNSTABLE)
    return Range(
        range=wide,
        grade=grade,
        mean=mean,
        median=median,
        skewed=abs(mean - median) > SKEWED * mean,
    )


type PeriodRow = tuple[Instant, Instant, Amount, Amount | None]
"""End of a period, and its begin, hash rate and ratio as they are shown."""


class Ranking:
    """Periods of the last 30 days that are shown, or may be once others are too old.

    One that as many newer ones beat as are shown never can be and is dropped (a newer
    one that is as good beats it too); of what is left the best are kept.
    """

    def __init__(self, sign: int) -> None:
        """Start empty; the sign is 1 for the best and -1 for the worst."""
        self._sign = sign
        self.rows: list[PeriodRow] = []
        self.shown: tuple[Period, ...] = ()

    def _value(self, row: PeriodRow) -> float:
        """Return what a period is ranked by."""
        return self._sign * (row[2] if row[3] is None else row[3])

    def add(self, added: PeriodRow) -> None:
        """Take a period that has just ended.

        One with a ratio is not compared with one without: once there is one with,
        those without go.
        """
        if self.rows and (self.rows[-1][3] is None) is not (added[3] is None):
            if added[3] is None:
                return
            self.rows = []
        newer: list[float] = []
        kept = []
        for row in reversed((*self.rows, added)):
            value = self._value(row)
            if len(newer) - bisect_left(newer, value) < SHOWN:
                kept.append(row)
            insort(newer, value)
        self.rows = kept[::-1]
        if len(self.rows) > KEPT:
            self.rows.remove(min(self.rows, key=self._value))
        self._show()

    def expire(self, now: float) -> None:
        """Let go of what is older than 30 days."""
        if self.rows and self.rows[0][0] <= now - MONTH:
            self.rows = [row for row in self.rows if row[0] > now - MONTH]
            self._show()

    def _show(self) -> None:
        ranked = sorted(self.rows, key=self._value, reverse=True)[:SHOWN]
        shown = tuple(
            Period(begin=begin, hash_rate=rate, ratio=ratio)
            for _, begin, rate, ratio in ranked
        )
        self.shown = unless_equal(shown, self.shown)


class Periods:
    """Puts minutes together to periods and ranks those that were hashed through."""

    def __init__(self) -> None:
        """Start empty."""
        self.best = Ranking(1)
        self.worst = Ranking(-1)
        self._key: int | None = None
        self._sums = [0.0] * 4

    def add_bucket(self, minute: int, amounts: Amounts) -> None:
        """Add what happened within a minute of the open period."""
        if minute // PERIOD_MINUTES != self._key:
            self._begin(minute)
        for place, column in enumerate((0, 1, 6, 7)):
            self._sums[place] += amounts[column]

    def advance(self, minute: int, ahead: float) -> None:
        """Go on to a minute and rank what is over; ``ahead`` leads to wall time."""
        if minute // PERIOD_MINUTES == self._key:
            return
        length = PERIOD_MINUTES * MINUTE
        work, seconds, expected, known = self._sums
        key = self._key
        for ranking in (self.best, self.worst):
            if key is not None and seconds >= THROUGHOUT * length:
                ratio = 100 * work / expected if known >= 0.99 * seconds else None
                begin = round(key * length + ahead)
                ranking.add(((key + 1) * length, begin, work / seconds, ratio))
            ranking.expire(minute * MINUTE)
        self._begin(minute)

    def _begin(self, minute: int) -> None:
        self._key = minute // PERIOD_MINUTES
        self._sums = [0.0] * 4

    def dump(self) -> Any:
        """Return both rankings."""
        return dump([self.best.rows, self.worst.rows], PERIOD_DIGITS)

    def load(self, data: object, now: float) -> None:
        """Take over what was stored up to now."""
        stored = load_or(tuple[list[PeriodRow], list[PeriodRow]], data, ([], []))
        for ranking, rows in zip((self.best, self.worst), stored, strict=True):
            for row in sorted(rows[:KEPT], key=lambda row: row[0]):
                if row[0] <= now:
                    ranking.add(row)
            ranking.expire(now)
