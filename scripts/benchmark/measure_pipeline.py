"""Measures (c), the second of (d), and (f): a whole Home Assistant with 100 miners."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
import time

from .children import replaying, result_of
from .figures import by_port, per_poll, percentile, write_delays
from .lab import Installation, Lab
from .plan import Plan
from .table import Judged, Row, Target
from .usage import Memory, cpu_seconds, memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What some processes have used up to a moment."""

    moment: float
    cpu: dict[str, float]
    memory: dict[str, Memory]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of time in which all was sampled."""

    samples: list[Sample]
    bare: list[float]
    fetch: list[float]
    times: dict[int, list[float]]

    def cpu_per_poll(self, first: Sample, last: Sample, name: str = "many") -> float:
        """Return the milliseconds per poll beyond those of an idle process."""
        used = {one: last.cpu[one] - first.cpu[one] for one in last.cpu}
        polls = sum(
            first.moment <= moment < last.moment
            for times in self.times.values()
            for moment in times
        )
        return per_poll(used[name] - used["idle"], polls)

    def proportional(self, name: str) -> float:
        """Return the megabytes that a process held in the second half."""
        late = self.samples[len(self.samples) // 2 :]
        return median(sample.memory[name].proportional for sample in late)

    def resident(self, name: str) -> float:
        """Return the resident megabytes in the second half."""
        late = self.samples[len(self.samples) // 2 :]
        return median(sample.memory[name].resident for sample in late)


async def observe(
    lab: Lab, plan: Plan, directory: Path, installations: dict[str, Installation]
) -> Window:
    """Sample the processes while the bare limit runs beside them at their rate."""
    async with replaying(directory / "paced-replay.log", count=2) as ports:
        baselines = [
            asyncio.create_task(_paced(directory, module, port, plan))
            for (module, port) in zip(("bare", "ours"), ports, strict=True)
        ]
        samples = [_sample(installations)]
        for _ in range(plan.slices):
            await asyncio.sleep(plan.slice_seconds)
            samples.append(_sample(installations))
        bare, fetch = await asyncio.gather(*baselines)
    ports_of_many = {miner.port for miner in lab.fleets["many"]}
    times = by_port(lab.replies(), samples[0].moment, samples[-1].moment)
    return Window(
        samples=samples,
        bare=bare,
        fetch=fetch,
        times={port: times[port] for port in times.keys() & ports_of_many},
    )


async def _paced(directory: Path, module: str, port: int, plan: Plan) -> list[float]:
    words = ("pace",) if module == "ours" else ()
    costs: list[float] = await result_of(
        directory / f"paced-{module}.log",
        module,
        *words,
        *("--port", port, "--rate", plan.rate),
        *("--slices", plan.slices, "--seconds", plan.slice_seconds),
    )
    return costs


def _sample(installations: dict[str, Installation]) -> Sample:
    pids = {name: one.hass.pid for name, one in installations.items()}
    return Sample(
        moment=time.monotonic(),
        cpu={name: cpu_seconds(pid) for name, pid in pids.items()},
        memory={name: memory(pid) for name, pid in pids.items()},
    )


def cpu_rows(plan: Plan, window: Window) -> list[Row]:
    """Return the rows of (c)."""
    first, last = window.samples[0], window.samples[-1]
    ours, bare = window.cpu_per_poll(first, last), mean(window.bare)
    slices = [
        window.cpu_per_poll(*pair)
        for pair in zip(window.samples, window.samples[1:], strict=False)
    ]
    seconds = plan.slices * plan.slice_seconds
    polls = sum(map(len, window.times.values()))
    measure = f"whole pipeline, {plan.many} miners, CPU per poll"
    rows = [
        Row(
            item="c",
            measure=measure,
            unit="ms",
            ours=ours,
            note=f"hass minus idle hass over {seconds:.0f} s, {polls} polls at "
            f"{plan.interval} s each; median of {plan.slices} slices "
            f"{median(slices):.2f} ms",
        ),
        Row(
            item="c",
            measure="the same beside (a) at that rate",
            unit="ms",
            baseline=bare,
            ours=ours,
            target=Target(judged=Judged.RATIO, limit=1.75),
            note=f"(a) at {plan.rate:g} polls/s in a process of its own, at the same "
            f"time; median of its slices {median(window.bare):.2f} ms",
        ),
        Row(
            item="c",
            measure="fetch() alone at that rate",
            unit="ms",
            baseline=bare,
            ours=mean(window.fetch),
        ),
    ]
    if "floor" in last.cpu:
        floor = window.cpu_per_poll(first, last, "floor")
        rows.append(
            Row(
                item="c",
                measure="fetch() alone and the floor's states",
                unit="ms",
                baseline=bare,
                ours=mean(window.fetch) + floor,
                note="floor: an integration that does nothing but write as many states",
            )
        )
    return rows


async def delay_rows(window: Window, many: Installation) -> list[Row]:
    """Return the second row of (d)."""
    first, last = window.samples[0].moment, window.samples[-1].moment
    writes = [
        (port, moment)
        for port, moment in await many.state_writes()
        if first <= moment < last
    ]
    delays = [delay * 1e3 for delay in write_delays(window.times, writes)]
    return [
        Row(
            item="d",
            measure="last byte sent to state written, p99",
            unit="ms",
            digits=1,
            ours=percentile(delays, 99),
            target=Target(judged=Judged.VALUE, limit=50),
            note=f"p50 {percentile(delays, 50):.1f} ms, worst {max(delays):.1f} ms "
            f"of {len(delays)} polls that wrote a state",
        )
    ]


def memory_rows(
    plan: Plan, window: Window, after_adding: dict[str, Memory]
) -> list[Row]:
    """Return the rows of (f)."""
    idle = window.proportional("idle")
    per_ten = (window.proportional("many") - idle) / plan.many * 10
    floor = (window.proportional("floor") - idle) / plan.many * 10
    rows = [
        Row(
            item="f",
            measure=f"memory per 10 miners beside the floor, with {plan.many}",
            unit="MB",
            baseline=floor,
            ours=per_ten,
            target=Target(judged=Judged.RATIO, limit=1.5),
            note="floor: an integration that does nothing but keep as many entities, "
            "on and off, and write as many states",
        )
    ]
    for name, size, limit in (("many", plan.many, 7.0), ("few", plan.few, 13.0)):
        ours = window.proportional(name)
        added = (after_adding[name].proportional - idle) / size * 10
        rows.append(
            Row(
                item="f",
                measure=f"the same where they were added, {size}",
                unit="MB",
                ours=added,
                target=Target(judged=Judged.VALUE, limit=10.0)
                if name == "many"
                else None,
            )
        )
        rows.append(
            Row(
                item="f",
                measure=f"memory per 10 miners, with {size}",
                unit="MB",
                ours=(ours - idle) / size * 10,
                target=Target(judged=Judged.VALUE, limit=limit),
                note=f"PSS {ours:.1f} MB (RSS {window.resident(name):.1f}) beside "
                f"{idle:.1f} MB (RSS {window.resident('idle'):.1f}) idle, after a "
                "restart",
            )
        )
    return rows
