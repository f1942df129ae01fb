"""A home whose Home Assistant is reloaded, stopped or killed, and loses its power."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from copy import deepcopy
from pathlib import Path
import shutil
from typing import Any
from unittest.mock import patch

from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import restore_state as rs
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.miners.model import Setting
from custom_components.miner_monitor.runtime.entries import miner_entries
from custom_components.miner_monitor.runtime.store import IntentFile
from simulator import MinerSpec, SimulatedMiner

from .conftest import TimedBench
from .handles import Handle
from .house import boot, kept

type Storage = dict[str, Any]

TWO_POLLS = 45.0
SETTLED = 200.0
"""Seconds until a slow proof is over, a calibration done, a boot and a start."""


class Home:
    """Some miners and a Home Assistant that can be replaced by its successor."""

    def __init__(
        self, bench: TimedBench, miners: list[SimulatedMiner], storage: Storage
    ) -> None:
        """Remember what the miners were at first."""
        self.bench = bench
        self.miners = miners
        self.storage = storage
        self.first = {miner.name: kept(miner) for miner in miners}

    @property
    def hass(self) -> HomeAssistant:
        """The Home Assistant that runs at the moment."""
        return self.bench.hass

    @property
    def handles(self) -> list[Handle]:
        """The miners as Home Assistant knows them now."""
        by_port = {entry.data["port"]: entry for entry in miner_entries(self.hass)}
        return [Handle(self.bench, miner, by_port[miner.port]) for miner in self.miners]

    def switches(self, key: str = "throttle") -> list[str]:
        """Name the switches of this kind of all miners."""
        return [handle.entity("switch", key) for handle in self.handles]

    def saving(self) -> dict[str, bool | None]:
        """Tell by name which miners are shown to save power."""
        return {
            handle.miner.name: self._is_on(handle.entity("switch", "throttle"))
            for handle in self.handles
        }

    def _is_on(self, entity_id: str) -> bool | None:
        state = self.hass.states.get(entity_id)
        assert state is not None
        return {"on": True, "off": False}.get(state.state)

    async def turn(self, on: bool) -> None:
        """Turn *Save power* of all miners on or off, and wait."""
        await self.bench.run(self.turning(on))

    async def turning(self, on: bool) -> None:
        """Turn *Save power* of all miners on or off."""
        await self.hass.services.async_call(
            "switch",
            "turn_on" if on else "turn_off",
            {"entity_id": self.switches()},
            blocking=True,
        )

    def everyone(self, saves: bool) -> list[str]:
        """Name the miners that do not save power, or do."""
        return [miner.name for miner in self.miners if self._saves(miner) is not saves]

    def _saves(self, miner: SimulatedMiner) -> bool:
        return not miner.truth.hashing or kept(miner) != self.first[miner.name]

    def changed(self) -> dict[str, dict[str, Any]]:
        """Tell what differs from how the miners were at first."""
        found: dict[str, dict[str, Any]] = {}
        for miner in self.miners:
            first, now = self.first[miner.name], kept(miner)
            differing = {key: now[key] for key in now if now[key] != first.get(key)}
            if not miner.truth.hashing:
                differing["hashing"] = False
            if differing:
                found[miner.name] = differing
        return found

    def wrongly_shown(self) -> dict[str, Any]:
        """Name the settings that Home Assistant shows otherwise than they are."""
        return {
            f"{handle.miner.name} {setting}": (shown, truth)
            for handle in self.handles
            for setting in (Setting.MINING, Setting.FREQUENCY, Setting.WORK_MODE)
            if setting in handle.settings
            and (shown := handle.shown(setting)) != (truth := handle.truth(setting))
        }

    async def poll_every(self, seconds: int | None) -> None:
        """Choose the interval of all miners, or leave it to them."""
        options = {} if seconds is None else {"scan_interval": seconds}
        for handle in self.handles:
            self.hass.config_entries.async_update_entry(handle.entry, options=options)
        await self.bench.run(self.reload())

    async def reload(self) -> None:
        """Reload all entries, as when options are saved."""
        entries = self.hass.config_entries
        await asyncio.gather(
            *(entries.async_reload(entry.entry_id) for entry in self._entries)
        )

    @property
    def _entries(self) -> list[Any]:
        return self.hass.config_entries.async_entries(DOMAIN)

    @asynccontextmanager
    async def replaced(
        self,
        down: float,
        *,
        killed: bool = False,
        backup: Backup | None = None,
        meanwhile: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> AsyncIterator[HomeAssistant]:
        """End Home Assistant, and start another one with what the first stored.

        Who is ``killed`` writes nothing more, and reaches no miner; nor does a
        ``backup`` know what came after it.
        """
        old = self.hass
        snapshot = backup or (self.backup() if killed else None)
        if killed:
            self._cut_off()
        else:
            await rs.async_get(old).async_dump_states()
        await old.async_stop(force=True)
        snapshot = snapshot or self.backup()
        # Its timers would go on: it ends for good, and reaches no miner meanwhile.
        self._cut_off()
        for entry in old.config_entries.async_loaded_entries(DOMAIN):
            await self.bench.run(old.config_entries.async_unload(entry.entry_id))
        for miner in self.miners:
            miner.clear("offline")
        await self.bench.pass_time(down)
        if meanwhile is not None:
            await meanwhile()
        # What it stored in its end is not there.
        snapshot.restore(self.storage)
        async with async_test_home_assistant(
            load_registries=False,
            config_dir=old.config.config_dir,
            initial_state=CoreState.not_running,
        ) as hass:
            self.bench.hass = hass
            await self.bench.run(boot(hass))
            try:
                yield hass
            finally:
                for entry in hass.config_entries.async_loaded_entries(DOMAIN):
                    await self.bench.run(
                        hass.config_entries.async_unload(entry.entry_id)
                    )
                await hass.async_stop(force=True)

    def _cut_off(self) -> None:
        """Let no request reach a miner."""
        for miner in self.miners:
            miner.inject("offline")

    def backup(self) -> Backup:
        """Copy all that is stored now."""
        return Backup(self.storage, Path(self.hass.config.config_dir))


class Backup:
    """All that was stored at one moment."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        """Copy it."""
        self._storage = deepcopy(storage)
        self._folder = folder / ".storage"
        self._files = {
            file.name: file.read_bytes()
            for file in self._folder.glob(f"{DOMAIN}.intents.*")
        }

    def restore(self, storage: Storage) -> None:
        """Put it in the place of what was stored since."""
        storage.clear()
        storage.update(deepcopy(self._storage))
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        for name, content in self._files.items():
            (self._folder / name).write_bytes(content)


@contextmanager
def slow_disk(seconds: float) -> Iterator[None]:
    """Let each write of what a user wants take its time, before and after it."""
    save = IntentFile.async_save

    async def saved_slowly(file: IntentFile, content: Any) -> None:
        await asyncio.sleep(seconds / 2)
        await save(file, content)
        await asyncio.sleep(seconds / 2)

    with patch.object(IntentFile, "async_save", saved_slowly):
        yield


async def move_in(bench: TimedBench, storage: Storage, *specs: MinerSpec) -> Home:
    """Add miners, and wait for some polls."""
    miners = list(await bench.start(*specs))
    for miner in miners:
        await bench.add(miner)
    await bench.pass_time(60)
    return Home(bench, miners, storage)
