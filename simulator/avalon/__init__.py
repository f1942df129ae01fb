"""Simulated Avalon miners, and a plain cgminer: a TCP server with short replies."""

from ..appliance import EVENTS
from ..registry import Family
from .faults import KNOWN
from .miner import SimulatedAvalon
from .models import MODELS

FAMILY = Family(models=MODELS, faults=KNOWN | EVENTS, make=SimulatedAvalon)

__all__ = ["FAMILY", "SimulatedAvalon"]
