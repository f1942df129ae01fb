"""What no miner can help: the room's warmth and noise that is correlated in time."""

import math
from random import Random

ROOM_MEAN, ROOM_SWING = 22.0, 3.0
DAY = 86_400.0
WARMEST = 15 * 3600.0


def room_temperature(now: float) -> float:
    """Return the room's temperature: warmest at 15:00, coldest at 3:00 UTC."""
    return ROOM_MEAN + ROOM_SWING * math.cos(2 * math.pi * (now - WARMEST) / DAY)


class Noise:
    """Noise of the first autoregressive order with deviation 1."""

    __slots__ = ("_fresh", "_kept", "_rng", "_seconds", "_step", "value")

    def __init__(self, rng: Random, seconds: float) -> None:
        """Start at a random value."""
        self._rng = rng
        self._seconds = seconds
        self.value = rng.gauss(0.0, 1.0)
        self._step = 0.0
        self._kept, self._fresh = 1.0, 0.0

    def step(self, seconds: float) -> None:
        """Move on by some seconds."""
        if seconds != self._step:
            self._step = seconds
            self._kept = math.exp(-seconds / self._seconds)
            self._fresh = math.sqrt(1.0 - self._kept * self._kept)
        self.value = self.value * self._kept + self._rng.gauss(0.0, self._fresh)
