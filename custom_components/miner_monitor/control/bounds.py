"""What hardware endures: the end of all that is offered, kept or believed."""

from dataclasses import replace
from typing import TypeGuard

from ..miners.model import (
    Changes,
    Limits,
    MinerSettings,
    MinerState,
    Setting,
    SettingRange,
    SettingValue,
)
from ..miners.settings import SETTINGS, hard_range
from .errors import (
    ChangeError,
    Refusal,
)

_LARGEST = 1e300


def is_number(value: object) -> TypeGuard[float]:
    """Tell numbers from all else; a bool is none, nor is an int beyond all floats."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -_LARGEST < value < _LARGEST


def endures(setting: Setting, allowed: SettingRange, value: float) -> bool:
    """Whether the hardware endures a value of a number."""
    low, high = hard_range(setting, allowed)
    return low <= value <= high


def fits(setting: Setting, value: SettingValue | None, limits: Limits) -> bool:
    """Whether it is no number, or one that the hardware endures."""
    is_number = SETTINGS[setting].is_number
    if not is_number or not isinstance(value, int | float):
        return True
    return endures(setting, limits.settings[setting], value)


def require_fitting(
    setting: Setting, value: SettingValue | None, limits: Limits
) -> None:
    """Raise a ChangeError for a number that the hardware does not endure."""
    if value is not None and not fits(setting, value, limits):
        allowed = limits.settings[setting]
        low, high = hard_range(setting, allowed)
        ends = replace(allowed, minimum=low, maximum=high)
        raise ChangeError(Refusal.OUT_OF_RANGE, setting, value, allowed=ends)


def bounded(setting: Setting, allowed: SettingRange) -> SettingRange:
    """Return a range without what the hardware does not endure."""
    low, high = hard_range(setting, allowed)
    low = min(low, high)
    told = (allowed.minimum, allowed.maximum, *allowed.options)
    more = (allowed.default, allowed.expert_maximum)
    if all(low <= value <= high for value in (*told, *more) if value is not None):
        return allowed
    default, expert = more
    return replace(
        allowed,
        minimum=min(max(allowed.minimum, low), high),
        maximum=max(min(allowed.maximum, high), low),
        options=tuple(value for value in allowed.options if low <= value <= high),
        default=default if default is None or low <= default <= high else None,
        expert_maximum=None if expert is None else max(min(expert, high), low),
    )


def least_voltage(limits: Limits) -> float:
    """Return the least core voltage that the regulator takes, 0 if none is set."""
    allowed = limits.settings.get(Setting.CORE_VOLTAGE)
    return 0.0 if allowed is None else hard_range(Setting.CORE_VOLTAGE, allowed)[0]


def at_least(changes: Changes, limits: Limits) -> Changes:
    """Return values with the least core voltage that the regulator takes, or more.

    Firmware goes below it when it overheats; nobody ever wished that.
    """
    voltage = changes.get(Setting.CORE_VOLTAGE)
    if not isinstance(voltage, int | float):
        return changes
    return {**changes, Setting.CORE_VOLTAGE: max(voltage, least_voltage(limits))}


class Beliefs:
    """Leaves out of a poll what no hardware can run.

    What lies below a range is believed: firmware goes there by itself. ``told`` is
    what was reported last, as it was.
    """

    def __init__(self) -> None:
        """Start without a poll."""
        self.told = MinerSettings()
        self._limits: Limits | None = None
        self._believed = self.told

    def of(self, limits: Limits, state: MinerState) -> MinerState:
        """Return the state with the settings that can be; itself if all can."""
        if state.settings is not self.told or limits is not self._limits:
            self._limits, self.told = limits, state.settings
            self._believed = _believed(limits, state.settings)
        if self._believed is state.settings:
            return state
        return replace(state, settings=self._believed)


def _believed(limits: Limits, settings: MinerSettings) -> MinerSettings:
    """Return the settings with None for what cannot be; themselves if all can."""
    absurd = {
        setting.value: None
        for setting, allowed in limits.settings.items()
        if SETTINGS[setting].is_number
        and (value := settings.get(setting)) is not None
        and not (is_number(value) and 0 <= value <= hard_range(setting, allowed)[1])
    }
    return replace(settings, **absurd) if absurd else settings
