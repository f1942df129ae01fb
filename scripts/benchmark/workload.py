"""Polling at full speed, at a pace, and all at once, with the cost of each poll."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
import gc
import time

type Poll = Callable[[], Awaitable[object]]

WARM_UP = 50


async def compare(polls: Sequence[Poll], rounds: int, block: int) -> list[list[float]]:
    """Return the CPU milliseconds per poll, by kind and round.

    The kinds take turns in blocks, so that what disturbs the machine disturbs all.
    """
    for poll in polls:
        await _burst(poll, WARM_UP)
    gc.collect()
    gc.freeze()
    costs: list[list[float]] = [[] for _ in polls]
    for _ in range(rounds):
        for cost, poll in zip(costs, polls, strict=True):
            cost.append(await _burst(poll, block))
    return costs


async def _burst(poll: Poll, times: int) -> float:
    started = time.process_time()
    for _ in range(times):
        await poll()
    return (time.process_time() - started) / times * 1e3


async def pace(poll: Poll, rate: float, slices: int, seconds: float) -> list[float]:
    """Poll at a steady rate; return the CPU milliseconds per poll of each slice.

    A process that sleeps most of the time pays more for a poll than a busy one:
    its caches are cold.
    """
    polls = round(rate * seconds)
    loop = asyncio.get_running_loop()
    due = loop.time()
    for _ in range(polls):
        due = await _wait_for(due + 1 / rate)
        await poll()
    costs = []
    for _ in range(slices):
        started = time.process_time()
        for _ in range(polls):
            due = await _wait_for(due + 1 / rate)
            await poll()
        costs.append((time.process_time() - started) / polls * 1e3)
    return costs


async def _wait_for(due: float) -> float:
    await asyncio.sleep(due - asyncio.get_running_loop().time())
    return due


async def all_at_once(
    fleets: Sequence[Sequence[Poll]], rounds: int
) -> list[list[float]]:
    """Return the seconds that polling a whole fleet at once takes, by fleet."""
    seconds: list[list[float]] = [[] for _ in fleets]
    for number in range(rounds + 1):
        for fleet, taken in zip(fleets, seconds, strict=True):
            started = time.perf_counter()
            await asyncio.gather(*(poll() for poll in fleet))
            # The first round makes what later ones keep.
            if number:
                taken.append(time.perf_counter() - started)
    return seconds
