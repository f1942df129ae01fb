"""New best difficulties and found blocks, told once each."""

from collections.abc import Mapping

from ..miners.events import (
    EventType,
    MinerEvent,
)
from ..miners.model import MinerState
from .stored import (
    count_of,
    number_of,
)

FRESH_SECONDS = 86400.0
"""What was known longer ago says nothing of what is news."""

SAME_BLOCK_SECONDS = 3600.0
"""Within this time the counter and the share speak of one block."""

_MOST_BLOCKS = 1_000_000
_LARGEST = 1e60
_SAME = 1e-2


class Luck:
    """Knows the best difficulty and the blocks of a miner, through restarts of both.

    What is seen first is a bearing. The best difficulty is the highest ever seen: some
    firmware begins anew at each boot. A counter of blocks that fell is a new bearing
    too, and the lasting count goes on. A block shows itself by the device's counter, by
    a share that reached the network's difficulty, or by both; ``_counted`` and
    ``_shared`` are how many of each came within an hour, and the greater one is the
    number of blocks.
    """

    def __init__(self) -> None:
        """Start with nothing known."""
        self.blocks: int | None = None
        self.changed = False
        self._best: float | None = None
        self._session_best: float | None = None
        self._count: int | None = None
        # After a long pause nothing is news at the first sight.
        self._silent = False
        self._block_at: float | None = None
        self._block_difficulty = 0.0
        self._counted = 0
        self._shared = 0

    def observe(
        self, state: MinerState, wall: float, network_difficulty: float | None
    ) -> tuple[MinerEvent, ...]:
        """Take one good poll at epoch second ``wall`` and tell what is new."""
        best = state.best_difficulty
        if (
            best == self._best
            and state.blocks_found == self._count
            and state.best_session_difficulty == self._session_best
            and not self._silent
        ):
            return ()
        before = self._best
        share = max(self._rise(best), self._session_rise(state.best_session_difficulty))
        more = self._count_rise(state.blocks_found)
        if self._silent:
            self._silent = False
            return ()
        reports = []
        if before is not None and self._best is not None and self._best > before:
            reports.append(_best_report(self._best, before))
        won = share if network_difficulty and share >= network_difficulty else 0.0
        if (found := self._blocks(more, won, wall)) > 0:
            self.blocks = (self.blocks or 0) + found
            self.changed = True
            reports.append(_block_report(found, won))
        return tuple(reports)

    def _rise(self, best: float | None) -> float:
        """Take over a better best difficulty; return it when it is news, else 0."""
        if best is None or (self._best is not None and best <= self._best):
            return 0.0
        known, self._best = self._best, best
        self.changed = True
        return 0.0 if known is None else best

    def _session_rise(self, best: float | None) -> float:
        known = self._session_best
        if best is None or best == known:
            return 0.0
        self._session_best = best
        return best if known is not None and best > known else 0.0

    def _count_rise(self, count: int | None) -> int:
        """Take over the device's counter of blocks; return by how many it rose."""
        known = self._count
        if count is None or count == known or count > _MOST_BLOCKS:
            return 0
        self._count = count
        self.changed = True
        if known is None:
            self.blocks = max(self.blocks or 0, count)
            return 0
        return max(0, count - known)

    def _blocks(self, more: int, won: float, wall: float) -> int:
        """Return how many blocks are new, when both signs may speak of the same."""
        if not more and not won:
            return 0
        if self._block_at is None or abs(wall - self._block_at) > SAME_BLOCK_SECONDS:
            self._counted = self._shared = 0
            self._block_difficulty = 0.0
        told = max(self._counted, self._shared)
        self._counted += more
        if won > self._block_difficulty * (1 + _SAME):
            self._shared += 1
            self._block_difficulty = won
        self._block_at = wall
        self.changed = True
        return max(self._counted, self._shared) - told

    def dump(self) -> dict[str, object]:
        """Return what has to be stored, as JSON types."""
        self.changed = False
        return {
            "blocks": self.blocks,
            "count": self._count,
            "best": self._best,
            "session_best": self._session_best,
            "block_at": self._block_at,
            "block_difficulty": self._block_difficulty,
            "counted": self._counted,
            "shared": self._shared,
        }

    def load(self, data: object, age: float) -> None:
        """Go on from what was stored ``age`` seconds ago.

        Older than a day it is a floor of the lasting values only, and what the miner
        tells first is no news.
        """
        if not isinstance(data, Mapping):
            return
        self.blocks = count_of(data.get("blocks"), _MOST_BLOCKS)
        self._best = number_of(data.get("best"), _LARGEST)
        self._silent = not age <= FRESH_SECONDS
        if self._silent:
            return
        self._count = count_of(data.get("count"), _MOST_BLOCKS)
        self._session_best = number_of(data.get("session_best"), _LARGEST)
        self._block_at = number_of(data.get("block_at"))
        difficulty = number_of(data.get("block_difficulty"), _LARGEST)
        self._block_difficulty = difficulty or 0.0
        self._counted = count_of(data.get("counted"), _MOST_BLOCKS) or 0
        self._shared = count_of(data.get("shared"), _MOST_BLOCKS) or 0


def _best_report(best: float, before: float) -> MinerEvent:
    return MinerEvent(
        event_type=EventType.NEW_BEST_DIFFICULTY,
        details={"difficulty": best, "before": before},
    )


def _block_report(blocks: int, difficulty: float) -> MinerEvent:
    details: dict[str, float] = {"blocks": blocks}
    if difficulty:
        details["difficulty"] = difficulty
    return MinerEvent(event_type=EventType.BLOCK_FOUND, details=details)
