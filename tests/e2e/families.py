"""A miner of each family in a real Home Assistant, and what it shows of them."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
import json
import os
from pathlib import Path
import signal
import sqlite3
import time

from scripts.rig.hass import DOMAIN, HassProcess
from scripts.rig.websocket import ApiError
from simulator import Farm, MinerSpec

from .waiting import until, until_so

POLL_INTERVAL = 10
"""Seconds; the least that the options allow."""

AXEOS = MinerSpec(
    name="axeos",
    model="gamma_601",
    firmware="2.12.2",
    mac="E4:B0:63:00:00:41",
    seed=41,
)
NERDOS = MinerSpec(
    name="nerdos",
    model="nerdqaxeplusplus",
    firmware="1.1.0-beta1",
    mac="AC:A7:04:00:00:42",
    seed=42,
)
AVALON = MinerSpec(name="avalon", model="avalon_q", seed=43)
FPGA = MinerSpec(name="fpga", model="fpga_0xbitcoin", seed=44)
HEATER = MinerSpec(name="heater", model="avalon_mini3", seed=45, work_mode=0)
FAMILIES = (AXEOS, NERDOS, AVALON, HEATER, FPGA)

COUNTED = ("energy", "wall_energy", "total_uptime", "restarts", "times_offline")
"""Keys of what is added up by us, of a miner."""

MODES = ("eco", "standard", "super")
"""Of the Avalon, by the device's own numbers."""

TOTAL = "total_increasing"
NOT_KNOWN = ("unknown", "unavailable")


async def add(hass: HassProcess, address: str) -> str:
    """Add a miner as a user does, and return its entry."""
    flow = await hass.api.start_flow(DOMAIN)
    result = await hass.api.continue_flow(flow["flow_id"], {"host": address})
    return str(result["result"]["entry_id"])


async def entity(hass: HassProcess, entry_id: str, domain: str, key: str) -> str:
    """Return the entity of a miner by its key."""
    registry = await hass.api.command("config/entity_registry/list")
    return next(
        item["entity_id"]
        for item in registry
        if item["config_entry_id"] == entry_id
        and item["entity_id"].startswith(f"{domain}.")
        and item["unique_id"].endswith(f"_{key}")
    )


async def shown(hass: HassProcess, entity_id: str) -> str | None:
    """Return the state of an entity, if there is one."""
    try:
        return str((await hass.api.get(f"states/{entity_id}"))["state"])
    except ApiError:
        return None


async def stored(directory: Path, entries: list[str]) -> None:
    """Wait until Home Assistant would know these entries after a kill."""
    path = directory / ".storage" / "core.config_entries"
    await until(
        lambda: (
            path.exists()
            and all(entry in path.read_text(encoding="utf-8") for entry in entries)
        )
    )


def poll_often(directory: Path, entries: list[str]) -> None:
    """Set the poll interval as the options would."""
    path = directory / ".storage" / "core.config_entries"
    content = json.loads(path.read_text(encoding="utf-8"))
    for entry in content["data"]["entries"]:
        if entry["entry_id"] in entries:
            entry["options"]["scan_interval"] = POLL_INTERVAL
    path.write_text(json.dumps(content), encoding="utf-8")


def recorded(directory: Path, entity_id: str) -> list[tuple[str, str]]:
    """Return all states that the recorder kept of an entity, with attributes."""
    database = sqlite3.connect(directory / "home-assistant_v2.db")
    try:
        rows = database.execute(
            "select state, shared_attrs from states"
            " join states_meta using (metadata_id)"
            " left join state_attributes using (attributes_id)"
            " where states_meta.entity_id = ? order by last_updated_ts",
            (entity_id,),
        ).fetchall()
    finally:
        database.close()
    return [(state, attributes or "{}") for state, attributes in rows]


def recorded_numbers(directory: Path, entity_id: str) -> list[float]:
    """Return the numbers that the recorder kept of an entity."""
    states = (state for state, _ in recorded(directory, entity_id))
    return [float(state) for state in states if state not in NOT_KNOWN]


