"""Measures (c) to (g) in real Home Assistant processes, as many at once as may be."""

import asyncio
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
import time

from .lab import Installation, Lab
from .measure_floor import (
    Load,
    collection,
    collection_rows,
    floor_entries,
    load_of,
)
from .measure_pipeline import cpu_rows, delay_rows, memory_rows, observe
from .measure_recorder import (
    STATISTICS_PERIOD,
    RecorderRun,
    quiet_from,
    statistics_due,
)
from .measure_start import (
    Pair,
    age_rows,
    measure_starts,
    start_pair,
    start_row,
    start_row_beside_idle,
)
from .plan import Plan
from .progress import say
from .table import Row
from .usage import Memory, memory

IDLE, FEW, MANY, RECORDED = "idle", "few", "many", "recorded"
FLOOR = "floor"
SILENT = {FEW: "few-silent", MANY: "many-silent"}


@dataclass(slots=True, kw_only=True)
class Findings:
    """What the processes showed."""

    rows: list[Row] = field(default_factory=list)
    rows_per_entity_and_hour: dict[str, float] = field(default_factory=dict)


async def measure_hass(
    directory: Path, plan: Plan, items: AbstractSet[str]
) -> Findings:
    """Measure what is asked for; the recorder's window spans all the rest."""
    findings = Findings()
    lab = Lab(directory, _sizes(plan, items))
    say("makes a Home Assistant to copy, and the farm")
    async with lab.running(), AsyncExitStack() as stack:
        recorder = RecorderRun(lab, plan)
        if "g" in items:
            say("starts the Home Assistant that records")
            await stack.enter_async_context(recorder.running())
        if items & set("cdef"):
            await _Visit(lab, plan, items, findings).run()
        if "g" in items:
            say("waits for the end of the recorder's window")
        await stack.aclose()
        if "g" in items:
            rows, findings.rows_per_entity_and_hour = recorder.rows()
            findings.rows += rows
    return findings


def _sizes(plan: Plan, items: AbstractSet[str]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    if items & set("cdef"):
        sizes |= {FEW: plan.few, MANY: plan.many}
    if "e" in items:
        sizes |= {SILENT[FEW]: plan.few, SILENT[MANY]: plan.many}
    if "g" in items:
        sizes[RECORDED] = plan.recorded
    return sizes


class _Visit:
    """The installations that run beside the one that records."""

    def __init__(
        self, lab: Lab, plan: Plan, items: AbstractSet[str], findings: Findings
    ) -> None:
        self._lab = lab
        self._plan = plan
        self._items = items
        self._findings = findings
        self._installations: dict[str, Installation] = {}
        self._after_adding: dict[str, Memory] = {}
        self._added = 0.0
        self._load: Load | None = None

    async def run(self) -> None:
        """Add the miners, start again beside silent ones, then observe."""
        fleets = [name for name in _sizes(self._plan, self._items) if name != RECORDED]
        say("adds the miners")
        await asyncio.gather(*(self._prepare(name) for name in fleets))
        self._added = time.time()
        async with AsyncExitStack() as stack:
            if self._items & set("cdf"):
                idle = self._lab.installation(IDLE, [])
                self._installations[IDLE] = idle
                await stack.enter_async_context(idle.running())
            if self._load is not None:
                await self._start_floor(self._load, stack)
            if "e" in self._items:
                await self._measure_silent(stack)
            else:
                await self._start_sound(stack)
            if self._items & set("cdf"):
                await self._observe()

    async def _prepare(self, name: str) -> None:
        """Add a fleet; a user's Home Assistant is mostly one that started with it."""
        entries = await self._lab.entries(name, self._plan.interval)
        installation = self._lab.installation(name, entries)
        async with installation.running():
            await asyncio.sleep(self._plan.settle)
            self._after_adding[name] = memory(installation.hass.pid)
            if name == MANY and "f" in self._items:
                self._load = await load_of(installation, self._plan)
        self._installations[name] = installation

    async def _start_floor(self, load: Load, stack: AsyncExitStack) -> None:
        """Start it for the second time, as the miners are: to add costs more."""
        entries = floor_entries(load, self._plan.many, self._plan.interval)
        floor = self._installations[FLOOR] = self._lab.installation(FLOOR, entries)
        async with floor.running():
            await asyncio.sleep(self._plan.settle)
        await stack.enter_async_context(floor.running())

    async def _start_sound(self, stack: AsyncExitStack) -> None:
        say("starts again")
        for name in (FEW, MANY):
            await stack.enter_async_context(self._installations[name].running())
        await asyncio.sleep(self._plan.settle)

    async def _measure_silent(self, stack: AsyncExitStack) -> None:
        plan, rows = self._plan, self._findings.rows
        many = self._installations[MANY]
        rows.append(await start_row_beside_idle(self._lab, many, plan))
        pairs = []
        for name, count in ((FEW, plan.few_silent), (MANY, plan.many_silent)):
            say(f"starts again with {name} miners, beside it with {count} silent")
            await self._lab.silence(SILENT[name], count)
            pair = Pair(
                sound=self._installations[name],
                silent=self._installations[SILENT[name]],
                silent_count=count,
            )
            await measure_starts(pair, plan.starts - 1)
            pairs.append(pair)
        async with AsyncExitStack() as silent_stack:
            for pair in pairs:
                await start_pair(pair, stack, silent_stack)
                rows.append(start_row(pair))
            say(f"watches healthy miners beside silent ones, {plan.silent_window:g} s")
            rows += await age_rows(self._lab, plan, pairs)

    async def _observe(self) -> None:
        plan, rows = self._plan, self._findings.rows
        seconds = plan.slices * plan.slice_seconds
        if seconds >= STATISTICS_PERIOD:
            # The first statistics of a sensor cost much more than all later ones.
            await asyncio.sleep(statistics_due(self._added) - time.time())
        else:
            now = time.time()
            await asyncio.sleep(quiet_from(now, seconds) - now)
        say(f"measures CPU, delays and memory with {plan.many} miners, {seconds:g} s")
        observed = {
            name: self._installations[name]
            for name in (IDLE, FLOOR, FEW, MANY)
            if name in self._installations
        }
        window = await observe(self._lab, plan, self._lab.directory, observed)
        if "c" in self._items:
            rows += cpu_rows(plan, window)
        if "d" in self._items:
            rows += await delay_rows(window, observed[MANY])
        if "f" in self._items:
            rows += memory_rows(plan, window, self._after_adding)
            collections = [
                await collection(observed[name]) for name in (IDLE, FLOOR, MANY)
            ]
            rows += collection_rows(plan, *collections)
