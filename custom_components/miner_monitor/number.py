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
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_PRIORITY
from .coordinator import MinerConfigEntry
from .entity import (
    MinerControlEntity,
    MinerControlEntityDescription,
    MinerEntity,
    MinerEntityDescription,
    async_add_miner_entities,
    translate_errors,
)
from .fleet import abilities_of
from .fleet.commands import (
    MAX_PRIORITY,
    MIN_PRIORITY,
    priority_of,
)
from .miners.model import (
    Setting,
    SettingRange,
)
from .model import MinerData

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


@dataclass(frozen=True, kw_only=True)
class MinerPriorityEntityDescription(MinerEntityDescription, NumberEntityDescription):
    """When a miner's turn is as all are started, one after the other."""


PRIORITIES: tuple[MinerPriorityEntityDescription, ...] = (
    MinerPriorityEntityDescription(
        key="priority",
        translation_key="priority",
        entity_category=EntityCategory.CONFIG,
        exists_fn=lambda identity: bool(abilities_of(identity)),
        mode=NumberMode.BOX,
        native_min_value=MIN_PRIORITY,
        native_max_value=MAX_PRIORITY,
        native_step=1,
        off_ok=True,
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
    async_add_miner_entities(
        entry, Platform.NUMBER, PRIORITIES, MinerPriority, async_add_entities
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


class MinerPriority(MinerEntity[MinerPriorityEntityDescription], NumberEntity):
    """The place of a miner in the order of starting: an option, no setting."""

    entity_description: MinerPriorityEntityDescription

    @property
    @override
    def native_value(self) -> float:
        """The place; the lower, the sooner."""
        return priority_of(self.coordinator.config_entry)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Nothing of it changes with a poll."""

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Keep another place in the options; nothing has to be loaded anew."""
        entry = self.coordinator.config_entry
        options = {**entry.options, CONF_PRIORITY: int(value)}
        self.hass.config_entries.async_update_entry(entry, options=options)
        self.async_write_ha_state()
