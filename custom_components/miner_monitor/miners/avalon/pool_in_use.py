"""Which of its pools a cgminer works for, and whether any is connected.

Its ``Stratum Active`` is true for each connected pool, and its priorities change two
minutes before it moves: only what is counted for a pool shows that it is worked for.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..values import (
    count,
    flag,
    number,
)
from .poll import (
    NOTHING,
    Row,
)

MOST_POOLS = 8
_NOT_CONNECTED = frozenset(("dead", "disabled", "rejecting"))
_IN_WORDS = frozenset(("alive", "failover"))
"""Words that say of a pool that it can be worked for."""

_WORST = 1e9


class PoolsInUse(NamedTuple):
    """What the pools of one poll tell together.

    ``place`` is that of the one in use, ``connected`` whether any is connected, each
    None where nothing tells. ``moved``: a share was accepted since the last poll.
    """

    place: int | None = None
    connected: bool | None = None
    moved: bool = False


def word_of(row: Row) -> str | None:
    """Read the status of a pool."""
    told = row.get("Status")
    if told == "Alive":
        return "alive"
    return told.strip().lower() if isinstance(told, str) else None


def is_connected(row: Row) -> bool | None:
    """Tell whether a pool is connected: unless its status denies what its flag says.

    A pool without stratum has no such flag, or one that is never set.
    """
    word = word_of(row)
    if word in _NOT_CONNECTED:
        return False
    active = flag(row.get("Stratum Active"))
    if active or (active is False and not flag(row.get("Has GBT"))):
        return active
    return True if word in _IN_WORDS else None


type _Counts = tuple[int | None, int | None]
"""What is counted for a pool: jobs, and accepted shares."""


class PoolMemory:
    """Finds the pool in use of one device, from poll to poll."""

    def __init__(self) -> None:
        """Start without a past."""
        self._counts: Mapping[object, _Counts] = {}
        self._last: object = None

    def read(self, rows: Sequence[Row], screen: Row = NOTHING) -> PoolsInUse:
        """Take the pools of a poll, and what the display says of the one in use."""
        rows = rows[:MOST_POOLS]
        names = [(row.get("POOL"), row.get("URL")) for row in rows]
        counts = [(_count(row, "Works"), _count(row, "Accepted")) for row in rows]
        before, self._counts = self._counts, dict(zip(names, counts, strict=True))
        moved = [
            _moved(now, before.get(name))
            for name, now in zip(names, counts, strict=True)
        ]
        connected = [is_connected(row) for row in rows]
        place = self._best(_candidates(rows, connected, screen), rows, names, moved)
        self._last = None if place is None else names[place]
        return PoolsInUse(
            place,
            True if True in connected else False if False in connected else None,
            any(shared for _, shared in moved),
        )

    def _best(
        self,
        places: Sequence[int],
        rows: Sequence[Row],
        names: Sequence[object],
        moved: Sequence[tuple[bool, bool]],
    ) -> int | None:
        """Choose by what speaks for a pool: work, shares, the past, its priority."""
        if len(places) < 2:
            return places[0] if places else None

        def signs(place: int) -> tuple[float, ...]:
            worked, shared = moved[place]
            told = rows[place].get("Last Share Time") if worked or shared else None
            priority = count(rows[place].get("Priority"))
            return (
                2 * worked + shared,
                number(told) or 0.0,
                names[place] == self._last,
                -_WORST if priority is None else -priority,
                -place,
            )

        return max(places, key=signs)


def _candidates(
    rows: Sequence[Row], connected: Sequence[bool | None], screen: Row
) -> list[int]:
    """List the places of the pools that may be in use: those connected, if any is."""
    active = [place for place, is_so in enumerate(connected) if is_so]
    if not active:
        active = [at for at, row in enumerate(rows) if flag(row.get("Stratum Active"))]
    if not screen:
        return active
    shown = [place for place, row in enumerate(rows) if _is_shown(row, screen)]
    return [place for place in shown if place in active] or shown or active


def _is_shown(row: Row, screen: Row) -> bool:
    """Tell whether the display shows this pool; two may differ in their users only."""
    url = screen.get("Current Pool")
    return (
        isinstance(url, str)
        and url == row.get("URL")
        and screen.get("User") in (None, row.get("User"))
    )


def _moved(now: _Counts, before: _Counts | None) -> tuple[bool, bool]:
    """Tell whether jobs and accepted shares rose since the last poll."""
    if before is None or now == before:
        return False, False
    return _rose(now[0], before[0]), _rose(now[1], before[1])


def _count(row: Row, key: str) -> int | None:
    """Read a count, which is a number of its own in JSON."""
    told = row.get(key)
    return told if type(told) is int and told >= 0 else count(told)


def _rose(now: int | None, before: int | None) -> bool:
    return now is not None and before is not None and now > before
