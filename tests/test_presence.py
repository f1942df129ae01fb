"""A miner that is off, away, booting or somewhere else is normal."""

import asyncio
from dataclasses import replace
import logging
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    CONF_HOST,
    CONF_PORT,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from custom_components.miner_monitor.runtime.entries import miner_entries
from simulator import MinerSpec, SimulatedMiner

from .conftest import FLEET, GAMMA, SUPRA, ULTRA, Bench, TimedBench, move

PAUSABLE = replace(GAMMA, firmware="2.14.0")
ONLINE = "binary_sensor.gamma_601_a1b2_online"
STATUS = "sensor.gamma_601_a1b2_status"
HASH_RATE = "sensor.gamma_601_a1b2_hash_rate"


def unique_ids(hass: HomeAssistant) -> set[str]:
    """Return those of the miners' entities."""
    registry = er.async_get(hass)
    return {
        known.unique_id
        for entry in miner_entries(hass)
        for known in er.async_entries_for_config_entry(registry, entry.entry_id)
    }


def our_lines(caplog: pytest.LogCaptureFixture, level: int = logging.INFO) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= level and "custom_components" in record.name
    ]


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_away_and_back(
    bench: TimedBench, hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """Three failed polls and 45 s make a miner away, with one line each way."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    rate = hass.states.get(HASH_RATE).state
    caplog.clear()

    miner.inject("offline")
    await bench.advance(30)
    assert hass.states.get(ONLINE).state == STATE_ON
    assert hass.states.get(HASH_RATE).state == rate

    await bench.advance(60)
    assert hass.states.get(ONLINE).state == STATE_OFF
    assert hass.states.get(HASH_RATE).state == STATE_UNAVAILABLE
    assert hass.states.get("sensor.gamma_601_a1b2_blocks_found").state == "0"

    await bench.advance(600)
    miner.clear()
    await bench.advance(60)
    assert hass.states.get(ONLINE).state == STATE_ON
    assert float(hass.states.get(HASH_RATE).state) > 0.5
    lines = our_lines(caplog)
    assert len(lines) == 2
    assert "is offline" in lines[0]
    assert "is back" in lines[1]


async def test_away_is_polled_less(bench: TimedBench) -> None:
    """A miner that is away is asked once a minute, not more."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    miner.inject("html")
    await bench.advance(300)
    before = len(miner.requests)

    await bench.advance(600)

    assert 9 <= len(miner.requests) - before <= 11


async def test_one_request_per_poll(bench: TimedBench) -> None:
    """A healthy miner gets one request per interval and no others."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    await bench.advance(15)
    before = len(miner.requests)

    await bench.advance(150)

    polls = miner.requests[before:]
    assert len(polls) == 10
    assert {request.path for request in polls} == {"/api/system/info"}


async def test_no_connection_is_kept(bench: TimedBench) -> None:
    """Miners that keep connections open would run out of sockets."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    await bench.advance(60)
    for _ in range(10):
        await asyncio.sleep(0)  # lets the miner notice

    assert miner.connections == 0


async def test_start_with_a_miner_that_is_off(
    bench: TimedBench, hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """Everything is there at once, in one quiet line, and lives when it comes."""
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    expected = unique_ids(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    await miner.stop()
    caplog.clear()

    await hass.config_entries.async_setup(entry.entry_id)
    await bench.settle()
    assert entry.state is ConfigEntryState.LOADED
    assert hass.states.get(ONLINE).state == STATE_UNKNOWN
    assert hass.states.get(HASH_RATE).state == STATE_UNAVAILABLE
    await bench.advance(120)
    assert hass.states.get(ONLINE).state == STATE_OFF
    assert unique_ids(hass) == expected

    await miner.start()
    await bench.advance(180)
    assert hass.states.get(ONLINE).state == STATE_ON
    assert float(hass.states.get(HASH_RATE).state) > 0.5
    assert unique_ids(hass) == expected
    assert len(our_lines(caplog)) == 2


@pytest.mark.parametrize("moment", ["paused", "booting", "overheated"])
@pytest.mark.parametrize("again", [True, False], ids=["known", "never seen before"])
async def test_start_with_a_miner_that_does_not_hash(
    bench: TimedBench, hass: HomeAssistant, moment: str, again: bool
) -> None:
    """The entities are those of a start while it hashes."""
    miner = await bench.miner(PAUSABLE)
    entry = await bench.add(miner)
    expected = unique_ids(hass)
    if again:
        await hass.config_entries.async_unload(entry.entry_id)
    else:
        await hass.config_entries.async_remove(entry.entry_id)
        assert not unique_ids(hass)
    bring_to(miner, moment)
    await bench.advance(15)

    if again:
        await hass.config_entries.async_setup(entry.entry_id)
    else:
        await bench.add(miner)
    await bench.advance(15)

    assert hass.states.get(STATUS).state == _STATUS_OF[moment]
    assert unique_ids(hass) == expected


_STATUS_OF = {"paused": "paused", "booting": "starting", "overheated": "overheated"}


def bring_to(miner: SimulatedMiner, moment: str) -> None:
    """Make a hashing miner stop."""
    match moment:
        case "paused":
            miner.device.pause()
        case "booting":
            miner.reboot()
        case "overheated":
            miner.inject("hot", temperature=80)


async def test_permuted_addresses(bench: TimedBench, hass: HomeAssistant) -> None:
    """A new router: every miner is back under its own entities within a minute."""
    farm = await bench.start(*FLEET)
    miners = [farm[spec.name] for spec in FLEET]
    entries = [await bench.add(miner) for miner in miners]
    await bench.advance(30)
    models = {entry.entry_id: entry.runtime_data.identity.model for entry in entries}
    places = [(miner.host, miner.port) for miner in miners]
    await move(*zip(miners, places[1:] + places[:1], strict=True))

    foreign: list[str] = []

    def watch() -> None:
        for entry in entries:
            data = entry.runtime_data.data
            if data.state and data.identity.model != models[entry.entry_id]:
                foreign.append(entry.title)

    for _ in range(12):
        await bench.advance(5)
        watch()

    assert foreign == []
    for entry, miner in zip(entries, miners, strict=True):
        assert entry.data[CONF_PORT] == miner.port, entry.title
        assert entry.runtime_data.data.online is True
        rate = entry.runtime_data.data.state.hash_rate
        assert rate == pytest.approx(miner.truth.hash_rate_ths, rel=0.4)
    assert not ir.async_get(hass).issues


async def test_stranger_at_the_address(
    bench: TimedBench, hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """No value of another device, a repair that asks, and all heals by itself."""
    miner = await bench.miner(GAMMA)
    other = await bench.miner(replace(SUPRA, mac="E4:B0:63:99:99:99"))
    entry = await bench.add(miner)
    place = (miner.host, miner.port)
    miner.inject("offline")
    await move((other, place))
    caplog.clear()

    await bench.advance(20)
    assert hass.states.get(ONLINE).state == STATE_OFF
    assert hass.states.get(HASH_RATE).state == STATE_UNAVAILABLE
    await bench.advance(120)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"wrong_device_{entry.entry_id}")
    assert issue is not None
    assert issue.translation_placeholders["found"] == "Supra 401"
    assert len(our_lines(caplog)) == 1

    await other.stop()
    miner.clear("offline")
    await bench.advance(60)
    assert hass.states.get(ONLINE).state == STATE_ON
    assert not ir.async_get(hass).issues


async def lose_to_a_stranger(bench: TimedBench) -> tuple[MinerConfigEntry, str]:
    """Give a miner's address to another one for long enough to be asked."""
    miner = await bench.miner(GAMMA)
    other = await bench.miner(replace(SUPRA, mac="E4:B0:63:99:99:99"))
    entry = await bench.add(miner)
    place = (miner.host, miner.port)
    miner.inject("offline")
    await move((other, place))
    await bench.advance(120)
    issue_id = f"wrong_device_{entry.entry_id}"
    assert ir.async_get(bench.hass).async_get_issue(DOMAIN, issue_id)
    return entry, f"{place[0]}:{place[1]}"


async def test_stranger_is_left_alone(bench: TimedBench, hass: HomeAssistant) -> None:
    """A device that is not ours is asked once a minute at the most."""
    other = await bench.miner(replace(SUPRA, mac="E4:B0:63:99:99:99"))
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    place = (miner.host, miner.port)
    miner.inject("offline")
    await move((other, place))
    await bench.advance(180)
    before = len(other.requests)

    await bench.advance(600)

    assert 9 <= len(other.requests) - before <= 11


async def test_reconfigured_miner_leaves_no_repair(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """The question is taken back by whatever brings the miner back."""
    entry, _ = await lose_to_a_stranger(bench)
    moved = await bench.miner(GAMMA)
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": "reconfigure", "entry_id": entry.entry_id}
    )
    await hass.config_entries.flow.async_configure(
        flow["flow_id"], {CONF_HOST: f"{moved.host}:{moved.port}"}
    )
    await bench.settle()

    assert hass.states.get(ONLINE).state == STATE_ON
    assert not ir.async_get(hass).issues


async def test_removed_miner_leaves_no_repair(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Nobody asks for the address of a miner that is no more."""
    entry, _ = await lose_to_a_stranger(bench)

    await hass.config_entries.async_remove(entry.entry_id)

    assert not ir.async_get(hass).issues


async def test_repair_takes_the_address(
    bench: TimedBench, hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    """The repair refuses wrong addresses and heals with the right one."""
    await async_setup_component(hass, "repairs", {})
    entry, place = await lose_to_a_stranger(bench)
    moved = await bench.miner(GAMMA)

    client = await hass_client()
    flows = "/api/repairs/issues/fix"

    async def step(path: str, body: dict[str, str]) -> dict[str, Any]:
        reply = await client.post(path, json=body)
        result: dict[str, Any] = await reply.json()
        return result

    flow = await step(
        flows, {"handler": DOMAIN, "issue_id": f"wrong_device_{entry.entry_id}"}
    )
    assert flow["step_id"] == "address"
    for host, error in (
        ("", "invalid_host"),
        (place, "wrong_device"),
    ):
        flow = await step(f"{flows}/{flow['flow_id']}", {CONF_HOST: host})
        assert flow["errors"] == {CONF_HOST: error}
    flow = await step(
        f"{flows}/{flow['flow_id']}", {CONF_HOST: f"{moved.host}:{moved.port}"}
    )
    await bench.settle()

    assert flow["type"] == "create_entry"
    assert hass.states.get(ONLINE).state == STATE_ON
    assert entry.data[CONF_PORT] == moved.port
    assert not ir.async_get(hass).issues


async def test_nameless_miner_learns_its_mac(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """New firmware tells a MAC: it becomes a connection, no unique id changes."""
    miner = await bench.miner(ULTRA)
    entry = await bench.add(miner)
    before, unique_id = unique_ids(hass), entry.unique_id

    miner.update_firmware("2.12.2")
    await bench.advance(180)

    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, unique_id), entry.entry_id
    )
    assert device.connections == {("mac", miner.reply("info")["macAddr"].lower())}
    assert device.sw_version == "v2.12.2"
    assert entry.unique_id == unique_id
    assert before <= unique_ids(hass)
    assert entry.runtime_data.data.online is True


async def test_nameless_miner_is_not_its_neighbour(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A known MAC at the address of a nameless miner belongs to the other entry."""
    nameless = await bench.miner(ULTRA)
    named = await bench.miner(
        replace(ULTRA, name="named", firmware="2.4.0", mac="E4:B0:63:00:00:55")
    )
    first, second = await bench.add(nameless), await bench.add(named)
    places = (nameless.host, nameless.port), (named.host, named.port)
    await move((nameless, places[1]), (named, places[0]))

    await bench.advance(60)

    assert first.data[CONF_PORT] == nameless.port
    assert second.data[CONF_PORT] == named.port
    assert first.runtime_data.identity.mac is None


async def test_firmware_update_and_back(bench: TimedBench, hass: HomeAssistant) -> None:
    """Entities come within two polls, none is lost, nothing is reloaded."""
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    coordinator, before = entry.runtime_data, unique_ids(hass)
    polls_until_added: list[int] = []

    @callback
    def note(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        if event.data["action"] == "create":
            polls_until_added.append(len(miner.requests) - polls_before)

    hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, note)

    polls_before = len(miner.requests)
    miner.update_firmware("2.15.0")
    await bench.advance(60)
    assert polls_until_added
    # Two polls, and the question for the presets of the new firmware.
    assert max(polls_until_added) <= 3
    assert before < unique_ids(hass)
    updated = unique_ids(hass)
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, entry.unique_id), entry.entry_id
    )
    assert device.sw_version == "v2.15.0"

    miner.update_firmware("2.12.2")
    await bench.advance(120)
    assert unique_ids(hass) == updated
    assert entry.runtime_data is coordinator
    assert hass.states.get(STATUS).state == "hashing"
    assert dr.async_get(hass).async_get(device.id).sw_version == "v2.12.2"


@pytest.mark.parametrize("model", ["clone_800", "gamma_601"])
async def test_a_resting_miner_teaches_nothing(
    bench: TimedBench, hass: HomeAssistant, model: str
) -> None:
    """Sensors that a board lacks do not appear because it is paused."""
    miner = await bench.miner(replace(PAUSABLE, model=model))
    if model == "clone_800":
        miner.inject("override", values={"boardVersion": "of nobody"})
    entry = await bench.add(miner)
    await bench.advance(30)
    before, stored = unique_ids(hass), entry.data
    miner.device.pause()
    await bench.advance(30)

    await hass.config_entries.async_reload(entry.entry_id)
    await bench.advance(60)

    assert unique_ids(hass) == before
    assert entry.data is stored


@pytest.mark.parametrize("spec", FLEET, ids=lambda spec: spec.name)
async def test_nothing_is_stored_when_nothing_changed(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    """Neither polls nor a restart write to the disk."""
    entry = await bench.add(await bench.miner(spec))
    await bench.advance(60)
    before = entry.data

    await hass.config_entries.async_reload(entry.entry_id)
    await bench.advance(60)

    assert entry.data is before


async def test_unload_stops_polling(bench: TimedBench, hass: HomeAssistant) -> None:
    """Nothing is asked after an unload."""
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    assert await hass.config_entries.async_unload(entry.entry_id)
    before = len(miner.requests)

    await bench.advance(60)

    assert len(miner.requests) == before


async def test_shutdown_during_the_first_poll(
    live_bench: Bench, hass: HomeAssistant
) -> None:
    """A silent miner holds up neither the set-up nor the unload."""
    miner = await live_bench.miner(GAMMA)
    entry = await live_bench.add(miner)
    await hass.config_entries.async_unload(entry.entry_id)
    miner.inject("silent")

    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    assert hass.states.get(ONLINE).state == STATE_UNKNOWN
    assert await hass.config_entries.async_unload(entry.entry_id)
