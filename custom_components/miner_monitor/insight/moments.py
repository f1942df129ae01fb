"""Means and spreads that can be weighed, aged and stored, whatever they span."""

import math
from typing import Self

from .model import Figure

DIGITS = 6
"""Significant digits that are stored."""

HUGE = 1e15
"""No quantity of a miner is beyond it; a stored one that is was damaged."""


class Moments:
    """A weighted mean, the scatter around it, the least and the most."""

    __slots__ = ("maximum", "mean", "minimum", "scatter", "weight")

    def __init__(self) -> None:
        """Start empty."""
        self.weight = 0.0
        self.mean = 0.0
        self.scatter = 0.0
        self.minimum = math.inf
        self.maximum = -math.inf

    def add(self, value: float, weight: float = 1.0) -> None:
        """Take one value; the scatter is kept around the moving mean."""
        total = self.weight + weight
        apart = value - self.mean
        self.mean += apart * weight / total
        self.scatter += apart * apart * weight * self.weight / total
        self.weight = total
        self.minimum = min(self.minimum, value)
        self.maximum = max(self.maximum, value)

    def scale(self, factor: float) -> None:
        """Let all that was taken weigh so much of what it did."""
        self.weight *= factor
        self.scatter *= factor

    @property
    def deviation(self) -> float:
        """How far the values lie around their mean."""
        return math.sqrt(self.scatter / self.weight)

    def figure(self, several: bool) -> Figure:
        """Return what is shown; a single value has no deviation."""
        return Figure(
            mean=self.mean,
            deviation=self.deviation if several else None,
            minimum=self.minimum,
            maximum=self.maximum,
        )

    def dump(self) -> list[float]:
        """Return what must be stored; the weight comes last."""
        return [
            shortened(self.mean),
            shortened(self.scatter, 4),
            shortened(self.minimum, 5),
            shortened(self.maximum, 5),
            shortened(self.weight),
        ]

    @classmethod
    def load(cls, data: object) -> Self | None:
        """Return what was stored; None of what is not sound."""
        numbers = sound_numbers(data, 5)
        if numbers is None:
            return None
        made = cls()
        made.mean, made.scatter, made.minimum, made.maximum, made.weight = numbers
        sound = made.weight > 0 and made.scatter >= 0 and made.minimum <= made.maximum
        return made if sound else None


def shortened(value: float, digits: int = DIGITS) -> float:
    """Return a number with the digits that are stored."""
    return float(f"{value:.{digits}g}")


def sound_number(value: object) -> float | None:
    """Return a stored number, of either sign; None of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -HUGE < value < HUGE else None


def sound_numbers(data: object, length: int) -> list[float] | None:
    """Return a stored list of so many numbers; None of anything else."""
    if not isinstance(data, list) or len(data) != length:
        return None
    numbers = [sound_number(value) for value in data]
    known = [number for number in numbers if number is not None]
    return known if len(known) == length else None
