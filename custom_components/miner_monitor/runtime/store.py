"""The files in which an entry keeps what must outlive a restart.

What Home Assistant can find out again is kept in a ``Store``. What only the user
knows, an intent and the settings from before it, is kept in an ``IntentFile``:
a ``Store`` reports no error, writes nothing while Home Assistant stops, and does
not sync.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
import time
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    UnsupportedStorageVersionError,
)
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.helpers.json import save_json
from homeassistant.helpers.storage import STORAGE_DIR, Store
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import load_json_object

from ..const import (
    DOMAIN,
    LOGGER,
)

VERSION = 2
"""Of all files. What an older version wrote is dropped: nothing was released yet."""

SAVE_SOON = 10.0
"""Seconds within which what is not urgent is stored."""

type Data = dict[str, Any]

_STORES: HassKey[dict[str, Store[Data]]] = HassKey(f"{DOMAIN}_stores")


class _Store(Store[Data]):
    """A file of which an older version is dropped."""

    @override
    async def _async_migrate_func(
        self, old_major_version: int, old_minor_version: int, old_data: Data
    ) -> Data:
        """Begin anew."""
        LOGGER.info("%s was written by an older version and begins anew", self.key)
        return {}


class EntryStore:
    """One file of an entry. ``dump`` gives what is to be in it.

    It is stored every so often though nothing changed: its age shows an old backup.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
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
        self._closed = False
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
        """Store for the last time; whoever comes after us has the file to itself."""
        if self._cancel_stop is not None:
            self._cancel_stop()
        await self.async_save()
        self._closed = True

    async def async_save(self) -> None:
        """Store now, so that not even a crash loses it."""
        if self._closed:
            return
        if self._cancel_soon is not None:
            self._cancel_soon()
            self._cancel_soon = None
        await self._store.async_save(self._dump())

    def save_soon(self) -> None:
        """Store within seconds."""
        if self._cancel_soon is None and not self._closed:
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
        stores[key] = _Store(
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
    return stored if isinstance(stored, dict) and stored else None


class IntentFile:
    """What a user wants, synced to the disk before anything is sent."""

    def __init__(self, hass: HomeAssistant, key: str) -> None:
        """Take the name of the file."""
        self._hass = hass
        self._path = _intents_path(hass, key)
        self._lock = asyncio.Lock()
        self._writing: asyncio.Future[None] | None = None
        self._content: Data | None = None
        self.saved_at: float | None = None
        """When it was written last, in epoch seconds."""

    async def async_load(self) -> Data | None:
        """Return what was stored; None where there is nothing that can be read."""
        try:
            stored = await self._hass.async_add_executor_job(
                load_json_object, self._path
            )
        except HomeAssistantError as err:
            LOGGER.warning("What was asked of a miner cannot be read: %s", err)
            return None
        saved_at, content = stored.get("saved_at"), stored.get("intents")
        if stored.get("version") != VERSION or not isinstance(content, dict):
            return None
        if isinstance(saved_at, int | float):
            self.saved_at = float(saved_at)
        self._content = content
        return content

    async def async_save(self, content: Mapping[str, Any]) -> None:
        """Write it through to the disk if it changed; HomeAssistantError if not."""
        async with self._lock:
            if self._writing is not None:
                # Whoever waited for it was cancelled; the thread writes on.
                await asyncio.wait([self._writing])
            if content == self._content:
                return
            saved_at = time.time()
            data = {"version": VERSION, "saved_at": saved_at, "intents": content}
            self._content = None
            self._writing = self._hass.async_add_executor_job(_write, self._path, data)
            await asyncio.shield(self._writing)
            self._writing = None
            self._content, self.saved_at = dict(content), saved_at


async def async_remove_intents(hass: HomeAssistant, key: str) -> None:
    """Leave no file behind."""
    with suppress(OSError):
        await hass.async_add_executor_job(Path(_intents_path(hass, key)).unlink)


def _intents_path(hass: HomeAssistant, key: str) -> str:
    return hass.config.path(STORAGE_DIR, f"{DOMAIN}.intents.{key}")


def _write(path: str, data: Data) -> None:
    """Write all or nothing, synced."""
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise HomeAssistantError(str(err)) from err
    save_json(path, data, private=True, atomic_writes=True)
