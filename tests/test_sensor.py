"""Which entities each miner has, and what they show."""

from dataclasses import replace
import re

from homeassistant.components.sensor import SensorStateClass
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from syrupy.assertion import SnapshotAssertion

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from custom_components.miner_monitor.miners.model import Capability
from simulator import MinerSpec

from .conftest import (
    AVALONS,
    CARDS,
    FLEET,
    GAMMA,
    HEX,
    NERD,
    SUPRA,
    Q,
    TimedBench,
    states_of_miners,
)

GAMMA_215 = replace(GAMMA, firmware="2.15.0")
MODELS = (
    *FLEET,
    MinerSpec(name="max", model="max_102", firmware="2.9.0", seed=11),
    MinerSpec(name="gt", model="gt_801", firmware="2.13.0", seed=12),
    MinerSpec(name="suprahex", model="suprahex_701", firmware="2.12.2", seed=13),
    MinerSpec(name="lucky", model="luckyminer_lv08", firmware="2.0.0", seed=14),
    MinerSpec(name="zyber", model="zyber_8s", firmware="2.11.0", seed=15),
    MinerSpec(name="clone", model="clone_800", firmware="2.12.2", seed=16),
    MinerSpec(name="octaxe", model="nerdoctaxegamma", firmware="1.0.36", seed=17),
    *AVALONS,
    *(replace(spec, cards=1) for spec in CARDS),
)

MOST_ON = 24
"""Of a miner's entities, what its owner is shown without having asked for more."""


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.name)
async def test_entities(
    bench: TimedBench,
    hass: HomeAssistant,
    snapshot: SnapshotAssertion,
    spec: MinerSpec,
) -> None:
    """The keys of a model, which of them are on, and their names and units."""
    entry = await bench.add(await bench.miner(replace(spec, uptime=86_400)))
    registry = er.async_get(hass)
    rows = [
        (
            registered.domain,
            registered.unique_id.removeprefix(f"{entry.unique_id}_"),
            registered.original_name,
            str(registered.unit_of_measurement or ""),
            registered.entity_category.value if registered.entity_category else None,
            "on" if registered.disabled_by is None else "off",
        )
        for registered in er.async_entries_for_config_entry(registry, entry.entry_id)
    ]

    assert sorted(rows) == snapshot
    enabled = [(row[0], row[1]) for row in rows if row[-1] == "on"]
    assert len(enabled) <= MOST_ON, enabled
    assert len([key for domain, key in enabled if domain == "sensor"]) <= 13


@pytest.mark.parametrize("spec", FLEET, ids=lambda spec: spec.name)
async def test_device(
    bench: TimedBench,
    hass: HomeAssistant,
    snapshot: SnapshotAssertion,
    spec: MinerSpec,
) -> None:
    """One device, with all that is known of it."""
    miner = await bench.miner(spec)
    entry = await bench.add(miner)
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)

    assert device.identifiers == {(DOMAIN, entry.unique_id)}
    assert device.configuration_url == f"http://127.0.0.1:{miner.port}"
    assert {
        "connections": sorted(device.connections),
        "manufacturer": device.manufacturer,
        "model": device.model,
        "model_id": device.model_id,
        "name": device.name,
        "hw_version": device.hw_version,
        "sw_version": device.sw_version,
    } == snapshot


NEEDS_TIME = {
    *("availability_24h", "hash_rate_range_24h", "hash_rate_stability"),
    *("hash_rate_stddev_1m", "hash_rate_stddev_5m", "hash_rate_stddev_10m"),
    *("hash_rate_1h_mean", "hash_rate_24h_mean", "efficiency_24h_mean"),
    *("hash_rate_ratio", "hash_rate_session_mean", "reject_rate", "last_share"),
}
"""What is known only of some minutes or hours."""

NEEDS_A_SECOND_SETTING = {"best_efficiency_setting", "best_hash_rate_setting"}


