"""The pools of a cgminer, without the names and passwords it uses there."""

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from ..model import Figure, Pool, PoolStatus
from ..values import between, count, flag, text
from .columns import (
    Column,
    counter,
    difficulty,
    flag as flag_column,
    percent,
    read_columns,
)
from .lazy import Figures
from .poll import NOTHING, Row

MOST_POOLS = 8
EPOCH = 1_000_000_000
"""A time below this is in seconds since the start, else since 1970."""

_LONGEST_URL = 512
_LAST_SHARE_TIME = "last_share_time"
_HEIGHT = "Current Block Height"
_BLOCK_HEIGHT = (counter("block_height", _HEIGHT, 0),)
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
    "dead": PoolStatus.DEAD,
    "disabled": PoolStatus.DISABLED,
    "rejecting": PoolStatus.REJECTING,
}


def moment(told: float, started: int | None) -> int | None:
    """Turn a time of a cgminer into an epoch second, where its start is known."""
    if told >= EPOCH:
        return int(told)
    return None if started is None else started + int(told)


def of_all_pools(pools: Sequence[Pool], rows: Sequence[Row]) -> dict[str, Any]:
    """Collect what follows from the pools, and what the one in use tells."""
    values: dict[str, Any] = {"pools": pools}
    if pools:
        values["pool_connected"] = any(pool.connected for pool in pools)
    used = next((place for place, pool in enumerate(pools) if pool.active), None)
    if used is not None:
        values["pool"] = pools[used].address
        values["pool_difficulty"] = pools[used].difficulty
        values["fallback_pool"] = _is_fallback(used, pools, rows)
        read_columns(rows[used], _BLOCK_HEIGHT, values)
    return values


def _is_fallback(used: int, pools: Sequence[Pool], rows: Sequence[Row]) -> bool | None:
    """Tell whether a better pool than the one in use is enabled.

    The lowest priority is the best.
    """
    priorities = [count(row.get("Priority")) for row in rows[: len(pools)]]
    mine = priorities[used]
    if mine is None:
        return None
    return any(
        priority is not None and priority < mine
        for pool, priority in zip(pools, priorities, strict=True)
        if pool.status is not PoolStatus.DISABLED
    )


class PoolReader:
    """Reads pools; one whose rows are as before stays the same object."""

    def __init__(self) -> None:
        """Start without a past."""
        self._seen: dict[int, tuple[Row, Row, int | None, Pool]] = {}

    def read(
        self, rows: Sequence[Row], traffic: Mapping[int, Row], started: int | None
    ) -> tuple[Pool, ...]:
        """Read all pools; ``started`` is the epoch second of the miner's start."""
        return tuple(
            self._pool(place, row, traffic, started)
            for place, row in enumerate(rows[:MOST_POOLS])
        )

    def _pool(
        self, place: int, row: Row, traffic: Mapping[int, Row], started: int | None
    ) -> Pool:
        told = between(row.get("POOL"), 0, 99)
        extra = traffic.get(place if told is None else int(told), NOTHING)
        seen = self._seen.get(place)
        if seen is not None and seen[:3] == (row, extra, started):
            return seen[3]
        pool = _pool(row, extra, started)
        self._seen[place] = (row, extra, started, pool)
        return pool


def _pool(row: Row, traffic: Row, started: int | None) -> Pool:
    fields: dict[str, Any] = {}
    read_columns(row, _FIELDS, fields)
    active = flag(row.get("Stratum Active"))
    status = _status(row.get("Status"), active=active)
    host, port = _address(row.get("URL"))
    return Pool(
        host=host,
        port=port,
        active=active,
        connected=None if status is None else status is PoolStatus.ACTIVE,
        status=status,
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


def _status(told: object, *, active: bool | None) -> PoolStatus | None:
    status = _STATUSES.get(told.strip().lower()) if isinstance(told, str) else None
    if status is PoolStatus.STANDBY and active:
        return PoolStatus.ACTIVE
    return status


def _address(url: object) -> tuple[str | None, int | None]:
    if not isinstance(url, str) or len(url) > _LONGEST_URL:
        return None, None
    return _parted(url)


@lru_cache(maxsize=64)
def _parted(url: str) -> tuple[str | None, int | None]:
    """Part host and port, without scheme, user and path."""
    rest = url.rpartition("://")[2].partition("/")[0].rpartition("@")[2]
    host, colon, digits = rest.rpartition(":")
    if not colon or host.endswith(":") or rest.endswith("]"):
        return text(rest, 255), None
    port = between(digits, 1, 65535) if digits.isdecimal() else None
    return text(host, 255), None if port is None else int(port)
