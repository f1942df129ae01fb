"""When an order was given, and how often it failed."""

from .model import Reason

MOST_ATTEMPTS = 3
_REPEAT_SECONDS = 30.0
"""An order is not given again while it may still be under way."""

_LONGEST_SECONDS = 600.0
"""Between two tries of what a device neither takes nor refuses."""


class Attempts:
    """Spaces the same order and counts its refusals; forgets with a restart."""

    def __init__(self) -> None:
        """Start with none."""
        self._next: dict[Reason, float] = {}
        self._refusals: dict[Reason, int] = {}
        self._pause: dict[Reason, float] = {}

    def may(self, reason: Reason, monotonic: float) -> bool:
        """Whether an order may be given now; if so it counts as given."""
        if monotonic < self._next.get(reason, monotonic):
            return False
        self._next[reason] = monotonic + self._pause.get(reason, _REPEAT_SECONDS)
        return True

    def refused(self, reason: Reason) -> bool:
        """Count a refusal and tell whether it is one too many."""
        self._refusals[reason] = self._refusals.get(reason, 0) + 1
        return self.exhausted(reason)

    def failed(self, reason: Reason) -> None:
        """Take it that it is unknown what became of an order: try, ever more slowly."""
        pause = 2 * self._pause.get(reason, _REPEAT_SECONDS)
        self._pause[reason] = min(pause, _LONGEST_SECONDS)

    def exhausted(self, reason: Reason) -> bool:
        """Whether it was refused too often."""
        return self._refusals.get(reason, 0) >= MOST_ATTEMPTS

    def forget(self, reason: Reason) -> None:
        """Take it that the order was carried out, or is another one."""
        for known in (self._next, self._refusals, self._pause):
            known.pop(reason, None)
