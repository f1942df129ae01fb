"""Miners as the heater of a room: how many watts they may draw; no Home Assistant."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

LEAST_TARGET, MOST_TARGET, USUAL_TARGET = 5.0, 30.0, 21.0
"""Room temperatures in °C that can be asked for, and the one to begin with."""

_BAND = 1.0
"""K around the target in which the miners go from all they can to nothing."""

_LEAST_CHANGE = 0.2
"""Part of the power by which it has to be another one to be worth a change."""

_LEAST_MOVE = 0.1
"""Part by which what all draw at their most has to be something else."""


class HeaterMode(StrEnum):
    """What a user wants of the heater. AUTO: it limits nothing."""

    AUTO = "auto"
    HEAT = "heat"
    OFF = "off"


class HeaterDecision(StrEnum):
    """What a mode comes to at the moment; NONE, NO_DATA and NOT_SET_UP limit nothing.

    WAIT: the room was not known for a moment only, and what was before goes on.
    """

    NONE = "none"
    HEAT = "heat"
    WARM = "warm"
    OFF = "off"
    WAIT = "wait"
    NO_DATA = "no_data"
    NOT_SET_UP = "not_set_up"


class Demand(NamedTuple):
    """A decision, and the W that all miners may draw, None for as many as set."""

    decision: HeaterDecision
    power: float | None = None


NOT_SET_UP = Demand(HeaterDecision.NOT_SET_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaterView:
    """The heater: what is wanted, the room in °C, and what that comes to."""

    mode: HeaterMode = HeaterMode.AUTO
    target: float = USUAL_TARGET
    room: float | None = None
    demand: Demand = NOT_SET_UP


NO_HEATER = HeaterView()


class Thermostat:
    """Makes a part of the power of a room's temperature, in steps worth a change."""

    def __init__(self) -> None:
        """Begin without a room."""
        self._part: float | None = None
        self._power = 0.0

    def demand(
        self, mode: HeaterMode, target: float, room: float | None, power: float
    ) -> Demand:
        """Return what a mode comes to; ``power`` is what all draw at their most, in W.

        A room that nothing is known of is none to heat: nothing is limited.
        """
        if mode is not HeaterMode.HEAT or room is None:
            self._part = None
        match mode:
            case HeaterMode.AUTO:
                return Demand(HeaterDecision.NONE)
            case HeaterMode.OFF:
                return Demand(HeaterDecision.OFF, 0.0)
        if room is None:
            return Demand(HeaterDecision.NO_DATA)
        part = self._steady(min(max(0.5 + (target - room) / _BAND, 0.0), 1.0), power)
        if part >= 1.0:
            return Demand(HeaterDecision.HEAT)
        if part <= 0.0:
            return Demand(HeaterDecision.WARM, 0.0)
        return Demand(HeaterDecision.HEAT, float(round(part * self._power)))

    def _steady(self, part: float, power: float) -> float:
        """Keep a part until another one is far enough, or an end of the band.

        So are the watts that it is of.
        """
        shown = self._part
        at_an_end = part in (0.0, 1.0)
        if shown is None or at_an_end or abs(part - shown) >= _LEAST_CHANGE:
            self._part, self._power = part, power
            return part
        if abs(power - self._power) > _LEAST_MOVE * self._power:
            self._power = power
        return shown
