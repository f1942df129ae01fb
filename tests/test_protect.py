"""A miner that is critically hot works less, if its user wants that."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.control.model import Problem
from custom_components.miner_monitor.miners.model import Setting
from simulator import MinerSpec, SimulatedMiner
from simulator.axeos.patch import patch

from .conftest import GAMMA, GAMMA_2, NERD, Q, TimedBench
from .handles import Handle, take_over
from .test_control_intents import settings_of
from .test_control_repairs import Repairs, repairs

__all__ = ["repairs"]

MINUTE, DAY = 60, 24 * 3600

CRITICAL: Mapping[str, float] = {
    GAMMA.name: 73,
    GAMMA_2.name: 73,
    NERD.name: 69.5,
    Q.name: 111,
}
"""Temperatures above critical, below those at which the miner helps itself."""

HEAT_UNTIL_SAVING = 4 * MINUTE
"""Longer than a step down and the time it gets to help."""

AS_BEFORE = {"frequency": [490, 525], "coreVoltage": [1100, 1150]}
"""What a Gamma was told that went one operating point down, and back."""


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


async def heat(
    bench: TimedBench, handle: Handle, seconds: float = HEAT_UNTIL_SAVING
) -> None:
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
    ("spec", "course"),
    [
        (
            GAMMA_2,
            AS_BEFORE | {"": ["/api/system/pause", "/api/system/resume"]},
        ),
        (
            GAMMA,
            {
                "frequency": [490, 100, 490, 525],
                "coreVoltage": [1100, 1000, 1100, 1150],
            },
        ),
        (Q, {"": ["softoff", "softon"]}),
        (
            NERD,
            {
                "frequency": [590, 600],
                "coreVoltage": [1140, 1150],
                "": ["/api/system/shutdown", "/api/system/restart"],
            },
        ),
    ],
    ids=lambda value: value.name if isinstance(value, MinerSpec) else None,
)
async def test_protected(
    bench: TimedBench, spec: MinerSpec, course: dict[str, list[Any]]
) -> None:
    """One point down, then it saves power; cool, both come back one after the other."""
    handle = await guarded(bench, await bench.miner(spec))
    power = handle.miner.truth.power_w

    await heat(bench, handle)
    assert throttle(handle) == STATE_ON
    await cool(bench, handle, 5 * MINUTE)
    assert throttle(handle) == STATE_ON
    assert handle.miner.truth.power_w < 0.8 * power

    await bench.advance(9 * MINUTE)
    assert throttle(handle) == STATE_OFF
    await bench.advance(15 * MINUTE)
    assert told(handle) == course
    handle.miner.clear("hot")
    await bench.advance(15 * MINUTE)
    assert handle.miner.truth.hashing
    assert handle.miner.truth.power_w == pytest.approx(power, rel=0.15)
    assert told(handle) == course
    assert issue_of(handle) is None


def told(handle: Handle) -> dict[str, list[Any]]:
    """Return what it was told: values in their order, and commands by their names."""
    found: dict[str, list[Any]] = {}
    for body in handle.writes:
        if isinstance(body, str):
            name = body.partition(",")[0] if handle.is_avalon else body
            found.setdefault("", []).append(name)
            continue
        for key, value in body.items():
            found.setdefault(key, []).append(value)
    return found


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


@pytest.mark.parametrize("spec", [GAMMA, GAMMA_2], ids=lambda spec: spec.firmware)
async def test_one_point_down_is_enough(bench: TimedBench, spec: MinerSpec) -> None:
    """After 30 s it works a little less; it comes back after 10 minutes, cool."""
    handle = await guarded(bench, await bench.miner(spec))
    handle.miner.inject("hot", temperature=73)
    await bench.advance(25)
    assert handle.writes == []
    await bench.advance(30)
    assert settings_of(handle.miner)[:2] == (490, 1100)
    handle.miner.inject("hot", temperature=70)
    await bench.advance(20 * MINUTE)
    assert throttle(handle) == STATE_OFF
    assert settings_of(handle.miner)[:2] == (490, 1100)
    await cool(bench, handle, MINUTE)
    assert settings_of(handle.miner)[:2] == (525, 1150)
    assert told(handle) == AS_BEFORE


async def test_a_step_has_two_minutes(bench: TimedBench) -> None:
    handle = await guarded(bench, await bench.miner(GAMMA_2))
    await heat(bench, handle, 50)
    assert settings_of(handle.miner)[:2] == (490, 1100)
    await bench.advance(90)
    assert throttle(handle) == STATE_OFF
    await bench.advance(45)
    assert throttle(handle) == STATE_ON
    assert handle.writes[-1] == "/api/system/pause"


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_the_target_is_cool_enough(bench: TimedBench) -> None:
    """A fan that keeps 65 °C never brings the chip to 62 °C."""
    handle = await guarded(bench, await bench.miner(GAMMA_2))
    await handle.set(Setting.TARGET_TEMPERATURE, 65)
    await heat(bench, handle, MINUTE)
    handle.miner.inject("hot", temperature=68)
    await bench.advance(15 * MINUTE)
    assert settings_of(handle.miner)[:2] == (490, 1100)
    handle.miner.inject("hot", temperature=66)
    await bench.advance(MINUTE)
    assert settings_of(handle.miner)[:2] == (525, 1150)


async def test_a_step_outlives_a_reload(bench: TimedBench, hass: HomeAssistant) -> None:
    handle = await guarded(bench, await bench.miner(GAMMA_2))
    await heat(bench, handle, MINUTE)
    await bench.run(hass.config_entries.async_unload(handle.entry.entry_id))
    handle.miner.inject("hot", temperature=50)
    await bench.run(hass.config_entries.async_setup(handle.entry.entry_id))
    await bench.advance(9 * MINUTE)
    assert settings_of(handle.miner)[:2] == (490, 1100)
    await bench.advance(2 * MINUTE)
    assert settings_of(handle.miner)[:2] == (525, 1150)
    assert told(handle) == AS_BEFORE


@pytest.mark.parametrize("by_hand", [True, False])
async def test_a_users_choice_ends_a_step(bench: TimedBench, by_hand: bool) -> None:
    """What somebody sets in the meantime stays."""
    handle = await guarded(bench, await bench.miner(GAMMA_2))
    await heat(bench, handle, MINUTE)
    await cool(bench, handle, MINUTE)
    if by_hand:
        patch(handle.miner.device, b'{"frequency": 450}')
    else:
        await handle.set(Setting.FREQUENCY, 450)
    await bench.advance(20 * MINUTE)
    voltage = 1100 if by_hand else 1150
    assert settings_of(handle.miner)[:2] == (450, voltage)
    assert throttle(handle) == STATE_OFF


async def test_a_temporary_profile_that_ends_during_a_step(bench: TimedBench) -> None:
    """What was before the profile comes back, at the end of both."""
    handle = await guarded(bench, await bench.miner(GAMMA_2))
    profile = {"device_id": handle.device_id, "profile": "High"}
    await bench.call(DOMAIN, "apply_profile", profile | {"for": {"minutes": 5}})
    assert settings_of(handle.miner)[:2] == (625, 1200)
    await heat(bench, handle, MINUTE)
    assert settings_of(handle.miner)[:2] == (600, 1150)
    await cool(bench, handle, 5 * MINUTE)
    assert settings_of(handle.miner)[:2] == (525, 1150)
    await bench.advance(20 * MINUTE)
    assert settings_of(handle.miner)[:2] == (525, 1150)


async def test_a_lower_profile_that_ends_during_a_step(bench: TimedBench) -> None:
    """What was before it is more than what is lowered: it waits for a cool chip."""
    handle = await guarded(bench, await bench.miner(GAMMA_2))
    profile = {"device_id": handle.device_id, "profile": "Eco"}
    await bench.call(DOMAIN, "apply_profile", profile | {"for": {"minutes": 5}})
    await heat(bench, handle, MINUTE)
    lower = settings_of(handle.miner)[:2]
    assert lower[0] < 400
    await cool(bench, handle, 8 * MINUTE)
    assert settings_of(handle.miner)[:2] == lower
    await bench.advance(5 * MINUTE)
    assert settings_of(handle.miner)[:2] == (525, 1150)


async def test_a_miner_that_overheats_all_the_same(bench: TimedBench) -> None:
    """Its own derating is the last resort; its repair offers what was before both."""
    handle = await guarded(bench, await bench.miner(GAMMA_2))
    await heat(bench, handle, MINUTE)
    handle.miner.inject("hot", temperature=76)
    await bench.advance(20)
    handle.miner.inject("hot", temperature=50)
    await bench.advance(20 * MINUTE)
    assert settings_of(handle.miner)[:2] == (390, 1000)
    restore = {"entity_id": handle.entity("button", "restore_settings")}
    await bench.call("button", "press", restore)
    assert settings_of(handle.miner)[:2] == (525, 1150)


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
    pauses = ["/api/system/pause", "/api/system/resume"] * 2 + ["/api/system/pause"]
    assert told(handle)[""] == pauses

    form = await repairs.begin(handle, Problem.PROTECTED)
    assert (form["type"], form["step_id"]) == ("form", "confirm")
    texts = form["description_placeholders"]
    path = "protected.fix_flow.step.confirm"
    assert await repairs.text(f"{path}.title", texts) == ("Resume Gamma 602 0006?")
    assert "third time today" in await repairs.text(f"{path}.description", texts)
    assert len(handle.writes) == written
    done = await repairs.go_on(form)
    await bench.advance(2 * MINUTE)

    assert done["type"] == "create_entry"
    assert throttle(handle) == STATE_OFF
    assert handle.miner.truth.hashing
    assert issue_of(handle) is None
    assert handle.writes[written] == "/api/system/resume"
    assert settings_of(handle.miner)[:2] == (525, 1150)


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
    assert told.startswith("Gamma 602 0006 doesn't respond")
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
    assert handle.writes == [{"frequency": 100}, {"coreVoltage": 1000}]

    await bench.call("switch", "turn_off", switch)
    await bench.advance(MINUTE)
    await heat(bench, handle)
    written = len(handle.writes)
    await bench.call("switch", "turn_on", switch)
    await cool(bench, handle, 20 * MINUTE)
    assert throttle(handle) == STATE_ON
    assert len(handle.writes) == written
    await bench.call("switch", "turn_off", switch)
    await bench.advance(MINUTE)
    assert settings_of(handle.miner)[:2] == (490, 1100)
    await bench.advance(11 * MINUTE)
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
    written = len(handle.writes)
    await bench.advance(5 * MINUTE)
    assert throttle(handle) == STATE_OFF
    await bench.advance(11 * MINUTE)
    assert settings_of(handle.miner) == before
    assert handle.miner.truth.hashing
    assert len(handle.writes) == 2 * written


async def test_the_option_is_taken_back_meanwhile(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """What it began is ended all the same: nobody else would."""
    handle = await guarded(bench, await bench.miner(GAMMA_2))
    await heat(bench, handle)
    hass.config_entries.async_update_entry(handle.entry, options={"protect": False})
    await bench.run(hass.config_entries.async_reload(handle.entry.entry_id))
    await cool(bench, handle, 25 * MINUTE)
    assert throttle(handle) == STATE_OFF
    assert settings_of(handle.miner)[:2] == (525, 1150)
    written = len(handle.writes)
    await heat(bench, handle, 5 * MINUTE)
    assert throttle(handle) == STATE_OFF
    assert len(handle.writes) == written
