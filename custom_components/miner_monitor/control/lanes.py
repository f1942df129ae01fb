"""Which changes may go now: what wears and what takes power has to keep a pace."""

from collections.abc import Collection, Mapping, Sequence
from enum import Enum, auto

from ..miners.model import (
    Changes,
    MinerSettings,
    Writing,
)
from .pace import (
    Pace,
    PowerPace,
)
from .rules import (
    effective,
    is_urgent,
)


class Lane(Enum):
    """A group of settings that are written at one pace."""

    FREE = auto()
    FLASH = auto()
    POWER = auto()


def lane_of(writing: Writing) -> Lane:
    """Tell where a setting belongs by what it costs to write it."""
    if writing.power:
        return Lane.POWER
    return Lane.FLASH if writing.wears else Lane.FREE


class Lanes:
    """The paces of one device."""

    __slots__ = ("_flash", "_power")

    def __init__(self) -> None:
        """Begin with a device that was left alone for long."""
        self._flash = Pace()
        self._power = PowerPace()

    def asked(self, now: float) -> None:
        """Note that something is wanted."""
        self._flash.asked(now)

    def wrote(self, lanes: Collection[Lane], now: float) -> None:
        """Note that the device has got a request with changes of these lanes."""
        if Lane.FLASH in lanes:
            self._flash.wrote(now)
        if Lane.POWER in lanes:
            self._power.wrote(now)

    def waits(
        self,
        wanted: Mapping[Lane, Changes],
        settings: MinerSettings,
        work_modes: Sequence[str],
        now: float,
    ) -> dict[Lane, float]:
        """Return the seconds until the changes of each lane may be written."""
        waits = dict.fromkeys(wanted, 0.0)
        if changes := effective(wanted.get(Lane.FLASH, {}), settings):
            urgent = is_urgent(changes, settings, work_modes)
            waits[Lane.FLASH] = self._flash.due(now, urgent=urgent)
        if effective(wanted.get(Lane.POWER, {}), settings):
            waits[Lane.POWER] = self._power.due(now)
        return waits
