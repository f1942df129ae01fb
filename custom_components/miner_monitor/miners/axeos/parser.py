"""Replies of AxeOS and NerdOS to a MinerState: pure, and never raising."""

from collections.abc import Callable, Mapping
from typing import Any

from ..model import Chip, Fan, MinerSettings, MinerState, MinerStatus, Pool
from . import nerdos
from .profile import Profile, Reply
from .status import Evidence
from .values import (
    between,
    count,
    difficulty,
    flag,
    members,
    number,
    numbers,
    percent,
    positive,
    sentence,
    temperature,
    text,
    thousandth,
)

type Reader = Callable[[object], Any]
type Table = tuple[tuple[str, str, Reader], ...]

_MOST_CHIPS = 64
_MOST_POOLS = 8
_MOST_REASONS = 10
_SLOWEST_POOL = 60_000.0
_FAULT_KEYS = ("power_fault", "hardware_fault")
_FAN_SPEED_KEYS = ("fanrpm", "fanSpeedRpm", "fanSpeed")


def _terahash(value: object) -> float | None:
    return thousandth(between(value, 0, 1e9))


def _thousandth(value: object) -> float | None:
    return thousandth(between(value, 0, 1e6))


def _positive_thousandth(value: object) -> float | None:
    return _thousandth(value) or None


def _megahertz(value: object) -> float | None:
    return between(value, 1, 1e5)


def _watts(value: object) -> float | None:
    return between(value, 0, 1e5)


def _seconds(value: object) -> int | None:
    """Read a duration; longer than a few decades is no duration of a miner."""
    found = between(value, 0, 1e9)
    return None if found is None else int(found)


def _latency(value: object) -> float | None:
    """Read a pool's latency in ms, which firmware 2.9 sometimes fills with hours."""
    found = positive(value)
    return found if found is not None and found <= _SLOWEST_POOL else None


def _wifi_signal(value: object) -> int | None:
    """Read dBm; -90 is what AxeOS says when it does not know."""
    found = between(value, -127, -1)
    return None if found is None or found == -90 else int(found)


def _some_difficulty(value: object) -> float | None:
    return difficulty(value) or None


def _some_count(value: object) -> int | None:
    return count(value) or None


_STATE: Mapping[str, tuple[str, Reader]] = {
    "hash_rate_1m": ("hashRate_1m", _terahash),
    "hash_rate_10m": ("hashRate_10m", _terahash),
    "hash_rate_1h": ("hashRate_1h", _terahash),
    "hash_rate_1d": ("hashRate_1d", _terahash),
    "power": ("power", _watts),
    "input_voltage": ("voltage", _positive_thousandth),
    "core_voltage_actual": ("coreVoltageActual", _thousandth),
    "frequency_actual": ("actualFrequency", _megahertz),
    "chip_temperature": ("temp", temperature),
    "chip_temperature_2": ("temp2", temperature),
    "vr_temperature": ("vrTemp", temperature),
    "fallback_pool": ("isUsingFallbackStratum", flag),
    "pool_latency": ("responseTime", _latency),
    "pool_difficulty": ("poolDifficulty", _some_difficulty),
    "shares_accepted": ("sharesAccepted", count),
    "shares_rejected": ("sharesRejected", count),
    "best_difficulty": ("bestDiff", difficulty),
    "best_session_difficulty": ("bestSessionDiff", difficulty),
    "network_difficulty": ("networkDifficulty", _some_difficulty),
    "block_height": ("blockHeight", _some_count),
    "blocks_found": ("blockFound", count),
    "uptime": ("uptimeSeconds", _seconds),
    "total_uptime": ("totalUptimeSeconds", _seconds),
    "restart_reason": ("resetReason", sentence),
    "wifi_signal": ("wifiRSSI", _wifi_signal),
    "hardware_error_rate": ("errorPercentage", percent),
    "overheating": ("overheat_mode", flag),
}

_NERDOS_STATE: Mapping[str, tuple[str, Reader]] = {
    "pool_latency": ("lastpingrtt", _latency),
    "blocks_found": ("totalFoundBlocks", count),
    "restart_reason": ("lastResetReason", sentence),
}

_SETTINGS: Mapping[str, tuple[str, Reader]] = {
    "frequency": ("frequency", _megahertz),
    "core_voltage": ("coreVoltage", _positive_thousandth),
    "auto_fan": ("autofanspeed", flag),
    "fan_duty_cycle": ("manualFanSpeed", percent),
    "min_fan_duty_cycle": ("minFanSpeed", percent),
    "target_temperature": ("temptarget", temperature),
    "forced_fallback_pool": ("useFallbackStratum", flag),
}


def _table(fields: Mapping[str, tuple[str, Reader]]) -> Table:
    return tuple((name, key, reader) for name, (key, reader) in fields.items())


