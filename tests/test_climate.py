"""A miner that heats a room is a thermostat."""

from dataclasses import replace

from homeassistant.components.climate import ATTR_HVAC_ACTION, ATTR_PRESET_MODE
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
import pytest
from syrupy.assertion import SnapshotAssertion

from custom_components.miner_monitor.const import DOMAIN
from simulator import MinerSpec

from .conftest import AVALONS, GAMMA, MINI_3, TimedBench
from .controls import call, commands, find, shown

HEATING = replace(MINI_3, work_mode=0)
"""A Mini 3 in the stronger of its heating modes."""


async def heater(bench: TimedBench, spec: MinerSpec = HEATING) -> tuple:
    """Add a miner and return it with its heater."""
    miner = await bench.miner(spec)
    await bench.add(miner)
    return miner, find(bench.hass, "climate", "heater")


async def test_heater(
    bench: TimedBench, hass: HomeAssistant, snapshot: SnapshotAssertion
) -> None:
    """What it can be set to, and what it tells."""
    await heater(bench)
    assert shown(hass, "climate") == snapshot


@pytest.mark.parametrize(
    "spec",
    [GAMMA, *(spec for spec in AVALONS if spec is not MINI_3)],
    ids=lambda spec: spec.name,
)
async def test_only_what_heats_is_a_heater(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    await bench.add(await bench.miner(spec))
    assert hass.states.async_all("climate") == []


async def test_every_preset_has_a_text(bench: TimedBench, hass: HomeAssistant) -> None:
    _, entity_id = await heater(bench)
    texts = await async_get_translations(hass, "en", "entity", {DOMAIN})
    path = f"component.{DOMAIN}.entity.climate.heater.state_attributes.preset_mode"
    for preset in hass.states.get(entity_id).attributes["preset_modes"]:
        assert f"{path}.state.{preset}" in texts


async def test_set_point(bench: TimedBench, hass: HomeAssistant) -> None:
    miner, entity_id = await heater(bench)

    await call(bench, entity_id, "set_temperature", temperature=24)
    await bench.advance(30)

    assert commands(miner) == ["limittemp,24"]
    assert miner.device.settings["limit_temperature"] == 24
    assert hass.states.get(entity_id).attributes["temperature"] == 24


async def test_set_point_in_fahrenheit(bench: TimedBench, hass: HomeAssistant) -> None:
    """The miner takes whole degrees Celsius only."""
    hass.config.units = US_CUSTOMARY_SYSTEM
    miner, entity_id = await heater(bench)

    await call(bench, entity_id, "set_temperature", temperature=75)

    assert commands(miner) == ["limittemp,24"]


async def test_preset(bench: TimedBench, hass: HomeAssistant) -> None:
    miner, entity_id = await heater(bench)
    before = hass.states.get(entity_id).attributes[ATTR_PRESET_MODE]
    assert before == "heating_super"

    await call(bench, entity_id, "set_preset_mode", preset_mode="heating_eco")
    await bench.advance(120)

    assert commands(miner) == ["work_mode_lvl,set,0,-1"]
    assert hass.states.get(entity_id).attributes[ATTR_PRESET_MODE] == "heating_eco"


async def test_off_and_on(bench: TimedBench, hass: HomeAssistant) -> None:
    """Off is standby, in which it stays available; on goes on in the same mode."""
    miner, entity_id = await heater(bench)
    assert hass.states.get(entity_id).state == "heat"
    assert hass.states.get(entity_id).attributes[ATTR_HVAC_ACTION] == "heating"

    await call(bench, entity_id, "turn_off")
    await bench.advance(90)
    assert hass.states.get(entity_id).state == "off"
    assert hass.states.get(entity_id).attributes[ATTR_HVAC_ACTION] == "off"
    assert not miner.truth.hashing

    await call(bench, entity_id, "turn_on")
    await bench.advance(30)
    assert hass.states.get(entity_id).state == "heat"
    assert hass.states.get(entity_id).attributes[ATTR_HVAC_ACTION] == "idle"
    await bench.advance(180)
    assert hass.states.get(entity_id).attributes[ATTR_HVAC_ACTION] == "heating"
    assert [text.partition(",")[0] for text in commands(miner)] == ["softoff", "softon"]


async def test_heat_leaves_a_mode_that_is_for_something_else(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """While it mines it shows no preset; told to heat, it changes its mode."""
    miner, entity_id = await heater(bench, replace(MINI_3, work_mode=1))
    assert hass.states.get(entity_id).attributes[ATTR_PRESET_MODE] is None

    await call(bench, entity_id, "set_hvac_mode", hvac_mode="heat")
    await bench.advance(120)

    assert commands(miner) == ["work_mode_lvl,set,0,-1"]
    assert hass.states.get(entity_id).attributes[ATTR_PRESET_MODE] == "heating_eco"


async def test_heat_wakes_it_up_and_then_leaves_another_mode(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """It takes no mode with the wake-up, nor while it calibrates after it."""
    miner, entity_id = await heater(bench, replace(MINI_3, work_mode=1, standby=True))
    await bench.advance(60)
    assert hass.states.get(entity_id).state == "off"

    await call(bench, entity_id, "set_hvac_mode", hvac_mode="heat")
    await bench.advance(600)

    assert miner.truth.hashing
    assert hass.states.get(entity_id).state == "heat"
    state = hass.states.get(entity_id)
    assert state.attributes[ATTR_PRESET_MODE] == "heating_eco"


async def test_unavailable_while_away(bench: TimedBench, hass: HomeAssistant) -> None:
    miner, entity_id = await heater(bench)
    miner.inject("offline")
    await bench.advance(120)
    assert hass.states.get(entity_id).state == STATE_UNAVAILABLE
