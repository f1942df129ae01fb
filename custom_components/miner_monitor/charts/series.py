"""Series of numbers with gaps: sums, means and spreads of what is known."""

from collections.abc import Iterable, Sequence
import math
from statistics import pstdev

type Values = Sequence[float]
"""A value per step; NaN where there is none."""


def known(values: Iterable[float]) -> list[float]:
    """Return the numbers among values."""
    return [*filter(math.isfinite, values)]


def summed(many: Sequence[Values]) -> list[float]:
    """Add up what is known in each step; NaN where nothing is."""
    return [
        math.fsum(present) if (present := known(step)) else math.nan
        for step in zip(*many, strict=True)
    ]


def scaled(values: Values, factor: float) -> list[float]:
    """Multiply each value."""
    return [value * factor for value in values]


def rolling(values: Values, steps: int) -> list[float]:
    """Return the mean of the last steps at each; NaN unless half of them are known."""
    means, total, count = [], 0.0, 0
    for index, value in enumerate(values):
        if math.isfinite(value):
            total, count = total + value, count + 1
        if index >= steps and math.isfinite(old := values[index - steps]):
            total, count = total - old, count - 1
        means.append(total / count if count * 2 >= steps else math.nan)
    return means


def thinned(values: Values, most: int) -> list[float]:
    """Return at most so many means of neighbours."""
    size = max(1, math.ceil(len(values) / max(1, most)))
    if size == 1:
        return list(values)
    parts = (values[at : at + size] for at in range(0, len(values), size))
    return [mean_of(part) for part in parts]


def mean_of(values: Values) -> float:
    """Return the mean of what is known; NaN where nothing is."""
    present = known(values)
    return sum(present) / len(present) if present else math.nan


def deviation_of(values: Values) -> float:
    """Return the standard deviation of what is known; NaN where nothing is."""
    present = known(values)
    return pstdev(present) if present else math.nan
