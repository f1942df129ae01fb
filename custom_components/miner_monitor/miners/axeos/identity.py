"""Who a miner is, what it can report and do, and what it allows and endures."""

from collections.abc import Iterable, Mapping
from math import inf
import re
from types import MappingProxyType
from typing import NamedTuple

from ..model import (
    SWITCH,
    Alarm,
    Capability,
    Derating,
    Family,
    Limits,
    MinerIdentity,
    MinerState,
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
    Column,
    between,
    mac,
    number,
    numbers,
    one_way,
    positive,
    shared,
    text,
)
from .boards import (
    Board,
    Profile,
    Reply,
    has_pool_list,
    is_2_11,
)
from .control import is_live
from .nerdos import Heat, can_shut_down
from .numbers import NERDOS, PLAIN, STOCK
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
_LOWEST_PRESET = 50
_ANY_VOLTAGE = (0.8, 1.5)
_BELOW_TRIP = 5
"""Degrees by which a target stays below the point where NerdOS switches off."""

_RATED_CHIP = 40
"""W that no chip exceeds, for boards that nobody knows."""

_REGULATION = 5
"""Degrees by which a device may miss the target that it pursues."""

_INPUT_ALARMS = {5: Alarm(warn=4.9, critical=4.8), 12: Alarm(warn=11.4, critical=11.0)}


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
    # The web server of AxeOS before 2.10 leaks connections.
    leaks = profile.vendor_lucky or not (profile.nerdos or "minFanSpeed" in info)
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
        # AxeOS before 2.11 estimates its hash rate from shares.
        ratio_window=600 if profile.nerdos or "manualFanSpeed" in info else 3600,
        poll_interval=30 if leaks else 15,
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
    power, trips = profile.board.max_power, TripPoints()
    rated = power or _RATED_CHIP * profile.chip_count
    if profile.nerdos:
        told = between(info.get("maxPower"), 1, 1e4) or power
        power, trips = None if heat.leads_fleet else told, heat.trip_points
    has_vr = Capability.VR_TEMPERATURE in capabilities
    if not (profile.nerdos or profile.vendor_lucky):
        # Nobody knows it of vendors' firmware.
        trips = TripPoints(chip=TRIP_CHIP, vr=TRIP_VR if has_vr else None)
    vr = Alarm(warn=TRIP_VR - 10, critical=TRIP_VR - 5)
    if profile.nerdos and trips.vr is not None:
        # It switches off at a temperature that others' regulators run at.
        vr = alarm_below(trips.vr, heat.regulated, warn=10, critical=5)
    settings = _settings(info, asic, profile)
    if capabilities & {Capability.PAUSE, Capability.SHUTDOWN}:
        settings[Setting.MINING] = SWITCH
    if pool_count > 1 and (is_2_11(info) or has_pool_list(info)):
        settings[Setting.POOL] = SettingRange(maximum=pool_count - 1)
    return Limits(
        settings=MappingProxyType(settings),
        chip_temperature=_chip_alarm(info, profile, heat),
        vr_temperature=vr if has_vr else None,
        input_voltage=_INPUT_ALARMS.get(_nominal_voltage(info, profile) or 0),
        # Healthy miners run a little above their board's figure.
        power=None
        if power is None
        else Alarm(warn=round(power * 1.1, 2), critical=round(power * 1.25, 2)),
        trip_points=trips,
        derating=_derating(info, profile),
        rated_power=rated,
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


def _settings(
    info: Reply, asic: Reply, profile: Profile
) -> dict[Setting, SettingRange]:
    fan = "manualFanSpeed" in info or "fanspeed" in info
    found = {
        Setting.FREQUENCY: _frequency(info, asic, profile.board),
        Setting.CORE_VOLTAGE: _core_voltage(info, asic, profile.board),
        Setting.AUTO_FAN: SWITCH if "autofanspeed" in info else None,
        Setting.FAN_DUTY_CYCLE: SettingRange(maximum=100) if fan else None,
        Setting.TARGET_TEMPERATURE: _target(info, profile),
        **{plain.setting: plain.offered for plain in PLAIN if plain.key in info},
    }
    return {setting: allowed for setting, allowed in found.items() if allowed}


def _target(info: Reply, profile: Profile) -> SettingRange | None:
    """Give the range of the fan's target; NerdOS says -1 where it has none."""
    if not profile.nerdos:
        told = "temptarget" in info
        return SettingRange(minimum=35, maximum=66) if told else None
    if positive(info.get("pidTargetTemp")) is None:
        return None
    trip = positive(info.get("overheat_temp")) or inf
    return SettingRange(minimum=30, maximum=max(30, min(80, trip - _BELOW_TRIP)))


class _Presets(NamedTuple):
    """What a device may be set to in its own unit, in rising order; ``most`` by it."""

    values: tuple[float, ...]
    default: float | None
    most: float


def _presets(
    asic: Reply,
    word: str,
    bounds: tuple[float, float],
    least: float,
    fallback: tuple[tuple[float, ...], float] | None,
) -> _Presets | None:
    """Read the presets, each once, after the point of least power if there is one.

    The device cuts what is above its own maximum, which is believed from ``least`` on;
    if nothing is left, that is the only preset. Without presets the fallback and its
    default count.
    """
    low, high = bounds
    most = between(asic.get(f"absMax{word}"), least, high) or high
    told = numbers(asic.get(f"{word.lower()}Options"), _MOST_PRESETS)
    listed = {value for value in told if low <= value <= high}
    values = tuple(sorted(value for value in listed if value <= most))
    values, default = values or ((most,) if listed else ()), asic.get(f"default{word}")
    if not values and fallback is not None:
        values, default = fallback
    if not values:
        return None
    eco = between(asic.get(f"eco{word}"), low, values[0])
    if eco and eco < values[0]:
        values = (eco, *values)
    return _Presets(values, between(default, low, max(most, values[-1])), most)


def _frequency(info: Reply, asic: Reply, board: Board) -> SettingRange | None:
    """Give the presets' range in MHz, extended downwards."""
    table = board.set_points
    found = _presets(
        asic,
        "Frequency",
        (_LOWEST_PRESET, HIGHEST_FREQUENCY),
        LOWEST_FREQUENCY,
        (table.frequencies, table.frequency) if table else None,
    )
    if found is None or "frequency" not in info:
        return None
    presets, default, most = found
    lowest, highest = min(LOWEST_FREQUENCY, presets[0]), max(most, presets[-1])
    return SettingRange(
        minimum=lowest,
        maximum=presets[-1],
        step=1,
        options=presets,
        default=between(default, lowest, highest),
        expert_maximum=_beyond(presets[-1], most),
        lowest=lowest,
        highest=highest,
        live=is_live(Setting.FREQUENCY, info),
    )


def _core_voltage(info: Reply, asic: Reply, board: Board) -> SettingRange | None:
    """Give the presets' range in V, as far as the regulator can follow.

    Only a known board may list more than is good for chips: a reply can say anything.
    """
    table, (low, high) = board.set_points, board.regulator or _ANY_VOLTAGE
    high = min(high, max(HIGHEST_VOLTAGE, table.voltages[-1] if table else 0.0))
    fallback = None
    if table is not None:
        fallback = tuple(volts * 1e3 for volts in table.voltages), table.voltage * 1e3
    found = _presets(asic, "Voltage", (low * 1e3, high * 1e3), low * 1e3, fallback)
    if found is None or "coreVoltage" not in info:
        return None
    presets = tuple(round(value) / 1e3 for value in found.values)
    highest = min(found.most / 1e3, high)
    return SettingRange(
        minimum=presets[0],
        maximum=presets[-1],
        step=0.001,
        options=presets,
        default=None if found.default is None else round(found.default) / 1e3,
        expert_maximum=_beyond(presets[-1], min(highest, HIGHEST_VOLTAGE)),
        lowest=low,
        highest=max(presets[-1], highest),
        live=is_live(Setting.CORE_VOLTAGE, info),
    )


def _beyond(maximum: float, highest: float) -> float | None:
    """Give what lies beyond the presets, if anything does."""
    return highest if highest > maximum else None


def _derating(info: Reply, profile: Profile) -> Derating | None:
    """Tell how AxeOS lowers itself: by steps since 2.11, to a crawl before."""
    if is_2_11(info):
        return Derating(frequency_step=100, voltage_step=0.1, restart_frequency=400)
    if profile.nerdos or not ("overheat_mode" in info or "overheat" in info):
        return None
    return Derating(frequency=50, core_voltage=1.0)


def _chip_alarm(info: Reply, profile: Profile, heat: Heat) -> Alarm:
    """Stock AxeOS trips at 75 °C whatever the target; NerdOS where the user says."""
    target = number(info.get("pidTargetTemp" if profile.nerdos else "temptarget"))
    trip = heat.trip_points.chip if profile.nerdos else None
    return alarm_below(trip or TRIP_CHIP, target)


def _nominal_voltage(info: Reply, profile: Profile) -> int | None:
    """Read for which supply the board is made: 5 V or 12 V."""
    if (told := number(info.get("nominalVoltage"))) in _INPUT_ALARMS:
        return int(told)
    low, high = number(info.get("minVoltage")), number(info.get("maxVoltage"))
    if low is not None and high is not None:
        return next((volts for volts in _INPUT_ALARMS if low <= volts <= high), None)
    return profile.board.nominal_voltage


_SENSORS: tuple[tuple[Capability, tuple[str, ...], str], ...] = (
    (Capability.POWER, ("power",), "sensors"),
    (Capability.INPUT_VOLTAGE, ("voltage", "voltagei"), "sensors"),
    (Capability.INPUT_CURRENT, ("current",), "input_current"),
    (Capability.CORE_VOLTAGE_ACTUAL, ("coreVoltageActual",), "sensors"),
    (Capability.CHIP_TEMPERATURE, ("temp",), "sensors"),
    (Capability.CHIP_TEMPERATURE_2, ("temp2",), "second_sensor"),
    (Capability.VR_TEMPERATURE, ("vrTemp",), "vr_sensor"),
    (Capability.BOARD_TEMPERATURE, ("boardtemp1", "boardtemp2"), ""),
)
"""Each with its keys, one or two, and what the table of boards calls it, if it does."""


def _by_column(columns: Iterable[Column]) -> dict[Capability, tuple[str, ...]]:
    """Take a plain field of the same name as a capability as proof of it.

    What else a value is needed for is learnt by SensorMemory.
    """
    found: dict[Capability, tuple[str, ...]] = {}
    for name, key, *_ in columns:
        if name in _CAPABILITIES:
            capability = Capability(name)
            found[capability] = (*found.get(capability, ()), key)
    return found


_CAPABILITIES = {*Capability} - {sensor for sensor, *_ in _SENSORS}
_BY_KEY: Mapping[Capability, tuple[str, ...]] = {
    **_by_column((*STOCK.moving, *STOCK.lasting)),
    Capability.POOL: ("stratumURL", "pools"),
    Capability.POOL_STATUS: ("pools",),
    Capability.POOL_CONNECTED: ("poolConnectionInfo",),
    Capability.FALLBACK_POOL: ("isUsingFallbackStratum",),
    Capability.OVERHEAT_FLAG: ("overheat_mode", "overheat"),
    # AxeOS 2.14 leaves the block keys out until the first job.
    Capability.NETWORK_DIFFICULTY: ("networkDifficulty", "miningPaused"),
    Capability.BLOCK_HEIGHT: ("blockHeight", "miningPaused"),
    Capability.BLOCKS_FOUND: ("blockFound", "foundBlocks", "miningPaused"),
    Capability.LOCATE: ("resetReason",),
    Capability.PAUSE: ("miningPaused",),
    Capability.DISMISS_BLOCK: ("showNewBlock",),
}

_NERDOS_BY_KEY: Mapping[Capability, tuple[str, ...]] = {
    **_BY_KEY,
    **_by_column((*NERDOS.moving, *NERDOS.lasting)),
    Capability.POOL_DIFFICULTY: ("poolDifficulty", "stratum"),
    Capability.POOL_CONNECTED: ("stratum",),
    Capability.FALLBACK_POOL: ("isUsingFallbackStratum", "stratum"),
    Capability.POOL_LATENCY: ("lastpingrtt", "stratum"),
    Capability.OVERHEAT_FLAG: ("coreVoltageActual",),
    Capability.FAN_DUTY_CYCLE: ("fanspeed", "fans"),
}


def declared(info: Reply, profile: Profile) -> frozenset[Capability]:
    """Collect what the mere presence of a key proves."""
    table = _NERDOS_BY_KEY if profile.nerdos else _BY_KEY
    found = {
        capability
        for capability, keys in table.items()
        if any(key in info for key in keys)
    }
    computable = "frequency" in info and profile.core_count is not None
    fan = not profile.nerdos and "fanspeed" in info and "fanrpm" in info
    more = {
        Capability.RESTART: True,
        Capability.FAN_DUTY_CYCLE: fan,
        Capability.EXPECTED_HASH_RATE: computable or "expectedHashrate" in info,
        Capability.SHUTDOWN: profile.nerdos and can_shut_down(info),
    }
    return frozenset(found.union(key for key, holds in more.items() if holds))


class SensorMemory:
    """Which sensors a device has, learnt from what they showed.

    Absent sensors show the same values as idle ones. The board table decides where
    it knows; else a usable value proves a sensor, a useless one while hashing
    refutes it, and a useless one at rest proves nothing, so that the sensor stays.
    """

    def __init__(self, board: Board) -> None:
        """Begin with what is known of the board."""
        self.board = board
        self.found: frozenset[Capability] = frozenset()
        self._proven = self._refuted = self._doubtful = self.found
        self._open = tuple(
            (capability, keys, getattr(board, trait, None))
            for capability, keys, trait in _SENSORS
        )

    def learn(self, info: Reply, state: MinerState, *, hashing: bool) -> None:
        """Take in one reply."""
        before = self._proven, self._refuted, self._doubtful
        for capability, keys, known in self._open:
            if getattr(state, capability):
                self._proven |= {capability}
            elif known is False or not (keys[0] in info or keys[-1] in info):
                continue
            elif known:
                self._proven |= {capability}
            elif hashing:
                self._refuted |= {capability}
            else:
                self._doubtful |= {capability}
        if before != (self._proven, self._refuted, self._doubtful):
            self._open = tuple(row for row in self._open if row[0] not in self._proven)
            self.found = shared(self._proven | (self._doubtful - self._refuted))
