"""The steps of a miner that are worth using; knows no Home Assistant."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
import math

from ..miners.power import PowerStep

LEAST_DIFFERENCE = 1.0
"""Watts between two steps of a miner at least; what is closer is not worth a write."""

LEAST_PART = 0.03
"""The same as a part of the higher one."""


def ladder_of(steps: Sequence[PowerStep]) -> tuple[PowerStep, ...]:
    """Return the steps worth using, the lowest first.

    A step that draws more than another for no more hash rate is left out, and so is
    one that is too close to the next higher one, but for a rest. Where a hash rate is
    not known, more power counts as more of it.
    """
    known = all_known(steps)
    rising = list[PowerStep]()
    for step in sorted(_in_order(steps), key=lambda one: (one.power, -rate_of(one))):
        if not rising or not known or rate_of(step) > rate_of(rising[-1]):
            rising.append(step)
    ladder = rising[-1:]
    for step in reversed(rising[:-1]):
        if _differ(step.power, ladder[-1].power):
            ladder.append(step)
    if rising and ladder[-1] is not rising[0]:
        if len(ladder) > 1:
            ladder[-1] = rising[0]
        elif rising[0].stops:
            ladder.append(rising[0])
    return tuple(reversed(ladder))


def _in_order(steps: Sequence[PowerStep]) -> Iterator[PowerStep]:
    """Yield the steps with less power for a rest than for any run.

    A meter may have yet to settle after a stop, and of a run nothing may be known.
    """
    least = min((step.power for step in steps if not step.stops), default=math.inf)
    least = max(least, LEAST_DIFFERENCE)
    for step in steps:
        if step.stops:
            yield replace(step, power=min(step.power, least - LEAST_DIFFERENCE))
        else:
            yield replace(step, power=max(step.power, least))


def all_known(steps: Iterable[PowerStep]) -> bool:
    """Whether the hash rate of each step is known."""
    return all(step.hash_rate is not None for step in steps)


def rate_of(step: PowerStep) -> float:
    """Return the hash rate of a step in TH/s; 0 where it is not known."""
    return step.hash_rate or 0.0


def _differ(lower: float, higher: float) -> bool:
    return higher - lower >= max(LEAST_DIFFERENCE, LEAST_PART * higher)
