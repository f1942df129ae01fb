"""New best difficulties and found blocks, published once each."""

from dataclasses import dataclass, field
from typing import Annotated, Any, override

from ..miners.codec import Amount, Stored, Within
from ..miners.events import (
    EventType,
    MinerEvent,
)
from ..miners.model import MinerState

FRESH_SECONDS = 86400.0
"""What was known longer ago says nothing of what is news."""

SAME_BLOCK_SECONDS = 3600.0
"""Within this time the counter and the share speak of one block."""

_BITCOIN = 1.5e14
"""The network's difficulty in 2026, where nobody reports it or another chain's."""

_LUCKIEST = 1e3
"""Multiples of it that no share ever reached: no record, however long it stays."""

_MOST_BLOCKS = 1_000_000
_SAME = 1e-2

type Blocks = Annotated[int, Within(0, _MOST_BLOCKS)]
type Difficulty = Annotated[float, Within(0, 1e60)]


@dataclass(slots=True)
class Luck(Stored):
    """Knows the best difficulty and the blocks of a miner, through restarts of both.

    What is seen first is a reference. The best difficulty is the highest ever seen:
    some firmware begins anew at each boot. A counter of blocks (``count``) that fell is
    a new reference too, and the lasting count (``blocks``) goes on. A block shows
    itself by the device's counter, by a share that reached the network's difficulty,
    or by both; ``counted`` and ``shared`` are how many of each came within an hour,
    and the greater one is the number of blocks. After a long pause nothing is news at
    the first sight (``_silent``).
    """

    blocks: Blocks | None = None
    count: Blocks | None = None
    best: Difficulty | None = None
    session_best: Difficulty | None = None
    block_at: Amount | None = None
    block_difficulty: Difficulty = 0.0
    counted: Blocks = 0
    shared: Blocks = 0
    changed: bool = field(default=False, init=False)
    _silent: bool = field(default=False, init=False)

    def observe(
        self, state: MinerState, wall: float, network_difficulty: float | None
    ) -> tuple[MinerEvent, ...]:
        """Take one good poll at epoch second ``wall`` and return what is new."""
        best = state.best_difficulty
        if (
            best == self.best
            and state.blocks_found == self.count
            and state.best_session_difficulty == self.session_best
            and not self._silent
        ):
            return ()
        before = self.best
        highest = _LUCKIEST * max(_BITCOIN, network_difficulty or 0.0)
        session = self._session_rise(state.best_session_difficulty, highest)
        share = max(self._rise(best, highest), session)
        more = self._count_rise(state.blocks_found)
        if self._silent:
            self._silent = False
            return ()
        reports = []
        if before is not None and self.best is not None and self.best > before:
            details = {"difficulty": self.best, "before": before}
            best_found = EventType.NEW_BEST_DIFFICULTY
            reports.append(MinerEvent(event_type=best_found, details=details))
        won = share if network_difficulty and share >= network_difficulty else 0.0
        if (found := self._blocks(more, won, wall)) > 0:
            self.blocks = (self.blocks or 0) + found
            self.changed = True
            details = {"blocks": found, **({"difficulty": won} if won else {})}
            block_found = EventType.BLOCK_FOUND
            reports.append(MinerEvent(event_type=block_found, details=details))
        return tuple(reports)

    def _rise(self, best: float | None, highest: float) -> float:
        """Take over a better best difficulty; return it when it is news, else 0."""
        if best is None or not (self.best or 0.0) < best <= highest:
            return 0.0
        known, self.best = self.best, best
        self.changed = True
        return 0.0 if known is None else best

    def _session_rise(self, best: float | None, highest: float) -> float:
        known = self.session_best
        if best is None or best == known or best > highest:
            return 0.0
        self.session_best = best
        return best if known is not None and best > known else 0.0

    def _count_rise(self, count: int | None) -> int:
        """Take over the device's counter of blocks; return by how many it rose."""
        known = self.count
        if count is None or count == known or count > _MOST_BLOCKS:
            return 0
        self.count = count
        self.changed = True
        if known is None:
            self.blocks = max(self.blocks or 0, count)
            return 0
        return max(0, count - known)

    def _blocks(self, more: int, won: float, wall: float) -> int:
        """Return how many blocks are new, when both signs may speak of the same."""
        if not more and not won:
            return 0
        if self.block_at is None or abs(wall - self.block_at) > SAME_BLOCK_SECONDS:
            self.counted = self.shared = 0
            self.block_difficulty = 0.0
        known = max(self.counted, self.shared)
        self.counted += more
        if won > self.block_difficulty * (1 + _SAME):
            self.shared += 1
            self.block_difficulty = won
        self.block_at = wall
        self.changed = True
        return max(self.counted, self.shared) - known

    @override
    def dump(self) -> Any:
        """Return what has to be stored; it is then no more urgent."""
        self.changed = False
        return super().dump()

    def grow_old(self, age: float) -> None:
        """Take it that what was loaded was stored ``age`` seconds ago.

        Older than a day it is a floor of the lasting values only, and what the miner
        reports first is no news.
        """
        if not age <= FRESH_SECONDS:
            super().load({"blocks": self.blocks, "best": self.best})
            self._silent = True
