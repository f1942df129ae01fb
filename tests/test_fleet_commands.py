"""All miners stop at once, and start one after the other."""

from dataclasses import replace
import errno
from itertools import pairwise
import json
from typing import Any
from unittest.mock import patch

from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_USER
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.miner_monitor.fleet.coordinator import async_fleet_entry

from .conftest import GAMMA, RB4, Q, TimedBench
from .controls import store_intents, stored_intents
from .fleets import MINING, RESTART_ALL, SAVE_POWER, THREE, House, build

EPSILON = 0.3
"""Seconds within which calls are made at once."""


@pytest.fixture
async def house(bench: TimedBench) -> House:
    return await build(bench)


async def turn(house: House, switch: str, on: bool) -> float:
    action = "turn_on" if on else "turn_off"
    return await house.bench.call("switch", action, {"entity_id": switch})


def state(house: House, entity_id: str) -> str:
    found = house.bench.hass.states.get(entity_id)
    assert found is not None
    return found.state


def progress_of(house: House, switch: str = SAVE_POWER) -> dict[str, Any]:
    """Return what a switch says of its last command."""
    return dict(house.bench.hass.states.get(switch).attributes)


@pytest.mark.parametrize(
    ("switch", "stopped", "running"), [(MINING, "off", "on"), (SAVE_POWER, "on", "off")]
)
async def test_all_at_once_and_one_after_the_other(
    house: House, switch: str, stopped: str, running: str
) -> None:
    """The lowest priority is the first; the call does not wait for the others."""
    await house.prefer(carl=1, anna=50)
    assert state(house, switch) == running

    await turn(house, switch, stopped == "on")
    times = [moment for moment, *_ in house.told("pause")]
    assert sorted(house.who("pause")) == ["anna", "bert", "carl"]
    assert times[-1] - times[0] <= EPSILON
    await house.bench.advance(30)
    assert state(house, switch) == stopped
    assert not any(miner.truth.hashing for miner in house.miners.values())

    assert await turn(house, switch, running == "on") <= EPSILON
    await house.bench.advance(3)
    assert house.bench.hass.states.get(switch).attributes["waiting"] == 1
    await house.bench.advance(30)
    assert house.who("resume") == ["carl", "bert", "anna"]
    times = [moment for moment, *_ in house.told("resume")]
    assert [late - early for early, late in pairwise(times)] == pytest.approx(
        [2.0, 2.0], abs=EPSILON
    )
    assert state(house, switch) == running
    assert house.bench.hass.states.get(switch).attributes["waiting"] == 0


async def test_a_new_command_ends_a_start(house: House) -> None:
    """Who had been started is stopped again; who had not been is not started."""
    await turn(house, MINING, False)
    await house.bench.advance(30)
    await turn(house, MINING, True)
    await house.bench.advance(1)
    assert house.who("resume") == ["anna"]

    await turn(house, MINING, False)
    await house.bench.advance(60)
    assert house.who("resume") == ["anna"]
    assert house.who("pause")[3:] == ["anna"]
    assert not any(miner.truth.hashing for miner in house.miners.values())

    # All three are remembered, whichever command stopped them.
    await turn(house, MINING, True)
    await house.bench.advance(30)
    assert house.who("resume")[1:] == ["anna", "bert", "carl"]


async def test_to_start_again_starts_nobody_twice(house: House) -> None:
    await turn(house, MINING, False)
    await house.bench.advance(30)
    await turn(house, MINING, True)
    await house.bench.advance(1)
    await turn(house, MINING, True)
    await house.bench.advance(30)
    assert house.who("resume") == ["anna", "bert", "carl"]


@pytest.mark.parametrize(
    ("starting", "started", "stopping", "stopped"),
    [(MINING, True, SAVE_POWER, True), (SAVE_POWER, False, MINING, False)],
    ids=["save power", "mining"],
)
async def test_the_other_switch_ends_a_start(
    house: House, starting: str, started: bool, stopping: str, stopped: bool
) -> None:
    """Whom it had not started yet stays off, and is started by the next command."""
    await turn(house, starting, not started)
    await house.bench.advance(30)
    await turn(house, starting, started)
    await house.bench.advance(1)

    await turn(house, stopping, stopped)
    await house.bench.advance(60)
    assert house.who("resume") == ["anna"]
    assert not any(miner.truth.hashing for miner in house.miners.values())

    await turn(house, stopping, not stopped)
    await house.bench.advance(30)
    await turn(house, starting, started)
    await house.bench.advance(30)
    assert all(miner.truth.hashing for miner in house.miners.values())


