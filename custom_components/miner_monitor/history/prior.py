"""Reads the files of prior tools: databases, and tables by their columns' names."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
import csv
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
import sqlite3
from typing import Any, BinaryIO
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
    MOST_ROWS,
    Intake,
    Rows,
    Skipped,
    name_of,
    number,
    typical_interval,
)

MOST_DATABASE_BYTES = 4 * 1024**3
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
    if path.stat().st_size > MOST_DATABASE_BYTES:
        raise FileError(FileFault.TOO_LARGE)
    try:
        with closing(_connect(path)) as connection:
            query, names = _query(connection), _names(connection)
            books = {
                name: HourBook(_interval(connection, key, intake))
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
    return (
        f"SELECT m.id, m.device_id, m.timestamp, {', '.join(asked)}"  # noqa: S608 - only names of this module, none of the file
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


def _interval(connection: sqlite3.Connection, key: object, intake: Intake) -> float:
    """Return how far the first rows of a miner are apart."""
    rows = connection.execute(
        "SELECT timestamp FROM performance_metrics WHERE device_id = ?"
        " ORDER BY id LIMIT 200",
        (key,),
    )
    times = (intake.time_of("", stamp) for (stamp,) in rows)
    return typical_interval(sorted(time for time in times if time is not None))


@dataclass(slots=True, kw_only=True)
class Prior:
    """What prior tools knew: hours by the name of the miner, and its host name."""

    books: dict[str, HourBook] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)
    tools: dict[str, str] = field(default_factory=dict)
    skipped: Skipped

    def add(self, name: str, book: HourBook) -> None:
        """Add the hours of a miner; those of a name that is there are put together."""
        if (there := self.books.setdefault(name, book)) is not book:
            there.merge(book)


def read_prior(files: Iterable[tuple[str, Path]], zone: tzinfo, latest: float) -> Prior:
    """Read files of prior tools; FileError names the one that cannot be taken."""
    intake = Intake(zone, latest)
    prior, miners = Prior(skipped=intake.skipped), dict[str, Rows]()
    file = ""
    try:
        for file, path in files:
            if is_database(path):
                books, hosts = read_database(path, intake)
                prior.tools[file] = "001"
                prior.hosts |= hosts
                for miner, book in books.items():
                    prior.add(miner, book)
            else:
                prior.tools[file] = _read_csv(path, intake, miners)
        _add_tables(prior, miners)
    except FileError as err:
        raise FileError(err.fault, file) from err
    prior.books = {name: book for name, book in prior.books.items() if book.rows}
    return prior


def _add_tables(prior: Prior, miners: dict[str, Rows]) -> None:
    """Put the rows of each miner into its hours."""
    for miner in list(miners):
        rows = miners.pop(miner)
        book = HourBook(typical_interval(rows.times()))
        for time, values in rows.in_order(prior.skipped):
            book.observe(time, values)
        prior.add(miner, book)
        if sum(map(len, prior.books.values())) > MOST_HOURS:
            raise FileError(FileFault.TOO_LARGE)


MOST_TABLE_BYTES = 200 * 1024 * 1024
_LONGEST_LINE = 16 * 1024
_MOST_COLUMNS = 200

_ALIASES = (
    (("hashrate_th", 1.0), ("hashrate_gh", 1e-3), ("hashrate", 1e-3)),
    (("power_w", 1.0), ("power", 1.0)),
    (("temperature_c", 1.0), ("asic_temp", 1.0)),
    (("vr_temperature_c", 1.0), ("vreg_temp", 1.0)),
    (("frequency_mhz", 1.0), ("frequency", 1.0)),
    (("best_diff", 1.0),),
    (("accepted_shares", 1.0), ("shares_accepted", 1.0)),
)
"""Columns of each figure in the order of preference, with factors into our units."""

_NAMES = ("miner_name", "device_id")


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a file has what."""

    tool: str
    width: int
    time: int
    name: int
    status: int | None
    figures: tuple[tuple[tuple[int, float], ...], ...]

    def reading(
        self, cells: list[str], intake: Intake
    ) -> tuple[str, float, tuple[float, ...] | None] | None:
        """Return name, time and figures of a row; None where it says nothing."""
        if len(cells) != self.width:
            return None
        name = name_of(cells[self.name])
        away = self.status is not None and cells[self.status].upper() != "ONLINE"
        values = [_value(cells, places) for places in self.figures]
        found = intake.reading(name, cells[self.time], values, away=away)
        return None if name is None or found is None else (name, *found)


def _layout_of(columns: Sequence[str]) -> _Layout | None:
    """Return the layout of a file with these columns; None if it is no tool's."""
    if len(columns) > _MOST_COLUMNS:
        return None
    places: dict[str, int] = {}
    for index, column in enumerate(columns):
        places.setdefault(column.strip().lower(), index)
    name = next((places[key] for key in _NAMES if key in places), None)
    found = tuple(
        tuple((places[key], factor) for key, factor in aliases if key in places)
        for aliases in _ALIASES
    )
    if "timestamp" not in places or name is None or not found[0]:
        return None
    tool = "001" if "hashrate" in places else "000"
    return _Layout(
        tool="002" if "expected_hashrate_gh" in places else tool,
        width=len(columns),
        time=places["timestamp"],
        name=name,
        status=places.get("status"),
        figures=found,
    )


def _read_csv(path: Path, intake: Intake, miners: dict[str, Rows]) -> str:
    """Add the rows of a file to those of its miners, and return whose file it is."""
    if path.stat().st_size > MOST_TABLE_BYTES:
        raise FileError(FileFault.TOO_LARGE)
    with path.open("rb") as file:
        lines = _lines(file)
        columns = _cells((next(lines, (1, None))[1] or "").removeprefix("\ufeff"))
        if columns is None or (layout := _layout_of(columns)) is None:
            raise FileError(FileFault.UNKNOWN)
        count = sum(map(len, miners.values()))
        for line, text in lines:
            cells = None if text is None else _cells(text)
            if cells == columns or (text is not None and not text.strip()):
                continue
            if cells is None or (found := layout.reading(cells, intake)) is None:
                intake.skipped.junk(line)
                continue
            name, time, known = found
            intake.skipped.offline += known is None
            miners.setdefault(name, Rows()).add(time, known)
            count += 1
            if count > MOST_ROWS or len(miners) > MOST_MINERS:
                raise FileError(FileFault.TOO_LARGE)
    return layout.tool


def _value(cells: list[str], places: tuple[tuple[int, float], ...]) -> float | None:
    """Return the figure that the first column with a number has."""
    for place, factor in places:
        if (value := number(cells[place])) is not None:
            return value * factor
    return None


def _lines(file: BinaryIO) -> Iterator[tuple[int, str | None]]:
    """Give each line with its number; None for one that is too long.

    Every line stands alone: a quote that is never closed spoils no other line.
    """
    line = 0
    while raw := file.readline(_LONGEST_LINE):
        line += 1
        if len(raw) == _LONGEST_LINE and not raw.endswith(b"\n"):
            while (rest := file.readline(_LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield line, None
            continue
        yield line, raw.decode("utf-8", "replace").rstrip("\r\n")


def _cells(text: str) -> list[str] | None:
    """Return the cells of a line; None for one that is no CSV."""
    if "\0" in text:
        return None
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True), None)
    except csv.Error:
        return None
