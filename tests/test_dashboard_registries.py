"""What the dashboard is built from: the registries as a browser gets them.

`tests/frontend/strategy.test.mjs` builds the dashboard from these files. They are
written anew by `UPDATE_SNAPSHOTS=1 pytest tests/test_dashboard_registries.py`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
import json
import os
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.miner_monitor.const import (
    CONF_PLUG_POWER,
    CONF_POOL_SCRAPER,
    DOMAIN,
)
from simulator import MinerSpec

from .conftest import (
    A1246,
    GAMMA,
    HEX,
    MINI_3,
    NANO_3S,
    NERD,
    OXBITCOIN,
    PLAIN_CGMINER,
    RB4,
    ULTRA,
    Q,
    TimedBench,
)
from .handles import Handle, take_over
from .test_dashboard import keep_routes_open

FOLDER = Path(__file__).parent / "frontend" / "registries"
UPDATE = bool(os.environ.get("UPDATE_SNAPSHOTS"))
SCRAPER = MinerSpec(name="pool", model="fpga_poolscraper", seed=24)

DEVICE_FIELDS = (
    *("name", "name_by_user", "manufacturer", "model", "entry_type", "area_id"),
    "disabled_by",
)
STATE_FIELDS = ("friendly_name", "device_class", "unit_of_measurement")

type Prepare = Callable[[Sequence[Handle]], Awaitable[None]]


async def as_they_are(handles: Sequence[Handle]) -> None:
    """Leave off what is off by default."""


async def with_details(handles: Sequence[Handle]) -> None:
    """Turn on what the dashboard draws."""
    for handle in handles:
        await handle.bench.call(DOMAIN, "show_details", {"device_id": handle.device_id})
    await handles[0].bench.advance(35)


async def with_all_there_is(handles: Sequence[Handle]) -> None:
    """Measure the power at the wall too, and ask the pool."""
    bench = handles[0].bench
    bench.hass.states.async_set("sensor.plug", "25", {"unit_of_measurement": "W"})
    pool = await bench.miner(SCRAPER)
    for handle in handles:
        card = handle.miner.spec.model.startswith("fpga")
        key, value = CONF_POOL_SCRAPER, f"{pool.url}/metrics"
        if not card:
            key, value = CONF_PLUG_POWER, "sensor.plug"
        bench.hass.config_entries.async_update_entry(handle.entry, options={key: value})
        await bench.run(bench.hass.config_entries.async_reload(handle.entry.entry_id))
    await with_details(handles)


CASES: Mapping[str, tuple[tuple[MinerSpec, ...], Prepare]] = {
    "gamma": ((GAMMA,), as_they_are),
    "gamma-details": ((GAMMA,), with_all_there_is),
    "ultra": ((ULTRA,), as_they_are),
    "nerd": ((NERD,), as_they_are),
    "nano-3s": ((NANO_3S,), as_they_are),
    "mini-3": ((MINI_3,), as_they_are),
    "q": ((Q,), as_they_are),
    "q-details": ((Q,), with_details),
    "a1246": ((A1246,), as_they_are),
    "cgminer": ((PLAIN_CGMINER,), as_they_are),
    "0xbitcoin": ((OXBITCOIN,), as_they_are),
    "0xbitcoin-details": ((OXBITCOIN,), with_all_there_is),
    "rb4": ((replace(RB4, cards=1),), as_they_are),
    "mixed": ((GAMMA, HEX, NERD, NANO_3S, Q, OXBITCOIN), as_they_are),
}


@pytest.fixture
async def ask(
    bench: TimedBench, hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> Callable[[str], Awaitable[Any]]:
    """Give what asks as a browser does."""
    assert await async_setup_component(hass, "config", {})
    keep_routes_open(hass)
    client = await hass_ws_client(hass)

    async def asking(kind: str) -> Any:
        await client.send_json_auto_id({"type": kind})
        return (await client.receive_json())["result"]

    return asking


def entities_of(listed: Any) -> list[dict[str, Any]]:
    """Return the entities as the frontend makes them from what it gets."""
    categories = listed["entity_categories"]
    return [
        {
            "entity_id": item["ei"],
            "device_id": item.get("di"),
            "area_id": item.get("ai"),
            "labels": item.get("lb"),
            "translation_key": item.get("tk"),
            "platform": item["pl"],
            "entity_category": categories[str(item["ec"])] if "ec" in item else None,
            "has_entity_name": item.get("hn"),
            "name": item.get("en"),
            "icon": item.get("ic"),
            "hidden": item.get("hb"),
            "display_precision": item.get("dp"),
        }
        for item in listed["entities"]
    ]


def without_nothing(item: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a browser does not have either."""
    return {key: value for key, value in item.items() if value is not None}


async def dump(
    hass: HomeAssistant, ask: Callable[[str], Awaitable[Any]]
) -> dict[str, Any]:
    """Return registries and states, with ids that are the same each time."""
    devices = await ask("config/device_registry/list")
    ids = {device["id"]: f"id-{_slug(device['name'])}" for device in devices}
    entities = {
        item["entity_id"]: without_nothing(item | {"device_id": ids[item["device_id"]]})
        for item in entities_of(await ask("config/entity_registry/list_for_display"))
    }
    return {
        "devices": {
            ids[device["id"]]: {
                "id": ids[device["id"]],
                **{field: device[field] for field in DEVICE_FIELDS},
            }
            for device in devices
        },
        "entities": dict(sorted(entities.items())),
        "states": {
            entity_id: _state(hass, entity_id) for entity_id in sorted(entities)
        },
    }


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower())


def _state(hass: HomeAssistant, entity_id: str) -> dict[str, Any]:
    """Return what of a state does not change by the second."""
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    return {
        "entity_id": entity_id,
        "state": "unavailable" if state.state == "unavailable" else "1",
        "attributes": {
            key: state.attributes[key]
            for key in STATE_FIELDS
            if key in state.attributes
        },
    }


@pytest.mark.parametrize("name", CASES)
async def test_registries(
    bench: TimedBench,
    hass: HomeAssistant,
    ask: Callable[[str], Awaitable[Any]],
    name: str,
) -> None:
    specs, prepare = CASES[name]
    handles = [await take_over(bench, await bench.miner(spec)) for spec in specs]
    await prepare(handles)
    # The entities of all miners come a moment after theirs.
    await bench.advance(30)
    path = FOLDER / f"{name}.json"
    text = json.dumps(await dump(hass, ask), indent=2, ensure_ascii=False) + "\n"
    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_no_other_registries() -> None:
    """A file of no case would be a dashboard of a miner that there is not."""
    assert {path.stem for path in FOLDER.glob("*")} == set(CASES)
