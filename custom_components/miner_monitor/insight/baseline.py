"""How the hash rate compares with what the settings should give."""

from collections import deque

from ..miners.model import MinerState

SETTLE_SECONDS = 120
"""A freshly booted miner ramps up; its first rates say nothing of its health."""


class RatioWindow:
    """Hash rate in % of the expected one, as a ratio of sums over a window.

    The window is in seconds and fills up from the first sample; it empties when
    the miner stops hashing, so a ratio never spans a pause.
    """

    def __init__(self, window: float) -> None:
        """Start empty."""
        self.window = window
        self._samples: deque[tuple[float, float, float]] = deque()

    def observe(self, state: MinerState, now: float) -> float | None:
        """Take one reading at monotonic second ``now`` and return the ratio."""
        if not state.hashing:
            self._samples.clear()
            return None
        rate, expected = state.hash_rate_now, state.expected_hash_rate
        settled = state.uptime is None or state.uptime >= SETTLE_SECONDS
        if settled and rate is not None and expected:
            self._samples.append((now, rate, expected))
        while self._samples and self._samples[0][0] <= now - self.window:
            self._samples.popleft()
        if not self._samples:
            return None
        rates = sum(sample[1] for sample in self._samples)
        return 100 * rates / sum(sample[2] for sample in self._samples)
