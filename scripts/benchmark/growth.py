"""`scripts/bench growth`: what 10, 100 and 1,000 miners cost one Home Assistant.

Each Home Assistant is a process of its own, has added its miners in an earlier run,
and is started alone. Then all run beside each other and one that has no miners, while
CPU time, memory and the database are watched over one run of the five-minute
statistics that is not the first. No figure is judged: they are for whoever plans.
"""

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
import json
import os
from pathlib import Path
import tempfile
import time

import homeassistant.const

from custom_components.miner_monitor.entity import WRITE_AT_LEAST_EVERY
from scripts.rig.hass import CONFIGURATION, REPOSITORY

from .lab import Installation, Lab
from .measure_recorder import DATABASE, MIB, enabled_keys, statistics_due
from .progress import say
from .recorder import growth, read
from .usage import cpu_seconds, memory

IDLE = "no miners"
PLAIN = f"{CONFIGURATION}zeroconf:\n"
"""Without the bench's probe, whose notes of so many states take memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a Home Assistant with so many miners takes.

    ``cpu`` is in % of one core, ``memory`` the proportional set in MB, ``start`` in s,
    ``database`` in MiB a day. Those of one without miners are part of them.
    """

    miners: int
    cpu: float
    memory: float
    start: float
    database: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes of fleets, and lengths in seconds."""

    sizes: Sequence[int]
    interval: int
    settle: float
    window: float


async def measure(directory: Path, plan: Plan) -> list[Figures]:
    """Return the figures of no miners and of each size."""
    sizes = {f"miners-{size}": size for size in plan.sizes}
    lab = Lab(directory, sizes)
    say("makes a Home Assistant to copy, and the farm")
    async with lab.running(), AsyncExitStack() as stack:
        installations = {
            name: lab.installation(
                name, await lab.entries(name, plan.interval), configuration=PLAIN
            )
            for name in sizes
        }
        for name, one in installations.items():
            say(f"adds {sizes[name]} miners")
            async with one.running():
                await asyncio.sleep(plan.settle)
        idle = lab.installation("idle", [], configuration=PLAIN)
        everyone = {IDLE: idle, **installations}
        starts = {}
        for name, one in everyone.items():
            say(f"starts with {sizes.get(name, 0)} miners")
            began = time.monotonic()
            await stack.enter_async_context(one.running())
            starts[name] = time.monotonic() - began
        await asyncio.sleep(max(plan.settle, statistics_due(time.time()) - time.time()))
        say(f"watches them for {plan.window:g} s")
        began = time.time()
        before = {name: cpu_seconds(one.hass.pid) for name, one in everyone.items()}
        await asyncio.sleep(plan.window)
        used = {
            name: cpu_seconds(one.hass.pid) - before[name]
            for name, one in everyone.items()
        }
        passed = time.time() - began
        held = {
            name: memory(one.hass.pid).proportional for name, one in everyone.items()
        }
    return [
        Figures(
            miners=sizes.get(name, 0),
            cpu=100 * used[name] / passed,
            memory=held[name],
            start=starts[name],
            database=_database(one, began, passed) if name in sizes else None,
        )
        for name, one in everyone.items()
    ]


def _database(one: Installation, began: float, passed: float) -> float:
    """Return by how much the database grows in a day."""
    keys = enabled_keys(one)
    recorded = read(one.directory / DATABASE, began, began + passed, keys)
    miners = len(one.entries)
    return growth(recorded, keys, miners, WRITE_AT_LEAST_EVERY).total * miners / MIB


def render(found: Sequence[Figures]) -> str:
    """Return a table in Markdown."""
    lines = [
        "| Miners | CPU, % of a core | Memory, MB | Start, s | Database a day, MiB |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in found:
        grown = "" if row.database is None else f"{row.database:,.0f}"
        lines.append(
            f"| {row.miners:,} | {row.cpu:.1f} | {row.memory:,.0f} | {row.start:.1f} "
            f"| {grown} |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Measure, print a table and write the figures."""
    options = parse(arguments)
    plan = Plan(
        sizes=options.sizes,
        interval=options.interval,
        settle=options.settle,
        window=options.window,
    )
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="miner-monitor-growth-") as place:
        found = asyncio.run(measure(Path(place), plan))
    print(f"\n{render(found)}\n")
    content = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": os.cpu_count(),
        "load_before": load,
        "load_after": os.getloadavg()[0],
        "homeassistant": homeassistant.const.__version__,
        "plan": asdict(plan),
        "rows": [asdict(row) for row in found],
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(f"{json.dumps(content, indent=2)}\n", encoding="utf-8")
    print(f"written to {options.json}")
    return 0


def _sizes(text: str) -> list[int]:
    sizes = [int(word) for word in text.split(",")]
    if not sizes or min(sizes) < 1:
        raise argparse.ArgumentTypeError("numbers from 1, with commas between them")
    return sizes


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read what is to be measured."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench growth",
        description="What fleets of several sizes cost one Home Assistant. Takes a "
        "quarter of an hour; miners are simulated in a process of their own.",
    )
    parser.add_argument(
        "--sizes",
        type=_sizes,
        default=[10, 100, 1000],
        metavar="10,100,1000",
        help="numbers of miners",
    )
    parser.add_argument(
        "--interval", type=int, default=15, help="seconds between two polls (15)"
    )
    parser.add_argument(
        "--settle", type=float, default=60, help="seconds after each start (60)"
    )
    parser.add_argument(
        "--window", type=float, default=300, help="seconds to watch (300)"
    )
    parser.add_argument(
        "--json",
        type=Path,
        default=REPOSITORY / ".artifacts" / "growth.json",
        help="where the figures go (.artifacts/growth.json)",
    )
    return parser.parse_args(arguments)
