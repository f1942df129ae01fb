"""Numbers as a response can hold them, and as people read them."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
import math
from typing import Any

_PREFIXES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_DIGITS = 6


def plain(value: float | None) -> Any:
    """Return a number with as many digits as are of use; None for what is none."""
    if value is None or not math.isfinite(value):
        return None
    if isinstance(value, int):
        return value
    return round(value, _digits(value))


def _digits(value: float) -> int:
    return 3 if abs(value) >= 100 else _DIGITS


def ratio(part: float | None, whole: float | None, scale: float = 1.0) -> float | None:
    """Divide; None where there is nothing to divide, or to divide by."""
    return None if part is None or not whole else part / whole * scale


def total(values: Iterable[float | None]) -> float | None:
    """Add up what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def local_time(seconds: float | None, zone: tzinfo) -> str | None:
    """Return an epoch second as ISO 8601 with its zone."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, zone).isoformat(timespec="seconds")


def shown(value: float, digits: int = 2) -> str:
    """Write a number for people: large ones without places that say nothing."""
    if abs(value) >= 1000:
        digits = 0
    elif abs(value) >= 100:
        digits = min(digits, 1)
    return f"{value:.{digits}f}"


def shortened(value: float) -> str:
    """Write a difficulty as miners do: 4.29 G."""
    for size, prefix in _PREFIXES:
        if value >= size:
            return f"{value / size:.3g} {prefix}" if value < 1e18 else f"{value:.3g}"
    return f"{value:.0f}"