def without_value(hass: HomeAssistant, entry: MinerConfigEntry) -> set[str]:
    """Return the keys of all sensors of a miner that show nothing."""
    missing = {
        item.unique_id.removeprefix(f"{entry.unique_id}_")
        for item in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if item.domain in ("sensor", "binary_sensor")
        and hass.states.get(item.entity_id).state in (STATE_UNAVAILABLE, STATE_UNKNOWN)
    }
    # A pool that has given no work yet has asked for no difficulty.
    return {key for key in missing if not re.fullmatch(r"pool_[2-9]_difficulty", key)}


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.name)
async def test_every_entity_has_a_value(
    bench: TimedBench,
    hass: HomeAssistant,
    entity_registry_enabled_by_default: None,
    spec: MinerSpec,
) -> None:
    """An entity exists only where a hashing miner gives it a value."""
    entry = await bench.add(await bench.miner(replace(spec, uptime=86_400)))
    await bench.advance(30)

    missing = without_value(hass, entry) - NEEDS_TIME - NEEDS_A_SECOND_SETTING
    identity = entry.runtime_data.identity
    if Capability.NETWORK_DIFFICULTY not in identity.capabilities:
        missing.discard("odds_of_block")
    if Capability.POOL_DIFFICULTY not in identity.capabilities:
        # The shares must tell first how often they come.
        missing.discard("stalled")
    assert missing == set()


@pytest.mark.parametrize("spec", [GAMMA_215, Q], ids=lambda spec: spec.name)
async def test_after_a_day_all_is_known(
    bench: TimedBench,
    hass: HomeAssistant,
    entity_registry_enabled_by_default: None,
    spec: MinerSpec,
) -> None:
    """What needs time is known after it; a minute needs polls that are frequent."""
    entry = await bench.add(await bench.miner(replace(spec, uptime=86_400)))
    hass.config_entries.async_update_entry(entry, options={"scan_interval": 120})
    await bench.advance(25 * 3600)
    hass.config_entries.async_update_entry(entry, options={"scan_interval": 15})
    await bench.advance(120)

    missing = without_value(hass, entry) - NEEDS_A_SECOND_SETTING
    assert missing == ({"odds_of_block"} if spec is Q else set())


