"""One rule of heat for every way by which a miner is made to work harder.

While a miner is overheated, or within MARGIN of the temperature at which its firmware
switches the chips off, nothing may raise its frequency, core voltage or work mode. To
lower them is never refused. Fans, target temperatures and *Mining* are not concerned:
firmware regulates the former, and starts no chip that is too hot.
"""

from ..miners.model import (
    Changes,
    Limits,
    MinerSettings,
    MinerState,
)
from .errors import (
    Heat,
    HeatError,
    HotPart,
)
from .rules import (
    Allowed,
    raising,
)

MARGIN = 3.0
"""Degrees below its trip point from which a part counts as too hot."""


def heat_of(
    limits: Limits, state: MinerState, *, recovers: bool = False
) -> Heat | None:
    """Tell why a miner must not get hotter; None if nothing is known against it.

    A temperature or trip point that is not known says nothing. ``recovers``: what is
    written brings back a miner that is stuck after it overheated, whose chips are off:
    then its flag is what has to be got rid of, and only temperatures count. So it is
    with firmware that always crawls, flag set, until somebody sets it up again.
    """
    keeps_flag = limits.derating is not None and limits.derating.is_fixed
    chip = state.hottest_chip
    if state.overheated and not (recovers or keeps_flag):
        return Heat(part=HotPart.OVERHEATED, temperature=chip)
    for part, temperature, trip_point in (
        (HotPart.CHIP, chip, limits.trip_points.chip),
        (HotPart.VR, state.vr_temperature, limits.trip_points.vr),
    ):
        if temperature is None or trip_point is None:
            continue
        if temperature >= trip_point - MARGIN:
            return Heat(part=part, temperature=temperature, trip_point=trip_point)
    return None


def require_cool(changes: Changes, settings: MinerSettings, allowed: Allowed) -> None:
    """Raise a HeatError for what a miner that runs these settings is too hot for."""
    if allowed.heat is None:
        return
    for setting in raising(changes, settings, allowed.work_modes):
        if changes[setting] != allowed.recovery.get(setting):
            raise HeatError(allowed.heat, setting, changes[setting])
