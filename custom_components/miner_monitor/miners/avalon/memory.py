"""What one device told before, as far as the next reply depends on it."""

from collections.abc import Callable
import time

from ..errors import MinerResponseError
from ..model import MinerReading
from .poll import Poll, Row, Wants


class DeviceMemory:
    """Reads the polls of one address, one after the other.

    What was learnt of a device lasts until its firmware changes or another device
    answers in its place.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Start without a past, on a clock of seconds."""
        self._monotonic = monotonic

    def notice(self, poll: Poll) -> Wants:
        """Take note who answers; tell what else to ask in the same turn."""
        return Wants()

    def take_version(self, version: Row) -> None:
        """Keep what the device says of its make."""

    def take_commands(self, commands: frozenset[str]) -> None:
        """Keep which commands the device lists; none means read-only."""

    def take_litestats(self, stats: tuple[Row, ...]) -> None:
        """Keep the short form of the statistics for this poll."""

    def read(self, poll: Poll) -> MinerReading:
        """Translate a poll of the device that was noticed last."""
        raise MinerResponseError("neither a summary nor statistics of a miner")