async def test_a_start_during_a_stop(house: House, hass: HomeAssistant) -> None:
    """It waits for the stop, so that not all start when that is over."""
    for miner in house.miners.values():
        miner.inject("silent")
    stopping = hass.async_create_task(
        hass.services.async_call(
            "switch", "turn_off", {"entity_id": MINING}, blocking=True
        )
    )
    await house.bench.advance(5)
    await turn(house, MINING, True)
    await house.bench.advance(3)
    for miner in house.miners.values():
        miner.clear("silent")
    await house.bench.advance(60)
    assert stopping.done()
    assert house.who("resume") == ["anna", "bert", "carl"]
    times = [moment for moment, *_ in house.told("resume")]
    assert min(late - early for early, late in pairwise(times)) >= 2.0 - EPSILON


async def test_names_are_not_recorded(house: House) -> None:
    """Those of a hundred miners are more than the recorder keeps of attributes."""
    info = house.bench.hass.states.get(MINING).state_info
    progress = {"waiting", "done", "total"}
    assert info["unrecorded_attributes"] == {"failed", "left_out"} | progress


async def test_only_whom_it_stopped(house: House) -> None:
    """A miner that its user paused stays so."""
    await turn(house, "switch.bert_mining", False)
    await house.bench.advance(30)
    assert state(house, MINING) == "on"

    await turn(house, MINING, False)
    await house.bench.advance(30)
    await turn(house, MINING, True)
    await house.bench.advance(30)
    assert house.who("resume") == ["anna", "carl"]
    assert not house.miners["bert"].truth.hashing


async def test_nothing_to_start(house: House) -> None:
    """It says so where a user waits for something, and is silent where it is so."""
    await turn(house, MINING, True)
    assert house.who("resume") == []

    await turn(house, "switch.bert_mining", False)
    await house.bench.advance(30)
    with pytest.raises(ServiceValidationError) as raised:
        await turn(house, MINING, True)
    assert raised.value.translation_key == "nothing_to_start"


async def test_whom_somebody_else_started(house: House) -> None:
    """It is theirs to stop from then on."""
    await turn(house, MINING, False)
    await house.bench.advance(30)
    await turn(house, "switch.bert_mining", True)
    await house.bench.advance(700)
    await turn(house, "switch.bert_mining", False)
    await house.bench.advance(30)

    await turn(house, MINING, True)
    await house.bench.advance(30)
    assert house.who("resume") == ["bert", "anna", "carl"]


@pytest.mark.parametrize("fault", ["offline", "silent"])
async def test_unreachable_ones_are_named(house: House, fault: str) -> None:
    """The others do it all the same, at once; that one is away is no error."""
    house.miners["bert"].inject(fault)
    await turn(house, SAVE_POWER, True)
    assert sorted(house.who("pause")) == ["anna", "carl"]
    shown = progress_of(house)
    assert (shown["done"], shown["failed"]) == (2, [])
    assert shown["left_out"] == [{"name": "bert", "why": "offline"}]


async def test_who_is_away_resumes_with_the_next_command(house: House) -> None:
    await turn(house, SAVE_POWER, True)
    house.miners["anna"].inject("offline")
    await house.bench.advance(120)

    await turn(house, SAVE_POWER, False)
    await house.bench.advance(30)
    assert house.who("resume") == ["bert", "carl"]
    assert progress_of(house)["left_out"] == [{"name": "anna", "why": "offline"}]

    house.miners["anna"].clear("offline")
    await house.bench.advance(120)
    assert progress_of(house)["saving"] == 1
    await turn(house, SAVE_POWER, False)
    await house.bench.advance(30)
    assert house.who("resume") == ["bert", "carl", "anna"]


