"""How far a physical model goes at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SHORTEST_STEP, STEP, LONG_STEP = 1.0, 5.0, 30.0
LONG_GAP = 60.0

_hasty: ContextVar[float | None] = ContextVar("hasty", default=None)


@contextmanager
def hasty(step: float) -> Iterator[None]:
    """Go on in steps of so many seconds, for weeks that have to pass in seconds."""
    token = _hasty.set(step)
    try:
        yield
    finally:
        _hasty.reset(token)


def next_step(reached: float, now: float, until: float | None) -> float:
    """Return how far to go at once, 0 when it is not worth a step.

    A step ends at `until`, where a phase ends; shorter ones than a second are only
    made for that.
    """
    gap = now - reached
    if until is not None and 0 < until - reached <= gap:
        return min(until - reached, STEP)
    if gap < SHORTEST_STEP:
        return 0
    if (step := _hasty.get()) is not None:
        return min(gap, step)
    return min(gap, LONG_STEP if gap > LONG_GAP else STEP)
