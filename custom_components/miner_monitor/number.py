"""Numbers of a miner that can be set."""

from dataclasses import dataclass
from typing import override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import (
    PERCENTAGE,
    EntityCategory,
    Platform,
    UnitOfElectricPotential,
    UnitOfFrequency,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .control_entity import MinerControlEntity, MinerControlEntityDescription
from .coordinator import MinerConfigEntry
from .entity import async_add_miner_entities, translate_errors
from .insight import MinerData
from .miners.model import Setting, SettingRange

# The controller brings order into what is asked for at the same time.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class MinerNumberEntityDescription(
    MinerControlEntityDescription, NumberEntityDescription
):
    """A number and the setting that it is.

    Each change wears the flash of most miners: a box sends one when it has been
    typed, where a slider sends each stop on its way.
    """

    setting: Setting
    mode: NumberMode = NumberMode.BOX
    entity_category: EntityCategory | None = EntityCategory.CONFIG


NUMBERS: tuple[MinerNumberEntityDescription, ...] = (
    MinerNumberEntityDescription(
        key="core_voltage",
        translation_key="core_voltage",
        setting=Setting.CORE_VOLTAGE,
        device_class=NumberDeviceClass.VOLTAGE,
        native_unit_of_measurement=UnitOfElectricPotential.VOLT,
    ),
    MinerNumberEntityDescription(
        key="fan_duty_cycle",
        translation_key="fan_duty_cycle",
        setting=Setting.FAN_DUTY_CYCLE,
        native_unit_of_measurement=PERCENTAGE,
    ),
    MinerNumberEntityDescription(
        key="frequency",
        translation_key="frequency",
        setting=Setting.FREQUENCY,
        device_class=NumberDeviceClass.FREQUENCY,
        native_unit_of_measurement=UnitOfFrequency.MEGAHERTZ,
    ),
    MinerNumberEntityDescription(
        key="min_fan_duty_cycle",
        translation_key="min_fan_duty_cycle",
        setting=Setting.MIN_FAN_DUTY_CYCLE,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=PERCENTAGE,
    ),
    MinerNumberEntityDescription(
        key="target_temperature",
        translation_key="target_temperature",
        setting=Setting.TARGET_TEMPERATURE,
        device_class=NumberDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the numbers that the miner has."""
    async_add_miner_entities(
        entry, Platform.NUMBER, NUMBERS, MinerNumber, async_add_entities
    )


type _Reading = tuple[float | None, SettingRange | None]


class MinerNumber(MinerControlEntity[MinerNumberEntityDescription], NumberEntity):
    """A number of a miner, with the range that the miner allows at the moment."""

    entity_description: MinerNumberEntityDescription

    @override
    def _read(self, data: MinerData) -> _Reading:
        setting = self.entity_description.setting
        value = None if data.state is None else data.state.settings.get(setting)
        assert value is None or isinstance(value, int | float)
        return value, self.controller.allowed(setting)

    @override
    def _show(self, value: _Reading) -> None:
        self._attr_native_value, allowed = value
        if allowed is not None:
            self._attr_native_min_value = allowed.minimum
            self._attr_native_max_value = allowed.maximum
            self._attr_native_step = allowed.step

    @override
    @translate_errors
    async def async_set_native_value(self, value: float) -> None:
        """Ask the miner for another value."""
        await self.controller.async_apply({self.entity_description.setting: value})
