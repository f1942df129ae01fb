"""The button of all miners together."""

from dataclasses import dataclass
from typing import override

from homeassistant.components.button import (
    ButtonDeviceClass,
    ButtonEntity,
    ButtonEntityDescription,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from . import FleetFeature
from .coordinator import FleetConfigEntry
from .entity import (
    FleetEntity,
    FleetEntityDescription,
    async_add_fleet_entities,
)


@dataclass(frozen=True, kw_only=True)
class FleetButtonEntityDescription(FleetEntityDescription, ButtonEntityDescription):
    """A button of all miners."""


FLEET_BUTTONS: tuple[FleetButtonEntityDescription, ...] = (
    FleetButtonEntityDescription(
        key="restart_all",
        translation_key="fleet_restart_all",
        ability=FleetFeature.RESTART,
        device_class=ButtonDeviceClass.RESTART,
        entity_category=EntityCategory.CONFIG,
    ),
)


@callback
def async_add_fleet_buttons(
    entry: FleetConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the buttons of all miners."""
    async_add_fleet_entities(
        entry, Platform.BUTTON, FLEET_BUTTONS, FleetButton, async_add_entities
    )


class FleetButton(FleetEntity[FleetButtonEntityDescription], ButtonEntity):
    """Restarts all miners, one after the other."""

    entity_description: FleetButtonEntityDescription

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Nothing of a button changes with a poll."""

    @override
    async def async_press(self) -> None:
        """Do it."""
        await self.async_require_control(FleetFeature.RESTART)
        await self.coordinator.commands.async_restart_all()
