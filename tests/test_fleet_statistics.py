"""The recorder's statistics of the fleet rise only by energy really used."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers.json import json_dumps
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
    statistics_during_period,
)

from custom_components.miner_monitor.fleet.coordinator import async_fleet_entry
from custom_components.miner_monitor.runtime.insight import unpacked
from simulator import SimulatedMiner

from .conftest import GAMMA, NERD, Q, TimedBench
from .fleets import House

ENERGY, SHARES = "sensor.all_miners_energy", "sensor.all_miners_shares_accepted"
SLOT = timedelta(minutes=5)
MINUTE = 60.0
INTO_THE_NEXT = 1.0
"""Seconds after the end of a slot, which a rounded clock may not quite reach."""

LOST = 0.03
"""The part that may be lost where counting begins anew, and is not yet written."""

LATE = 90.0
"""Seconds by which a state may be late: a minute lies between two, and a poll."""


@pytest.fixture
def recorder_first(recorder_mock: Recorder) -> Recorder:
    """Have the recorder before anything is recorded."""
    return recorder_mock


class Book:
    """What the miners really used while they were watched, and what was recorded."""

    def __init__(self, house: House) -> None:
        """Begin at the next slot of the statistics."""
        self.house = house
        self.used = 0.0
        self.found = 0
        self.minutes = 0.0
        self._seen: list[tuple[SimulatedMiner, float, int]] = []
        self._compiled = dt_util.utcnow()

    @property
    def minutes_left(self) -> float:
        """Return the minutes until the present slot is over."""
        now = dt_util.utcnow()
        past = timedelta(
            minutes=now.minute % 5, seconds=now.second, microseconds=now.microsecond
        )
        return ((SLOT - past).total_seconds() + INTO_THE_NEXT) / MINUTE

    async def begin(self) -> None:
        """Have one slot of statistics behind, which is the base."""
        await self.house.bench.pass_time(self.minutes_left * MINUTE)
        now = dt_util.utcnow().replace(second=0, microsecond=0)
        self._compiled = now - SLOT

    async def watch(self, minutes: float, *names: str) -> None:
        """Let time pass in which these miners are seen."""
        self.see(*names)
        self.minutes += minutes
        await self.house.bench.pass_time(minutes * MINUTE)

    def see(self, *names: str) -> None:
        """Count what these miners do from now on, and no other.

        Time passes while a miner is added or removed, too, the more the busier the
        computer is.
        """
        for miner, energy, shares in self._seen:
            self.used += miner.truth.energy_wh - energy
            self.found += miner.truth.shares_accepted - shares
        miners = [self.house.miners[name] for name in names]
        self._seen = [
            (miner, miner.truth.energy_wh, miner.truth.shares_accepted)
            for miner in miners
        ]

    async def rows(self, entity_id: str) -> list[dict[str, Any]]:
        """Compile the statistics of what has passed, and return all of them."""
        hass = self.house.bench.hass
        await async_wait_recording_done(hass)
        while self._compiled + SLOT <= dt_util.utcnow():
            do_adhoc_statistics(hass, start=self._compiled)
            self._compiled += SLOT
        await async_wait_recording_done(hass)
        began = datetime(2000, 1, 1, tzinfo=dt_util.UTC)
        found = await get_instance(hass).async_add_executor_job(
            statistics_during_period, hass, began, None, {entity_id}, "5minute"
        )
        return found[entity_id]


@pytest.mark.timeout(300)
async def test_only_energy_really_used(
    recorder_first: Recorder,
    bench: TimedBench,
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
) -> None:
    """Three are late at a start, a Q is removed, and comes back with 300 kWh."""
    await hass.config.async_set_time_zone("UTC")
    entries = hass.config_entries
    house = House(bench)
    for miner in await bench.start(GAMMA, NERD, Q):
        await house.add(miner)
    everyone = ("gamma", "nerd", "q")
    book = Book(house)
    await book.begin()
    await book.watch(30, *everyone)
    first = await book.rows(ENERGY)

    # A stop and a start; the miners are away first, and answer when all is loaded.
    book.see()
    fleet = async_fleet_entry(hass)
    for entry in (fleet, *house.entries.values()):
        await bench.run(entries.async_unload(entry.entry_id))
    for miner in house.miners.values():
        miner.inject("offline")
    await bench.pass_time(10 * MINUTE)
    for entry in (fleet, *house.entries.values()):
        await bench.run(entries.async_setup(entry.entry_id))
    await bench.pass_time(10 * MINUTE)
    for miner in house.miners.values():
        miner.clear("offline")
    book.see(*everyone)
    for entry in house.entries.values():
        await bench.run(entry.runtime_data.async_refresh())
    await book.watch(30, *everyone)

    q = house.entries.pop("q")
    await bench.run(entries.async_remove(q.entry_id))
    await book.watch(15, "gamma", "nerd")

    kept = hass_storage["miner_monitor.removed"]["data"][q.unique_id]["data"]
    assert unpacked(kept)["energy"]["total"] < 10
    kept["energy"] = json_dumps({"total": 300.0})
    book.see(*everyone)
    await house.add(house.miners["q"])
    own = hass.states.get(f"sensor.avalon_q_{q.title[-4:].lower()}_energy")
    assert float(own.state) >= 300
    await book.watch(30 + book.minutes_left, *everyone)
    book.see()

    rows = await book.rows(ENERGY)
    assert len(rows) > len(first)
    assert all(late["sum"] >= early["sum"] for early, late in pairwise(rows))
    assert all(late["state"] >= early["state"] for early, late in pairwise(rows))
    # The row that all is measured from may be late.
    most = 1 + LATE / (book.minutes * MINUTE)
    risen = rows[-1]["sum"] - rows[0]["sum"]
    used = book.used / 1e3
    assert used * (1 - LOST) <= risen <= used * most

    shares = await book.rows(SHARES)
    found = shares[-1]["sum"] - shares[0]["sum"]
    assert book.found * (1 - LOST) <= found <= book.found * most
