"""The figures of NerdOS that mean something else than they say."""

from typing import Any

from ..values import (
    flag,
    positive,
)
from .boards import Board
from .columns import (
    Column,
    read_columns,
)
from .profile import Reply

WINDOWS = (
    ("hash_rate_1m", 60),
    ("hash_rate_10m", 600),
    ("hash_rate_1h", 3600),
    ("hash_rate_1d", 86_400),
)
"""The averages and the seconds that they cover."""

_LEAST_RATE = 1e-6
"""In TH/s; no miner of the line does less."""

_TINY_PART = 1e-3
"""Part of the expected rate below which a rate is what a halving average left."""

_CURRENT_LEEWAY = 0.25
"""Part of the power by which voltage times current may differ from it."""

_SIGNAL = Column(
    "wifi_signal", "wifiRSSI", low=-127, high=-1, absent=(-90,), whole=True
)
"""Here -90 is what a miner says on a cable, or before it knows."""


def settle_rates(values: dict[str, Any], expected: float | None) -> None:
    """Take for none what a rate decays to while chips answer that they did nothing."""
    least = max(_LEAST_RATE, _TINY_PART * (expected or 0.0))
    for name in ("hash_rate_now", *(window[0] for window in WINDOWS)):
        if values[name] is not None and values[name] < least:
            values[name] = 0.0


def correct(values: dict[str, Any], info: Reply, board: Board) -> None:
    """Leave out what is not known yet, and what is told of something else."""
    values |= read_columns(info, (_SIGNAL,))
    _hide_unfilled(values)
    if "hashRate" not in info:
        values["hash_rate_now"] = values["hash_rate_10m"]
    # At boot, and without supply, nothing is measured.
    if not values["power"] and not values["input_voltage"]:
        values["power"] = None
    if board.input_current is None and not _is_input(values):
        values["input_current"] = None
    if leads_fleet(info):
        _tell_one_fleet(values, fleet_power(info))


def leads_fleet(info: Reply) -> bool:
    """Tell a miner whose rate has those of others on its CAN bus in it."""
    can = info.get("can")
    return isinstance(can, dict) and flag(can.get("enabled")) is True


def fleet_power(info: Reply) -> float | None:
    """Read the power of all miners on its CAN bus together, in W."""
    return positive(info["can"].get("fleetPower")) if leads_fleet(info) else None


def _hide_unfilled(values: dict[str, Any]) -> None:
    """Hide averages that are scaled by how far their window is filled."""
    uptime = values["uptime"]
    for name, window in WINDOWS:
        if uptime is not None and uptime < window:
            values[name] = None


def _is_input(values: dict[str, Any]) -> bool:
    """Tell whether the current can be that of the input, by voltage and power."""
    current, volts = values["input_current"], values["input_voltage"]
    power = values["power"]
    if not current or not volts or not power:
        return True
    return bool(abs(current * volts - power) <= _CURRENT_LEEWAY * power)


def _tell_one_fleet(values: dict[str, Any], power: float | None) -> None:
    """Let rate and power be of the same miners.

    Only the present rate counts the others in; averages and power are the leader's.
    Without the power of all, its own average is what belongs to its own power.
    """
    if power is None:
        values["hash_rate_now"] = values["hash_rate_1m"]
        return
    values["power"] = power
    values["expected_hash_rate"] = None
    for name, _ in WINDOWS:
        values[name] = None
