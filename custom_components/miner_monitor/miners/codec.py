"""A MinerIdentity as JSON and back.

What another version of this package wrote may name capabilities, settings or
fields that this one does not know: they are left out, never an error.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from .model import (
    Alarm,
    Capability,
    Derating,
    Family,
    HashRateUnit,
    Limits,
    MinerIdentity,
    Setting,
    SettingRange,
    TripPoints,
)

_OTHER = (
    "settings",
    "trip_points",
    "derating",
    "heating_modes",
    "doubtful_standby_power",
)
_ALARMS = tuple(field.name for field in fields(Limits) if field.name not in _OTHER)
_RANGE = {field.name for field in fields(SettingRange)}
_DERATING = {field.name for field in fields(Derating)}
_TRIP_POINTS = {field.name for field in fields(TripPoints)}


def dump_identity(identity: MinerIdentity) -> dict[str, Any]:
    """Return the identity as JSON types."""
    data = {field.name: getattr(identity, field.name) for field in fields(identity)}
    data["family"] = identity.family.value
    data["hash_rate_unit"] = identity.hash_rate_unit.value
    data["capabilities"] = sorted(identity.capabilities)
    data["limits"] = _dump_limits(identity.limits)
    return data


def load_identity(data: Mapping[str, Any]) -> MinerIdentity:
    """Return the identity that ``dump_identity`` wrote."""
    known = {field.name for field in fields(MinerIdentity)}
    values = {key: value for key, value in data.items() if key in known}
    values["family"] = Family(data["family"])
    values["hash_rate_unit"] = HashRateUnit(data["hash_rate_unit"])
    values["capabilities"] = frozenset(
        Capability(name) for name in data["capabilities"] if name in set(Capability)
    )
    values["limits"] = _load_limits(data["limits"])
    return MinerIdentity(**values)


def _dump_limits(limits: Limits) -> dict[str, Any]:
    alarms: dict[str, Alarm | None] = {name: getattr(limits, name) for name in _ALARMS}
    return {
        "settings": {
            setting.value: _as_json(asdict(allowed))
            for setting, allowed in limits.settings.items()
        },
        "trip_points": asdict(limits.trip_points),
        "derating": None if limits.derating is None else asdict(limits.derating),
        "heating_modes": list(limits.heating_modes),
        "doubtful_standby_power": limits.doubtful_standby_power,
        **{
            name: [alarm.warn, alarm.critical]
            for name, alarm in alarms.items()
            if alarm is not None
        },
    }


def _load_limits(data: Mapping[str, Any]) -> Limits:
    settings = {
        Setting(name): SettingRange(**_known(allowed, _RANGE))
        for name, allowed in data["settings"].items()
        if name in set(Setting)
    }
    alarms = {
        name: Alarm(warn=data[name][0], critical=data[name][1])
        for name in _ALARMS
        if name in data
    }
    derating = data.get("derating")
    return Limits(
        settings=settings,
        trip_points=TripPoints(**_known(data.get("trip_points", {}), _TRIP_POINTS)),
        derating=None if derating is None else Derating(**_known(derating, _DERATING)),
        heating_modes=tuple(data.get("heating_modes", ())),
        doubtful_standby_power=data.get("doubtful_standby_power", False),
        **alarms,
    )


def _as_json(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
    }


def _known(values: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
        if name in names
    }
