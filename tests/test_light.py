"""The light of a miner is a light."""

from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
import pytest
from syrupy.assertion import SnapshotAssertion

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.light import brightness_of, percent_of
from simulator import MinerSpec

from .conftest import NANO_3, NANO_3S, TimedBench
from .controls import CONTROLLED, call, commands, defaults, find, shown

LIT = pytest.mark.usefixtures("entity_registry_enabled_by_default")


@LIT
@pytest.mark.parametrize("spec", CONTROLLED, ids=lambda spec: spec.name)
async def test_lights(
    bench: TimedBench, hass: HomeAssistant, snapshot: SnapshotAssertion, spec: MinerSpec
) -> None:
    """Which models have a light, and how it is."""
    await bench.add(await bench.miner(spec))
    assert shown(hass, "light") == snapshot


async def test_defaults(bench: TimedBench, hass: HomeAssistant) -> None:
    entry = await bench.add(await bench.miner(NANO_3S))
    assert defaults(hass, entry, "light") == {"led": False}


@LIT
@pytest.mark.parametrize("spec", [NANO_3, NANO_3S], ids=lambda spec: spec.name)
async def test_every_effect_has_a_text(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    await bench.add(await bench.miner(spec))
    texts = await async_get_translations(hass, "en", "entity", {DOMAIN})
    path = f"component.{DOMAIN}.entity.light.led.state_attributes.effect.state"
    effects = hass.states.get(find(hass, "light", "led")).attributes["effect_list"]
    assert effects
    assert all(f"{path}.{effect}" in texts for effect in effects)


@LIT
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {}),
        ({"brightness_pct": 40}, {"brightness": 102}),
        ({"rgb_color": [255, 120, 0]}, {"rgb_color": (255, 120, 0)}),
        ({"effect": "breath"}, {"effect": "breath"}),
        (
            {"brightness_pct": 100, "rgb_color": [0, 255, 0], "effect": "flash"},
            {"brightness": 255, "rgb_color": (0, 255, 0), "effect": "flash"},
        ),
    ],
)
async def test_turn_on(
    bench: TimedBench, hass: HomeAssistant, asked: dict[str, Any], expected: dict
) -> None:
    """One command; what was not asked for stays as it was."""
    miner = await bench.miner(NANO_3S)
    await bench.add(miner)
    entity_id = find(hass, "light", "led")
    assert hass.states.get(entity_id).state == STATE_OFF

    await call(bench, entity_id, "turn_on", **asked)
    await bench.advance(30)

    state = hass.states.get(entity_id)
    assert state.state == STATE_ON
    usual = {"effect": "on", "brightness": 255, "rgb_color": (5, 0, 255)}
    assert {key: state.attributes[key] for key in usual} == usual | expected
    assert [text.partition(",")[0] for text in commands(miner)] == ["ledset"]


@LIT
@pytest.mark.parametrize("spec", [NANO_3, NANO_3S], ids=lambda spec: spec.name)
async def test_on_and_off(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    miner = await bench.miner(spec)
    await bench.add(miner)
    entity_id = find(hass, "light", "led")

    await call(bench, entity_id, "turn_on")
    await bench.advance(30)
    assert hass.states.get(entity_id).state == STATE_ON
    await call(bench, entity_id, "turn_off")
    await bench.advance(30)
    assert hass.states.get(entity_id).state == STATE_OFF


def test_brightness_comes_back_as_it_was() -> None:
    """Each of the device's values survives the way to Home Assistant and back."""
    assert [percent_of(brightness_of(percent)) for percent in range(1, 101)] == list(
        range(1, 101)
    )
    assert (percent_of(1), percent_of(255), brightness_of(100)) == (1, 100, 255)
