"""Buttons reach the right device or say why not."""

from dataclasses import replace

from homeassistant.components.button import DOMAIN as BUTTON_DOMAIN, SERVICE_PRESS
from homeassistant.const import (
    ATTR_ENTITY_ID,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from syrupy.assertion import SnapshotAssertion

from simulator import MinerSpec

from .conftest import GAMMA, NANO_3S, SUPRA, Q, TimedBench, move, states_of_miners
from .controls import CONTROLLED, call, commands, defaults, find, patches, shown

RESTART = "button.gamma_601_a1b2_restart"
IDENTIFY = "button.gamma_601_a1b2_identify"


async def press(hass: HomeAssistant, entity_id: str) -> None:
    await hass.services.async_call(
        BUTTON_DOMAIN, SERVICE_PRESS, {ATTR_ENTITY_ID: entity_id}, blocking=True
    )


@pytest.mark.parametrize("spec", CONTROLLED, ids=lambda spec: spec.name)
async def test_buttons(
    bench: TimedBench,
    hass: HomeAssistant,
    snapshot: SnapshotAssertion,
    entity_registry_enabled_by_default: None,
    spec: MinerSpec,
) -> None:
    """What can be pressed on each model."""
    await bench.add(await bench.miner(spec))
    assert shown(hass, "button") == snapshot


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            replace(GAMMA, firmware="2.13.0"),
            {
                "dismiss_block": False,
                "identify": False,
                "restart": True,
                "use_as_normal": False,
            },
        ),
        (Q, {"reset_filter": False, "restart": True, "use_as_normal": False}),
    ],
    ids=["gamma", "q"],
)
async def test_defaults(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec, expected: dict[str, bool]
) -> None:
    entry = await bench.add(await bench.miner(spec))
    assert defaults(hass, entry, "button") == expected


async def test_restart(bench: TimedBench, hass: HomeAssistant) -> None:
    """The miner reboots, is starting, and hashes again."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)

    await press(hass, RESTART)
    assert [r.path for r in miner.requests if r.method == "POST"] == [
        "/api/system/restart"
    ]
    await bench.advance(20)
    assert miner.truth.restarts == 1
    assert hass.states.get("sensor.gamma_601_a1b2_status").state == "starting"
    await bench.advance(120)
    assert hass.states.get("sensor.gamma_601_a1b2_status").state == "hashing"


async def test_identify(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """The display greets; pressing again does not switch that off."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)

    await press(hass, IDENTIFY)
    await press(hass, IDENTIFY)

    posts = [r.path for r in miner.requests if r.method == "POST"]
    assert posts == ["/api/system/identify"]


