"""The signs of AxeOS by which alike looking states differ."""

from collections.abc import Mapping
from functools import lru_cache
import re
from typing import Any

from ..values import (
    flag,
    number,
    text,
)
from .profile import (
    Profile,
    Reply,
    is_2_11,
)

_CONNECTED = re.compile(r"IPv[46]\b.*")
_NOT_CONNECTED = re.compile(
    r"not connected"
    r"|sv2: (pool (unreachable|not responding|rejected (config|miner))"
    r"|connection lost|auth (failed|required)\b.*|internal error)",
    re.IGNORECASE,
)
_NO_VOLTAGE = 100.0
"""mV below which a core voltage is none."""

_LEAST_VOLTS = _NO_VOLTAGE / 1e3

_FULL_SPEED = 100.0


def connected(told: object) -> bool | None:
    """Read a text whose words differ by protocol; one that is not known tells nothing.

    AxeOS keeps the words of a connection that is lost, but for those of Stratum V2.
    """
    words = text(told, 128)
    return None if words is None else _meaning(words)


@lru_cache(maxsize=32)
def _meaning(words: str) -> bool | None:
    if _CONNECTED.fullmatch(words):
        return True
    return False if _NOT_CONNECTED.fullmatch(words) else None


def signs_of_chips(
    info: Reply,
    profile: Profile,
    values: Mapping[str, Any],
    rate: float | None,
    *,
    paused: bool,
    fan_is_set: bool,
) -> dict[str, Any]:
    """Return what tells whether the chips of AxeOS run, and why not.

    ``fan_is_set``: to full speed, by hand.
    """
    chip, second = values["chip_temperature"], values["chip_temperature_2"]
    if chip is None or (second is not None and second > chip):
        chip = second
    full_fan = fan_is_set and _runs_full(info)
    if rate and (values["core_voltage_actual"] or 0.0) >= _LEAST_VOLTS:
        return {"full_fan": full_fan, "chip": chip, "powered": True}
    voltage = number(info.get("coreVoltageActual"))
    powered = None if voltage is None else voltage >= _NO_VOLTAGE
    signs: dict[str, Any] = {
        "full_fan": full_fan,
        "chip": chip,
        "vr": values["vr_temperature"],
        "powered": powered,
        "keeps_readings": profile.board.keeps_readings,
    }
    expected, can_stop = number(info.get("expectedHashrate")), "miningPaused" in info
    off = can_stop and not rate and expected == 0 and not paused
    signs["switched_off"] = off
    signs["without_work"] = (
        values["hash_rate_now"] == 0
        and not can_stop
        and bool(is_2_11(info) and expected and powered and chip)
    )
    signs["unpowered"] = (
        powered is False and not (off or paused) and _draws_nothing(info, profile)
    )
    return signs


def fan_is_set_to_full(info: Reply) -> bool:
    """Tell whether the fan is set to full speed by hand, as heat leaves it."""
    by_hand = flag(info.get("autofanspeed")) is False
    return by_hand and number(info.get("manualFanSpeed")) == _FULL_SPEED


def _runs_full(info: Reply) -> bool:
    running = number(info.get("fanspeed", _FULL_SPEED))
    return running is None or running >= _FULL_SPEED - 1


def _draws_nothing(info: Reply, profile: Profile) -> bool:
    """Tell whether no current flows to the chips of a board whose sensors work."""
    measured = profile.board.sensors and number(info.get("voltage"))
    return bool(measured) and is_2_11(info) and number(info.get("current")) == 0
