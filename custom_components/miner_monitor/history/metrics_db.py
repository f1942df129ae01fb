"""Reads the database of tool 001, which may be another's or a trap."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
import sqlite3
from typing import Any
from urllib.parse import quote

from .files import (
    FileError,
    FileFault,
)
from .hours import (
    MOST_HOURS,
    HourBook,
)
from .readings import (
    AWAY,
    GENESIS,
    MOST_MINERS,
    Intake,
    LocalTime,
    name_of,
    number,
    typical_interval,
)

MOST_BYTES = 4 * 1024**3
"""Its tool never deletes: a month of four miners are 340 MiB."""

MAGIC = b"SQLite format 3\0"

_METRICS, _DEVICES, _CONFIGS = "performance_metrics", "devices", "clock_configs"
_NEEDED = {"id", "device_id", "timestamp", "hashrate", "power"}
_FIGURES = (
    ("hashrate", "m.hashrate"),
    ("power", "m.power"),
    ("asic_temp", "m.asic_temp"),
    ("vreg_temp", "m.vreg_temp"),
    ("config_id", "c.frequency"),
    ("best_diff", "m.best_diff"),
    ("shares_accepted", "m.shares_accepted"),
)
"""The columns of each figure, and how it is asked for; others are never read."""

_LONGEST_VALUE = 10_000
_STEPS, _MOST_STEPS = 100_000, 20_000
_ALLOWED = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_PRAGMA,
}


def is_database(path: Path) -> bool:
    """Whether a file begins like a database."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_database(
    path: Path, intake: Intake
) -> tuple[dict[str, HourBook], dict[str, str]]:
    """Return the hours of each miner by its name, and the host names it knows."""
    if path.stat().st_size > MOST_BYTES:
        raise FileError(FileFault.TOO_LARGE)
    try:
        with closing(_connect(path)) as connection:
            query, names = _query(connection), _names(connection)
            books = {
                name: HourBook(_interval(connection, key, intake.clock))
                for key, name in names.items()
            }
            _take(connection.execute(query), names, books, intake)
            return books, _hosts(connection, names)
    except (sqlite3.Error, OverflowError, UnicodeError) as err:
        raise FileError(FileFault.UNKNOWN) from err


def _connect(path: Path) -> sqlite3.Connection:
    """Open it so that nothing is written, and nothing but reading is possible."""
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True, timeout=1
    )
    # Long text is cut off where it is stored wrongly; a schema may be a trap.
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1_000_000)
    connection.text_factory = lambda raw: raw[:_LONGEST_VALUE].decode(errors="replace")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.set_authorizer(
        lambda action, *_: (
            sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY
        )
    )
    rounds = iter(range(_MOST_STEPS))
    connection.set_progress_handler(lambda: next(rounds, None) is None, _STEPS)
    return connection


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    """Return the columns of a table that really is one.

    A view may count for ever, and a virtual table is read by code of its own.
    """
    kinds = connection.execute(
        "SELECT type = 'table' AND rootpage > 0 AND sql LIKE 'CREATE TABLE%'"
        " FROM sqlite_master WHERE name = ? COLLATE NOCASE",
        (table,),
    ).fetchall()
    if kinds != [(1,)]:
        return set()
    rows = connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
    return {str(name) for (name,) in rows}


def _query(connection: sqlite3.Connection) -> str:
    """Return how to ask for all rows, whatever columns this version has.

    They come as they were written: by their times alone, the hour that clocks repeat
    would be two hours in one.
    """
    known = _columns(connection, _METRICS)
    if not known >= _NEEDED:
        raise FileError(FileFault.UNKNOWN)
    if not {"id", "frequency"} <= _columns(connection, _CONFIGS):
        known.discard("config_id")
    asked = [what if column in known else "NULL" for column, what in _FIGURES]
    join = f" LEFT JOIN {_CONFIGS} c ON c.id = m.config_id"
    # Table and column names are this module's own, never the file's.
    return (
        f"SELECT m.id, m.device_id, m.timestamp, {', '.join(asked)}"  # noqa: S608 - ours
        f" FROM {_METRICS} m{join if 'config_id' in known else ''} ORDER BY m.id"
    )


def _names(connection: sqlite3.Connection) -> dict[object, str]:
    """Return the miners that have rows, by what the file calls them."""
    found = connection.execute(
        "SELECT DISTINCT device_id FROM performance_metrics LIMIT ?", (MOST_MINERS + 1,)
    ).fetchall()
    if len(found) > MOST_MINERS:
        raise FileError(FileFault.TOO_LARGE)
    names: dict[object, str] = {}
    for (key,) in found:
        name = name_of(key)
        if name is not None and name not in names.values():
            names[key] = name
    return names


def _hosts(connection: sqlite3.Connection, names: dict[object, str]) -> dict[str, str]:
    """Return the host names of the miners."""
    if not {"id", "hostname"} <= _columns(connection, _DEVICES):
        return {}
    rows = connection.execute("SELECT id, hostname FROM devices LIMIT 1000")
    return {
        names[key]: host
        for key, raw in rows
        if key in names and (host := name_of(raw)) is not None
    }


def _take(
    rows: Iterable[Sequence[Any]],
    names: Mapping[object, str],
    books: Mapping[str, HourBook],
    intake: Intake,
) -> None:
    """Take the rows of all miners in the order in which they were written."""
    last, hours, skipped = dict.fromkeys(books, GENESIS), 0, intake.skipped
    for line, key, stamp, *raw in rows:
        name = names.get(key)
        values = [number(value) for value in raw]
        if values[0] is not None:
            values[0] *= 1e-3
        found = intake.reading(name, stamp, values)
        if name is None or found is None:
            skipped.junk(line if isinstance(line, int) else 0)
            continue
        time, known = found
        if time <= last[name]:
            skipped.repeated += 1
            continue
        last[name] = time
        skipped.offline += known is None
        hours -= len(books[name])
        books[name].observe(time, known or AWAY)
        hours += len(books[name])
        if hours > MOST_HOURS:
            raise FileError(FileFault.TOO_LARGE)


def _interval(connection: sqlite3.Connection, key: object, clock: LocalTime) -> float:
    """Return how far the first rows of a miner are apart."""
    rows = connection.execute(
        "SELECT timestamp FROM performance_metrics WHERE device_id = ?"
        " ORDER BY id LIMIT 200",
        (key,),
    )
    times = (clock.read("", stamp) for (stamp,) in rows)
    return typical_interval(sorted(time for time in times if time is not None))
