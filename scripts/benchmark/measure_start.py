"""Measures (e): what silent miners cost the others and the start."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median
import time

from scripts.rig.farm import FarmMiner

from .figures import ages, by_port, percentile
from .fleet import Entries
from .lab import Installation, Lab
from .plan import Plan
from .table import Judged, Row, Target

SLACK_SECONDS = 0.25
"""What counts as the same age: a quarter of the second to which polls are timed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two fleets alike, but the first miners of one never answer."""

    sound: str
    silent: str
    silent_count: int
    entries: tuple[Entries, Entries]
    starts: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))


async def make_pair(
    lab: Lab, plan: Plan, sound: str, silent: str, silent_count: int
) -> Pair:
    """Make the entries of both fleets, then silence the miners."""
    entries = (
        await lab.entries(sound, plan.interval),
        await lab.entries(silent, plan.interval),
    )
    await lab.silence(silent, silent_count)
    return Pair(sound=sound, silent=silent, silent_count=silent_count, entries=entries)


async def start_pair(
    lab: Lab, pair: Pair, number: int, stacks: tuple[AsyncExitStack, AsyncExitStack]
) -> tuple[Installation, Installation]:
    """Start both at the same time, so that what disturbs one disturbs the other."""
    names = (pair.sound, pair.silent)
    installations = [
        lab.installation(f"{name}-{number}", entries)
        for name, entries in zip(names, pair.entries, strict=True)
    ]
    sound, silent = await asyncio.gather(
        *(
            stack.enter_async_context(installation.running())
            for stack, installation in zip(stacks, installations, strict=True)
        )
    )
    for seconds, installation in zip(pair.starts, (sound, silent), strict=True):
        seconds.append(await installation.start_seconds())
    return sound, silent


async def measure_starts(lab: Lab, pair: Pair, rounds: int) -> None:
    """Start both this often and note how long it takes."""
    for number in range(rounds):
        async with AsyncExitStack() as sound, AsyncExitStack() as silent:
            await start_pair(lab, pair, number, (sound, silent))
            await asyncio.gather(sound.aclose(), silent.aclose())


def start_row(pair: Pair) -> Row:
    """Return the row about the start."""
    sound, silent = pair.starts
    return Row(
        item="e",
        measure=f"HA start, {_title(pair)}",
        unit="s",
        baseline=median(sound),
        ours=median(silent),
        target=Target(judged=Judged.DIFFERENCE, limit=1.0),
        note=f"medians of {len(sound)}, started in pairs; baseline: all answer",
    )


async def age_rows(lab: Lab, plan: Plan, pairs: list[Pair]) -> list[Row]:
    """Return the rows about the age of what healthy miners last said."""
    await asyncio.sleep(plan.settle)
    start = time.monotonic()
    await asyncio.sleep(plan.silent_window)
    times = by_port(lab.replies(), start, time.monotonic())
    return [row for pair in pairs for row in _age_rows(lab, pair, times)]


def _age_rows(lab: Lab, pair: Pair, times: dict[int, list[float]]) -> list[Row]:
    def ages_of(fleet: str) -> list[float]:
        healthy: list[FarmMiner] = lab.fleets[fleet][pair.silent_count :]
        return ages(times, [miner.port for miner in healthy])

    sound, silent = ages_of(pair.sound), ages_of(pair.silent)
    return [
        Row(
            item="e",
            measure=f"update age {word}, {_title(pair)}",
            unit="s",
            baseline=percentile(sound, percent),
            ours=percentile(silent, percent),
            target=Target(judged=Judged.DIFFERENCE, limit=SLACK_SECONDS),
        )
        for word, percent in (("p50", 50), ("p99", 99))
    ]


def _title(pair: Pair) -> str:
    return f"{pair.silent_count} of {len(pair.entries[0])} silent"
