"""Reading what came in without keeping everybody else waiting."""

import asyncio
from collections.abc import Callable

LARGE = 16 * 1024
"""Bytes. What a device that is well says is shorter, and read at once."""


async def read_apart[Content: (str, bytes), Read](
    read: Callable[[Content], Read], content: Content
) -> Read:
    """Read a reply; a large one in a thread, for it may be made to take long."""
    if len(content) <= LARGE:
        return read(content)
    return await asyncio.to_thread(read, content)
