"""The time of the loop."""

import asyncio


class LoopTime:
    """Tells the time, which never lies before that of a timer that has fired."""

    __slots__ = ("_reached",)

    def __init__(self) -> None:
        """Begin with any time."""
        self._reached = float("-inf")

    def now(self) -> float:
        """Tell the time in seconds."""
        return max(asyncio.get_running_loop().time(), self._reached)

    async def until(self, moment: float) -> None:
        """Sleep until then."""
        await asyncio.sleep(max(0.0, moment - self.now()))
        self._reached = moment

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for something to happen, for so long at most."""
        until = self.now() + seconds
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            self._reached = until
