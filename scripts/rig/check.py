"""Whether every miner is loaded and every entity has a value."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
import re
import time

from .api import HassApi
from .expectation import Expectation, expectation_of
from .farm import FarmMiner
from .hass import DOMAIN
from .websocket import Json

POLL_SECONDS = 0.5
NO_VALUE = frozenset({"unknown", "unavailable"})

COLUMNS = 6

_WORSE = re.compile(r" (WARNING|ERROR|CRITICAL) ")
_REPORTED = re.compile(
    "report (this|it|the)|bug report|deprecated|will stop working|Detected ",
    re.IGNORECASE,
)
_SLOW = re.compile(r"Updating state for .* took \d\.\d+ seconds")
"""What a busy machine makes of any entity; of 10 s and more it is ours."""

_FOUND = "We found a custom integration"


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerReport:
    """What Home Assistant shows of one config entry, and what it should."""

    title: str
    entry_state: str
    values: Mapping[str, str]
    expected: Expectation

    @property
    def complaints(self) -> list[str]:
        """Return what is not as it should be, in words."""
        if self.entry_state != "loaded":
            return [f"{self.title}: the entry is {self.entry_state}"]
        if self.values.get("binary_sensor.online") != "on":
            return [f"{self.title}: not online"]
        expected = self.expected
        complaints = [
            f"{self.title}: no entity {key}"
            for key in sorted(expected.essential - self.values.keys())
        ]
        complaints += [
            f"{self.title}: no value for {key}"
            for key, value in self.values.items()
            if _lacks_value(key, value, expected)
        ]
        if (status := self.values.get("sensor.status")) != expected.status:
            complaints.append(f"{self.title}: {status} instead of {expected.status}")
        return complaints


async def inspect(api: HassApi, miner_of: Mapping[str, FarmMiner]) -> list[MinerReport]:
    """Return a report of each of these entries."""
    entries = await api.entries(DOMAIN)
    entities = await api.entities(DOMAIN)
    states = await api.states()
    return [
        MinerReport(
            title=entry["title"],
            entry_state=entry["state"],
            values={
                _key(entity): _shown(states.get(entity["entity_id"]))
                for entity in entities
                if entity["config_entry_id"] == entry["entry_id"]
                and entity["disabled_by"] is None
            },
            expected=expectation_of(miner_of[entry["entry_id"]]),
        )
        for entry in entries
        if entry["entry_id"] in miner_of
    ]


async def wait_until_complete(
    api: HassApi, miner_of: Mapping[str, FarmMiner], *, entries: int, limit: float
) -> tuple[list[MinerReport], list[str]]:
    """Wait for a full set of values; return the reports and what is missing.

    ``miner_of`` tells which miner each entry is of; there have to be so many entries.
    """
    deadline = time.monotonic() + limit
    while True:
        reports = await inspect(api, miner_of)
        missing = [text for report in reports for text in report.complaints]
        if len(reports) != entries:
            missing.append(f"{len(reports)} of {entries} entries are there")
        if not missing or time.monotonic() > deadline:
            return reports, missing
        await asyncio.sleep(POLL_SECONDS)


def table(reports: Sequence[MinerReport]) -> str:
    """Return all values, a column for each miner, a few miners at a time."""
    return "\n\n".join(map(_block, batched(reports, COLUMNS, strict=False)))


def _block(reports: Sequence[MinerReport]) -> str:
    """Return the values that these miners have."""
    keys = sorted({key for report in reports for key in report.values})
    rows = [
        ["", *(report.title for report in reports)],
        ["entry", *(report.entry_state for report in reports)],
        *([key, *(report.values.get(key, "") for report in reports)] for key in keys),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def complaints(log: Path) -> list[str]:
    """Return what is logged as our error, and what Home Assistant asks us to change.

    It tells that an integration uses what is deprecated, or blocks the event loop, with
    a request to report it.
    """
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return [
        f"clean log: {line}"
        for line in lines
        if DOMAIN in line
        and (" ERROR " in line or _REPORTED.search(line))
        and not _SLOW.search(line)
    ]


def worries(log: Path) -> list[str]:
    """Return all of ours that is logged as a warning or worse.

    Home Assistant warns of every custom integration when it finds it.
    """
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return [
        line
        for line in lines
        if DOMAIN in line and _WORSE.search(line) and _FOUND not in line
    ]


def _key(entity: Json) -> str:
    """Return the entity's domain and key, the same for every miner."""
    domain = entity["entity_id"].partition(".")[0]
    key = entity["unique_id"].partition("_")[2]
    return f"{domain}.{key}"


def _shown(state: Json | None) -> str:
    """Return a state with its unit; an entity without a state is unavailable."""
    if state is None:
        return "unavailable"
    text = str(state["state"])
    unit = state["attributes"].get("unit_of_measurement")
    if unit is None or text in NO_VALUE:
        return text
    return f"{float(text):.6g} {unit}"


def _lacks_value(key: str, value: str, expected: Expectation) -> bool:
    """Return whether an entity should have a value and has none."""
    domain, _, name = key.partition(".")
    if value == "unavailable":
        return True
    return value in NO_VALUE and expected.unknown.keys().isdisjoint((domain, name, key))
