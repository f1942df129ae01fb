"""The bench of all tests: time that passes while something waits for it."""

import asyncio
from dataclasses import replace
from itertools import pairwise
import time

from homeassistant.const import CONF_SCAN_INTERVAL, STATE_ON
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
import pytest

from .conftest import GAMMA, GAMMA_2, HEX, NERD, SUPRA, TimedBench

ONLINE = "binary_sensor.gamma_601_a1b2_online"


async def test_polls_are_answered_while_time_passes(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Every poll of a healthy miner is due, asked and answered at its time."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    await bench.pass_time(15)
    before = len(miner.requests)

    await bench.pass_time(150)

    polls = [request.time for request in miner.requests[before:]]
    gaps = [later - earlier for earlier, later in pairwise(polls)]
    assert len(polls) == 10
    assert gaps == pytest.approx([15.0] * 9, abs=1.0)
    assert miner.connections == 0
    assert hass.states.get(ONLINE).state == STATE_ON


@pytest.mark.parametrize("step", [0.25, 5.0, 60.0])
async def test_a_largest_step_changes_nothing(bench: TimedBench, step: float) -> None:
    """Steps bound how far time moves at once, not what happens in it."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    await bench.pass_time(15, step)
    before = len(miner.requests)

    await bench.pass_time(60, step)

    assert len(miner.requests) - before == 4


async def test_an_hour_passes_to_the_microsecond(bench: TimedBench) -> None:
    """What passes is what was asked for, for miners and Home Assistant alike."""
    ours, theirs = bench.now, bench.hass.loop.time()

    await bench.pass_time(3600)

    assert bench.now - ours == pytest.approx(3600, abs=1e-5)
    assert bench.hass.loop.time() - theirs == pytest.approx(3600, abs=1e-5)


async def test_a_script_with_a_delay_goes_on(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A delay in an automation passes, and the polls meanwhile are answered."""
    seen = []
    hass.services.async_register("test", "seen", lambda _: seen.append(bench.now))
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "alias": "Slow",
                "triggers": {"trigger": "event", "event_type": "go"},
                "actions": [
                    {"delay": {"seconds": 40}},
                    {"action": "test.seen"},
                ],
            }
        },
    )
    await bench.pass_time(1)
    started, before = bench.now, len(miner.requests)
    hass.bus.async_fire("go")

    await bench.pass_time(39)
    assert seen == []
    await bench.pass_time(2)

    assert seen == [pytest.approx(started + 40, abs=0.1)]
    assert len(miner.requests) - before in (2, 3)


async def test_a_call_takes_the_time_it_takes(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A call that sleeps is timed to the step, with polls in between."""

    async def sleep(call: ServiceCall) -> None:
        await asyncio.sleep(call.data["seconds"])

    hass.services.async_register("test", "sleep", sleep)
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    before = len(miner.requests)

    assert await bench.call("test", "sleep", {"seconds": 0}) == 0
    assert await bench.call("test", "sleep", {"seconds": 0.3}) == pytest.approx(
        0.3, abs=1e-3
    )
    assert await bench.call("test", "sleep", {"seconds": 31}) == pytest.approx(
        31, abs=1e-3
    )
    assert len(miner.requests) - before in (2, 3)


async def test_work_in_a_thread_takes_no_time(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Files that are read and modules that are loaded hold the clock."""

    async def load(call: ServiceCall) -> None:
        for _ in range(3):
            await hass.async_add_executor_job(time.sleep, 0.02)

    hass.services.async_register("test", "load", load)

    assert await bench.call("test", "load") == 0


async def test_a_call_raises_what_it_raised(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """An error of a service is the caller's."""

    async def fail(call: ServiceCall) -> None:
        await asyncio.sleep(3)
        raise LookupError("after a while")

    hass.services.async_register("test", "fail", fail)

    with pytest.raises(LookupError, match="after a while"):
        await bench.call("test", "fail")


async def test_a_call_without_an_end_is_told(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """What waits for ever fails the test instead of hanging it."""

    async def hang(call: ServiceCall) -> None:
        await asyncio.Event().wait()

    hass.services.async_register("test", "hang", hang)

    with pytest.raises(AssertionError, match="Not done after 20 s"):
        await bench.call("test", "hang", patience=20)


async def test_a_silent_miner_runs_into_the_deadline(bench: TimedBench) -> None:
    """A request without an answer ends by its own deadline."""
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    miner.inject("silent")

    await bench.pass_time(90)

    assert entry.runtime_data.data.online is False
    miner.clear()
    await bench.pass_time(60)
    assert entry.runtime_data.data.online is True


async def test_latency_is_part_of_the_time_that_passes(bench: TimedBench) -> None:
    """A slow answer takes its time, and no real time."""
    miner = await bench.miner(replace(GAMMA, latency=0.5))
    entry = await bench.add(miner)
    await bench.pass_time(20)
    started = bench.now

    await bench.run(entry.runtime_data.async_refresh())

    assert entry.runtime_data.data.online is True
    assert bench.now - started == pytest.approx(0.5, abs=0.01)


async def test_an_hour_is_fast(bench: TimedBench) -> None:
    """Five miners and an hour of polls each five minutes cost less than a second."""
    miners = [await bench.miner(spec) for spec in (GAMMA, SUPRA, HEX, NERD, GAMMA_2)]
    for miner in miners:
        entry = await bench.add(miner)
        bench.hass.config_entries.async_update_entry(
            entry, options={CONF_SCAN_INTERVAL: 300}
        )
    await bench.pass_time(60)
    before = [len(miner.requests) for miner in miners]
    started = time.process_time()

    await bench.pass_time(3600)

    # CPU time, for others may want the processor too.
    assert time.process_time() - started < 1.0
    polls = [len(m.requests) - b for m, b in zip(miners, before, strict=True)]
    assert polls == [12] * 5
