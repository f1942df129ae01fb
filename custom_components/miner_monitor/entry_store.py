"""The files in which an entry keeps what must outlive a restart."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant
from homeassistant.exceptions import UnsupportedStorageVersionError
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, LOGGER

VERSION = 1

SAVE_SOON = 10.0
"""Seconds within which what is not urgent is stored."""

type Data = dict[str, Any]

_STORES: HassKey[dict[str, Store[Data]]] = HassKey(f"{DOMAIN}_stores")


class EntryStore:
    """One file of an entry. ``dump`` gives what is to be in it.

    It is stored every so often though nothing changed: its age tells an old backup.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        key: str,
        dump: Callable[[], Data],
        every: timedelta,
    ) -> None:
        """Take who is to be asked for the content."""
        self._hass = hass
        self._entry = entry
        self._dump = dump
        self._every = every
        self._store = store_of(hass, key)
        self._cancel_stop: CALLBACK_TYPE | None = None
        self._cancel_soon: CALLBACK_TYPE | None = None

    async def async_load(self) -> Data | None:
        """Return what was stored, and store anew from now on."""
        self._entry.async_on_unload(
            async_track_time_interval(self._hass, self._save_again, self._every)
        )
        self._cancel_stop = self._hass.bus.async_listen_once(
            EVENT_HOMEASSISTANT_FINAL_WRITE, self._save_at_stop
        )
        return await async_read(self._store)

    async def async_close(self) -> None:
        """Store for the last time."""
        if self._cancel_stop is not None:
            self._cancel_stop()
        await self.async_save()

    async def async_save(self) -> None:
        """Store now, so that not even a crash loses it."""
        if self._cancel_soon is not None:
            self._cancel_soon()
            self._cancel_soon = None
        await self._store.async_save(self._dump())

    def save_soon(self) -> None:
        """Store within seconds."""
        if self._cancel_soon is None:
            self._cancel_soon = async_call_later(
                self._hass, SAVE_SOON, self._save_again
            )

    async def _save_again(self, _: datetime) -> None:
        await self.async_save()

    async def _save_at_stop(self, _: Event) -> None:
        self._cancel_stop = None
        await self.async_save()


def store_of(hass: HomeAssistant, key: str) -> Store[Data]:
    """Return the file of a key; its JSON is written outside the event loop.

    It is the same one each time: what it has yet to write is known to who reads it,
    and not written any more once it is removed.
    """
    stores = hass.data.setdefault(_STORES, {})
    if key not in stores:
        stores[key] = Store(
            hass, VERSION, f"{DOMAIN}.{key}", serialize_in_event_loop=False
        )
    return stores[key]


async def async_read(store: Store[Data]) -> Data | None:
    """Return what a file holds; what a newer version wrote is left for it."""
    try:
        stored = await store.async_load()
    except (NotImplementedError, UnsupportedStorageVersionError) as err:
        LOGGER.warning("%s cannot be read: %s", store.key, err)
        store.make_read_only()
        return None
    return stored if isinstance(stored, dict) else None
