"""Choices come from the device, and show what it chose."""

from dataclasses import replace

from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from syrupy.assertion import SnapshotAssertion

from custom_components.miner_monitor.miners.settings import Setting
from simulator import MinerSpec

from .conftest import (
    A1246,
    A1566,
    GAMMA,
    GAMMA_2,
    HEX,
    MINI_3,
    NANO_3,
    NANO_3S,
    Q,
    TimedBench,
)
from .controls import CONTROLLED, call, commands, defaults, find, patches, shown
from .meta.package import INTEGRATION, load_json

PROFILE = "select.gamma_601_a1b2_profile"


@pytest.mark.parametrize("spec", CONTROLLED, ids=lambda spec: spec.name)
async def test_selects(
    bench: TimedBench,
    hass: HomeAssistant,
    snapshot: SnapshotAssertion,
    entity_registry_enabled_by_default: None,
    spec: MinerSpec,
) -> None:
    """What can be chosen on each model."""
    await bench.add(await bench.miner(spec))
    assert shown(hass, "select") == snapshot


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (NANO_3S, {"pool": False, "profile": False, "work_mode": True}),
        (GAMMA, {"pool": False, "profile": True}),
    ],
    ids=["work modes", "set points"],
)
async def test_defaults(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec, expected: dict[str, bool]
) -> None:
    """The first profiles are off where there are work modes, which are the same."""
    entry = await bench.add(await bench.miner(spec))
    assert defaults(hass, entry, "select") == expected


@pytest.mark.parametrize(
    "spec", [NANO_3, NANO_3S, MINI_3, Q, A1246, A1566], ids=lambda spec: spec.name
)
async def test_every_work_mode_has_a_text(bench: TimedBench, spec: MinerSpec) -> None:
    entry = await bench.add(await bench.miner(spec))
    modes = entry.runtime_data.identity.limits.settings[Setting.WORK_MODE].choices
    assert modes
    texts = load_json(INTEGRATION / "translations" / "en.json")
    assert set(modes) <= set(texts["entity"]["select"]["work_mode"]["state"])


@pytest.mark.parametrize(
    ("spec", "mode", "sent", "number"),
    [
        (NANO_3, "low", "worklevel,set,0", 0),
        (NANO_3S, "low", "workmode,set,0", 0),
        (MINI_3, "night", "work_mode_lvl,set,2,0", 2),
        (Q, "eco", "workmode,set,0", 0),
    ],
    ids=lambda value: value.name if isinstance(value, MinerSpec) else None,
)
async def test_work_mode(
    bench: TimedBench,
    hass: HomeAssistant,
    spec: MinerSpec,
    mode: str,
    sent: str,
    number: int,
) -> None:
    """One command, and the mode is shown once the miner runs it."""
    miner = await bench.miner(replace(spec, work_mode=1))
    await bench.add(miner)
    entity_id = find(hass, "select", "work_mode")

    await call(bench, entity_id, "select_option", option=mode)
    await bench.advance(120)

    assert commands(miner) == [sent]
    assert miner.device.settings["mode"] == number
    assert hass.states.get(entity_id).state == mode


async def test_avalon_s_pool(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """An Avalon changes its pool while it runs; the user is never shown."""
    miner = await bench.miner(NANO_3S)
    await bench.add(miner)
    entity_id = find(hass, "select", "pool")
    state = hass.states.get(entity_id)
    assert state.state == "1: pool.example.com:3333"
    assert state.attributes["options"] == [
        "1: pool.example.com:3333",
        "2: backup.example.com:3334",
        "3: third.example.com:3335",
    ]
    users = {pool.user for pool in miner.device.pools}
    assert not any(user in str(state.as_dict()) for user in users)

    await call(bench, entity_id, "select_option", option="2: backup.example.com:3334")
    await bench.advance(180)

    assert hass.states.get(entity_id).state == "2: backup.example.com:3334"
    assert hass.states.get(entity_id).attributes["restart_needed"] is False


async def test_pool_that_needs_a_restart(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """The pool in use is shown, and that another waits for a restart."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    entity_id = find(hass, "select", "pool")
    first, second = hass.states.get(entity_id).attributes["options"]
    assert hass.states.get(entity_id).state == first

    await call(bench, entity_id, "select_option", option=second)
    state = hass.states.get(entity_id)
    assert patches(miner) == [{"useFallbackStratum": True}]
    assert state.attributes["restart_needed"] is True

    miner.reboot()
    await bench.advance(120)
    state = hass.states.get(entity_id)
    assert state.state == second
    assert state.attributes["restart_needed"] is False


async def test_pools_of_one_address_stay_apart(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    miner = await bench.miner(NANO_3S)
    for pool in miner.device.pools:
        pool.url = "stratum+tcp://pool.example.com:3333"
    await bench.add(miner)

    assert hass.states.get(find(hass, "select", "pool")).attributes["options"] == [
        f"{number}: pool.example.com:3333" for number in (1, 2, 3)
    ]


async def test_profiles(bench: TimedBench, hass: HomeAssistant) -> None:
    """The first ones come from the device; one is shown only while it is met."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    state = hass.states.get(PROFILE)
    assert state.attributes["options"] == ["eco", "default", "high"]
    assert state.state == "default"

    await call(bench, PROFILE, "select_option", option="eco")
    assert patches(miner) == [{"frequency": 400}, {"coreVoltage": 1000}]
    assert hass.states.get(PROFILE).state == "eco"

    await bench.advance(15)
    await call(bench, "number.gamma_601_a1b2_frequency", "set_value", value=450)
    assert hass.states.get(PROFILE).state == STATE_UNKNOWN


async def test_saved_profile_is_offered_at_once(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A name that the user gave stands there as it was given."""
    entry = await bench.add(await bench.miner(GAMMA))
    await entry.runtime_data.controller.async_save_profile("Night ☾")
    await bench.settle()
    assert "Night ☾" in hass.states.get(PROFILE).attributes["options"]

    await entry.runtime_data.controller.async_delete_profile("Night ☾")
    await bench.settle()
    assert "Night ☾" not in hass.states.get(PROFILE).attributes["options"]


async def test_no_other_option(bench: TimedBench, hass: HomeAssistant) -> None:
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    with pytest.raises(ServiceValidationError):
        await call(bench, PROFILE, "select_option", option="turbo")
    assert patches(miner) == []


@pytest.mark.parametrize("spec", [GAMMA_2, HEX], ids=lambda spec: spec.name)
async def test_options_outlive_an_absence(
    bench: TimedBench,
    hass: HomeAssistant,
    entity_registry_enabled_by_default: None,
    spec: MinerSpec,
) -> None:
    """Whoever writes an automation while the miner is off finds them."""
    miner = await bench.miner(spec)
    await bench.add(miner)
    entity_id = find(hass, "select", "pool")
    options = hass.states.get(entity_id).attributes["options"]
    assert len(options) >= 2
    miner.inject("offline")
    await bench.advance(120)

    assert hass.states.get(entity_id).attributes["options"] == options
