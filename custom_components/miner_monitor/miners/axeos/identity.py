"""Who a miner is, and what it allows and endures."""

from dataclasses import replace
import re
from types import MappingProxyType

from ..model import (
    SWITCH,
    Alarm,
    Capability,
    Derating,
    Family,
    Limits,
    MinerIdentity,
    Setting,
    SettingRange,
    TripPoints,
)
from ..settings import (
    HIGHEST_FREQUENCY,
    HIGHEST_VOLTAGE,
    LOWEST_FREQUENCY,
)
from ..values import (
    between,
    mac,
    number,
    numbers,
    one_way,
    positive,
    shared,
    text,
)
from .boards import Board
from .control import is_live
from .nerdos import Heat
from .profile import (
    Profile,
    Reply,
    has_pool_list,
    is_2_11,
)
from .status import (
    TRIP_CHIP,
    TRIP_VR,
)

_DEFAULT_HOSTNAME = re.compile(
    r"(bitaxe|espressif|nerd\w*axe|nerdeko|nerdqx|zyber8\w*|lv0\d\w*)[+-]*"
    r"([-_][0-9a-f]{4})?",
    re.IGNORECASE,
)
_MOST_PRESETS = 64
_ANY_VOLTAGE = (0.8, 1.5)
_FAN = SettingRange(minimum=0, maximum=100, step=1)
_MIN_FAN = SettingRange(minimum=0, maximum=99, step=1)
_TARGET = SettingRange(minimum=35, maximum=66, step=1)
_PID_TARGET = SettingRange(minimum=30, maximum=80, step=1)
_BELOW_TRIP = 5
"""Degrees by which a target stays below the point where NerdOS switches off."""

_REGULATION = 5
"""Degrees by which a device may miss the target that it pursues."""

_INPUT_ALARMS = {5: Alarm(warn=4.9, critical=4.8), 12: Alarm(warn=11.4, critical=11.0)}
_VR_ALARM = Alarm(warn=TRIP_VR - 10, critical=TRIP_VR - 5)
_STEPWISE = Derating(frequency_step=100, voltage_step=0.1, restart_frequency=400)
_FIXED = Derating(frequency=50, core_voltage=1.0)


def identity_of(
    info: Reply,
    asic: Reply,
    profile: Profile,
    capabilities: frozenset[Capability],
    *,
    fan_count: int,
    pool_count: int,
    heat: Heat,
) -> MinerIdentity:
    """Name the device that sent a reply."""
    hostname, named = text(info.get("hostname")), mac(info.get("macAddr"))
    default = hostname is None or _DEFAULT_HOSTNAME.fullmatch(hostname) is not None
    return MinerIdentity(
        family=Family.AXEOS,
        manufacturer=profile.board.maker,
        model=model_name(profile),
        firmware=profile.firmware,
        mac=named,
        pool_user_hash=None if named else one_way(info.get("stratumUser")),
        model_id=profile.device_model,
        board=profile.board_version,
        hostname=hostname,
        default_hostname=default,
        chip_model=profile.chip_model,
        chip_count=profile.chip_count,
        core_count=profile.core_count,
        fan_count=fan_count,
        pool_count=pool_count,
        ratio_window=3600 if _is_share_based(info, profile) else 600,
        poll_interval=30 if _is_short_of_sockets(info, profile) else 15,
        capabilities=capabilities,
        limits=shared(
            limits_of(
                info, asic, profile, capabilities, pool_count=pool_count, heat=heat
            )
        ),
    )


def model_name(profile: Profile) -> str:
    """Name the model as people do; an unknown board by all that is known of it."""
    board, name = profile.board_version, profile.board.name
    if name is not None:
        stock = profile.board.maker == "Bitaxe"
        return f"{name} {board}" if stock and board else name
    known = profile.device_model or profile.chip_model or "miner"
    return known if board is None else f"{known} (board {board})"


def _is_share_based(info: Reply, profile: Profile) -> bool:
    """Tell firmware that estimates its hash rate from shares: AxeOS before 2.11."""
    return not profile.nerdos and "manualFanSpeed" not in info


def _is_short_of_sockets(info: Reply, profile: Profile) -> bool:
    """Tell firmware whose web server leaks connections: AxeOS before 2.10."""
    if profile.nerdos:
        return False
    return profile.vendor_lucky or "minFanSpeed" not in info


def limits_of(
    info: Reply,
    asic: Reply,
    profile: Profile,
    capabilities: frozenset[Capability],
    *,
    pool_count: int,
    heat: Heat,
) -> Limits:
    """Collect the ranges of all settings and the alarm thresholds."""
    power = _board_power(info, profile, heat)
    has_vr = Capability.VR_TEMPERATURE in capabilities
    settings = _settings(info, asic, profile)
    if capabilities & {Capability.PAUSE, Capability.SHUTDOWN}:
        settings[Setting.MINING] = SWITCH
    if pool_count > 1 and (is_2_11(info) or has_pool_list(info)):
        settings[Setting.POOL] = SettingRange(maximum=pool_count - 1)
    return Limits(
        settings=MappingProxyType(settings),
        chip_temperature=_chip_alarm(info, profile, heat),
        vr_temperature=_vr_alarm(profile, heat) if has_vr else None,
        input_voltage=_INPUT_ALARMS.get(_nominal_voltage(info, profile) or 0),
        # Healthy miners run a little above their board's figure.
        power=None if power is None else _power_alarm(power),
        trip_points=_trip_points(profile, heat, has_vr=has_vr),
        derating=_derating(info, profile),
    )


