"""What all entities of the fleet have in common."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..const import FLEET
from ..entity import (
    ReadingEntity,
    ReadingEntityDescription,
)
from ..runtime.permissions import async_require_control
from . import (
    FleetData,
    FleetFeature,
)
from .coordinator import (
    FleetConfigEntry,
    FleetCoordinator,
)


@dataclass(frozen=True, kw_only=True)
class FleetEntityDescription(ReadingEntityDescription):
    """What a description of any platform says of an entity of the fleet.

    With ``ability`` it exists once a miner has that.
    """

    ability: FleetFeature | None = None
    attributes_fn: Callable[[FleetData], Mapping[str, Any]] | None = None
    placeholders: Mapping[str, str] | None = None

    def supported(self, data: FleetData) -> bool:
        """Whether any miner has what this entity shows or does."""
        return self.ability is None or self.ability in data.features


class FleetEntity[DescriptionT: FleetEntityDescription](
    CoordinatorEntity[FleetCoordinator]
):
    """One entity of all miners."""

    _attr_has_entity_name = True
    entity_description: DescriptionT

    def __init__(
        self, coordinator: FleetCoordinator, description: DescriptionT
    ) -> None:
        """Take name, unique id and device from the description and the fleet."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = f"{FLEET}_{description.key}"

    @property
    @override
    def device_info(self) -> DeviceInfo:
        """The device that stands for all miners."""
        return self.coordinator.device_info

    async def async_require_control(self, ability: FleetFeature) -> None:
        """Raise Unauthorized unless the caller may do it with each miner alone."""
        platform = (
            Platform.BUTTON if ability is FleetFeature.RESTART else Platform.SWITCH
        )
        members = self.coordinator.members.values()
        await async_require_control(
            self.hass,
            self._context,
            [member.entry for member in members if ability in member.features],
            [(platform, ability.value)],
        )


class FleetReadingEntity[DescriptionT: FleetEntityDescription](
    ReadingEntity[FleetCoordinator, DescriptionT], FleetEntity[DescriptionT]
):
    """An entity that shows what is known of all miners."""


@callback
def async_add_fleet_entities[DescriptionT: FleetEntityDescription](
    entry: FleetConfigEntry,
    domain: str,
    descriptions: Iterable[DescriptionT],
    create: Callable[[FleetCoordinator, DescriptionT], Entity],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add what the miners have, what one of them had before, and gets later."""
    fleet = entry.runtime_data
    registry = er.async_get(fleet.hass)
    waiting = list(descriptions)

    @callback
    def add(*, registered: bool = False) -> None:
        new = [
            item
            for item in waiting
            if item.supported(fleet.data)
            or (
                registered
                and registry.async_get_entity_id(
                    domain, entry.domain, f"{FLEET}_{item.key}"
                )
            )
        ]
        if new:
            waiting[:] = [item for item in waiting if item not in new]
            async_add_entities(create(fleet, item) for item in new)

    add(registered=True)
    if waiting:
        entry.async_on_unload(fleet.async_add_listener(add))
