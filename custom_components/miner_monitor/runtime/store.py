"""The files in which an entry keeps what must outlive a restart.

What Home Assistant can find out again is kept in a ``Store``. What only the user
knows, an intent and the settings from before it, is kept in an ``IntentFile``:
a ``Store`` reports no error, writes nothing while Home Assistant stops, and does
not sync.
"""

import asyncio
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
import shutil
import time
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import (
    CALLBACK_TYPE,
    CoreState,
    Event,
    HomeAssistant,
    callback,
)
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
from ..control.errors import (
    ControlError,
    ControlFault,
)
from ..control.memory import ControlMemory
from ..control.reconciler import IntentReconciler
from ..miners.events import Moment
from ..miners.model import MinerIdentity
from .environment import this_moment

VERSION = 2
"""Of all files, since 1.0.0. What was written before is dropped: it was not released.

What a newer version wrote is left for it, as it is.
"""

NEWER = "%s was written by a newer version of Miner Monitor, and is kept for it: %s"

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
        LOGGER.info("%s was written before 1.0.0 and starts anew", self.key)
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
        self._cancel_soon: CALLBACK_TYPE | None = None

    async def async_load(self) -> Data | None:
        """Return what was stored, and store anew from now on."""
        self._entry.async_on_unload(
            async_track_time_interval(self._hass, self._save_again, self._every)
        )
        self._entry.async_on_unload(
            self._hass.bus.async_listen(
                EVENT_HOMEASSISTANT_FINAL_WRITE, self._save_again
            )
        )
        return await async_read(self._store)

    async def async_close(self) -> None:
        """Store for the last time; whoever comes after us has the file to itself."""
        await self._async_write()
        self._closed = True

    async def async_save(self) -> None:
        """Store now, so that not even a crash loses it.

        While Home Assistant stops, nothing is written before its final write: we are
        called then, and a ``Store`` that waits for it beside us is an error in the log.
        """
        if self._hass.state is not CoreState.stopping:
            await self._async_write()

    async def _async_write(self) -> None:
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

    async def _save_again(self, _: datetime | Event) -> None:
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
    """Return what a file holds; what a newer version wrote is left for it.

    Home Assistant puts aside what is no JSON, and has a repair for it.
    """
    try:
        stored = await store.async_load()
    except NotImplementedError, UnsupportedStorageVersionError:
        LOGGER.warning(NEWER, store.key, "nothing is stored until you update")
        store.make_read_only()
        return None
    except KeyError, TypeError:
        LOGGER.warning("%s cannot be understood, and is left as it is", store.key)
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
        """Return what was stored; None where there is nothing that can be read.

        What cannot be read is put aside before anything is written in its place.
        """
        try:
            stored = await self._hass.async_add_executor_job(
                load_json_object, self._path
            )
        except HomeAssistantError:
            await self._async_put_aside("corrupt", "%s is damaged, and is kept as %s")
            return None
        saved_at, content = stored.get("saved_at"), stored.get("intents")
        version = stored.get("version")
        if isinstance(version, int) and version > VERSION:
            await self._async_put_aside("newer", NEWER)
            return None
        if version != VERSION or not isinstance(content, dict):
            if stored:
                await self._async_put_aside(
                    "unknown", "%s cannot be understood, and is kept as %s"
                )
            return None
        if isinstance(saved_at, int | float):
            self.saved_at = float(saved_at)
        self._content = content
        return content

    async def _async_put_aside(self, why: str, text: str) -> None:
        """Keep a file under another name, and say so."""
        name = Path(self._path).name
        aside = f"{self._path}.{why}.{int(time.time())}"
        try:
            await self._hass.async_add_executor_job(shutil.copyfile, self._path, aside)
        except OSError as err:
            LOGGER.warning("%s cannot be read or copied: %s", name, err)
        else:
            LOGGER.warning(text, name, Path(aside).name)

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


SAVE_CONTROL_EVERY = timedelta(hours=1)
"""How often all is stored at least: its age shows an old backup."""

STORE_TIME_LEFT = 60.0
"""Seconds after which the time that settings for a while have left is stored again."""

STORE_TARGET = 300.0
"""Seconds after which a power target is stored again that somebody moves all the time:
who does so tells a new one soon after a restart."""


