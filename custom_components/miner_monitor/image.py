"""Charts as images: what miners did lately, drawn when somebody looks."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, override

from homeassistant.components.image import ImageEntity, ImageEntityDescription
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from .charts.model import ChartKind
from .coordinator import MonitorCoordinator
from .entity import MinerEntityDescription, MinerMonitorEntity, setup_of
from .fleet.model import FleetData
from .model import MinerData
from .runtime.entries import loaded_of, miner_entries

PARALLEL_UPDATES = 0

_QUARTER = 900


@dataclass(frozen=True, kw_only=True)
class MinerImageEntityDescription[DataT = MinerData](
    MinerEntityDescription[DataT], ImageEntityDescription
):
    """A chart of the last ``hours``; ``news_fn``: whether a poll brings anything."""

    kind: ChartKind
    hours: int
    news_fn: Callable[[DataT], bool | None]
    available_offline: bool = True
    entity_registry_enabled_default: bool = False


IMAGES: tuple[MinerImageEntityDescription, ...] = (
    MinerImageEntityDescription(
        key="chart",
        translation_key="chart",
        kind=ChartKind.ONE_MINER,
        hours=24,
        news_fn=lambda data: data.online,
    ),
)

FLEET_IMAGES: tuple[MinerImageEntityDescription[FleetData], ...] = (
    MinerImageEntityDescription(
        key="chart",
        translation_key="fleet_chart",
        kind=ChartKind.ALL_MINERS,
        hours=12,
        news_fn=lambda data: data.miners_online > 0,
    ),
)


class ChartImage(  # type: ignore[misc]  # an image alone has a picture
    ImageEntity,
    MinerMonitorEntity[MonitorCoordinator[Any], MinerImageEntityDescription[Any]],
):
    """A chart of one miner, or of all miners together.

    Its time is the begin of the quarter of an hour in which a miner last reported, so
    that it moves as often at most, whatever restarts.
    """

    _attr_content_type = "image/png"
    entity_description: MinerImageEntityDescription[Any]

    def __init__(
        self,
        coordinator: MonitorCoordinator[Any],
        description: MinerImageEntityDescription[Any],
    ) -> None:
        """Begin without a picture."""
        MinerMonitorEntity.__init__(self, coordinator, description)
        ImageEntity.__init__(self, coordinator.hass)
        self._drawing = asyncio.Lock()
        self._drawn: tuple[object, bytes] | None = None
        self._note_news()

    @callback
    def _note_news(self) -> bool:
        """Move the time if the picture may be another one now."""
        quarter = dt_util.utcnow().timestamp() // _QUARTER * _QUARTER
        moment = dt_util.utc_from_timestamp(quarter)
        news = self.entity_description.news_fn(self.coordinator.data)
        if not news or moment == self._attr_image_last_updated:
            return False
        self._attr_image_last_updated = moment
        return True

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the time when it has moved."""
        if self._note_news():
            self.async_write_ha_state()

    @override
    async def async_image(self) -> bytes | None:
        """Return the picture, which is drawn once for each of its times."""
        async with self._drawing:
            time = self._attr_image_last_updated
            if self._drawn is None or self._drawn[0] != time:
                self._drawn = time, await self._draw()
            return self._drawn[1]

    async def _draw(self) -> bytes:
        pictures = await self.hass.async_add_import_executor_job(
            import_module, f"{__package__}.report.pictures"
        )
        described = self.entity_description
        picture = await pictures.async_chart(
            self.hass, described.kind, self._members(), described.hours
        )
        png: bytes = picture.png
        return png

    def _members(self) -> list[ConfigEntry]:
        entry = self.coordinator.config_entry
        return [] if entry is None else [entry]


class FleetChartImage(ChartImage):
    """A chart of all miners together."""

    @override
    def _members(self) -> list[ConfigEntry]:
        return loaded_of(miner_entries(self.hass))


async_setup_entry = setup_of(
    Platform.IMAGE, (IMAGES, ChartImage), fleet=[(FLEET_IMAGES, FleetChartImage)]
)
