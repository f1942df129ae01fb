"""What a device allows and endures."""

from dataclasses import replace
from types import MappingProxyType

from ..ceilings import HIGHEST_FREQUENCY, HIGHEST_VOLTAGE, LOWEST_FREQUENCY
from ..model import (
    SWITCH,
    Alarm,
    Capability,
    Derating,
    Limits,
    Setting,
    SettingRange,
    TripPoints,
)
from ..values import between, number, numbers, positive
from .boards import Board
from .control import is_live
from .profile import Profile, Reply, has_pool_list, is_2_11
from .status import TRIP_CHIP, TRIP_VR

_MOST_PRESETS = 64
_ANY_VOLTAGE = (0.8, 1.5)
_FAN = SettingRange(minimum=0, maximum=100, step=1)
_MIN_FAN = SettingRange(minimum=0, maximum=99, step=1)
_TARGET = SettingRange(minimum=35, maximum=66, step=1)
_PID_TARGET = SettingRange(minimum=30, maximum=80, step=1)
_BELOW_TRIP = 5
"""Degrees by which a target stays below the point where NerdOS switches off."""

_INPUT_ALARMS = {5: Alarm(warn=4.9, critical=4.8), 12: Alarm(warn=11.4, critical=11.0)}
_WARN_BELOW, _CRITICAL_BELOW = 5.0, 1.0
"""Degrees below the point where a device switches its chips off by itself."""

_VR_ALARM = Alarm(warn=TRIP_VR - 10, critical=TRIP_VR - 5)
_STEPWISE = Derating(frequency_step=100, voltage_step=0.1, restart_frequency=400)
_FIXED = Derating(frequency=50, core_voltage=1.0)


def limits_of(
    info: Reply,
    asic: Reply,
    profile: Profile,
    capabilities: frozenset[Capability],
    *,
    pool_count: int,
) -> Limits:
    """Collect the ranges of all settings and the alarm thresholds."""
    power = profile.board.max_power
    has_vr = Capability.VR_TEMPERATURE in capabilities
    settings = _settings(info, asic, profile)
    if capabilities & {Capability.PAUSE, Capability.SHUTDOWN}:
        settings[Setting.MINING] = SWITCH
    if pool_count > 1 and (is_2_11(info) or has_pool_list(info)):
        settings[Setting.POOL] = SettingRange(maximum=pool_count - 1)
    return Limits(
        settings=MappingProxyType(settings),
        chip_temperature=_chip_alarm(info, profile),
        vr_temperature=_VR_ALARM if has_vr else None,
        input_voltage=_INPUT_ALARMS.get(_nominal_voltage(info, profile) or 0),
        # Healthy miners run a little above their board's figure.
        power=None if power is None else _power_alarm(power),
        trip_points=_trip_points(profile, has_vr=has_vr),
        derating=_derating(info, profile),
    )


def _power_alarm(power: float) -> Alarm:
    return Alarm(warn=round(power * 1.1, 2), critical=round(power * 1.25, 2))


def _settings(
    info: Reply, asic: Reply, profile: Profile
) -> dict[Setting, SettingRange]:
    found: dict[Setting, SettingRange] = {}
    if "frequency" in info and (frequency := _frequency(asic, profile)):
        live = is_live(Setting.FREQUENCY, info)
        found[Setting.FREQUENCY] = replace(frequency, live=live)
    if "coreVoltage" in info and (voltage := _core_voltage(asic, profile)):
        live = is_live(Setting.CORE_VOLTAGE, info)
        found[Setting.CORE_VOLTAGE] = replace(voltage, live=live)
    if "autofanspeed" in info:
        found[Setting.AUTO_FAN] = SWITCH
    if "manualFanSpeed" in info or "fanspeed" in info:
        found[Setting.FAN_DUTY_CYCLE] = _FAN
    if "minFanSpeed" in info:
        found[Setting.MIN_FAN_DUTY_CYCLE] = _MIN_FAN
    if target := _target(info, profile):
        found[Setting.TARGET_TEMPERATURE] = target
    return found


def _target(info: Reply, profile: Profile) -> SettingRange | None:
    """Give the range of the fan's target; NerdOS says -1 where it has none."""
    if not profile.nerdos:
        return _TARGET if "temptarget" in info else None
    if positive(info.get("pidTargetTemp")) is None:
        return None
    trip = positive(info.get("overheat_temp"))
    if trip is None or trip - _BELOW_TRIP >= _PID_TARGET.maximum:
        return _PID_TARGET
    lowest = _PID_TARGET.minimum
    return SettingRange(minimum=lowest, maximum=max(lowest, trip - _BELOW_TRIP))


