"""Measures (c) to (g) in real Home Assistant processes, as many at once as may be."""

from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from .lab import Installation, Lab
from .measure_pipeline import cpu_rows, delay_rows, memory_rows, observe
from .measure_recorder import RecorderRun
from .measure_start import (
    Pair,
    age_rows,
    make_pair,
    measure_starts,
    start_pair,
    start_row,
)
from .plan import Plan
from .progress import say
from .table import Row

FEW, MANY, RECORDED = "few", "many", "recorded"
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
        self._running: dict[str, Installation] = {}

    async def run(self) -> None:
        """Start what is needed, once with silent miners beside it, then observe."""
        async with AsyncExitStack() as stack:
            if self._items & set("cdf"):
                idle = self._lab.installation("idle", [])
                self._running["idle"] = await stack.enter_async_context(idle.running())
            if "e" in self._items:
                await self._measure_silent(stack)
            else:
                await self._start_sound(stack)
            if self._items & set("cdf"):
                await self._observe()

    async def _start_sound(self, stack: AsyncExitStack) -> None:
        for name in (FEW, MANY):
            say(f"starts a Home Assistant with {name} miners")
            entries = await self._lab.entries(name, self._plan.interval)
            installation = self._lab.installation(name, entries)
            self._running[name] = await stack.enter_async_context(
                installation.running()
            )

    async def _measure_silent(self, stack: AsyncExitStack) -> None:
        plan = self._plan
        counts = {FEW: plan.few_silent, MANY: plan.many_silent}
        pairs: list[Pair] = []
        async with AsyncExitStack() as silent_stack:
            for name, count in counts.items():
                say(f"starts pairs with {name} miners, {count} of one silent")
                pair = await make_pair(self._lab, plan, name, SILENT[name], count)
                await measure_starts(self._lab, pair, plan.starts - 1)
                pairs.append(pair)
            for pair in pairs:
                sound, _ = await start_pair(
                    self._lab, pair, plan.starts - 1, (stack, silent_stack)
                )
                self._running[pair.sound] = sound
                self._findings.rows.append(start_row(pair))
            say(f"watches healthy miners beside silent ones, {plan.silent_window:g} s")
            self._findings.rows += await age_rows(self._lab, plan, pairs)

    async def _observe(self) -> None:
        plan, rows = self._plan, self._findings.rows
        seconds = plan.slices * plan.slice_seconds
        say(f"measures CPU, delays and memory with {plan.many} miners, {seconds:g} s")
        directory = self._lab.directory
        window = await observe(self._lab, plan, directory, self._running)
        if "c" in self._items:
            rows += cpu_rows(plan, window)
        if "d" in self._items:
            rows += await delay_rows(window, self._running[MANY])
        if "f" in self._items:
            rows += memory_rows(plan, window)
