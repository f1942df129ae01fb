"""Measures (g): how much the recorder's database grows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
import time

from custom_components.miner_monitor.entity import WRITE_AT_LEAST_EVERY
from scripts.rig.hass import DOMAIN

from .lab import Installation, Lab
from .plan import Plan
from .recorder import SECONDS_PER_DAY, growth, read, rows_per_day
from .table import Judged, Row, Target

MIB = 2**20
STATISTICS_PERIOD = 300
STATISTICS_PATIENCE = 20
DATABASE = "home-assistant_v2.db"


def statistics_due(since: float) -> float:
    """Return the time at which the first statistics after a moment are made."""
    boundary = (since // STATISTICS_PERIOD + 1) * STATISTICS_PERIOD
    return boundary + STATISTICS_PATIENCE


def quiet_from(now: float, seconds: float) -> float:
    """Return the time from which no statistics are made for so many seconds.

    One run of them costs as much as some 300 polls of 100 miners, which is nearly all
    of a short window.
    """
    left = STATISTICS_PERIOD - now % STATISTICS_PERIOD
    due = statistics_due(now - STATISTICS_PATIENCE)
    return now if seconds <= left <= STATISTICS_PERIOD - STATISTICS_PATIENCE else due


class RecorderRun:
    """A Home Assistant that records while other things are measured."""

    def __init__(self, lab: Lab, plan: Plan) -> None:
        """Use the fleet that is meant for it."""
        self._lab = lab
        self._plan = plan
        self._installation: Installation | None = None
        self._start = 0.0
        self._end = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[RecorderRun]:
        """Record until the window is long enough."""
        entries = await self._lab.entries("recorded", self._plan.recorded_interval)
        installation = self._lab.installation("recorded", entries)
        self._installation = installation
        async with installation.running():
            self._start = time.time() + self._plan.recorder_settle
            yield self
            await asyncio.sleep(statistics_due(self._start) - time.time())
            self._end = time.time()

    def rows(self) -> tuple[list[Row], dict[str, float]]:
        """Return the rows of the table, and the state rows per entity and hour."""
        assert self._installation is not None
        keys = enabled_keys(self._installation)
        path = self._installation.directory / DATABASE
        recorded = read(path, self._start, self._end, keys)
        grown = growth(recorded, keys, self._plan.recorded, WRITE_AT_LEAST_EVERY)
        polls_per_day = SECONDS_PER_DAY / self._plan.recorded_interval
        size = recorded.bytes_per_row
        row = Row(
            item="g",
            measure="recorder per miner and day, defaults",
            unit="MiB",
            ours=grown.total / MIB,
            target=Target(judged=Judged.VALUE, limit=2.0, aim=1.0),
            note=f"{self._plan.recorded} miners at {self._plan.recorded_interval} s, "
            f"{recorded.seconds:.0f} s; states {grown.states / MIB:.2f} "
            f"({grown.rows_per_day / polls_per_day:.2f} rows per poll of "
            f"{size['states']:.0f} B), attributes {grown.attributes / MIB:.2f}, "
            f"statistics {grown.statistics / MIB:.2f} "
            f"({len(recorded.with_statistics) / self._plan.recorded:.1f} sensors, "
            f"{size['statistics_short_term']:.0f} B per row)",
        )
        by_key = rows_per_day(recorded, keys, WRITE_AT_LEAST_EVERY)
        hourly = {key: rows / 24 for key, rows in by_key.items()}
        return [row], dict(sorted(hourly.items(), key=lambda item: -item[1]))


def enabled_keys(installation: Installation) -> dict[str, str]:
    """Return the key of every enabled entity, by entity id.

    What is recorded of all miners together keeps its prefix, and counts too.
    """
    path = installation.directory / ".storage" / "core.entity_registry"
    entities = json.loads(path.read_text(encoding="utf-8"))["data"]["entities"]
    unique_ids = {entry.entry_id: entry.unique_id for entry in installation.entries}
    return {
        entity["entity_id"]: entity["unique_id"].removeprefix(
            f"{unique_ids.get(entity['config_entry_id'], '')}_"
        )
        for entity in entities
        if entity["platform"] == DOMAIN and entity["disabled_by"] is None
    }
