"""Which values may be asked for, and when two values are the same."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ..miners.model import (
    Changes,
    Light,
    Limits,
    MinerSettings,
    Setting,
    SettingRange,
    SettingValue,
)
from ..miners.settings import SETTINGS, Kind, is_possible
from .bounds import (
    bounded,
    endures,
    is_number,
)
from .errors import (
    ChangeError,
    Heat,
    Refusal,
)

_ROUNDING = 1e-9
"""What floating point adds to a difference that is just at the tolerance."""


class Allowed:
    """The values one device can take.

    These are its limits, with ``expert`` up to their expert maximum, and every value
    that it was seen to run already; nothing that the hardware does not endure.
    ``heat``: why none of these may be raised now, if so, but what is in ``recovery``
    (see heat.py).
    """

    __slots__ = ("_adopted", "_expert", "_limits", "heat", "recovery")

    def __init__(
        self,
        limits: Limits,
        adopted: Mapping[Setting, Collection[float]],
        *,
        expert: bool,
        heat: Heat | None = None,
        recovery: Changes | None = None,
    ) -> None:
        """Take what the device tells and what it was adopted with."""
        self.heat = heat
        self.recovery = recovery or {}
        self._limits = limits
        self._adopted = adopted
        self._expert = expert

    @property
    def work_modes(self) -> tuple[str, ...]:
        """The work modes from the least power to the most."""
        limits = self._limits.settings.get(Setting.WORK_MODE)
        return () if limits is None else limits.choices

    def range_of(
        self, setting: Setting, reported: SettingValue | None = None
    ) -> SettingRange | None:
        """Return the range to show, which holds every value the device runs."""
        allowed = self._range(setting)
        if allowed is None or not SETTINGS[setting].is_number:
            return allowed
        shown = [*self._known(setting, allowed)]
        if is_number(reported) and endures(setting, allowed, reported):
            shown.append(reported)
        return replace(
            allowed,
            minimum=min((allowed.minimum, *shown)),
            maximum=max((allowed.maximum, *shown)),
        )

    def check(self, changes: Changes) -> None:
        """Raise a ChangeError for the first value that the device cannot take."""
        for setting, asked in changes.items():
            if refusal := self._refusal(setting, asked):
                raise ChangeError(
                    refusal, setting, asked, allowed=self.range_of(setting)
                )

    def nearest(self, setting: Setting, asked: SettingValue) -> SettingValue | None:
        """Return what comes closest to a value; None where nothing does.

        Only numbers come close to each other: a mode that is gone has no neighbour.
        """
        if self._refusal(setting, asked) is None:
            return asked
        allowed = self._range(setting)
        is_amount = SETTINGS[setting].kind is Kind.NUMBER
        if allowed is None or not is_amount or not is_number(asked):
            return None
        return min(max(asked, allowed.minimum), allowed.maximum)

    def _range(self, setting: Setting) -> SettingRange | None:
        allowed = self._limits.settings.get(setting)
        if allowed is None:
            return None
        allowed = bounded(setting, allowed)
        if not self._expert or allowed.expert_maximum is None:
            return allowed
        return replace(allowed, maximum=max(allowed.maximum, allowed.expert_maximum))

    def _known(self, setting: Setting, allowed: SettingRange) -> list[float]:
        """Return what the device ran and still endures."""
        found = self._adopted.get(setting, ())
        return [value for value in found if endures(setting, allowed, value)]

    def _refusal(self, setting: Setting, asked: object) -> Refusal | None:
        allowed = self._range(setting)
        if allowed is None:
            return Refusal.NOT_OFFERED
        if SETTINGS[setting].is_number:
            fits = self._number_fits(setting, asked, allowed)
            return None if fits else Refusal.OUT_OF_RANGE
        return None if is_possible(setting, asked, allowed) else Refusal.NOT_A_CHOICE

    def _number_fits(
        self, setting: Setting, asked: object, allowed: SettingRange
    ) -> bool:
        if not is_number(asked):
            return False
        if SETTINGS[setting].kind is Kind.PLACE and asked != int(asked):
            return False
        if allowed.minimum <= asked <= allowed.maximum:
            return True
        return endures(setting, allowed, asked) and any(
            _near(setting, asked, value) for value in self._known(setting, allowed)
        )


def clamped(changes: Changes, allowed: Allowed) -> tuple[Changes, Changes]:
    """Fit values of another time into the limits of now.

    Returns what can be written, and of the values asked for those that are not
    written as they are.
    """
    fitting = {key: allowed.nearest(key, value) for key, value in changes.items()}
    written = {key: value for key, value in fitting.items() if value is not None}
    differing = {
        key: value
        for key, value in changes.items()
        if key not in written or written[key] != value
    }
    return written, differing


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


def effective(changes: Changes, settings: MinerSettings) -> dict[Setting, SettingValue]:
    """Return the changes without those that are so already.

    What a device reports of the fan speed while it drives the fan itself says
    nothing about the speed that was asked for.
    """
    return {
        setting: asked
        for setting, asked in changes.items()
        if (setting is Setting.FAN_DUTY_CYCLE and settings.auto_fan)
        or not same(setting, asked, settings.get(setting))
    }


def is_urgent(
    changes: Changes, settings: MinerSettings, work_modes: Sequence[str] = ()
) -> bool:
    """Whether the changes take load or heat off a chip, and add none.

    ``work_modes`` are in the order of their power. A change of which it is unknown
    what it does counts as one that adds.
    """
    wanted = effective(changes, settings)
    stresses = {_stress(setting, wanted, settings, work_modes) for setting in wanted}
    return -1 in stresses and 1 not in stresses


def raising(
    changes: Changes, settings: MinerSettings, work_modes: Sequence[str] = ()
) -> tuple[Setting, ...]:
    """Name the changes that raise frequency, core voltage or work mode."""
    wanted = effective(changes, settings)
    return tuple(
        setting
        for setting in wanted
        if SETTINGS[setting].heats
        and _stress(setting, wanted, settings, work_modes) > 0
    )


def _stress(
    setting: Setting,
    wanted: Changes,
    settings: MinerSettings,
    work_modes: Sequence[str],
) -> int:
    """Tell by the sign whether one change adds stress (1) or takes it off (-1)."""
    asked, reported = wanted[setting], settings.get(setting)
    stress = SETTINGS[setting].stress
    if setting is Setting.AUTO_FAN and wanted.get(Setting.FAN_DUTY_CYCLE) == 100:
        return -1
    if not stress or (setting is Setting.FAN_DUTY_CYCLE and settings.auto_fan):
        return 0
    if setting is Setting.WORK_MODE:
        place = _place(asked, work_modes)
        return -1 if place == 0 else _direction(place, _place(reported, work_modes))
    if isinstance(asked, bool):
        return stress if asked else -stress
    return _direction(asked, reported, stress)


def _direction(asked: object, reported: object, stress: int = 1) -> int:
    if not (is_number(asked) and is_number(reported)):
        return 1
    return -stress if asked < reported else stress


def _place(mode: object, work_modes: Sequence[str]) -> int | None:
    return next((i for i, known in enumerate(work_modes) if known == mode), None)


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
