"""Which values may be asked for: by what hardware endures, by limits and by heat."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..miners.model import (
    Changes,
    Limits,
    MinerSettings,
    MinerState,
    Setting,
    SettingRange,
    SettingValue,
)
from ..miners.settings import SETTINGS, Kind, hard_range, is_possible
from .errors import (
    ChangeError,
    Heat,
    HeatError,
    HotPart,
    Refusal,
)
from .values import is_number, same

MARGIN = 3.0
"""Degrees below its trip point from which a part counts as too hot."""


def endures(setting: Setting, allowed: SettingRange, value: float) -> bool:
    """Whether the hardware endures a value of a number."""
    low, high = hard_range(setting, allowed)
    return low <= value <= high


def fits(setting: Setting, value: SettingValue | None, limits: Limits) -> bool:
    """Whether it is no number, or one that the hardware endures."""
    if SETTINGS[setting].is_number and isinstance(value, int | float):
        return endures(setting, limits.settings[setting], value)
    return True


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
    ends = (allowed.minimum, allowed.maximum, *allowed.options)
    more = (allowed.default, allowed.expert_maximum)
    if all(low <= value <= high for value in (*ends, *more) if value is not None):
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


@dataclass(frozen=True, slots=True)
class Allowed:
    """The values one device can take.

    These are its limits, with ``expert`` up to their expert maximum, and every value
    that it was ``observed`` to run already; nothing that the hardware does not endure.
    ``heat``: why none of these may be raised now, if so, but what is in ``recovery``.
    """

    limits: Limits
    observed: Mapping[Setting, Collection[float]]
    expert: bool
    heat: Heat | None = None
    recovery: Changes = field(default_factory=dict)

    @property
    def work_modes(self) -> tuple[str, ...]:
        """The work modes from the least power to the most."""
        limits = self.limits.settings.get(Setting.WORK_MODE)
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
        allowed = self.limits.settings.get(setting)
        if allowed is None:
            return None
        allowed = bounded(setting, allowed)
        if not self.expert or allowed.expert_maximum is None:
            return allowed
        return replace(allowed, maximum=max(allowed.maximum, allowed.expert_maximum))

    def _known(self, setting: Setting, allowed: SettingRange) -> list[float]:
        """Return what the device ran and still endures."""
        found = self.observed.get(setting, ())
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
            same(setting, asked, value) for value in self._known(setting, allowed)
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


def heat_of(
    limits: Limits, state: MinerState, *, recovers: bool = False
) -> Heat | None:
    """Tell why a miner must not get hotter; None if nothing is known against it.

    A temperature that is not known says nothing. Where the trip point of the chip is
    not known, what is critical for the board stands for where it is too hot.
    ``recovers``: what is written brings back a miner that is stuck after it overheated,
    whose chips are off: then its flag is what has to be got rid of, and only
    temperatures count. So it is with firmware that always crawls, flag set, until
    somebody sets it up again.
    """
    keeps_flag = limits.derating is not None and limits.derating.is_fixed
    chip = state.hottest_chip
    if state.overheated and not (recovers or keeps_flag):
        return Heat(part=HotPart.OVERHEATED, temperature=chip)
    known, alarm = limits.trip_points.chip, limits.chip_temperature
    assumed = None if alarm is None or known is not None else alarm.critical + MARGIN
    for part, temperature, trip_point in (
        (HotPart.CHIP, chip, known),
        (HotPart.CHIP_LIMIT, chip, assumed),
        (HotPart.VR, state.vr_temperature, limits.trip_points.vr),
    ):
        if temperature is None or trip_point is None:
            continue
        if temperature >= trip_point - MARGIN:
            return Heat(part=part, temperature=temperature, trip_point=trip_point)
    return None


def require_cool(changes: Changes, settings: MinerSettings, allowed: Allowed) -> None:
    """Raise a HeatError for what a miner that runs these settings is too hot for.

    This is the one rule of heat for every way by which a miner is made to work harder.
    While a miner is overheated, or within MARGIN of the temperature at which its
    firmware switches the chips off, nothing may raise its frequency, core voltage or
    work mode. To lower them is never refused. Fans, target temperatures and *Mining*
    are not concerned: firmware regulates the former, and starts no chip that is too
    hot.
    """
    if allowed.heat is None:
        return
    for setting in raising(changes, settings, allowed.work_modes):
        if changes[setting] != allowed.recovery.get(setting):
            raise HeatError(allowed.heat, setting, changes[setting])


class Beliefs:
    """Leaves out of a poll what no hardware can run.

    What lies below a range is believed: firmware goes there by itself. ``reported`` is
    what was reported last, as it was.
    """

    def __init__(self) -> None:
        """Start without a poll."""
        self.reported = MinerSettings()
        self._limits: Limits | None = None
        self._believed = self.reported

    def of(self, limits: Limits, state: MinerState) -> MinerState:
        """Return the state with the settings that can be; itself if all can."""
        if state.settings is not self.reported or limits is not self._limits:
            self._limits, self.reported = limits, state.settings
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
