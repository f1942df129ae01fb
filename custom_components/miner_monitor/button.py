"""Buttons of a miner."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.button import (
    ButtonDeviceClass,
    ButtonEntity,
    ButtonEntityDescription,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import MinerConfigEntry
from .entity import (
    MinerEntity,
    MinerEntityDescription,
    async_add_miner_entities,
    translate_errors,
)
from .miners import MinerClient
from .miners.model import Capability

# The client sends one request at a time.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class MinerButtonEntityDescription(MinerEntityDescription, ButtonEntityDescription):
    """A button and the command it sends."""

    press_fn: Callable[[MinerClient], Awaitable[None]]


BUTTONS: tuple[MinerButtonEntityDescription, ...] = (
    MinerButtonEntityDescription(
        key="identify",
        translation_key="identify",
        capability=Capability.LOCATE,
        device_class=ButtonDeviceClass.IDENTIFY,
        entity_category=EntityCategory.DIAGNOSTIC,
        press_fn=lambda client: client.locate(),
    ),
    MinerButtonEntityDescription(
        key="restart",
        translation_key="restart",
        capability=Capability.RESTART,
        device_class=ButtonDeviceClass.RESTART,
        entity_category=EntityCategory.CONFIG,
        press_fn=lambda client: client.restart(),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the buttons that the miner has."""
    async_add_miner_entities(
        entry, Platform.BUTTON, BUTTONS, MinerButton, async_add_entities
    )


class MinerButton(MinerEntity[MinerButtonEntityDescription], ButtonEntity):
    """A button of a miner."""

    entity_description: MinerButtonEntityDescription

    @property
    @override
    def available(self) -> bool:
        """Whether the miner answers and its present firmware knows the command."""
        return super().available and self.entity_description.supported(
            self.coordinator.identity
        )

    @override
    @translate_errors
    async def async_press(self) -> None:
        """Send the command."""
        await self.coordinator.async_command(self.entity_description.press_fn)
