"""Numbers are set within the range of the device, and show what it reports."""

from dataclasses import replace
from typing import Any

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from syrupy.assertion import SnapshotAssertion

from simulator import MinerSpec

from .conftest import GAMMA, GAMMA_2, NANO_3S, SUPRA, Q, TimedBench, states_of_miners
from .controls import CONTROLLED, call, commands, defaults, patches, shown
from .handles import take_over

GAMMA_601 = "number.gamma_601_a1b2_"
FAST = replace(GAMMA, frequency=850, core_voltage=1280)


@pytest.mark.parametrize("spec", CONTROLLED, ids=lambda spec: spec.name)
async def test_numbers(
    bench: TimedBench,
    hass: HomeAssistant,
    snapshot: SnapshotAssertion,
    entity_registry_enabled_by_default: None,
    spec: MinerSpec,
) -> None:
    """What each model can be set to."""
    await bench.add(await bench.miner(spec))
    assert shown(hass, "number") == snapshot


async def test_defaults(bench: TimedBench, hass: HomeAssistant) -> None:
    entry = await bench.add(await bench.miner(GAMMA))
    assert defaults(hass, entry, "number") == {
        "core_voltage": True,
        "fan_duty_cycle": True,
        "frequency": True,
        "min_fan_duty_cycle": False,
        "power_target": False,
        "priority": False,
        "target_temperature": False,
    }


@pytest.mark.parametrize(
    ("key", "value", "sent", "reported"),
    [
        ("frequency", 490, {"frequency": 490}, {"frequency": 490}),
        ("core_voltage", 1.1, {"coreVoltage": 1100}, {"coreVoltage": 1100}),
        ("target_temperature", 55, {"temptarget": 55}, {"temptarget": 55}),
        ("minimum_fan_duty_cycle", 30, {"minFanSpeed": 30}, {"minFanSpeed": 30}),
        (
            "fan_duty_cycle",
            60,
            {"autofanspeed": False, "manualFanSpeed": 60},
            {"autofanspeed": 0, "manualFanSpeed": 60},
        ),
    ],
)
async def test_set(
    bench: TimedBench,
    hass: HomeAssistant,
    entity_registry_enabled_by_default: None,
    key: str,
    value: float,
    sent: dict[str, Any],
    reported: dict[str, Any],
) -> None:
    """One request, the miner becomes it, and it is what is shown."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    await call(bench, GAMMA_601 + key, "set_value", value=value)

    assert patches(miner) == [sent]
    reply = miner.reply("info")
    assert {name: reply[name] for name in reported} == reported
    assert float(hass.states.get(GAMMA_601 + key).state) == pytest.approx(value)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_manual_duty_cycle_ends_the_automatic_fan(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Both show it; a target temperature does not bring the automatic fan back."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    fan = "switch.gamma_601_a1b2_automatic_fan"
    assert hass.states.get(fan).state == "on"

    await call(bench, f"{GAMMA_601}fan_duty_cycle", "set_value", value=60)
    assert hass.states.get(fan).state == "off"
    await bench.advance(15)
    await call(bench, f"{GAMMA_601}target_temperature", "set_value", value=50)

    assert hass.states.get(fan).state == "off"
    assert float(hass.states.get(f"{GAMMA_601}target_temperature").state) == 50
    assert miner.reply("info")["autofanspeed"] == 0


@pytest.mark.parametrize("spec", [Q, NANO_3S], ids=lambda spec: spec.name)
async def test_avalon_s_fan(
    bench: TimedBench, hass: HomeAssistant, spec: MinerSpec
) -> None:
    """The fan of an Avalon is set with one command."""
    miner = await bench.miner(spec)
    await bench.add(miner)
    (entity_id,) = (
        state.entity_id
        for state in states_of_miners(hass, "number")
        if state.entity_id.endswith("_fan_duty_cycle")
    )
    await call(bench, entity_id, "set_value", value=70)

    assert commands(miner) == ["fan-spd,70"]
    assert miner.device.fan_duty == 70
    assert float(hass.states.get(entity_id).state) == 70


async def test_range_holds_what_the_miner_runs(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """A Gamma far above its presets shows that, and gets it back."""
    miner = await bench.miner(FAST)
    await bench.add(miner)
    entity_id = f"{GAMMA_601}frequency"
    frequency, voltage = (
        hass.states.get(GAMMA_601 + key) for key in ("frequency", "core_voltage")
    )
    assert (float(frequency.state), frequency.attributes["max"]) == (850, 850)
    assert (float(voltage.state), voltage.attributes["max"]) == (1.28, 1.28)

    await bench.advance(45)
    await call(bench, entity_id, "set_value", value=625)
    await bench.advance(15)
    assert hass.states.get(entity_id).attributes["max"] == 850
    await call(bench, entity_id, "set_value", value=850)

    assert patches(miner) == [{"frequency": 625}, {"frequency": 850}]
    assert float(hass.states.get(entity_id).state) == 850


@pytest.mark.parametrize(
    ("key", "value"),
    [("frequency", 2000), ("frequency", 10), ("core_voltage", 1.4)],
)
async def test_nothing_outside_the_range(
    bench: TimedBench, hass: HomeAssistant, key: str, value: float
) -> None:
    """Home Assistant refuses it, and the miner hears of nothing."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)

    with pytest.raises(ServiceValidationError):
        await call(bench, GAMMA_601 + key, "set_value", value=value)

    assert patches(miner) == []


