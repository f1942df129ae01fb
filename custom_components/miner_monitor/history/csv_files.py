"""Reads the CSV files of the tools before us, by the names of their columns."""

from collections.abc import Iterator, Sequence
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .files import (
    FileError,
    FileFault,
)
from .readings import (
    GENESIS,
    MOST_MINERS,
    MOST_ROWS,
    LocalTime,
    Rows,
    Skipped,
    figures,
    name_of,
    number,
)

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
class Layout:
    """Where a file has what."""

    tool: str
    width: int
    time: int
    name: int
    status: int | None
    figures: tuple[tuple[tuple[int, float], ...], ...]


def layout_of(columns: Sequence[str]) -> Layout | None:
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
    return Layout(
        tool="002" if "expected_hashrate_gh" in places else tool,
        width=len(columns),
        time=places["timestamp"],
        name=name,
        status=places.get("status"),
        figures=found,
    )


def read_csv(
    path: Path,
    clock: LocalTime,
    miners: dict[str, Rows],
    skipped: Skipped,
    latest: float,
) -> str:
    """Add the rows of a file to those of its miners, and return whose file it is."""
    if path.stat().st_size > MOST_BYTES:
        raise FileError(FileFault.TOO_LARGE)
    with path.open("rb") as file:
        lines = _lines(file)
        first = next(lines, (1, None))[1]
        columns = None if first is None else _cells(first.removeprefix("\ufeff"))
        layout = None if columns is None else layout_of(columns)
        if layout is None:
            raise FileError(FileFault.UNKNOWN)
        reader = _Reader(layout, clock, miners, skipped, latest)
        for line, text in lines:
            if text is None or not reader.take(text, columns):
                skipped.junk(line)
    return layout.tool


class _Reader:
    """Takes one line after the other."""

    def __init__(
        self,
        layout: Layout,
        clock: LocalTime,
        miners: dict[str, Rows],
        skipped: Skipped,
        latest: float,
    ) -> None:
        self._layout = layout
        self._clock = clock
        self._miners = miners
        self._skipped = skipped
        self._latest = latest
        self._count = sum(map(len, miners.values()))

    def take(self, text: str, columns: list[str] | None) -> bool:
        """Take a line; False if it tells nothing."""
        if not text.strip():
            return True
        layout = self._layout
        cells = _cells(text)
        if cells is None or len(cells) != layout.width:
            return False
        if cells == columns:
            return True
        if (name := name_of(cells[layout.name])) is None:
            return False
        time = self._clock.read(name, cells[layout.time])
        if time is None or not GENESIS < time <= self._latest:
            return False
        if layout.status is not None and cells[layout.status].upper() != "ONLINE":
            self._skipped.offline += 1
            self._add(name, time, None)
            return True
        values = [_value(cells, places) for places in layout.figures]
        if not any(value is not None for value in values[:2]):
            return False
        found = figures(values)
        if found is None:
            self._skipped.offline += 1
        self._add(name, time, found)
        return True

    def _add(self, name: str, time: float, found: tuple[float, ...] | None) -> None:
        rows = self._miners.get(name)
        if rows is None:
            if len(self._miners) >= MOST_MINERS:
                raise FileError(FileFault.TOO_LARGE)
            rows = self._miners[name] = Rows()
        self._count += 1
        if self._count > MOST_ROWS:
            raise FileError(FileFault.TOO_LARGE)
        rows.add(time, found)


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
