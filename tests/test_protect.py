"""A miner that is critically hot saves power, if its user wants that."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.control.model import Problem
from simulator import MinerSpec, SimulatedMiner

from .conftest import GAMMA, GAMMA_2, NERD, Q, TimedBench
from .handles import Handle, take_over
from .test_control_intents import settings_of
from .test_control_repairs import Repairs, repairs

__all__ = ["repairs"]

MINUTE, DAY = 60, 24 * 3600

CRITICAL: Mapping[str, float] = {
    GAMMA.name: 73,
    GAMMA_2.name: 73,
    NERD.name: 66,
    Q.name: 111,
}
"""Temperatures above critical, below those at which the miner helps itself."""


async def guarded(
    bench: TimedBench, miner: SimulatedMiner, *, protect: bool = True
) -> Handle:
    """Add a miner with the option, in the first hour of a day."""
    handle = await take_over(bench, miner)
    entries = bench.hass.config_entries
    entries.async_update_entry(handle.entry, options={"protect": protect})
    await bench.run(entries.async_reload(handle.entry.entry_id))
    await bench.advance(10 * MINUTE)
    return handle


def throttle(handle: Handle) -> str:
    """Return whether power is saved, as it is shown."""
    return handle.hass.states.get(handle.entity("switch", "throttle")).state


async def heat(bench: TimedBench, handle: Handle, seconds: float = 60) -> None:
    """Let it be critically hot for a while, and cool down for none."""
    temperature = CRITICAL[handle.miner.spec.name]
    handle.miner.inject("hot", temperature=temperature)
    await bench.advance(seconds)


async def cool(bench: TimedBench, handle: Handle, seconds: float) -> None:
    """Let it be well below critical."""
    handle.miner.inject("hot", temperature=50)
    await bench.advance(seconds)


def issue_of(handle: Handle) -> ir.IssueEntry | None:
    name = f"{Problem.PROTECTED}_{handle.entry.entry_id}"
    return ir.async_get(handle.hass).async_get_issue(DOMAIN, name)


@pytest.mark.parametrize(
    ("spec", "saved", "back"),
    [
        (GAMMA_2, ["/api/system/pause"], ["/api/system/resume"]),
        (
            GAMMA,
            [{"frequency": 100, "coreVoltage": 1000}],
            [{"frequency": 525, "coreVoltage": 1150}],
        ),
        (Q, [r"softoff"], [r"softon"]),
        (NERD, ["/api/system/shutdown"], ["/api/system/restart"]),
    ],
    ids=lambda value: value.name if isinstance(value, MinerSpec) else None,
)
async def test_protected(
    bench: TimedBench, spec: MinerSpec, saved: list[Any], back: list[Any]
) -> None:
    """One order when it is hot, one when it is cool, and it works as before."""
    handle = await guarded(bench, await bench.miner(spec))
    power = handle.miner.truth.power_w

    await heat(bench, handle, 75)
    assert throttle(handle) == STATE_ON
    await cool(bench, handle, 8 * MINUTE)
    assert throttle(handle) == STATE_ON
    assert _orders(handle) == saved
    assert handle.miner.truth.power_w < 0.8 * power

    await bench.advance(4 * MINUTE)
    assert _orders(handle) == [*saved, *back]
    await bench.advance(5 * MINUTE)
    assert throttle(handle) == STATE_OFF
    handle.miner.clear("hot")
    await bench.advance(15 * MINUTE)
    assert handle.miner.truth.hashing
    assert handle.miner.truth.power_w == pytest.approx(power, rel=0.15)
    assert _orders(handle) == [*saved, *back]
    assert issue_of(handle) is None


def _orders(handle: Handle) -> list[Any]:
    """Return what it was told; of an Avalon's commands only their names."""
    return [
        body.partition(",")[0] if handle.is_avalon else body for body in handle.writes
    ]


async def test_not_without_the_option(bench: TimedBench) -> None:
    handle = await guarded(bench, await bench.miner(GAMMA_2), protect=False)
    await heat(bench, handle, 10 * MINUTE)
    assert handle.writes == []
    assert throttle(handle) == STATE_OFF


