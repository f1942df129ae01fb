"""The bounds beyond which nothing is ever written to a device, whatever it says."""

from collections.abc import Mapping

from .errors import MinerCommandError
from .model import (
    Setting,
    SettingRange,
    SettingValue,
)

LOWEST_FREQUENCY = 100
"""MHz. Presets end far higher, but less power must be possible."""

HIGHEST_FREQUENCY = 1200
"""MHz, which only large coolers endure."""

HIGHEST_VOLTAGE = 1.4
"""V, beyond which chips die young, but those whose board lists more."""

_USUAL_END: Mapping[Setting, float] = {
    Setting.FREQUENCY: HIGHEST_FREQUENCY,
    Setting.CORE_VOLTAGE: HIGHEST_VOLTAGE,
}
"""How far a range reaches at least that does not tell what the hardware endures."""

_OF_ANY_BOARD: Mapping[Setting, tuple[float, float]] = {
    Setting.FREQUENCY: (50, HIGHEST_FREQUENCY),
    Setting.CORE_VOLTAGE: (0.8, 1.5),
}
"""What no board is driven below, and none lists more."""


def hard_range(setting: Setting, allowed: SettingRange) -> tuple[float, float]:
    """Return the least and the most that may be offered, adopted, or sent.

    Frequency and voltage reach beyond the range that is offered, as far as the
    hardware endures it; everything else ends with its range.
    """
    if setting not in _OF_ANY_BOARD:
        return allowed.minimum, allowed.maximum
    low, high = allowed.lowest, allowed.highest
    if low is None:
        low = allowed.minimum
    if high is None:
        high = max(allowed.maximum, _USUAL_END[setting])
    least, most = _OF_ANY_BOARD[setting]
    return max(least, low), min(most, high)


_OF_ANY_DEVICE: Mapping[Setting, tuple[float, float]] = {
    Setting.FREQUENCY: _OF_ANY_BOARD[Setting.FREQUENCY],
    Setting.CORE_VOLTAGE: (_OF_ANY_BOARD[Setting.CORE_VOLTAGE][0], HIGHEST_VOLTAGE),
    Setting.FAN_DUTY_CYCLE: (0.0, 100.0),
    Setting.MIN_FAN_DUTY_CYCLE: (0.0, 100.0),
    Setting.TARGET_TEMPERATURE: (30.0, 90.0),
    Setting.HEATING_TEMPERATURE: (20.0, 50.0),
    Setting.POOL: (0.0, 15.0),
}
"""What is written at most to a device that did not tell its own range yet."""

_ROUNDING = 1e-9


def check_value(
    setting: Setting, value: SettingValue, allowed: SettingRange | None
) -> None:
    """Raise a MinerCommandError for a number or switch that must not be sent.

    It stands where a request is put together, behind all other checks: what it
    refuses is somebody's mistake, and is never sent as something else.
    """
    if not _is_writable(setting, value, allowed):
        raise MinerCommandError(f"{setting} does not take {str(value)[:32]!r}")


def _is_writable(
    setting: Setting, value: SettingValue, allowed: SettingRange | None
) -> bool:
    bounds = _OF_ANY_DEVICE.get(setting)
    if bounds is None:
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    low, high = bounds if allowed is None else hard_range(setting, allowed)
    if not low - _ROUNDING <= value <= high + _ROUNDING:
        return False
    return setting is not Setting.POOL or value == int(value)
