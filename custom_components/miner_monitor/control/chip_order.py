"""In which order voltage and frequency protect a chip."""

from collections.abc import Callable

from ..miners.model import (
    Changes,
    MinerSettings,
    Setting,
    Writing,
)

CHIP = (Setting.CORE_VOLTAGE, Setting.FREQUENCY)
"""The set points of which one has to follow the other."""


def _first_of(changes: Changes, settings: MinerSettings) -> Setting:
    """Name the set point that has to change first.

    The chip must never run faster than its voltage allows, nor hotter than before and
    after: the voltage goes first when the frequency rises and last when it falls.
    """
    asked, runs = changes.get(Setting.FREQUENCY), settings.frequency
    falls = isinstance(asked, int | float) and runs is not None and asked < runs
    return Setting.FREQUENCY if falls else Setting.CORE_VOLTAGE


def second_request(
    changes: Changes,
    settings: MinerSettings,
    writing: Callable[[Setting], Writing],
) -> frozenset[Setting]:
    """Name what must not be sent before the device shows the rest.

    Nothing, where the order does not count or the device keeps it within a request.
    What begins to work does so with the second.
    """
    if not changes.keys() >= set(CHIP):
        return frozenset()
    first = _first_of(changes, settings)
    (second,) = (setting for setting in CHIP if setting is not first)
    if second in writing(first).precedes or any(
        writing(setting).needs_restart for setting in CHIP
    ):
        return frozenset()
    starts = changes.get(Setting.MINING) is True
    return frozenset({second, Setting.MINING} if starts else {second})
