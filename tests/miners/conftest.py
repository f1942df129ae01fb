"""Fixtures of the device library's tests: sockets on 127.0.0.1, no hass."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from custom_components.miner_monitor.miners.http import create_session


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    """Give a session as the integration makes one."""
    async with create_session() as session:
        yield session
