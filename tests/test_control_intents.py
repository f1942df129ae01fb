"""What a user wants outlives heat, restarts of either side, and old backups."""

from datetime import timedelta
import json
from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from simulator import MinerSpec, SimulatedMiner
from simulator.axeos.patch import patch

from .conftest import GAMMA, GAMMA_2, HEX, SUPRA, Q, TimedBench
from .controls import find, patches, store_intents, stored_intents

pytestmark = pytest.mark.usefixtures("entity_registry_enabled_by_default")

DAY = 24 * 3600
HOT = MinerSpec(name="hot", model="gamma_601", firmware="2.12.2", seed=31)


def by_hand(miner: SimulatedMiner, **settings: Any) -> None:
    """Change settings as somebody does on the miner's own page."""
    patch(miner.device, json.dumps(settings).encode())


def settings_of(miner: SimulatedMiner) -> tuple[float, float, int]:
    """Return frequency, core voltage and whether the fan is automatic."""
    info = miner.reply("info")
    return info["frequency"], info["coreVoltage"], info["autofanspeed"]


def state_of(hass: HomeAssistant, platform: str, key: str) -> str:
    """Return the state of the one miner's entity."""
    entity_id = find(hass, platform, key)
    assert entity_id is not None
    return hass.states.get(entity_id).state


def activities(events: list[Any], known: str = "") -> list[str]:
    """Return the kinds of activity that were told since the known one."""
    told = {
        (state.state, state.attributes["event_type"]): None
        for event in events
        if (state := event.data["new_state"]) is not None
        and state.domain == "event"
        and state.attributes.get("event_type")
        and state.state != known
    }
    return [kind for _, kind in told]


async def added(
    bench: TimedBench, spec: MinerSpec
) -> tuple[SimulatedMiner, MinerConfigEntry]:
    """Start and add a miner, and wait for some polls."""
    miner = await bench.miner(spec)
    entry = await bench.add(miner)
    await bench.advance(30)
    return miner, entry


async def overheat(bench: TimedBench, miner: SimulatedMiner) -> None:
    """Let a miner overheat and come back, as its firmware does."""
    miner.inject("hot", temperature=80)
    await bench.advance(10)
    miner.clear("hot")
    await bench.advance(180)


def device_of(hass: HomeAssistant, entry: MinerConfigEntry) -> str:
    """Return the id of the miner's device."""
    registry = dr.async_get(hass)
    return dr.async_entries_for_config_entry(registry, entry.entry_id)[0].id


async def profile_for(
    bench: TimedBench, entry: MinerConfigEntry, profile: str, **end: Any
) -> None:
    """Apply a profile for a while."""
    device = device_of(bench.hass, entry)
    data = {"device_id": device, "profile": profile, **end}
    await bench.call(DOMAIN, "apply_profile", data)


@pytest.mark.parametrize("spec", [GAMMA, HEX, SUPRA], ids=lambda spec: spec.firmware)
async def test_a_derating_shows_and_is_undone(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    miner, entry = await added(bench, spec)
    before = settings_of(miner)
    assert state_of(hass, "binary_sensor", "throttled") == STATE_OFF

    await overheat(bench, miner)

    lowered = settings_of(miner)
    assert lowered[0] < before[0]
    assert lowered[1] < before[1]
    assert state_of(hass, "binary_sensor", "throttled") == STATE_ON
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"derated_{entry.entry_id}")
    assert issue is not None
    assert issue.is_fixable

    await bench.advance(600)
    button = find(hass, "button", "restore_settings")
    await bench.call("button", "press", {"entity_id": button})
    await bench.advance(60)

    assert settings_of(miner) == before
    assert state_of(hass, "binary_sensor", "throttled") == STATE_OFF
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue.issue_id) is None


