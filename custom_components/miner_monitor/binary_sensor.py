"""Binary sensors of a miner."""

from math import isinf
from typing import Any

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
)
from homeassistant.const import EntityCategory, Platform

from .entity import (
    OnOffEntity,
    of_state,
    setup_of,
)
from .fleet.entities import FLEET_BINARY_SENSORS, MINERS, PLAN
from .miners.model import (
    Alarm,
    Capability,
    MinerIdentity,
    MinerState,
    MinerStatus,
)
from .model import MinerData
from .sensors.description import MinerBinarySensorEntityDescription, iso_text
from .sensors.worth import WORTH_RUNNING

PARALLEL_UPDATES = 0


def _has_fault(state: MinerState) -> bool:
    return bool(state.faults) or state.status is MinerStatus.FAULT


def _faults(data: MinerData) -> list[str]:
    return list(data.state.faults) if data.state else []


def _findings(data: MinerData) -> dict[str, Any]:
    """List what is wrong, with the value behind it, the device's faults, and limits."""
    health = data.insight.health
    return {
        "reasons": [finding.kind.value for finding in health.findings],
        "findings": [
            {
                "kind": finding.kind.value,
                "severity": finding.severity.value,
                "quantity": finding.quantity and finding.quantity.value,
                "value": finding.value,
                "threshold": finding.threshold,
                "since": iso_text(finding.since),
            }
            for finding in health.findings
        ],
        "faults": _faults(data),
        "limits": {
            quantity.value: _limit(alarm) for quantity, alarm in health.limits.items()
        },
    }


def _limit(alarm: Alarm) -> dict[str, float]:
    """Write a warning and a limit; one that can be no worse is the limit."""
    if isinf(alarm.critical):
        return {"limit": alarm.warn}
    return {"warning": alarm.warn, "limit": alarm.critical}


def _problem(data: MinerData) -> tuple[object, ...] | None:
    """Return what is wrong and how bad it is: any change of that is written at once."""
    if data.state is None:
        return None
    findings = data.insight.health.findings
    return (*((it.kind, it.severity) for it in findings), *data.state.faults)


def _names_quantity(data: MinerData) -> bool:
    return any(finding.quantity for finding in data.insight.health.findings)


def _last_seen(data: MinerData) -> dict[str, Any]:
    """Tell since when it is away."""
    return {"last_seen": None if data.online else iso_text(data.insight.last_seen)}


def _reports_heat(identity: MinerIdentity) -> bool:
    """Whether it says that it is too hot, or it is known when it is."""
    limits, can = identity.limits, identity.capabilities
    return (
        Capability.OVERHEAT_FLAG in can
        or (Capability.CHIP_TEMPERATURE in can and limits.chip_temperature is not None)
        or (Capability.VR_TEMPERATURE in can and limits.vr_temperature is not None)
    )


BINARY_SENSORS: tuple[MinerBinarySensorEntityDescription, ...] = (
    MinerBinarySensorEntityDescription(
        key="fallback_pool",
        translation_key="fallback_pool",
        capability=Capability.FALLBACK_POOL,
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=of_state(lambda state: state.fallback_pool),
    ),
    MinerBinarySensorEntityDescription(
        key="fault",
        translation_key="fault",
        attributes_fn=lambda data: {"faults": _faults(data)},
        attributes_at_once=True,
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=of_state(_has_fault),
    ),
    MinerBinarySensorEntityDescription(
        key="fan_fault",
        translation_key="fan_fault",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists_fn=lambda identity: identity.fan_count > 0,
        value_fn=lambda data: data.insight.health.fan_fault,
    ),
    MinerBinarySensorEntityDescription(
        key="hashing",
        translation_key="hashing",
        device_class=BinarySensorDeviceClass.RUNNING,
        entity_registry_enabled_default=False,
        value_fn=of_state(lambda state: state.hashing),
    ),
    MinerBinarySensorEntityDescription(
        key="online",
        translation_key="online",
        attributes_fn=_last_seen,
        attributes_at_once=True,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        available_offline=True,
        value_fn=lambda data: data.online,
    ),
    MinerBinarySensorEntityDescription(
        key="overheating",
        translation_key="overheating",
        device_class=BinarySensorDeviceClass.HEAT,
        entity_registry_enabled_default=False,
        exists_fn=_reports_heat,
        value_fn=lambda data: data.insight.health.overheating,
    ),
    MinerBinarySensorEntityDescription(
        key="pool_connected",
        translation_key="pool_connected",
        capability=Capability.POOL_CONNECTED,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=of_state(lambda state: state.pool_connected),
    ),
    MinerBinarySensorEntityDescription(
        key="problem",
        translation_key="problem",
        attributes_fn=_findings,
        tied_fn=_names_quantity,
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=_problem,
    ),
    MinerBinarySensorEntityDescription(
        key="stalled",
        translation_key="stalled",
        capability=Capability.SHARES,
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda data: data.insight.shares.stalled,
    ),
    MinerBinarySensorEntityDescription(
        key="throttled",
        translation_key="throttled",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists_fn=lambda identity: identity.limits.derating is not None,
        value_fn=lambda data: data.control.derated,
    ),
    WORTH_RUNNING,
)


class MinerBinarySensor(
    OnOffEntity[Any, MinerBinarySensorEntityDescription[Any]], BinarySensorEntity
):
    """A binary sensor of a miner, or of all miners together."""

    entity_description: MinerBinarySensorEntityDescription[Any]
    # As long as there are miners, or other with each value that moves.
    _unrecorded_attributes = frozenset({MINERS, PLAN, "findings", "limits"})


async_setup_entry = setup_of(
    Platform.BINARY_SENSOR,
    (BINARY_SENSORS, MinerBinarySensor),
    fleet=[(FLEET_BINARY_SENSORS, MinerBinarySensor)],
)
