"""Avalon miners and plain cgminer, from the address to the sensor."""

from collections.abc import Callable
from dataclasses import replace
import re

from homeassistant.const import (
    ATTR_ENTITY_ID,
    STATE_OFF,
    STATE_ON,
    STATE_UNKNOWN,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from syrupy.assertion import SnapshotAssertion

from simulator import MinerSpec, SimulatedMiner

from .conftest import A1246, A1566, AVALONS, CARDS, NANO_3, PLAIN_CGMINER, Q, TimedBench

type Shown = Callable[[str], State]

RESTING_Q = replace(Q, standby=True)


def blob(miner: SimulatedMiner, key: str) -> str:
    """Return one item of the status string, by an expression of its own."""
    text = str(miner.reply("estats")["STATS"][0])
    found = re.search(rf"(?<!\w){key}\[([^\]]*)\]", text)
    assert found is not None, text
    return found[1].strip()


async def shown_by(bench: TimedBench, miner: SimulatedMiner) -> Shown:
    """Add a miner; return how to look at its entities, by their keys."""
    entry = await bench.add(miner)
    registry = er.async_get(bench.hass)

    def shown(key: str) -> State:
        domain, _, name = key.rpartition(".")
        entity_id = registry.async_get_entity_id(
            domain or "sensor", "miner_monitor", f"{entry.unique_id}_{name}"
        )
        assert entity_id is not None, key
        return bench.hass.states.get(entity_id)

    return shown


@pytest.mark.parametrize("spec", [*AVALONS, *CARDS], ids=lambda spec: spec.name)
async def test_device(
    bench: TimedBench, hass: HomeAssistant, snapshot: SnapshotAssertion, spec: MinerSpec
) -> None:
    """One device, with all that is known of it."""
    entry = await bench.add(await bench.miner(replace(spec, cards=1)))
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)

    assert {
        "connections": sorted(device.connections),
        "manufacturer": device.manufacturer,
        "model": device.model,
        "model_id": device.model_id,
        "name": device.name,
        "hw_version": device.hw_version,
        "serial_number": device.serial_number,
        "sw_version": device.sw_version,
        "named by": (entry.unique_id or "") if spec in AVALONS[:-1] else "uuid",
    } == snapshot


@pytest.mark.parametrize(
    "spec",
    [spec for spec in AVALONS if spec is not PLAIN_CGMINER],
    ids=lambda s: s.name,
)
async def test_values_are_the_miner_s(
    bench: TimedBench, entity_registry_enabled_by_default: None, spec: MinerSpec
) -> None:
    """Each sensor shows the number of the status string in its own unit."""
    miner = await bench.miner(spec)
    shown = await shown_by(bench, miner)

    def number(key: str) -> float:
        return float(shown(key).state)

    assert shown("status").state == "hashing"
    assert number("hash_rate") == pytest.approx(float(blob(miner, "GHSspd")) / 1e3)
    watts = blob(miner, "PS").split()[5 if spec is NANO_3 else 6]
    assert number("power") == float(watts)
    assert number("chip_temperature") == float(blob(miner, "TMax"))
    if spec not in (A1246, A1566):
        assert number("target_chip_temperature") == float(blob(miner, "TarT"))
    assert number("fan_speed") == float(blob(miner, "Fan1"))
    assert number("power_limit") == float(blob(miner, "MPO"))
    assert number("chips_working") == float(blob(miner, "TA"))
    summary = miner.reply("summary")["SUMMARY"][0]
    assert number("shares_accepted") == summary["Accepted"]
    pool = miner.reply("pools")["POOLS"][0]
    assert number("pool_1_accepted") == pool["Accepted"]
    assert shown("pool_1_status").state == "active"
    for state in bench.hass.states.async_all():
        assert pool["User"] not in str(state.as_dict())

    # A record counts when a second reply confirms it.
    await bench.advance(40)
    summary = miner.reply("summary")["SUMMARY"][0]
    assert number("best_difficulty") == summary["Best Share"]


async def test_standby(
    bench: TimedBench, entity_registry_enabled_by_default: None
) -> None:
    """A hash rate of 0 is true then; temperatures, fans and chips are not."""
    miner = await bench.miner(RESTING_Q)
    shown = await shown_by(bench, miner)

    assert shown("status").state == "standby"
    assert float(shown("hash_rate").state) == 0
    assert float(shown("power").state) == 17
    assert shown("binary_sensor.online").state == STATE_ON
    for key in ("chip_temperature", "fan_speed", "chip_voltage_min", "efficiency"):
        assert shown(key).state == STATE_UNKNOWN


