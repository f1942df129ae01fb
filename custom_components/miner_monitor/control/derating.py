"""Whether a device lowered its own set points because it overheated."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..miners.model import (
    Changes,
    Derating,
    Limits,
    MinerSettings,
    MinerState,
    Setting,
)
from .errors import (
    ControlError,
    ControlFault,
)
from .protect import one_step_lower
from .rules import (
    at_least,
    least_voltage,
)
from .values import (
    StoredChanges,
    alike,
    number_of,
    reported,
    same,
)

SET_POINTS = (Setting.FREQUENCY, Setting.CORE_VOLTAGE)
WATCHED = (*SET_POINTS, Setting.AUTO_FAN, Setting.FAN_DUTY_CYCLE)
_FULL_SPEED = 100.0
_SETTLED_POLLS = 3
_MOST_STEPS = 16
"""Times that a device may have lowered itself since somebody chose."""

_WARN = 68.0
_COOL = 10.0

type _SetPoints = dict[Setting, float]
"""Frequency in MHz and core voltage in V."""


@dataclass(slots=True)
class DeratingWatch:
    """Compares the reported set points with the last ones that somebody chose.

    ``lowered`` are the set points that the device chose itself and runs now.
    """

    baseline: StoredChanges = field(default_factory=dict)
    lowered: StoredChanges = field(default_factory=dict)
    _full_speed_polls: int = field(default=0, init=False)
    _settled: MinerSettings | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Leave out what was stored and cannot be."""
        self.baseline = {k: v for k, v in self.baseline.items() if k in WATCHED}
        self.lowered = set_points(self.lowered) if set_points(self.baseline) else {}

    @property
    def derated(self) -> bool:
        """Whether the device runs what it lowered itself."""
        return bool(self.lowered)

    @property
    def details(self) -> Mapping[str, str]:
        """The set points before and after, as texts."""
        points = {"before": self.baseline, "after": self.lowered}
        return {key: set_points_text(values) for key, values in points.items()}

    @property
    def difference(self) -> Mapping[str, object]:
        """The set points before and after, as numbers."""
        return {key.value: [self.baseline[key], v] for key, v in self.lowered.items()}

    def chosen(self, changes: Changes) -> None:
        """Take set points that somebody chose for the new baseline."""
        chosen = {key: changes[key] for key in WATCHED if key in changes}
        if chosen and self.baseline:
            self.baseline = {**self.baseline, **chosen}
            self._settled = None

    def observe(self, limits: Limits, state: MinerState) -> bool:
        """Look at a poll; tell whether the device lowered something just now."""
        if state.settings is self._settled:
            return False
        self._settled = None
        now = set_points(reported(state.settings, WATCHED))
        if limits.derating is None or not now or alike(now, self.lowered):
            return False
        if self._is_derating(limits, limits.derating, state.settings, now):
            self.lowered = {**now}
            return True
        if not state.overheated or not set_points(self.baseline):
            self._follow(limits, state)
        return False

    def _is_derating(
        self,
        limits: Limits,
        derating: Derating,
        settings: MinerSettings,
        now: _SetPoints,
    ) -> bool:
        """Whether only the firmware goes down like this."""
        before = set_points(self.baseline)
        if not before or not (self.derated or _at_full_speed(settings)):
            return False
        if fixed := set_points(
            {
                Setting.FREQUENCY: derating.frequency,
                Setting.CORE_VOLTAGE: derating.core_voltage,
            }
        ):
            return alike(now, fixed) and not alike(before, fixed)
        if alike(now, before):
            return False
        # A voltage that stays says nothing: then the fan must have been forced too.
        stays = now[Setting.CORE_VOLTAGE] == before[Setting.CORE_VOLTAGE]
        if stays and _full_speed(self.baseline) and not self.derated:
            return False
        return _went_down(derating, before, now, limits)

    def _follow(self, limits: Limits, state: MinerState) -> None:
        """Take what is reported for chosen.

        A device that is about to lower itself forces its fan first: a fan at full
        speed is somebody's choice only when the miner goes on working with it.
        """
        self._full_speed_polls += 1
        if not _at_full_speed(state.settings) or not state.hashing:
            self._full_speed_polls = 0
        forced = _at_full_speed(state.settings) and not _full_speed(self.baseline)
        unsure = forced and self._full_speed_polls < _SETTLED_POLLS
        if self.baseline and not self.lowered and unsure:
            return
        self.lowered = {}
        self.baseline = at_least(reported(state.settings, WATCHED), limits)
        if not _full_speed(self.baseline):
            self._settled = state.settings

    def restore_changes(
        self, limits: Limits, state: MinerState | None, *, lower: bool
    ) -> Changes:
        """Return what brings the settings back, or those one step below."""
        if not self.lowered or state is None:
            raise ControlError(ControlFault.NOTHING_TO_RESTORE)
        if _is_hot(limits, state):
            raise ControlError(ControlFault.TOO_HOT)
        found = {**self.baseline}
        if found.get(Setting.AUTO_FAN) is not False:
            found.pop(Setting.FAN_DUTY_CYCLE, None)
        if lower:
            found |= one_step_lower(limits, found)
        return {key: value for key, value in found.items() if key in limits.settings}