async def test_a_derating_between_two_polls_shows(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner = await bench.miner(HOT)
    entry = await bench.add(miner)
    hass.config_entries.async_update_entry(entry, options={"scan_interval": 300})
    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.advance(301)
    requests = len(miner.requests)

    await overheat(bench, miner)
    assert len(miner.requests) == requests, "the story has to fit between two polls"
    assert miner.reply("info")["overheat_mode"] == 0
    await bench.advance(300)

    assert state_of(hass, "binary_sensor", "throttled") == STATE_ON


async def test_a_derating_while_home_assistant_is_down_shows(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner, entry = await added(bench, HOT)
    await bench.run(hass.config_entries.async_unload(entry.entry_id))

    await overheat(bench, miner)
    await bench.run(hass.config_entries.async_setup(entry.entry_id))
    await bench.advance(30)

    assert state_of(hass, "binary_sensor", "throttled") == STATE_ON


@pytest.mark.parametrize(
    "changes",
    [
        {"frequency": 425},
        {"frequency": 425, "coreVoltage": 1050},
        {"frequency": 425, "autofanspeed": 0, "manualFanSpeed": 100},
    ],
)
async def test_a_change_by_hand_is_no_derating(
    bench: TimedBench, hass: HomeAssistant, changes: dict[str, int]
) -> None:
    miner, _ = await added(bench, HOT)
    events = async_capture_events(hass, "state_changed")

    by_hand(miner, **changes)
    await bench.advance(60)

    assert state_of(hass, "binary_sensor", "throttled") == STATE_OFF
    assert activities(events) == ["settings_changed"]


async def test_what_is_restored_waits_until_the_chip_is_cool(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner, _ = await added(bench, HOT)
    await overheat(bench, miner)
    miner.inject("hot", temperature=66)
    await bench.advance(60)
    writes = miner.flash_writes
    button = find(hass, "button", "restore_settings")

    with pytest.raises(Exception, match="too hot"):
        await bench.call("button", "press", {"entity_id": button})

    assert miner.flash_writes == writes


async def test_a_temporary_profile_ends(bench: TimedBench, hass: HomeAssistant) -> None:
    miner, entry = await added(bench, GAMMA)
    before = settings_of(miner)

    await profile_for(bench, entry, "eco", **{"for": {"hours": 2}})
    assert settings_of(miner)[:2] == (400, 1000)
    assert state_of(hass, "select", "profile") == "eco"
    await bench.advance(7190)
    assert settings_of(miner)[:2] == (400, 1000)
    await bench.advance(60)

    assert settings_of(miner) == before
    assert patches(miner) == [
        {"frequency": 400},
        {"coreVoltage": 1000},
        {"coreVoltage": 1150},
        {"frequency": 525},
    ]


async def test_a_temporary_profile_ends_after_a_restart_of_home_assistant(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner, entry = await added(bench, GAMMA)
    before = settings_of(miner)
    await profile_for(bench, entry, "eco", **{"for": {"hours": 2}})

    await bench.run(hass.config_entries.async_unload(entry.entry_id))
    await bench.advance(3 * 3600)
    assert settings_of(miner)[:2] == (400, 1000)
    await bench.run(hass.config_entries.async_setup(entry.entry_id))
    await bench.advance(60)

    assert settings_of(miner) == before


async def test_a_temporary_profile_ends_when_the_miner_is_back(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner, entry = await added(bench, GAMMA)
    before = settings_of(miner)
    until = dt_util.now() + timedelta(hours=1)
    await profile_for(bench, entry, "eco", until=until.isoformat())

    miner.inject("offline")
    await bench.advance(2 * 3600)
    miner.clear("offline")
    await bench.advance(120)

    assert settings_of(miner) == before


async def test_of_overlapping_profiles_the_first_original_returns(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner, entry = await added(bench, GAMMA)
    before = settings_of(miner)

    await profile_for(bench, entry, "eco", **{"for": {"hours": 1}})
    await bench.advance(600)
    await profile_for(bench, entry, "high", **{"for": {"hours": 1}})
    await bench.advance(3500)
    assert settings_of(miner)[0] == 625
    await bench.advance(200)

    assert settings_of(miner) == before


async def test_a_change_by_hand_outlives_a_temporary_profile(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner, entry = await added(bench, GAMMA)
    await profile_for(bench, entry, "eco", **{"for": {"hours": 1}})
    by_hand(miner, frequency=490)
    await bench.advance(120)
    events = async_capture_events(hass, "state_changed")

    await bench.advance(3600)

    assert settings_of(miner)[0] == 490
    assert activities(events) == ["settings_changed"]


@pytest.mark.parametrize("spec", [GAMMA_2, Q], ids=["pause", "soft off"])
async def test_saving_power_is_asked_for_again_after_a_restart_of_the_miner(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    miner = await bench.miner(spec)
    await bench.add(miner)
    await bench.advance(600)
    switch = find(hass, "switch", "save_power")
    await bench.call("switch", "turn_on", {"entity_id": switch})
    await bench.advance(120)
    assert hass.states.get(switch).state == STATE_ON
    assert not miner.truth.hashing

    miner.reboot()
    await bench.advance(900)

    assert not miner.truth.hashing
    assert hass.states.get(switch).state == STATE_ON
    await bench.call("switch", "turn_off", {"entity_id": switch})
    await bench.advance(600)
    assert miner.truth.hashing


async def test_resuming_by_hand_counts(bench: TimedBench, hass: HomeAssistant) -> None:
    miner, _ = await added(bench, GAMMA_2)
    switch = find(hass, "switch", "save_power")
    await bench.call("switch", "turn_on", {"entity_id": switch})
    await bench.advance(60)
    writes = len(miner.requests)

    miner.device.resume()
    await bench.advance(600)

    assert hass.states.get(switch).state == STATE_OFF
    assert miner.truth.hashing
    assert all(request.method == "GET" for request in miner.requests[writes:])


async def test_an_old_backup_writes_nothing_and_tells_nothing(
    bench: TimedBench, hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    miner, entry = await added(bench, GAMMA)
    await profile_for(bench, entry, "eco", **{"for": {"hours": 1}})
    await bench.advance(60)
    known = state_of(hass, "event", "activity")
    await bench.run(hass.config_entries.async_unload(entry.entry_id))
    backup = hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]
    backup["saved_at"] -= 7 * DAY
    intents = stored_intents(hass, entry.entry_id)
    assert intents["intents"]["temporary"]
    intents["saved_at"] -= 7 * DAY
    store_intents(hass, entry.entry_id, intents)
    backup["derating"]["baseline"].update(frequency=500.0, core_voltage=1.1)
    by_hand(miner, autofanspeed=0, manualFanSpeed=100)
    writes = miner.flash_writes
    requests = len(miner.requests)
    events = async_capture_events(hass, "state_changed")

    await bench.run(hass.config_entries.async_setup(entry.entry_id))
    await bench.advance(2 * 3600)

    assert miner.flash_writes == writes
    assert {request.method for request in miner.requests[requests:]} == {"GET"}
    assert activities(events, known) == []
    assert state_of(hass, "binary_sensor", "throttled") == STATE_OFF
    asked = [issue_id for _, issue_id in ir.async_get(hass).issues]
    assert asked == [f"temporary_old_{entry.entry_id}"], "both values are offered"


async def test_what_a_gamma_ran_before_comes_back(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Far beyond the list of its board, and exactly so."""
    miner = await bench.miner(GAMMA)
    by_hand(miner, frequency=850, coreVoltage=1280)
    entry = await bench.add(miner)
    await bench.advance(60)
    device = device_of(hass, entry)
    assert state_of(hass, "number", "frequency") == "850.0"
    await bench.call(DOMAIN, "save_profile", {"device_id": device, "profile": "Mine"})
    switch = find(hass, "switch", "save_power")

    await bench.call("switch", "turn_on", {"entity_id": switch})
    await bench.advance(60)
    assert settings_of(miner)[:2] == (100, 1000)
    await bench.call("switch", "turn_off", {"entity_id": switch})
    await bench.advance(60)
    assert settings_of(miner)[:2] == (850, 1280)

    select = find(hass, "select", "profile")
    for profile in ("eco", "Mine"):
        data = {"entity_id": select, "option": profile}
        await bench.call("select", "select_option", data)
        await bench.advance(30)
    assert settings_of(miner)[:2] == (850, 1280)
    number = find(hass, "number", "frequency")
    with pytest.raises(Exception, match="can't be"):
        await bench.call("number", "set_value", {"entity_id": number, "value": 849})


@pytest.mark.parametrize("spec", [GAMMA_2, Q], ids=lambda spec: spec.firmware)
async def test_one_reading_before_power_is_saved(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    """What is before is read once, for what comes back and for the write itself."""
    miner, entry = await added(bench, spec)
    hass.config_entries.async_update_entry(entry, options={"scan_interval": 300})
    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.advance(1)
    polls = len(miner.requests)
    await bench.run(entry.runtime_data.async_refresh())
    poll = kinds_of(miner, polls)
    switch = find(hass, "switch", "save_power")
    begins = len(miner.requests)

    await bench.call("switch", "turn_on", {"entity_id": switch})

    sent = kinds_of(miner, begins)
    writes = [place for place, kind in enumerate(sent) if kind not in poll]
    assert writes == [len(poll)], sent
    assert sent[: len(poll)] == poll
    assert sent[len(poll) + 1 :] in (poll, []), "the read-back"


def kinds_of(miner: SimulatedMiner, since: int) -> list[str]:
    """Return what a miner was asked, without what differs from time to time."""
    return [
        f"{request.method} {request.path} {request.body}"
        for request in miner.requests[since:]
    ]
