"""Insight inside Home Assistant: stored, resumed, told, and off with its plug."""

from collections.abc import Sequence
import copy
import logging
from typing import Any

from homeassistant.components import persistent_notification
from homeassistant.components.recorder import Recorder
from homeassistant.config_entries import RELOAD_AFTER_UPDATE_DELAY
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from custom_components.miner_monitor.runtime import restore
from custom_components.miner_monitor.runtime.ha_compat import RecordedState
from simulator import SimulatedMiner

from .conftest import GAMMA, Q, TimedBench
from .test_sensor import GAMMA_215

HOUR = 3600.0


def state_of(
    hass: HomeAssistant, entry: MinerConfigEntry, key: str, domain: str = "sensor"
) -> Any:
    """Return the state of an entity by its key."""
    entity_id = er.async_get(hass).async_get_entity_id(
        domain, DOMAIN, f"{entry.unique_id}_{key}"
    )
    assert entity_id is not None, key
    return hass.states.get(entity_id)


def number(hass: HomeAssistant, entry: MinerConfigEntry, key: str) -> float:
    return float(state_of(hass, entry, key).state)


async def test_energy_is_counted(bench: TimedBench, hass: HomeAssistant) -> None:
    """Power times time, and nothing for an outage."""
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    before = miner.truth.energy_wh
    await bench.pass_time(HOUR)

    counted = number(hass, entry, "energy")
    assert counted == pytest.approx((miner.truth.energy_wh - before) / 1e3, abs=0.0015)

    miner.inject("offline")
    await bench.pass_time(2 * HOUR)
    miner.clear("offline")
    await bench.pass_time(120)
    assert number(hass, entry, "energy") - counted < 0.002


