"""The hash boards of an Avalon, with their chips."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from ..model import HashBoard
from ..values import LARGEST
from .blob import Items, Module, blob_items, vector

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
_HUNDREDTHS = _Numbers(0, 10_000, divisor=100)


def boards_of(modules: Sequence[Module], *, hashing: bool) -> tuple[HashBoard, ...]:
    """Read the boards of all modules; their chips only while these work.

    In standby the lists of the chips are those of the last work.
    """
    found = [board for module in modules for board in _boards(module, hashing=hashing)]
    return tuple(found[:MOST_BOARDS])


def _boards(module: Module, *, hashing: bool) -> Iterator[HashBoard]:
    items = module.items
    get = items.get
    rates, errors = vector(get("MGHS")), vector(get("MH"))
    hottest, means = vector(get("MTmax")), vector(get("MTavg"))
    volts = vector(get("MVavg"))
    for index in range(_count(module, max(len(rates), len(errors)))):
        chips = _chips(module, index) if hashing else ((), (), ())
        temperatures, voltages, work = chips
        yield HashBoard(
            hash_rate=_rate(rates, index, hashing=hashing),
            chip_temperature=_sane(hottest, index, hashing=hashing)
            or max(temperatures, default=None),
            chip_temperature_average=_sane(means, index, hashing=hashing)
            or _mean(temperatures),
            chip_voltage=_sane(volts, index, hashing=hashing, divisor=100)
            or _mean(voltages),
            hardware_errors=_errors(errors, index),
            chip_temperatures=temperatures,
            chip_voltages=voltages,
            chip_work=work,
        )


def _count(module: Module, told: int) -> int:
    """Count the boards by whatever is told of each."""
    lists = 0
    while f"PVT_T{lists}" in module.items:
        lists += 1
    return min(max(told, lists, len(module.boards)), MOST_BOARDS)


def _chips(
    module: Module, index: int
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Read what the chips of one board tell: temperatures, voltages, work."""
    items: Items = module.items
    place = str(index)
    if index < len(module.boards):
        items = blob_items(module.boards[index])
        # Each section may count its boards from nought.
        place = place if f"PVT_T{place}" in items else "0"
    get = items.get
    return (
        _looked_up(get(f"PVT_T{place}"), _TEMPERATURES),
        _looked_up(get(f"PVT_V{place}"), _HUNDREDTHS),
        _work(get(f"MW{place}")),
    )


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


def _sane(
    values: tuple[float, ...], index: int, *, hashing: bool, divisor: float = 1
) -> float | None:
    if not hashing or index >= len(values):
        return None
    value = values[index] / divisor
    return value if 0 < value <= 200 else None


def _mean(values: tuple[float, ...]) -> float | None:
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
