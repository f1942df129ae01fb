"""How a miner is reached, and how it has been."""

from collections.abc import Mapping
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
    EntityCategory,
    UnitOfTime,
)

from ..entity import (
    Resolution,
    of_state,
)
from ..miners.model import (
    Capability,
    ErrorKind,
)
from ..model import MinerData
from .description import (
    MinerSensorEntityDescription,
    timestamp,
)


def _last_response_time(data: MinerData) -> float | None:
    times = data.insight.response_times
    return None if times is None else times.last


def _response_times(data: MinerData) -> Mapping[str, Any] | None:
    if (times := data.insight.response_times) is None:
        return None
    return {
        "mean": round(times.mean),
        "median": round(times.median),
        "minimum": round(times.minimum),
        "maximum": round(times.maximum),
    }


def _failures(data: MinerData) -> Mapping[str, int]:
    """Count the failed polls by the kind of error."""
    return {kind.value: data.insight.failed_polls.get(kind, 0) for kind in ErrorKind}


def _figures(data: MinerData) -> Mapping[str, Any] | None:
    return None if data.state is None else data.state.figures


SERVICE: tuple[MinerSensorEntityDescription, ...] = (
    MinerSensorEntityDescription(
        key="uptime",
        translation_key="uptime",
        capability=Capability.UPTIME,
        device_class=SensorDeviceClass.UPTIME,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda data: timestamp(data.insight.uptime.started),
    ),
    MinerSensorEntityDescription(
        key="wifi_signal",
        translation_key="wifi_signal",
        capability=Capability.WIFI_SIGNAL,
        device_class=SensorDeviceClass.SIGNAL_STRENGTH,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
        resolution=Resolution(absolute=3),
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=of_state(lambda state: state.wifi_signal),
    ),
    MinerSensorEntityDescription(
        key="response_time",
        translation_key="response_time",
        attributes_fn=_response_times,
        device_class=SensorDeviceClass.DURATION,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=UnitOfTime.MILLISECONDS,
        resolution=Resolution(relative=0.1),
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=_last_response_time,
    ),
    MinerSensorEntityDescription(
        key="failed_polls",
        translation_key="failed_polls",
        attributes_fn=_failures,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        available_offline=True,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=0,
        value_fn=lambda data: sum(data.insight.failed_polls.values()),
    ),
    MinerSensorEntityDescription(
        key="setting_writes",
        translation_key="setting_writes",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists_fn=lambda identity: bool(identity.limits.settings),
        available_offline=True,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=0,
        value_fn=lambda data: data.control.setting_writes,
    ),
    MinerSensorEntityDescription(
        key="controller_state",
        translation_key="controller_state",
        capability=Capability.CONTROLLER_STATE,
        attributes_fn=_figures,
        attributes_recorded=False,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=of_state(lambda state: state.controller_state),
    ),
    MinerSensorEntityDescription(
        key="last_seen",
        translation_key="last_seen",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        available_offline=True,
        resolution=Resolution(seconds=60),
        value_fn=lambda data: timestamp(data.insight.last_seen),
    ),
)
