"""Whom the fleet's switches have stopped, and in which order they start again."""

from collections.abc import Iterable
from typing import Annotated

from ..miners.codec import Within, load_or
from .model import Candidate

RUNS_BY_ITSELF = 600.0
"""Seconds of work after which a miner was started by somebody else. A miner that
restarts works for a moment before it is stopped again."""

MinerKeys = Annotated[list[Annotated[str, Within(1, 255)]], Within(0, 1000)]
"""The unique ids of miners, as they are stored."""


class StopMemory:
    """The miners that one switch has stopped and nobody has started since."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._running_since: dict[str, float | None] = {}

    @property
    def stopped(self) -> frozenset[str]:
        """The miners that this switch is to start again."""
        return frozenset(self._running_since)

    def remember(self, key: str) -> None:
        """Take it that a miner is being stopped now."""
        self._running_since[key] = None

    def forget(self, key: str) -> None:
        """Take it that a miner runs again, or was never stopped."""
        self._running_since.pop(key, None)

    def observe(self, key: str, stopped: bool | None, monotonic: float) -> bool:
        """Look at a miner; tell whether somebody else has started it."""
        if stopped is None or key not in self._running_since:
            return False
        if stopped:
            self._running_since[key] = None
            return False
        since = self._running_since[key]
        if since is None:
            self._running_since[key] = monotonic
            return False
        if monotonic - since < RUNS_BY_ITSELF:
            return False
        self.forget(key)
        return True

    def dump(self) -> list[str]:
        """Return the miners as JSON types."""
        return sorted(self._running_since)

    def load(self, data: object) -> None:
        """Read what ``dump`` wrote; what is no miner is left out."""
        self._running_since |= dict.fromkeys(load_or(MinerKeys, data, []))


def starting_order(candidates: Iterable[Candidate]) -> list[str]:
    """Return the keys in the order of starting.

    Those that do not answer come last, so that nobody waits for them.
    """

    def turn(candidate: Candidate) -> tuple[bool, int, str, str]:
        name, key = candidate.name.casefold(), candidate.key
        return not candidate.reachable, candidate.priority, name, key

    return [candidate.key for candidate in sorted(candidates, key=turn)]
