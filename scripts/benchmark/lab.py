"""Home Assistant installations of the bench, made from one template."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json
import os
from pathlib import Path
import shutil
import time
from typing import Any

from scripts.rig.farm import FarmProcess
from scripts.rig.hass import CONFIGURATION, DOMAIN, HassProcess
from scripts.rig.process import ProcessFailedError, free_ports

from .bench_floor import DOMAIN as FLOOR
from .bench_probe import DOMAIN as PROBE, NOTES
from .figures import Reply
from .fleet import Entries, entries_of, make_fleet
from .timed_simulator import LOG_VARIABLE, read_log

# A user's Home Assistant has zeroconf by default_config; it is no cost of ours.
BENCH_CONFIGURATION = f"{CONFIGURATION}{PROBE}:\nzeroconf:\n"

PATIENCE = 900
"""Seconds: a thousand miners take minutes to be added on a busy machine."""

ENTRIES_FILE = "core.config_entries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What the probe in a Home Assistant heard."""

    started: float
    writes: list[tuple[str, float]]


class Installation:
    """One Home Assistant of the bench, which may be started again and again."""

    def __init__(
        self,
        directory: Path,
        entries: Entries,
        configuration: str = BENCH_CONFIGURATION,
    ) -> None:
        """Use a directory that the template was copied to."""
        self.name = directory.name
        self.directory = directory
        self.entries = entries
        self.hass = HassProcess(
            directory,
            configuration=configuration,
            with_integration=any(entry.domain == DOMAIN for entry in entries),
            patience=PATIENCE,
            stop_patience=PATIENCE,
        )
        self._spawned = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Installation]:
        """Run it."""
        self._spawned = time.monotonic()
        async with self.hass:
            yield self

    async def notes(self) -> Notes:
        """Return what the probe has heard so far."""
        await self.hass.api.call_service(PROBE, "dump")
        return await asyncio.to_thread(self._read_notes)

    async def start_seconds(self) -> float:
        """Return how long it took from the command until everything ran."""
        return (await self.notes()).started - self._spawned

    async def state_writes(self) -> list[Reply]:
        """Return the port of the miner and the moment of every state written."""
        ports = {entry.entry_id: entry.data["port"] for entry in self.entries}
        port_of = {
            entity["entity_id"]: ports[entity["config_entry_id"]]
            for entity in await self.hass.api.entities(DOMAIN)
            if entity["config_entry_id"] in ports
        }
        return [
            (port_of[entity], moment)
            for entity, moment in (await self.notes()).writes
            if entity in port_of
        ]

    def _read_notes(self) -> Notes:
        text = (self.directory / NOTES).read_text(encoding="utf-8")
        content = json.loads(text)
        if content["started"] is None:
            raise ProcessFailedError("Home Assistant has not started")
        return Notes(started=content["started"], writes=content["writes"])


class Lab:
    """A template to copy, and the farm that all installations share."""

    def __init__(self, directory: Path, sizes: Mapping[str, int]) -> None:
        """Prepare fleets of these sizes by name."""
        self.directory = directory
        ports = iter(free_ports(sum(sizes.values())))
        self.fleets = {
            name: make_fleet(name, size, [next(ports) for _ in range(size)])
            for name, size in sizes.items()
        }
        self._log = directory / "replies.log"
        self._template = directory / "template"
        os.environ[LOG_VARIABLE] = str(self._log)
        self.farm = FarmProcess(
            directory,
            [miner for fleet in self.fleets.values() for miner in fleet],
            module="scripts.benchmark.timed_simulator",
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Lab]:
        """Make the template and run the farm."""
        _link_helpers(self._template)
        template = HassProcess(
            self._template, configuration=BENCH_CONFIGURATION, with_integration=False
        )
        async with template:
            pass
        async with self.farm:
            yield self

    def replies(self) -> list[Reply]:
        """Return all replies of the farm."""
        return read_log(self._log)

    async def entries(self, fleet: str, interval: int) -> Entries:
        """Return the entries of a fleet, which has to answer now."""
        return await entries_of(self.fleets[fleet], interval)

    async def silence(self, fleet: str, count: int) -> None:
        """Let the first miners of a fleet never answer."""
        for miner in self.fleets[fleet][:count]:
            await self.farm.inject(miner.name, "silent")

    def installation(
        self, name: str, entries: Entries, configuration: str = BENCH_CONFIGURATION
    ) -> Installation:
        """Return a new Home Assistant with these entries in it."""
        directory = self.directory / name
        shutil.copytree(self._template, directory, symlinks=True)
        _write_entries(directory / ".storage" / ENTRIES_FILE, entries)
        return Installation(directory, entries, configuration)


def _link_helpers(directory: Path) -> None:
    """Make the probe and the floor custom integrations of the template."""
    folder = directory / "custom_components"
    folder.mkdir(parents=True)
    for name in (PROBE, FLOOR):
        (folder / name).symlink_to(Path(__file__).parent / name)


def _write_entries(path: Path, entries: Entries) -> None:
    """Add entries to those that Home Assistant made for itself."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    content["data"]["entries"] += [entry.as_dict() for entry in entries]
    path.write_text(json.dumps(content), encoding="utf-8")
