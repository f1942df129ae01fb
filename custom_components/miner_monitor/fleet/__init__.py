"""All miners together; knows no Home Assistant."""

from .aggregate import (
    aggregate,
    features_of,
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
    "aggregate",
    "features_of",
    "starting_order",
]