async def test_energy_goes_on_after_a_reload(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """What was counted is stored when the entry is unloaded."""
    entry = await bench.add(await bench.miner(GAMMA))
    await bench.pass_time(HOUR)
    counted = number(hass, entry, "energy")
    assert counted > 0.01

    await hass.config_entries.async_reload(entry.entry_id)
    await bench.settle()

    assert number(hass, entry, "energy") == pytest.approx(counted, abs=0.001)


@pytest.fixture
def recorder_first(recorder_mock: Recorder) -> Recorder:
    """Have the recorder before anything is recorded."""
    return recorder_mock


@pytest.mark.parametrize("loss", ["nothing", "an old file", "a corrupt file"])
async def test_energy_goes_on_from_what_was_recorded(
    recorder_first: Recorder,
    bench: TimedBench,
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    loss: str,
) -> None:
    """A file that is old or broken costs nothing that the recorder knows."""
    entry = await bench.add(await bench.miner(GAMMA))
    await bench.pass_time(HOUR)
    counted = number(hass, entry, "energy")
    await async_wait_recording_done(hass)
    await bench.run(hass.config_entries.async_unload(entry.entry_id))
    key = f"{DOMAIN}.insight.{entry.entry_id}"
    if loss == "an old file":
        hass_storage[key]["data"]["energy"] = counted / 2
    elif loss == "a corrupt file":
        hass_storage[key]["data"] = ["\x00", 5, {"energy": "NaN"}]
    # The state of a removed entity says nothing; what the recorder has, does.
    await async_wait_recording_done(hass)

    await bench.run(hass.config_entries.async_setup(entry.entry_id))
    await bench.settle()
    await bench.settle()

    assert number(hass, entry, "energy") == pytest.approx(counted, abs=0.0011)


async def test_a_disabled_total_goes_on_once_it_is_enabled(
    recorder_first: Recorder,
    bench: TimedBench,
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The recorder is not asked for what is disabled, of each miner at each start."""
    entry = await bench.add(await bench.miner(GAMMA))
    await bench.pass_time(HOUR)
    counted = number(hass, entry, "energy")
    entity_id = state_of(hass, entry, "energy").entity_id
    await async_wait_recording_done(hass)
    await bench.run(hass.config_entries.async_unload(entry.entry_id))
    hass_storage[f"{DOMAIN}.insight.{entry.entry_id}"]["data"]["energy"] = counted / 2
    registry = er.async_get(hass)
    registry.async_update_entity(entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    await async_wait_recording_done(hass)
    asked: list[str] = []
    read = restore.last_state

    def last_state(hass: HomeAssistant, entity_id: str) -> Sequence[RecordedState]:
        asked.append(entity_id)
        return read(hass, entity_id)

    monkeypatch.setattr(restore, "last_state", last_state)
    await bench.run(hass.config_entries.async_setup(entry.entry_id))
    await bench.settle()
    assert entity_id not in asked

    registry.async_update_entity(entity_id, disabled_by=None)
    await bench.pass_time(RELOAD_AFTER_UPDATE_DELAY + 5)
    await bench.settle()

    assert entity_id in asked
    assert number(hass, entry, "energy") == pytest.approx(counted, abs=0.002)


async def test_a_new_miner_starts_at_zero(
    recorder_first: Recorder, bench: TimedBench, hass: HomeAssistant
) -> None:
    entry = await bench.add(await bench.miner(GAMMA))
    assert number(hass, entry, "energy") == 0


async def test_a_doubtful_reading_is_shown_and_not_counted(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A Q tells a power in standby that cannot be."""
    miner = await bench.miner(Q)
    entry = await bench.add(miner)
    await bench.pass_time(120)
    await bench.call(
        "switch",
        "turn_on",
        {"entity_id": state_of(hass, entry, "throttle", "switch").entity_id},
    )
    await bench.pass_time(300)
    assert state_of(hass, entry, "status").state == "standby"
    counted = number(hass, entry, "energy")
    await bench.pass_time(HOUR)

    assert number(hass, entry, "power") > 0
    # What was counted before may be written later, by less than a step.
    assert number(hass, entry, "energy") < counted + 0.001


async def test_a_removed_miner_that_comes_back_goes_on(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    await bench.pass_time(HOUR)
    counted = number(hass, entry, "energy")

    await bench.run(hass.config_entries.async_remove(entry.entry_id))
    await bench.pass_time(60)
    entry = await bench.add(miner)

    assert number(hass, entry, "energy") == pytest.approx(counted, abs=0.0011)
    await bench.run(hass.config_entries.async_remove(entry.entry_id))
    await bench.pass_time(31 * 24 * HOUR, step=24 * HOUR)
    entry = await bench.add(miner)
    assert number(hass, entry, "energy") == pytest.approx(0, abs=0.0011)


def options(hass: HomeAssistant, entry: MinerConfigEntry, **values: Any) -> None:
    hass.config_entries.async_update_entry(entry, options={**entry.options, **values})


async def plugged(
    bench: TimedBench, **values: Any
) -> tuple[SimulatedMiner, MinerConfigEntry]:
    """Add a miner whose options name a plug."""
    hass = bench.hass
    hass.states.async_set("switch.plug", "on")
    hass.states.async_set("sensor.plug", "25", {"unit_of_measurement": "W"})
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    options(hass, entry, **values)
    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.settle()
    return miner, entry


async def test_the_plug_measures_the_wall(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Its power counts in an account of its own, in its own unit, absent or not."""
    miner, entry = await plugged(bench, plug_power="sensor.plug")
    await bench.pass_time(HOUR)
    assert number(hass, entry, "wall_power") == 25
    assert number(hass, entry, "wall_energy") == pytest.approx(0.025, abs=0.0015)
    assert number(hass, entry, "energy") < 0.02
    assert number(hass, entry, "wall_efficiency") == pytest.approx(
        25 / number(hass, entry, "hash_rate"), rel=0.05
    )

    hass.states.async_set("sensor.plug", "0.05", {"unit_of_measurement": "kW"})
    await bench.pass_time(60)
    assert number(hass, entry, "wall_power") == 50
    miner.inject("offline")
    await bench.pass_time(HOUR)
    assert state_of(hass, entry, "power").state == STATE_UNAVAILABLE
    assert number(hass, entry, "wall_power") == 50
    assert number(hass, entry, "wall_energy") == pytest.approx(0.076, abs=0.003)
    hass.states.async_set("sensor.plug", STATE_UNAVAILABLE)
    await bench.pass_time(120)
    assert state_of(hass, entry, "wall_power").state == STATE_UNKNOWN


async def test_a_power_supply_wastes_a_part(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    _, entry = await plugged(bench, psu_efficiency=80, psu_constant=3, psu_capacity=100)
    await bench.pass_time(60)

    power = number(hass, entry, "power")
    assert number(hass, entry, "wall_power") == pytest.approx(power / 0.8 + 3, abs=0.5)


async def test_while_the_plug_is_off_nobody_asks(
    bench: TimedBench, hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """It is off, and nothing of that is a failure; it goes on with the plug."""
    miner, entry = await plugged(bench, plug_switch="switch.plug")
    await bench.pass_time(HOUR)
    caplog.clear()
    await miner.stop()
    hass.states.async_set("switch.plug", "off")
    await bench.settle()
    asked = len(miner.requests)
    assert state_of(hass, entry, "online", "binary_sensor").state == "off"
    await bench.pass_time(6 * HOUR)

    assert len(miner.requests) == asked
    insight = entry.runtime_data.data.insight
    assert insight.presence.availability == 100
    assert insight.presence.times_offline == 0
    assert sum(insight.failed_polls.values()) == 0

    hass.states.async_set("switch.plug", "on")
    await bench.pass_time(10)
    await miner.start()
    await bench.pass_time(120)
    assert state_of(hass, entry, "online", "binary_sensor").state == "on"
    insight = entry.runtime_data.data.insight
    assert insight.presence.times_offline == 0
    assert sum(insight.failed_polls.values()) == 0
    said = [record for record in caplog.records if record.levelno >= logging.INFO]
    assert not [record for record in said if entry.title in record.getMessage()]


async def test_what_cannot_be_done_without_power_is_told(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    _, entry = await plugged(bench, plug_switch="switch.plug")
    hass.states.async_set("switch.plug", "off")
    await bench.settle()

    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    with pytest.raises(HomeAssistantError, match="plug is off"):
        await bench.call(
            DOMAIN, "apply_settings", {"device_id": device.id, "frequency": 500}
        )


def told(hass: HomeAssistant, entry: MinerConfigEntry) -> str | None:
    return state_of(hass, entry, "activity", "event").attributes.get("event_type")


async def test_a_block_is_told_once(bench: TimedBench, hass: HomeAssistant) -> None:
    """Also one found while nobody looked; a note stays until it is read."""
    miner = await bench.miner(GAMMA_215)
    entry = await bench.add(miner)
    await bench.pass_time(60)
    assert told(hass, entry) != "block_found"
    await bench.run(hass.config_entries.async_unload(entry.entry_id))
    miner.inject("block_found")
    await bench.run(hass.config_entries.async_setup(entry.entry_id))
    await bench.pass_time(30)

    assert told(hass, entry) == "block_found"
    (note,) = persistent_notification._async_get_or_create_notifications(hass).values()
    assert entry.title in note["message"]
    at = state_of(hass, entry, "activity", "event").state
    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.pass_time(60)
    assert state_of(hass, entry, "activity", "event").state == at


async def test_a_name_is_no_markdown(bench: TimedBench, hass: HomeAssistant) -> None:
    """Notes are shown as Markdown; a name in them is a name."""
    miner = await bench.miner(GAMMA_215)
    entry = await bench.add(miner)
    await bench.pass_time(30)
    hass.config_entries.async_update_entry(
        entry, title="![x](http://a.test/c) <b>*rig*"
    )
    miner.inject("block_found")
    await bench.pass_time(30)

    (note,) = persistent_notification._async_get_or_create_notifications(hass).values()
    assert r"\!\[x\](http:\//a.test/c) \<b\>\*rig\*" in note["message"]


async def test_what_was_told_survives_a_kill(
    bench: TimedBench, hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """A block is stored as told before anything else happens."""
    miner = await bench.miner(GAMMA_215)
    entry = await bench.add(miner)
    await bench.pass_time(60)
    miner.inject("block_found")
    await bench.pass_time(35)
    assert told(hass, entry) == "block_found"
    key = f"{DOMAIN}.insight.{entry.entry_id}"
    at_the_kill = copy.deepcopy(hass_storage[key])
    at = state_of(hass, entry, "activity", "event").state

    await bench.run(hass.config_entries.async_unload(entry.entry_id))
    persistent_notification._async_get_or_create_notifications(hass).clear()
    hass_storage[key] = at_the_kill
    await bench.run(hass.config_entries.async_setup(entry.entry_id))
    await bench.pass_time(60)

    assert not persistent_notification._async_get_or_create_notifications(hass)
    assert state_of(hass, entry, "activity", "event").state == at
