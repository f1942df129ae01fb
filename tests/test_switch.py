"""Switches do what they say, by the way that each miner has."""

from dataclasses import replace

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
import pytest
from syrupy.assertion import SnapshotAssertion

from simulator import MinerSpec

from .conftest import (
    A1246,
    AVALONS,
    CARDS,
    GAMMA,
    GAMMA_2,
    MINI_3,
    NANO_3,
    NANO_3S,
    NERD,
    PLAIN_CGMINER,
    SUPRA,
    Q,
    TimedBench,
)
from .controls import CONTROLLED, call, commands, defaults, find, patches, shown

GAMMA_601 = "switch.gamma_601_a1b2_"


@pytest.mark.parametrize("spec", CONTROLLED, ids=lambda spec: spec.name)
async def test_switches(
    bench: TimedBench,
    hass: HomeAssistant,
    snapshot: SnapshotAssertion,
    entity_registry_enabled_by_default: None,
    spec: MinerSpec,
) -> None:
    """Which switches each model has, and how they stand."""
    await bench.add(await bench.miner(spec))
    assert shown(hass, "switch") == snapshot


async def test_defaults(bench: TimedBench, hass: HomeAssistant) -> None:
    entry = await bench.add(await bench.miner(Q))
    assert defaults(hass, entry, "switch") == {
        "auto_fan": True,
        "display": False,
        "follow_automations": True,
        "mining": True,
        "throttle": True,
    }


@pytest.mark.parametrize(
    "spec",
    [PLAIN_CGMINER, *(replace(card, cards=1) for card in CARDS)],
    ids=lambda spec: spec.name,
)
async def test_none_for_what_cannot_be_controlled(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    await bench.add(await bench.miner(spec))
    assert hass.states.async_all("switch") == []


@pytest.mark.parametrize(
    ("spec", "method", "mining"),
    [
        (GAMMA_2, "pause", True),
        (Q, "soft_off", True),
        (MINI_3, "soft_off", True),
        (NANO_3, "soft_off", True),
        (A1246, "soft_off", True),
        (NERD, "shutdown", True),
        (NANO_3S, "work_mode", False),
        (GAMMA, "settings", False),
        (SUPRA, "settings", False),
    ],
    ids=lambda value: value.name if isinstance(value, MinerSpec) else None,
)
async def test_save_power(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec, method: str, mining: bool
) -> None:
    """The miner takes less power, and works as before afterwards."""
    miner = await bench.miner(spec)
    await bench.add(miner)
    entity_id = find(hass, "switch", "save_power")
    assert hass.states.get(entity_id).state == STATE_OFF
    assert hass.states.get(entity_id).attributes["method"] == method
    assert (find(hass, "switch", "mining") is not None) is mining
    before = miner.truth.power_w

    await call(bench, entity_id, "turn_on")
    await bench.advance(180)
    assert hass.states.get(entity_id).state == STATE_ON
    assert miner.truth.power_w < 0.8 * before
    assert miner.truth.hashing is not mining

    await call(bench, entity_id, "turn_off")
    await bench.advance(420)
    assert hass.states.get(entity_id).state == STATE_OFF
    assert miner.truth.hashing
    assert miner.truth.power_w == pytest.approx(before, rel=0.1)


async def test_mining(bench: TimedBench, hass: HomeAssistant) -> None:
    """Off pauses, on resumes; neither touches the flash."""
    miner = await bench.miner(GAMMA_2)
    await bench.add(miner)
    entity_id = "switch.gamma_602_0006_mining"

    await call(bench, entity_id, "turn_off")
    assert hass.states.get(entity_id).state == STATE_OFF
    await call(bench, entity_id, "turn_on")
    await bench.advance(60)

    assert hass.states.get(entity_id).state == STATE_ON
    assert miner.truth.hashing
    posts = [r.path for r in miner.requests if r.method == "POST"]
    assert posts == ["/api/system/pause", "/api/system/resume"]
    assert miner.flash_writes == 0


async def test_mining_shows_what_was_done_at_the_miner(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Paused on its own page, it does not save power by anybody's order."""
    miner = await bench.miner(GAMMA_2)
    await bench.add(miner)
    miner.device.pause()
    await bench.advance(30)

    assert hass.states.get("switch.gamma_602_0006_mining").state == STATE_OFF
    assert hass.states.get("switch.gamma_602_0006_save_power").state == STATE_OFF


async def test_auto_fan(bench: TimedBench, hass: HomeAssistant) -> None:
    miner = await bench.miner(GAMMA)
    await bench.add(miner)

    await call(bench, f"{GAMMA_601}automatic_fan", "turn_off")
    assert hass.states.get(f"{GAMMA_601}automatic_fan").state == STATE_OFF
    await bench.advance(15)
    await call(bench, f"{GAMMA_601}automatic_fan", "turn_on")

    assert hass.states.get(f"{GAMMA_601}automatic_fan").state == STATE_ON
    assert patches(miner) == [{"autofanspeed": False}, {"autofanspeed": True}]


@pytest.mark.parametrize("spec", [Q, NANO_3S], ids=lambda spec: spec.name)
async def test_display(
    bench: TimedBench,
    hass: HomeAssistant,
    entity_registry_enabled_by_default: None,
    spec: MinerSpec,
) -> None:
    miner = await bench.miner(spec)
    await bench.add(miner)
    entity_id = find(hass, "switch", "display")

    await call(bench, entity_id, "turn_off")
    await bench.advance(30)

    assert commands(miner) == ["lcd,0:0"]
    assert miner.device.settings["lcd"] == 0
    assert hass.states.get(entity_id).state == STATE_OFF


@pytest.mark.parametrize("spec", AVALONS, ids=lambda spec: spec.name)
async def test_nothing_is_sent_at_the_start(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    """To add a miner and to restart changes nothing on it."""
    miner = await bench.miner(spec)
    entry = await bench.add(miner)
    await bench.advance(60)
    await hass.config_entries.async_reload(entry.entry_id)
    await bench.advance(60)

    assert commands(miner) == []
