"""A house with a few miners of each kind, two users, and two weeks behind it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
import json
from pathlib import Path

from scripts.rig.api import HassApi
from scripts.rig.demo import add_miner
from scripts.rig.farm import FarmMiner
from scripts.rig.hass import DOMAIN, HassProcess
from scripts.rig.past import seed_past
from scripts.rig.past.seed import spec_of
from scripts.rig.process import free_ports
from scripts.rig.websocket import Json
from simulator import Farm, SystemClock

from .dashboard import TABS, VIEWS

DAYS = 14
UPTIME = 86_400
OFF = "attic"
"""This one has no power since Home Assistant started the last time."""

KINDS = (
    FarmMiner(name="gamma", model="gamma_601", firmware="2.12.2"),
    FarmMiner(name="hex", model="hex_303", firmware="2.15.0"),
    FarmMiner(name="nano", model="avalon_nano3s"),
    FarmMiner(name="q", model="avalon_q"),
    FarmMiner(name="card", model="fpga_rb4"),
    FarmMiner(name=OFF, model="ultra_204", firmware="2.1.8"),
)
GUEST, GUEST_PASSWORD = "guest", "guest"
USERS = "system-users"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededHouse:
    """Home Assistant and its miners, by their names in the farm."""

    hass: HassProcess
    farm: Farm
    devices: dict[str, str]
    """Ids of the devices."""
    titles: dict[str, str]
    guest: HassApi
    """Who is no administrator."""

    @property
    def views(self) -> list[str]:
        """Return the paths of all kinds of views: all tabs of two miners are enough."""
        tabs = [self.view_of(name, tab) for name in ("gamma", "q") for tab in TABS]
        return [*VIEWS, *map(self.view_of, self.devices), *tabs]

    def view_of(self, name: str, tab: str = "") -> str:
        """Return the path of a miner's own view, or of one of its other tabs."""
        path = f"miner-{self.devices[name]}"
        return f"{path}#{tab}" if tab else path

    async def entity(self, name: str, key: str) -> str:
        """Return a miner's entity by its key, such as "switch.throttle"."""
        domain, _, wanted = key.partition(".")
        found = [
            entity["entity_id"]
            for entity in await self.hass.api.entities(DOMAIN)
            if entity["device_id"] == self.devices[name]
            and entity["translation_key"] == wanted
            and entity["entity_id"].startswith(f"{domain}.")
        ]
        return str(found[0])

    async def state(self, name: str, key: str) -> str:
        """Return what a miner's entity shows."""
        state = await self.hass.api.get(f"states/{await self.entity(name, key)}")
        return str(state["state"])

    async def rename(self, name: str, text: str | None) -> None:
        """Give a miner another name, or its own again."""
        await self.hass.api.command(
            "config/device_registry/update",
            device_id=self.devices[name],
            name_by_user=text,
        )


@asynccontextmanager
async def seeded_house(
    directory: Path, miners: Sequence[FarmMiner] = KINDS, language: str = "en"
) -> AsyncIterator[SeededHouse]:
    """Set a house up, give it a past, and run it."""
    ports = free_ports(len(miners))
    placed = [
        replace(miner, port=port, uptime=UPTIME)
        for miner, port in zip(miners, ports, strict=True)
    ]
    async with Farm(map(spec_of, placed), clock=SystemClock()) as farm:
        hass = HassProcess(directory, language=language)
        async with hass:
            devices = await add_miners(hass.api, placed)
            await hass.api.call_service(
                DOMAIN, "show_details", device_id=list(devices.values())
            )
            await _add_guest(hass.api)
        await asyncio.to_thread(seed_past, directory, placed, days=DAYS)
        if OFF in farm:
            await farm[OFF].stop()
        async with hass:
            guest = HassApi(hass.url)
            await guest.log_in(GUEST, GUEST_PASSWORD)
            try:
                yield SeededHouse(
                    hass=hass,
                    farm=farm,
                    devices=devices,
                    titles=await _titles(hass.api, devices),
                    guest=guest,
                )
            finally:
                await guest.close()


def token_script(tokens: Json) -> str:
    """Return a script with which a page is logged in."""
    return f"localStorage.setItem('hassTokens', {json.dumps(json.dumps(tokens))});"


async def add_miners(api: HassApi, miners: Sequence[FarmMiner]) -> dict[str, str]:
    """Add miners of one unit each; return their devices' ids by name."""
    found: dict[str, str] = {}
    for miner in miners:
        (entry,) = await add_miner(api, miner)
        (device,) = await api.devices(entry["entry_id"])
        found[miner.name] = device["id"]
    return found


async def _titles(api: HassApi, devices: Mapping[str, str]) -> dict[str, str]:
    listed = await api.command("config/device_registry/list")
    names = {device["id"]: device["name"] for device in listed}
    return {name: names[device] for name, device in devices.items()}


async def _add_guest(api: HassApi) -> None:
    created = await api.command("config/auth/create", name="Guest", group_ids=[USERS])
    await api.command(
        "config/auth_provider/homeassistant/create",
        user_id=created["user"]["id"],
        username=GUEST,
        password=GUEST_PASSWORD,
    )
