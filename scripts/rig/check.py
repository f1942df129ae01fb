"""Whether every miner is loaded and every entity has a value."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
import time

from .api import HassApi
from .hass import DOMAIN
from .websocket import Json

POLL_SECONDS = 0.5
NO_VALUE = frozenset({"unknown", "unavailable"})

# What may be without a value on a healthy miner, by entity domain or key.
MAY_BE_UNKNOWN = {
    "button": "its state is the moment of its last press",
}

# What every miner of the demo has: an empty set of entities is not complete.
ESSENTIAL = (
    "binary_sensor.online",
    "sensor.chip_temperature",
    "sensor.hash_rate",
    "sensor.power",
    "sensor.status",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerReport:
    """What Home Assistant shows of one config entry."""

    title: str
    entry_state: str
    values: Mapping[str, str]
    missing: Sequence[str]

    @property
    def complaints(self) -> list[str]:
        """Return what is not as it should be, in words."""
        if self.entry_state != "loaded":
            return [f"{self.title}: the entry is {self.entry_state}"]
        if self.values.get("binary_sensor.online") != "on":
            return [f"{self.title}: not online"]
        absent = [key for key in ESSENTIAL if key not in self.values]
        return [f"{self.title}: no entity {key}" for key in absent] + [
            f"{self.title}: no value for {key}" for key in self.missing
        ]


async def inspect(api: HassApi) -> list[MinerReport]:
    """Return a report of each miner of the integration."""
    entries = await api.entries(DOMAIN)
    entities = await api.entities(DOMAIN)
    states = await api.states()
    return [
        _report(
            entry,
            [
                entity
                for entity in entities
                if entity["config_entry_id"] == entry["entry_id"]
                and entity["disabled_by"] is None
            ],
            states,
        )
        for entry in entries
    ]


async def wait_until_complete(
    api: HassApi, *, miners: int, limit: float
) -> tuple[list[MinerReport], list[str]]:
    """Wait for a full set of values; return the reports and what is missing."""
    deadline = time.monotonic() + limit
    while True:
        reports = await inspect(api)
        missing = [text for report in reports for text in report.complaints]
        if len(reports) != miners:
            missing.append(f"{len(reports)} of {miners} miners have an entry")
        if not missing or time.monotonic() > deadline:
            return reports, missing
        await asyncio.sleep(POLL_SECONDS)


def table(reports: Sequence[MinerReport]) -> str:
    """Return all values, a column for each miner."""
    keys = sorted({key for report in reports for key in report.values})
    rows = [
        ["", *(report.title for report in reports)],
        ["entry", *(report.entry_state for report in reports)],
        *([key, *(report.values.get(key, "") for report in reports)] for key in keys),
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def logged_errors(log: Path) -> list[str]:
    """Return what the integration logged as an error."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return [
        f"clean log: {line}" for line in lines if " ERROR " in line and DOMAIN in line
    ]


def _report(
    entry: Json, entities: Sequence[Json], states: Mapping[str, Json]
) -> MinerReport:
    """Return the report of one entry with its enabled entities."""
    values = {
        _key(entity): _shown(states.get(entity["entity_id"])) for entity in entities
    }
    return MinerReport(
        title=entry["title"],
        entry_state=entry["state"],
        values=values,
        missing=[key for key, value in values.items() if _lacks_value(key, value)],
    )


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


def _lacks_value(key: str, value: str) -> bool:
    """Return whether an entity should have a value and has none."""
    domain, _, name = key.partition(".")
    excused = domain in MAY_BE_UNKNOWN or name in MAY_BE_UNKNOWN
    return value == "unavailable" or (value in NO_VALUE and not excused)
