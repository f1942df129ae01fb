"""The simulated miners of the bench and their config entries."""

import asyncio
from collections.abc import Sequence
from itertools import batched
from types import MappingProxyType
from uuid import uuid4

import aiohttp
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.const import CONF_SCAN_INTERVAL

from custom_components.miner_monitor.config_flow import MinerConfigFlow
from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.miners import Endpoint, detect
from custom_components.miner_monitor.miners.http import create_session
from custom_components.miner_monitor.runtime.entries import entry_data
from scripts.rig.farm import FarmMiner

type Entries = list[ConfigEntry]

MIX = (
    ("gamma_601", "2.12.2"),
    ("supra_401", "2.4.0"),
    ("hex_303", "2.15.0"),
    ("gamma_602", "2.14.0"),
    ("nerdqaxeplusplus", "1.1.0-beta1"),
    ("ultra_204", "2.1.8"),
    ("gt_801", "2.15.0"),
    ("suprahex_701", "2.12.2"),
    ("nerdaxe", "1.0.36"),
    ("gamma_601", "2.9.0"),
)
"""Boards and firmware in the order in which a fleet of any size is made of them."""

AT_ONCE = 100
"""Miners that are asked at the same moment: all live in one process."""


def make_fleet(name: str, size: int, ports: Sequence[int]) -> list[FarmMiner]:
    """Return this many miners of mixed boards; names begin with the fleet's."""
    return [
        FarmMiner(
            name=f"{name}-{index:03}",
            model=MIX[index % len(MIX)][0],
            firmware=MIX[index % len(MIX)][1],
            port=port,
        )
        for index, port in zip(range(size), ports, strict=True)
    ]


async def entries_of(miners: Sequence[FarmMiner], interval: int) -> Entries:
    """Return what the config flow would store for these miners."""
    async with create_session() as session:
        return [
            entry
            for some in batched(miners, AT_ONCE, strict=False)
            for entry in await asyncio.gather(
                *(_entry_of(miner, interval, session) for miner in some)
            )
        ]


async def _entry_of(
    miner: FarmMiner, interval: int, session: aiohttp.ClientSession
) -> ConfigEntry:
    _, reading = await detect("127.0.0.1", miner.port, session)
    identity = reading.identity
    return ConfigEntry(
        data=entry_data(Endpoint(host="127.0.0.1", port=miner.port), identity),
        discovery_keys=MappingProxyType({}),
        domain=DOMAIN,
        minor_version=MinerConfigFlow.MINOR_VERSION,
        options={CONF_SCAN_INTERVAL: interval},
        source=SOURCE_USER,
        subentries_data=None,
        title=miner.name,
        unique_id=identity.unique_id or uuid4().hex,
        version=MinerConfigFlow.VERSION,
    )