@pytest.mark.parametrize(("temperature", "seconds"), [(73, 29), (71, 600)])
async def test_not_at_once(
    bench: TimedBench, temperature: float, seconds: float
) -> None:
    """Heat below critical, or for a moment, is nothing that ends the work."""
    handle = await guarded(bench, await bench.miner(GAMMA_2))
    handle.miner.inject("hot", temperature=temperature)
    await bench.advance(seconds)
    handle.miner.inject("hot", temperature=60)
    await bench.advance(5 * MINUTE)
    assert handle.writes == []


async def test_not_back_while_it_is_warm(bench: TimedBench) -> None:
    """Settings keep it hashing, so the chip tells: 10 °C below critical."""
    handle = await guarded(bench, await bench.miner(GAMMA))
    await heat(bench, handle)
    assert throttle(handle) == STATE_ON
    handle.miner.inject("hot", temperature=64)
    await bench.advance(30 * MINUTE)
    assert throttle(handle) == STATE_ON
    handle.miner.inject("hot", temperature=60)
    await bench.advance(MINUTE)
    assert throttle(handle) == STATE_OFF


async def begin_of_day(bench: TimedBench) -> None:
    """Let it be just after midnight."""
    await bench.hass.config.async_set_time_zone("UTC")
    now = dt_util.now()
    passed = now - dt_util.start_of_local_day(now)
    await bench.advance(DAY - passed.total_seconds() + MINUTE)


async def three_times(bench: TimedBench, handle: Handle) -> None:
    """Let it overheat, come back and overheat again until it stays."""
    for _ in range(2):
        await heat(bench, handle)
        assert throttle(handle) == STATE_ON
        assert issue_of(handle) is None
        await cool(bench, handle, 15 * MINUTE)
        assert throttle(handle) == STATE_OFF
    await heat(bench, handle)
    assert throttle(handle) == STATE_ON
    await cool(bench, handle, 30 * MINUTE)


async def test_the_third_time_stays(bench: TimedBench, repairs: Repairs) -> None:
    """It waits for its user, whose repair lets it work again."""
    await begin_of_day(bench)
    handle = await guarded(bench, await bench.miner(GAMMA_2))
    await three_times(bench, handle)
    assert throttle(handle) == STATE_ON
    assert issue_of(handle) is not None
    written = len(handle.writes)
    assert written == 5

    form = await repairs.begin(handle, Problem.PROTECTED)
    assert (form["type"], form["step_id"]) == ("form", "confirm")
    told = form["description_placeholders"]
    path = "protected.fix_flow.step.confirm"
    assert await repairs.text(f"{path}.title", told) == (
        "Let Gamma 602 0006 work again?"
    )
    assert "third time today" in await repairs.text(f"{path}.description", told)
    assert len(handle.writes) == written
    done = await repairs.go_on(form)
    await bench.advance(2 * MINUTE)

    assert done["type"] == "create_entry"
    assert throttle(handle) == STATE_OFF
    assert handle.miner.truth.hashing
    assert issue_of(handle) is None
    assert handle.writes[written:] == ["/api/system/resume"]


async def test_the_repair_of_a_miner_that_is_away(
    bench: TimedBench, repairs: Repairs
) -> None:
    await begin_of_day(bench)
    handle = await guarded(bench, await bench.miner(GAMMA_2))
    await three_times(bench, handle)
    handle.miner.inject("offline")
    form = await repairs.begin(handle, Problem.PROTECTED)
    done = await repairs.go_on(form)
    assert (done["type"], done["reason"]) == ("abort", "failed")
    told = done["description_placeholders"]["error"]
    assert told.startswith("Gamma 602 0006 does not answer")
    handle.miner.clear("offline")
    await bench.advance(2 * MINUTE)
    assert issue_of(handle) is not None
    assert throttle(handle) == STATE_ON