@pytest.mark.parametrize("spec", [Q, A1246], ids=lambda spec: spec.name)
async def test_standby_or_not_the_entities_are_the_same(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    """What a miner has does not depend on what it does when it is added."""
    registry = er.async_get(hass)

    async def keys(name: str, *, standby: bool) -> set[str]:
        entry = await bench.add(
            await bench.miner(replace(spec, name=name, standby=standby))
        )
        return {
            registered.unique_id.removeprefix(f"{entry.unique_id}_")
            for registered in er.async_entries_for_config_entry(
                registry, entry.entry_id
            )
        }

    assert await keys("resting", standby=True) == await keys("busy", standby=False)


async def test_plain_cgminer(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """A cgminer that is no Avalon shows what every cgminer tells."""
    miner = await bench.miner(PLAIN_CGMINER)
    shown = await shown_by(bench, miner)
    summary = miner.reply("summary")["SUMMARY"][0]

    assert shown("status").state == "hashing"
    assert float(shown("hash_rate").state) == pytest.approx(
        summary["MHS 1m"] / 1e6, rel=0.01
    )
    assert float(shown("shares_accepted").state) == summary["Accepted"]
    pool = miner.reply("pools")["POOLS"][0]
    assert shown("pool").state in pool["URL"]
    assert shown("pool_1_status").state == "active"
    assert hass.states.async_entity_ids("button") == []


async def test_boards_have_sensors_of_their_own(
    bench: TimedBench, entity_registry_enabled_by_default: None
) -> None:
    """Each hash board of several is shown, with its own numbers."""
    miner = await bench.miner(A1246)
    shown = await shown_by(bench, miner)

    rates = [float(rate) / 1e3 for rate in blob(miner, "MGHS").split()]
    hottest = [float(chip) for chip in blob(miner, "MTmax").split()]
    assert len(rates) == 3
    for board in range(3):
        prefix = f"board_{board + 1}"
        assert float(shown(f"{prefix}_hash_rate").state) == pytest.approx(rates[board])
        assert float(shown(f"{prefix}_chip_temperature").state) == hottest[board]
    lists = shown("chip_temperature_min").attributes["chips"]
    assert [len(chips) for chips in lists] == [120, 120, 120]


async def test_restart(bench: TimedBench, hass: HomeAssistant) -> None:
    """The button reboots the miner, which does not answer that."""
    miner = await bench.miner(Q)
    shown = await shown_by(bench, miner)
    before = miner.truth.restarts

    await hass.services.async_call(
        "button",
        "press",
        {ATTR_ENTITY_ID: shown("button.restart").entity_id},
        blocking=True,
    )
    await bench.advance(90)
    assert shown("binary_sensor.online").state == STATE_OFF
    assert sum("reboot" in request.body for request in miner.requests) == 1
    await bench.advance(300)
    assert miner.truth.restarts == before + 1
    assert shown("binary_sensor.online").state == STATE_ON


async def test_a_stranger_of_the_same_model(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """The serial number tells two miners of one model apart."""
    farm = await bench.start(replace(Q, name="mine"), replace(Q, name="other"))
    mine, other = farm["mine"], farm["other"]
    shown = await shown_by(bench, mine)
    place = (mine.host, mine.port)
    await mine.stop()
    mine.close()
    await other.move(*place)
    await bench.advance(60)

    assert shown("binary_sensor.online").state == STATE_OFF


async def test_failed_polls_are_counted_by_kind(
    bench: TimedBench, entity_registry_enabled_by_default: None
) -> None:
    """Each kind of failure has its own counter."""
    miner = await bench.miner(Q)
    shown = await shown_by(bench, miner)
    assert shown("failed_polls").state == "0"

    miner.inject("offline")
    await bench.advance(15)
    miner.clear()
    miner.inject("garbage")
    await bench.advance(15)
    miner.clear()
    await bench.advance(60)

    failed = shown("failed_polls")
    assert int(failed.state) >= 2
    assert failed.attributes["refused"] >= 1
    assert failed.attributes["unreadable"] >= 1
    assert failed.attributes["timeout"] == failed.attributes["other"] == 0
    assert int(failed.state) == sum(
        failed.attributes[kind]
        for kind in (
            "timeout",
            "refused",
            "network",
            "http_status",
            "unreadable",
            "other",
        )
    )
