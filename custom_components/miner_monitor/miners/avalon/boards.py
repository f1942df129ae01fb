"""The hash boards of an Avalon, with their chips."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial

from ..model import HashBoard
from ..values import LARGEST
from .blob import (
    Items,
    Module,
    blob_items,
    vector,
)
from .lazy import Parts

MOST_BOARDS = 8
MOST_CHIPS = 512
_LONGEST_NUMBER = 12
_MOST_KNOWN = 4096


class _UnusableError(Exception):
    """A chip does not tell what it should."""


class _Numbers(dict[str, float]):
    """Each text with its number, so that a chip's reading costs one look-up."""

    def __init__(self, low: float, high: float, divisor: float = 1) -> None:
        super().__init__()
        self._low, self._high, self._divisor = low, high, divisor

    def __missing__(self, digits: str) -> float:
        value = _number(digits)
        if value is None or not self._low <= value <= self._high or not value:
            raise _UnusableError
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
    places = _places(modules)
    read = partial(_boards, places, working=working, hashing=hashing)
    return Parts(len(places), read)


def _places(modules: Sequence[Module]) -> list[tuple[Module, int]]:
    """List the boards with their numbers in their modules."""
    places = [(module, index) for module in modules for index in range(_count(module))]
    return places[:MOST_BOARDS]


def _boards(
    places: Sequence[tuple[Module, int]], *, working: bool, hashing: bool
) -> tuple[HashBoard, ...]:
    return tuple(
        _board(module, index, working=working, hashing=hashing)
        for module, index in places
    )


def _board(module: Module, index: int, *, working: bool, hashing: bool) -> HashBoard:
    get = module.items.get
    rate = _rate(vector(get("MGHS")), index, hashing=hashing)
    errors = _errors(vector(get("MH")), index)
    if not working:
        return HashBoard(hash_rate=rate, hardware_errors=errors)
    items, place = _chips(module, index)
    temperatures = _looked_up(items.get(f"PVT_T{place}"), _TEMPERATURES)
    return HashBoard(
        hash_rate=rate,
        chip_temperature=_sane(vector(get("MTmax")), index)
        or max(temperatures, default=None),
        chip_temperature_average=_sane(vector(get("MTavg")), index)
        or _mean(temperatures),
        chip_voltage=_voltage(module, index),
        hardware_errors=errors,
        chip_temperatures=temperatures,
        chip_voltages=_looked_up(items.get(f"PVT_V{place}"), _MILLIVOLTS),
        chip_work=_work(items.get(f"MW{place}")),
    )


def _voltage(module: Module, index: int) -> float | None:
    """Read the mean voltage of the chips of one board."""
    told = _sane(vector(module.items.get("MVavg")), index, divisor=1000)
    if told:
        return told
    items, place = _chips(module, index)
    return _mean(_looked_up(items.get(f"PVT_V{place}"), _MILLIVOLTS))


def _count(module: Module) -> int:
    """Count the boards by whatever is told of each."""
    items = module.items
    lists = 0
    while f"PVT_T{lists}" in items:
        lists += 1
    rates, errors = vector(items.get("MGHS")), vector(items.get("MH"))
    told = max(len(rates), len(errors))
    return min(max(told, lists, module.board_count), MOST_BOARDS)


def _chips(module: Module, index: int) -> tuple[Items, int]:
    """Find what the chips of one board tell, and the number of the board there."""
    boards = module.boards
    if index >= len(boards):
        return module.items, index
    items = blob_items(boards[index])
    # Each section may count its boards from nought.
    return items, index if f"PVT_T{index}" in items else 0


def _looked_up(text: str | None, numbers: _Numbers) -> tuple[float, ...]:
    """Read a value per chip; a chip without a usable one is left out."""
    if text is None:
        return ()
    digits = text.split(None, MOST_CHIPS)[:MOST_CHIPS]
    try:
        return tuple(map(numbers.__getitem__, digits))
    except _UnusableError:
        return tuple(_usable(digits, numbers))


def _usable(digits: Sequence[str], numbers: _Numbers) -> Iterator[float]:
    for told in digits:
        with suppress(_UnusableError):
            yield numbers[told]


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


def _rate(rates: tuple[float, ...], index: int, *, hashing: bool) -> float | None:
    """Read a board's hash rate, which firmware keeps when the board rests."""
    if index >= len(rates) or not 0 <= rates[index] <= 1e9:
        return None
    return rates[index] / 1e3 if hashing else 0.0


def _sane(values: tuple[float, ...], index: int, divisor: float = 1) -> float | None:
    if index >= len(values):
        return None
    value = values[index] / divisor
    return value if 0 < value <= 200 else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _errors(values: tuple[float, ...], index: int) -> int | None:
    if index >= len(values) or values[index] < 0:
        return None
    return int(values[index])


def _number(digits: str) -> float | None:
    try:
        return float(digits)
    except ValueError:
        return None
