"""What a user wants of one miner, on the disk: before it is sent, and after."""

import asyncio
from collections.abc import Hashable
from datetime import timedelta
import time
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import LOGGER
from ..control.errors import (
    ControlError,
    ControlFault,
)
from ..control.memory import ControlMemory
from ..control.reconciler import IntentReconciler
from ..miners.model import MinerIdentity
from .environment import this_moment
from .store import (
    EntryStore,
    IntentFile,
)

SAVE_EVERY = timedelta(hours=1)
"""How often all is stored at least: its age tells an old backup."""

STORE_TIME_LEFT = 60.0
"""Seconds after which the time that settings for a while have left is stored again."""


class ControlStore:
    """Keeps what is remembered in two files: the intents in one that is synced."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, identity: MinerIdentity
    ) -> None:
        """Begin with nothing wanted."""
        self._hass = hass
        self._entry = entry
        self._identity = identity
        self.rest = EntryStore(hass, entry, entry.entry_id, self._dump, SAVE_EVERY)
        self._intents = IntentFile(hass, entry.entry_id)
        self.reconciler = IntentReconciler(identity)
        self.turn = asyncio.Lock()
        """Held from the moment something is wanted until it is stored and sent."""
        self._stored: Hashable = None
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
        self._stored, self._stored_at = memory.overrides.active, now.monotonic

    async def async_close(self) -> None:
        """Store for the last time what is wanted."""
        await self._store_what_changed(closing=True)
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
        """Whether something else is wanted, or the time left is stored too long ago."""
        now = this_moment()
        if self.reconciler.overrides.active != self._stored:
            return True
        left = self.reconciler.overrides.seconds_left(now)
        return left is not None and now.monotonic - self._stored_at >= STORE_TIME_LEFT

    async def _store_what_changed(self, *, closing: bool = False) -> None:
        async with self.turn:
            try:
                if not self._closed and self._is_due:
                    await self._write()
            except HomeAssistantError as err:
                text = "%s: what was asked of it was not stored: %s"
                LOGGER.warning(text, self._entry.title, err)
            self._closed |= closing

    async def _write(self) -> None:
        overrides, now = self.reconciler.overrides, this_moment()
        wanted = overrides.active
        await self._intents.async_save(overrides.dump(now))
        if wanted != self._stored:
            # Only now: a change that is not stored outdates nothing that is.
            self.reconciler.memory.acted_at = time.time()
            self.rest.save_soon()
        self._stored, self._stored_at = wanted, now.monotonic

    def _dump(self) -> dict[str, Any]:
        return self.reconciler.memory.dump(time.time())
