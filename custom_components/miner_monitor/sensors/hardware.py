"""Power, temperatures, voltages, fans, boards and chips."""

from collections.abc import Callable, Mapping
from statistics import fmean
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    REVOLUTIONS_PER_MINUTE,
    EntityCategory,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTemperature,
    UnitOfTime,
)

from ..entity import (
    ANY_CHANGE,
    Resolution,
    of_state,
)
from ..miners.model import (
    Capability,
    HashBoard,
    MinerState,
)
from ..model import MinerData
from .description import (
    ONE_PERCENT,
    MinerSensorEntityDescription,
    number,
    of_item,
    temperature,
)

MAX_BOARDS = 4
MAX_FANS = 4


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
        value_fn=of_item(lambda state: state.fans, index, lambda fan: fan.speed),
    )


def _per_chip(
    pick: Callable[[HashBoard], tuple[float, ...]], precision: int
) -> Callable[[MinerData], Mapping[str, Any] | None]:
    """List one value per chip, a list per hash board, and sum them up."""

    def attributes(data: MinerData) -> Mapping[str, Any] | None:
        boards = [] if data.state is None else list(map(pick, data.state.boards))
        if not any(boards):
            return None
        values = [value for board in boards for value in board]
        return {
            "chips": boards,
            "mean": round(fmean(values), precision),
            "minimum": min(values),
            "maximum": max(values),
        }

    return attributes


def _chips(
    key: str,
    value_fn: Callable[[MinerState], float | None],
    capability: Capability,
    pick: Callable[[HashBoard], tuple[float, ...]],
    resolution: Resolution,
    *,
    precision: int,
    device_class: SensorDeviceClass | None = None,
    unit: str | None = None,
) -> MinerSensorEntityDescription:
    """Describe a figure over all chips, with the chips' own as attributes."""
    return MinerSensorEntityDescription(
        key=key,
        translation_key=key,
        capability=capability,
        attributes_fn=_per_chip(pick, precision + 1),
        attributes_at_once=True,
        attributes_recorded=False,
        device_class=device_class,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=unit,
        resolution=resolution,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=precision,
        value_fn=of_state(value_fn),
    )


def _board(
    index: int,
    key: str,
    value_fn: Callable[[HashBoard], float | None],
    resolution: Resolution,
    **traits: Any,
) -> MinerSensorEntityDescription:
    """Describe a reading of one hash board of several."""
    return MinerSensorEntityDescription(
        key=f"board_{index + 1}_{key}",
        translation_key=f"board_{key}",
        capability=Capability.BOARDS,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists_fn=lambda identity: identity.board_count > index,
        placeholders={"index": str(index + 1)},
        resolution=resolution,
        value_fn=of_item(lambda state: state.boards, index, value_fn),
        **traits,
    )


def _boards(index: int) -> tuple[MinerSensorEntityDescription, ...]:
    """Describe the readings of one hash board of several."""
    return (
        _board(
            index,
            "hash_rate",
            lambda board: board.hash_rate,
            ONE_PERCENT,
            is_hash_rate=True,
            state_class=SensorStateClass.MEASUREMENT,
            suggested_display_precision=2,
        ),
        _board(
            index,
            "chip_temperature",
            lambda board: board.chip_temperature,
            Resolution(absolute=0.5),
            device_class=SensorDeviceClass.TEMPERATURE,
            native_unit_of_measurement=UnitOfTemperature.CELSIUS,
            state_class=SensorStateClass.MEASUREMENT,
            suggested_display_precision=1,
        ),
        _board(
            index,
            "hardware_errors",
            lambda board: board.hardware_errors,
            Resolution(relative=0.01),
            state_class=SensorStateClass.TOTAL_INCREASING,
            suggested_display_precision=0,
        ),
    )


def _errors(data: MinerData) -> Mapping[str, Any] | None:
    if data.state is None or data.state.hardware_errors is None:
        return None
    return {"errors": data.state.hardware_errors}


