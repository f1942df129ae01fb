"""The plain numbers of a reply, a row or a blob: under which key, within which bounds.

A text is read as a number. What is neither goes through the reader of its column: a
number with a percent sign, unless the column has another one.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from . import values as readers
from .values import (
    LARGEST,
    LARGEST_DIFFICULTY,
    number,
)

_PLAIN = (float, int)
SLOWEST_POOL = 60_000


def _number_or_percent(value: object) -> float | None:
    return number(value.removesuffix("%") if isinstance(value, str) else value)


class Column(NamedTuple):
    """A number: kept within its bounds, in the reply's unit, then divided.

    ``absent`` are values that mean nothing; ``kind`` makes it a whole number or a
    flag; ``reader`` takes what is no number.
    """

    name: str
    key: str
    low: float = 0
    high: float = LARGEST
    divisor: float = 1
    absent: tuple[float, ...] = ()
    kind: type[int] | None = None
    reader: Callable[[object], float | None] = _number_or_percent


def counter(name: str, key: str, *absent: float) -> Column:
    """Describe a whole number that counts."""
    return Column(name, key, absent=absent, kind=int)


def seconds(name: str, key: str) -> Column:
    """Describe a time; longer than some decades is no time of a miner."""
    return Column(name, key, high=1e9, kind=int)


def difficulty(name: str, key: str, *absent: float) -> Column:
    """Describe a difficulty."""
    high, reader = LARGEST_DIFFICULTY, readers.difficulty
    return Column(name, key, high=high, absent=absent, reader=reader)


def celsius(name: str, key: str, *absent: float) -> Column:
    """Describe a temperature; far below nought is what a missing sensor shows."""
    return Column(name, key, low=-40, high=200, absent=absent)


def gigahash(name: str, key: str, *absent: float) -> Column:
    """Describe a hash rate in GH/s."""
    return Column(name, key, high=1e9, divisor=1e3, absent=absent)


def latency(key: str) -> Column:
    """Describe the ms to the pool; AxeOS 2.9 sometimes tells hours."""
    return Column("pool_latency", key, high=SLOWEST_POOL, absent=(0,))


def percent(name: str, key: str) -> Column:
    """Describe a share of a whole."""
    return Column(name, key, high=100)


def flag(name: str, key: str) -> Column:
    """Describe a yes or no."""
    return Column(name, key, low=-LARGEST, kind=bool, reader=readers.flag)


def read_columns(
    row: Mapping[str, Any],
    columns: Iterable[Column],
    values: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Add the numbers of a row; what is missing or out of bounds is left out.

    Of several columns of a name the last one that has a value counts. This runs for
    each poll of each miner: plain numbers and their texts take no call to a reader.
    """
    get = row.get
    values = {} if values is None else values
    for name, key, low, high, divisor, absent, kind, reader in columns:
        value = get(key)
        if value is None:
            continue
        if value.__class__ is str:
            try:
                value = float(value)
            except ValueError:
                value = reader(value)
        elif value.__class__ not in _PLAIN:
            value = reader(value)
        if value is not None and low <= value <= high and value not in absent:
            values[name] = value / divisor if kind is None else kind(value)
    return values
