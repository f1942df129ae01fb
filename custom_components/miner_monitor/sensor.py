"""Sensors of a miner."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    REVOLUTIONS_PER_MINUTE,
    SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
    EntityCategory,
    Platform,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTemperature,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .coordinator import MinerConfigEntry, MinerCoordinator
from .entity import (
    ANY_CHANGE,
    MinerEntityDescription,
    MinerReadingEntity,
    Resolution,
    async_add_miner_entities,
    of_state,
)
from .insight import MinerData
from .miners.model import Capability, MinerState, MinerStatus

PARALLEL_UPDATES = 0

JOULES_PER_TERAHASH = "J/TH"
GIGAHASHES_PER_WATT = "GH/s/W"
MAX_FANS = 4
ONE_PERCENT = Resolution(relative=0.01)

type Value = StateType | datetime


@dataclass(frozen=True, kw_only=True)
class MinerSensorEntityDescription(MinerEntityDescription, SensorEntityDescription):
    """A sensor and where its value comes from; hash rates come in TH/s."""

    value_fn: Callable[[MinerData], Value]
    is_hash_rate: bool = False


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


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


def _hash_rate(
    key: str,
    value_fn: Callable[[MinerState], float | None],
    *,
    capability: Capability | None = None,
    enabled: bool = False,
    resolution: Resolution = ONE_PERCENT,
) -> MinerSensorEntityDescription:
    """Describe a hash rate; the unit is the device's."""
    return MinerSensorEntityDescription(
        key=key,
        translation_key=key,
        capability=capability,
        entity_registry_enabled_default=enabled,
        is_hash_rate=True,
        resolution=resolution,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=of_state(value_fn),
    )


def _temperature(
    key: str,
    value_fn: Callable[[MinerState], float | None],
    capability: Capability,
    *,
    enabled: bool = False,
) -> MinerSensorEntityDescription:
    """Describe a temperature."""
    return MinerSensorEntityDescription(
        key=key,
        translation_key=key,
        capability=capability,
        device_class=SensorDeviceClass.TEMPERATURE,
        entity_registry_enabled_default=enabled,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        resolution=Resolution(absolute=0.5),
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=of_state(value_fn),
    )


def _electrical(
    key: str,
    value_fn: Callable[[MinerState], float | None],
    capability: Capability,
    device_class: SensorDeviceClass,
    unit: str,
    resolution: Resolution,
    *,
    precision: int,
    enabled: bool = False,
) -> MinerSensorEntityDescription:
    """Describe a voltage, current, power or frequency."""
    return MinerSensorEntityDescription(
        key=key,
        translation_key=key,
        capability=capability,
        device_class=device_class,
        entity_registry_enabled_default=enabled,
        native_unit_of_measurement=unit,
        resolution=resolution,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=precision,
        value_fn=of_state(value_fn),
    )


def _number(
    key: str,
    value_fn: Callable[[MinerState], float | None],
    capability: Capability,
    *,
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT,
    unit: str | None = None,
    resolution: Resolution = ANY_CHANGE,
    precision: int = 0,
    enabled: bool = False,
    diagnostic: bool = False,
) -> MinerSensorEntityDescription:
    """Describe a number without a device class."""
    return MinerSensorEntityDescription(
        key=key,
        translation_key=key,
        capability=capability,
        entity_category=EntityCategory.DIAGNOSTIC if diagnostic else None,
        entity_registry_enabled_default=enabled,
        native_unit_of_measurement=unit,
        resolution=resolution,
        state_class=state_class,
        suggested_display_precision=precision,
        value_fn=of_state(value_fn),
    )


def _fan_speed(index: int) -> MinerSensorEntityDescription:
    """Describe the speed of one fan; the first has no number in its key."""
    return MinerSensorEntityDescription(
        key="fan_speed" if index == 0 else f"fan_speed_{index + 1}",
        translation_key="fan_speed",
        placeholders={"index": str(index + 1)},
        exists_fn=lambda identity: identity.fan_count > index,
        entity_registry_enabled_default=index == 0,
        native_unit_of_measurement=REVOLUTIONS_PER_MINUTE,
        resolution=Resolution(relative=0.02),
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=of_state(
            lambda state: state.fans[index].speed if index < len(state.fans) else None
        ),
    )


