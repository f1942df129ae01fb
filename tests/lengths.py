"""How long a test is that could go on for ever: short, or long with ``--full``."""

from collections.abc import Callable
from functools import wraps
import time
from typing import Any

from hypothesis import HealthCheck, settings

full = False
"""Whether long forms are asked for; known before the tests are read."""

SECONDS, SECONDS_IN_FULL = 20.0, 1800.0
"""Seconds of this process in which a story is tried with ever other data.

A busy machine adds none to them.
"""


def examples(short: int, long: int, **others: Any) -> settings:
    """Return the settings of a test with as many examples as the run has time for."""
    others = {"deadline": None, "suppress_health_check": list(HealthCheck), **others}
    return settings(max_examples=long if full else short, **others)


def in_time[**P](test: Callable[P, None]) -> Callable[P, None]:
    """End well when the time is over; an example that failed is tried until the end."""
    end: float | None = None
    failed = False

    @wraps(test)
    def timed(*args: P.args, **kwargs: P.kwargs) -> None:
        nonlocal end, failed
        now = time.process_time()
        end = end or now + (SECONDS_IN_FULL if full else SECONDS)
        if now > end and not failed:
            return
        try:
            test(*args, **kwargs)
        except Exception:
            failed = True
            raise

    return timed
