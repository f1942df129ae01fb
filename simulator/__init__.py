"""Software miners with a small physical model, for tests and the demo."""

from . import avalon, axeos, fpga
from .clock import Clock, ManualClock, SystemClock
from .farm import Farm
from .member import Phase, Request, SimulatedMiner, Truth
from .registry import register
from .spec import MinerSpec

for family in (axeos.FAMILY, avalon.FAMILY, fpga.FAMILY):
    register(family)

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
