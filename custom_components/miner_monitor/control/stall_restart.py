"""Restarting a miner that stands still by itself although its pool is there."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self

from ..miners.model import (
    NO_CHIPS,
    NO_CORE_VOLTAGE,
    Limits,
    MinerState,
    MinerStatus,
)
from .values import number_of

STALLED_SECONDS = 600.0
COOL_DOWN_SECONDS = 1800.0
MOST_RESTARTS = 3

_NO_VOLTAGE = 0.1
"""V of the core below which a voltage regulator is off."""

_WITHOUT_CORE_VOLTAGE = frozenset({NO_CORE_VOLTAGE, NO_CHIPS})

_RESTING = frozenset({MinerStatus.PAUSED, MinerStatus.STANDBY})


class StallCause(StrEnum):
    """What a restart is to end."""

    STALLED = "stalled"
    REGULATOR_OFF = "regulator_off"


def lost_core_voltage(state: MinerState) -> bool:
    """Whether a fault left the chips without voltage, and nobody wanted that."""
    if state.status is not MinerStatus.FAULT:
        return False
    volts = state.core_voltage_actual
    is_off = volts is not None and volts < _NO_VOLTAGE
    return is_off or not _WITHOUT_CORE_VOLTAGE.isdisjoint(state.faults)


def is_resting(state: MinerState) -> bool:
    """Whether the miner stands still because it was told to."""
    return state.status in _RESTING or state.settings.mining is False


class StallRestart:
    """Waits until a miner stood still for long enough, and counts its restarts.

    The wait begins anew whenever the cause goes, or something else explains it: rest,
    heat, a lost pool, a boot. A count belongs to the local day.
    """

    def __init__(self) -> None:
        """Start without a restart."""
        self._day = ""
        self._times = 0
        self._restarted_at: float | None = None
        self._free_at = 0.0
        self._cause: StallCause | None = None
        self._since = self._seen = 0.0
        self._had_pool = False

    @classmethod
    def load(cls, data: object, wall: float, monotonic: float) -> Self:
        """Read what ``dump`` wrote."""
        restarts = cls()
        if isinstance(data, Mapping) and isinstance(day := data.get("day"), str):
            restarts._day = day[:32]
            restarts._times = int(number_of(data.get("times"), 1e3) or 0)
            restarts._restarted_at = number_of(data.get("restarted_at"))
        if restarts._restarted_at is not None:
            age = max(0.0, wall - restarts._restarted_at)
            restarts._free_at = monotonic + max(0.0, COOL_DOWN_SECONDS - age)
        return restarts

    def dump(self) -> dict[str, Any]:
        """Return the day's count and the last restart as JSON types."""
        return {
            "day": self._day,
            "times": self._times,
            "restarted_at": self._restarted_at,
        }

    @property
    def stalls(self) -> bool:
        """Whether the last look showed a reason for a restart, if it lasts."""
        return self._cause is not None

    def times(self, today: str) -> int:
        """Return how often the miner was restarted today."""
        return self._times if self._day == today else 0

    def is_exhausted(self, today: str) -> bool:
        """Whether it was restarted so often today that it is not any more."""
        return self.times(today) >= MOST_RESTARTS

    def observe(
        self, limits: Limits, state: MinerState, stalled: bool | None, monotonic: float
    ) -> None:
        """Look at a good poll of a miner of which nobody wants anything else."""
        self._had_pool |= state.pool_connected is True
        lost = state.pool_connected is False and self._had_pool
        cause = None if lost else _cause_of(limits, state, stalled)
        unseen = monotonic - self._seen > STALLED_SECONDS
        if cause is None or self._cause is None or unseen:
            self._since = monotonic
        self._cause, self._seen = cause, monotonic

    def booted(self) -> None:
        """Take it that the miner started anew.

        Firmware that finds no chips then asks no pool, so that nothing is lost.
        """
        self._cause, self._had_pool = None, False

    def forget(self) -> None:
        """Take it that something else explains why the miner stands still."""
        self._cause = None

    def due(self, today: str, monotonic: float) -> StallCause | None:
        """Return why a restart is due, if one is."""
        lasts = monotonic - self._since >= STALLED_SECONDS
        free = monotonic >= self._free_at and not self.is_exhausted(today)
        return self._cause if lasts and free else None

    def began(self, today: str, wall: float, monotonic: float) -> None:
        """Count a restart that is about to be sent."""
        self._times = self.times(today) + 1
        self._day, self._restarted_at = today, wall
        self._free_at = monotonic + COOL_DOWN_SECONDS
        self._cause = None

    def cancelled(self) -> None:
        """Take the last one back, which was not sent or was refused; wait anew."""
        self._times = max(0, self._times - 1)
        self._restarted_at, self._free_at = None, 0.0


def _cause_of(
    limits: Limits, state: MinerState, stalled: bool | None
) -> StallCause | None:
    """Return why the miner does nothing, where a restart may help."""
    lost = state.status is MinerStatus.POOL_LOST
    if lost or is_resting(state) or _is_hot(limits, state):
        return None
    if stalled and state.pool_connected is not False:
        return StallCause.STALLED
    return StallCause.REGULATOR_OFF if lost_core_voltage(state) else None


def _is_hot(limits: Limits, state: MinerState) -> bool:
    """Whether it is overheated, or as hot as a user would be warned of."""
    parts = (
        (limits.chip_temperature, state.hottest_chip),
        (limits.vr_temperature, state.vr_temperature),
    )
    return state.overheated or any(
        alarm is not None and value is not None and value >= alarm.warn
        for alarm, value in parts
    )
