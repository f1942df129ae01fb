"""Simulated AxeOS and NerdOS boards: an HTTP server with JSON replies."""

from ..appliance import EVENTS
from ..registry import Family
from .boards import BOARDS
from .faults import KNOWN
from .miner import SimulatedAxeos

FAMILY = Family(models=BOARDS, faults=KNOWN | EVENTS, make=SimulatedAxeos)

__all__ = ["FAMILY", "SimulatedAxeos"]
