"""Which of its pools a cgminer works for, and whether any is connected.

Its ``Stratum Active`` is true for each connected pool, and its priorities change two
minutes before it moves: only what is counted for a pool shows that it is worked for.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..values import count, flag, number
from .poll import NOTHING, Row

MOST_POOLS = 8
_NOT_CONNECTED = frozenset(("dead", "disabled", "rejecting"))
_IN_WORDS = frozenset(("alive", "failover"))
"""Words that say of a pool that it can be worked for."""

_WORKED, _SHARED = "Works", "Accepted"
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


class PoolMemory:
    """Finds the pool in use of one device, from poll to poll."""

    def __init__(self) -> None:
        """Start without a past."""
        self._counts: Mapping[object, Row] = {}
        self._last: object = None

    def read(self, rows: Sequence[Row], screen: Row = NOTHING) -> PoolsInUse:
        """Take the pools of a poll, and what the display says of the one in use."""
        rows = rows[:MOST_POOLS]
        before, self._counts = self._counts, {_name(row): row for row in rows}
        connected = [is_connected(row) for row in rows]
        places = _candidates(rows, connected, screen)
        place = max(
            places, key=lambda at: self._signs(rows[at], before, at), default=None
        )
        self._last = None if place is None else _name(rows[place])
        return PoolsInUse(
            place,
            True if True in connected else False if False in connected else None,
            any(_moved(row, before.get(_name(row)), _SHARED) for row in rows),
        )

    def _signs(
        self, row: Row, before: Mapping[object, Row], place: int
    ) -> tuple[float, ...]:
        """Rate what speaks for a pool: its work, its shares, the past, its priority."""
        past = before.get(_name(row))
        worked, shared = _moved(row, past, _WORKED), _moved(row, past, _SHARED)
        last_share = number(row.get("Last Share Time")) if worked or shared else None
        priority = count(row.get("Priority"))
        return (
            2 * worked + shared,
            last_share or 0.0,
            _name(row) == self._last,
            -_WORST if priority is None else -priority,
            -place,
        )


def _candidates(
    rows: Sequence[Row], connected: Sequence[bool | None], screen: Row
) -> list[int]:
    """List the places of the pools that may be in use: those connected, if any is."""
    active = [place for place, is_so in enumerate(connected) if is_so]
    if not active:
        active = [at for at, row in enumerate(rows) if flag(row.get("Stratum Active"))]
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


def _name(row: Row) -> object:
    """Name a pool for as long as it is the same one."""
    return (row.get("POOL"), row.get("URL"))


def _moved(row: Row, before: Row | None, key: str) -> bool:
    """Tell whether a count rose since the last poll."""
    if before is None:
        return False
    now, then = count(row.get(key)), count(before.get(key))
    return now is not None and then is not None and now > then