class ControlStore:
    """Keeps what is remembered in two files: the intents in one that is synced."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, identity: MinerIdentity
    ) -> None:
        """Begin with nothing wanted."""
        self._hass = hass
        self._entry = entry
        self._identity = identity
        self.rest = EntryStore(
            hass, entry, entry.entry_id, self._dump, SAVE_CONTROL_EVERY
        )
        self._intents = IntentFile(hass, entry.entry_id)
        self.reconciler = IntentReconciler(identity)
        self.turn = asyncio.Lock()
        """Held from the moment something is wanted until it is stored and sent."""
        self._stored: Hashable = None
        self._lasting: Hashable = None
        self._stored_at = 0.0
        self._storing: asyncio.Task[None] | None = None
        self._closed = False
        self.loaded_at = 0.0
        """When we began, in epoch seconds."""
        self.intents_at: float | None = None
        """When what we began with had been stored."""

    async def async_load(self) -> None:
        """Take up what was wanted before."""
        rest, intents = await self.rest.async_load(), await self._intents.async_load()
        self.loaded_at, self.intents_at = time.time(), self._intents.saved_at
        now = this_moment()
        memory = ControlMemory.load(rest, intents, now, self.intents_at)
        self.reconciler = IntentReconciler(self._identity, memory, now)
        self._note_stored(memory.overrides.active, memory.overrides.lasting, now)
        self._entry.async_on_unload(
            self._hass.bus.async_listen(
                EVENT_HOMEASSISTANT_FINAL_WRITE, self._store_at_last
            )
        )

    async def _store_at_last(self, _: Event) -> None:
        # Who has the turn stores what is wanted by now; the end waits for nobody.
        if not self.turn.locked():
            await self._store_what_changed(all_of_it=True)

    async def async_close(self) -> None:
        """Store for the last time what is wanted."""
        await self._store_what_changed(all_of_it=True, closing=True)
        await self.rest.async_close()

    async def async_store_intents(self) -> None:
        """Store what is wanted if it changed; ControlError when that fails."""
        try:
            if not self._closed and self.reconciler.overrides.active != self._stored:
                await self._write()
        except HomeAssistantError as err:
            raise ControlError(ControlFault.NOT_STORED) from err

    @callback
    def store_intents_soon(self) -> None:
        """Store what came about by itself; what cannot be is tried again later."""
        storing = self._storing is not None and not self._storing.done()
        if self._closed or storing or not self._is_due:
            return
        self._storing = self._hass.async_create_task(
            self._store_what_changed(), f"{self._entry.title} intents"
        )

    @property
    def _is_due(self) -> bool:
        """Whether something else is wanted, or what moves is stored too long ago."""
        now, overrides = this_moment(), self.reconciler.overrides
        if overrides.lasting != self._lasting:
            return True
        ago = now.monotonic - self._stored_at
        if overrides.active != self._stored and ago >= STORE_TARGET:
            return True
        return overrides.seconds_left(now) is not None and ago >= STORE_TIME_LEFT

    async def _store_what_changed(
        self, *, all_of_it: bool = False, closing: bool = False
    ) -> None:
        async with self.turn:
            try:
                changed = self.reconciler.overrides.active != self._stored
                if not self._closed and (self._is_due or (all_of_it and changed)):
                    await self._write()
            except HomeAssistantError as err:
                LOGGER.warning(
                    "%s: its requests were not stored: %s",
                    self._entry.title,
                    err,
                )
            self._closed |= closing

    async def _write(self) -> None:
        overrides, now = self.reconciler.overrides, this_moment()
        wanted, lasting = overrides.active, overrides.lasting
        await self._intents.async_save(overrides.dump(now))
        if wanted != self._stored:
            # Only now: a change that is not stored outdates nothing that is.
            self.reconciler.memory.acted_at = time.time()
            self.rest.save_soon()
        self._note_stored(wanted, lasting, now)

    def _note_stored(self, wanted: Hashable, lasting: Hashable, now: Moment) -> None:
        self._stored, self._lasting = wanted, lasting
        self._stored_at = now.monotonic

    def _dump(self) -> dict[str, Any]:
        return self.reconciler.memory.dump(time.time())