HARDWARE: tuple[MinerSensorEntityDescription, ...] = (
    number(
        "power",
        lambda state: state.power,
        Capability.POWER,
        SensorDeviceClass.POWER,
        UnitOfPower.WATT,
        Resolution(absolute=0.2, relative=0.01),
        precision=1,
        enabled=True,
    ),
    number(
        "power_limit",
        lambda state: state.power_limit,
        Capability.POWER_LIMIT,
        SensorDeviceClass.POWER,
        UnitOfPower.WATT,
        ANY_CHANGE,
        precision=0,
        state_class=None,
    ),
    temperature(
        "chip_temperature",
        lambda state: state.hottest_chip,
        Capability.CHIP_TEMPERATURE,
        enabled=True,
    ),
    temperature(
        "chip_temperature_2",
        lambda state: state.chip_temperature_2,
        Capability.CHIP_TEMPERATURE_2,
    ),
    _chips(
        "chip_temperature_min",
        lambda state: state.chip_temperature_min,
        Capability.CHIP_TEMPERATURE_MIN,
        lambda board: board.chip_temperatures,
        Resolution(absolute=0.5),
        precision=1,
        device_class=SensorDeviceClass.TEMPERATURE,
        unit=UnitOfTemperature.CELSIUS,
    ),
    temperature(
        "chip_temperature_average",
        lambda state: state.chip_temperature_average,
        Capability.CHIP_TEMPERATURE_AVERAGE,
        diagnostic=True,
    ),
    temperature(
        "vr_temperature",
        lambda state: state.vr_temperature,
        Capability.VR_TEMPERATURE,
        enabled=True,
    ),
    temperature(
        "board_temperature",
        lambda state: state.board_temperature,
        Capability.BOARD_TEMPERATURE,
    ),
    temperature(
        "inlet_temperature",
        lambda state: state.inlet_temperature,
        Capability.INLET_TEMPERATURE,
    ),
    temperature(
        "outlet_temperature",
        lambda state: state.outlet_temperature,
        Capability.OUTLET_TEMPERATURE,
    ),
    temperature(
        "ambient_temperature",
        lambda state: state.ambient_temperature,
        Capability.AMBIENT_TEMPERATURE,
    ),
    temperature(
        "target_chip_temperature",
        lambda state: state.target_chip_temperature,
        Capability.TARGET_CHIP_TEMPERATURE,
        state_class=None,
    ),
    number(
        "frequency_actual",
        lambda state: state.frequency_actual,
        Capability.FREQUENCY_ACTUAL,
        SensorDeviceClass.FREQUENCY,
        UnitOfFrequency.MEGAHERTZ,
        Resolution(absolute=1),
        precision=0,
    ),
    number(
        "core_voltage_actual",
        lambda state: state.core_voltage_actual,
        Capability.CORE_VOLTAGE_ACTUAL,
        SensorDeviceClass.VOLTAGE,
        UnitOfElectricPotential.VOLT,
        Resolution(absolute=0.002),
        precision=3,
    ),
    number(
        "input_voltage",
        lambda state: state.input_voltage,
        Capability.INPUT_VOLTAGE,
        SensorDeviceClass.VOLTAGE,
        UnitOfElectricPotential.VOLT,
        Resolution(absolute=0.02),
        precision=2,
    ),
    number(
        "input_current",
        lambda state: state.input_current,
        Capability.INPUT_CURRENT,
        SensorDeviceClass.CURRENT,
        UnitOfElectricCurrent.AMPERE,
        ONE_PERCENT,
        precision=2,
    ),
    number(
        "psu_output_voltage",
        lambda state: state.psu_output_voltage,
        Capability.PSU_OUTPUT_VOLTAGE,
        SensorDeviceClass.VOLTAGE,
        UnitOfElectricPotential.VOLT,
        ONE_PERCENT,
        precision=2,
    ),
    number(
        "psu_output_current",
        lambda state: state.psu_output_current,
        Capability.PSU_OUTPUT_CURRENT,
        SensorDeviceClass.CURRENT,
        UnitOfElectricCurrent.AMPERE,
        ONE_PERCENT,
        precision=0,
    ),
    *(_fan_speed(index) for index in range(MAX_FANS)),
    number(
        "fan_duty_cycle",
        lambda state: state.fan_duty_cycle,
        Capability.FAN_DUTY_CYCLE,
        unit=UnitOfRatio.PERCENTAGE,
        resolution=Resolution(absolute=1),
    ),
    _chips(
        "chip_voltage_min",
        lambda state: state.chip_voltage_min,
        Capability.CHIP_VOLTAGES,
        lambda board: board.chip_voltages,
        Resolution(relative=0.005),
        precision=3,
        device_class=SensorDeviceClass.VOLTAGE,
        unit=UnitOfElectricPotential.VOLT,
    ),
    number(
        "chip_voltage_max",
        lambda state: state.chip_voltage_max,
        Capability.CHIP_VOLTAGES,
        SensorDeviceClass.VOLTAGE,
        UnitOfElectricPotential.VOLT,
        Resolution(relative=0.005),
        precision=3,
        diagnostic=True,
    ),
    _chips(
        "matching_work",
        lambda state: state.matching_work,
        Capability.MATCHING_WORK,
        lambda board: board.chip_work,
        ONE_PERCENT,
        precision=0,
    ),
    number(
        "chips_working",
        lambda state: state.chips_working,
        Capability.CHIPS_WORKING,
        diagnostic=True,
    ),
    *(sensor for index in range(MAX_BOARDS) for sensor in _boards(index)),
    MinerSensorEntityDescription(
        key="filter_age",
        translation_key="filter_age",
        capability=Capability.FILTER_AGE,
        device_class=SensorDeviceClass.DURATION,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        resolution=Resolution(absolute=60),
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=of_state(lambda state: state.filter_age),
    ),
    number(
        "hardware_error_rate",
        lambda state: state.hardware_error_rate,
        Capability.HARDWARE_ERROR_RATE,
        unit=UnitOfRatio.PERCENTAGE,
        resolution=Resolution(absolute=0.1),
        precision=2,
        diagnostic=True,
        attributes_fn=_errors,
    ),
)
