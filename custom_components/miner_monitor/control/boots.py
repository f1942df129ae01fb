"""Whether a miner restarted since it was last seen."""

from collections.abc import Mapping
from typing import Any, Self

from .values import number_of

_SHIFT = 60.0
"""Clocks drift and uptimes are rounded; a boot moves the moment by more."""

_FALL = 2.0


class Boots:
    """Compares the moments of boot that uptimes tell.

    While we run, the clock that nobody sets is used; over a pause of ours, the wall
    clock. An uptime that merely stands still is no restart: a miner that restarted
    cannot be up for longer than it was out of sight.
    """

    def __init__(self) -> None:
        """Start without a bearing."""
        self._uptime: float | None = None
        self._monotonic: float | None = None
        self._wall = 0.0

    @classmethod
    def load(cls, data: object) -> Self:
        """Read what ``dump`` wrote."""
        boots = cls()
        if isinstance(data, Mapping):
            boots._uptime = number_of(data.get("uptime"))
            boots._wall = number_of(data.get("seen_at")) or 0.0
        return boots

    def dump(self) -> dict[str, Any] | None:
        """Return the last bearing as JSON types."""
        if self._uptime is None:
            return None
        return {"uptime": self._uptime, "seen_at": self._wall}

    def observe(self, uptime: float | None, wall: float, monotonic: float) -> bool:
        """Take an uptime and tell whether the miner restarted before it."""
        if (uptime := number_of(uptime)) is None:
            return False
        away = wall - self._wall
        if self._monotonic is not None:
            away = monotonic - self._monotonic
        before, self._uptime = self._uptime, uptime
        self._wall, self._monotonic = wall, monotonic
        if before is None or uptime > away + _SHIFT:
            return False
        return uptime < before - _FALL or before + away - uptime > _SHIFT
