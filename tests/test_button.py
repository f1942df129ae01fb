"""Restart and identify reach the right device or say why not."""

from dataclasses import replace

from homeassistant.components.button import DOMAIN as BUTTON_DOMAIN, SERVICE_PRESS
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from .conftest import GAMMA, SUPRA, TimedBench, move

RESTART = "button.gamma_601_a1b2_restart"
IDENTIFY = "button.gamma_601_a1b2_identify"


async def press(hass: HomeAssistant, entity_id: str) -> None:
    await hass.services.async_call(
        BUTTON_DOMAIN, SERVICE_PRESS, {ATTR_ENTITY_ID: entity_id}, blocking=True
    )


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


async def test_identify(bench: TimedBench, hass: HomeAssistant) -> None:
    """The display greets; pressing again does not switch that off."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)

    await press(hass, IDENTIFY)
    await press(hass, IDENTIFY)

    posts = [r.path for r in miner.requests if r.method == "POST"]
    assert posts == ["/api/system/identify"]


async def test_only_what_the_firmware_knows(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Firmware before 2.12 cannot identify itself."""
    await bench.add(await bench.miner(SUPRA))

    buttons = {state.entity_id for state in hass.states.async_all("button")}
    assert buttons == {"button.supra_401_0002_restart"}


async def test_command_of_newer_firmware_is_unavailable_after_a_downgrade(
    bench: TimedBench, hass: HomeAssistant
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
