"""All miners together in the past."""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from custom_components.miner_monitor.fleet import FleetMeters, Member, aggregate

from .house import Entity
from .members import PastMember
from .shown import Track, fleet_track

EVERY = 300.0
"""Seconds between two looks at all miners."""


class PastFleet:
    """Counts what the miners add, and adds up what they show."""

    def __init__(self, entities: Iterable[Entity], members: list[PastMember]) -> None:
        """Begin at zero."""
        self._members = members
        self._meters = FleetMeters()
        self._meters.resume({})
        self.times = array("d")
        tracks = (fleet_track(entity) for entity in entities)
        self.tracks: list[Track] = [track for track in tracks if track is not None]

    def count(self, member: PastMember) -> None:
        """Take what a poll of a miner added."""
        self._meters.observe(member.entry.unique_id, member.data)

    def look(self, now: float) -> None:
        """Note what all show together."""
        data = aggregate(
            Member(member.entry.title, member.data, member.features)
            for member in self._members
        )
        data = replace(data, totals=self._meters.totals)
        self.times.append(now)
        for track in self.tracks:
            track.see(data, there=True)

    def dump(self, now: float) -> Mapping[str, Any]:
        """Return what the integration goes on from."""
        return {"stored_at": now, "totals": self._meters.dump()}
