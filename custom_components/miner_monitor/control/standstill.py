"""A miner that stands still: when a restart helps, and when only a user does.

A miner that stands still by itself although its pool is there is restarted. One that
overheated or lost its core voltage may not hash again by itself: firmware lowers the
core voltage after it overheated, below what the voltage regulator can do if need be,
and keeps its overheat flag until the chips answer. Then a miner needs set points in
range, a cleared flag, and a restart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..miners.codec import Amount
from ..miners.events import Moment
from ..miners.model import (
    NO_CHIPS,
    NO_CORE_VOLTAGE,
    Alarm,
    Changes,
    Limits,
    MinerSettings,
    MinerState,
    MinerStatus,
    Setting,
)
from ..miners.settings import hard_range
from .heat import (
    SET_POINTS,
    one_step_lower,
    set_points_text,
)
from .model import DayCount
from .rules import least_voltage
from .values import (
    agrees,
    number_in,
    reported,
    same,
)

STALLED_SECONDS = 600.0
COOL_DOWN_SECONDS = 1800.0
MOST_RESTARTS = 3
_NO_VOLTAGE = 0.1
"""V of the core below which a voltage regulator is off."""

_WITHOUT_CORE_VOLTAGE = frozenset({NO_CORE_VOLTAGE, NO_CHIPS})
_RESTING = frozenset({MinerStatus.PAUSED, MinerStatus.STANDBY})
STUCK_SECONDS = 180.0
"""Firmware that recovers by itself has begun again by then."""


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
    """Whether the miner stands still because somebody stopped it."""
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
        """Look at a good poll of a miner of which nothing else is asked."""
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
    chip = _warns(limits.chip_temperature, state.hottest_chip)
    return (
        state.overheated or chip or _warns(limits.vr_temperature, state.vr_temperature)
    )


def _warns(alarm: Alarm | None, temperature: float | None) -> bool:
    """Whether a temperature is known, and one to warn of."""
    return alarm is not None and temperature is not None and temperature >= alarm.warn


class Recovery(StrEnum):
    """What a user can let a stuck miner run with."""

    AS_BEFORE = "as_before"
    ONE_STEP_LOWER = "one_step_lower"
    BOARD_DEFAULT = "board_default"
    RESTART = "restart"


class StuckWatch:
    """Waits until it is certain that a miner does not recover by itself."""

    def __init__(self) -> None:
        """Start with a miner that works."""
        self.stuck = False
        self._since: float | None = None

    def observe(self, limits: Limits, state: MinerState, monotonic: float) -> None:
        """Look at a good poll."""
        if not _stands_still(limits, state):
            self._since = None
        elif self._since is None:
            self._since = monotonic
        since = self._since
        self.stuck = since is not None and monotonic - since >= STUCK_SECONDS


def _stands_still(limits: Limits, state: MinerState) -> bool:
    """Whether heat, a fault or its voltage keeps it from hashing, and it is cold.

    Firmware that always crawls after heat works again as soon as it is set up.
    """
    crawls = limits.derating is not None and limits.derating.is_fixed
    if state.hashing or is_resting(state) or crawls:
        return False
    if is_below(limits, state.settings):
        return True
    return (state.overheated or lost_core_voltage(state)) and not _warns(
        limits.chip_temperature, state.hottest_chip
    )


def is_below(limits: Limits, settings: MinerSettings) -> bool:
    """Whether the core voltage is set to less than the voltage regulator can do."""
    volts = settings.core_voltage
    return volts is not None and volts < least_voltage(limits)


def recoveries(
    limits: Limits, settings: MinerSettings, baseline: Changes
) -> Mapping[Recovery, Changes]:
    """Return the ways to bring it back; ``baseline`` is what a user chose last.

    Only firmware that lowers itself needs other set points: elsewhere a restart
    brings everything back. The present ones stay only where they can be.
    """
    found: dict[Recovery, Changes] = {}
    if limits.derating is not None:
        found |= _with_set_points(limits, settings, baseline)
    if not found or not is_below(limits, settings):
        found[Recovery.RESTART] = {}
    return found


def _with_set_points(
    limits: Limits, settings: MinerSettings, baseline: Changes
) -> dict[Recovery, Changes]:
    """Return what it ran before, or what its board is made for.

    Firmware that lowers itself changes the frequency: where that is the same, the
    baseline was learnt from a miner that was stuck already.
    """
    known = {key: value for key, value in baseline.items() if key in limits.settings}
    frequency = known.get(Setting.FREQUENCY)
    learnt_late = same(Setting.FREQUENCY, frequency, settings.frequency)
    if known.get(Setting.AUTO_FAN) is not False:
        known.pop(Setting.FAN_DUTY_CYCLE, None)
    if _can_be(limits, known) and not (is_below(limits, settings) and learnt_late):
        lower = {**known, **one_step_lower(limits, known)}
        if agrees({key: known[key] for key in SET_POINTS}, settings):
            return {Recovery.ONE_STEP_LOWER: lower}
        return {Recovery.AS_BEFORE: known, Recovery.ONE_STEP_LOWER: lower}
    ranges = {key: limits.settings[key] for key in SET_POINTS if key in limits.settings}
    usual: dict[Setting, float] = {
        key: allowed.minimum if allowed.default is None else allowed.default
        for key, allowed in ranges.items()
    }
    fan: Changes = (
        {Setting.AUTO_FAN: True} if Setting.AUTO_FAN in limits.settings else {}
    )
    return {Recovery.BOARD_DEFAULT: {**usual, **fan}} if usual else {}


def _can_be(limits: Limits, values: Changes) -> bool:
    """Whether both set points are known, and none is below what the hardware does."""
    return all(
        (value := number_in(values, key)) is not None
        and value >= hard_range(key, limits.settings[key])[0]
        for key in SET_POINTS
    )


def texts_of(
    ways: Mapping[Recovery, Changes], limits: Limits, settings: MinerSettings
) -> Mapping[str, str]:
    """Return what the repair of a stuck miner shows: values for each button."""
    texts = {name: set_points_text(ways.get(name, {})) for name in Recovery}
    lowest = least_voltage(limits)
    return {
        "before": texts[Recovery.AS_BEFORE],
        "lower": texts[Recovery.ONE_STEP_LOWER],
        "default": texts[Recovery.BOARD_DEFAULT],
        "now": set_points_text(reported(settings, SET_POINTS)),
        "minimum": f"{lowest:g} V" if lowest else "?",
    }
