"""What all entities of the fleet have in common."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
import time
from typing import Any, override

from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import FLEET
from .entity import ANY_CHANGE, WRITE_AT_LEAST_EVERY, Resolution
from .fleet import Ability, FleetData
from .fleet_coordinator import FleetConfigEntry, FleetCoordinator


@dataclass(frozen=True, kw_only=True)
class FleetEntityDescription(EntityDescription):
    """What a description of any platform says of an entity of the fleet.

    With ``ability`` it exists once a miner has that. Attributes change only together
    with the state, except that a change of the ``watched`` one is written at once.
    """

    ability: Ability | None = None
    resolution: Resolution = ANY_CHANGE
    attributes_fn: Callable[[FleetData], Mapping[str, Any]] | None = None
    watched: str | None = None
    placeholders: Mapping[str, str] | None = None

    def supported(self, data: FleetData) -> bool:
        """Whether any miner has what this entity shows or does."""
        return self.ability is None or self.ability in data.abilities


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


class FleetReadingEntity[DescriptionT: FleetEntityDescription](
    FleetEntity[DescriptionT]
):
    """An entity that shows a value and writes it only when that is worth a row."""

    _written: Any = None
    _written_at = 0.0

    def _read(self, data: FleetData) -> Any:
        """Return the value to show."""
        raise NotImplementedError

    def _show(self, value: Any) -> None:
        """Make it the entity's value."""
        raise NotImplementedError

    @override
    async def async_added_to_hass(self) -> None:
        """Show the first value."""
        self._take(self._read(self.coordinator.data), self._attributes())
        await super().async_added_to_hass()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the new value if it differs enough."""
        value, attributes = self._read(self.coordinator.data), self._attributes()
        if self._worth_writing(value, attributes):
            self._take(value, attributes)
            self.async_write_ha_state()

    def _attributes(self) -> dict[str, Any]:
        describe = self.entity_description.attributes_fn
        return {} if describe is None else dict(describe(self.coordinator.data))

    def _take(self, value: Any, attributes: dict[str, Any]) -> None:
        self._written, self._written_at = value, time.monotonic()
        self._show(value)
        self._attr_extra_state_attributes = attributes

    def _worth_writing(self, value: Any, attributes: Mapping[str, Any]) -> bool:
        """Whether the value moved far enough from the one written last."""
        description, written = self.entity_description, self._written
        if (key := description.watched) is not None:
            shown = self._attr_extra_state_attributes
            if shown.get(key) != attributes.get(key):
                return True
        if value == written:
            return False
        resolution = description.resolution
        if resolution is ANY_CHANGE or value is None or written is None:
            return True
        age = time.monotonic() - self._written_at
        if age >= WRITE_AT_LEAST_EVERY:
            return True
        return age >= resolution.seconds and resolution.reached(value, written)


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
