"""Measures (e): what silent miners cost the others and the start."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median
import time

from .figures import ages, by_port, percentile
from .lab import Installation, Lab
from .plan import Plan
from .table import Judged, Row, Target

SLACK_SECONDS = 0.25
"""What counts as the same age: a quarter of the second to which polls are timed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two installations alike, but the first miners of one never answer."""

    sound: Installation
    silent: Installation
    silent_count: int
    starts: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))

    @property
    def title(self) -> str:
        """Return how the table names it."""
        return f"{self.silent_count} of {len(self.silent.entries)} silent"


async def start_pair(
    pair: Pair, sound_stack: AsyncExitStack, silent_stack: AsyncExitStack
) -> None:
    """Start both at the same time, so that what disturbs one disturbs the other."""
    await asyncio.gather(
        sound_stack.enter_async_context(pair.sound.running()),
        silent_stack.enter_async_context(pair.silent.running()),
    )
    for seconds, one in zip(pair.starts, (pair.sound, pair.silent), strict=True):
        seconds.append(await one.start_seconds())


async def measure_starts(pair: Pair, rounds: int) -> None:
    """Start both this often and note how long it takes."""
    for _ in range(rounds):
        async with AsyncExitStack() as sound, AsyncExitStack() as silent:
            await start_pair(pair, sound, silent)
            await asyncio.gather(sound.aclose(), silent.aclose())


def start_row(pair: Pair) -> Row:
    """Return the row about the start."""
    sound, silent = pair.starts
    return Row(
        item="e",
        measure=f"HA start, {pair.title}",
        unit="s",
        baseline=median(sound),
        ours=median(silent),
        target=Target(judged=Judged.DIFFERENCE, limit=1.0),
        note=f"medians of {len(sound)}, started in pairs; baseline: all answer",
    )


async def start_row_beside_idle(lab: Lab, many: Installation, plan: Plan) -> Row:
    """Return the row about what miners that all answer add to the start."""
    idle = lab.installation("idle-start", [])
    seconds: dict[str, list[float]] = {idle.name: [], many.name: []}
    for _ in range(plan.starts):
        for one in (idle, many):
            async with one.running():
                seconds[one.name].append(await one.start_seconds())
    return Row(
        item="e",
        measure=f"HA start, {len(many.entries)} miners, beside idle",
        unit="s",
        baseline=median(seconds[idle.name]),
        ours=median(seconds[many.name]),
        target=Target(judged=Judged.DIFFERENCE, limit=2.0),
        note=f"medians of {plan.starts}, in turns, each alone; all miners answer",
    )


async def age_rows(lab: Lab, plan: Plan, pairs: list[Pair]) -> list[Row]:
    """Return the rows about the age of what healthy miners last said."""
    await asyncio.sleep(plan.settle)
    start = time.monotonic()
    await asyncio.sleep(plan.silent_window)
    times = by_port(lab.replies(), start, time.monotonic())
    return [row for pair in pairs for row in _age_rows(lab, pair, times)]


def _age_rows(lab: Lab, pair: Pair, times: dict[int, list[float]]) -> list[Row]:
    def ages_of(installation: Installation) -> list[float]:
        healthy = lab.fleets[installation.name][pair.silent_count :]
        return ages(times, [miner.port for miner in healthy])

    sound, silent = ages_of(pair.sound), ages_of(pair.silent)
    return [
        Row(
            item="e",
            measure=f"update age {word}, {pair.title}",
            unit="s",
            baseline=percentile(sound, percent),
            ours=percentile(silent, percent),
            target=Target(judged=Judged.DIFFERENCE, limit=SLACK_SECONDS),
        )
        for word, percent in (("p50", 50), ("p99", 99))
    ]
