"""Fills the database of a Home Assistant that does not run with a past."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
import json
import math
from pathlib import Path
import sqlite3
import time

HOUR = 3600
MINUTES_5 = 300
QUARTER = 900
DAY = 24 * HOUR

SHORT_TERM_DAYS = 10
"""How long the recorder keeps five-minute statistics and states by default."""

MEAN, TOTAL = "measurement", "total_increasing"

_META = """
    INSERT OR IGNORE INTO statistics_meta
    (statistic_id, source, unit_of_measurement, has_sum, mean_type)
    VALUES (?, 'recorder', ?, ?, ?)
"""
_ROWS = """
    INSERT OR IGNORE INTO {table}
    (created_ts, metadata_id, start_ts, mean, min, max, state, sum)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_STATES = """
    INSERT INTO states (metadata_id, state, last_updated_ts) VALUES (?, ?, ?)
"""
_TABLES = {HOUR: "statistics", MINUTES_5: "statistics_short_term"}

type Row = tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A sensor of which there are statistics."""

    entity_id: str
    unit: str | None
    state_class: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """How many rows of each kind there are."""

    sensors: int
    hourly: int
    short_term: int
    states: int


def sensors_of(storage: Path, domain: str) -> list[Sensor]:
    """Return the sensors of an integration that are on and have a state class."""
    content = json.loads((storage / "core.entity_registry").read_text(encoding="utf-8"))
    return [
        Sensor(
            entity_id=entity["entity_id"],
            unit=entity["unit_of_measurement"],
            state_class=(entity["capabilities"] or {})["state_class"],
        )
        for entity in content["data"]["entities"]
        if entity["platform"] == domain
        and entity["disabled_by"] is None
        and (entity["capabilities"] or {}).get("state_class") is not None
    ]


def fill(path: Path, sensors: Iterable[Sensor], days: int, now: float) -> Filled:
    """Add statistics of so many days and states of the last ones."""
    connection = sqlite3.connect(path)
    try:
        with connection:
            ids = _write_meta(connection, list(sensors))
            for step, span in ((HOUR, days), (MINUTES_5, SHORT_TERM_DAYS)):
                query = _ROWS.format(table=_TABLES[step])
                connection.executemany(query, _rows(ids, step, span * DAY, now))
            _write_states(connection, ids, now)
        return _filled(connection, len(ids))
    finally:
        connection.close()


def _write_meta(
    connection: sqlite3.Connection, sensors: list[Sensor]
) -> dict[int, Sensor]:
    """Make the sensors known and return them by the recorder's ids."""
    connection.executemany(
        _META,
        [
            (
                sensor.entity_id,
                sensor.unit,
                sensor.state_class != MEAN,
                int(sensor.state_class == MEAN),
            )
            for sensor in sensors
        ],
    )
    ids = dict(connection.execute("SELECT statistic_id, id FROM statistics_meta"))
    return {ids[sensor.entity_id]: sensor for sensor in sensors}


def _rows(ids: dict[int, Sensor], step: int, span: float, now: float) -> Iterator[Row]:
    """Give the rows in the order in which the recorder writes them: by time."""
    end = now // step * step
    for index in range(int(span // step)):
        start = end - span + index * step
        wave = math.sin(index / 7)
        for number, sensor in ids.items():
            if sensor.state_class == MEAN:
                mean = 50 + number % 10 + wave
                yield start, number, start, mean, mean - 1, mean + 1, None, None
            else:
                total = (start + step) / DAY
                yield start, number, start, None, None, None, total, total


def _write_states(
    connection: sqlite3.Connection, ids: dict[int, Sensor], now: float
) -> None:
    names = [(sensor.entity_id,) for sensor in ids.values()]
    connection.executemany(
        "INSERT OR IGNORE INTO states_meta (entity_id) VALUES (?)", names
    )
    known = dict(connection.execute("SELECT entity_id, metadata_id FROM states_meta"))
    numbers = [known[name] for (name,) in names]
    steps = SHORT_TERM_DAYS * DAY // QUARTER
    connection.executemany(
        _STATES,
        (
            (number, f"{50 + math.sin(step):.2f}", now - (steps - step) * QUARTER)
            for step in range(steps)
            for number in numbers
        ),
    )


def _filled(connection: sqlite3.Connection, sensors: int) -> Filled:
    def count(table: str) -> int:
        query = f"SELECT COUNT(*) FROM {table}"  # noqa: S608 - the tables are named below
        (rows,) = connection.execute(query).fetchone()
        return int(rows)

    return Filled(
        sensors=sensors,
        hourly=count("statistics"),
        short_term=count("statistics_short_term"),
        states=count("states"),
    )


def fill_until_now(path: Path, sensors: Iterable[Sensor], days: int) -> Filled:
    """Add a past that ends now."""
    return fill(path, sensors, days, time.time())
