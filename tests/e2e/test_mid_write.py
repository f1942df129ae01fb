"""Home Assistant is killed, and entries are reloaded, while a write is under way."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest

from scripts.rig.hass import HassProcess
from scripts.rig.websocket import ApiError
from simulator import Farm, MinerSpec, SystemClock

from .families import AVALON, AXEOS, FAMILIES, NERDOS, House, recorded_numbers
from .waiting import until_so

ROUNDS = 20
WRITE_LASTS = 3.0
"""Seconds within which a write is sent, acknowledged and begins to be read back."""

type Interrupt = Callable[[House, MinerSpec], Awaitable[None]]
type Asked = tuple[MinerSpec, str, str, str, dict[str, Any]]


async def kill(house: House, miner: MinerSpec) -> None:
    """End Home Assistant at once, and start it again."""
    await house.kill()
    await house.hass.start()


async def reload(house: House, miner: MinerSpec) -> None:
    """Load the entry of a miner anew."""
    entry = house.entries[miner.name]
    await house.hass.api.post(f"config/config_entries/entry/{entry}/reload")


def sliders(rng: Random, house: House) -> Asked:
    """Ask for another frequency or mode."""
    if rng.random() < 1 / 3:
        mode = rng.choice([mode for mode in ("eco", "super") if mode != house.mode()])
        return AVALON, "select", "select_option", "work_mode", {"option": mode}
    miner = rng.choice([AXEOS, NERDOS])
    values = [value for value in (500, 525) if value != house.frequency(miner)]
    return miner, "number", "set_value", "frequency", {"value": rng.choice(values)}


def saving(rng: Random, house: House) -> Asked:
    """Ask a miner that saves by its frequency to save power."""
    return AXEOS, "switch", "turn_on", "throttle", {}


async def interrupted(
    house: House, asked: Asked, after: float, interrupt: Interrupt
) -> None:
    """Ask for something, and interrupt it after some seconds."""
    miner, domain, service, key, data = asked
    entity_id = await house.entity(miner, domain, key)
    call = asyncio.create_task(
        house.hass.api.call_service(domain, service, entity_id=entity_id, **data)
    )
    await asyncio.sleep(after)
    await interrupt(house, miner)
    with suppress(ApiError, aiohttp.ClientError):
        await call


async def bring_back(house: House, before: float) -> None:
    """Turn saving off, after which the miner is what it was before."""
    entity_id = await house.entity(AXEOS, "switch", "throttle")

    async def off() -> bool:
        with suppress(ApiError):
            await house.hass.api.call_service("switch", "turn_off", entity_id=entity_id)
        return house.frequency(AXEOS) == before

    await until_so(off)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("interrupt", [kill, reload])
async def test_totals_and_settings_are_right_after_each(
    tmp_path: Path, interrupt: Interrupt
) -> None:
    """A write is done or not, what was before a saving is known, no total falls."""
    rng = Random(20261201)
    async with Farm(FAMILIES, clock=SystemClock()) as farm:
        house = House(HassProcess(tmp_path), farm)
        await house.set_up()
        async with house.hass:
            totals = await house.wait_until_counted({})
            for number in range(ROUNDS):
                await until_so(house.agrees)
                before = house.settings()
                ask = saving if number % 4 == 3 else sliders
                asked = ask(rng, house)
                await interrupted(house, asked, rng.uniform(0, WRITE_LASTS), interrupt)
                floor = house.recorded(totals) if interrupt is kill else totals
                totals = await house.wait_until_counted(floor)
                await until_so(house.agrees)
                if ask is saving:
                    await bring_back(house, before[0])
                    assert house.settings() == before
                else:
                    wanted = list(asked[-1].values())
                    assert set(house.settings()) <= {*before, *wanted}

    for name in totals:
        kept = recorded_numbers(tmp_path, name)
        assert kept == sorted(kept), name
