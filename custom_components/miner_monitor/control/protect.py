"""Switching to the least power when a miner gets critically hot."""

from collections.abc import Mapping
from typing import Any, Self

from ..miners.model import Alarm, Capability, MinerIdentity, MinerState
from .heat import is_overheated
from .values import number_of

HOT_SECONDS = 30.0
COOL_SECONDS = 600.0
_COOL = 10.0
_MOST_TIMES = 3


class Protection:
    """Decides when heat is a reason to save power, and when no longer."""

    def __init__(self) -> None:
        """Start cool."""
        self._day = ""
        self._times = 0
        self._stays = False
        self._hot_since: float | None = None
        self._began: float | None = None

    @classmethod
    def load(cls, data: object) -> Self:
        """Read what ``dump`` wrote."""
        protection = cls()
        if isinstance(data, Mapping) and isinstance(day := data.get("day"), str):
            protection._day = day[:32]
            protection._times = int(number_of(data.get("times"), 1e3) or 0)
            protection._stays = data.get("stays") is True
        return protection

    def dump(self) -> dict[str, Any]:
        """Return the day's count as JSON types."""
        return {"day": self._day, "times": self._times, "stays": self._stays}

    @property
    def stays(self) -> bool:
        """Whether it happened too often to end by itself."""
        return self._stays

    def began(self, today: str, monotonic: float) -> None:
        """Count one time."""
        self._times = 1 if today != self._day else self._times + 1
        self._day, self._began = today, monotonic
        self._stays = self._times >= _MOST_TIMES

    def cancelled(self) -> None:
        """Take the last time back."""
        self._times = max(0, self._times - 1)
        self.ended()

    def ended(self) -> None:
        """Take it that power is saved no longer, or for another reason."""
        self._began, self._stays, self._hot_since = None, False, None

    def is_due(
        self, identity: MinerIdentity, state: MinerState, monotonic: float
    ) -> bool:
        """Whether it has been critical for long enough."""
        if not _is_critical(identity, state):
            self._hot_since = None
            return False
        if self._hot_since is None:
            self._hot_since = monotonic
        return monotonic - self._hot_since >= HOT_SECONDS

    def is_over(
        self, identity: MinerIdentity, state: MinerState, monotonic: float
    ) -> bool:
        """Whether it has lasted long enough, is cool, and may end by itself."""
        if self._began is None:
            self._began = monotonic
        if self._stays or monotonic - self._began < COOL_SECONDS:
            return False
        return not is_overheated(state) and all(
            _is_cool(
                alarm, value, known=state.hashing and part in identity.capabilities
            )
            for part, alarm, value in _parts(identity, state)
        )


def _parts(
    identity: MinerIdentity, state: MinerState
) -> tuple[tuple[Capability, Alarm | None, float | None], ...]:
    """Return what can get too hot, with its alarm and its temperature."""
    limits = identity.limits
    return (
        (Capability.CHIP_TEMPERATURE, limits.chip_temperature, state.hottest_chip),
        (Capability.VR_TEMPERATURE, limits.vr_temperature, state.vr_temperature),
    )


def _is_critical(identity: MinerIdentity, state: MinerState) -> bool:
    """Whether a part is as hot as it must never be."""
    return is_overheated(state) or any(
        alarm is not None and value is not None and value >= alarm.critical
        for _, alarm, value in _parts(identity, state)
    )


def _is_cool(alarm: Alarm | None, value: float | None, *, known: bool) -> bool:
    """Whether a part is well below critical; without a reading, if it may have none."""
    if alarm is None:
        return True
    return not known if value is None else value <= alarm.critical - _COOL
