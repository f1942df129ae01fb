"""What a user can download of all miners together, without their names."""

from dataclasses import asdict, replace
from typing import Any

from .coordinator import FleetConfigEntry


def fleet_diagnostics(entry: FleetConfigEntry) -> dict[str, Any]:
    """Return the diagnostics of all miners together.

    A name that a user gave can name a person: miners are numbered.
    """
    fleet = entry.runtime_data
    names = [member.entry.title for member in fleet.members.values()]
    numbers = {name: f"miner {place}" for place, name in enumerate(names, 1)}
    data = fleet.data
    unnamed = replace(
        data,
        hottest=None if data.hottest is None else numbers.get(data.hottest),
        troubles=tuple(
            replace(member, name=numbers.get(member.name, ""))
            for member in data.troubles
        ),
    )
    return {
        "options": dict(entry.options),
        "data": {**asdict(unnamed), "features": sorted(data.features)},
        "counted": fleet.meters.dump(),
        "members": [
            {
                "number": numbers[member.entry.title],
                "online": member.miner.data.online,
                "features": sorted(member.features),
                "stopped_by_us": sorted(
                    feature
                    for feature, memory in fleet.memories.items()
                    if member.key in memory.stopped
                ),
            }
            for member in fleet.members.values()
        ],
    }
