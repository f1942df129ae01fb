"""Averages over a sliding window, as the firmware keeps them."""

from collections import deque


class RollingMean:
    """The time-weighted mean of the last `window` seconds."""

    __slots__ = ("_held", "_segments", "_total", "_window")

    def __init__(self, window: float) -> None:
        """Start empty."""
        self._window = window
        self._segments: deque[tuple[float, float]] = deque()
        self._held = 0.0
        self._total = 0.0

    @property
    def mean(self) -> float:
        """Return the mean over what is held, 0 before the first value."""
        return self._total / self._held if self._held else 0.0

    @property
    def scaled(self) -> float:
        """Return the mean of the whole window, in which nothing was before it began."""
        return self._total / self._window

    def add(self, seconds: float, value: float) -> None:
        """Take a value that held for some seconds and forget what is too old."""
        seconds = min(seconds, self._window)
        self._segments.append((seconds, value))
        self._held += seconds
        self._total += seconds * value
        while (excess := self._held - self._window) > 0:
            oldest, old_value = self._segments.popleft()
            dropped = min(excess, oldest)
            self._held -= dropped
            self._total -= dropped * old_value
            if dropped < oldest:
                self._segments.appendleft((oldest - dropped, old_value))
                break

    def clear(self) -> None:
        """Forget everything, as a reboot does."""
        self._segments.clear()
        self._held = self._total = 0.0