async def test_dismiss_block(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """The celebration ends; the block stays counted."""
    miner = await bench.miner(replace(GAMMA, firmware="2.13.0"))
    await bench.add(miner)
    miner.inject("block_found")
    await bench.advance(30)
    assert miner.reply("info")["showNewBlock"]

    await call(bench, find(hass, "button", "dismiss_block"), "press")

    assert not miner.reply("info")["showNewBlock"]
    assert hass.states.get(find(hass, "sensor", "blocks_found")).state == "1"


@pytest.mark.parametrize("spec", [Q, NANO_3S], ids=lambda spec: spec.name)
async def test_reset_filter(
    bench: TimedBench,
    hass: HomeAssistant,
    entity_registry_enabled_by_default: None,
    spec: MinerSpec,
) -> None:
    """The filter's age begins anew."""
    miner = await bench.miner(spec)
    await bench.add(miner)
    age = find(hass, "sensor", "filter_age")
    assert float(hass.states.get(age).state) > 10_000

    await call(bench, find(hass, "button", "reset_filter_age"), "press")
    await bench.advance(330)

    assert commands(miner) == ["filter-clean,1"]
    assert float(hass.states.get(age).state) < 10


async def test_restore_settings(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """After an overheat the settings from before come back, fan included.

    There is no button before there is something to restore; then it stays.
    """
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    await bench.advance(30)
    restore = "button.gamma_601_a1b2_restore_settings"
    throttled = "binary_sensor.gamma_601_a1b2_throttled"
    assert hass.states.get(restore) is None
    assert hass.states.get(throttled).state == STATE_OFF

    miner.inject("hot", temperature=80)
    await bench.advance(15)
    miner.clear("hot")
    await bench.advance(600)
    assert miner.reply("info")["frequency"] == 425
    assert hass.states.get(throttled).state == STATE_ON
    assert hass.states.get(restore).state != STATE_UNAVAILABLE

    await call(bench, restore, "press")
    await bench.advance(30)

    first, second = patches(miner)
    assert (first["coreVoltage"], second) == (1150, {"frequency": 525})
    reply = miner.reply("info")
    assert (reply["frequency"], reply["coreVoltage"]) == (525, 1150)
    assert reply["autofanspeed"] == 1
    assert hass.states.get(throttled).state == STATE_OFF
    assert hass.states.get(restore).state == STATE_UNAVAILABLE
    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    assert hass.states.get(restore).state == STATE_UNAVAILABLE


async def test_setting_writes(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """What went to flash is counted, what changed nothing is not."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    counter = "sensor.gamma_601_a1b2_setting_writes"
    frequency = "number.gamma_601_a1b2_frequency"
    assert hass.states.get(counter).state == "0"

    for value in (490, 490, 550):
        await call(bench, frequency, "set_value", value=value)
        await bench.advance(30)

    assert hass.states.get(counter).state == "2"
    assert [body["frequency"] for body in patches(miner)] == [490, 550]
    miner.inject("offline")
    await bench.advance(120)
    assert hass.states.get(counter).state == "2"


async def test_only_what_the_firmware_knows(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """Firmware before 2.12 cannot identify itself."""
    await bench.add(await bench.miner(SUPRA))

    buttons = {state.entity_id for state in states_of_miners(hass, "button")}
    assert buttons == {
        "button.supra_401_0002_restart",
        "button.supra_401_0002_use_present_settings_as_normal",
    }


async def test_command_of_newer_firmware_is_unavailable_after_a_downgrade(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """The button stays, for the next update, but cannot be pressed."""
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    miner.update_firmware("2.10.1")
    await bench.advance(120)

    for _ in range(2):
        assert hass.states.get(IDENTIFY).state == STATE_UNAVAILABLE
        assert not hass.states.get(IDENTIFY).attributes.get("restored")
        assert hass.states.get(RESTART).state != STATE_UNAVAILABLE
        await hass.config_entries.async_reload(entry.entry_id)
        await bench.settle()


@pytest.mark.parametrize(
    ("fault", "parameters", "key"),
    [
        ("offline", {}, "cannot_connect"),
        ("unauthorized", {}, "refused"),
        ("unauthorized", {"realm": "AxeOS"}, "password_required"),
        ("html", {}, "command_failed"),
    ],
)
async def test_failures_are_told(
    bench: TimedBench,
    hass: HomeAssistant,
    fault: str,
    parameters: dict[str, str],
    key: str,
) -> None:
    """The error names the miner and what happened."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    miner.inject(fault, **parameters)

    with pytest.raises(HomeAssistantError) as caught:
        await press(hass, RESTART)

    assert caught.value.translation_key == key
    assert caught.value.translation_placeholders["name"] == "Gamma 601 A1B2"
    assert "Gamma 601 A1B2" in str(caught.value)
    assert miner.truth.restarts == 0


async def test_no_command_for_a_stranger(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Another device at the address is not rebooted."""
    miner = await bench.miner(GAMMA)
    other = await bench.miner(replace(SUPRA, mac="E4:B0:63:99:99:99"))
    await bench.add(miner)
    place = miner.host, miner.port
    miner.inject("offline")
    await move((other, place))

    with pytest.raises(HomeAssistantError) as caught:
        await press(hass, RESTART)

    assert caught.value.translation_key == "wrong_device"
    assert other.truth.restarts == 0
    assert not [r for r in other.requests if r.method == "POST"]
