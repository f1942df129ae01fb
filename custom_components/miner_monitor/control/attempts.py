"""When an order was given, and how often it failed."""

from .model import Reason

MOST_ATTEMPTS = 3
_REPEAT_SECONDS = 30.0
"""An order is not given again while it may still be under way."""


class Attempts:
    """Spaces the same order and counts its failures; forgets with a restart."""

    def __init__(self) -> None:
        """Start with none."""
        self._given: dict[Reason, float] = {}
        self._failures: dict[Reason, int] = {}

    def may(self, reason: Reason, monotonic: float) -> bool:
        """Whether an order may be given now; if so it counts as given."""
        given = self._given.get(reason)
        if given is not None and monotonic - given < _REPEAT_SECONDS:
            return False
        self._given[reason] = monotonic
        return True

    def failed(self, reason: Reason) -> bool:
        """Count a failure and tell whether it is one too many."""
        self._failures[reason] = self._failures.get(reason, 0) + 1
        return self.exhausted(reason)

    def exhausted(self, reason: Reason) -> bool:
        """Whether it failed too often."""
        return self._failures.get(reason, 0) >= MOST_ATTEMPTS

    def forget(self, reason: Reason) -> None:
        """Take it that the order was carried out, or is another one."""
        self._given.pop(reason, None)
        self._failures.pop(reason, None)