SENSORS: tuple[MinerSensorEntityDescription, ...] = (
    MinerSensorEntityDescription(
        key="status",
        translation_key="status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in MinerStatus],
        value_fn=of_state(lambda state: state.status.value),
    ),
    _hash_rate("hash_rate", lambda state: state.hash_rate, enabled=True),
    _hash_rate(
        "hash_rate_10m",
        lambda state: state.hash_rate_10m,
        capability=Capability.HASH_RATE_10M,
    ),
    _hash_rate(
        "hash_rate_1h",
        lambda state: state.hash_rate_1h,
        capability=Capability.HASH_RATE_1H,
    ),
    _hash_rate(
        "expected_hash_rate",
        lambda state: state.expected_hash_rate,
        capability=Capability.EXPECTED_HASH_RATE,
        resolution=ANY_CHANGE,
    ),
    MinerSensorEntityDescription(
        key="hash_rate_ratio",
        translation_key="hash_rate_ratio",
        capability=Capability.EXPECTED_HASH_RATE,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        resolution=Resolution(absolute=1),
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda data: data.insight.hash_rate_ratio,
    ),
    _number(
        "efficiency",
        lambda state: state.efficiency,
        Capability.POWER,
        unit=JOULES_PER_TERAHASH,
        # The noise of a healthy miner's ratio is over one per cent.
        resolution=Resolution(absolute=0.1, relative=0.02),
        precision=1,
        enabled=True,
    ),
    _number(
        "hash_per_watt",
        lambda state: state.hash_per_watt,
        Capability.POWER,
        unit=GIGAHASHES_PER_WATT,
        resolution=ONE_PERCENT,
        precision=1,
    ),
    _electrical(
        "power",
        lambda state: state.power,
        Capability.POWER,
        SensorDeviceClass.POWER,
        UnitOfPower.WATT,
        Resolution(absolute=0.2, relative=0.01),
        precision=1,
        enabled=True,
    ),
    _temperature(
        "chip_temperature",
        lambda state: state.hottest_chip,
        Capability.CHIP_TEMPERATURE,
        enabled=True,
    ),
    _temperature(
        "chip_temperature_2",
        lambda state: state.chip_temperature_2,
        Capability.CHIP_TEMPERATURE_2,
    ),
    _temperature(
        "vr_temperature",
        lambda state: state.vr_temperature,
        Capability.VR_TEMPERATURE,
        enabled=True,
    ),
    _electrical(
        "frequency_actual",
        lambda state: state.frequency_actual,
        Capability.FREQUENCY_ACTUAL,
        SensorDeviceClass.FREQUENCY,
        UnitOfFrequency.MEGAHERTZ,
        Resolution(absolute=1),
        precision=0,
    ),
    _electrical(
        "core_voltage_actual",
        lambda state: state.core_voltage_actual,
        Capability.CORE_VOLTAGE_ACTUAL,
        SensorDeviceClass.VOLTAGE,
        UnitOfElectricPotential.VOLT,
        Resolution(absolute=0.002),
        precision=3,
    ),
    _electrical(
        "input_voltage",
        lambda state: state.input_voltage,
        Capability.INPUT_VOLTAGE,
        SensorDeviceClass.VOLTAGE,
        UnitOfElectricPotential.VOLT,
        Resolution(absolute=0.02),
        precision=2,
    ),
    _electrical(
        "input_current",
        lambda state: state.input_current,
        Capability.INPUT_CURRENT,
        SensorDeviceClass.CURRENT,
        UnitOfElectricCurrent.AMPERE,
        ONE_PERCENT,
        precision=2,
    ),
    *(_fan_speed(index) for index in range(MAX_FANS)),
    _number(
        "fan_duty_cycle",
        lambda state: state.fan_duty_cycle,
        Capability.FAN_DUTY_CYCLE,
        unit=UnitOfRatio.PERCENTAGE,
        resolution=Resolution(absolute=1),
    ),
    _number(
        "shares_accepted",
        lambda state: state.shares_accepted,
        Capability.SHARES,
        state_class=SensorStateClass.TOTAL_INCREASING,
        resolution=Resolution(seconds=60),
        enabled=True,
    ),
    _number(
        "shares_rejected",
        lambda state: state.shares_rejected,
        Capability.SHARES,
        state_class=SensorStateClass.TOTAL_INCREASING,
        resolution=Resolution(seconds=60),
    ),
    _number(
        "best_difficulty",
        lambda state: state.best_difficulty,
        Capability.BEST_DIFFICULTY,
        enabled=True,
    ),
    _number(
        "best_session_difficulty",
        lambda state: state.best_session_difficulty,
        Capability.BEST_SESSION_DIFFICULTY,
    ),
    _number(
        "network_difficulty",
        lambda state: state.network_difficulty,
        Capability.NETWORK_DIFFICULTY,
    ),
    _number(
        "pool_difficulty",
        lambda state: state.pool_difficulty,
        Capability.POOL_DIFFICULTY,
    ),
    _number("block_height", lambda state: state.block_height, Capability.BLOCK_HEIGHT),
    MinerSensorEntityDescription(
        key="blocks_found",
        translation_key="blocks_found",
        capability=Capability.BLOCKS_FOUND,
        off_ok=True,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=0,
        value_fn=lambda data: data.insight.blocks_found,
    ),
    MinerSensorEntityDescription(
        key="pool",
        translation_key="pool",
        capability=Capability.POOL,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=of_state(lambda state: state.pool),
    ),
    MinerSensorEntityDescription(
        key="pool_latency",
        translation_key="pool_latency",
        capability=Capability.POOL_LATENCY,
        device_class=SensorDeviceClass.DURATION,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=UnitOfTime.MILLISECONDS,
        resolution=Resolution(relative=0.1),
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=of_state(lambda state: state.pool_latency),
    ),
    MinerSensorEntityDescription(
        key="uptime",
        translation_key="uptime",
        capability=Capability.UPTIME,
        device_class=SensorDeviceClass.UPTIME,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda data: _time(data.insight.started),
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
    _number(
        "hardware_error_rate",
        lambda state: state.hardware_error_rate,
        Capability.HARDWARE_ERROR_RATE,
        unit=UnitOfRatio.PERCENTAGE,
        resolution=Resolution(absolute=0.1),
        precision=2,
        diagnostic=True,
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
        key="last_seen",
        translation_key="last_seen",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        off_ok=True,
        resolution=Resolution(seconds=60),
        value_fn=lambda data: _time(data.insight.last_seen),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors that the miner has."""
    async_add_miner_entities(
        entry, Platform.SENSOR, SENSORS, MinerSensor, async_add_entities
    )


class MinerSensor(MinerReadingEntity[MinerSensorEntityDescription], SensorEntity):
    """A sensor of a miner."""

    entity_description: MinerSensorEntityDescription

    def __init__(
        self, coordinator: MinerCoordinator, description: MinerSensorEntityDescription
    ) -> None:
        """Give hash rates the unit of the device."""
        super().__init__(coordinator, description)
        self._scale: float | None = None
        if description.is_hash_rate:
            unit = coordinator.identity.hash_rate_unit
            self._attr_native_unit_of_measurement = unit
            self._scale = unit.per_terahash

    @override
    def _read(self, data: MinerData) -> Value:
        value = self.entity_description.value_fn(data)
        if self._scale is not None and isinstance(value, float):
            return value * self._scale
        return value

    @override
    def _show(self, value: Value) -> None:
        self._attr_native_value = value
