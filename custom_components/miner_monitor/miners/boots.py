"""Whether a miner restarted since it was last seen."""

from collections.abc import Mapping
from typing import Any, Self

from .values import between

LONGEST_UPTIME = 3.2e8
"""Seconds; ten years. A device that tells more started before its clock was set."""

_JITTER = 10.0
"""An answer may take so long, and an uptime is a whole number of seconds."""

_SHIFT = 60.0
"""By so much an uptime may be ahead, and the wall clock wrong after a pause of ours."""

_LATEST = 1e12
_DRIFT = 2e-4
_FALL = 2.0


class Boots:
    """Compares the moments of boot that uptimes tell.

    While we run, the clock that nobody sets is used; over a pause of ours, the wall
    clock. An uptime that merely stands still is no restart, nor is one that falls
    when the device's clock is set: a miner that restarted cannot be up for longer
    than it was out of sight. One of 0 for ever is none at all.
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
        if not isinstance(data, Mapping):
            return boots
        seen_at = between(data.get("seen_at"), 0, _LATEST)
        if seen_at is not None:
            boots._uptime, boots._wall = uptime_of(data.get("uptime")), seen_at
        return boots

    def dump(self) -> dict[str, Any] | None:
        """Return the last bearing as JSON types."""
        if self._uptime is None:
            return None
        return {"uptime": self._uptime, "seen_at": self._wall}

    @property
    def uptime(self) -> float | None:
        """The uptime that was told last."""
        return self._uptime

    @property
    def watching(self) -> bool:
        """Whether there is a bearing of this run."""
        return self._monotonic is not None

    def away(self, wall: float, monotonic: float) -> float:
        """Tell how long ago the miner was seen; below 0 if the wall clock went back."""
        if self._monotonic is None:
            return wall - self._wall
        return monotonic - self._monotonic

    def observe(self, uptime: float | None, wall: float, monotonic: float) -> bool:
        """Take an uptime and tell whether the miner restarted before it."""
        if (uptime := uptime_of(uptime)) is None:
            return False
        away = self.away(wall, monotonic)
        drift = _DRIFT * abs(away)
        late = (_SHIFT if self._monotonic is None else _JITTER) + drift
        before, self._uptime = self._uptime, uptime
        self._wall, self._monotonic = wall, monotonic
        if before is None or before == uptime == 0:
            return False
        if uptime > away + _SHIFT + drift:
            return False
        return uptime < before - _FALL or before + away - uptime > late


def uptime_of(value: object) -> float | None:
    """Read an uptime in seconds that can be true."""
    return between(value, 0, LONGEST_UPTIME)
