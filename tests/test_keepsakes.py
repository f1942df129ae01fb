"""What is kept of a removed miner, and what is not."""

import asyncio
import json
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
import pytest

from custom_components.miner_monitor.const import DOMAIN

from .conftest import GAMMA, HEX, SUPRA, TimedBench
from .test_insight import HOUR, number

REMOVED = f"{DOMAIN}.removed"


async def test_miners_that_are_removed_together(
    bench: TimedBench,
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """None overwrites what was kept of another, though a disk takes its time."""
    read = Store.async_load

    async def slowly(store: Store[Any]) -> Any:
        found = await read(store)
        await asyncio.sleep(0.5)
        return found

    monkeypatch.setattr(Store, "async_load", slowly)
    farm = await bench.start(GAMMA, SUPRA, HEX)
    entries = [await bench.add(miner) for miner in farm]
    await bench.pass_time(60)

    await bench.run(
        asyncio.wait_for(
            asyncio.gather(
                *(hass.config_entries.async_remove(entry.entry_id) for entry in entries)
            ),
            60,
        )
    )

    kept = hass_storage[REMOVED]["data"]
    assert set(kept) == {entry.unique_id for entry in entries}


async def test_only_meters_and_counters_are_kept(
    bench: TimedBench, hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """Under the device's identity, and little of it: nobody removes that by hand."""
    entry = await bench.add(await bench.miner(GAMMA))
    await bench.pass_time(HOUR)
    await bench.run(hass.config_entries.async_remove(entry.entry_id))

    (kept,) = hass_storage[REMOVED]["data"].values()
    assert set(kept["data"]) <= {
        "energy",
        "wall_energy",
        "booted",
        "boots",
        "presence",
        "failed_polls",
        "luck",
    }
    assert len(json.dumps(kept)) < 4096


@pytest.mark.parametrize(
    "kept",
    [
        [],
        "nothing",
        {GAMMA.mac.lower(): {"removed_at": 1e300, "data": 5}},
        {GAMMA.mac.lower(): {"removed_at": True, "data": {"energy": "9"}}},
        {GAMMA.mac.lower(): {"removed_at": 9e12, "data": {"energy": -1, "boots": []}}},
        {GAMMA.mac.lower(): {"removed_at": 9e12, "data": {"energy": 10**400}}},
        {GAMMA.mac.lower(): {"removed_at": 10**400, "data": {"energy": 1e300}}},
    ],
)
async def test_what_is_kept_is_damaged(
    bench: TimedBench,
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    kept: Any,
) -> None:
    """The miner can be added all the same."""
    hass_storage[REMOVED] = {
        "version": 1,
        "minor_version": 1,
        "key": REMOVED,
        "data": kept,
    }
    entry = await bench.add(await bench.miner(GAMMA))
    await bench.pass_time(60)
    assert number(hass, entry, "energy") < 0.01
