"""What the numbers of a miner mean: pure state machines without Home Assistant."""

from .model import (
    Insight,
    InsightOptions,
    MinerData,
    Moment,
    ResponseTimes,
    Surroundings,
)
from .tracker import BOOTED, MinerTracker, lasting

__all__ = [
    "BOOTED",
    "Insight",
    "InsightOptions",
    "MinerData",
    "MinerTracker",
    "Moment",
    "ResponseTimes",
    "Surroundings",
    "lasting",
]
