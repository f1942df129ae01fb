"""All miners together; knows no Home Assistant."""

from .aggregate import (
    abilities_of,
    aggregate,
)
from .memory import (
    StopMemory,
    starting_order,
)
from .meters import FleetMeters
from .model import (
    Candidate,
    FleetData,
    FleetFeature,
    FleetTotal,
    Member,
    MemberProblems,
    PartialSum,
)

__all__ = [
    "Candidate",
    "FleetData",
    "FleetFeature",
    "FleetMeters",
    "FleetTotal",
    "Member",
    "MemberProblems",
    "PartialSum",
    "StopMemory",
    "abilities_of",
    "aggregate",
    "starting_order",
]
