"""A write that takes several requests."""

from collections.abc import Awaitable, Callable, Iterable

from .errors import (
    MinerError,
    Outcome,
)


async def send_in_order(parts: Iterable[Callable[[], Awaitable[None]]]) -> None:
    """Send one after the other; the first that fails ends it.

    What failed after a part was taken has left the device between two states.
    """
    taken = False
    for send in parts:
        try:
            await send()
        except MinerError as err:
            if taken:
                err.outcome = Outcome.UNKNOWN
            raise
        taken = True
