"""Fixtures: farms with a clock that the test moves, and a client."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from simulator import Farm, ManualClock, MinerSpec, SimulatedMiner

type StartMiner = Callable[..., Awaitable[SimulatedMiner]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def start_miner(
    clock: ManualClock, socket_enabled: None
) -> AsyncIterator[StartMiner]:
    """Give a function that starts one miner on a free port."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> SimulatedMiner:
            usual = {"name": "miner", "seed": 7, "flash_time": 0.0}
            spec = MinerSpec(**(usual | settings))
            farm = await stack.enter_async_context(Farm([spec], clock=clock))
            return farm[spec.name]

        yield start


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    """Give a client that closes each connection and gives up soon."""
    connector = aiohttp.TCPConnector(force_close=True)
    timeout = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as client:
        yield client
