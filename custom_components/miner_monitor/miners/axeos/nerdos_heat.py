"""Where NerdOS switches its chips off, and where it warns before that."""

from typing import NamedTuple

from ..model import TripPoints
from ..values import (
    count,
    members,
    positive,
)
from . import nerdos_figures
from .nerdos import MOST_FANS
from .profile import Reply

_TRIP = 70.0
_LINKED_FAN = 3


class Heat(NamedTuple):
    """What the limits of a NerdOS miner rest on, beside what identifies it.

    ``regulated`` is the temperature in °C at which its fan holds the regulator.
    """

    trip_points: TripPoints = TripPoints()
    regulated: float | None = None
    leads_fleet: bool = False


def heat_of(info: Reply) -> Heat:
    """Read the limits; the regulator has its own where a second fan cools it."""
    chip = positive(info.get("overheat_temp", _TRIP))
    fan = _fan_of_regulator(info)
    pid = fan.get("pid") if fan else None
    target = pid.get("targetTemp") if isinstance(pid, dict) else None
    if fan is None:
        target = info.get("pidTargetTemp")
    vr = chip if fan is None else positive(fan.get("overheatTemp")) or chip
    return Heat(
        trip_points=TripPoints(chip=chip, vr=vr),
        regulated=positive(target),
        leads_fleet=nerdos_figures.fleet_power(info) is not None,
    )


def _fan_of_regulator(info: Reply) -> Reply | None:
    """Return the second fan, as far as it is not linked to the first."""
    fans = members(info.get("fans"), MOST_FANS)
    if len(fans) < 2 or count(fans[1].get("mode")) == _LINKED_FAN:
        return None
    return fans[1]
