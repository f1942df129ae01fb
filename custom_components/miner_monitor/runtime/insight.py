"""One miner's insight inside Home Assistant: fed, stored, resumed and published."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
import time
from typing import Any
from zlib import crc32

from homeassistant.components import persistent_notification
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.json import json_dumps
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import JSON_DECODE_EXCEPTIONS, json_loads

from ..const import (
    DOMAIN,
    LOGGER,
)
from ..insight.model import (
    Insight,
    Total,
)
from ..insight.tracker import (
    BOOTED,
    MinerTracker,
    lasting,
)
from ..miners.model import (
    ErrorKind,
    MinerIdentity,
    MinerState,
)
from ..miners.restarts import (
    RestartDetector,
    RestartVerdict,
)
from ..model import (
    EventType,
    MinerEvent,
    Moment,
)
from .entries import known_identity
from .environment import read_environment, share_difficulty
from .escape import escaped
from .ha_compat import own_text
from .options import MinerOptions
from .restore import async_last_totals
from .store import (
    Data,
    EntryStore,
    async_read,
    store_of,
)

SAVE_EVERY = 15 * 60
"""Seconds within which all is stored; what events are made of, at once."""

RESUME_PATIENCE = 0.8
"""Seconds that set-up waits for the recorder; totals are unknown until it answered."""

KEY = "insight"

KEPT_SECONDS = 30 * 86_400
"""How long the meters and counters of a removed miner are kept.

Somebody who removes a miner and adds it again goes on where he was.
"""
REMOVED = "removed"

_LOCK: HassKey[asyncio.Lock] = HassKey(f"{DOMAIN}_removed")
"""Held from reading to writing: several miners may be removed at once."""


class InsightRuntime:
    """Gives a tracker what it needs of Home Assistant."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        identity: MinerIdentity,
        options: MinerOptions,
        publish: Callable[[MinerEvent], None],
    ) -> None:
        """Begin with nothing known; ``publish`` takes what happens to the miner."""
        assert entry.unique_id is not None
        self._hass = hass
        self._entry = entry
        self._device_id = entry.unique_id
        self._publish = publish
        self.tracker = MinerTracker(identity, options.insight)
        self.boots = RestartDetector()
        """The one detector of restarts, stored with the rest."""
        self._options = options
        # Those that start together need not be stored together.
        phase = 0.9 + crc32(entry.entry_id.encode()) / 2**32 / 10
        self._store = EntryStore(
            hass,
            entry,
            f"{KEY}.{entry.entry_id}",
            self._dump,
            timedelta(seconds=SAVE_EVERY * phase),
        )

    async def async_load(self) -> None:
        """Go on where we stopped, once it is known what was published."""
        stored = await self._store.async_load()
        if stored is None:
            stored = await _async_take(self._hass, self._device_id)
        if stored is not None:
            data = unpacked(stored)
            if not self.tracker.load(data, time.time()):
                LOGGER.warning("Stored data of %s is not readable", self._entry.title)
            self.boots.load(data.get(BOOTED))
        resumed = self._entry.async_create_background_task(
            self._hass, self._async_resume(), f"{self._entry.title} totals"
        )
        await asyncio.wait({resumed}, timeout=RESUME_PATIENCE)

    async def _async_resume(self) -> None:
        published = await async_last_totals(self._hass, self._device_id, Total)
        self.tracker.resume(published)

    async def async_unload(self) -> None:
        """Store for the last time."""
        await self._store.async_close()

    @callback
    def observe(
        self,
        identity: MinerIdentity,
        state: MinerState,
        moment: Moment,
        boot: RestartVerdict,
        *,
        response_time: float,
        interval: float,
    ) -> Insight:
        """Take a good poll that took ``response_time`` ms."""
        insight = self.tracker.observe(
            identity,
            state,
            moment,
            response_time=response_time,
            interval=interval,
            around=read_environment(self._hass, self._options),
            boot=boot,
        )
        if (believed := self.tracker.believed) is not None:
            share_difficulty(self._hass, identity, believed)
        for event in self.tracker.events:
            self._publish(event)
            if event.event_type is EventType.BLOCK_FOUND:
                self._celebrate()
        self._save_if_urgent()
        return insight

    @callback
    def failed(self, kind: ErrorKind, moment: Moment, *, away: bool) -> Insight:
        """Take a failed poll."""
        around = read_environment(self._hass, self._options)
        insight = self.tracker.failed(kind, moment, away=away, around=around)
        # Since when it is away is then known after any end of Home Assistant.
        self._save_if_urgent()
        return insight

    @callback
    def _save_if_urgent(self) -> None:
        if self.tracker.urgent:
            self._entry.async_create_background_task(
                self._hass, self._store.async_save(), f"{self._entry.title} insight"
            )

    @callback
    def unplugged(self, moment: Moment) -> Insight:
        """Take a moment in which nobody asks the miner."""
        around = read_environment(self._hass, self._options)
        return self.tracker.unplugged(moment, around)

    def _celebrate(self) -> None:
        """Leave a note that stays until it is read."""
        text = own_text(self._hass, "common", "block_found_text", "{name}")
        persistent_notification.async_create(
            self._hass,
            text.format(name=escaped(self._entry.title)),
            title=own_text(self._hass, "common", "block_found_title", "") or None,
        )

    def _dump(self) -> Data:
        data = self.tracker.dump(time.time())
        return packed({**data, BOOTED: self.boots.dump()})


def packed(data: Data) -> Data:
    """Write long parts as one text each.

    In a store every number has a line of its own, with blanks before it: that makes
    most of a file.
    """
    return {
        key: json_dumps(part) if isinstance(part, list | dict) else part
        for key, part in data.items()
    }


def unpacked(stored: Data) -> Data:
    """Return what ``packed`` was given; what cannot be read is left as it is."""
    found = dict(stored)
    for key, part in stored.items():
        if isinstance(part, str):
            with suppress(*JSON_DECODE_EXCEPTIONS):
                found[key] = json_loads(part)
    return found


async def async_remove_stored(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Leave nothing of a removed miner behind but its meters and counters.

    One without a name of its own is not known again, so nothing is kept of it.
    """
    store = store_of(hass, f"{KEY}.{entry.entry_id}")
    stored = await async_read(store)
    if stored is not None and known_identity(entry).unique_id is not None:
        assert entry.unique_id is not None
        async with hass.data.setdefault(_LOCK, asyncio.Lock()):
            kept = await _async_kept(hass)
            kept[entry.unique_id] = {"removed_at": time.time(), "data": lasting(stored)}
            await store_of(hass, REMOVED).async_save(kept)
    await store.async_remove()


async def _async_take(hass: HomeAssistant, device_id: str) -> Data | None:
    """Return what was kept of a miner, and forget it."""
    async with hass.data.setdefault(_LOCK, asyncio.Lock()):
        kept = await _async_kept(hass)
        if (found := kept.pop(device_id, None)) is None:
            return None
        await store_of(hass, REMOVED).async_save(kept)
    data: Data = found["data"]
    return data


async def _async_kept(hass: HomeAssistant) -> dict[str, Any]:
    """Return what is kept, without what is too old or not to be understood."""
    stored = await async_read(store_of(hass, REMOVED)) or {}
    oldest = time.time() - KEPT_SECONDS
    return {
        device_id: item
        for device_id, item in stored.items()
        if isinstance(item, dict)
        and isinstance(item.get("data"), dict)
        and isinstance(removed_at := item.get("removed_at"), int | float)
        and removed_at >= oldest
    }
