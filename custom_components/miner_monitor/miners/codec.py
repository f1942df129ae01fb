"""A MinerIdentity as JSON and back.

What another version of this package wrote may name capabilities, settings or
fields that this one does not know: they are left out, never an error.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from .model import (
    Alarm,
    Capability,
    Family,
    HashRateUnit,
    Limits,
    MinerIdentity,
    Setting,
    SettingRange,
)

_ALARMS = tuple(field.name for field in fields(Limits) if field.name != "settings")


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
            setting.value: {
                "minimum": allowed.minimum,
                "maximum": allowed.maximum,
                "step": allowed.step,
                "options": list(allowed.options),
                "default": allowed.default,
            }
            for setting, allowed in limits.settings.items()
        },
        **{
            name: [alarm.warn, alarm.critical]
            for name, alarm in alarms.items()
            if alarm is not None
        },
    }


def _load_limits(data: Mapping[str, Any]) -> Limits:
    settings = {
        Setting(name): SettingRange(**{**allowed, "options": tuple(allowed["options"])})
        for name, allowed in data["settings"].items()
        if name in set(Setting)
    }
    alarms = {
        name: Alarm(warn=data[name][0], critical=data[name][1])
        for name in _ALARMS
        if name in data
    }
    return Limits(settings=settings, **alarms)