async def test_what_stays_outlives_a_reload(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Also over midnight: only the user ends it."""
    await begin_of_day(bench)
    handle = await guarded(bench, await bench.miner(GAMMA_2))
    await three_times(bench, handle)
    await bench.run(hass.config_entries.async_reload(handle.entry.entry_id))
    await bench.advance(20 * MINUTE)
    assert throttle(handle) == STATE_ON
    assert issue_of(handle) is not None

    entries = hass.config_entries
    options = {"protect": True, "scan_interval": 300}
    entries.async_update_entry(handle.entry, options=options)
    await bench.run(entries.async_reload(handle.entry.entry_id))
    await bench.advance(DAY)
    assert throttle(handle) == STATE_ON
    assert issue_of(handle) is not None

    switch = {"entity_id": handle.entity("switch", "throttle")}
    await bench.call("switch", "turn_off", switch)
    await bench.advance(10 * MINUTE)
    assert handle.miner.truth.hashing
    assert issue_of(handle) is None


async def test_a_new_day_counts_anew(bench: TimedBench, hass: HomeAssistant) -> None:
    await begin_of_day(bench)
    handle = await guarded(bench, await bench.miner(GAMMA_2))
    for _ in range(2):
        await heat(bench, handle)
        await cool(bench, handle, 15 * MINUTE)
    await bench.run(hass.config_entries.async_unload(handle.entry.entry_id))
    await begin_of_day(bench)
    await bench.run(hass.config_entries.async_setup(handle.entry.entry_id))
    for _ in range(2):
        await heat(bench, handle)
        assert throttle(handle) == STATE_ON
        await cool(bench, handle, 15 * MINUTE)
        assert throttle(handle) == STATE_OFF
    assert issue_of(handle) is None


async def test_a_user_s_own_saving_goes_on(bench: TimedBench) -> None:
    """What the user switched on, before or meanwhile, only the user ends."""
    handle = await guarded(bench, await bench.miner(GAMMA))
    switch = {"entity_id": handle.entity("switch", "throttle")}
    await bench.call("switch", "turn_on", switch)
    await heat(bench, handle, 5 * MINUTE)
    await cool(bench, handle, 20 * MINUTE)
    assert throttle(handle) == STATE_ON
    assert len(handle.writes) == 1

    await bench.call("switch", "turn_off", switch)
    await bench.advance(MINUTE)
    await heat(bench, handle)
    assert len(handle.writes) == 3
    await bench.call("switch", "turn_on", switch)
    await cool(bench, handle, 20 * MINUTE)
    assert throttle(handle) == STATE_ON
    assert len(handle.writes) == 3
    await bench.call("switch", "turn_off", switch)
    await bench.advance(MINUTE)
    assert settings_of(handle.miner)[:2] == (525, 1150)


async def test_a_user_who_ends_it(bench: TimedBench) -> None:
    """It may work again at once; if it is still hot it is protected once more."""
    handle = await guarded(bench, await bench.miner(GAMMA_2))
    await heat(bench, handle)
    switch = {"entity_id": handle.entity("switch", "throttle")}
    await bench.call("switch", "turn_off", switch)
    handle.miner.inject("hot", temperature=60)
    await bench.advance(5 * MINUTE)
    assert throttle(handle) == STATE_OFF
    await heat(bench, handle, 2 * MINUTE)
    assert throttle(handle) == STATE_ON


@pytest.mark.parametrize("spec", [GAMMA, GAMMA_2], ids=lambda spec: spec.firmware)
async def test_protection_outlives_a_reload(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    """It goes on, and ends when it is cool for long enough."""
    handle = await guarded(bench, await bench.miner(spec))
    before = settings_of(handle.miner)
    await heat(bench, handle)
    assert throttle(handle) == STATE_ON
    await bench.run(hass.config_entries.async_reload(handle.entry.entry_id))
    await cool(bench, handle, 8 * MINUTE)
    assert throttle(handle) == STATE_ON
    assert len(handle.writes) == 1
    await bench.advance(5 * MINUTE)
    assert throttle(handle) == STATE_OFF
    assert settings_of(handle.miner) == before
    assert handle.miner.truth.hashing
    assert len(handle.writes) == 2


async def test_the_option_is_taken_back_meanwhile(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """What it began is ended all the same: nobody else would."""
    handle = await guarded(bench, await bench.miner(GAMMA_2))
    await heat(bench, handle)
    hass.config_entries.async_update_entry(handle.entry, options={"protect": False})
    await bench.run(hass.config_entries.async_reload(handle.entry.entry_id))
    await cool(bench, handle, 15 * MINUTE)
    assert throttle(handle) == STATE_OFF
    await heat(bench, handle, 5 * MINUTE)
    assert throttle(handle) == STATE_OFF
    assert len(handle.writes) == 2
