"""What one poll of a cgminer API brings: rows, and the modules of an Avalon in them.

A module reports as ``Key[Value]`` items. Its boards and chips are read out of them
only when somebody looks: at most polls nobody does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property, lru_cache, partial
from itertools import count
from math import isfinite, nan
import re
from types import MappingProxyType
from typing import Any, NamedTuple, override

from ..model import Figure, HashBoard, record
from ..values import LARGEST, number

type Row = Mapping[str, Any]
"""One row of a section: keys as on the wire, JSON values or texts."""

NOTHING: Row = MappingProxyType({})
"""The row of a section that did not come."""


@record
class Poll:
    """The sections of one poll; one that failed is empty.

    ``when`` is the device's own clock from a STATUS row. ``poolless``: it says that
    no pool is configured. ``screen`` is what its display shows, ``devices`` what a
    cgminer without a blob tells of each of its devices.
    """

    summary: Row = field(default_factory=dict)
    stats: tuple[Row, ...] = ()
    pools: tuple[Row, ...] = ()
    when: int | None = None
    poolless: bool = False
    screen: Row = NOTHING
    devices: tuple[Row, ...] = ()


class Wants(NamedTuple):
    """What else has to be asked in the turn of a poll; ``again`` is all of it.

    ``traffic`` is that of the pools.
    """

    version: bool = False
    commands: bool = False
    litestats: bool = False
    devices: bool = False
    traffic: bool = False
    again: bool = False


type Items = Mapping[str, str]
"""A blob taken apart."""

MOST_MODULES = 8
MOST_BOARDS = 8
MOST_CHIPS = 512
_LONGEST_VECTOR = 256
_LONGEST_NUMBER = 12
_MOST_KNOWN = 4096
_ITEM = re.compile(r"\b(\w+)\[([^\]]*)\]")
"""It begins where a word does, and is never tried behind the last bracket, so that
it takes time in proportion to any text.
"""

_MODULE_BEGINS = "MM ID"
_MODULE_KEY = re.compile(rf"{_MODULE_BEGINS}\d+(?::Summary)?")
_POOL_ID = re.compile(r"POOL(\d{1,2})")
_BOARD_BEGINS = "'HB"
_BOARD = re.compile(rf"{_BOARD_BEGINS}\d*':")
NO_POOLS: Mapping[int, Row] = MappingProxyType({})
_DASHES = str.maketrans("-:", "  ")


class Module(NamedTuple):
    """One controller with its hash boards; most miners have one.

    ``hash_boards`` is the text on the boards of firmware that tells them apart from
    the rest.
    """

    items: Items
    hash_boards: str = ""


class Reported(NamedTuple):
    """What the rows of statistics hold: modules, and more on each pool.

    ``silent``: there is a place for a module, and nothing in it.
    """

    modules: tuple[Module, ...] = ()
    row: Row = NOTHING
    pools: Mapping[int, Row] = NO_POOLS
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


def gather(stats: Iterable[Row]) -> Reported:
    """Find the modules in the rows of statistics."""
    modules: list[Module] = []
    pools: dict[int, Row] = {}
    first: Row = NOTHING
    silent = False
    for row in stats:
        name = row.get("ID")
        if isinstance(name, str) and (pool := _POOL_ID.fullmatch(name)):
            pools[int(pool[1])] = row
            continue
        for key in row:
            if not (
                key.startswith(_MODULE_BEGINS)
                and _MODULE_KEY.fullmatch(key)
                and isinstance(text := row[key], str)
            ):
                continue
            if items := blob_items(text):
                first = first or row
                boards = row.get("HBinfo")
                modules.append(Module(items, boards if isinstance(boards, str) else ""))
            else:
                silent = True
    return Reported(tuple(modules[:MOST_MODULES]), first, pools, silent)


@lru_cache(maxsize=512)
def vector(text: str | None) -> tuple[float, ...]:
    """Read an item that lists numbers; one that is none spoils the list."""
    if text is None or len(text) > _LONGEST_VECTOR:
        return ()
    try:
        found = tuple(map(float, text.split()))
    except ValueError:
        return ()
    if not found:
        return found
    # What is no number at all makes a sum that is none.
    usable = min(found) >= -LARGEST and max(found) <= LARGEST and isfinite(sum(found))
    return found if usable else ()


@lru_cache(maxsize=64)
def dashed(text: str | None) -> tuple[float, ...]:
    """Read numbers between dashes or colons: "90-85-314-100:447:467:487".

    A dash after a dash is a sign.
    """
    if text is None:
        return ()
    return vector(text.replace("--", "- \0").translate(_DASHES).replace("\0", "-"))


class _ReadLater[Found]:
    """Keeps how something is read, until it is."""

    def __init__(self, read: Callable[[], Found]) -> None:
        self._read = read

    @cached_property
    def _all(self) -> Found:
        return self._read()

    @override
    def __reduce__(self) -> tuple[type[Found], tuple[Found]]:
        """Be copied as what is read, without the reply that it is read from."""
        return type(self._all), (self._all,)

    @override
    def __repr__(self) -> str:
        return repr(self._all)


class Figures(_ReadLater[dict[str, Figure]], Mapping[str, Figure]):
    """The figures of a poll or of a pool."""

    @property
    def together(self) -> dict[str, Figure]:
        """All of them at once, for who wants each."""
        return self._all

    @override
    def __getitem__(self, name: str) -> Figure:
        return self._all[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    @override
    def __len__(self) -> int:
        return len(self._all)


class LazySequence[T](_ReadLater[tuple[T, ...]], Sequence[T]):
    """The boards or pools of a poll; how many there are is known beforehand."""

    def __init__(self, count: int, read: Callable[[], tuple[T, ...]]) -> None:
        """Keep how they are read."""
        super().__init__(read)
        self._count = count

    @override
    def __getitem__(self, place: Any) -> Any:
        return self._all[place]

    @override
    def __len__(self) -> int:
        return self._count

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._all == tuple(other)

    @override
    def __hash__(self) -> int:
        return hash(self._all)


class _Numbers(dict[str, float]):
    """Each text with its number, so that a chip's reading costs one look-up."""

    def __init__(self, low: float, high: float, divisor: float = 1) -> None:
        super().__init__()
        self._low, self._high, self._divisor = low, high, divisor

    def __missing__(self, digits: str) -> float:
        value = number(digits)
        if value is None or not self._low <= value <= self._high or not value:
            return nan
        value /= self._divisor
        if len(self) < _MOST_KNOWN and len(digits) <= _LONGEST_NUMBER:
            self[digits] = value
        return value


