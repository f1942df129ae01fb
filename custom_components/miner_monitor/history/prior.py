"""Reads the files of prior tools: tables by the names of their columns, databases."""

from collections.abc import Iterable, Iterator, Sequence
import csv
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import BinaryIO

from .files import (
    FileError,
    FileFault,
)
from .hours import (
    MOST_HOURS,
    HourBook,
)
from .metrics_db import (
    is_database,
    read_database,
)
from .readings import (
    MOST_MINERS,
    MOST_ROWS,
    Intake,
    Rows,
    Skipped,
    name_of,
    number,
    typical_interval,
)


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


MOST_BYTES = 200 * 1024 * 1024
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
    if path.stat().st_size > MOST_BYTES:
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
