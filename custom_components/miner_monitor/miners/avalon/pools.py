"""The pools of a cgminer, without the names and passwords it uses there."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
import re
from typing import Any

from ..model import (
    Figure,
    Pool,
    PoolStatus,
    address_of,
)
from ..values import (
    between,
    count,
    one_way,
    text,
)
from .columns import (
    Column,
    counter,
    difficulty,
    flag as flag_column,
    percent,
    read_columns,
)
from .lazy import (
    Figures,
    Parts,
)
from .poll import (
    NOTHING,
    Row,
)
from .pool_in_use import (
    MOST_POOLS,
    PoolsInUse,
    is_connected,
    word_of,
)

EPOCH = 1_000_000_000
"""A time below this is in seconds since the start, else since 1970."""

_LONGEST_URL = 512
_SCHEME = re.compile(r"^[\w+.-]*://")
_BEHIND_ADDRESS = re.compile(r"[/?#]")
_LAST_SHARE_TIME = "last_share_time"
_HEIGHT = "Current Block Height"
_OF_THE_ONE_IN_USE = (
    difficulty("pool_difficulty", "Stratum Difficulty", 0),
    counter("block_height", _HEIGHT, 0),
)
_FIELDS = (
    counter("accepted", "Accepted"),
    counter("rejected", "Rejected"),
    difficulty("difficulty", "Stratum Difficulty", 0),
    difficulty("best_difficulty", "Best Share"),
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
    difficulty("difficulty_accepted", "Difficulty Accepted"),
    difficulty("difficulty_rejected", "Difficulty Rejected"),
    difficulty("difficulty_stale", "Difficulty Stale"),
    difficulty("last_share_difficulty", "Last Share Difficulty"),
    difficulty("work_difficulty", "Work Difficulty"),
    percent("rejected_percent", "Pool Rejected%"),
    percent("stale_percent", "Pool Stale%"),
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
    difficulty("work_diff", "Work Diff"),
    difficulty("min_diff", "Min Diff"),
    difficulty("max_diff", "Max Diff"),
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
    for row in rows:
        priority = None if row is used else count(row.get("Priority"))
        better = priority is not None and priority < mine
        if better and _STATUSES.get(word_of(row) or "") is not PoolStatus.DISABLED:
            return True
    return False


def pools_of(
    rows: Sequence[Row],
    in_use: PoolsInUse,
    traffic: Mapping[int, Row],
    start: Callable[[], int | None],
) -> Sequence[Pool]:
    """Read all pools; ``start`` tells the epoch second of the miner's start."""
    rows = rows[:MOST_POOLS]
    return Parts(len(rows), partial(_read_pools, rows, in_use.place, traffic, start))


def user_of(rows: Sequence[Row]) -> str | None:
    """Tell the user of the first pool apart from others, without telling who it is."""
    return one_way(rows[0].get("User")) if rows else None


def numbers_of(rows: Sequence[Row]) -> tuple[int, ...]:
    """Tell by what numbers commands call the pools."""
    return tuple(_number(row, place) for place, row in enumerate(rows[:MOST_POOLS]))


def _read_pools(
    rows: Sequence[Row],
    used: int | None,
    traffic: Mapping[int, Row],
    start: Callable[[], int | None],
) -> tuple[Pool, ...]:
    started = start()
    return tuple(
        _pool(
            row, traffic.get(_number(row, place), NOTHING), started, used=place == used
        )
        for place, row in enumerate(rows)
    )


def _number(row: Row, place: int) -> int:
    told = between(row.get("POOL"), 0, 99)
    return place if told is None else int(told)


def _pool(row: Row, traffic: Row, started: int | None, *, used: bool) -> Pool:
    fields: dict[str, Any] = {}
    read_columns(row, _FIELDS, fields)
    host, port = _address(row.get("URL"))
    return Pool(
        host=host,
        port=port,
        active=used,
        connected=is_connected(row),
        status=_status_of(row, used=used),
        figures=Figures(partial(_figures_of, row, traffic, started)),
        **fields,
    )


def _figures_of(row: Row, traffic: Row, started: int | None) -> dict[str, Figure]:
    """Collect the counters; the time of the last share as a moment, or not at all."""
    figures: dict[str, Figure] = {}
    read_columns(row, _FIGURES, figures)
    read_columns(traffic, _TRAFFIC, figures)
    told = figures.pop(_LAST_SHARE_TIME, None)
    if isinstance(told, int) and (when := moment(told, started)) is not None:
        figures[_LAST_SHARE_TIME] = when
    return figures


def _status_of(row: Row, *, used: bool) -> PoolStatus | None:
    """Read the status, which is the same for a pool in use and one at hand.

    A word that is not known denies nothing of a pool that is connected.
    """
    if is_connected(row):
        return PoolStatus.ACTIVE if used else PoolStatus.STANDBY
    return _STATUSES.get(word_of(row) or "")


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