def alarm_below(
    trip: float, target: float | None, *, warn: float = 5.0, critical: float = 1.0
) -> Alarm:
    """Return thresholds so many degrees below a trip point, but above the target.

    A fan that pursues a target swings a little above it, which is no reason to warn.
    """
    regulated = (target or 0.0) + _REGULATION
    last = max(trip - critical, min(regulated, trip - 1))
    return Alarm(warn=min(max(trip - warn, regulated), last - 1), critical=last)


def _trip_points(profile: Profile, heat: Heat, *, has_vr: bool) -> TripPoints:
    """Tell where the chips are switched off; nobody knows it of vendors' firmware."""
    if profile.nerdos:
        return heat.trip_points
    if profile.vendor_lucky:
        return TripPoints()
    return TripPoints(chip=TRIP_CHIP, vr=TRIP_VR if has_vr else None)


def _board_power(info: Reply, profile: Profile, heat: Heat) -> float | None:
    """Tell for which power the board is made; NerdOS itself knows, if it is alone."""
    if not profile.nerdos:
        return profile.board.max_power
    if heat.leads_fleet:
        return None
    return between(info.get("maxPower"), 1, 1e4) or profile.board.max_power


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
    told = between(asic.get("absMaxFrequency"), LOWEST_FREQUENCY, HIGHEST_FREQUENCY)
    told = told or HIGHEST_FREQUENCY
    presets = _capped(
        _presets(asic.get("frequencyOptions"), 50, HIGHEST_FREQUENCY), told
    )
    default = positive(asic.get("defaultFrequency"))
    if not presets and (table := profile.board.set_points) is not None:
        presets, default = table.frequencies, table.frequency
    if not presets:
        return None
    presets = _with_eco(presets, asic.get("ecoFrequency"), 50)
    expert = _beyond(presets[-1], told)
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
    told = between(asic.get("absMaxVoltage"), low * 1e3, high * 1e3) or high * 1e3
    listed = _presets(asic.get("voltageOptions"), low * 1e3, high * 1e3)
    millivolts = _capped(listed, told)
    default = between(asic.get("defaultVoltage"), low * 1e3, min(told, high * 1e3))
    if not millivolts and (table := profile.board.set_points) is not None:
        millivolts = tuple(value * 1e3 for value in table.voltages)
        default = table.voltage * 1e3
    if not millivolts:
        return None
    millivolts = _with_eco(millivolts, asic.get("ecoVoltage"), low * 1e3)
    presets = tuple(round(value) / 1e3 for value in millivolts)
    highest = min(told / 1e3, high)
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


def _capped(presets: tuple[float, ...], most: float) -> tuple[float, ...]:
    """Leave out what the device cuts when it reads it; at worst its maximum is left."""
    below = tuple(value for value in presets if value <= most)
    return below or ((most,) if presets else ())


def _derating(info: Reply, profile: Profile) -> Derating | None:
    """Tell how AxeOS lowers itself: by steps since 2.11, to a crawl before."""
    if is_2_11(info):
        return _STEPWISE
    stock = not profile.nerdos
    return _FIXED if stock and ("overheat_mode" in info or "overheat" in info) else None


def _vr_alarm(profile: Profile, heat: Heat) -> Alarm:
    """NerdOS switches off at a temperature that others' regulators run at."""
    if profile.nerdos and heat.trip_points.vr is not None:
        return alarm_below(heat.trip_points.vr, heat.regulated, warn=10, critical=5)
    return _VR_ALARM


def _chip_alarm(info: Reply, profile: Profile, heat: Heat) -> Alarm:
    """Stock AxeOS trips at 75 °C whatever the target; NerdOS where the user says."""
    target = number(info.get("pidTargetTemp" if profile.nerdos else "temptarget"))
    trip = heat.trip_points.chip if profile.nerdos else None
    return alarm_below(trip or TRIP_CHIP, target)


def _nominal_voltage(info: Reply, profile: Profile) -> int | None:
    """Read for which supply the board is made: 5 V or 12 V."""
    told = number(info.get("nominalVoltage"))
    if told in _INPUT_ALARMS:
        return int(told)
    low, high = number(info.get("minVoltage")), number(info.get("maxVoltage"))
    if low is not None and high is not None:
        return next((volts for volts in _INPUT_ALARMS if low <= volts <= high), None)
    return profile.board.nominal_voltage
