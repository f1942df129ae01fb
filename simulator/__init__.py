"""Software miners with a small physical model, for tests and the demo."""

from .clock import Clock, ManualClock, SystemClock
from .device import Phase, Truth
from .farm import Farm
from .miner import SimulatedMiner
from .spec import MinerSpec
from .wire import Request

__all__ = [
    "Clock",
    "Farm",
    "ManualClock",
    "MinerSpec",
    "Phase",
    "Request",
    "SimulatedMiner",
    "SystemClock",
    "Truth",
]