def _is_hot(limits: Limits, state: MinerState) -> bool:
    """Whether to work as before would overheat it at once.

    A device that falls back to fixed values keeps its overheat flag until somebody
    sets others: there only the chip tells.
    """
    keeps_flag = limits.derating is not None and limits.derating.is_fixed
    if state.overheated and not keeps_flag:
        return True
    alarm = limits.chip_temperature
    warn = _WARN if alarm is None else alarm.warn
    chip = state.hottest_chip
    return chip is not None and chip > warn - _COOL


def set_points(values: Mapping[Setting, object]) -> _SetPoints:
    """Read the two set points; nothing unless both are there."""
    found = {
        key: number
        for key in SET_POINTS
        if (number := number_of(values.get(key))) is not None
    }
    return found if len(found) == len(SET_POINTS) else {}


def set_points_text(values: Changes) -> str:
    """Write frequency and core voltage with their units, if both are known."""
    if not (found := set_points(values)):
        return "?"
    volts = f"{found[Setting.CORE_VOLTAGE]:.3f}".removesuffix("0")
    return f"{found[Setting.FREQUENCY]:.6g} MHz, {volts} V"


def _at_full_speed(settings: MinerSettings) -> bool:
    """Whether the fan runs at full speed by hand, as firmware leaves it."""
    return _full_speed(reported(settings, WATCHED))


def _full_speed(values: Changes) -> bool:
    """Whether these values are what firmware forces on the fan."""
    automatic, duty = values.get(Setting.AUTO_FAN), values.get(Setting.FAN_DUTY_CYCLE)
    return automatic is False and same(Setting.FAN_DUTY_CYCLE, _FULL_SPEED, duty)


def _went_down(
    derating: Derating,
    before: _SetPoints,
    now: _SetPoints,
    limits: Limits,
) -> bool:
    """Whether both went down by the same number of whole steps, at least one.

    A voltage that the steps take below the lowest allowed one may end on the way, at
    what the regulator can do, or stay where it cannot go lower. From a frequency that
    has no whole step left, firmware goes up again.
    """
    if not derating.frequency_step or not derating.voltage_step:
        return False
    allowed, least = limits.settings.get(Setting.CORE_VOLTAGE), least_voltage(limits)
    minimum = 0.0 if allowed is None else allowed.minimum
    (frequency, voltage), again = before.values(), False
    first, reached = voltage, now[Setting.CORE_VOLTAGE]
    for _ in range(_MOST_STEPS):
        if derating.restart_frequency and frequency <= derating.frequency_step:
            frequency, again = derating.restart_frequency, True
        else:
            frequency -= derating.frequency_step
        voltage -= derating.voltage_step
        ends = voltage < reached <= min(first, minimum)
        below = max(voltage, reached) < least
        expected = reached if below or (ends and not again) else voltage
        if alike(now, dict(zip(SET_POINTS, (frequency, expected), strict=True))):
            return True
    return False
