"""Home Assistant is killed again and again, and what it counts goes on."""

import asyncio
from itertools import pairwise
import json
import os
from pathlib import Path
from random import Random
import signal
import time

import pytest

from scripts.rig.hass import HassProcess
from scripts.rig.websocket import ApiError
from simulator import Farm, MinerSpec, SystemClock

from .families import add, entity, poll_often, recorded, stored

KILLS = 20
SHORTEST_RUN, LONGEST_RUN = 4.0, 26.0
BIG = MinerSpec(name="big", model="avalon_a1566", seed=31)
LUCKY = MinerSpec(
    name="lucky",
    model="gamma_601",
    firmware="2.15.0",
    mac="E4:B0:63:00:00:31",
    seed=32,
)


async def value(hass: HassProcess, entity_id: str) -> float | None:
    """Return what an entity shows, if that is a number."""
    try:
        state = await hass.api.get(f"states/{entity_id}")
        return float(state["state"])
    except ApiError, ValueError:
        return None


async def run_for(hass: HassProcess, entity_id: str, seconds: float) -> list[float]:
    """Collect what an entity shows until the time is over."""
    seen: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        shown = await value(hass, entity_id)
        if shown is not None and (not seen or shown != seen[-1]):
            seen.append(shown)
        await asyncio.sleep(0.2)
    return seen


@pytest.mark.campaign
@pytest.mark.timeout(1800)
async def test_nothing_dips_and_nothing_comes_twice(tmp_path: Path) -> None:
    rng = Random(20261120)
    live: list[list[float]] = []
    async with Farm([BIG, LUCKY], clock=SystemClock()) as farm:
        hass = HassProcess(tmp_path)
        async with hass:
            entries = [await add(hass, f"{miner.host}:{miner.port}") for miner in farm]
            energy = await entity(hass, entries[0], "sensor", "energy")
            activity = await entity(hass, entries[1], "event", "activity")
            await stored(tmp_path, entries)
            await run_for(hass, energy, 15)
        poll_often(tmp_path, entries)

        for kill in range(KILLS):
            await hass.start()
            seconds = rng.uniform(SHORTEST_RUN, LONGEST_RUN)
            if kill == KILLS // 2:
                farm[LUCKY.name].inject("block_found")
            live.append(await run_for(hass, energy, seconds))
            os.kill(hass.pid, signal.SIGKILL)
            await hass.wait()
            await hass.stop()

        async with hass:
            live.append(await run_for(hass, energy, 25))

    runs = [run for run in live if run]
    steps = [after - before for run in runs for before, after in pairwise(run)]
    assert len(runs) > KILLS // 2
    assert all(step > 0 for step in steps)
    for before, after in pairwise(runs):
        assert after[0] >= before[-1] - max(steps)
    kept = [
        float(state) for state, _ in recorded(tmp_path, energy) if _is_number(state)
    ]
    assert kept == sorted(kept)
    assert kept[-1] > kept[0]
    blocks = {
        state
        for state, attributes in recorded(tmp_path, activity)
        if json.loads(attributes).get("event_type") == "block_found"
    }
    assert len(blocks) == 1
    bests = {
        state: json.loads(attributes)["difficulty"]
        for state, attributes in recorded(tmp_path, activity)
        if json.loads(attributes).get("event_type") == "new_best_difficulty"
    }
    assert len(set(bests.values())) == len(bests)


def _is_number(state: str) -> bool:
    return state not in ("unknown", "unavailable")
