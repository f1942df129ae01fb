"""Measures (j): a report over 30 days, and for how long the event loop stands still."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from scripts.rig.hass import DOMAIN

from .bench_probe import DOMAIN as PROBE
from .lab import Installation, Lab
from .measure_recorder import DATABASE
from .plan import Plan
from .report_database import Filled, fill_until_now, sensors_of
from .table import Judged, Row, Target

FLEET = "reported"
DASHBOARD_MS = 2100
"""CPU that a terminal dashboard takes for one redraw over a million rows."""

HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """What the probe saw: seconds of each call, and the longest the loop stood.

    ``busiest`` is the most CPU that the loop took at once; ``miners`` is of how many
    of them the last answer has statistics of all the time.
    """

    calls: list[float]
    longest: float
    busiest: float
    miners: int


async def measure_report(directory: Path, plan: Plan) -> list[Row]:
    """Fill a database, then ask for reports in a Home Assistant that runs on it."""
    place = directory / "report"
    place.mkdir()
    lab = Lab(place, {FLEET: plan.reported})
    async with lab.running():
        entries = await lab.entries(FLEET, plan.recorded_interval)
        installation = lab.installation(FLEET, entries)
        async with installation.running():
            await asyncio.sleep(plan.settle)
        sensors = sensors_of(installation.directory / ".storage", DOMAIN)
        path = installation.directory / DATABASE
        filled = await asyncio.to_thread(
            fill_until_now, path, sensors, plan.report_days
        )
        async with installation.running():
            await asyncio.sleep(plan.settle)
            return await _rows(installation, plan, filled)


async def _rows(installation: Installation, plan: Plan, filled: Filled) -> list[Row]:
    hours = plan.report_days * HOURS_PER_DAY
    devices = [
        device["id"]
        for entry in installation.entries
        for device in await installation.hass.api.devices(entry.entry_id)
    ]
    idle = await timed(installation, plan)
    fleet = await timed(installation, plan, "fleet_report", hours=hours)
    miners = await timed(
        installation, plan, "miner_report", hours=hours, device_id=devices
    )
    of = f"{plan.report_days} days, {plan.reported} miners"
    rows = [
        Row(
            item="j",
            measure=f"{action}, {of}",
            unit="ms",
            digits=0,
            baseline=DASHBOARD_MS,
            ours=median(timed.calls) * 1e3,
            target=Target(judged=Judged.VALUE, limit=300),
            note=f"{timed.miners} in it; median of {len(timed.calls)}, longest "
            f"{max(timed.calls) * 1e3:.0f} ms; {filled.hourly} hourly and "
            f"{filled.short_term} five-minute rows of {filled.sensors} sensors, "
            f"{filled.states} states; baseline: the documented CPU of a redraw "
            "of a terminal dashboard over a million rows",
        )
        for action, timed in (("fleet_report", fleet), ("miner_report", miners))
    ]
    return [
        *rows,
        Row(
            item="j",
            measure="longest stop of the loop meanwhile",
            unit="ms",
            baseline=idle.longest * 1e3,
            ours=max(fleet.longest, miners.longest) * 1e3,
            target=Target(judged=Judged.VALUE, limit=20),
            note="baseline: the same time without a report",
        ),
        Row(
            item="j",
            measure="most CPU of the loop at once meanwhile",
            unit="ms",
            baseline=idle.busiest * 1e3,
            ours=max(fleet.busiest, miners.busiest) * 1e3,
        ),
    ]


async def timed(
    installation: Installation, plan: Plan, action: str | None = None, **data: Any
) -> Timed:
    """Let the probe call an action of ours some times, or wait as long."""
    body = {"rounds": plan.report_rounds, "data": data}
    if action is not None:
        body["action"] = f"{DOMAIN}.{action}"
    answer = await installation.hass.api.post(
        f"services/{PROBE}/time?return_response", body
    )
    response = answer["service_response"]
    reported = (response["answer"] or {}).get("miners", ())
    hours = data.get("hours", 0)
    return Timed(
        calls=response["calls"],
        longest=response["longest"],
        busiest=response["busiest"],
        miners=sum(miner["recorded_hours"] >= hours - 1 for miner in reported),
    )
