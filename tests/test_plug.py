"""A miner behind a plug that Home Assistant switches."""

import asyncio
from datetime import timedelta
import logging
from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest

from custom_components.miner_monitor.const import DOMAIN
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


def delay(
    entry: MinerConfigEntry, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """Let the miner's answers take their time."""
    kind = type(entry.runtime_data.client)
    fetch = kind.fetch

    async def late(client: Any) -> Any:
        reading = await fetch(client)
        await asyncio.sleep(seconds)
        return reading

    monkeypatch.setattr(kind, "fetch", late)


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
    assert "is offline" in complaints(entry, caplog)[0]
    await miner.start()
    await bench.pass_time(120)
    assert "is back" in complaints(entry, caplog)[-1]


@pytest.mark.parametrize("answers", [True, False])
async def test_it_goes_off_while_a_poll_is_under_way(
    bench: TimedBench,
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    answers: bool,
) -> None:
    """How that poll ends says nothing any more."""
    miner, entry = await plugged(bench)
    await bench.pass_time(HOUR)
    caplog.clear()
    if answers:
        delay(entry, monkeypatch, 3)
    else:
        miner.inject("silent")
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


async def test_saving_power_with_the_plug_off(
    bench: TimedBench, hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """What is wanted is asserted again once there is somebody to ask, not before."""
    miner, entry = await plugged(bench)
    saving = state_of(hass, entry, "throttle", "switch").entity_id
    await bench.call("switch", "turn_on", {"entity_id": saving})
    await bench.pass_time(60)
    saved = number(hass, entry, "power")
    caplog.clear()
    hass.states.async_set(PLUG, STATE_OFF)
    await bench.settle()
    miner.reboot()
    await miner.stop()
    await bench.pass_time(6 * HOUR)
    assert not complaints(entry, caplog)

    await miner.start()
    hass.states.async_set(PLUG, STATE_ON)
    await bench.pass_time(300)
    assert hass.states.get(saving).state == STATE_ON
    assert number(hass, entry, "power") < 1.3 * saved
    assert not complaints(entry, caplog)


@pytest.mark.parametrize("late", [1, 3, 5, 7, 9])
async def test_it_goes_off_while_a_profile_ends(
    bench: TimedBench,
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    late: float,
) -> None:
    """A write of ours that the plug overtakes is made up for, without a warning."""
    _, entry = await plugged(bench)
    device = (
        er.async_get(hass)
        .async_get(state_of(hass, entry, "energy").entity_id)
        .device_id
    )
    await bench.call(DOMAIN, "save_profile", {"device_id": device, "profile": "usual"})
    until = dt_util.utcnow() + timedelta(seconds=120)
    await bench.call(
        "number",
        "set_value",
        {
            "entity_id": state_of(hass, entry, "frequency", "number").entity_id,
            "value": 500,
        },
    )
    await bench.call(
        DOMAIN,
        "apply_profile",
        {"device_id": device, "profile": "usual", "until": until.isoformat()},
    )
    await bench.pass_time(100)
    caplog.clear()
    delay(entry, monkeypatch, 2)
    await bench.pass_time((until - dt_util.utcnow()).total_seconds() + late)
    hass.states.async_set(PLUG, STATE_OFF)
    await bench.pass_time(HOUR)

    assert not complaints(entry, caplog)
    assert not ir.async_get(hass).issues
    hass.states.async_set(PLUG, STATE_ON)
    await bench.pass_time(300)
    assert float(state_of(hass, entry, "frequency", "number").state) == 500