async def test_remembered_through_a_reload(
    house: House, hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    await turn(house, MINING, False)
    await house.bench.advance(30)
    fleet = async_fleet_entry(hass)
    await house.bench.run(hass.config_entries.async_reload(fleet.entry_id))
    await house.bench.advance(30)

    await turn(house, MINING, True)
    await house.bench.advance(30)
    assert house.who("resume") == ["anna", "bert", "carl"]


async def test_old_backups_start_nobody(
    house: House, hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    await turn(house, MINING, False)
    fleet = async_fleet_entry(hass)
    await house.bench.run(hass.config_entries.async_unload(fleet.entry_id))
    stored = json.loads(json.dumps(hass_storage["miner_monitor.fleet"]))
    stored["data"]["stored_at"] -= 25 * 3600
    hass_storage["miner_monitor.fleet"] = stored
    intents = stored_intents(hass, "fleet")
    assert intents["intents"]["stopped"]["mining"]
    store_intents(hass, "fleet", {**intents, "saved_at": stored["data"]["stored_at"]})
    await house.bench.run(hass.config_entries.async_setup(fleet.entry_id))
    assert fleet.state is ConfigEntryState.LOADED
    await house.bench.advance(30)

    with pytest.raises(ServiceValidationError):
        await turn(house, MINING, True)
    assert house.who("resume") == []


async def test_restart_all(house: House) -> None:
    await house.prefer(bert=5)
    await house.bench.call("button", "press", {"entity_id": RESTART_ALL})
    await house.bench.advance(20)
    assert house.who("restart") == ["bert", "anna", "carl"]
    times = [moment for moment, *_ in house.told("restart")]
    assert [late - early for early, late in pairwise(times)] == pytest.approx(
        [2.0, 2.0], abs=EPSILON
    )


async def test_a_stop_ends_the_restarts(house: House) -> None:
    await house.bench.call("button", "press", {"entity_id": RESTART_ALL})
    await house.bench.advance(1)
    await turn(house, MINING, False)
    shown = progress_of(house, MINING)
    assert shown["left_out"] == [{"name": "anna", "why": "offline"}]  # It is booting.
    await house.bench.advance(30)
    assert house.who("restart") == ["anna"]
    assert sorted(house.who("pause")) == ["bert", "carl"]


async def test_a_removed_miner_is_not_waited_for(house: House) -> None:
    """Nor is the order of the others changed by it."""
    hass = house.bench.hass
    await turn(house, MINING, False)
    await house.bench.advance(30)
    await turn(house, MINING, True)
    await house.bench.run(
        hass.config_entries.async_remove(house.entries["bert"].entry_id)
    )
    await house.bench.advance(30)
    assert house.who("resume") == ["anna", "carl"]


async def test_what_cannot_be_switched_has_no_switch(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """It comes with the first miner that can."""
    await bench.add(await bench.miner(replace(RB4, cards=1)))
    assert hass.states.get(MINING) is None
    assert hass.states.get(SAVE_POWER) is None
    assert hass.states.get(RESTART_ALL) is None

    await build(bench)
    assert state_of(hass, MINING) == "on"
    assert state_of(hass, SAVE_POWER) == "off"
    assert hass.states.get(RESTART_ALL) is not None


def state_of(hass: HomeAssistant, entity_id: str) -> str:
    return hass.states.get(entity_id).state


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_priority_is_kept_without_a_reload(house: House) -> None:
    """It is there while the miner is away, and survives a reload."""
    hass, entry = house.bench.hass, house.entries["anna"]
    miner = entry.runtime_data
    assert state_of(hass, "number.anna_priority") == "10"
    house.miners["anna"].inject("offline")
    await house.bench.advance(120)
    target = {"entity_id": "number.anna_priority", "value": 3}
    await house.bench.call("number", "set_value", target)
    assert entry.runtime_data is miner
    assert entry.options["priority"] == 3

    await house.bench.run(hass.config_entries.async_reload(entry.entry_id))
    assert state_of(hass, "number.anna_priority") == "3"


@pytest.mark.parametrize("after", ["a reload", "a failure"])
async def test_a_start_goes_on_after_a_reload(house: House, after: str) -> None:
    """Options of all miners are saved, or it fails to unload cleanly, in mid-start."""
    hass = house.bench.hass
    await turn(house, SAVE_POWER, True)
    await house.bench.advance(30)
    await turn(house, SAVE_POWER, False)
    await house.bench.advance(1)
    assert house.who("resume") == ["anna"]

    fleet = async_fleet_entry(hass)
    intents = stored_intents(hass, "fleet")
    assert intents["intents"]["starting"]["throttle"]
    await house.bench.run(hass.config_entries.async_unload(fleet.entry_id))
    if after == "a failure":
        store_intents(hass, "fleet", intents)
    await house.bench.advance(20)
    assert house.who("resume") == ["anna"]
    await house.bench.run(hass.config_entries.async_setup(fleet.entry_id))
    await house.bench.advance(30)

    assert house.who("resume") == ["anna", "bert", "carl"]
    assert state(house, SAVE_POWER) == "off"
    assert "throttle" not in stored_intents(hass, "fleet")["intents"]["starting"]


async def test_a_stop_ends_a_start_that_was_to_go_on(house: House) -> None:
    hass = house.bench.hass
    await turn(house, SAVE_POWER, True)
    await house.bench.advance(30)
    await turn(house, SAVE_POWER, False)
    await house.bench.advance(1)
    await turn(house, SAVE_POWER, True)
    fleet = async_fleet_entry(hass)
    await house.bench.run(hass.config_entries.async_reload(fleet.entry_id))
    await house.bench.advance(60)

    assert house.who("resume") == ["anna"]
    assert not any(miner.truth.hashing for miner in house.miners.values())
    assert state(house, SAVE_POWER) == "on"


async def test_nobody_is_stopped_who_could_not_be_remembered(house: House) -> None:
    """A full disk: the error says so, and names what to look at."""
    full = OSError(errno.ENOSPC, "No space left on device")
    with (
        patch("homeassistant.util.file.AtomicWriter", side_effect=full),
        pytest.raises(HomeAssistantError, match="could not save"),
    ):
        await turn(house, MINING, False)
    await house.bench.advance(30)

    assert house.who("pause") == []
    await turn(house, MINING, False)
    await house.bench.advance(30)
    assert sorted(house.who("pause")) == ["anna", "bert", "carl"]


STANDBY = replace(Q, name="dora", standby=True)
REFUSES = replace(GAMMA, name="gus", hostname="gus")


async def press(house: House, key: str, context: Context) -> None:
    """Press a button of all miners in a context."""
    bench, data = house.bench, {"entity_id": f"button.all_miners_{key}"}
    await bench.run(
        bench.hass.services.async_call(
            "button", "press", data, blocking=True, context=context
        )
    )


@pytest.mark.parametrize("group", [GROUP_ID_ADMIN, GROUP_ID_USER])
async def test_save_power_on_all_with_one_of_each(
    bench: TimedBench, group: str
) -> None:
    """One works, one is in standby by its own button, one is away, one refuses."""
    user = await bench.hass.auth.async_create_user("Anna", group_ids=[group])
    hand = Context(user_id=user.id)
    house = House(bench)
    for miner in await bench.start(THREE[0], THREE[1], STANDBY, REFUSES):
        await house.add(miner)
    await bench.advance(30)
    dora, gus = house.entries["dora"].title, house.entries["gus"].title
    house.miners["bert"].inject("offline")
    house.miners["gus"].inject("patch_refused")
    await bench.advance(120)

    with pytest.raises(HomeAssistantError, match=gus) as raised:
        await press(house, "save_power_on_all", hand)
    assert "bert" not in str(raised.value)
    assert house.who("pause") == ["anna"]
    shown = progress_of(house)
    assert (shown["done"], shown["total"], shown["failed"]) == (2, 3, [gus])
    assert shown["left_out"] == [{"name": "bert", "why": "offline"}]
    await bench.advance(30)
    shown = progress_of(house)
    assert (shown["saving"], shown["controllable"]) == (2, 4)
    assert state(house, SAVE_POWER) == "off"
    reason = house.bench.hass.states.get("sensor.anna_status").attributes
    assert (reason["reason"], reason["by"]) == ("save_power", "Anna")

    house.miners["gus"].clear("patch_refused")
    await press(house, "save_power_on_all", hand)
    await bench.advance(30)
    assert state(house, SAVE_POWER) == "on"

    await press(house, "resume_all", hand)
    await bench.advance(60)
    assert house.who("resume") == ["anna"]
    assert house.miners["gus"].truth.hashing
    assert not house.miners["dora"].truth.hashing
    left_out = [{"name": dora, "why": "paused_on_device"}]
    assert progress_of(house)["left_out"] == left_out


async def test_off_resumes_whoever_saves_power_by_request(house: House) -> None:
    """Also whom the switch did not stop; not who is held, nor who was paused there."""
    await turn(house, "switch.anna_save_power", True)
    await turn(house, "switch.bert_save_power", True)
    house.miners["carl"].device.pause()
    await turn(house, "switch.bert_follow_automations", False)
    await house.bench.advance(60)
    assert house.who("pause") == ["anna", "bert"]

    await turn(house, SAVE_POWER, False)
    await house.bench.advance(30)
    assert house.who("resume") == ["anna"]
    assert progress_of(house)["left_out"] == [
        {"name": "bert", "why": "held"},
        {"name": "carl", "why": "paused_on_device"},
    ]

    # Nor does any other command of all miners touch who is held.
    await turn(house, "switch.bert_save_power", False)
    await house.bench.advance(30)
    for entity_id, on in ((SAVE_POWER, True), (MINING, False)):
        await turn(house, entity_id, on)
        await house.bench.advance(30)
        assert house.miners["bert"].truth.hashing
        assert {"name": "bert", "why": "held"} in progress_of(house, entity_id)[
            "left_out"
        ]
    await house.bench.call("button", "press", {"entity_id": RESTART_ALL})
    await house.bench.advance(60)
    assert "bert" not in house.who("restart")