def _frequency(asic: Reply, profile: Profile) -> SettingRange | None:
    """Give the presets' range in MHz, extended downwards."""
    presets = _presets(asic.get("frequencyOptions"), 50, HIGHEST_FREQUENCY)
    default = positive(asic.get("defaultFrequency"))
    if not presets and (table := profile.board.set_points) is not None:
        presets, default = table.frequencies, table.frequency
    if not presets:
        return None
    presets = _with_eco(presets, asic.get("ecoFrequency"), 50)
    told = positive(asic.get("absMaxFrequency")) or HIGHEST_FREQUENCY
    expert = _beyond(presets[-1], min(told, HIGHEST_FREQUENCY))
    lowest, highest = min(LOWEST_FREQUENCY, presets[0]), expert or presets[-1]
    if default is not None and not lowest <= default <= highest:
        default = None
    return SettingRange(
        minimum=lowest,
        maximum=presets[-1],
        step=1,
        options=presets,
        default=default,
        expert_maximum=expert,
        lowest=lowest,
        highest=highest,
    )


def _core_voltage(asic: Reply, profile: Profile) -> SettingRange | None:
    """Give the presets' range in V, as far as the regulator can follow."""
    low, high = _endured(profile.board)
    millivolts = _presets(asic.get("voltageOptions"), low * 1e3, high * 1e3)
    default = between(asic.get("defaultVoltage"), low * 1e3, high * 1e3)
    if not millivolts and (table := profile.board.set_points) is not None:
        millivolts = tuple(value * 1e3 for value in table.voltages)
        default = table.voltage * 1e3
    if not millivolts:
        return None
    millivolts = _with_eco(millivolts, asic.get("ecoVoltage"), low * 1e3)
    presets = tuple(round(value) / 1e3 for value in millivolts)
    told = positive(asic.get("absMaxVoltage"))
    highest = high if told is None else min(told / 1e3, high)
    return SettingRange(
        minimum=presets[0],
        maximum=presets[-1],
        step=0.001,
        options=presets,
        default=None if default is None else round(default) / 1e3,
        expert_maximum=_beyond(presets[-1], min(highest, HIGHEST_VOLTAGE)),
        lowest=low,
        highest=max(presets[-1], highest),
    )


def _endured(board: Board) -> tuple[float, float]:
    """Tell what its regulator takes and its chips endure, in V.

    Only a known board may list more than is good for chips: a reply can say anything.
    """
    low, high = board.regulator or _ANY_VOLTAGE
    listed = 0.0 if board.set_points is None else board.set_points.voltages[-1]
    return low, min(high, max(HIGHEST_VOLTAGE, listed))


def _with_eco(presets: tuple[float, ...], eco: object, low: float) -> tuple[float, ...]:
    """Put the point of least power, 0 where there is none, before the presets."""
    found = number(eco)
    return (found, *presets) if found and low <= found < presets[0] else presets


def _beyond(maximum: float, highest: float) -> float | None:
    """Give what lies beyond the presets, if anything does."""
    return highest if highest > maximum else None


def _presets(value: object, low: float, high: float) -> tuple[float, ...]:
    """Read a list of presets in rising order, each once."""
    found = numbers(value, _MOST_PRESETS)
    return tuple(sorted({item for item in found if low <= item <= high}))


def _derating(info: Reply, profile: Profile) -> Derating | None:
    """Tell how AxeOS lowers itself: by steps since 2.11, to a crawl before."""
    if is_2_11(info):
        return _STEPWISE
    stock = not profile.nerdos
    return _FIXED if stock and ("overheat_mode" in info or "overheat" in info) else None


def _chip_alarm(info: Reply, profile: Profile) -> Alarm:
    """Stock AxeOS trips at 75 °C whatever the target; NerdOS where the user says."""
    if profile.nerdos and (trip := positive(info.get("overheat_temp"))):
        return Alarm(warn=trip - 10, critical=trip - 5)
    target = number(info.get("pidTargetTemp" if profile.nerdos else "temptarget"))
    return alarm_below(TRIP_CHIP, target)


def alarm_below(trip: float, target: float | None) -> Alarm:
    """Return the thresholds of a chip by where it trips and what its fan pursues.

    A fan that pursues a target swings a little above it, which is no reason to warn.
    """
    critical = trip - _CRITICAL_BELOW
    regulated = (target or 0.0) + _WARN_BELOW
    return Alarm(
        warn=min(max(trip - _WARN_BELOW, regulated), critical - 1), critical=critical
    )


def _trip_points(profile: Profile, *, has_vr: bool) -> TripPoints:
    """Tell where AxeOS trips; nobody knows it of a vendor's own firmware."""
    if profile.nerdos or profile.vendor_lucky:
        return TripPoints()
    return TripPoints(chip=TRIP_CHIP, vr=TRIP_VR if has_vr else None)


def _nominal_voltage(info: Reply, profile: Profile) -> int | None:
    """Read for which supply the board is made: 5 V or 12 V."""
    told = number(info.get("nominalVoltage"))
    if told in _INPUT_ALARMS:
        return int(told)
    low, high = number(info.get("minVoltage")), number(info.get("maxVoltage"))
    if low is not None and high is not None:
        return next((volts for volts in _INPUT_ALARMS if low <= volts <= high), None)
    return profile.board.nominal_voltage