_TEMPERATURES = _Numbers(-40, 200)
_MILLIVOLTS = _Numbers(0, 10_000, divisor=1000)


def boards_of(
    modules: Sequence[Module], *, working: bool, hashing: bool
) -> Sequence[HashBoard]:
    """Read the boards of all modules; their chips only while these work.

    In standby the lists of the chips are those of the last work.
    """
    places = [(module, index) for module in modules for index in range(_count(module))]
    places = places[:MOST_BOARDS]
    read = partial(_boards, places, working=working, hashing=hashing)
    return LazySequence(len(places), read)


def _boards(
    places: Sequence[tuple[Module, int]], *, working: bool, hashing: bool
) -> tuple[HashBoard, ...]:
    return tuple(
        _board(module, index, working=working, hashing=hashing)
        for module, index in places
    )


def _board(module: Module, index: int, *, working: bool, hashing: bool) -> HashBoard:
    get = module.items.get
    rate = _at(get("MGHS"), index, 1e6, 1e3)
    told = _at(get("MH"), index, LARGEST)
    errors = None if told is None else int(told)
    if rate is not None and not hashing:
        # Firmware keeps the rate of a board that rests.
        rate = 0.0
    if not working:
        return HashBoard(hash_rate=rate, hardware_errors=errors)
    items, place = _chips(module, index)
    temperatures = _looked_up(items.get(f"PVT_T{place}"), _TEMPERATURES)
    voltages = _looked_up(items.get(f"PVT_V{place}"), _MILLIVOLTS)
    return HashBoard(
        hash_rate=rate,
        chip_temperature=_at(get("MTmax"), index, 200)
        or max(temperatures, default=None),
        chip_temperature_average=_at(get("MTavg"), index, 200) or _mean(temperatures),
        chip_voltage=_at(get("MVavg"), index, 200, 1000) or _mean(voltages),
        hardware_errors=errors,
        chip_temperatures=temperatures,
        chip_voltages=voltages,
        chip_work=_work(items.get(f"MW{place}")),
    )


def _count(module: Module) -> int:
    """Count the boards by whatever is told of each."""
    items = module.items
    lists = next(place for place in count() if f"PVT_T{place}" not in items)
    listed = max(len(vector(items.get(key))) for key in ("MGHS", "MH"))
    sections = module.hash_boards.count(_BOARD_BEGINS)
    return min(max(listed, lists, sections), MOST_BOARDS)


def _chips(module: Module, index: int) -> tuple[Items, int]:
    """Find what the chips of one board tell, and the number of the board there."""
    _, *sections = _BOARD.split(module.hash_boards)
    if index >= len(sections):
        return module.items, index
    items = blob_items(sections[index])
    # Each section may count its boards from nought.
    return items, index if f"PVT_T{index}" in items else 0


def _looked_up(text: str | None, numbers: _Numbers) -> tuple[float, ...]:
    """Read a value per chip; a chip without a usable one is left out."""
    if text is None:
        return ()
    digits = text.split(None, MOST_CHIPS)[:MOST_CHIPS]
    found = tuple(map(numbers.__getitem__, digits))
    return found if isfinite(sum(found)) else tuple(filter(isfinite, found))


def _work(text: str | None) -> tuple[float, ...]:
    """Read the work of each chip; a broken one spoils the list, and its sum."""
    if text is None:
        return ()
    try:
        found = tuple(map(float, text.split(None, MOST_CHIPS)[:MOST_CHIPS]))
    except ValueError:
        return ()
    # A sum that is not above nought may be that of no numbers.
    usable = 0 <= sum(found) <= LARGEST and ("-" not in text or min(found) >= 0)
    return found if usable else ()


def _at(text: str | None, index: int, high: float, divisor: float = 1) -> float | None:
    """Read the value of one board, which may be nought and no more than ``high``."""
    values = vector(text)
    if index >= len(values) or not 0 <= values[index] / divisor <= high:
        return None
    return values[index] / divisor


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
