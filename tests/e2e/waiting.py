"""Waiting for what another process does."""

import asyncio
from collections.abc import Callable

PATIENCE = 60.0
LOOK_EVERY = 0.1


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something to be the case."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if condition():
                return
            await asyncio.sleep(LOOK_EVERY)
