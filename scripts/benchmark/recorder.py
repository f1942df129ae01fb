"""What a recorder database holds and what that makes per day."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
import sqlite3

SECONDS_PER_DAY = 86_400
STATISTICS_PER_DAY = 24 * 12 + 24
"""Rows of one sensor: every five minutes, and the hourly ones."""

_BYTES = """
    SELECT master.tbl_name, SUM(dbstat.pgsize)
    FROM dbstat JOIN sqlite_master AS master ON master.name = dbstat.name
    GROUP BY master.tbl_name
"""
_STATES = """
    SELECT meta.entity_id, COUNT(*)
    FROM states JOIN states_meta AS meta USING (metadata_id)
    WHERE states.last_updated_ts >= ? AND states.last_updated_ts < ?
    GROUP BY meta.entity_id
"""
# SQLite takes the other columns from the row that has the minimum.
_NEW_ATTRIBUTES = """
    SELECT meta.entity_id, COUNT(*)
    FROM (
        SELECT metadata_id, MIN(last_updated_ts) AS first
        FROM states GROUP BY attributes_id
    ) JOIN states_meta AS meta USING (metadata_id)
    WHERE first >= ? AND first < ?
    GROUP BY meta.entity_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was found: rows of the window by entity, bytes per row by table."""

    seconds: float
    states: Mapping[str, int]
    attributes: Mapping[str, int]
    with_statistics: frozenset[str]
    bytes_per_row: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Bytes per miner and day, by what makes them."""

    states: float
    attributes: float
    statistics: float
    rows_per_day: float

    @property
    def total(self) -> float:
        """Return all bytes."""
        return self.states + self.attributes + self.statistics


def read(path: Path, start: float, end: float, entities: Iterable[str]) -> Recorded:
    """Read a database that nobody writes to; the window is in Unix time.

    Bytes are those of the pages that a table and its indexes fill, so that the
    room which is left in them counts, as it does on a user's disk.
    """
    wanted = set(entities)
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        states = dict(connection.execute(_STATES, (start, end)))
        attributes = dict(connection.execute(_NEW_ATTRIBUTES, (start, end)))
        statistics = connection.execute("SELECT statistic_id FROM statistics_meta")
        return Recorded(
            seconds=end - start,
            states={name: states.get(name, 0) for name in wanted},
            attributes={name: attributes.get(name, 0) for name in wanted},
            with_statistics=frozenset(name for (name,) in statistics) & wanted,
            bytes_per_row=_bytes_per_row(connection),
        )
    finally:
        connection.close()


def _bytes_per_row(connection: sqlite3.Connection) -> dict[str, float]:
    filled = dict(connection.execute(_BYTES))
    result = {}
    for table in ("states", "state_attributes", "statistics_short_term"):
        # The name is one of the three above.
        query = f"SELECT COUNT(*) FROM {table}"  # noqa: S608 - the tables are named in this module
        (rows,) = connection.execute(query).fetchone()
        if not rows:
            raise ValueError(f"no rows in {table}")
        result[table] = filled[table] / rows
    return result


def rows_per_day(
    recorded: Recorded, key_of: Mapping[str, str], write_at_least_every: float
) -> dict[str, float]:
    """Return the state rows per entity and day, by key.

    The window is too short for what is written only because of its age: an entity
    with statistics is taken to write at least that often.
    """
    entities: dict[str, list[str]] = defaultdict(list)
    for entity in recorded.states:
        entities[key_of[entity]].append(entity)
    scale = SECONDS_PER_DAY / recorded.seconds
    result = {}
    for key, names in entities.items():
        measured = sum(recorded.states[name] for name in names) * scale
        forced = len(recorded.with_statistics.intersection(names))
        floor = forced * SECONDS_PER_DAY / write_at_least_every
        result[key] = max(measured, floor) / len(names)
    return result


def growth(
    recorded: Recorded,
    key_of: Mapping[str, str],
    miners: int,
    write_at_least_every: float,
) -> Growth:
    """Return what a miner makes the database grow by in a day."""
    by_key = rows_per_day(recorded, key_of, write_at_least_every)
    rows = sum(by_key[key_of[entity]] for entity in recorded.states) / miners
    scale = SECONDS_PER_DAY / recorded.seconds
    attributes = sum(recorded.attributes.values()) * scale / miners
    statistics = len(recorded.with_statistics) * STATISTICS_PER_DAY / miners
    size = recorded.bytes_per_row
    return Growth(
        states=rows * size["states"],
        attributes=attributes * size["state_attributes"],
        statistics=statistics * size["statistics_short_term"],
        rows_per_day=rows,
    )
