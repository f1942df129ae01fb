"""The task of AxeOS since 2.11 that applies settings behind the reply."""

from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any

from ..clock import Alarm, Clock
from ..spec import MinerSpec

FASTEST_FLASH, SLOWEST_FLASH = 0.003, 0.025


class SettingsTask:
    """Applies one setting after the other.

    Each shows at once when it is its turn, and keeps those behind it waiting for as
    long as it takes to write it to flash.
    """

    def __init__(
        self, clock: Clock, apply: Callable[[str, Any], None], spec: MinerSpec
    ) -> None:
        """Have nothing to do; ``apply`` takes a setting over."""
        self._clock = clock
        self._apply = apply
        self._flash_time = spec.flash_time
        self._rng = Random(spec.random_seed)
        self._waiting: deque[tuple[str, Any]] = deque()
        self._free_at = 0.0
        self._next = Alarm(clock, self._work)

    def put(self, name: str, value: Any) -> None:
        """Queue a changed setting behind what is there."""
        self._waiting.append((name, value))
        self._work()

    def forget(self) -> None:
        """Lose what is not yet applied, as without power."""
        self._waiting.clear()
        self._next.cancel()

    def _work(self) -> None:
        """Apply what it is time for."""
        while self._waiting and self._clock.now() >= self._free_at:
            self._apply(*self._waiting.popleft())
            self._free_at = self._clock.now() + self._seconds()
        self._next.set(self._free_at if self._waiting else None)

    def _seconds(self) -> float:
        """Return how long the next write to flash takes."""
        if self._flash_time is not None:
            return self._flash_time
        return self._rng.uniform(FASTEST_FLASH, SLOWEST_FLASH)
