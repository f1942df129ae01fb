"""`scripts/bench`: measures, prints one table, writes JSON, judges by exit code."""

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
import json
import os
from pathlib import Path
import platform
import sys
import tempfile

import aiohttp
import homeassistant.const

from scripts.rig.hass import REPOSITORY
from scripts.rig.process import ProcessFailedError

from . import growth
from .measure_avalon import measure_avalon_fetch, measure_avalon_gather
from .measure_charts import measure_charts
from .measure_client import measure_fetch, measure_gather
from .measure_hass import Findings, measure_hass
from .measure_metrics import measure_metrics
from .measure_report import measure_report
from .plan import FULL, QUICK, Plan
from .progress import say
from .table import missed, render

ITEMS = frozenset("abcdefghijkl")
SHOWN_WRITERS = 15
GROWTH = "growth"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench and return the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == [GROWTH]:
        return growth.main(arguments[1:])
    options = _parse(arguments)
    plan = QUICK if options.quick else FULL
    load = os.getloadavg()[0]
    try:
        with tempfile.TemporaryDirectory(prefix="miner-monitor-bench-") as place:
            findings = asyncio.run(_measure(Path(place), plan, options.only))
    except (ProcessFailedError, TimeoutError) as error:
        print(f"scripts/bench: {error}", file=sys.stderr)
        return 1
    findings.rows.sort(key=lambda row: row.item)
    print(f"\n{render(findings.rows)}")
    _print_writers(findings)
    _write_json(options.json, plan, load, findings)
    failures = missed(findings.rows)
    for row in failures:
        print(f"MISSED  ({row.item}) {row.measure}")
    if not failures:
        print("every target is met")
    return int(bool(failures))


async def _measure(directory: Path, plan: Plan, items: frozenset[str]) -> Findings:
    findings = Findings()
    if items & set("ab"):
        say("compares our fetch with a bare request")
        findings.rows += await measure_fetch(
            directory, rounds=plan.fetch_rounds, block=plan.fetch_block
        )
    if "d" in items:
        say("polls 100 slow devices at once")
        findings.rows += await measure_gather(directory, rounds=plan.gather_rounds)
    if "h" in items:
        say("compares our fetch from an Avalon with bare reads")
        findings.rows += await measure_avalon_fetch(
            directory, rounds=plan.fetch_rounds, block=plan.fetch_block
        )
    if "i" in items:
        say("polls 100 slow Avalon miners at once")
        findings.rows += await measure_avalon_gather(
            directory, rounds=plan.gather_rounds
        )
    if items & set("cdefg"):
        found = await measure_hass(directory, plan, items)
        findings.rows += found.rows
        findings.rows_per_entity_and_hour = found.rows_per_entity_and_hour
    if "j" in items:
        say("fills a database and asks for reports")
        findings.rows += await measure_report(directory, plan)
    if "k" in items:
        say("draws charts, and asks for them with a report")
        findings.rows += await measure_charts(directory, plan)
    if "l" in items:
        say("writes metrics as for Prometheus")
        findings.rows += await measure_metrics(directory, plan)
    say("done")
    return findings


def _print_writers(findings: Findings) -> None:
    """Print which entities fill the database."""
    writers = list(findings.rows_per_entity_and_hour.items())
    if writers:
        print("\nstate rows per entity and hour:")
    for key, rows in writers[:SHOWN_WRITERS]:
        print(f"  {key:<26} {rows:7.1f}")
    print()


def _write_json(path: Path, plan: Plan, load: float, findings: Findings) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpus": os.cpu_count(),
            "kind": platform.machine(),
            "load_before": load,
            "load_after": os.getloadavg()[0],
        },
        "versions": {
            "aiohttp": aiohttp.__version__,
            "homeassistant": homeassistant.const.__version__,
            "python": platform.python_version(),
        },
        "plan": asdict(plan),
        "rows": [row.as_json() for row in findings.rows],
        "rows_per_entity_and_hour": findings.rows_per_entity_and_hour,
    }
    path.write_text(f"{json.dumps(content, indent=2)}\n", encoding="utf-8")
    print(f"written to {path}")


def _items(text: str) -> frozenset[str]:
    items = frozenset(text.replace(",", " ").split())
    if not items or items - ITEMS:
        raise argparse.ArgumentTypeError(f"choose among {', '.join(sorted(ITEMS))}")
    return items


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="What the integration costs, beside the bare limit. Exit code 1 "
        "when a target is missed. `scripts/bench growth` measures fleets of several "
        "sizes instead.",
    )
    parser.add_argument(
        "--only",
        type=_items,
        default=ITEMS,
        metavar="a,b,c",
        help="measure these items: a, b: CPU of a fetch; c: CPU of the pipeline; "
        "d: delays; e: silent miners; f: memory; g: recorder; h: CPU of an Avalon's "
        "fetch; i: delay of Avalons; j: reports; k: charts; l: metrics",
    )
    parser.add_argument(
        "--quick", action="store_true", help="shorter windows, for trying"
    )
    parser.add_argument(
        "--json",
        type=Path,
        default=REPOSITORY / ".artifacts" / "bench.json",
        help="where the figures go (.artifacts/bench.json)",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
