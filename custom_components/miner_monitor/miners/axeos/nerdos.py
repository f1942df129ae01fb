"""Where NerdOS differs from AxeOS: fans, pools, signs of overheating."""

from dataclasses import replace

from ..model import Fan, Pool
from ..values import (
    between,
    count,
    difficulty,
    flag,
    members,
    number,
    percent,
    positive,
)
from .columns import SLOWEST_POOL
from .profile import Reply

MOST_FANS = 8
MOST_POOLS = 8
_OFF_VOLTAGE = 100.0
_OFF_POWER = 5.0


def regulator_off(info: Reply, hash_rate: float | None) -> bool:
    """Tell a miner without core voltage that nobody shut down.

    Its hash rate is an average that decays, so little power has to confirm it.
    """
    voltage = number(info.get("coreVoltageActual"))
    if voltage is None or voltage >= _OFF_VOLTAGE or flag(info.get("shutdown")):
        return False
    power = number(info.get("power"))
    return not hash_rate or (power is not None and power < _OFF_POWER)


def fans(info: Reply) -> tuple[Fan, ...]:
    """Read the fans: a list since 1.0.37, numbered keys before."""
    listed = members(info.get("fans"), MOST_FANS)
    if listed:
        return tuple(
            Fan(speed=count(fan.get("rpm")), duty_cycle=percent(fan.get("speedPerc")))
            for fan in listed
        )
    first = Fan(
        speed=count(info.get("fanrpm")), duty_cycle=percent(info.get("fanspeed"))
    )
    if (number(info.get("fanCount")) or 1) < 2:
        return (first,)
    second = Fan(
        speed=count(info.get("fanrpm2")), duty_cycle=percent(info.get("fanspeed2"))
    )
    return first, second


def using_fallback(info: Reply) -> bool | None:
    """Read which pool is in use: in ``stratum`` since 1.0.35."""
    found = flag(_stratum(info).get("usingFallback"))
    return flag(info.get("isUsingFallbackStratum")) if found is None else found


def pool_connected(info: Reply) -> bool | None:
    """Tell whether any pool is connected, where ``stratum`` says so."""
    pools = members(_stratum(info).get("pools"), MOST_POOLS)
    told = [flag(pool.get("connected")) for pool in pools]
    known = [connected for connected in told if connected is not None]
    return any(known) if known else None


def with_live_values(pools: tuple[Pool, ...], info: Reply) -> tuple[Pool, ...]:
    """Add what ``stratum`` tells of each pool.

    In failover mode it lists the pool in use only; in dual mode both, and both work.
    """
    stratum = _stratum(info)
    live = members(stratum.get("pools"), len(pools))
    if len(live) == 1:
        return tuple(_live(pool, live[0]) if pool.active else pool for pool in pools)
    mode = stratum.get("activePoolMode", stratum.get("poolMode"))
    if flag(mode):
        pools = tuple(replace(pool, active=True) for pool in pools)
    return tuple(map(_live, pools, live, strict=False)) + pools[len(live) :]


def _stratum(info: Reply) -> Reply:
    found = info.get("stratum")
    return found if isinstance(found, dict) else {}


def _live(pool: Pool, told: Reply) -> Pool:
    return replace(
        pool,
        connected=flag(told.get("connected")),
        accepted=count(told.get("accepted")),
        rejected=count(told.get("rejected")),
        difficulty=positive(told.get("poolDifficulty")),
        best_difficulty=difficulty(told.get("bestDiff")),
        latency=between(told.get("pingRtt"), 0, SLOWEST_POOL) or None,
    )
