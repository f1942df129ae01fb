"""All miners together; knows no Home Assistant."""

from .aggregate import (
    FleetMeters,
    aggregate,
    features_of,
)
from .model import (
    FleetData,
    FleetFeature,
    FleetTotal,
    Member,
    MemberProblems,
    PartialSum,
)

__all__ = [
    "FleetData",
    "FleetFeature",
    "FleetMeters",
    "FleetTotal",
    "Member",
    "MemberProblems",
    "PartialSum",
    "aggregate",
    "features_of",
]
