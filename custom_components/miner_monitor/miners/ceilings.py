"""The bounds beyond which nothing is ever written to a device, whatever it says."""

from collections.abc import Mapping

from .model import Setting, SettingRange

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
    Setting.FREQUENCY: (50.0, HIGHEST_FREQUENCY),
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
