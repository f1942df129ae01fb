"""A miner that overheated or lost its core voltage, and does not hash again by itself.

Firmware lowers the core voltage after it overheated, below what the voltage regulator
can do if need be, and keeps its overheat flag until the chips answer. Then a miner
needs set points in range, a cleared flag, and a restart.
"""

from collections.abc import Mapping
from enum import StrEnum

from ..miners.model import (
    Changes,
    Limits,
    MinerSettings,
    MinerState,
    Setting,
)
from ..miners.settings import hard_range
from .bounds import least_voltage
from .derating import (
    SET_POINTS,
    set_points_text,
)
from .protect import one_step_lower
from .rules import same
from .stall_restart import (
    is_resting,
    lost_core_voltage,
)
from .values import (
    agrees,
    number_in,
    reported,
)

STUCK_SECONDS = 180.0
"""Firmware that recovers by itself has begun again by then."""


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
    return (state.overheated or lost_core_voltage(state)) and not _is_warm(
        limits, state
    )


def is_below(limits: Limits, settings: MinerSettings) -> bool:
    """Whether the core voltage is set to less than the voltage regulator can do."""
    volts = settings.core_voltage
    return volts is not None and volts < least_voltage(limits)


def _is_warm(limits: Limits, state: MinerState) -> bool:
    alarm, chip = limits.chip_temperature, state.hottest_chip
    return alarm is not None and chip is not None and chip >= alarm.warn


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
