"""What is asked for in the one request of a poll."""

from collections.abc import Sequence

from .blob import Told
from .poll import Row

SUMMARY = "summary"
POOLS = "pools"
DEVICES = "devs"
SCREEN = "lcd"
SHORT_OF_POOLS = "estats"
STATISTICS = "stats"


class Statistics:
    """Learns which of two commands tells a device's statistics with those of its pools.

    The module is in the replies to both. By cgminer's documentation only ``stats`` has
    a row per pool; some firmware has it in ``estats`` too, and some answers ``stats``
    with an empty module.
    """

    def __init__(self) -> None:
        """Begin with the one that always has the module."""
        self.command = SHORT_OF_POOLS
        self._settled = False
        self._had_modules = False

    def learn(self, told: Told, pools: Sequence[Row], *, may_be_empty: bool) -> bool:
        """Take note of a reply; tell whether the other command has to be asked at once.

        ``may_be_empty`` is a model on which ``stats`` is not to be relied upon.
        """
        if self.command == STATISTICS and self._had_modules and not told.modules:
            self._settle(SHORT_OF_POOLS)
            return True
        self._had_modules = self._had_modules or bool(told.modules)
        if self._settled or not pools or told.silent:
            return False
        if told.pools or may_be_empty:
            self._settle(self.command)
        elif self.command == SHORT_OF_POOLS:
            self.command = STATISTICS
        else:
            self._settle(SHORT_OF_POOLS)
        return False

    def _settle(self, command: str) -> None:
        self.command, self._settled = command, True
