"""A miner behind a plug that Home Assistant switches."""

import asyncio
import logging
from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
import pytest

from custom_components.miner_monitor.coordinator import MinerConfigEntry
from simulator import SimulatedMiner

from .conftest import GAMMA, TimedBench
from .test_insight import HOUR, number, options, state_of

PLUG, METER = "switch.plug", "sensor.plug"


def measure(hass: HomeAssistant, watts: float) -> None:
    hass.states.async_set(METER, str(watts), {"unit_of_measurement": "W"})


async def plugged(
    bench: TimedBench, plug: str | None = STATE_ON
) -> tuple[SimulatedMiner, MinerConfigEntry]:
    """Start anew with a miner whose plug is in a state, and whose meter says 25 W."""
    hass = bench.hass
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    await bench.run(hass.config_entries.async_unload(entry.entry_id))
    options(hass, entry, plug_switch=PLUG, plug_power=METER)
    measure(hass, 25)
    if plug is not None:
        hass.states.async_set(PLUG, plug)
    if plug != STATE_ON:
        await miner.stop()
    await bench.run(hass.config_entries.async_setup(entry.entry_id))
    await bench.settle()
    return miner, entry


def online(hass: HomeAssistant, entry: MinerConfigEntry) -> str:
    state: str = state_of(hass, entry, "online", "binary_sensor").state
    return state


def complaints(entry: MinerConfigEntry, caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.INFO and entry.title in record.getMessage()
    ]


def failures(entry: MinerConfigEntry) -> int:
    return sum(entry.runtime_data.data.insight.failed_polls.values())


async def test_it_is_measured_while_it_is_off(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """What is drawn at the wall falls with the plug, though nobody asks the miner."""
    miner, entry = await plugged(bench)
    await bench.pass_time(60)
    hass.states.async_set(PLUG, STATE_OFF)
    await bench.settle()
    asked = len(miner.requests)
    measure(hass, 0.5)
    await bench.pass_time(180)
    assert number(hass, entry, "wall_power") == 0.5
    counted = number(hass, entry, "wall_energy")
    await bench.pass_time(10 * HOUR)

    assert number(hass, entry, "wall_energy") - counted == pytest.approx(
        0.005, abs=0.0011
    )
    assert len(miner.requests) == asked


@pytest.mark.parametrize("plug", [None, STATE_UNAVAILABLE])
async def test_it_is_off_and_says_so_late(
    bench: TimedBench,
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    plug: str | None,
) -> None:
    """A plug that comes after us at a start of Home Assistant is no failure."""
    miner, entry = await plugged(bench, plug)
    caplog.clear()
    await bench.pass_time(120)
    hass.states.async_set(PLUG, STATE_OFF)
    await bench.pass_time(HOUR)

    assert failures(entry) == 0
    assert entry.runtime_data.data.insight.presence.times_offline == 0
    assert online(hass, entry) == STATE_OFF
    await miner.start()
    hass.states.async_set(PLUG, STATE_ON)
    await bench.pass_time(30)
    assert online(hass, entry) == STATE_ON
    assert entry.runtime_data.data.insight.presence.availability in (None, 100)
    assert not complaints(entry, caplog)


async def test_it_is_on_and_the_miner_stays_silent(
    bench: TimedBench, hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """A start takes time; after that a silent miner is away, and said to be."""
    miner, entry = await plugged(bench, STATE_OFF)
    await bench.pass_time(60)
    hass.states.async_set(PLUG, STATE_ON)
    await bench.pass_time(170)
    assert failures(entry) == 0
    assert not complaints(entry, caplog)
    await bench.pass_time(600)

    assert failures(entry) > 0
    assert len(complaints(entry, caplog)) == 1
    assert "is away" in complaints(entry, caplog)[0]
    await miner.start()
    await bench.pass_time(120)
    assert "is back" in complaints(entry, caplog)[-1]


@pytest.mark.parametrize("answers", [True, False])
async def test_it_goes_off_while_a_poll_is_under_way(
    bench: TimedBench,
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    answers: bool,
) -> None:
    """How that poll ends says nothing any more."""
    miner, entry = await plugged(bench)
    await bench.pass_time(HOUR)
    caplog.clear()
    miner.inject("slow", seconds=3) if answers else miner.inject("silent")
    polling = asyncio.create_task(entry.runtime_data.async_refresh())
    await bench.settle()
    assert not polling.done()
    hass.states.async_set(PLUG, STATE_OFF)
    await bench.pass_time(30)
    assert polling.done()

    assert online(hass, entry) == STATE_OFF
    assert failures(entry) == 0
    asked = len(miner.requests)
    await bench.pass_time(HOUR)
    assert len(miner.requests) == asked
    assert not complaints(entry, caplog)


async def test_it_goes_on_while_a_poll_is_under_way(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Off and on within one poll: the polls go on."""
    miner, entry = await plugged(bench)
    miner.inject("silent")
    polling = asyncio.create_task(entry.runtime_data.async_refresh())
    await bench.settle()
    hass.states.async_set(PLUG, STATE_OFF)
    await bench.pass_time(0.5)
    hass.states.async_set(PLUG, STATE_ON)
    miner.clear("silent")
    await bench.pass_time(60)

    assert polling.done()
    assert online(hass, entry) == STATE_ON
    asked = len(miner.requests)
    await bench.pass_time(60)
    assert len(miner.requests) > asked


async def test_it_goes_off_while_a_write_is_under_way(
    bench: TimedBench, hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """The user is told; the miner is not asked again for hours to prove it."""
    miner, entry = await plugged(bench)
    await bench.pass_time(60)
    frequency = state_of(hass, entry, "frequency", "number").entity_id
    writing: asyncio.Task[Any] = asyncio.create_task(
        hass.services.async_call(
            "number", "set_value", {"entity_id": frequency, "value": 500}, blocking=True
        )
    )
    await bench.settle()
    hass.states.async_set(PLUG, STATE_OFF)
    await miner.stop()
    await bench.pass_time(120)
    assert writing.done()
    writing.exception()
    asked = len(miner.requests)
    await bench.pass_time(6 * HOUR)

    assert len(miner.requests) == asked
    assert failures(entry) == 0
    assert entry.runtime_data.data.unplugged


async def test_it_is_off_and_the_entry_is_unloaded(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Nothing is left behind that would poll when the plug goes on."""
    miner, entry = await plugged(bench, STATE_OFF)
    await entry.runtime_data.async_request_refresh()
    await bench.run(hass.config_entries.async_unload(entry.entry_id))
    await miner.start()
    asked = len(miner.requests)
    hass.states.async_set(PLUG, STATE_ON)
    await bench.pass_time(300)
    assert len(miner.requests) == asked
