"""Values of several settings: alike or not, as JSON and back."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from ..miners.model import (
    Changes,
    MinerSettings,
    Setting,
    SettingValue,
)
from ..miners.settings import SETTINGS, Kind
from .bounds import is_number
from .rules import same

_LONGEST = 63

type StoredChanges = Annotated[Changes, keepable]
"""Changes that are stored; what makes no sense is left out when they are read."""


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
