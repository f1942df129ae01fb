"""Switches of a miner."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import (
    SwitchDeviceClass,
    SwitchEntity,
    SwitchEntityDescription,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .control.throttle import throttle_method
from .entity import (
    MinerControlEntity,
    MinerControlEntityDescription,
    async_add_miner_entities,
    of_state,
    translate_errors,
)
from .fleet.switch import async_add_fleet_switches
from .miners.model import Setting
from .model import MinerData
from .runtime.controller import MinerController
from .runtime.entry_data import (
    is_fleet,
)

# The controller brings order into what is asked for at the same time.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class MinerSwitchEntityDescription(
    MinerControlEntityDescription, SwitchEntityDescription
):
    """A switch, where its state comes from and how it is turned."""

    value_fn: Callable[[MinerData], bool | None]
    turn_fn: Callable[[MinerController, bool], Awaitable[None]]


def _method(data: MinerData) -> Mapping[str, Any]:
    return {"method": data.control.throttle_method}


def _set(setting: Setting) -> Callable[[MinerController, bool], Awaitable[None]]:
    """Turn a setting on or off."""

    def turn(controller: MinerController, on: bool) -> Awaitable[None]:
        return controller.async_apply({setting: on})

    return turn


SWITCHES: tuple[MinerSwitchEntityDescription, ...] = (
    MinerSwitchEntityDescription(
        key="auto_fan",
        translation_key="auto_fan",
        setting=Setting.AUTO_FAN,
        entity_category=EntityCategory.CONFIG,
        value_fn=of_state(lambda state: state.settings.auto_fan),
        turn_fn=_set(Setting.AUTO_FAN),
    ),
    MinerSwitchEntityDescription(
        key="display",
        translation_key="display",
        setting=Setting.DISPLAY,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        value_fn=of_state(lambda state: state.settings.display),
        turn_fn=_set(Setting.DISPLAY),
    ),
    MinerSwitchEntityDescription(
        key="mining",
        translation_key="mining",
        setting=Setting.MINING,
        value_fn=of_state(lambda state: state.settings.mining),
        turn_fn=_set(Setting.MINING),
    ),
    MinerSwitchEntityDescription(
        key="throttle",
        translation_key="throttle",
        # By this the blueprints offer it alone of a miner's switches.
        device_class=SwitchDeviceClass.SWITCH,
        # What is done to a device or an area leaves this out: off means more power.
        entity_category=EntityCategory.CONFIG,
        attributes_fn=_method,
        exists_fn=lambda identity: throttle_method(identity) is not None,
        value_fn=lambda data: data.control.saving_power,
        turn_fn=lambda controller, on: controller.async_throttle(on),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches that the miner has."""
    if is_fleet(entry):
        async_add_fleet_switches(entry, async_add_entities)
        return
    async_add_miner_entities(
        entry, Platform.SWITCH, SWITCHES, MinerSwitch, async_add_entities
    )


class MinerSwitch(MinerControlEntity[MinerSwitchEntityDescription], SwitchEntity):
    """A switch of a miner."""

    entity_description: MinerSwitchEntityDescription

    @override
    def _read(self, data: MinerData) -> bool | None:
        return self.entity_description.value_fn(data)

    @property
    @override
    def is_on(self) -> bool | None:
        """The value that was written last."""
        value: bool | None = self._shown
        return value

    @override
    @translate_errors
    async def async_turn_on(self, /, **kwargs: Any) -> None:
        """Turn it on."""
        await self.entity_description.turn_fn(self.controller, True)

    @override
    @translate_errors
    async def async_turn_off(self, /, **kwargs: Any) -> None:
        """Turn it off."""
        await self.entity_description.turn_fn(self.controller, False)
