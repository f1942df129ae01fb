"""What the numbers of a miner mean: pure state machines without Home Assistant."""

from .model import (
    Environment,
    Insight,
    InsightOptions,
    ResponseTimes,
)
from .tracker import (
    BOOTED,
    MinerTracker,
    lasting,
)

__all__ = [
    "BOOTED",
    "Environment",
    "Insight",
    "InsightOptions",
    "MinerTracker",
    "ResponseTimes",
    "lasting",
]
