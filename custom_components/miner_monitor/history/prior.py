"""All files of one import together: what they tell of which miner."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from .csv_files import read_csv
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
    LocalTime,
    Rows,
    Skipped,
    typical_interval,
)


@dataclass(slots=True, kw_only=True)
class Prior:
    """What prior tools knew: hours by the name of the miner, and its host name."""

    books: dict[str, HourBook] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)
    tools: dict[str, str] = field(default_factory=dict)
    skipped: Skipped = field(default_factory=Skipped)

    def add(self, name: str, book: HourBook) -> None:
        """Add the hours of a miner; those of a name that is there are put together."""
        if (there := self.books.get(name)) is None:
            self.books[name] = book
        else:
            there.merge(book)


class PriorFileError(Exception):
    """One of the files cannot be taken, so none is."""

    def __init__(self, file: str, cause: FileError) -> None:
        """Say which and why."""
        super().__init__(f"{file}: {cause}")
        self.file = file
        self.fault = cause.fault


def read_prior(files: Iterable[tuple[str, Path]], zone: tzinfo, latest: float) -> Prior:
    """Read files of prior tools; times without a zone are in the one given."""
    prior, miners, clock = Prior(), dict[str, Rows](), LocalTime(zone)
    name = ""
    for name, path in files:
        try:
            if is_database(path):
                books, hosts = read_database(path, clock, prior.skipped, latest)
                prior.tools[name] = "001"
                prior.hosts |= hosts
                for miner, book in books.items():
                    prior.add(miner, book)
            else:
                prior.tools[name] = read_csv(path, clock, miners, prior.skipped, latest)
        except FileError as err:
            raise PriorFileError(name, err) from err
    for miner in list(miners):
        prior.add(miner, _hours(miners.pop(miner), prior.skipped))
        if sum(map(len, prior.books.values())) > MOST_HOURS:
            raise PriorFileError(name, FileError(FileFault.TOO_LARGE))
    prior.books = {name: book for name, book in prior.books.items() if book.rows}
    return prior


def _hours(rows: Rows, skipped: Skipped) -> HourBook:
    """Put the rows of a miner into its hours."""
    book = HourBook(typical_interval(rows.times()))
    for time, values in rows.in_order(skipped):
        book.observe(time, values)
    return book
