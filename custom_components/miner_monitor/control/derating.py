"""Whether a device lowered its own set points because it overheated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import override

from ..miners.codec import Amount
from ..miners.model import (
    Changes,
    Derating,
    Limits,
    MinerSettings,
    MinerState,
    Setting,
    SettingRange,
)
from ..miners.settings import hard_range
from .bounds import at_least
from .errors import (
    ControlError,
    ControlFault,
)
from .protect import one_step_lower
from .rules import same
from .values import (
    StoredChanges,
    number_in,
    reported,
)

WATCHED = (
    Setting.FREQUENCY,
    Setting.CORE_VOLTAGE,
    Setting.AUTO_FAN,
    Setting.FAN_DUTY_CYCLE,
)
_FULL_SPEED = 100.0
_SETTLED_POLLS = 3
_MOST_STEPS = 16
"""Times that a device may have lowered itself since somebody chose."""

_WARN = 68.0
_COOL = 10.0


@dataclass(frozen=True, slots=True)
class SetPoints:
    """Frequency in MHz and core voltage in V."""

    frequency: Amount
    core_voltage: Amount

    @override
    def __str__(self) -> str:
        """Write both with their units."""
        volts = f"{self.core_voltage:.3f}"
        return f"{self.frequency:.6g} MHz, {volts.removesuffix('0')} V"

    def alike(self, other: SetPoints) -> bool:
        """Whether both are the same, within what devices round."""
        return same(Setting.FREQUENCY, self.frequency, other.frequency) and same(
            Setting.CORE_VOLTAGE, self.core_voltage, other.core_voltage
        )


@dataclass(slots=True)
class DeratingWatch:
    """Compares the reported set points with the last ones that somebody chose."""

    baseline: StoredChanges = field(default_factory=dict)
    lowered_to: SetPoints | None = None
    _full_speed_polls: int = field(default=0, init=False)
    _settled: MinerSettings | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Leave out what was stored and cannot be."""
        self.baseline = {k: v for k, v in self.baseline.items() if k in WATCHED}
        if _set_points_of(self.baseline) is None:
            self.lowered_to = None

    @property
    def derated(self) -> bool:
        """Whether the device runs what it lowered itself."""
        return self.lowered_to is not None

    @property
    def lowered(self) -> Changes:
        """The set points that the device chose."""
        if self.lowered_to is None:
            return {}
        return {
            Setting.FREQUENCY: self.lowered_to.frequency,
            Setting.CORE_VOLTAGE: self.lowered_to.core_voltage,
        }

    @property
    def details(self) -> Mapping[str, str]:
        """The set points before and after, as texts."""
        before, after = _set_points_of(self.baseline), self.lowered_to
        if before is None or after is None:
            return {}
        return {"before": str(before), "after": str(after)}

    @property
    def difference(self) -> Mapping[str, list[float]]:
        """The set points before and after, as numbers."""
        before, after = _set_points_of(self.baseline), self.lowered_to
        if before is None or after is None:
            return {}
        return {
            Setting.FREQUENCY.value: [before.frequency, after.frequency],
            Setting.CORE_VOLTAGE.value: [before.core_voltage, after.core_voltage],
        }

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
        now = _set_points_of(reported(state.settings, WATCHED))
        if limits.derating is None or now is None:
            return False
        if self.lowered_to is not None and now.alike(self.lowered_to):
            return False
        if self._is_derating(limits, limits.derating, state.settings, now):
            self.lowered_to = now
            return True
        if not state.overheated or _set_points_of(self.baseline) is None:
            self._follow(limits, state)
        return False

    def _is_derating(
        self,
        limits: Limits,
        derating: Derating,
        settings: MinerSettings,
        now: SetPoints,
    ) -> bool:
        """Whether only the firmware goes down like this."""
        before = _set_points_of(self.baseline)
        if before is None or not (self.derated or _at_full_speed(settings)):
            return False
        fixed = _fixed(derating)
        if fixed is not None:
            return now.alike(fixed) and not before.alike(fixed)
        if now.alike(before):
            return False
        # A voltage that stays says nothing: then the fan must have been forced too.
        stays = now.core_voltage == before.core_voltage
        if stays and _full_speed(self.baseline) and not self.derated:
            return False
        allowed = limits.settings.get(Setting.CORE_VOLTAGE)
        return _went_down(derating, before, now, allowed)

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
        if self.baseline and self.lowered_to is None and unsure:
            return
        self.lowered_to = None
        self.baseline = at_least(reported(state.settings, WATCHED), limits)
        if not _full_speed(self.baseline):
            self._settled = state.settings

    def restore_changes(
        self, limits: Limits, state: MinerState | None, *, lower: bool
    ) -> Changes:
        """Return what brings the settings back, or those one step below."""
        if self.lowered_to is None or state is None:
            raise ControlError(ControlFault.NOTHING_TO_RESTORE)
        if _is_hot(limits, state):
            raise ControlError(ControlFault.TOO_HOT)
        found = {key: value for key, value in self.baseline.items() if key in WATCHED}
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


def _set_points_of(values: Changes) -> SetPoints | None:
    """Read the two set points, if both are there."""
    frequency = number_in(values, Setting.FREQUENCY)
    voltage = number_in(values, Setting.CORE_VOLTAGE)
    if frequency is None or voltage is None:
        return None
    return SetPoints(frequency, voltage)


def _at_full_speed(settings: MinerSettings) -> bool:
    """Whether the fan runs at full speed by hand, as firmware leaves it."""
    return _full_speed(reported(settings, WATCHED))


def _full_speed(values: Changes) -> bool:
    """Whether these values are what firmware forces on the fan."""
    automatic, duty = values.get(Setting.AUTO_FAN), values.get(Setting.FAN_DUTY_CYCLE)
    return automatic is False and same(Setting.FAN_DUTY_CYCLE, _FULL_SPEED, duty)


def _fixed(derating: Derating) -> SetPoints | None:
    """Return the set points that this firmware falls back to."""
    if derating.frequency is None or derating.core_voltage is None:
        return None
    return SetPoints(derating.frequency, derating.core_voltage)


def _went_down(
    derating: Derating, before: SetPoints, now: SetPoints, allowed: SettingRange | None
) -> bool:
    """Whether both went down by the same number of whole steps, at least one.

    A voltage that the steps take below the lowest allowed one may end on the way, at
    what the regulator can do, or stay where it cannot go lower. From a frequency that
    has no whole step left, firmware goes up again.
    """
    if not derating.frequency_step or not derating.voltage_step:
        return False
    minimum, least = _lowest_voltages(allowed)
    frequency, voltage, again = before.frequency, before.core_voltage, False
    for _ in range(_MOST_STEPS):
        if derating.restart_frequency and frequency <= derating.frequency_step:
            frequency, again = derating.restart_frequency, True
        else:
            frequency -= derating.frequency_step
        voltage -= derating.voltage_step
        ends = voltage < now.core_voltage <= min(before.core_voltage, minimum)
        below = max(voltage, now.core_voltage) < least
        expected = now.core_voltage if below or (ends and not again) else voltage
        if now.alike(SetPoints(frequency, expected)):
            return True
    return False


def _lowest_voltages(allowed: SettingRange | None) -> tuple[float, float]:
    """Return the least that is offered, and the least that the regulator takes."""
    if allowed is None:
        return 0.0, 0.0
    return allowed.minimum, hard_range(Setting.CORE_VOLTAGE, allowed)[0]