async def test_values_are_the_miner_s(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """Each sensor shows the reply's number in its own unit."""
    miner = await bench.miner(GAMMA_215)
    await bench.add(miner)
    reply = miner.reply("info")

    def shown(key: str) -> float:
        return float(hass.states.get(f"sensor.gamma_601_a1b2_{key}").state)

    assert shown("hash_rate") == pytest.approx(reply["hashRate_1m"] / 1e3)
    assert shown("hash_rate_10_minutes") == pytest.approx(reply["hashRate_10m"] / 1e3)
    assert shown("expected_hash_rate") == pytest.approx(1.071)
    assert shown("power") == pytest.approx(reply["power"])
    assert shown("efficiency") == pytest.approx(
        reply["power"] / (reply["hashRate_1m"] / 1e3)
    )
    assert shown("chip_temperature") == pytest.approx(reply["temp"])
    assert shown("regulator_temperature") == pytest.approx(reply["vrTemp"])
    assert shown("actual_core_voltage") == pytest.approx(
        reply["coreVoltageActual"] / 1e3
    )
    assert shown("input_voltage") == pytest.approx(reply["voltage"] / 1e3)
    assert shown("actual_frequency") == pytest.approx(reply["actualFrequency"])
    assert shown("fan_1_speed") == reply["fanrpm"]
    assert shown("shares_accepted") == reply["sharesAccepted"]
    assert shown("wi_fi_signal") == reply["wifiRSSI"]
    pool = hass.states.get("sensor.gamma_601_a1b2_pool").state
    assert pool == f"{reply['stratumURL']}:{reply['stratumPort']}"
    for state in hass.states.async_all():
        assert reply["stratumUser"] not in str(state.as_dict())

    # A record counts when a second reply confirms it.
    await bench.advance(20)
    assert shown("best_difficulty") == miner.reply("info")["bestDiff"]


async def test_paused_miner_shows_no_inventions(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A hash rate of 0 is true then; a temperature or an efficiency is not."""
    miner = await bench.miner(GAMMA_215)
    await bench.add(miner)
    miner.device.pause()
    await bench.advance(30)

    def shown(key: str) -> str:
        return hass.states.get(f"sensor.gamma_601_a1b2_{key}").state

    assert shown("status") == "paused"
    assert float(shown("hash_rate")) == 0
    assert shown("efficiency") == STATE_UNKNOWN
    assert shown("hash_rate_ratio") == STATE_UNKNOWN
    assert shown("chip_temperature") == STATE_UNKNOWN
    assert float(shown("power")) > 1


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("spec", [GAMMA, SUPRA, HEX, NERD], ids=lambda spec: spec.name)
async def test_hot_miner(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    """Heat turns the alarm on."""
    miner = await bench.miner(spec)
    await bench.add(miner)
    alarm = next(
        state.entity_id
        for state in states_of_miners(hass, "binary_sensor")
        if state.entity_id.endswith("_overheating")
    )
    assert hass.states.get(alarm).state == "off"

    miner.inject("hot")
    seen = set()
    for _ in range(24):
        await bench.advance(15)
        seen.add(hass.states.get(alarm).state)

    assert "on" in seen


async def test_what_is_there_stays_as_it_is(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """An earlier version's entities stay on, in their unit, with their statistics."""
    entry = await bench.add(await bench.miner(GAMMA_215))
    await bench.run(hass.config_entries.async_unload(entry.entry_id))
    registry = er.async_get(hass)
    keys = ("overheating", "total_uptime", "block_height", "network_difficulty")
    ids = {
        item.unique_id.removeprefix(f"{entry.unique_id}_"): item.entity_id
        for item in er.async_entries_for_config_entry(registry, entry.entry_id)
        if item.domain in {"sensor", "binary_sensor"}
    }
    for key in keys[:3]:
        registry.async_update_entity(ids[key], disabled_by=None)
    for key in keys[2:]:
        registry.async_update_entity(
            ids[key], capabilities={"state_class": SensorStateClass.MEASUREMENT}
        )
    uptime = ids["total_uptime"]
    registry.async_update_entity(uptime, unit_of_measurement="s")
    registry.async_update_entity_options(uptime, "sensor.private", None)

    await bench.run(hass.config_entries.async_setup(entry.entry_id))
    await bench.advance(30)
    shown = {key: hass.states.get(ids[key]) for key in keys}
    assert shown["overheating"].state == "off"
    assert shown["total_uptime"].attributes["unit_of_measurement"] == "s"
    assert float(shown["total_uptime"].state) >= 30
    assert shown["block_height"].attributes["state_class"] == "measurement"
    assert shown["network_difficulty"] is None

    # What was off is new when it is turned on.
    registry.async_update_entity(ids["network_difficulty"], disabled_by=None)
    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.advance(30)
    difficulty = hass.states.get(ids["network_difficulty"])
    assert float(difficulty.state) > 1e9
    assert "state_class" not in difficulty.attributes


async def test_total_uptime_in_days_does_not_jump(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """What was shown in days is taken up in seconds after a restart."""
    entry = await bench.add(await bench.miner(replace(GAMMA_215, uptime=200_000)))
    entity_id = "sensor.gamma_601_a1b2_total_uptime"
    await bench.advance(20 * 60)
    before = hass.states.get(entity_id)
    assert before.attributes["unit_of_measurement"] == "d"
    total = entry.runtime_data.data.insight.uptime.total
    assert float(before.state) == pytest.approx(total / 86_400, abs=0.001)
    for _ in range(3):
        await bench.run(hass.config_entries.async_reload(entry.entry_id))
        await bench.advance(60)
    now = entry.runtime_data.data.insight.uptime.total
    assert 0 <= now - total <= 4 * 60
