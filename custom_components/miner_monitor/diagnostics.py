"""What a user can download when something looks wrong.

Holds the device's last replies and what was made of them, without whatever names
a person, a wallet or a network; enough to become a test.
"""

from dataclasses import asdict, replace
from typing import Any

from homeassistant.core import HomeAssistant

from .fleet.coordinator import FleetConfigEntry, MonitorConfigEntry, is_fleet_entry
from .miners.codec import dump_identity
from .runtime.entries import (
    credentials_data,
    stored_credentials,
)
from .runtime.evidence import writes_of
from .runtime.redaction import redact


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: MonitorConfigEntry
) -> dict[str, Any]:
    """Return the diagnostics of one miner, or of all miners together."""
    if is_fleet_entry(entry):
        return _fleet_diagnostics(entry)
    coordinator = entry.runtime_data
    data = coordinator.data
    credentials = stored_credentials(entry)
    report = {
        "options": dict(entry.options),
        "online": data.online,
        "last_error": data.last_error,
        "poll_interval": coordinator.update_interval
        and (coordinator.update_interval.total_seconds()),
        "address": coordinator.client.host,
        "port": coordinator.client.port,
        "identity": dump_identity(data.identity),
        "state": data.state.as_dict() if data.state else None,
        "insight": asdict(data.insight),
        "writes": writes_of(hass, coordinator.controller.writes),
        "replies": dict(coordinator.client.raw),
    }
    redacted: dict[str, Any] = redact(
        report, (credentials.password, credentials.session)
    )
    return {"credentials": sorted(credentials_data(credentials)), **redacted}


def _fleet_diagnostics(entry: FleetConfigEntry) -> dict[str, Any]:
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
        luckiest=None if data.luckiest is None else numbers.get(data.luckiest),
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
                    for feature, commands in fleet.commands.features.items()
                    if commands.memory is not None
                    and member.key in commands.memory.stopped
                ),
            }
            for member in fleet.members.values()
        ],
    }
