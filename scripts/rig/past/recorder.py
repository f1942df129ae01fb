"""Writes what was shown into a recorder's database that Home Assistant has made."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
import json
from pathlib import Path
import sqlite3
from typing import Any

from homeassistant.components.recorder.db_schema import StateAttributes
from homeassistant.components.recorder.statistics import (
    STATISTIC_UNIT_TO_UNIT_CONVERTER,
)
from homeassistant.components.sensor.const import UNIT_CONVERTERS
from homeassistant.util.ulid import ulid_at_time, ulid_to_bytes

from custom_components.miner_monitor.entity import WRITE_AT_LEAST_EVERY

from .house import Entity
from .shown import AWAY, Track, number_of, text_of
from .slots import HOUR, MINUTES_5, Mean, Sum, hourly_means, hourly_sums, means, sums

DAY = 86_400.0
KEPT = 10 * DAY
"""How long the recorder keeps states and five-minute statistics by default."""

RECENT = 2 * DAY
SELDOM = 1800.0
"""Seconds between two states of a number that are older than the recent ones."""

_MEAN = "(created_ts, metadata_id, start_ts, mean, min, max) VALUES (?, ?, ?, ?, ?, ?)"
_SUM = "(created_ts, metadata_id, start_ts, state, sum) VALUES (?, ?, ?, ?, ?)"
_META = """
    INSERT INTO statistics_meta (statistic_id, source, unit_of_measurement,
    unit_class, has_mean, has_sum, mean_type) VALUES (?, 'recorder', ?, ?, ?, ?, ?)
"""
_STATES = """
    INSERT INTO states (state_id, metadata_id, attributes_id, state, last_updated_ts,
    old_state_id, origin_idx, context_id_bin) VALUES (?, ?, ?, ?, ?, ?, 0, ?)
