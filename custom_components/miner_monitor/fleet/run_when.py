"""When miners run, by one choice for all of them; knows no Home Assistant."""

from collections import deque
from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from .model import FleetFeature


class RunWhen(StrEnum):
    """When miners run. OWN leaves that to the user's automations."""

    ALWAYS = "always"
    CHEAP_POWER = "cheap_power"
    SURPLUS = "surplus"
    WORTH_RUNNING = "worth_running"
    OWN = "own_automations"


NEEDS = {
    RunWhen.CHEAP_POWER: FleetFeature.CHEAP_POWER,
    RunWhen.SURPLUS: FleetFeature.GRID,
    RunWhen.WORTH_RUNNING: FleetFeature.WORTH,
}
"""What a choice is made by; without it all run as they are set."""


class Decision(StrEnum):
    """What a choice comes to at the moment; NO_DATA changes nothing."""

    NONE = "none"
    RUN = "run"
    SAVE_POWER = "save_power"
    SHARE_SURPLUS = "share_surplus"
    NO_DATA = "no_data"
    NOT_SET_UP = "not_set_up"


class Ruling(NamedTuple):
    """A decision, and the watts that all miners may draw, None for as many as set."""

    decision: Decision
    power: float | None = None


UNLIMITED = Ruling(Decision.NONE)
_NO_DATA = Ruling(Decision.NO_DATA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of power at the moment, None for what is not.

    ``surplus`` is what miners may draw without any from the grid, in W.
    """

    cheap: bool | None = None
    worth: bool | None = None
    surplus: float | None = None


def rule(choice: RunWhen, facts: Facts, features: Container[FleetFeature]) -> Ruling:
    """Return what a choice comes to."""
    if (needed := NEEDS.get(choice)) is not None and needed not in features:
        return Ruling(Decision.NOT_SET_UP)
    match choice:
        case RunWhen.ALWAYS:
            return Ruling(Decision.RUN)
        case RunWhen.CHEAP_POWER:
            return _whether(facts.cheap)
        case RunWhen.WORTH_RUNNING:
            return _whether(facts.worth)
        case RunWhen.SURPLUS:
            if facts.surplus is None:
                return _NO_DATA
            return Ruling(Decision.SHARE_SURPLUS, max(0.0, facts.surplus))
        case RunWhen.OWN:
            return UNLIMITED


def _whether(runs: bool | None) -> Ruling:
    if runs is None:
        return _NO_DATA
    return Ruling(Decision.RUN) if runs else Ruling(Decision.SAVE_POWER, 0.0)


def least(*limits: float | None) -> float | None:
    """Return the lowest of limits in W; None where there is none."""
    return min((limit for limit in limits if limit is not None), default=None)


_MEAN_OF = 180.0
"""Seconds whose mean is the surplus: a kettle is not worth a change."""

_LEAST_CHANGE, _LEAST_PART = 2.0, 0.03
"""W, and part of it, by which the surplus has to be another one."""


class SurplusMeter:
    """What all miners may draw without any from the grid, calm enough to follow."""

    def __init__(self) -> None:
        """Begin without a reading."""
        self._readings: deque[tuple[float, float]] = deque()
        self._shown: float | None = None

    def observe(
        self, grid: float | None, drawn: float | None, monotonic: float
    ) -> float | None:
        """Take what comes from the grid and what miners draw, in W; return the surplus.

        It is None until it was known for as long as its mean is of.
        """
        if grid is None or drawn is None:
            self._readings.clear()
            self._shown = None
            return None
        self._readings.append((monotonic, drawn - grid))
        while len(self._readings) > 2 and self._readings[1][0] <= monotonic - _MEAN_OF:
            self._readings.popleft()
        if monotonic - self._readings[0][0] < _MEAN_OF:
            return self._shown
        mean = max(0.0, sum(value for _, value in self._readings) / len(self._readings))
        shown = self._shown
        if shown is None or abs(mean - shown) >= max(
            _LEAST_CHANGE, _LEAST_PART * shown
        ):
            self._shown = mean
        return self._shown
