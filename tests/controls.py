"""How tests use a miner's controls, as a user does."""

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.json import json_dumps

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from simulator import SimulatedMiner

from .conftest import (
    A1246,
    FLEET,
    MINI_3,
    NANO_3,
    NANO_3S,
    Q,
    TimedBench,
    states_of_miners,
)

LONGEST_CALL = 15.0
CONTROLLED = (*FLEET, NANO_3, NANO_3S, MINI_3, Q, A1246)
"""A miner of each kind that differs in what can be set."""


async def call(bench: TimedBench, entity_id: str, action: str, **data: Any) -> None:
    """Call an action of an entity, and let time pass until it returns."""
    domain = entity_id.partition(".")[0]
    data = {"entity_id": entity_id, **data}
    await bench.call(domain, action, data, patience=LONGEST_CALL)


def shown(hass: HomeAssistant, platform: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the states of a platform with their attributes, as plain data."""
    return {
        state.entity_id: (state.state, json.loads(json_dumps(state.attributes)))
        for state in states_of_miners(hass, platform)
    }


def defaults(hass: HomeAssistant, entry: MinerConfigEntry, platform: str) -> dict:
    """Return which entities of a platform there are, and whether each is on."""
    return {
        item.unique_id.removeprefix(f"{entry.unique_id}_"): item.disabled_by is None
        for item in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if item.domain == platform
    }


def find(hass: HomeAssistant, platform: str, key: str) -> str | None:
    """Return the entity of the one miner whose name ends with this."""
    found = [
        state.entity_id
        for state in states_of_miners(hass, platform)
        if state.entity_id.endswith(f"_{key}")
    ]
    return min(found, key=len, default=None)


def patches(miner: SimulatedMiner) -> list[Any]:
    """Return the bodies of the settings that an AxeOS was sent."""
    return [request.json for request in miner.requests if request.method == "PATCH"]


def commands(miner: SimulatedMiner) -> list[str]:
    """Return what an Avalon was told to change, without the leading number."""
    bodies = [request.body for request in miner.requests]
    # What a port answers to is first asked with HTTP.
    sent = [json.loads(body) for body in bodies if body.startswith("{")]
    told = [
        request["parameter"].removeprefix("0,")
        for request in sent
        if request["command"] == "ascset"
    ]
    return [text for text in told if text != "help"]


def stored_intents(hass: HomeAssistant, key: str) -> dict[str, Any]:
    """Return the file of what a user wants of a miner, or of the fleet."""
    stored: dict[str, Any] = json.loads(_intents_file(hass, key).read_text())
    return stored


def store_intents(hass: HomeAssistant, key: str, stored: Mapping[str, Any]) -> None:
    """Put another one in its place, as a restored backup does."""
    _intents_file(hass, key).write_text(json.dumps(stored))


def _intents_file(hass: HomeAssistant, key: str) -> Path:
    return Path(hass.config.path(".storage", f"{DOMAIN}.intents.{key}"))
