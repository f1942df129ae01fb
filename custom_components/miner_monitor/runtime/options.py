"""What the options of a miner's entry say, as the rest reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..const import (
    CONF_EXPECTED_HASH_RATE,
    CONF_HALF_LIFE,
    CONF_MINIMUM_HASH_RATE,
    CONF_PLUG_POWER,
    CONF_PLUG_SWITCH,
    CONF_PSU_CAPACITY,
    CONF_PSU_CONSTANT,
    CONF_PSU_EFFICIENCY,
    CONF_RATIO_GOOD,
    CONF_RATIO_POOR,
    CONF_ROOM_TEMPERATURE,
)
from ..insight.model import REJECT_ALARM, InsightOptions
from ..miners.model import Alarm, HashRateUnit

WATCHED: tuple[str, ...] = ("chip_temperature", "vr_temperature")
"""Alarms of the device's limits that a user may set otherwise."""

REJECTS = "rejects"


def warn_key(name: str) -> str:
    """Return the option that holds the warning threshold of an alarm."""
    return f"{name}_warn"


def critical_key(name: str) -> str:
    """Return the option that holds the critical threshold of an alarm."""
    return f"{name}_critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerOptions:
    """The entities around a miner, and the options of insight."""

    insight: InsightOptions
    plug_power: str | None = None
    plug_switch: str | None = None
    room_temperature: str | None = None


def options_of(stored: Mapping[str, Any], unit: HashRateUnit) -> MinerOptions:
    """Read an entry's options; hash rates are stored in the unit of the device."""
    defaults = InsightOptions()
    plug_power = stored.get(CONF_PLUG_POWER)
    alarms = {
        name: alarm for name in WATCHED if (alarm := _alarm(stored, name)) is not None
    }
    expected, minimum, efficiency, capacity = (
        stored.get(key) or None
        for key in (
            CONF_EXPECTED_HASH_RATE,
            CONF_MINIMUM_HASH_RATE,
            CONF_PSU_EFFICIENCY,
            CONF_PSU_CAPACITY,
        )
    )
    return MinerOptions(
        insight=InsightOptions(
            expected_hash_rate=_in_terahashes(expected, unit),
            minimum_hash_rate=_in_terahashes(minimum, unit),
            ratio_good=stored.get(CONF_RATIO_GOOD, defaults.ratio_good),
            ratio_poor=stored.get(CONF_RATIO_POOR, defaults.ratio_poor),
            plug=bool(plug_power),
            psu_efficiency=efficiency,
            psu_constant=stored.get(CONF_PSU_CONSTANT, 0.0),
            psu_capacity=capacity,
            half_life=stored.get(CONF_HALF_LIFE, defaults.half_life),
            alarms=alarms,
            rejects=_alarm(stored, REJECTS) or REJECT_ALARM,
            room_sensor=stored.get(CONF_ROOM_TEMPERATURE),
        ),
        plug_power=plug_power,
        plug_switch=stored.get(CONF_PLUG_SWITCH),
        room_temperature=stored.get(CONF_ROOM_TEMPERATURE),
    )


def _alarm(stored: Mapping[str, Any], name: str) -> Alarm | None:
    warn, critical = stored.get(warn_key(name)), stored.get(critical_key(name))
    if warn is None or critical is None:
        return None
    return Alarm(warn=warn, critical=critical)


def _in_terahashes(value: float | None, unit: HashRateUnit) -> float | None:
    return None if value is None else value / unit.per_terahash
