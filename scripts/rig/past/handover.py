"""How the past ends as the present begins.

A simulated miner starts with counters that its uptime led to. What it counted in the
past has to end there, or the counters of Home Assistant would fall, or jump. So its
last session is drawn as it may have been, given how it ended.
"""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from custom_components.miner_monitor.miners.model import MinerState, Pool

RECORDS = ((0.02, 0.11), (0.09, 0.2), (0.31, 0.37), (0.62, 0.71), (0.97, 1.0))
"""When the best share got better, as parts of the time, and how good it was."""

BEST_BEFORE = 0.93
"""The best share before the last session, as a part of the best in it."""


class Counter:
    """A counter that is 0 at the begin, and is known at the end.

    What came in a part of the time that is left is binomially distributed: that is
    what a steady stream of shares looks like to who knows how many there were.
    """

    def __init__(self, end: float, target: int, chance: Random) -> None:
        """Count to ``target`` until ``end``."""
        self._end = end
        self._left = self._target = target
        self._chance = chance
        self._at: float | None = None

    def at(self, now: float, begin: float) -> int:
        """Return what is counted by now."""
        before = begin if self._at is None else self._at
        self._at = now
        left = self._end - before
        part = min(1.0, max(0.0, (now - before) / left)) if left > 0 else 1.0
        self._left -= self._chance.binomialvariate(self._left, part)
        return self._target - self._left


class Handover:
    """Makes what a miner tells lead to what it will tell.

    ``present`` is what it tells after the last session, which lasts from ``begin`` to
    the moment ``end`` at which it still worked; ``first`` is when the past begins.
    """

    def __init__(
        self, present: MinerState, first: float, begin: float, end: float, seed: Random
    ) -> None:
        """Take how it ends."""
        self._present = present
        self._first, self._begin, self._end = first, begin, end
        self._accepted = Counter(end, present.shares_accepted or 0, seed)
        self._rejected = Counter(end, present.shares_rejected or 0, seed)
        self._best_at = begin + (0.15 + 0.7 * seed.random()) * max(0.0, end - begin)

    def apply(self, state: MinerState, now: float) -> MinerState:
        """Return the state with counters that lead to the present ones."""
        changes: dict[str, Any] = {}
        best, session = self._best(now), state.best_session_difficulty
        if state.best_difficulty is not None:
            changes["best_difficulty"] = best
        if session is not None:
            known = best if now >= self._best_at else min(best, session)
            changes["best_session_difficulty"] = known
        if now >= self._begin:
            changes |= self._last_session(state, now)
        return replace(state, **changes) if changes else state

    def _last_session(self, state: MinerState, now: float) -> dict[str, Any]:
        present = self._present
        accepted = self._accepted.at(now, self._begin)
        part = accepted / (present.shares_accepted or 1)
        if present.shares_accepted is None:
            span = self._end - self._begin
            part = 1.0 if span <= 0 else min(1.0, (now - self._begin) / span)
        rejected = self._rejected.at(now, self._begin)
        return {
            "shares_accepted": _told(state.shares_accepted, accepted),
            "shares_rejected": _told(state.shares_rejected, rejected),
            "shares_stale": _part(present.shares_stale, part),
            "solutions_good": _part(present.solutions_good, part),
            "solutions_total": _part(present.solutions_total, part),
            "reject_reasons": tuple(
                (reason, int(times * part)) for reason, times in present.reject_reasons
            ),
            "pools": _pools(state.pools, present.pools, part),
        }

    def _best(self, now: float) -> float:
        """Return the best difficulty ever, which only rises."""
        present = self._present.best_difficulty or 0.0
        if now >= self._best_at:
            return present
        passed = (now - self._first) / max(1.0, self._begin - self._first)
        known = [part for when, part in RECORDS if when <= passed]
        return float(int(present * BEST_BEFORE * max(known, default=0.05)))


def _told(value: int | None, counted: int) -> int | None:
    return None if value is None else counted


def _part(value: int | None, part: float) -> int | None:
    return None if value is None else int(value * part)


def _pools(
    pools: Sequence[Pool], present: Sequence[Pool], part: float
) -> Sequence[Pool]:
    return tuple(
        replace(
            pool,
            accepted=_part(then.accepted, part),
            rejected=_part(then.rejected, part),
        )
        for pool, then in zip(pools, present, strict=False)
    )
