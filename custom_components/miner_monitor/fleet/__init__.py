"""All miners together; knows no Home Assistant."""

from .aggregate import abilities_of, aggregate
from .memory import StopMemory, starting_order
from .meters import FleetMeters
from .model import Ability, Candidate, Covered, FleetData, FleetTotal, Member, Trouble

__all__ = [
    "Ability",
    "Candidate",
    "Covered",
    "FleetData",
    "FleetMeters",
    "FleetTotal",
    "Member",
    "StopMemory",
    "Trouble",
    "abilities_of",
    "aggregate",
    "starting_order",
]
