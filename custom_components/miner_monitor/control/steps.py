"""One operating point less: what a miner that gets too hot runs instead."""

import math

from ..miners.model import (
    Changes,
    Limits,
    MinerSettings,
    Setting,
)
from ..miners.settings import hard_range
from .bounds import bounded
from .values import (
    number_in,
    reported,
)

_LOWER = {Setting.FREQUENCY: 25.0, Setting.CORE_VOLTAGE: 0.02}
"""How far down the next point lies where the device lists none."""


def one_step_lower(limits: Limits, before: Changes) -> dict[Setting, float]:
    """Return frequency and core voltage one preset lower, inside the limits."""
    found: dict[Setting, float] = {}
    for setting, step in _LOWER.items():
        allowed, value = limits.settings.get(setting), number_in(before, setting)
        if allowed is None or value is None:
            continue
        least, _ = hard_range(setting, allowed)
        allowed = bounded(setting, allowed)
        lower = (
            item
            for item in reversed(allowed.options)
            if item < value and not math.isclose(item, value, abs_tol=step / 10)
        )
        target = next(lower, round(value - step, 4))
        target = min(max(target, allowed.minimum), allowed.maximum, value)
        found[setting] = max(target, least)
    return found


def next_lower(limits: Limits, settings: MinerSettings) -> Changes:
    """Return the next lower work mode or operating point; nothing if there is none.

    What takes effect only with a restart helps nobody who is hot now.
    """
    modes = limits.settings.get(Setting.WORK_MODE)
    if modes is not None and modes.live:
        known = list(modes.choices)
        place = known.index(mode) if (mode := settings.work_mode) in known else 0
        return {Setting.WORK_MODE: known[place - 1]} if place else {}
    before = reported(settings, _LOWER)
    found = {
        setting: value
        for setting, value in one_step_lower(limits, before).items()
        if limits.settings[setting].live and value < (number_in(before, setting) or 0)
    }
    return found if Setting.FREQUENCY in found else {}
