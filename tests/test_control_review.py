"""What a user had set outlives calls that meet each other, failures and updates."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest

from custom_components.miner_monitor.const import DOMAIN
from simulator import SimulatedMiner

from .conftest import GAMMA, GAMMA_2, NANO_3S, Q, TimedBench
from .controls import find, patches
from .test_control_intents import (
    added,
    by_hand,
    device_of,
    overheat,
    profile_for,
    settings_of,
    state_of,
)
from .test_protect import guarded, heat, throttle

DAY = 24 * 3600
MINE = {"frequency": 500, "coreVoltage": 1180}
"""Set points that no list of the board has."""


async def turn(bench: TimedBench, on: bool) -> None:
    """Save power, or no longer."""
    switch = find(bench.hass, "switch", "save_power")
    service = "turn_on" if on else "turn_off"
    await bench.call("switch", service, {"entity_id": switch})


async def apply_scene(bench: TimedBench, **entities: Any) -> None:
    """Apply a scene of entities by the ends of their names."""
    states = {}
    for name, state in entities.items():
        platform, _, key = name.partition("__")
        states[find(bench.hass, platform, key)] = state
    config = {"scene": [{"name": "Test", "entities": states}]}
    assert await async_setup_component(bench.hass, "scene", config)
    await bench.settle()
    await bench.call("scene", "turn_on", {"entity_id": "scene.test"})


async def lose(bench: TimedBench, miner: SimulatedMiner, work: Awaitable[Any]) -> None:
    """Let the miner take a change, and its Wi-Fi go before it can be asked."""
    miner.inject("patch_lost", silent=True)
    sent = len(patches(miner))
    task = asyncio.ensure_future(work)
    for _ in range(100):
        await bench.advance(0.05)
        if len(patches(miner)) > sent:
            break
    miner.inject("offline")
    await bench.advance(20)
    assert isinstance(task.exception(), HomeAssistantError)
    miner.clear("patch_lost")
    miner.clear("offline")
    await bench.advance(120)


async def test_save_power_without_a_proof_keeps_what_was_before(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner, _ = await added(bench, GAMMA)
    by_hand(miner, **MINE)
    await bench.advance(60)

    switch = {"entity_id": find(hass, "switch", "save_power")}
    call = hass.services.async_call("switch", "turn_on", switch, blocking=True)
    await lose(bench, miner, call)
    assert settings_of(miner)[:2] == (100, 1180), "the voltage waits for a proof"
    await turn(bench, on=False)
    await bench.advance(30)

    assert settings_of(miner)[:2] == (500, 1180)


async def test_a_temporary_profile_without_a_proof_ends(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner, entry = await added(bench, GAMMA)
    by_hand(miner, **MINE)
    await bench.advance(60)

    target = {"device_id": device_of(hass, entry), "profile": "eco"}
    for_an_hour = {**target, "for": {"hours": 1}}
    await lose(
        bench,
        miner,
        hass.services.async_call(DOMAIN, "apply_profile", for_an_hour, blocking=True),
    )
    assert settings_of(miner)[:2] == (400, 1180), "the voltage waits for a proof"
    await bench.advance(3600)

    assert settings_of(miner)[:2] == (500, 1180)


async def test_a_temporary_profile_that_is_taken_in_part_ends(
    bench: TimedBench,
) -> None:
    miner, entry = await added(bench, GAMMA)
    by_hand(miner, **MINE)
    await bench.advance(60)

    miner.inject("patch_clipped", values={"coreVoltage": 1180, "frequency": 400})
    with pytest.raises(HomeAssistantError):
        await profile_for(bench, entry, "eco", **{"for": {"hours": 1}})
    miner.clear("patch_clipped")
    assert settings_of(miner)[:2] == (400, 1180)
    await bench.advance(3700)

    assert settings_of(miner)[:2] == (500, 1180)


async def test_save_power_that_is_taken_in_part_keeps_what_was_before(
    bench: TimedBench,
) -> None:
    miner, _ = await added(bench, GAMMA)
    by_hand(miner, **MINE)
    await bench.advance(60)
    miner.inject("patch_clipped", values={"coreVoltage": 1180, "frequency": 100})
    with pytest.raises(HomeAssistantError):
        await turn(bench, on=True)
    miner.clear("patch_clipped")
    await bench.advance(60)

    await turn(bench, on=False)
    await bench.advance(30)

    assert settings_of(miner)[:2] == (500, 1180)


async def test_firmware_that_can_pause_comes_while_power_is_saved(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner, _ = await added(bench, GAMMA)
    await turn(bench, on=True)
    await bench.advance(60)
    assert state_of(hass, "switch", "save_power") == STATE_ON

    miner.update_firmware("2.15.0")
    await bench.advance(300)

    assert settings_of(miner)[:2] == (100, 1000)
    assert state_of(hass, "switch", "save_power") == STATE_ON
    await turn(bench, on=False)
    await bench.advance(60)
    assert settings_of(miner)[:2] == (525, 1150)
    assert state_of(hass, "switch", "save_power") == STATE_OFF
    await turn(bench, on=True)
    await bench.advance(60)
    assert not miner.truth.hashing


async def test_firmware_that_cannot_pause_comes_while_paused(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner, _ = await added(bench, GAMMA_2)
    await turn(bench, on=True)
    await bench.advance(60)
    assert state_of(hass, "switch", "save_power") == STATE_ON

    miner.update_firmware("2.12.2")
    await bench.advance(300)

    await turn(bench, on=True)
    await bench.advance(60)
    assert settings_of(miner)[:2] == (100, 1000)
    await turn(bench, on=False)
    await bench.advance(60)
    assert settings_of(miner)[:2] == (525, 1150)


@pytest.mark.parametrize("first", ["switch", "number"])
async def test_a_scene_saves_power_and_sets_a_frequency(
    bench: TimedBench, hass: HomeAssistant, first: str
) -> None:
    miner, _ = await added(bench, GAMMA)
    by_hand(miner, **MINE)
    await bench.advance(60)
    wanted = {"switch__save_power": "on", "number__frequency": "550"}
    if first == "number":
        wanted = dict(reversed(wanted.items()))

    await apply_scene(bench, **wanted)
    await bench.advance(60)
    await turn(bench, on=False)
    await bench.advance(60)

    assert settings_of(miner)[1] == 1180
    assert settings_of(miner)[0] in (500, 550)


@pytest.mark.parametrize("first", ["switch", "number"])
async def test_a_scene_leaves_the_fan_automatic(bench: TimedBench, first: str) -> None:
    """A scene that was made of all that a miner shows tells a speed as well."""
    miner, _ = await added(bench, GAMMA)
    by_hand(miner, autofanspeed=0, manualFanSpeed=100)
    await bench.advance(60)
    wanted = {"switch__automatic_fan": "on", "number__fan_duty_cycle": "40"}
    if first == "number":
        wanted = dict(reversed(wanted.items()))

    await apply_scene(bench, **wanted)
    await bench.advance(30)

    assert settings_of(miner)[2] == 1


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_saving_power_does_not_end_a_derating(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner, _ = await added(bench, GAMMA)
    before = settings_of(miner)
    await overheat(bench, miner)
    await bench.advance(600)
    assert state_of(hass, "binary_sensor", "throttled") == STATE_ON
    await turn(bench, on=True)
    await bench.advance(600)
    await turn(bench, on=False)
    await bench.advance(600)

    assert settings_of(miner)[:2] == (425, 1050)
    assert state_of(hass, "binary_sensor", "throttled") == STATE_ON
    button = find(hass, "button", "restore_settings")
    await bench.call("button", "press", {"entity_id": button})
    await bench.advance(60)
    assert settings_of(miner) == before


async def test_protected_while_a_mode_waits(bench: TimedBench) -> None:
    """What waits for its turn does not keep a hot miner from being stopped."""
    handle = await guarded(bench, await bench.miner(Q))
    mining = {"entity_id": handle.entity("switch", "mining")}
    await bench.call("switch", "turn_off", mining)
    await bench.advance(120)
    await bench.call("switch", "turn_on", mining)
    mode = {"entity_id": handle.entity("select", "work_mode"), "option": "super"}
    await bench.call("select", "select_option", mode)
    await bench.advance(45)
    assert handle.entry.runtime_data.controller.proving

    await heat(bench, handle, 90)

    assert throttle(handle) == STATE_ON
    assert not handle.miner.truth.hashing


async def test_a_frequency_set_while_saving_power_keeps_the_voltage(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner, _ = await added(bench, GAMMA)
    by_hand(miner, **MINE)
    await bench.advance(60)
    await turn(bench, on=True)
    await bench.advance(60)
    number = find(hass, "number", "frequency")
    await bench.call("number", "set_value", {"entity_id": number, "value": 525})
    await bench.advance(60)
    assert settings_of(miner)[:2] == (525, 1180)


async def test_a_temporary_profile_leaves_lowered_what_had_overheated(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner, entry = await added(bench, GAMMA)
    await overheat(bench, miner)
    await bench.advance(600)

    await profile_for(bench, entry, "eco", **{"for": {"hours": 1}})
    assert settings_of(miner)[:2] == (400, 1000)
    await bench.advance(3700)

    assert settings_of(miner)[:2] == (425, 1050)


async def test_what_a_reload_drops_is_told(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """The call had returned while the mode waited for its turn."""
    _, entry = await added(bench, NANO_3S)
    select = find(hass, "select", "work_mode")
    for mode in ("low", "mid"):
        data = {"entity_id": select, "option": mode}
        await bench.call("select", "select_option", data)

    await bench.run(hass.config_entries.async_reload(entry.entry_id))

    name = f"setting_refused_{entry.entry_id}"
    issue = ir.async_get(hass).async_get_issue(DOMAIN, name)
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert "Mid" in issue.translation_placeholders["error"]


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_the_running_pool_is_chosen_again_before_a_restart(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Flash holds pool 2, pool 1 runs; HA was restarted between."""
    miner, entry = await added(bench, GAMMA)
    pool = find(hass, "select", "pool")
    options = hass.states.get(pool).attributes["options"]
    now = hass.states.get(pool).state
    other = next(o for o in options if o != now)
    await bench.call("select", "select_option", {"entity_id": pool, "option": other})
    await bench.advance(30)
    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.advance(30)
    await bench.call("select", "select_option", {"entity_id": pool, "option": now})
    await bench.advance(30)
    miner.reboot()
    await bench.advance(120)
    assert hass.states.get(pool).state == now


async def test_off_without_on_leaves_a_chosen_mode(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    await added(bench, NANO_3S)
    select = find(hass, "select", "work_mode")
    await bench.call("select", "select_option", {"entity_id": select, "option": "low"})
    await bench.advance(120)
    switch = find(hass, "switch", "save_power")
    assert hass.states.get(switch).state == STATE_OFF
    await bench.call("switch", "turn_off", {"entity_id": switch})
    await bench.advance(180)
    assert state_of(hass, "select", "work_mode") == "low"


async def test_what_was_before_outlives_two_days_without_home_assistant(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner, entry = await added(bench, GAMMA)
    by_hand(miner, frequency=500, coreVoltage=1180)
    await bench.advance(60)
    switch = find(hass, "switch", "save_power")
    await bench.call("switch", "turn_on", {"entity_id": switch})
    await bench.advance(60)
    await bench.run(hass.config_entries.async_unload(entry.entry_id))
    await bench.advance(2 * DAY)
    await bench.run(hass.config_entries.async_setup(entry.entry_id))
    await bench.advance(60)
    await bench.call("switch", "turn_off", {"entity_id": switch})
    await bench.advance(60)
    assert settings_of(miner)[:2] == (500, 1180)
