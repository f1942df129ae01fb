"""Fixtures of the device library's tests: sockets on 127.0.0.1, no hass."""

from collections.abc import AsyncIterator
import socket

import aiohttp
import pytest


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    """Give a session as the integration makes one."""
    connector = aiohttp.TCPConnector(force_close=True, family=socket.AF_INET)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session
