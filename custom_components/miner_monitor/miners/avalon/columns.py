"""The plain numbers of a row or a blob: under which key, within which bounds."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..values import (
    LARGEST,
    LARGEST_DIFFICULTY,
)

_PLAIN = (float, int)
_WORDS = {"true": 1.0, "false": 0.0}


class Column(NamedTuple):
    """A number: kept within its bounds, then divided.

    ``absent`` are values that mean nothing; a flag is any number but 0.
    """

    name: str
    key: str
    low: float = 0
    high: float = LARGEST
    divisor: float = 1
    absent: tuple[float, ...] = ()
    whole: bool = False
    flag: bool = False


def counter(name: str, key: str, *absent: float) -> Column:
    """Describe a whole number that counts."""
    return Column(name, key, absent=absent, whole=True)


def difficulty(name: str, key: str, *absent: float) -> Column:
    """Describe a difficulty."""
    return Column(name, key, high=LARGEST_DIFFICULTY, absent=absent)


def percent(name: str, key: str) -> Column:
    """Describe a share of a whole."""
    return Column(name, key, high=100)


def flag(name: str, key: str) -> Column:
    """Describe a yes or no."""
    return Column(name, key, low=-LARGEST, flag=True)


def read_columns(
    row: Mapping[str, Any], columns: tuple[Column, ...], values: dict[str, Any]
) -> None:
    """Add the numbers of a row; what is missing or out of bounds is left out.

    This runs for each poll of each miner: plain numbers take no call.
    """
    get = row.get
    for name, key, low, high, divisor, absent, whole, is_flag in columns:
        value: Any = get(key)
        if value is None:
            continue
        if value.__class__ is str:
            try:
                value = float(value[:-1] if value[-1:] == "%" else value)
            except ValueError:
                value = _WORDS.get(value) if is_flag else None
        elif value.__class__ not in _PLAIN:
            value = float(value) if is_flag and value.__class__ is bool else None
        if value is None or not low <= value <= high or value in absent:
            continue
        if is_flag:
            values[name] = value != 0
        else:
            values[name] = int(value) if whole else value / divisor