@dataclass
class House:
    """All families in one Home Assistant."""

    hass: HassProcess
    farm: Farm
    entries: dict[str, str] = field(default_factory=dict)

    async def set_up(self) -> None:
        """Add the miners, and turn on every total; then end Home Assistant."""
        async with self.hass:
            for miner in self.farm:
                address = f"{miner.host}:{miner.port}"
                self.entries[miner.spec.name] = await add(self.hass, address)
            await stored(self.hass.directory, list(self.entries.values()))
            await until_so(self._fleet_is_there)
            await self._turn_totals_on()
        poll_often(self.hass.directory, list(self.entries.values()))

    async def _fleet_is_there(self) -> bool:
        return len(await self.hass.api.entries(DOMAIN)) > len(self.entries)

    async def _turn_totals_on(self) -> None:
        for item in await self.hass.api.entities(DOMAIN):
            key = item["unique_id"].partition("_")[2]
            if key in COUNTED and item["disabled_by"] is not None:
                await self.hass.api.command(
                    "config/entity_registry/update",
                    entity_id=item["entity_id"],
                    disabled_by=None,
                )

    async def totals(self) -> dict[str, float | None]:
        """Return every total of ours, None where it is unknown."""
        ours = {item["entity_id"] for item in await self.hass.api.entities(DOMAIN)}
        return {
            entity_id: None if state["state"] in NOT_KNOWN else float(state["state"])
            for entity_id, state in (await self.hass.api.states()).items()
            if entity_id in ours and state["attributes"].get("state_class") == TOTAL
        }

    async def wait_until_counted(self, above: dict[str, float]) -> dict[str, float]:
        """Wait until all totals are known; none may be below what it was."""
        found: dict[str, float] = {}

        async def known() -> bool:
            totals = await self.totals()
            found.clear()
            found.update({k: v for k, v in totals.items() if v is not None})
            return (
                bool(found)
                and len(found) == len(totals)
                and found.keys() >= above.keys()
            )

        await until_so(known)
        fallen = {
            entity_id: (value, found[entity_id])
            for entity_id, value in above.items()
            if found[entity_id] < value
        }
        assert fallen == {}
        return found

    def recorded(self, totals: Iterable[str]) -> dict[str, float]:
        """Return what the recorder has last of totals, whatever ended it."""
        kept = {name: recorded_numbers(self.hass.directory, name) for name in totals}
        return {name: numbers[-1] for name, numbers in kept.items() if numbers}

    async def run_for(self, seconds: float) -> dict[str, float]:
        """Let time pass, and return the totals at its end; none may fall meanwhile."""
        totals: dict[str, float] = {}
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for entity_id, value in (await self.totals()).items():
                if value is None:
                    continue
                assert value >= totals.get(entity_id, value), entity_id
                totals[entity_id] = value
            await asyncio.sleep(0.5)
        return totals

    async def all_used_energy_since(self, before: dict[str, float]) -> bool:
        """Return whether every meter is above what it was; a small one takes long."""
        totals = await self.totals()
        return all(
            (totals.get(name) or 0) > value
            for name, value in before.items()
            if name.endswith("_energy")
        )

    async def kill(self) -> None:
        """End Home Assistant as a power cut does."""
        os.kill(self.hass.pid, signal.SIGKILL)
        await self.hass.wait()
        await self.hass.stop()

    async def entity(self, miner: MinerSpec, domain: str, key: str) -> str:
        """Return the entity of a miner by its key."""
        return await entity(self.hass, self.entries[miner.name], domain, key)

    def frequency(self, miner: MinerSpec) -> float:
        """Return the frequency that a device runs by its own word."""
        return float(self.farm[miner.name].reply("info")["frequency"])

    def mode(self) -> str:
        """Return the work mode that the Avalon runs by its own word."""
        return MODES[self.farm[AVALON.name].device.settings["mode"]]

    def settings(self) -> tuple[float, float, str]:
        """Return what the devices are set to by their own word."""
        return self.frequency(AXEOS), self.frequency(NERDOS), self.mode()

    async def agrees(self) -> bool:
        """Return whether Home Assistant shows what the devices are set to."""
        names = [
            await self.entity(AXEOS, "number", "frequency"),
            await self.entity(NERDOS, "number", "frequency"),
            await self.entity(AVALON, "select", "work_mode"),
        ]
        seen = [await shown(self.hass, name) for name in names]
        if any(state is None or state in NOT_KNOWN for state in seen):
            return False
        first, second, mode = seen
        return (float(first), float(second), mode) == self.settings()
