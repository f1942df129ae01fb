"""What a device allows and endures."""

from types import MappingProxyType

from ..model import Alarm, Capability, Limits, Setting, SettingRange
from ..values import number, numbers, positive
from .profile import Profile, Reply

LOWEST_FREQUENCY = 100
"""MHz. Presets end far higher, but less power must be possible."""

_MOST_PRESETS = 64
_SWITCH = SettingRange(minimum=0, maximum=1, step=1)
_FAN = SettingRange(minimum=0, maximum=100, step=1)
_MIN_FAN = SettingRange(minimum=0, maximum=99, step=1)
_TARGET = SettingRange(minimum=35, maximum=66, step=1)
_INPUT_ALARMS = {5: Alarm(warn=4.9, critical=4.8), 12: Alarm(warn=11.4, critical=11.0)}
_VR_ALARM = Alarm(warn=90, critical=100)


def limits_of(
    info: Reply, asic: Reply, profile: Profile, capabilities: frozenset[Capability]
) -> Limits:
    """Collect the ranges of all settings and the alarm thresholds."""
    power = profile.board.max_power
    has_vr = Capability.VR_TEMPERATURE in capabilities
    return Limits(
        settings=MappingProxyType(_settings(info, asic, profile)),
        chip_temperature=_chip_alarm(info, profile),
        vr_temperature=_VR_ALARM if has_vr else None,
        input_voltage=_INPUT_ALARMS.get(_nominal_voltage(info, profile) or 0),
        # Healthy miners run a little above their board's figure.
        power=None if power is None else _power_alarm(power),
    )


def _power_alarm(power: float) -> Alarm:
    return Alarm(warn=round(power * 1.1, 2), critical=round(power * 1.25, 2))


def _settings(
    info: Reply, asic: Reply, profile: Profile
) -> dict[Setting, SettingRange]:
    found: dict[Setting, SettingRange] = {}
    if "frequency" in info and (frequency := _frequency(asic, profile)):
        found[Setting.FREQUENCY] = frequency
    if "coreVoltage" in info and (voltage := _core_voltage(asic, profile)):
        found[Setting.CORE_VOLTAGE] = voltage
    if "autofanspeed" in info:
        found[Setting.AUTO_FAN] = _SWITCH
    if "manualFanSpeed" in info or "fanspeed" in info:
        found[Setting.FAN_DUTY_CYCLE] = _FAN
    if "minFanSpeed" in info:
        found[Setting.MIN_FAN_DUTY_CYCLE] = _MIN_FAN
    if "temptarget" in info or "pidTargetTemp" in info:
        found[Setting.TARGET_TEMPERATURE] = _TARGET
    return found


def _frequency(asic: Reply, profile: Profile) -> SettingRange | None:
    """Give the presets' range in MHz, extended downwards."""
    presets = _presets(asic.get("frequencyOptions"), 50, 3000)
    default = positive(asic.get("defaultFrequency"))
    if not presets and (table := profile.board.set_points) is not None:
        presets, default = table.frequencies, table.frequency
    if not presets:
        return None
    return SettingRange(
        minimum=min(LOWEST_FREQUENCY, presets[0]),
        maximum=presets[-1],
        step=1,
        options=presets,
        default=default,
    )


def _core_voltage(asic: Reply, profile: Profile) -> SettingRange | None:
    """Give the presets' range in V."""
    presets = tuple(
        value / 1e3 for value in _presets(asic.get("voltageOptions"), 100, 3000)
    )
    default = positive(asic.get("defaultVoltage"))
    default = None if default is None else default / 1e3
    if not presets and (table := profile.board.set_points) is not None:
        presets, default = table.voltages, table.voltage
    if not presets:
        return None
    return SettingRange(
        minimum=presets[0],
        maximum=presets[-1],
        step=0.001,
        options=presets,
        default=default,
    )


def _presets(value: object, low: float, high: float) -> tuple[float, ...]:
    """Read a list of presets in rising order, each once."""
    found = numbers(value, _MOST_PRESETS)
    return tuple(sorted({item for item in found if low <= item <= high}))


def _chip_alarm(info: Reply, profile: Profile) -> Alarm:
    """Stock AxeOS trips at 75 °C whatever the target; NerdOS where the user says."""
    if profile.nerdos and (trip := positive(info.get("overheat_temp"))):
        return Alarm(warn=trip - 10, critical=trip - 5)
    target = number(info.get("pidTargetTemp" if profile.nerdos else "temptarget")) or 0
    return Alarm(warn=min(max(68, target + 5), 71), critical=72)


def _nominal_voltage(info: Reply, profile: Profile) -> int | None:
    """Read for which supply the board is made: 5 V or 12 V."""
    told = number(info.get("nominalVoltage"))
    if told in _INPUT_ALARMS:
        return int(told)
    low, high = number(info.get("minVoltage")), number(info.get("maxVoltage"))
    if low is not None and high is not None:
        return next((volts for volts in _INPUT_ALARMS if low <= volts <= high), None)
    return profile.board.nominal_voltage
