"""The signs of AxeOS by which alike looking states differ."""

from collections.abc import Mapping
from functools import lru_cache
import re
from typing import Any

from ..values import flag, number, text
from .profile import Profile, Reply, is_2_11
from .status import Evidence

_CONNECTED = re.compile(r"IPv[46]\b.*")
_NOT_CONNECTED = re.compile(
    r"not connected"
    r"|sv2: (pool (unreachable|not responding|rejected (config|miner))"
    r"|connection lost|auth (failed|required)\b.*|internal error)",
    re.IGNORECASE,
)
_NO_VOLTAGE = 100.0
"""mV below which a core voltage is none."""

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


def with_signs_of_chips(
    evidence: Evidence, info: Reply, profile: Profile, values: Mapping[str, Any]
) -> Evidence:
    """Add what tells whether the chips of AxeOS run, and why not."""
    voltage = number(info.get("coreVoltageActual"))
    powered = None if voltage is None else voltage >= _NO_VOLTAGE
    rate, expected = evidence.hash_rate, number(info.get("expectedHashrate"))
    can_stop = "miningPaused" in info
    chips = (values["chip_temperature"], values["chip_temperature_2"])
    chip = max((told for told in chips if told is not None), default=None)
    off = can_stop and not rate and expected == 0 and not evidence.paused
    return evidence._replace(
        switched_off=off,
        full_fan=_full_fan(info),
        chip=chip,
        vr=values["vr_temperature"],
        powered=powered,
        keeps_readings=profile.board.keeps_readings,
        without_work=values["hash_rate_now"] == 0
        and not can_stop
        and bool(is_2_11(info) and expected and powered and chip),
        unpowered=powered is False
        and not (off or evidence.paused)
        and _draws_nothing(info, profile),
    )


def _full_fan(info: Reply) -> bool:
    """Tell a fan that is set to full speed by hand, and runs so."""
    running = number(info.get("fanspeed", _FULL_SPEED))
    return (
        flag(info.get("autofanspeed")) is False
        and number(info.get("manualFanSpeed")) == _FULL_SPEED
        and (running is None or running >= _FULL_SPEED - 1)
    )


def _draws_nothing(info: Reply, profile: Profile) -> bool:
    """Tell whether no current flows to the chips of a board whose sensors work."""
    measured = profile.board.sensors and number(info.get("voltage"))
    return bool(measured) and is_2_11(info) and number(info.get("current")) == 0
