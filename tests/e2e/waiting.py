"""Waiting for what another process does."""

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE = 60.0
LOOK_EVERY = 0.1


async def until(condition: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait for something to be the case."""
    async with asyncio.timeout(patience):
        while True:
            if condition():
                return
            await asyncio.sleep(LOOK_EVERY)


async def until_so(
    condition: Callable[[], Awaitable[bool]], patience: float = PATIENCE
) -> None:
    """Wait for something that has to be asked for to be the case."""
    async with asyncio.timeout(patience):
        while True:
            if await condition():
                return
            await asyncio.sleep(LOOK_EVERY)
