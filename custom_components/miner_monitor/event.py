"""What happens to a miner, as events."""

from dataclasses import dataclass
from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import Platform
from homeassistant.core import callback

from .coordinator import MinerCoordinator
from .entity import (
    MinerEntityDescription,
    MinerMonitorEntity,
    setup_of,
)
from .model import (
    EventType,
    MinerEvent,
)
from .runtime.escape import plain_values

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class MinerEventEntityDescription(MinerEntityDescription, EventEntityDescription):
    """A series of events."""


EVENTS: tuple[MinerEventEntityDescription, ...] = (
    MinerEventEntityDescription(
        key="activity",
        translation_key="activity",
        event_types=[activity.value for activity in EventType],
        available_offline=True,
    ),
)


class MinerEventEntity(
    MinerMonitorEntity[MinerCoordinator, MinerEventEntityDescription], EventEntity
):
    """What happens to a miner."""

    entity_description: MinerEventEntityDescription

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to what is reported from now on."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.controller.async_on_activity(self._async_happened)
        )

    @callback
    def _async_happened(self, report: MinerEvent) -> None:
        self._trigger_event(report.event_type, plain_values(report.details))
        self.async_write_ha_state()


async_setup_entry = setup_of(Platform.EVENT, (EVENTS, MinerEventEntity))
