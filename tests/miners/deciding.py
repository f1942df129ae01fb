"""What is decided on a reading, in the tests that do not care who answered."""

from custom_components.miner_monitor.miners.client import Decide
from custom_components.miner_monitor.miners.model import Changes, MinerReading


def always(changes: Changes) -> Decide:
    """Write these changes to whoever answers."""
    return lambda _: changes


def anyone(_: MinerReading) -> None:
    """Command whoever answers."""
