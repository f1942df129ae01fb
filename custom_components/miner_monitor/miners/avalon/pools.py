"""The pools of a cgminer, without the names and passwords it uses there.

Its ``Stratum Active`` is true for each connected pool, and its priorities change two
minutes before it moves: only what is counted for a pool shows that it is worked for.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
import re
from typing import Any, NamedTuple

from ..model import Figure, Pool, PoolStatus, address_of
from ..values import (
    Column,
    between,
    count,
    counter,
    difficulty_column,
    flag,
    flag_column,
    number,
    one_way,
    percent_column,
    read_columns,
    text,
)
from .poll import NOTHING, Figures, LazySequence, Row

EPOCH = 1_000_000_000
"""A time below this is in seconds since the start, else since 1970."""

_LONGEST_URL = 512
_SCHEME = re.compile(r"^[\w+.-]*://")
_BEHIND_ADDRESS = re.compile(r"[/?#]")
_LAST_SHARE_TIME = "last_share_time"
_HEIGHT = "Current Block Height"
_RUNS_ON = "Elapsed"
"""The time in each row, which nobody reads here."""

_OF_THE_ONE_IN_USE = (
    difficulty_column("pool_difficulty", "Stratum Difficulty", 0),
    counter("block_height", _HEIGHT, 0),
)
_FIELDS = (
    counter("accepted", "Accepted"),
    counter("rejected", "Rejected"),
    difficulty_column("difficulty", "Stratum Difficulty", 0),
    difficulty_column("best_difficulty", "Best Share"),
)
_FIGURES = (
    counter("priority", "Priority"),
    counter("quota", "Quota"),
    counter("getworks", "Getworks"),
    counter("works", "Works"),
    counter("discarded", "Discarded"),
    counter("stale", "Stale"),
    counter("bad_work", "Bad Work"),
    counter("get_failures", "Get Failures"),
    counter("remote_failures", "Remote Failures"),
    counter("diff1_shares", "Diff1 Shares"),
    difficulty_column("difficulty_accepted", "Difficulty Accepted"),
    difficulty_column("difficulty_rejected", "Difficulty Rejected"),
    difficulty_column("difficulty_stale", "Difficulty Stale"),
    difficulty_column("last_share_difficulty", "Last Share Difficulty"),
    difficulty_column("work_difficulty", "Work Difficulty"),
    percent_column("rejected_percent", "Pool Rejected%"),
    percent_column("stale_percent", "Pool Stale%"),
    counter("current_block_height", _HEIGHT, 0),
    counter("current_block_version", "Current Block Version"),
    counter(_LAST_SHARE_TIME, "Last Share Time", 0),
    flag_column("has_stratum", "Has Stratum"),
    flag_column("has_vmask", "Has Vmask"),
    flag_column("has_gbt", "Has GBT"),
)
_TRAFFIC: tuple[Column, ...] = (
    counter("times_sent", "Times Sent"),
    counter("times_recv", "Times Recv"),
    counter("bytes_sent", "Bytes Sent"),
    counter("bytes_recv", "Bytes Recv"),
    counter("net_bytes_sent", "Net Bytes Sent"),
    counter("net_bytes_recv", "Net Bytes Recv"),
    difficulty_column("work_diff", "Work Diff"),
    difficulty_column("min_diff", "Min Diff"),
    difficulty_column("max_diff", "Max Diff"),
    counter("min_diff_count", "Min Diff Count"),
    counter("max_diff_count", "Max Diff Count"),
    counter("work_roll_time", "Work Roll Time"),
    flag_column("work_had_roll_time", "Work Had Roll Time"),
    flag_column("work_can_roll", "Work Can Roll"),
    flag_column("work_had_expire", "Work Had Expire"),
)
_STATUSES = {
    "alive": PoolStatus.STANDBY,
    "failover": PoolStatus.STANDBY,
    "dead": PoolStatus.DEAD,
    "disabled": PoolStatus.DISABLED,
    "rejecting": PoolStatus.REJECTING,
}


def moment(told: float, started: int | None) -> int | None:
    """Turn a time of a cgminer into an epoch second, where its start is known."""
    if told >= EPOCH:
        return int(told)
    return None if started is None else started + int(told)


def of_all_pools(rows: Sequence[Row], in_use: PoolsInUse) -> dict[str, Any]:
    """Collect what the pools tell together, and what the one in use tells."""
    values: dict[str, Any] = {}
    rows = rows[:MOST_POOLS]
    if in_use.connected is not None:
        values["pool_connected"] = in_use.connected
    if in_use.place is not None:
        used = rows[in_use.place]
        values["pool"] = address_of(*_address(used.get("URL")))
        values["fallback_pool"] = _is_fallback(used, rows)
        read_columns(used, _OF_THE_ONE_IN_USE, values)
    return values


def _is_fallback(used: Row, rows: Sequence[Row]) -> bool | None:
    """Tell whether a better pool than the one in use is enabled.

    The lowest priority is the best.
    """
    mine = count(used.get("Priority"))
    if mine is None:
        return None
    return any(
        row is not used
        and (priority := count(row.get("Priority"))) is not None
        and priority < mine
        and _told_by(row) is not PoolStatus.DISABLED
        for row in rows
    )


def user_of(rows: Sequence[Row]) -> str | None:
    """Tell the user of the first pool apart from others, without telling who it is."""
    return one_way(rows[0].get("User")) if rows else None


def numbers_of(rows: Sequence[Row]) -> tuple[int, ...]:
    """Tell by what numbers commands call the pools."""
    return tuple(_number(row, place) for place, row in enumerate(rows[:MOST_POOLS]))


def _number(row: Row, place: int) -> int:
    told = between(row.get("POOL"), 0, 99)
    return place if told is None else int(told)


def _pool(row: Row, traffic: Row, started: int | None, *, used: bool) -> Pool:
    host, port = _address(row.get("URL"))
    return Pool(
        host=host,
        port=port,
        active=used,
        connected=_is_connected(row),
        status=_status_of(row, used=used),
        figures=Figures(partial(_figures_of, row, traffic, started)),
        **read_columns(row, _FIELDS),
    )


def _figures_of(row: Row, traffic: Row, started: int | None) -> dict[str, Figure]:
    """Collect the counters; the time of the last share as a moment, or not at all."""
    figures = read_columns(row, _FIGURES) | read_columns(traffic, _TRAFFIC)
    told = figures.pop(_LAST_SHARE_TIME, None)
    if isinstance(told, int) and (when := moment(told, started)) is not None:
        figures[_LAST_SHARE_TIME] = when
    return figures


def _status_of(row: Row, *, used: bool) -> PoolStatus | None:
    """Read the status, which is the same for a pool in use and one at hand.

    A word that is not known denies nothing of a pool that is connected.
    """
    if _is_connected(row):
        return PoolStatus.ACTIVE if used else PoolStatus.STANDBY
    return _told_by(row)


def _address(url: object) -> tuple[str | None, int | None]:
    if not isinstance(url, str) or len(url) > _LONGEST_URL:
        return None, None
    return _parted(url)


@lru_cache(maxsize=64)
def _parted(url: str) -> tuple[str | None, int | None]:
    """Part host and port, without scheme, user, path, options and fragment."""
    rest = _BEHIND_ADDRESS.split(_SCHEME.sub("", url), maxsplit=1)[0]
    rest = rest.rpartition("@")[2]
    host, colon, digits = rest.rpartition(":")
    if not colon or host.endswith(":") or rest.endswith("]"):
        return text(rest, 255), None
    port = between(digits, 1, 65535) if digits.isdecimal() else None
    return text(host, 255), None if port is None else int(port)


MOST_POOLS = 8
_WORST = 1e9


class PoolsInUse(NamedTuple):
    """What the pools of one poll tell together.

    ``place`` is that of the one in use, ``connected`` whether any is connected, each
    None where nothing tells. ``moved``: a share was accepted since the last poll.
    """

    place: int | None = None
    connected: bool | None = None
    moved: bool = False


def _told_by(row: Row) -> PoolStatus | None:
    """Read the status of a pool, in use or not; None for a word that is not known."""
    word = row.get("Status")
    return _STATUSES.get(word.strip().lower()) if isinstance(word, str) else None


def _is_connected(row: Row) -> bool | None:
    """Tell whether a pool is connected: unless its status denies what its flag says.

    A pool without stratum has no such flag, or one that is never set.
    """
    told = _told_by(row)
    if told not in (None, PoolStatus.STANDBY):
        return False
    active = flag(row.get("Stratum Active"))
    if active or (active is False and not flag(row.get("Has GBT"))):
        return active
    return None if told is None else True


type _Counts = tuple[int | None, int | None]
"""What is counted for a pool: jobs, and accepted shares."""


class PoolMemory:
    """Finds the pool in use of one device, from poll to poll."""

    def __init__(self) -> None:
        """Start without a past."""
        self._counts: Mapping[object, _Counts] = {}
        self._last: object = None
        self._told: dict[int, tuple[object, Pool]] = {}

    def read(self, rows: Sequence[Row], screen: Row = NOTHING) -> PoolsInUse:
        """Take the pools of a poll, and what the display says of the one in use."""
        rows = rows[:MOST_POOLS]
        names = [(row.get("POOL"), row.get("URL")) for row in rows]
        counts = [(count(row.get("Works")), count(row.get("Accepted"))) for row in rows]
        before, self._counts = self._counts, dict(zip(names, counts, strict=True))
        moved = [
            _moved(now, before.get(name))
            for name, now in zip(names, counts, strict=True)
        ]
        connected = [_is_connected(row) for row in rows]
        place = self._best(_candidates(rows, connected, screen), rows, names, moved)
        self._last = None if place is None else names[place]
        return PoolsInUse(
            place,
            True if True in connected else False if False in connected else None,
            any(shared for _, shared in moved),
        )

    def pools_of(
        self,
        rows: Sequence[Row],
        in_use: PoolsInUse,
        traffic: Mapping[int, Row],
        start: int | None,
    ) -> Sequence[Pool]:
        """Give all pools; ``start`` is the epoch second of the miner's start."""
        rows = rows[:MOST_POOLS]
        read = partial(self._read_pools, rows, in_use.place, traffic, start)
        return LazySequence(len(rows), read)

    def _read_pools(
        self,
        rows: Sequence[Row],
        used: int | None,
        traffic: Mapping[int, Row],
        start: int | None,
    ) -> tuple[Pool, ...]:
        """Read the pools of which anything is new: hardly ever one that rests."""
        found = []
        for place, row in enumerate(rows):
            more, is_used = traffic.get(_number(row, place), NOTHING), place == used
            told = row, {**more, _RUNS_ON: None}, start, is_used
            known, pool = self._told.get(place, (None, None))
            if pool is None or known != told:
                pool = _pool(row, more, start, used=is_used)
                self._told[place] = told, pool
            found.append(pool)
        return tuple(found)

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
    worked, shared = (
        old is not None and (new or 0) > old
        for new, old in zip(now, before, strict=True)
    )
    return worked, shared
