"""Where NerdOS differs from AxeOS: fans, pools, switches, signs of a regulator off.

And where it switches its chips off, and warns before that.
"""

from dataclasses import replace
from typing import NamedTuple

from ..model import (
    Fan,
    Pool,
    TripPoints,
)
from ..values import (
    SLOWEST_POOL,
    between,
    count,
    difficulty,
    flag,
    members,
    number,
    percent,
    positive,
    version,
)
from .boards import (
    Board,
    Reply,
)
from .numbers import fleet_power

MOST_FANS = 8
MOST_POOLS = 8
_OFF_VOLTAGE = 100.0
_OFF_POWER = 5.0
_CLASSIC_FAN, _PID_FAN = 1, 2
_NO_CLASSIC_FAN = (1, 0, 31)
_SHUTDOWN_ROUTE = (1, 0, 36)
_DASHBOARD_ROUTE = (1, 0, 38)
_TRIP = 70.0
_LINKED_FAN = 3


def has_no_core_voltage(info: Reply) -> bool:
    """Tell a miner whose regulator is off, for whatever reason."""
    voltage = number(info.get("coreVoltageActual"))
    return voltage is not None and voltage < _OFF_VOLTAGE


def lost_core_voltage(info: Reply) -> bool:
    """Tell a miner without core voltage that nobody shut down."""
    return has_no_core_voltage(info) and not flag(info.get("shutdown"))


def regulator_off(info: Reply, hash_rate: float | None, board: Board) -> bool:
    """Tell a miner that lost its core voltage, by more than one sensor.

    Its hash rate freezes or decays, so little power has to confirm it.
    """
    if not lost_core_voltage(info):
        return False
    power = number(info.get("power"))
    most = _OFF_POWER + board.added_power
    return not hash_rate or (power is not None and power <= most)


def tells_cause(info: Reply) -> bool:
    """Tell whether another page says why this regulator is off."""
    if "shutdown" not in info or not lost_core_voltage(info):
        return False
    release = version(info.get("version"))
    return release is not None and release >= _DASHBOARD_ROUTE


def can_shut_down(info: Reply) -> bool:
    """Tell whether there is a command for it: 1.0.35 has the key and no route."""
    if "shutdown" not in info:
        return False
    release = version(info.get("version"))
    return "currentA" in info if release is None else release >= _SHUTDOWN_ROUTE


def has_classic_fan(info: Reply) -> bool:
    """Tell whether fan mode 1 does anything: since 1.0.31 the fan does not follow."""
    release = version(info.get("version"))
    if release is None:
        return positive(info.get("pidTargetTemp")) is None
    return release < _NO_CLASSIC_FAN


def auto_fan(info: Reply) -> bool | None:
    """Read whether the first fan follows the chip; linked fans follow another fan."""
    if (mode := count(info.get("autofanspeed"))) is None:
        return flag(info.get("autofanspeed"))
    return mode == _PID_FAN or (mode == _CLASSIC_FAN and has_classic_fan(info))


def auto_fan_mode(info: Reply, last_mode: int | None) -> int:
    """Return the mode that lets the fan follow the chip, of two the one used last."""
    if not has_classic_fan(info):
        return _PID_FAN
    has_pid = positive(info.get("pidTargetTemp")) is not None
    return _PID_FAN if has_pid and last_mode != _CLASSIC_FAN else _CLASSIC_FAN


def fans(info: Reply) -> tuple[Fan, ...]:
    """Read the fans: a list since 1.0.37, numbered keys before."""
    numbered = [
        {"rpm": info.get(f"fanrpm{place}"), "speedPerc": info.get(f"fanspeed{place}")}
        for place in ("", "2")[: 1 if (number(info.get("fanCount")) or 1) < 2 else 2]
    ]
    return tuple(
        Fan(speed=count(fan.get("rpm")), duty_cycle=percent(fan.get("speedPerc")))
        for fan in members(info.get("fans"), MOST_FANS) or numbered
    )


def using_fallback(info: Reply) -> bool | None:
    """Read whether the second pool is in use: in ``stratum`` since NerdOS 1.0.35."""
    found = flag(_stratum(info).get("usingFallback"))
    return flag(info.get("isUsingFallbackStratum")) if found is None else found


def pool_connected(info: Reply) -> bool | None:
    """Tell whether any pool is connected, where ``stratum`` says so."""
    pools = members(_stratum(info).get("pools"), MOST_POOLS)
    told = {flag(pool.get("connected")) for pool in pools} - {None}
    return True in told if told else None


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


class Heat(NamedTuple):
    """What the limits of a NerdOS miner rest on, beside what identifies it.

    ``regulated`` is the temperature in °C at which its fan holds the regulator.
    """

    trip_points: TripPoints = TripPoints()
    regulated: float | None = None
    leads_fleet: bool = False


def heat_of(info: Reply) -> Heat:
    """Read the limits; the regulator has its own where a second fan cools it."""
    chip = vr = positive(info.get("overheat_temp", _TRIP))
    target = info.get("pidTargetTemp")
    fans = members(info.get("fans"), MOST_FANS)
    if len(fans) > 1 and count(fans[1].get("mode")) != _LINKED_FAN:
        vr = positive(fans[1].get("overheatTemp")) or chip
        pid = fans[1].get("pid")
        target = pid.get("targetTemp") if isinstance(pid, dict) else None
    return Heat(
        trip_points=TripPoints(chip=chip, vr=vr),
        regulated=positive(target),
        leads_fleet=fleet_power(info) is not None,
    )
