"""Switches of all miners together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import (
    SwitchEntity,
    SwitchEntityDescription,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from . import (
    FleetData,
    FleetFeature,
)
from .coordinator import FleetConfigEntry
from .entity import (
    FleetEntityDescription,
    FleetReadingEntity,
    async_add_fleet_entities,
)

FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class FleetSwitchEntityDescription(FleetEntityDescription, SwitchEntityDescription):
    """A switch, where its state comes from, and whether on means to stop."""

    ability: FleetFeature
    value_fn: Callable[[FleetData], bool | None]
    on_stops: bool = False
    attributes_at_once: bool = True


FLEET_SWITCHES: tuple[FleetSwitchEntityDescription, ...] = (
    FleetSwitchEntityDescription(
        key="mining",
        translation_key="fleet_mining",
        ability=FleetFeature.MINING,
        value_fn=lambda data: data.mining,
    ),
    FleetSwitchEntityDescription(
        key="throttle",
        translation_key="fleet_throttle",
        ability=FleetFeature.THROTTLE,
        # The blueprints do not offer it: they have an order of their own.
        entity_category=EntityCategory.CONFIG,
        on_stops=True,
        value_fn=lambda data: data.saving_power,
    ),
)


@callback
def async_add_fleet_switches(
    entry: FleetConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the switches of all miners."""
    async_add_fleet_entities(
        entry, Platform.SWITCH, FLEET_SWITCHES, FleetSwitch, async_add_entities
    )


class FleetSwitch(FleetReadingEntity[FleetSwitchEntityDescription], SwitchEntity):
    """A switch of all miners: on if any of them is."""

    entity_description: FleetSwitchEntityDescription
    # Many names are longer than what the recorder keeps.
    _unrecorded_attributes = frozenset({FAILED})

    @override
    def _read(self, data: FleetData) -> bool | None:
        return self.entity_description.value_fn(data)

    @override
    def _show(self, value: bool | None) -> None:
        self._attr_is_on = value

    @override
    def _attributes(self) -> dict[str, Any]:
        commands, ability = self.coordinator.commands, self.entity_description.ability
        return {"waiting": commands.waiting(ability), FAILED: commands.failed(ability)}

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn it on for all."""
        await self._turn(stop=self.entity_description.on_stops)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn it off for all."""
        await self._turn(stop=not self.entity_description.on_stops)

    async def _turn(self, *, stop: bool) -> None:
        commands, ability = self.coordinator.commands, self.entity_description.ability
        await self.async_require_control(ability)
        await (commands.async_stop(ability) if stop else commands.async_start(ability))