_STOCK_TABLE = _table(_STATE)
_NERDOS_TABLE = _table({**_STATE, **_NERDOS_STATE})
_STOCK_SETTINGS = _table(_SETTINGS)
_NERDOS_SETTINGS = _table(
    {**_SETTINGS, "target_temperature": ("pidTargetTemp", temperature)}
)
_OLDER_NAMES: Table = (
    ("input_voltage", "voltagei", _positive_thousandth),
    ("pool_difficulty", "stratumDiff", _some_difficulty),
    ("blocks_found", "foundBlocks", count),
    ("overheating", "overheat", flag),
)


def present_rate(info: Reply) -> float | None:
    """Read the unsmoothed hash rate in TH/s.

    NerdOS 1.0.2 to 1.0.19 tell the ten-minute average only.
    """
    if "hashRate" not in info:
        return _terahash(info.get("hashRate_10m"))
    return _terahash(info["hashRate"])


def expected_rate(info: Reply, profile: Profile) -> float | None:
    """Read or compute the hash rate that the set points should give."""
    if told := _terahash(info.get("expectedHashrate")):
        return told
    per_megahertz = profile.terahash_per_megahertz
    frequency = _megahertz(info.get("frequency"))
    if per_megahertz is None or frequency is None:
        return None
    return frequency * per_megahertz


def evidence_of(info: Reply, profile: Profile, rate: float | None) -> Evidence:
    """Collect the signs of what the miner is doing."""
    if rate is None:
        rate = _terahash(info.get("hashRate_1m")) or _terahash(info.get("hashRate_10m"))
    paused = flag(info.get("miningPaused")) or False
    return Evidence(
        hash_rate=rate,
        faults=_faults(info),
        overheat_flag=bool(
            flag(info.get("overheat_mode")) or flag(info.get("overheat"))
        ),
        regulator_off=profile.nerdos and nerdos.regulator_off(info, rate),
        cooling=not rate and not paused and _cooling(info),
        paused=paused,
        shutdown=flag(info.get("shutdown")) or False,
        pool_connected=_pool_connected(info, profile),
        uptime=_seconds(info.get("uptimeSeconds")),
    )


def state_of(
    info: Reply,
    profile: Profile,
    evidence: Evidence,
    status: MinerStatus,
    *,
    rate: float | None,
    expected: float | None,
    fans: tuple[Fan, ...],
) -> MinerState:
    """Translate a reply; ``rate`` is the present hash rate, None where it is absurd."""
    values = _read(info, _NERDOS_TABLE if profile.nerdos else _STOCK_TABLE)
    for name, key, reader in _OLDER_NAMES:
        if values[name] is None and key in info:
            values[name] = reader(info[key])
    if evidence.hash_rate:
        values["power"] = values["power"] or None
        values["core_voltage_actual"] = values["core_voltage_actual"] or None
    if profile.nerdos:
        values["fallback_pool"] = nerdos.using_fallback(info)
        values["overheating"] = status is MinerStatus.OVERHEATED
    pools = _pools(info, profile, fallback=values["fallback_pool"])
    active = next((pool for pool in pools if pool.active), None)
    if profile.nerdos and active is not None:
        values["pool_latency"] = values["pool_latency"] or _latency(active.latency)
        values["pool_difficulty"] = values["pool_difficulty"] or active.difficulty
    return MinerState(
        status=status,
        hash_rate=_shown_rate(rate, values["hash_rate_1m"]),
        hash_rate_now=rate,
        expected_hash_rate=expected,
        input_current=_input_current(info, profile, hashing=bool(evidence.hash_rate)),
        fans=fans,
        chips=_chips(info),
        pools=pools,
        pool=None if active is None else active.address,
        pool_connected=evidence.pool_connected,
        reject_reasons=_reject_reasons(info),
        faults=evidence.faults,
        settings=_settings(info, profile),
        **values,
    )


def fans_of(info: Reply, profile: Profile) -> tuple[Fan, ...]:
    """Read all fans the reply names, those that do not exist among them."""
    if profile.nerdos:
        return nerdos.fans(info)
    key = next((key for key in _FAN_SPEED_KEYS if key in info), None)
    if key is None and "fanspeed" not in info:
        return ()
    speed = None if key is None else count(info[key])
    if speed is not None and speed <= profile.board.idle_fan_speed:
        speed = None
    # Before 2.1.9 fanspeed is the set point, which an automatic fan does not follow.
    live = key == "fanrpm" or not flag(info.get("autofanspeed"))
    duty_cycle = percent(info.get("fanspeed")) if live else None
    first = Fan(speed=speed, duty_cycle=duty_cycle)
    if "fan2rpm" not in info:
        return (first,)
    return first, Fan(speed=count(info["fan2rpm"]), duty_cycle=duty_cycle)


