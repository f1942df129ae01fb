"""Restarting a miner that stands still by itself although its pool is there."""

from dataclasses import dataclass, field
from enum import StrEnum

from ..miners.codec import Amount
from ..miners.events import Moment
from ..miners.model import (
    NO_CHIPS,
    NO_CORE_VOLTAGE,
    Limits,
    MinerState,
    MinerStatus,
)
from .day_count import DayCount

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


@dataclass(slots=True)
class StallRestart:
    """Waits until a miner stood still for long enough, and counts its restarts.

    The wait begins anew whenever the cause goes, or something else explains it: rest,
    heat, a lost pool, a boot. A count belongs to the local day. ``restarted_at`` is
    when the last one was sent, ``cause`` a reason for one, if it lasts.
    """

    restarts: DayCount = field(default_factory=DayCount)
    restarted_at: Amount | None = None
    cause: StallCause | None = field(default=None, init=False)
    _free_at: float | None = field(default=None, init=False)
    _since: float = field(default=0.0, init=False)
    _seen: float = field(default=0.0, init=False)
    _had_pool: bool = field(default=False, init=False)

    def is_exhausted(self, day: str) -> bool:
        """Whether it was restarted so often on a day that it is not any more."""
        return self.restarts.on(day) >= MOST_RESTARTS

    def observe(
        self, limits: Limits, state: MinerState, stalled: bool | None, now: Moment
    ) -> None:
        """Look at a good poll of a miner of which nobody wants anything else."""
        if self._free_at is None:
            age = max(0.0, now.wall - (self.restarted_at or 0.0))
            self._free_at = now.monotonic + max(0.0, COOL_DOWN_SECONDS - age)
        self._had_pool |= state.pool_connected is True
        lost = state.pool_connected is False and self._had_pool
        cause = None if lost else _cause_of(limits, state, stalled)
        unseen = now.monotonic - self._seen > STALLED_SECONDS
        if cause is None or self.cause is None or unseen:
            self._since = now.monotonic
        self.cause, self._seen = cause, now.monotonic

    def booted(self) -> None:
        """Take it that the miner started anew.

        Firmware that finds no chips then asks no pool, so that nothing is lost.
        """
        self.cause, self._had_pool = None, False

    def due(self, now: Moment) -> StallCause | None:
        """Return why a restart is due, if one is."""
        lasts = now.monotonic - self._since >= STALLED_SECONDS
        free = self._free_at is not None and now.monotonic >= self._free_at
        return self.cause if lasts and free and not self.is_exhausted(now.day) else None

    def began(self, now: Moment) -> None:
        """Count a restart that is about to be sent."""
        self.restarts.add(now.day)
        self.restarted_at, self.cause = now.wall, None
        self._free_at = now.monotonic + COOL_DOWN_SECONDS

    def cancelled(self) -> None:
        """Take the last one back, which was not sent or was refused; wait anew."""
        self.restarts.add(self.restarts.day, -1)
        self.restarted_at, self._free_at = None, 0.0


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
