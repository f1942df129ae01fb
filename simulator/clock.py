"""Clocks: the simulator's only source of time."""

import asyncio
from collections.abc import Callable
import heapq
import itertools
import time
from typing import Protocol, override


class Timer(Protocol):
    """A call that is due later and can be cancelled."""

    def cancel(self) -> None:
        """Drop the call."""


class Clock(Protocol):
    """Tells the time in seconds and calls back at a given time."""

    def now(self) -> float:
        """Return the time in seconds since the epoch."""

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call once the clock shows `when`."""


class SystemClock:
    """Real time, or a multiple of it; needs a running event loop for timers."""

    def __init__(self, speed: float = 1.0) -> None:
        """Start at the present time."""
        if speed <= 0:
            raise ValueError("The speed of a clock is above 0")
        self._speed = speed
        self._start = time.time()
        self._origin = time.monotonic()

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self._start + (time.monotonic() - self._origin) * self._speed

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call once the clock shows `when`."""
        delay = max(0.0, (when - self.now()) / self._speed)
        return asyncio.get_running_loop().call_later(delay, callback)


class _ManualTimer:
    """An entry in the queue of a manual clock."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        """Keep the call."""
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Drop the call."""
        self.callback = None


class ManualClock:
    """Time that moves only when told to."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        """Stand still at `start`."""
        self._now = start
        self._order = itertools.count()
        self._timers: list[tuple[float, int, _ManualTimer]] = []

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self._now

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call once the clock shows `when`; what is due already is called soon."""
        timer = _ManualTimer(callback)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Move on and make the calls that fall due, each at its own time."""
        if seconds < 0:
            raise ValueError("A clock does not go back")
        end = self._now + seconds
        while self._timers and self._timers[0][0] <= end:
            when, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, when)
            if timer.callback is not None:
                timer.callback()
        self._now = end

    @override
    def __repr__(self) -> str:
        """Show the time."""
        return f"ManualClock({self._now})"


class Alarm:
    """A call at a time that may be put off or dropped."""

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        """Have nothing due yet."""
        self._clock = clock
        self._ring = ring
        self._timer: Timer | None = None

    def set(self, when: float | None) -> None:
        """Call at another time than before, or not at all."""
        self.cancel()
        if when is not None:
            self._timer = self._clock.call_at(when, self._ring)

    def cancel(self) -> None:
        """Drop the call."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