"""

type Row = tuple[Any, ...]


@dataclass(slots=True)
class Written:
    """How many rows of each kind were written."""

    states: int = 0
    short_term: int = 0
    hourly: int = 0


class RecorderBook:
    """The database, in one transaction."""

    def __init__(self, path: Path, end: float) -> None:
        """Open it."""
        self._connection = sqlite3.connect(path)
        self._connection.execute("PRAGMA synchronous = OFF")
        self._end = end
        self._connection.execute("PRAGMA cache_size = -100000")
        self._next_state = 1 + self._one("SELECT MAX(state_id) FROM states")
        self._indexes: list[tuple[str, str]] = []
        self._places: dict[str, tuple[int, int]] = {}
        self.written = Written()

    def close(self, *, commit: bool) -> None:
        """Keep what was written, or nothing of it."""
        with closing(self._connection):
            if commit:
                for _, made_by in self._indexes:
                    self._connection.execute(made_by)
                self._connection.commit()

    def prepare(self, entities: Sequence[Entity]) -> None:
        """Forget what these showed while they had no past.

        Indexes are made anew in the end: to sort once takes half the time.
        """
        for entity in entities:
            number = self._metadata_of(entity)
            self._places[entity.entity_id] = number, self._attributes_of(entity, number)
            self._forget(entity)
        self._indexes = self._connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL"
            " AND tbl_name IN ('states', 'statistics', 'statistics_short_term')"
        ).fetchall()
        for name, _ in self._indexes:
            self._connection.execute(f"DROP INDEX {name}")

    def _one(self, query: str, *values: Any) -> Any:
        row = self._connection.execute(query, values).fetchone()
        return 0 if row is None or row[0] is None else row[0]

    def first_run(self) -> float | None:
        """Return when the recorder ran for the first time."""
        text = self._one("SELECT MIN(start) FROM recorder_runs")
        if not text:
            return None
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()

    def last_number(self, entity: Entity) -> float | None:
        """Return the last number that an entity showed."""
        text = self._one(
            "SELECT state FROM states JOIN states_meta USING (metadata_id)"
            " WHERE states_meta.entity_id = ? AND state GLOB '[0-9]*'"
            " ORDER BY last_updated_ts DESC LIMIT 1",
            entity.entity_id,
        )
        return float(text) if text else None

    def write(self, times: array[float], tracks: Iterable[Track]) -> None:
        """Write states and statistics of entities that are prepared."""
        for track in tracks:
            self._write_states(times, track)
            if track.entity.state_class is not None:
                self._write_statistics(times, track)

    def _metadata_of(self, entity: Entity) -> int:
        self._connection.execute(
            "INSERT OR IGNORE INTO states_meta (entity_id) VALUES (?)",
            (entity.entity_id,),
        )
        query = "SELECT metadata_id FROM states_meta WHERE entity_id = ?"
        return int(self._one(query, entity.entity_id))

    def _attributes_of(self, entity: Entity, metadata_id: int) -> int:
        """Return the attributes that it has now, or that it must have."""
        known = self._one(
            "SELECT attributes_id FROM states WHERE metadata_id = ?"
            " AND state != 'unavailable' ORDER BY last_updated_ts DESC LIMIT 1",
            metadata_id,
        )
        if known:
            return int(known)
        told = {
            "state_class": entity.state_class,
            "unit_of_measurement": entity.unit,
            "device_class": entity.device_class,
            "friendly_name": entity.name,
        }
        text = json.dumps({key: value for key, value in told.items() if value})
        cursor = self._connection.execute(
            "INSERT INTO state_attributes (hash, shared_attrs) VALUES (?, ?)",
            (StateAttributes.hash_shared_attrs_bytes(text.encode()), text),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def _forget(self, entity: Entity) -> None:
        self._connection.execute(
            "DELETE FROM states WHERE metadata_id IN"
            " (SELECT metadata_id FROM states_meta WHERE entity_id = ?)",
            (entity.entity_id,),
        )
        for table in ("statistics", "statistics_short_term"):
            self._connection.execute(
                f"DELETE FROM {table} WHERE metadata_id IN"  # noqa: S608 - two names
                " (SELECT id FROM statistics_meta WHERE statistic_id = ?)",
                (entity.entity_id,),
            )

    def _write_states(self, times: array[float], track: Track) -> None:
        metadata_id, attributes_id = self._places[track.entity.entity_id]
        rows: list[Row] = []
        number, old = self._next_state, None
        for when, text in shown_states(times, track, self._end):
            context = ulid_to_bytes(ulid_at_time(when))
            rows.append((number, metadata_id, attributes_id, text, when, old, context))
            number, old = number + 1, number
        self._next_state = number
        self._connection.executemany(_STATES, rows)
        self.written.states += len(rows)

    def _write_statistics(self, times: array[float], track: Track) -> None:
        begin, whole_hours = times[0], self._end // HOUR * HOUR
        values = [number_of(value) for value in track.values]
        if all(value is None for value in values):
            return
        samples = zip(times, values, strict=True)
        counts = track.entity.state_class != "measurement"
        statistic = self._statistic_of(track.entity, counts=counts)
        if counts:
            totals = list(sums(samples, begin, self._end))
            self._insert_sums("statistics_short_term", statistic, self._short(totals))
            hours = [h for h in hourly_sums(totals) if h.start < whole_hours]
            self._insert_sums("statistics", statistic, hours)
        else:
            slots = list(means(samples, begin, self._end))
            self._insert_means("statistics_short_term", statistic, self._short(slots))
            whole = [h for h in hourly_means(slots) if h.start < whole_hours]
            self._insert_means("statistics", statistic, whole)

    def _short[SlotT: (Mean, Sum)](self, slots: Sequence[SlotT]) -> list[SlotT]:
        return [slot for slot in slots if slot.start >= self._end - KEPT]

    def _statistic_of(self, entity: Entity, *, counts: bool) -> int:
        """Return the statistic's id."""
        query = "SELECT id FROM statistics_meta WHERE statistic_id = ?"
        if known := self._one(query, entity.entity_id):
            return int(known)
        unit_class = unit_class_of(entity)
        row = (
            entity.entity_id,
            entity.unit,
            unit_class,
            not counts,
            counts,
            not counts,
        )
        cursor = self._connection.execute(_META, row)
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def _insert_means(self, table: str, statistic: int, slots: Sequence[Mean]) -> None:
        self._insert(
            table,
            _MEAN,
            [(start + 10, statistic, start, *rest) for start, *rest in slots],
        )

    def _insert_sums(self, table: str, statistic: int, slots: Sequence[Sum]) -> None:
        self._insert(
            table,
            _SUM,
            [(start + 10, statistic, start, *rest) for start, *rest in slots],
        )

    def _insert(self, table: str, columns: str, rows: list[Row]) -> None:
        self._connection.executemany(f"INSERT INTO {table} {columns}", rows)
        if table == "statistics":
            self.written.hourly += len(rows)
        else:
            self.written.short_term += len(rows)

    def note_runs(self, begin: float) -> None:
        """Let the recorder think that it ran, and compiled what there is."""
        slot = datetime.fromtimestamp(
            self._end // MINUTES_5 * MINUTES_5 - MINUTES_5, UTC
        )
        first = datetime.fromtimestamp(max(begin, self._end - KEPT), UTC)
        self._connection.execute(
            "INSERT INTO statistics_runs (start) VALUES (?)", (_sql(slot),)
        )
        self._connection.execute(
            "INSERT INTO recorder_runs (start, end, closed_incorrect, created)"
            " VALUES (?, ?, 0, ?)",
            (_sql(first), _sql(slot), _sql(first)),
        )


def _sql(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def unit_class_of(entity: Entity) -> str | None:
    """Return what the sensor integration says of a unit; see its recorder module."""
    converter = UNIT_CONVERTERS.get(entity.device_class)
    if converter is not None and entity.unit in converter.VALID_UNITS:
        return str(converter.UNIT_CLASS)
    converter = STATISTIC_UNIT_TO_UNIT_CONVERTER.get(entity.unit)
    return None if converter is None else str(converter.UNIT_CLASS)


def shown_states(
    times: array[float], track: Track, end: float
) -> Iterator[tuple[float, str]]:
    """Give the states that are worth a row; old numbers are told less often.

    The last one is told in any case: statistics know it, too.
    """
    seldom = SELDOM if track.entity.domain == "sensor" else 0.0
    written: Any = track
    at, shown = 0.0, ""
    for when, value in zip(times, track.values, strict=True):
        if when < end - KEPT or value == written:
            continue
        pause = seldom if when < end - RECENT else 0.0
        if when == times[-1] or _is_worth_it(track, value, written, when - at, pause):
            text = text_of(value)
            if text != shown:
                yield when, text
                shown = text
            at, written = when, value


def _is_worth_it(
    track: Track, value: Any, written: Any, age: float, pause: float
) -> bool:
    """Whether a value gets a row so long after the last; see MinerReadingEntity."""
    if not (_is_number(value) and _is_number(written)):
        return True
    resolution = track.resolution
    if age < max(pause, resolution.seconds):
        return False
    return age >= WRITE_AT_LEAST_EVERY or resolution.reached(value, written)


def _is_number(value: Any) -> bool:
    return value is not AWAY and number_of(value) is not None
