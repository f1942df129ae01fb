"""What is wanted of a miner, kept through restarts of Home Assistant."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.storage import Store

from .const import DOMAIN

if TYPE_CHECKING:
    from .coordinator import MinerConfigEntry

VERSION = 1

SAVE_EVERY = timedelta(hours=1)
"""How often it is stored though nothing changed: its age tells an old backup."""

SAVE_SOON = 10.0
"""Seconds within which what is not urgent is stored."""

type Data = dict[str, Any]


class ControlStore:
    """The file of one miner. ``dump`` gives what is to be in it."""

    def __init__(
        self, hass: HomeAssistant, entry: MinerConfigEntry, dump: Callable[[], Data]
    ) -> None:
        """Take who is to be asked for the content."""
        self._hass = hass
        self._entry = entry
        self._dump = dump
        self._store = _store(hass, entry)
        self._cancel_stop: CALLBACK_TYPE | None = None

    async def async_load(self) -> Data | None:
        """Return what was stored, and store anew from now on."""
        self._entry.async_on_unload(
            async_track_time_interval(self._hass, self._save_again, SAVE_EVERY)
        )
        self._cancel_stop = self._hass.bus.async_listen_once(
            EVENT_HOMEASSISTANT_FINAL_WRITE, self._save_at_stop
        )
        return await self._store.async_load()

    async def async_close(self) -> None:
        """Store for the last time."""
        if self._cancel_stop is not None:
            self._cancel_stop()
        await self.async_save()

    async def async_save(self) -> None:
        """Store now, so that not even a crash loses it."""
        await self._store.async_save(self._dump())

    def save_soon(self) -> None:
        """Store within seconds."""
        self._store.async_delay_save(self._dump, SAVE_SOON)

    async def _save_again(self, _: datetime) -> None:
        await self.async_save()

    async def _save_at_stop(self, _: Event) -> None:
        self._cancel_stop = None
        await self.async_save()


def _store(hass: HomeAssistant, entry: MinerConfigEntry) -> Store[Data]:
    return Store(hass, VERSION, f"{DOMAIN}.{entry.entry_id}")


async def async_remove_stored(hass: HomeAssistant, entry: MinerConfigEntry) -> None:
    """Leave nothing of a removed miner behind."""
    await _store(hass, entry).async_remove()
