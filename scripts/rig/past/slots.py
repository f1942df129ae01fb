"""Statistics of what was shown, by the rules of Home Assistant's recorder."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from math import inf
from typing import NamedTuple

MINUTES_5 = 300
HOUR = 3600

FALLEN = 0.9
"""A total below this part of what it was before has begun anew."""


class Mean(NamedTuple):
    """A slot of a measurement."""

    start: float
    mean: float
    low: float
    high: float


class Sum(NamedTuple):
    """A slot of a total: its last state, and what came since the first one."""

    start: float
    state: float
    total: float


type Samples = Iterable[tuple[float, float | None]]
"""Times and values; each one holds until the next, None is none."""


def slots_between(begin: float, end: float) -> tuple[int, int]:
    """Return begin of the first and end of the last whole five minutes."""
    return int(-(-begin // MINUTES_5)) * MINUTES_5, int(end // MINUTES_5) * MINUTES_5


def means(samples: Samples, begin: float, end: float) -> Iterator[Mean]:
    """Give the slots of five minutes that have any value, weighted by time."""
    start, last = slots_between(begin, end)
    slot = _Slot(start)
    for when, value in _closed(samples, last):
        while when >= slot.end and slot.start < last:
            found = slot.finish()
            if found is not None:
                yield found
        slot.take(when, value)


class _Slot:
    """A slot that is being filled, one after the other."""

    __slots__ = ("area", "end", "held", "high", "low", "mark", "seconds", "start")

    def __init__(self, start: int) -> None:
        """Begin without a value."""
        self.held: float | None = None
        self._open(start)

    def _open(self, start: int) -> None:
        self.start, self.end, self.mark = start, start + MINUTES_5, float(start)
        self.area = self.seconds = 0.0
        if self.held is None:
            self.low, self.high = inf, -inf
        else:
            self.low = self.high = self.held

    def finish(self) -> Mean | None:
        """Return what the slot amounts to, if it had a value, and open the next."""
        found: Mean | None = None
        start, held = self.start, self.held
        if held is not None and self.mark == start:
            found = Mean(start, held, self.low, self.high)
        else:
            self._pass_time(self.end)
            if self.seconds:
                mean = self.area / self.seconds
                found = Mean(start, mean, self.low, self.high)
        self._open(self.end)
        return found

    def take(self, when: float, value: float | None) -> None:
        """Let a value hold from now on."""
        self._pass_time(when)
        self.held = value
        if value is not None:
            self.low, self.high = min(self.low, value), max(self.high, value)

    def _pass_time(self, now: float) -> None:
        if now > self.mark:
            if self.held is not None:
                self.area += self.held * (now - self.mark)
                self.seconds += now - self.mark
            self.mark = now


def sums(samples: Samples, begin: float, end: float) -> Iterator[Sum]:
    """Give the slots of five minutes in which the total is known.

    The sum is 0 at the first value; what fell has begun anew at 0.
    """
    start, last = slots_between(begin, end)
    held = known = False
    state: float | None = None
    base = total = 0.0
    for when, value in _closed(samples, last):
        while when >= start + MINUTES_5 and start < last:
            if known and state is not None:
                yield Sum(start, state, total + state - base)
            start, known = start + MINUTES_5, held
        held = value is not None
        if value is None:
            continue
        known = True
        if state is None:
            base = value
        elif value < FALLEN * state:
            total, base = total + state - base, 0.0
        state = value


def _closed(samples: Samples, last: int) -> Iterator[tuple[float, float | None]]:
    """Leave out what comes after the last slot, and end with it."""
    for sample in samples:
        if sample[0] >= last:
            break
        yield sample
    yield float(last), None


def hourly_means(slots: Sequence[Mean]) -> Iterator[Mean]:
    """Give the whole hours, each by its slots."""
    for hour, group in groupby(slots, key=_hour):
        found = list(group)
        yield Mean(
            hour,
            sum(slot.mean for slot in found) / len(found),
            min(slot.low for slot in found),
            max(slot.high for slot in found),
        )


def hourly_sums(slots: Sequence[Sum]) -> Iterator[Sum]:
    """Give the whole hours, each as its last slot."""
    for hour, group in groupby(slots, key=_hour):
        *_, last = group
        yield last._replace(start=hour)


def _hour(slot: Mean | Sum) -> float:
    return slot.start // HOUR * HOUR
