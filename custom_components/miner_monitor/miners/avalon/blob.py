"""The text of ``Key[Value]`` items in which an Avalon tells nearly everything."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
import re
from types import MappingProxyType
from typing import NamedTuple

from ..values import LARGEST
from .poll import (
    NOTHING,
    Row,
)

type Items = Mapping[str, str]
"""A blob taken apart."""

MOST_MODULES = 8
_LONGEST_VECTOR = 256
_ITEM = re.compile(r"\b(\w+)\[([^\]]*)\]")
"""It begins where a word does, and is never tried behind the last bracket, so that
it takes time in proportion to any text.
"""

_MODULE_KEY = re.compile(r"MM ID\d+(?::Summary)?")
_POOL_ID = re.compile(r"POOL(\d{1,2})")
_BOARD_BEGINS = "'HB"
_BOARD = re.compile(rf"{_BOARD_BEGINS}\d*':")
_NO_POOLS: Mapping[int, Row] = MappingProxyType({})
_DASHES = str.maketrans("-:", "  ")


class Module(NamedTuple):
    """One controller with its hash boards; most miners have one.

    ``hash_boards`` is the text on the boards of firmware that tells them apart from
    the rest.
    """

    items: Items
    hash_boards: str = ""

    @property
    def board_count(self) -> int:
        """How many boards that text is about."""
        return self.hash_boards.count(_BOARD_BEGINS)

    @property
    def boards(self) -> tuple[str, ...]:
        """What it says of each."""
        return tuple(_BOARD.split(self.hash_boards)[1:])


class Told(NamedTuple):
    """What the rows of statistics hold: modules, and more on each pool.

    ``silent``: there is a place for a module, and nothing in it.
    """

    modules: tuple[Module, ...] = ()
    row: Row = NOTHING
    pools: Mapping[int, Row] = _NO_POOLS
    silent: bool = False

    @property
    def items(self) -> Items:
        """What the first module tells."""
        return self.modules[0].items if self.modules else NOTHING


def blob_items(text: str) -> dict[str, str]:
    """Take a blob apart; an item whose bracket is not closed does not exist.

    Of two under one key the first counts: the name of a network, which comes late,
    may look like an item.
    """
    found = _ITEM.findall(text, 0, text.rfind("]") + 1)
    items = dict(found)
    return items if len(items) == len(found) else dict(reversed(found))


def gather(stats: Iterable[Row]) -> Told:
    """Find the modules in the rows of statistics."""
    modules: list[Module] = []
    pools: dict[int, Row] = {}
    first: Row = NOTHING
    silent = False
    for row in stats:
        if (place := _pool_place(row)) is not None:
            pools[place] = row
            continue
        for text in _blobs(row):
            if items := blob_items(text):
                first = first or row
                modules.append(Module(items, _hash_boards(row)))
            else:
                silent = True
    return Told(tuple(modules[:MOST_MODULES]), first, pools, silent)


@lru_cache(maxsize=512)
def vector(text: str | None) -> tuple[float, ...]:
    """Read an item that lists numbers; one that is none spoils the list."""
    if text is None or len(text) > _LONGEST_VECTOR:
        return ()
    try:
        found = tuple(map(float, text.split()))
    except ValueError:
        return ()
    usable = all(-LARGEST <= value <= LARGEST for value in found)
    return found if usable else ()


@lru_cache(maxsize=64)
def dashed(text: str | None) -> tuple[float, ...]:
    """Read numbers between dashes or colons: "90-85-314-100:447:467:487".

    A dash after a dash is a sign.
    """
    if text is None:
        return ()
    return vector(text.replace("--", "- \0").translate(_DASHES).replace("\0", "-"))


def _pool_place(row: Row) -> int | None:
    name = row.get("ID")
    found = _POOL_ID.fullmatch(name) if isinstance(name, str) else None
    return None if found is None else int(found[1])


def _blobs(row: Row) -> Iterator[str]:
    for key, value in row.items():
        if not key.startswith("MM ID") or not isinstance(value, str):
            continue
        if _MODULE_KEY.fullmatch(key):
            yield value


def _hash_boards(row: Row) -> str:
    text = row.get("HBinfo")
    return text if isinstance(text, str) else ""
