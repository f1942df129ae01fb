"""Replies of AxeOS and NerdOS to a MinerState: pure, and never raising."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from ..model import (
    Chip,
    Fan,
    MinerSettings,
    MinerState,
    MinerStatus,
    Pool,
    PoolStatus,
)
from ..values import (
    between,
    count,
    flag,
    members,
    numbers,
    percent,
    read_columns,
    sentence,
    temperature,
    text,
)
from . import nerdos
from .boards import (
    Profile,
    Reply,
    is_2_11,
)
from .numbers import (
    CHIP,
    FANS,
    NERDOS,
    NERDOS_SETTINGS,
    STOCK,
    STOCK_SETTINGS,
    Expectation,
    expectation_of,
    read_lasting,
    sane_chips,
)
from .status import (
    Evidence,
    connected,
    fan_is_set_to_full,
    signs_of_chips,
)

_MOST_CHIPS = 64
_MOST_REASONS = 10
_REGULATOR_KEYS = ("power_fault",)
_FAULT_KEYS = (*_REGULATOR_KEYS, "hardware_fault")
_FROZEN = (
    "power",
    "input_voltage",
    "input_current",
    "core_voltage_actual",
    "chip_temperature",
    "chip_temperature_2",
)
"""What AxeOS does not read while it cools down."""


class Lasting(NamedTuple):
    """The parts of a reply that seldom change.

    ``numbers`` are those of a MinerState, with None for all that it can have.
    """

    numbers: Mapping[str, Any]
    faults: tuple[str, ...]
    regulator_faults: tuple[str, ...]
    overheat_flag: bool | None
    paused: bool
    shutdown: bool
    pool_connected: bool | None
    settings: MinerSettings
    pools: tuple[Pool, ...]
    active_pool: Pool | None
    fallback_pool: bool | None
    reject_reasons: tuple[tuple[str, int], ...]
    restart_reason: str | None
    fan_mode: int | None
    fan_is_set_to_full: bool
    expectation: Expectation


LASTING_KEYS = frozenset(
    {
        column.key
        for column in (
            *STOCK_SETTINGS,
            *NERDOS_SETTINGS,
            *STOCK.lasting,
            *NERDOS.lasting,
        )
    }
    | {
        *_FAULT_KEYS,
        "autofanspeed",
        "fallbackStratumPort",
        "fallbackStratumURL",
        "isUsingFallbackStratum",
        "lastResetReason",
        "miningPaused",
        "overheat",
        "overheat_mode",
        "poolConnectionInfo",
        "pools",
        "primaryPoolIndex",
        "resetReason",
        "secondaryPoolIndex",
        "sharesRejectedReasons",
        "shutdown",
        "stratum",
        "stratumPort",
        "stratumURL",
        "useFallbackStratum",
    }
)
"""All that a Lasting is read from, ``fanspeed`` apart."""


def lasting_of(info: Reply, profile: Profile) -> Lasting:
    """Read what seldom changes."""
    pools = pools_of(info, profile)
    used = [place for place, pool in enumerate(pools) if pool.active]
    pool = used[0] if len(used) == 1 else None
    settings = replace(settings_of(info, profile), pool=pool)
    connection = connected(info.get("poolConnectionInfo"))
    return Lasting(
        numbers=read_lasting(info, nerdos=profile.nerdos),
        faults=_faults(info, _FAULT_KEYS),
        regulator_faults=_faults(info, _REGULATOR_KEYS),
        overheat_flag=flag(info.get("overheat_mode", info.get("overheat"))),
        paused=flag(info.get("miningPaused")) is True,
        shutdown=flag(info.get("shutdown")) is True,
        pool_connected=nerdos.pool_connected(info) if profile.nerdos else connection,
        settings=settings,
        pools=pools,
        active_pool=pools[used[0]] if used else None,
        fallback_pool=nerdos.using_fallback(info),
        reject_reasons=_reject_reasons(info),
        restart_reason=sentence(info.get("resetReason") or info.get("lastResetReason")),
        fan_mode=count(info.get("autofanspeed")),
        fan_is_set_to_full=fan_is_set_to_full(info),
        expectation=expectation_of(settings, profile),
    )


def evidence_of(
    info: Reply, profile: Profile, values: Mapping[str, Any], lasting: Lasting
) -> Evidence:
    """Collect the signs of what the miner is doing."""
    rate = values["hash_rate_now"]
    if rate is None:
        rate = values["hash_rate_1m"] or values["hash_rate_10m"]
    signs: dict[str, Any]
    if profile.nerdos:
        off = nerdos.regulator_off(info, rate, profile.board)
        signs = {"regulator_off": off}
    else:
        signs = signs_of_chips(
            info,
            profile,
            values,
            rate,
            paused=lasting.paused,
            fan_is_set=lasting.fan_is_set_to_full,
        )
    return Evidence(
        hash_rate=rate,
        faults=lasting.faults,
        overheat_flag=lasting.overheat_flag,
        paused=lasting.paused,
        shutdown=lasting.shutdown,
        pool_connected=lasting.pool_connected,
        uptime=values["uptime"],
        **signs,
    )


def state_of(
    info: Reply,
    profile: Profile,
    evidence: Evidence,
    values: dict[str, Any],
    *,
    status: MinerStatus,
    faults: tuple[str, ...],
    fans: tuple[Fan, ...],
    lasting: Lasting,
    highest_rate: float | None,
) -> MinerState:
    """Put a state together from the numbers of a reply and all else in it."""
    overheated = status is MinerStatus.OVERHEATED
    if overheated and evidence.powered and is_2_11(info):
        values.update(dict.fromkeys(_FROZEN))
    if status is MinerStatus.HASHING:
        for name in ("power", "input_current", "core_voltage_actual"):
            values[name] = values[name] or None
    if profile.board.input_current is False:
        values["input_current"] = None
    active, now = lasting.active_pool, values["hash_rate_now"]
    if profile.nerdos and active is not None:
        values["pool_latency"] = values["pool_latency"] or active.latency
        values["pool_difficulty"] = values["pool_difficulty"] or active.difficulty
    return MinerState(
        status=status,
        # Firmware freezes its averages while it is paused.
        hash_rate=now if now == 0 else values["hash_rate_1m"] or now,
        fans=fans,
        chips=sane_chips(chips_of(info), highest_rate),
        pools=_unreachable(lasting.pools, status),
        pool=None if active is None else active.address,
        pool_connected=evidence.pool_connected,
        fallback_pool=lasting.fallback_pool,
        reject_reasons=lasting.reject_reasons,
        restart_reason=lasting.restart_reason,
        # AxeOS 2.14 hides its flag until it has cooled down.
        overheating=overheated
        or (evidence.overheat_flag if not profile.nerdos else False),
        faults=faults,
        regulator_faults=lasting.regulator_faults,
        settings=lasting.settings,
        **values,
    )


def fans_of(info: Reply, profile: Profile, seen: int) -> tuple[Fan, ...]:
    """Read the fans, of which ``seen`` were there before.

    AxeOS always reports a second one; it exists once it turned.
    """
    if profile.nerdos:
        return nerdos.fans(info)
    told = read_columns(info, FANS)
    speed, second, duty_cycle = map(told.get, ("speed", "second", "duty_cycle"))
    if speed is None and "fanspeed" not in info:
        return ()
    if (idle := profile.board.idle_fan_speed) and speed and speed <= idle:
        speed = None
    # Before 2.1.9 fanspeed is the set point, which an automatic fan does not follow.
    if "fanrpm" not in info and flag(info.get("autofanspeed")):
        duty_cycle = None
    first = Fan(speed=speed, duty_cycle=duty_cycle)
    if not second and seen < 2:
        return (first,)
    return first, Fan(speed=second, duty_cycle=duty_cycle)


def settings_of(info: Reply, profile: Profile) -> MinerSettings:
    """Read the set points.

    Without a key of its own the fan's set point is ``fanspeed``, where an automatic
    fan has not overwritten it.
    """
    columns = NERDOS_SETTINGS if profile.nerdos else STOCK_SETTINGS
    values = read_columns(info, columns)
    auto_fan = flag(info.get("autofanspeed"))
    still = flag(info.get("miningPaused"))
    if profile.nerdos:
        auto_fan = nerdos.auto_fan(info)
        still = flag(info["shutdown"]) if nerdos.can_shut_down(info) else None
    if "manualFanSpeed" not in info and not (auto_fan and "fanrpm" in info):
        values["fan_duty_cycle"] = percent(info.get("fanspeed"))
    return MinerSettings(
        mining=None if still is None else not still,
        auto_fan=auto_fan,
        forced_fallback_pool=flag(info.get("useFallbackStratum")),
        **values,
    )


def pools_of(info: Reply, profile: Profile) -> tuple[Pool, ...]:
    """Read the pools: numbered slots since 2.15, first choice and fallback before."""
    fallback = nerdos.using_fallback(info)
    if isinstance(info.get("pools"), list):
        return _slots(info, fallback=fallback)
    if "stratumURL" not in info:
        return ()
    pools = [_pool(info["stratumURL"], info.get("stratumPort"), active=not fallback)]
    if "fallbackStratumURL" in info:
        url, port = info["fallbackStratumURL"], info.get("fallbackStratumPort")
        pools.append(_pool(url, port, active=bool(fallback)))
    if profile.nerdos:
        return nerdos.with_live_values(tuple(pools), info)
    return tuple(pools)


def chips_of(info: Reply) -> tuple[Chip, ...]:
    """Read the chips, from the monitor of AxeOS 2.11 or the sensors of NerdOS."""
    monitor = info.get("hashrateMonitor")
    if isinstance(monitor, dict):
        return tuple(map(_chip, members(monitor.get("asics"), _MOST_CHIPS)))
    sensors = info.get("asicTemps")
    if not isinstance(sensors, list) or not any(sensors):
        return ()
    return tuple(Chip(temperature=temperature(told)) for told in sensors[:_MOST_CHIPS])


def _faults(info: Reply, keys: Iterable[str]) -> tuple[str, ...]:
    """Read faults, whose keys exist only while they last."""
    return tuple(sentence(info[key]) or key for key in keys if info.get(key))


def _unreachable(pools: tuple[Pool, ...], status: MinerStatus) -> tuple[Pool, ...]:
    """Show the pool in use as dead while no pool answers."""
    if status is not MinerStatus.POOL_LOST:
        return pools
    return tuple(
        replace(pool, status=PoolStatus.DEAD)
        if pool.status is PoolStatus.ACTIVE
        else pool
        for pool in pools
    )


def _chip(told: Reply) -> Chip:
    return Chip(
        domains=tuple([x / 1e3 for x in numbers(told.get("domains"), _MOST_CHIPS)]),
        **read_columns(told, CHIP),
    )


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


def _slots(info: Reply, *, fallback: bool | None) -> tuple[Pool, ...]:
    slots = members(info.get("pools"), nerdos.MOST_POOLS)
    used = count(info.get("secondaryPoolIndex" if fallback else "primaryPoolIndex"))
    pools = (
        _pool(
            slot.get("stratumURL"),
            slot.get("stratumPort"),
            active=used is not None and count(slot.get("id", place)) == used,
        )
        for place, slot in enumerate(slots)
    )
    return tuple(
        replace(pool, status=PoolStatus.ACTIVE if pool.active else PoolStatus.STANDBY)
        for pool in pools
    )


def _pool(url: object, port: object, *, active: bool) -> Pool:
    """Keep the host of a pool's address, which may carry scheme, user and port."""
    host = (text(url, 255) or "").rpartition("://")[2].partition("/")[0]
    host = host.rpartition("@")[2]
    name, colon, appended = host.partition(":")
    return Pool(
        host=(name if colon and appended.isdigit() else host) or None,
        port=int(between(port, 1, 65535) or 0) or None,
        active=active,
    )
