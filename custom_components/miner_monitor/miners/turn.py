"""Turns at one device, which serves one request at a time."""

import asyncio

from .errors import MinerTimeoutError


def later(seconds: float) -> float:
    """Tell the time of the loop so many seconds from now."""
    return asyncio.get_running_loop().time() + seconds


class Turn:
    """A time in which the device is ours; entering gives the loop time it ends."""

    __slots__ = ("_ends", "_lock")

    def __init__(self, lock: asyncio.Lock, deadline: float) -> None:
        """Count from now."""
        self._lock = lock
        self._ends = asyncio.get_running_loop().time() + deadline

    async def __aenter__(self) -> float:
        """Queue up behind earlier requests."""
        if self._lock.locked():
            try:
                async with asyncio.timeout_at(self._ends):
                    await self._lock.acquire()
            except TimeoutError as err:
                raise MinerTimeoutError("an earlier request is not done") from err
        else:
            await self._lock.acquire()
        return self._ends

    async def __aexit__(self, *_: object) -> None:
        """Let the next one in."""
        self._lock.release()