def _read(info: Reply, table: Table) -> dict[str, Any]:
    get = info.get
    return {name: reader(get(key)) for name, key, reader in table}


def _shown_rate(rate: float | None, minute: float | None) -> float | None:
    if rate == 0:
        return rate
    return minute or rate


def _faults(info: Reply) -> tuple[str, ...]:
    """Read the faults, whose keys exist only while they last."""
    return tuple(sentence(info[key]) or key for key in _FAULT_KEYS if info.get(key))


def _cooling(info: Reply) -> bool:
    return (
        "miningPaused" in info
        and flag(info.get("autofanspeed")) is False
        and number(info.get("manualFanSpeed")) == 100
        and number(info.get("temp")) == -1
    )


def _pool_connected(info: Reply, profile: Profile) -> bool | None:
    if profile.nerdos:
        return nerdos.pool_connected(info)
    told = text(info.get("poolConnectionInfo"), 128)
    return None if told is None else "not connected" not in told.lower()


def _input_current(info: Reply, profile: Profile, *, hashing: bool) -> float | None:
    """Read the current the board draws, where ``current`` is not the regulator's."""
    if not profile.board.input_current:
        return None
    current = _thousandth(info.get("current"))
    return (current or None) if hashing else current


def _settings(info: Reply, profile: Profile) -> MinerSettings:
    values = _read(info, _NERDOS_SETTINGS if profile.nerdos else _STOCK_SETTINGS)
    if "manualFanSpeed" not in info and not (values["auto_fan"] and "fanrpm" in info):
        values["fan_duty_cycle"] = percent(info.get("fanspeed"))
    return MinerSettings(**values)


def _chips(info: Reply) -> tuple[Chip, ...]:
    """Read the chips, from the monitor of AxeOS 2.11 or the sensors of NerdOS."""
    monitor = info.get("hashrateMonitor")
    if isinstance(monitor, dict):
        return tuple(
            Chip(
                hash_rate=_terahash(chip.get("total")),
                domains=tuple(
                    rate / 1e3 for rate in numbers(chip.get("domains"), _MOST_CHIPS)
                ),
                errors=count(chip.get("errorCount")),
            )
            for chip in members(monitor.get("asics"), _MOST_CHIPS)
        )
    sensors = info.get("asicTemps")
    if not isinstance(sensors, list):
        return ()
    found = tuple(Chip(temperature=temperature(told)) for told in sensors[:_MOST_CHIPS])
    return found if any(chip.temperature is not None for chip in found) else ()


def _reject_reasons(info: Reply) -> tuple[tuple[str, int], ...]:
    found = (
        (sentence(reason.get("message"), 64), count(reason.get("count")))
        for reason in members(info.get("sharesRejectedReasons"), _MOST_REASONS)
    )
    return tuple(
        (message, times)
        for message, times in found
        if message is not None and times is not None
    )


def _pools(info: Reply, profile: Profile, *, fallback: bool | None) -> tuple[Pool, ...]:
    """Read the pools: numbered slots since 2.15, first choice and fallback before."""
    if isinstance(info.get("pools"), list):
        return _slots(info, fallback=fallback)
    if "stratumURL" not in info:
        return ()
    pools = [
        _pool(info.get("stratumURL"), info.get("stratumPort"), active=not fallback)
    ]
    if "fallbackStratumURL" in info:
        url, port = info["fallbackStratumURL"], info.get("fallbackStratumPort")
        pools.append(_pool(url, port, active=bool(fallback)))
    if profile.nerdos:
        return nerdos.with_live_values(tuple(pools), info)
    return tuple(pools)


def _slots(info: Reply, *, fallback: bool | None) -> tuple[Pool, ...]:
    slots = members(info.get("pools"), _MOST_POOLS)
    used = count(info.get("secondaryPoolIndex" if fallback else "primaryPoolIndex"))
    return tuple(
        _pool(
            slot.get("stratumURL"),
            slot.get("stratumPort"),
            active=used is not None and count(slot.get("id", place)) == used,
        )
        for place, slot in enumerate(slots)
    )


def _pool(url: object, port: object, *, active: bool) -> Pool:
    host = text(url, 255)
    number_of_port = between(port, 1, 65535)
    return Pool(
        host=None if host is None else _host(host),
        port=None if number_of_port is None else int(number_of_port),
        active=active,
    )


def _host(url: str) -> str | None:
    """Keep the host of a pool's address, which may carry scheme, user and port."""
    host = url.rpartition("://")[2].partition("/")[0].rpartition("@")[2]
    name, colon, port = host.partition(":")
    return (name if colon and port.isdigit() else host) or None
