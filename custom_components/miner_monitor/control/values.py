"""Values of settings: what is one, which are alike, and which are stored."""

from collections.abc import Iterable, Mapping
from typing import Annotated, TypeGuard

from ..miners.model import (
    Changes,
    Light,
    MinerSettings,
    Setting,
    SettingValue,
)
from ..miners.settings import SETTINGS, Kind

_ROUNDING = 1e-9
"""What floating point adds to a difference that is just at the tolerance."""

_LARGEST = 1e300
_LONGEST = 63

type StoredChanges = Annotated[Changes, keepable]
"""Changes that are stored; what makes no sense is left out when they are read."""


def is_number(value: object) -> TypeGuard[float]:
    """Tell numbers from all else; a bool is none, nor is an int beyond all floats."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -_LARGEST < value < _LARGEST


def same(
    setting: Setting, asked: SettingValue | None, reported: SettingValue | None
) -> bool:
    """Whether a device that reports this runs what was asked for."""
    if asked is None or reported is None:
        return False
    if isinstance(asked, Light) and isinstance(reported, Light):
        return _same_light(asked, reported)
    if not SETTINGS[setting].is_number:
        return type(asked) is type(reported) and asked == reported
    return is_number(asked) and is_number(reported) and _near(setting, asked, reported)


def _near(setting: Setting, asked: float, reported: float) -> bool:
    reach = SETTINGS[setting].tolerance + _ROUNDING
    return reported - reach <= asked <= reported + reach


def _same_light(asked: Light, reported: Light) -> bool:
    return (
        asked.on is reported.on
        and asked.effect in {None, reported.effect}
        and asked.color in {None, reported.color}
        and _same_share(asked.brightness, reported.brightness)
        and _same_share(asked.warmth, reported.warmth)
    )


def _same_share(asked: int | None, reported: int | None) -> bool:
    return asked is None or (reported is not None and abs(asked - reported) <= 1)


def agrees(changes: Changes, settings: MinerSettings) -> bool:
    """Whether a device reports all of these values; never of none at all."""
    return alike(changes, reported(settings, changes))


def alike(changes: Changes, values: Changes) -> bool:
    """Whether all of these values are among the others; never of none at all."""
    return bool(changes) and not differing(changes, values)


def differing(changes: Changes, values: Changes) -> tuple[Setting, ...]:
    """Name the settings whose other value differs or is missing.

    The speed of a fan that is meant to be automatic is nobody's wish.
    """
    automatic = changes.get(Setting.AUTO_FAN) is True
    return tuple(
        setting
        for setting, value in changes.items()
        if not (automatic and setting is Setting.FAN_DUTY_CYCLE)
        and not same(setting, value, values.get(setting))
    )


def reported(settings: MinerSettings, wanted: Iterable[Setting]) -> Changes:
    """Return what a device reports of these settings, as far as it can be kept."""
    return keepable({setting: settings.get(setting) for setting in wanted})


def value_of(setting: Setting, value: object) -> SettingValue | None:
    """Read a value that can be kept; a light, or anything else, is None."""
    match SETTINGS[setting].kind:
        case Kind.LIGHT:
            return None
        case Kind.SWITCH:
            return value if isinstance(value, bool) else None
        case Kind.CHOICE:
            is_name = isinstance(value, str) and 0 < len(value) <= _LONGEST
            return str(value) if is_name else None
    return number_of(value, SETTINGS[setting].highest)


def keepable(values: Mapping[Setting, object]) -> Changes:
    """Leave out what cannot be kept."""
    found = {setting: value_of(setting, value) for setting, value in values.items()}
    return {setting: value for setting, value in found.items() if value is not None}


def number_of(value: object, largest: float = 1e12) -> float | None:
    """Read a finite number from 0 to the largest that makes sense."""
    return value if is_number(value) and 0 <= value <= largest else None


def number_in(changes: Changes, setting: Setting) -> float | None:
    """Return the value of a setting that is a number from 0 on."""
    return number_of(changes.get(setting))
