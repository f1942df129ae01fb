"""How the hash rate compares with what the settings should give."""

from ..miners.model import MinerState
from .model import (
    Baseline,
    InsightOptions,
)
from .windows import SlidingSums

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


class BaselineWindow:
    """Hash rate beside the expected one, as sums over a window.

    What the user expects goes before what the device does. The window is in seconds
    and fills up from the first sample; it empties when the miner stops hashing, so a
    ratio never spans a pause.
    """

    def __init__(self, window: float, options: InsightOptions) -> None:
        """Start empty."""
        self.window = window
        self._told = _positive(options.expected_hash_rate)
        self._sums = SlidingSums(window, 2)
        self._baseline = Baseline()

    def observe(self, state: MinerState, monotonic: float) -> Baseline:
        """Take one reading."""
        expected = self._told or _positive(state.expected_hash_rate)
        if not state.hashing:
            self._sums.clear()
            return self._give(Baseline(expected=expected))
        rate = present_rate(state)
        if rate is not None and expected is not None and settled(state):
            self._sums.add(monotonic, rate, expected)
        self._sums.expire(monotonic)
        count = self._sums.count
        if not count:
            return self._give(Baseline(expected=expected))
        rates, expectations = self._sums.sums
        return self._give(
            Baseline(
                expected=expected,
                ratio=100 * rates / expectations,
                deviation=(rates - expectations) / count,
            )
        )

    def _give(self, baseline: Baseline) -> Baseline:
        if baseline != self._baseline:
            self._baseline = baseline
        return self._baseline


def _positive(rate: float | None) -> float | None:
    return rate if rate is not None and LOWEST_RATE <= rate <= HIGHEST_RATE else None