@pytest.mark.parametrize("polls", [1, 3, 20])
@pytest.mark.parametrize(
    ("key", "value"),
    [("frequency", 1201), ("frequency", 65_535), ("core_voltage", 2.5)],
)
async def test_what_no_hardware_endures_is_shown_and_never_offered(
    bench: TimedBench, hass: HomeAssistant, key: str, value: float, polls: int
) -> None:
    """However long a miner says so; and it can be set to something else."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    usual = dict(hass.states.get(GAMMA_601 + key).attributes)
    told = {"frequency": value} if key == "frequency" else {"coreVoltage": value * 1e3}
    miner.inject("override", values=told)
    await bench.advance(15 * polls, step=15)

    state = hass.states.get(GAMMA_601 + key)
    assert float(state.state) == value
    assert dict(state.attributes) == usual
    for wild in (value, usual["max"] + usual["step"]):
        with pytest.raises(ServiceValidationError):
            await call(bench, GAMMA_601 + key, "set_value", value=wild)
    assert patches(miner) == []

    miner.clear("override")
    await bench.advance(15)
    assert dict(hass.states.get(GAMMA_601 + key).attributes) == usual
    await call(bench, GAMMA_601 + key, "set_value", value=usual["min"])
    assert len(patches(miner)) == 1


async def test_one_reply_widens_no_range(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """What a miner runs for a while can be set again, what it said once cannot."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    entity_id = f"{GAMMA_601}frequency"
    await bench.advance(45, step=15)

    def highest() -> float:
        most: float = hass.states.get(entity_id).attributes["max"]
        return most

    for polls, kept in ((1, 625), (2, 625), (4, 900)):
        miner.inject("override", values={"frequency": 900})
        await bench.advance(15 * polls, step=15)
        assert highest() == 900
        miner.clear("override")
        await bench.advance(15)
        assert highest() == kept

    await call(bench, entity_id, "set_value", value=900)
    assert patches(miner) == [{"frequency": 900}]


async def test_absurd_lists_of_a_miner_are_not_offered(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Its own presets count as far as its hardware endures them."""
    miner = await bench.miner(GAMMA)
    board = miner.device.board
    miner.device.board = replace(
        board, mhz_options=(1, 500, 9000), mv_options=(1, 1100, 1390, 1900)
    )
    await bench.add(miner)
    ranges = {
        key: hass.states.get(GAMMA_601 + key).attributes
        for key in ("frequency", "core_voltage")
    }
    assert {key: (item["min"], item["max"]) for key, item in ranges.items()} == {
        "frequency": (100, 525),
        "core_voltage": (1.1, 1.39),
    }


async def test_available_while_paused(bench: TimedBench, hass: HomeAssistant) -> None:
    """A paused miner can be set."""
    miner = await bench.miner(GAMMA_2)
    await bench.add(miner)
    miner.device.pause()
    await bench.advance(30)
    entity_id = "number.gamma_602_0006_frequency"
    assert hass.states.get("sensor.gamma_602_0006_status").state == "paused"

    await call(bench, entity_id, "set_value", value=490)

    assert miner.reply("info")["frequency"] == 490
    assert float(hass.states.get(entity_id).state) == 490


async def test_unavailable_while_away(bench: TimedBench, hass: HomeAssistant) -> None:
    """What is off cannot be set; its range stays for whoever writes automations."""
    miner = await bench.miner(GAMMA)
    await bench.add(miner)
    miner.inject("offline")
    await bench.advance(120)

    state = hass.states.get(f"{GAMMA_601}frequency")
    assert state.state == STATE_UNAVAILABLE
    assert state.attributes["max"] == 625


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_comes_with_firmware(bench: TimedBench, hass: HomeAssistant) -> None:
    """A firmware update brings a setting, an older firmware takes it."""
    miner = await bench.miner(SUPRA)
    await bench.add(miner)
    entity_id = "number.supra_401_0002_target_temperature"
    assert hass.states.get(entity_id) is None

    miner.update_firmware("2.12.2")
    await bench.advance(180)
    assert float(hass.states.get(entity_id).state) == miner.reply("info")["temptarget"]

    miner.update_firmware("2.4.0")
    await bench.advance(180)
    assert hass.states.get(entity_id).state == STATE_UNAVAILABLE


async def test_quick_steps(bench: TimedBench, hass: HomeAssistant) -> None:
    """They are one write of the last value, which is shown as asked for meanwhile."""
    handle = await take_over(bench, await bench.miner(GAMMA))
    entity_id = handle.entity("number", "frequency")

    def look() -> tuple[str, Any]:
        state = hass.states.get(entity_id)
        assert state is not None
        return state.state, state.attributes["applying"]

    assert look() == ("525.0", None)
    steps = []
    for value in (530, 535, 540, 545, 550):
        call = hass.services.async_call(
            "number",
            "set_value",
            {"entity_id": entity_id, "value": value},
            blocking=True,
        )
        steps.append(hass.async_create_task(call))
        await bench.advance(0.05)
        assert look() == ("525.0", value)
    while not all(step.done() for step in steps):
        await bench.advance(0.5)
        assert look() in {("525.0", 550), ("550.0", 550), ("550.0", None)}
    await bench.advance(30)
    assert handle.writes == [{"frequency": 550}]
    assert look() == ("550.0", None)
    info = hass.states.get(entity_id).state_info
    assert info["unrecorded_attributes"] >= {"applying", "values"}
