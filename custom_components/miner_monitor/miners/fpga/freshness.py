"""Whether an exporter still hears from its card."""

from collections.abc import Callable

SHORTEST_LIMIT = 90.0
"""Seconds without news that no exporter is blamed for."""

LARGEST_STEP = 600.0
"""Seconds; slower exporters than this are not waited for."""

_STEPS = 3


class Freshness:
    """Tells values that stand still from values that come slowly.

    An exporter goes on for ever with the last values of a miner that started anew.
    Its own time stamp then stands still; how long, our clock measures, because the
    exporter's may be wrong. The limit follows the exporter's pace: three of the
    largest steps seen. A step beyond the limit is a freeze that ended, and must not
    hide the next one, so it teaches nothing unless the step before it was as long:
    then it is the pace. At most half an hour passes until a freeze is seen.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Start without a past."""
        self._monotonic = monotonic
        self._stamp: float | None = None
        self._moved_at = 0.0
        self._last_step = 0.0
        self._largest_step = 0.0

    @property
    def limit(self) -> float:
        """Seconds after which values without news are stale."""
        return max(SHORTEST_LIMIT, _STEPS * self._largest_step)

    def stale_for(self, stamp: float | None) -> float | None:
        """Return how long nothing has come, None while that is not too long."""
        if stamp is None:
            return None
        now = self._monotonic()
        if stamp != self._stamp:
            if self._stamp is not None:
                self._learn(now - self._moved_at)
            self._stamp, self._moved_at = stamp, now
        still = now - self._moved_at
        return still if still >= self.limit else None

    def _learn(self, step: float) -> None:
        usual = step if step < self.limit else min(step, self._last_step)
        self._last_step = step
        if usual <= LARGEST_STEP:
            self._largest_step = max(self._largest_step, usual)
