"""Measures (k): charts, alone and with a report of 100 miners over 30 days."""

import asyncio
from pathlib import Path
from statistics import median

from scripts.rig.hass import DOMAIN

from .children import result_of
from .lab import Lab
from .measure_recorder import DATABASE
from .measure_report import HOURS_PER_DAY, timed
from .plan import Plan
from .report_database import fill_until_now, sensors_of
from .table import Judged, Row, Target

DRAWN = "drawn"
CALLS: tuple[tuple[str, dict[str, str]], ...] = (
    ("fleet_report", {}),
    ("chart", {"kind": "all_miners"}),
    ("chart", {"kind": "miners"}),
)
SHOWN = ("hash_rate", "chip_temperature", "power", "energy", "shares_accepted")
"""Sensors of which the database has a past; a chart and a report need no other."""


async def measure_charts(directory: Path, plan: Plan) -> list[Row]:
    """Draw pictures in a process of their own, then ask a Home Assistant for some."""
    return [
        *await _drawn(directory, plan),
        *await _reported(directory, plan),
    ]


async def _drawn(directory: Path, plan: Plan) -> list[Row]:
    output = directory / "draw_charts.json"
    result = await result_of(output, "draw_charts", plan.report_rounds)
    slowest = max(result["seconds"], key=lambda name: median(result["seconds"][name]))
    return [
        Row(
            item="k",
            measure="the slowest picture, CPU",
            unit="ms",
            digits=0,
            ours=median(result["seconds"][slowest]) * 1e3,
            target=Target(judged=Judged.VALUE, limit=150),
            note=f"{slowest}, 2800 x 1400 dots; median of {plan.report_rounds}",
        ),
        Row(
            item="k",
            measure="memory for all pictures, one by one",
            unit="MB",
            digits=0,
            ours=result["megabytes"],
            target=Target(judged=Judged.VALUE, limit=40),
        ),
    ]


async def _reported(directory: Path, plan: Plan) -> list[Row]:
    place = directory / "charts"
    place.mkdir()
    lab = Lab(place, {DRAWN: plan.many})
    async with lab.running():
        entries = await lab.entries(DRAWN, plan.recorded_interval)
        installation = lab.installation(DRAWN, entries)
        async with installation.running():
            await asyncio.sleep(plan.settle)
        sensors = [
            sensor
            for sensor in sensors_of(installation.directory / ".storage", DOMAIN)
            if sensor.entity_id.endswith(SHOWN)
        ]
        path = installation.directory / DATABASE
        filled = await asyncio.to_thread(
            fill_until_now, path, sensors, plan.report_days
        )
        async with installation.running():
            await asyncio.sleep(plan.settle)
            devices = [
                device["id"]
                for entry in installation.entries
                for device in await installation.hass.api.devices(entry.entry_id)
            ]
            hours = plan.report_days * HOURS_PER_DAY
            idle = await timed(installation, plan)
            found = [
                await timed(
                    installation,
                    plan,
                    action,
                    hours=hours,
                    **data,
                    **({"device_id": devices} if action == "chart" else {}),
                )
                for action, data in CALLS
            ]
    of = f"{plan.report_days} days, {plan.many} miners"
    return [
        Row(
            item="k",
            measure=f"a report and two charts, {of}",
            unit="ms",
            digits=0,
            ours=sum(median(one.calls) for one in found) * 1e3,
            target=Target(judged=Judged.VALUE, limit=2000),
            note=", ".join(f"{median(one.calls) * 1e3:.0f} ms" for one in found)
            + f"; {filled.hourly} hourly rows of {filled.sensors} sensors",
        ),
        Row(
            item="k",
            measure="longest stop of the loop meanwhile",
            unit="ms",
            baseline=idle.longest * 1e3,
            ours=max(one.longest for one in found) * 1e3,
            target=Target(judged=Judged.VALUE, limit=20),
            note=", ".join(f"{one.longest * 1e3:.0f} ms" for one in found),
        ),
        Row(
            item="k",
            measure="most CPU of the loop at once meanwhile",
            unit="ms",
            baseline=idle.busiest * 1e3,
            ours=max(one.busiest for one in found) * 1e3,
            note=", ".join(f"{one.busiest * 1e3:.0f} ms" for one in found),
        ),
    ]
