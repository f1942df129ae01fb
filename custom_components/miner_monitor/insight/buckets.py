"""Amounts in buckets of time that outlive a restart, and what they tell of days."""

from array import array
from collections.abc import Mapping, Sequence

from ..miners.events import Moment
from .model import (
    Grade,
    Range,
)
from .stored import (
    LARGEST,
    number_of,
)

MINUTE = 60.0
LONGEST_BRIDGE = 31 * 86_400.0
"""All that is kept is over after this gap, so that none need be longer."""

CLOCK_SET = 60.0
"""A wall clock that runs so far ahead of the monotonic one was set, or slept."""

LATEST = 1e11
"""An epoch second that no clock tells."""

SMALLEST = 1e-18
"""What is stored is at least this, or 0."""

PACE = 10
"""In minutes; longer buckets are filled, and what they tell is renewed, so often."""

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
"""A range is told when this part of its buckets has a mean."""

WATCHED = 0.25
"""A mean over hours is told when this part of them was watched."""

SKEWED = 0.05
GRADES = (
    (30.0, Grade.EXCELLENT),
    (50.0, Grade.STABLE),
    (70.0, Grade.ACCEPTABLE),
    (90.0, Grade.VARIABLE),
)


class Timeline:
    """The wall clock's seconds, that never go back and run by the monotonic clock.

    A wall clock that is set back is not followed, nor when it is set right again. One
    that leaps ahead otherwise is, as after a host's sleep: nobody watched in between.
    """

    def __init__(self) -> None:
        """Start without a bearing."""
        self.now = 0.0
        self.ahead = 0.0
        """Where the wall clock is, seen from ``now``."""
        self._wall: float | None = None
        self._monotonic: float | None = None
        self._set_back = 0.0

    def move(self, moment: Moment) -> float | None:
        """Go on to a moment; return the span since the last if it can be bridged."""
        wall = moment.wall if 0 <= moment.wall < LATEST else self._wall or 0.0
        span: float | None = None
        gap = 0.0
        if self._wall is None:
            self.now = wall
        elif self._monotonic is None:
            gap = self._gap(wall - self._wall, 0.0)
        else:
            span = max(0.0, moment.monotonic - self._monotonic)
            self.now += span
            gap = self._gap(wall - self._wall - span, CLOCK_SET)
        if gap > 0:
            self.now += min(gap, LONGEST_BRIDGE)
            span = None
        self._wall, self._monotonic = wall, moment.monotonic
        self.ahead = wall - self.now
        return span

    def _gap(self, leap: float, tolerance: float) -> float:
        """Return the time in which nobody watched, of a leap of the wall clock."""
        if abs(leap) <= tolerance:
            return 0.0
        gap = max(0.0, leap - self._set_back)
        self._set_back = max(0.0, self._set_back - leap)
        return gap if gap > tolerance else 0.0

    def dump(self) -> list[float]:
        """Return what bridges a restart; nothing before the first moment."""
        return [] if self._wall is None else [round(self.now, 1), round(self._wall, 1)]

    def load(self, data: object) -> bool:
        """Take up what was stored; the next moment tells the gap."""
        if not isinstance(data, list) or len(data) != 2:
            return False
        now, wall = number_of(data[0], LATEST), number_of(data[1], LATEST)
        if now is None or wall is None:
            return False
        self.now, self._wall, self._monotonic = now, wall, None
        return True


class Ring:
    """The latest buckets of one width, the open one with them."""

    __slots__ = ("_columns", "_key", "_size", "count", "width")

    def __init__(self, width: int, count: int, columns: int) -> None:
        """Start empty; ``width`` is in minutes."""
        self.width = width
        self.count = count
        self._size = count + 1
        self._columns = [array("d", bytes(8 * self._size)) for _ in range(columns)]
        self._key: int | None = None

    def add(self, minute: int, amounts: Amounts) -> None:
        """Put a minute's amounts into its bucket."""
        self.advance(minute)
        slot = minute // self.width % self._size
        for column, amount in zip(self._columns, amounts, strict=False):
            column[slot] += amount

    def advance(self, minute: int) -> bool:
        """Go on to a minute and tell whether a bucket closed."""
        key = minute // self.width
        if self._key is None:
            self._key = key
        if key <= self._key:
            return False
        for fresh in range(max(self._key, key - self._size) + 1, key + 1):
            for column in self._columns:
                column[fresh % self._size] = 0.0
        self._key = key
        return True

    def total(self, column: int, minute: int) -> float:
        """Sum up a column over the window's own length to the begin of a minute.

        Of the oldest bucket that part counts which the open one leaves of the window.
        """
        if self._key is None:
            return 0.0
        passed = (minute - self._key * self.width) / self.width
        cells = self._columns[column]
        return sum(cells) - passed * cells[(self._key + 1) % self._size]

    def means(self) -> list[float]:
        """Return the mean rates of the closed buckets that have one."""
        least = FILLED_BUCKET * self.width * MINUTE
        work, seconds = self._columns[0], self._columns[1]
        is_open = -1 if self._key is None else self._key % self._size
        return [
            work[slot] / seconds[slot]
            for slot in range(self._size)
            if slot != is_open and seconds[slot] >= least
        ]

    def dump(self) -> list[int | str]:
        """Return the newest key, and a column of numbers in each text."""
        if self._key is None:
            return []
        return [self._key, *(packed(column) for column in self._columns)]

    def load(self, data: object, minute: int) -> None:
        """Take over what was stored up to a minute."""
        if not isinstance(data, list) or len(data) != 1 + len(self._columns):
            return
        key = data[0]
        if type(key) is not int or not 0 <= key <= minute // self.width:
            return
        columns = [unpacked(text, self._size) for text in data[1:]]
        if all(column is not None for column in columns):
            self._key = key
            self._columns = [array("d", column or ()) for column in columns]


