"""What the numbers of a miner mean: pure state machines without Home Assistant."""

from .model import Insight, MinerData, Moment, ResponseTimes
from .tracker import MinerTracker

__all__ = ["Insight", "MinerData", "MinerTracker", "Moment", "ResponseTimes"]
