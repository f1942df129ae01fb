"""Trouble is told as such: what is wrong, with which value, since when."""

from typing import Any

from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest

from simulator import MinerSpec

from .conftest import GAMMA, Q, TimedBench
from .controls import find

NERDQAXE = MinerSpec(
    name="qaxe",
    model="nerdqaxeplus",
    firmware="1.0.36",
    mac="AC:A7:04:00:00:07",
    seed=7,
    uptime=86_400,
)


def shown(hass: HomeAssistant, platform: str, key: str) -> State:
    entity_id = find(hass, platform, key)
    assert entity_id is not None
    state = hass.states.get(entity_id)
    assert state is not None
    return state


def reasons(hass: HomeAssistant) -> list[str]:
    problem = shown(hass, "binary_sensor", "problem")
    found: list[str] = problem.attributes["reasons"]
    assert (problem.state == "on") is bool(found)
    return found


async def test_an_avalon_at_115_degrees_whose_fan_stands(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """It says that it hashes, and so does its status; the problem says the rest."""
    miner = await bench.miner(Q)
    await bench.add(miner)
    await bench.advance(60)
    assert reasons(hass) == []

    miner.inject("fan_stop")
    miner.inject("override", values={"TMax": 115})
    await bench.advance(60)

    assert shown(hass, "sensor", "status").state == "hashing"
    assert reasons(hass) == ["chip_hot", "fan_stopped"]
    attributes = shown(hass, "binary_sensor", "problem").attributes
    hot, _ = attributes["findings"]
    chip = float(shown(hass, "sensor", "chip_temperature").state)
    assert hot["severity"] == "critical"
    assert hot["value"] == chip > 110
    assert hot["threshold"] == attributes["limits"]["chip_temperature"]["limit"] < chip

    with pytest.raises(ServiceValidationError, match=r"115\.0 °C, limit 110 °C"):
        await bench.call(
            "select",
            "select_option",
            {"entity_id": find(hass, "select", "work_mode"), "option": "super"},
        )

    miner.clear("override")
    miner.clear("fan_stop")
    await bench.advance(3600, step=30)
    assert reasons(hass) == []
    activity = shown(hass, "event", "activity").attributes
    assert activity["event_type"] == "problem_cleared"


@pytest.mark.parametrize("spec", [NERDQAXE, GAMMA, Q], ids=lambda spec: spec.name)
async def test_a_miner_without_a_pool(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    """Two minutes of polls after the connection went, and until it is back."""
    miner = await bench.miner(spec)
    await bench.add(miner)
    await bench.advance(60)

    miner.inject("pool_lost")
    await bench.advance(90, step=5)
    assert "pool_lost" not in reasons(hass)
    await bench.advance(65, step=5)
    assert "pool_lost" in reasons(hass)
    activity = shown(hass, "event", "activity").attributes
    assert (activity["event_type"], activity["problem"]) == ("pool_lost", "pool_lost")

    miner.clear("pool_lost")
    await bench.advance(180, step=5)
    assert "pool_lost" not in reasons(hass)


@pytest.mark.parametrize(
    ("spec", "fault", "parameters", "kind"),
    [
        (GAMMA, "power_fault", {"text": "VOUT OV"}, "regulator_fault"),
        (GAMMA, "hardware_fault", {"text": "fan controller"}, "fault"),
        (Q, "psu_fault", {}, "supply_fault"),
        (NERDQAXE, "regulator_lost", {}, "regulator_fault"),
    ],
    ids=["AxeOS power", "AxeOS hardware", "Avalon supply", "NerdOS regulator"],
)
async def test_what_is_broken(
    bench: TimedBench,
    hass: HomeAssistant,
    spec: MinerSpec,
    fault: str,
    parameters: dict[str, Any],
    kind: str,
) -> None:
    """A supply and a regulator are told apart from other faults."""
    if fault == "hardware_fault":
        spec = MinerSpec(name="new", model="gamma_602", firmware="2.15.0", seed=9)
    miner = await bench.miner(spec)
    await bench.add(miner)
    await bench.advance(30)

    miner.inject(fault, **parameters)
    await bench.advance(180, step=15)

    assert shown(hass, "sensor", "status").state == "fault"
    assert kind in reasons(hass)


async def test_since_when_a_miner_is_offline(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Known also after a restart, by what was stored; nothing while it answers."""
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    await bench.advance(60)
    online = shown(hass, "binary_sensor", "online")
    assert (online.state, online.attributes["last_seen"]) == ("on", None)

    miner.inject("offline")
    await bench.advance(300, step=15)
    before = shown(hass, "binary_sensor", "online")
    assert before.state == "off"
    assert before.attributes["last_seen"].endswith("+00:00")
    await hass.config_entries.async_reload(entry.entry_id)
    await bench.advance(300, step=15)
    after = shown(hass, "binary_sensor", "online")
    assert (after.state, after.attributes["last_seen"]) == (
        "off",
        before.attributes["last_seen"],
    )


async def test_when_it_was_last_seen_is_stored_when_it_goes(
    bench: TimedBench, hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """Home Assistant may be killed, and has to know it all the same."""
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    await bench.advance(60)
    miner.inject("offline")
    await bench.advance(120, step=15)

    stored = hass_storage[f"miner_monitor.insight.{entry.entry_id}"]["data"]
    shown_at = shown(hass, "binary_sensor", "online").attributes["last_seen"]
    last_seen = dt_util.utc_from_timestamp(stored["last_seen"])
    assert last_seen.isoformat(timespec="seconds") == shown_at
