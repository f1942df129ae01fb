"""A house with five miners, three days long, seen from the miners' side."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from itertools import pairwise
import json
import logging
import re
from typing import Any

from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    category_registry as cr,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    issue_registry as ir,
    label_registry as lr,
    restore_state as rs,
)
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from simulator import MinerSpec, Phase, SimulatedMiner
from simulator.avalon import SimulatedAvalon
from simulator.avalon.api import WRITES
from simulator.axeos import SimulatedAxeos

from .automations import set_up_automation, turn_off_automation
from .conftest import GAMMA, NANO_3S, NERD, Q, TimedBench, states_of_miners

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
POLL = 300
SET_UP = 600.0
GAMMA_PAUSES = MinerSpec(
    name="gamma-pauses",
    model="gamma_602",
    firmware="2.15.0",
    mac="E4:B0:63:00:00:15",
    seed=51,
    uptime=86_400,
)
FIVE = (GAMMA, GAMMA_PAUSES, NERD, NANO_3S, Q)
SETTLED = 5 * MINUTE - 1
"""Seconds from being told until a miner does it: an Avalon calibrates first."""

A_PAIR = 20.0
"""Seconds within which the two requests of one order are sent."""

LEEWAY = 15.0
"""Seconds by which a time may be missed, because the blueprints look each minute."""

ORDERS = {
    GAMMA.name: {
        "save": r'PATCH /api/system {"(frequency": 100|coreVoltage": 1000)}',
        "run": r'PATCH /api/system {"(coreVoltage": 1150|frequency": 525)}',
    },
    GAMMA_PAUSES.name: {
        "save": r"POST /api/system/pause",
        "run": r"POST /api/system/resume",
    },
    NERD.name: {
        "save": r"POST /api/system/shutdown",
        "run": r"POST /api/system/restart",
    },
    NANO_3S.name: {
        "save": r"ascset 0,workmode,set,0",
        "run": r"ascset 0,workmode,set,2",
    },
    Q.name: {"save": r"ascset 0,softoff,1:\d+", "run": r"ascset 0,softon,1:\d+"},
}
"""The one request with which each of the miners is to save power, and to work."""

FLASH_WRITES = {GAMMA.name: 2, NANO_3S.name: 1}
"""What each of these orders costs: AxeOS writes two settings."""

REGISTRIES = (ar, cr, dr, er, fr, ir, lr, rs)


class House:
    """Five miners, Home Assistant and one automation, and the time since midnight."""

    def __init__(self, bench: TimedBench, miners: list[SimulatedMiner]) -> None:
        """Remember what the miners are set to at first."""
        self.bench = bench
        self.miners = miners
        self.switches: dict[str, str] = {}
        self.first = {miner.name: kept(miner) for miner in miners}
        self._midnight = bench.now + SET_UP
        self._orders: dict[str, tuple[int, list[tuple[float, str]]]] = {}
        self._automation: tuple[str, Mapping[str, Any]] | None = None

    @property
    def hass(self) -> HomeAssistant:
        """The Home Assistant that runs at the moment."""
        return self.bench.hass

    @property
    def now(self) -> float:
        """The seconds since the first midnight."""
        return self.bench.now - self._midnight

    async def until(self, moment: float) -> None:
        """Let time pass until so many seconds after the first midnight."""
        await self.bench.pass_time(moment - self.now)

    async def automate(self, blueprint: str, **inputs: Any) -> None:
        """Make the one automation."""
        self._automation = blueprint, inputs
        await self.bench.run(set_up_automation(self.hass, blueprint, inputs))

    async def turn(self, goal: str) -> None:
        """Turn all switches by hand."""
        data = {"entity_id": list(self.switches.values())}
        await self.bench.call("switch", f"turn_{goal}", data)

    def orders(self, miner: SimulatedMiner) -> list[tuple[float, str]]:
        """Return when a miner was told what, apart from questions."""
        seen, orders = self._orders.get(miner.name, (0, []))
        requests = miner.requests
        orders += (
            (request.time - self._midnight, order)
            for request in requests[seen:]
            if (order := order_of(request.method, request.path, request.body))
        )
        self._orders[miner.name] = len(requests), orders
        return orders

    @asynccontextmanager
    async def restarted(self, down: float) -> AsyncIterator[HomeAssistant]:
        """Stop Home Assistant, and start another one with what the first stored.

        The second is a new object, with nothing but its storage in common with the
        first: entries, registries, last states, and what the integration keeps. It
        is the nearest to a restart that one process gives.
        """
        old = self.hass
        await rs.async_get(old).async_dump_states()
        await turn_off_automation(old)
        await old.async_stop(force=True)
        await self.bench.pass_time(down)
        async with async_test_home_assistant(
            load_registries=False,
            config_dir=old.config.config_dir,
            initial_state=CoreState.not_running,
        ) as hass:
            self.bench.hass = hass
            await self.bench.run(boot(hass, self._automation))
            try:
                yield hass
            finally:
                await turn_off_automation(hass)
                for entry in hass.config_entries.async_loaded_entries(DOMAIN):
                    await hass.config_entries.async_unload(entry.entry_id)
                await hass.async_stop(force=True)


async def boot(
    hass: HomeAssistant, automation: tuple[str, Mapping[str, Any]] | None = None
) -> None:
    """Start as Home Assistant does: storage, entries, automation, events."""
    await hass.config.async_set_time_zone("UTC")
    hass.data.pop(DATA_CUSTOM_COMPONENTS)
    dr.async_setup(hass)
    for registry in REGISTRIES:
        await registry.async_load(hass)
    await hass.config_entries.async_initialize()
    assert await async_setup_component(hass, DOMAIN, {})
    if automation is not None:
        await set_up_automation(hass, *automation)
    await hass.async_start()


async def build(
    bench: TimedBench, specs: Sequence[MinerSpec] = FIVE, poll: int = POLL
) -> House:
    """Add miners at midnight, five unless told otherwise, and poll them rarely."""
    hass = bench.hass
    # Their lines of each change of a state are slow, and nobody reads them.
    logging.getLogger("homeassistant").setLevel(logging.WARNING)
    await hass.config.async_set_time_zone("UTC")
    since = dt_util.now() - dt_util.start_of_local_day()
    await bench.pass_time((-since.total_seconds() - SET_UP) % DAY)
    miners = list(await bench.start(*specs))
    house = House(bench, miners)
    for miner in miners:
        known = _switches(hass)
        entry: MinerConfigEntry = await bench.add(miner)
        hass.config_entries.async_update_entry(entry, options={"scan_interval": poll})
        await bench.run(hass.config_entries.async_reload(entry.entry_id))
        (house.switches[miner.name],) = (
            switch
            for switch in _switches(hass) - known
            if switch.endswith("_save_power")
        )
    await house.until(0)
    return house


def _switches(hass: HomeAssistant) -> set[str]:
    return {state.entity_id for state in states_of_miners(hass, "switch")}


async def leave(house: House) -> None:
    """Let no timer of the automation be left, however a test ended."""
    if house.hass.is_running:
        await turn_off_automation(house.hass)


def kept(miner: SimulatedMiner) -> dict[str, Any]:
    """Return everything that a miner keeps in its flash."""
    if isinstance(miner, SimulatedAxeos):
        return deepcopy(miner.device.flash.stored)
    assert isinstance(miner, SimulatedAvalon)
    return deepcopy(miner.device.settings.values)


def assert_nothing_went_wrong(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """There is neither a repair, nor a failure in a log."""
    assert [issue for issue in ir.async_get(house.hass).issues if DOMAIN in issue] == []
    speakers = (f"custom_components.{DOMAIN}", "homeassistant.components.automation")
    assert [
        record.getMessage()
        for record in caplog.get_records("call")
        if record.name.startswith(speakers) and record.levelno >= logging.WARNING
    ] == []


def order_of(method: str, path: str, body: str) -> str | None:
    """Name what a miner was told; None for a question."""
    if path:
        return None if method == "GET" else f"{method} {path} {body}".rstrip()
    # What a port answers to is first asked with HTTP.
    told = json.loads(body) if body.startswith("{") else {"command": ""}
    if told["command"] not in WRITES or told["parameter"] == "0,help":
        return None
    return f"{told['command']} {told['parameter']}"


def told(house: House, miner: SimulatedMiner) -> list[tuple[float, str]]:
    """Return when a miner was told to save power or to run, and nothing else.

    Voltage and frequency of one order are two requests.
    """
    goals: list[tuple[float, str]] = []
    for moment, order in house.orders(miner):
        found = [
            goal
            for goal, expected in ORDERS[miner.name].items()
            if re.fullmatch(expected, order)
        ]
        assert found, f"{miner.name} was told {order} at {moment / HOUR:.3f} h"
        if goals and goals[-1][1] == found[0] and moment - goals[-1][0] < A_PAIR:
            continue
        goals.append((moment, found[0]))
    return goals


def runs(house: House, miner: SimulatedMiner) -> bool:
    """Whether a miner works with everything as it was at first."""
    return miner.truth.hashing and kept(miner) == house.first[miner.name]


def saves(house: House, miner: SimulatedMiner) -> bool:
    """Whether a miner takes the least power that it can, and nothing else changed."""
    first, now = house.first[miner.name], kept(miner)
    changed = {key: value for key, value in now.items() if value != first[key]}
    match miner.name:
        case GAMMA.name:
            return changed == {"frequency": 100, "coreVoltage": 1000}
        case GAMMA_PAUSES.name:
            return miner.phase is Phase.PAUSED and not changed
        case NERD.name:
            return miner.phase is Phase.SHUTDOWN and not changed
        case NANO_3S.name:
            return changed == {"mode": 0}
        case _:
            return miner.phase is Phase.STANDBY and not changed


def assert_minimum_times(house: House, minimum_run: float, minimum_save: float) -> None:
    """Nobody is told the same twice, nor before it did the other long enough."""
    minimum = {"save": minimum_run, "run": minimum_save}
    for miner in house.miners:
        for (before, last), (moment, goal) in pairwise(told(house, miner)):
            assert goal != last, (miner.name, moment / HOUR)
            assert moment - before >= minimum[goal] * MINUTE - LEEWAY, miner.name
