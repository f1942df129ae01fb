"""What energy cost, by the price of each hour."""

from collections.abc import Iterable, Mapping

type Point = tuple[float, float]
"""The start of a step in epoch seconds, and a value."""


def cost_of(energy: Iterable[Point], prices: Mapping[float, float]) -> float | None:
    """Add up what was used in each step times the price of that step.

    A step without a price has that of the step before it; those before the first
    price have the first. None where there is no price at all.
    """
    if not prices:
        return None
    price = prices[min(prices)]
    total = 0.0
    for start, used in energy:
        price = prices.get(start, price)
        total += used * price
    return total


def steps_of(sums: Iterable[Point], base: float) -> list[Point]:
    """Return by how much a growing sum rose in each step; base is the sum before."""
    steps = []
    for start, value in sums:
        steps.append((start, value - base))
        base = value
    return steps