class History:
    """What a miner did, minute by minute, poured into the buckets of all ranges.

    Buckets of ten minutes and more are filled every ten minutes. A range is told when
    three quarters of its buckets have a mean, which takes half of a bucket. The means
    over 1 and 24 hours are ratios of sums over what was watched in them, a quarter at
    least: standing still counts as the rate of zero that it is, and time in which
    nobody could look does not count.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._rings = {
            name: Ring(width, count, columns)
            for name, (width, count, columns) in RANGES.items()
        }
        self._often = [n for n, ring in self._rings.items() if ring.width < PACE]
        self._seldom = [n for n, ring in self._rings.items() if ring.width >= PACE]
        self._key: int | None = None
        self._open = [0.0] * AMOUNTS
        self._ranges: dict[str, Range | None] = dict.fromkeys(RANGES)
        self.ranges: Mapping[str, Range] = {}
        self.hash_rate_1h: float | None = None
        self.hash_rate_24h: float | None = None
        self.efficiency_24h: float | None = None

    def pour(self, minute: int, amounts: Amounts) -> None:
        """Add what happened within a minute."""
        self._go_on(minute)
        for name in self._often:
            self._rings[name].add(minute, amounts)
        for place, amount in enumerate(amounts):
            self._open[place] += amount

    def advance(self, minute: int) -> None:
        """Go on to a minute and tell anew what is over."""
        self._go_on(minute)
        self._tell_ranges([n for n in self._often if self._rings[n].advance(minute)])
        self.hash_rate_1h = _mean(self._rings["1h"], minute)

    def _go_on(self, minute: int) -> None:
        """Fill the long buckets when ten minutes are over."""
        key = minute // PACE
        if key == self._key:
            return
        self._settle()
        self._key = key
        start = key * PACE
        self._tell_ranges([n for n in self._seldom if self._rings[n].advance(start)])
        self._tell_day(start)

    def _settle(self) -> None:
        if self._key is not None and self._open[3]:
            for name in self._seldom:
                self._rings[name].add(self._key * PACE, self._open)
            self._open = [0.0] * AMOUNTS

    def _tell_ranges(self, closed: Sequence[str]) -> None:
        if not closed:
            return
        for name in closed:
            self._ranges[name] = _range_of(self._rings[name])
        ranges = {n: told for n, told in self._ranges.items() if told is not None}
        if ranges != self.ranges:
            self.ranges = ranges

    def _tell_day(self, minute: int) -> None:
        day = self._rings["24h"]
        self.hash_rate_24h = _mean(day, minute)
        work = day.total(5, minute)
        known = self.hash_rate_24h is not None and work > 0
        self.efficiency_24h = day.total(4, minute) / work if known else None

    def dump(self) -> dict[str, list[int | str]]:
        """Return all buckets."""
        self._settle()
        return {name: ring.dump() for name, ring in self._rings.items()}

    def load(self, data: object, minute: int) -> None:
        """Take over what was stored up to a minute."""
        if not isinstance(data, dict):
            return
        for name, ring in self._rings.items():
            ring.load(data.get(name), minute)
        self._tell_ranges(tuple(self._rings))


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


def packed(numbers: Sequence[float]) -> str:
    """Write numbers with five digits each; one text is smaller than a list."""
    return " ".join(
        f"{min(number, LARGEST):.5g}" if number >= SMALLEST else "0"
        for number in numbers
    )


def unpacked(text: object, count: int) -> list[float] | None:
    """Read so many numbers, none below 0 or of an absurd size."""
    if not isinstance(text, str) or len(text) > 16 * count:
        return None
    try:
        numbers = [float(word) for word in text.split()]
    except ValueError:
        return None
    fine = all(number == 0 or SMALLEST <= number <= LARGEST for number in numbers)
    return numbers if fine and len(numbers) == count else None
