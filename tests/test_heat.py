"""A miner that is too hot is not made to work harder, whichever way it is asked."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch as patched

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.control.errors import Heat, HotPart
from custom_components.miner_monitor.control.model import Problem
from custom_components.miner_monitor.miners.model import Setting
from simulator import MinerSpec
from simulator.axeos.patch import patch

from .conftest import GAMMA, GAMMA_2, MINI_3, NERD, Q, TimedBench
from .fleets import SAVE_POWER
from .handles import Handle, action, take_over
from .test_control_intents import by_hand, settings_of
from .test_control_repairs import Repairs, refusals, repairs

__all__ = ["repairs"]

pytestmark = pytest.mark.usefixtures("entity_registry_enabled_by_default")

MINUTE = 60
GAMMA_15 = replace(GAMMA, firmware="2.15.0")


async def running(bench: TimedBench, spec: MinerSpec = GAMMA) -> Handle:
    """Add a miner and wait for some polls."""
    handle = await take_over(bench, await bench.miner(spec))
    await bench.advance(MINUTE)
    return handle


async def heat(handle: Handle, temperature: float = 73) -> None:
    """Let the chip get as hot as this."""
    handle.miner.inject("hot", temperature=temperature)
    await handle.bench.advance(MINUTE)


async def act(handle: Handle, name: str, **data: Any) -> None:
    """Call one of our actions."""
    target = {"device_id": handle.device_id}
    await handle.bench.call(DOMAIN, name, target | data)


async def press(handle: Handle, platform: str, key: str, service: str) -> None:
    await handle.bench.call(
        platform, service, {"entity_id": handle.entity(platform, key)}
    )


async def select_profile(handle: Handle, name: str) -> None:
    target = {"entity_id": handle.entity("select", "profile"), "option": name}
    await handle.bench.call("select", "select_option", target)


async def scene(handle: Handle) -> None:
    """Lower one and raise another with one call: none of it is done."""
    await act(handle, "apply_settings", frequency=400, core_voltage=1.2)


def throttle(handle: Handle) -> str:
    return handle.hass.states.get(handle.entity("switch", "throttle")).state


type Way = Callable[[Handle], Awaitable[object]]

RAISING: dict[str, Way] = {
    "frequency": lambda handle: handle.set(Setting.FREQUENCY, 550),
    "core voltage": lambda handle: handle.set(Setting.CORE_VOLTAGE, 1.2),
    "action": lambda handle: act(handle, "apply_settings", frequency=600),
    "action that does both": scene,
    "profile": lambda handle: select_profile(handle, "high"),
    "profile for a while": lambda handle: act(
        handle, "apply_profile", **{"profile": "high", "for": {"minutes": 5}}
    ),
}
LOWERING: dict[str, Way] = {
    "frequency": lambda handle: handle.set(Setting.FREQUENCY, 500),
    "core voltage": lambda handle: handle.set(Setting.CORE_VOLTAGE, 1.1),
    "action": lambda handle: act(
        handle, "apply_settings", frequency=490, core_voltage=1.1
    ),
    "profile": lambda handle: select_profile(handle, "eco"),
    "profile for a while": lambda handle: act(
        handle, "apply_profile", **{"profile": "eco", "for": {"minutes": 5}}
    ),
    "save power": lambda handle: press(handle, "switch", "throttle", "turn_on"),
    "fan": lambda handle: handle.set(Setting.FAN_DUTY_CYCLE, 100),
    "quiet fan": lambda handle: handle.set(Setting.FAN_DUTY_CYCLE, 40),
    "target": lambda handle: handle.set(Setting.TARGET_TEMPERATURE, 64),
}


@pytest.mark.parametrize("spec", [GAMMA, GAMMA_15], ids=lambda spec: spec.firmware)
@pytest.mark.parametrize("way", RAISING)
async def test_raising_is_refused(bench: TimedBench, way: str, spec: MinerSpec) -> None:
    """With an error; nothing is sent, stored, or told behind the call."""
    handle = await running(bench, spec)
    told = refusals(handle)
    await heat(handle)
    before = settings_of(handle.miner)

    with pytest.raises(ServiceValidationError) as caught:
        await RAISING[way](handle)
    assert "chip is at 7" in str(caught.value)
    assert "At 75 °C" in str(caught.value)

    await bench.advance(10 * MINUTE)
    assert handle.writes == []
    assert settings_of(handle.miner) == before
    assert told == []

    handle.miner.inject("hot", temperature=60)
    await bench.advance(MINUTE)
    await RAISING[way](handle)
    assert handle.writes != []


@pytest.mark.parametrize("spec", [GAMMA, GAMMA_15], ids=lambda spec: spec.firmware)
@pytest.mark.parametrize("way", LOWERING)
async def test_lowering_never_is(bench: TimedBench, way: str, spec: MinerSpec) -> None:
    """Nor is what the miner regulates itself."""
    handle = await running(bench, spec)
    await heat(handle)
    await LOWERING[way](handle)
    await bench.advance(MINUTE)
    assert handle.writes != []


async def test_text(bench: TimedBench) -> None:
    """How hot it is, where it switches off, and what to do."""
    handle = await running(bench)
    handle.miner.inject("override", values={"temp": 72})
    await bench.advance(MINUTE)
    with pytest.raises(ServiceValidationError) as caught:
        await handle.set(Setting.CORE_VOLTAGE, 1.2)
    told, _, hint = str(caught.value).partition(" °C, limit 72 °C. At 75 °C ")
    assert told.startswith(
        "Gamma 601 A1B2 wasn't changed: Core voltage can't be raised to 1.2 V while "
        "the chip is at 72.0"
    )
    assert hint == (
        "the miner turns it off. Lower values are accepted at any time; try again "
        "when the chip is below 72 °C"
    )


async def test_a_hot_regulator(bench: TimedBench) -> None:
    handle = await running(bench)
    handle.miner.inject("override", values={"vrTemp": 103})
    await bench.advance(MINUTE)
    with pytest.raises(ServiceValidationError, match=r"regulator is at 103.0 °C"):
        await handle.set(Setting.FREQUENCY, 550)


@pytest.mark.parametrize("spec", [GAMMA, GAMMA_15], ids=lambda spec: spec.firmware)
@pytest.mark.parametrize("way", RAISING)
async def test_overheated(bench: TimedBench, way: str, spec: MinerSpec) -> None:
    """Cold or not: until the miner works again nothing is raised."""
    handle = await running(bench, spec)
    handle.miner.inject("override", values={"overheat_mode": 1, "temp": 40})
    await bench.advance(MINUTE)
    with pytest.raises(ServiceValidationError, match="reports that it is overheated"):
        await RAISING[way](handle)
    assert handle.writes == []


async def test_what_got_hot_since_the_last_poll(bench: TimedBench) -> None:
    """The miner is read right before the write."""
    handle = await running(bench)
    handle.miner.inject("hot", temperature=73)
    await bench.advance(1)
    with pytest.raises(ServiceValidationError, match="chip is at 7"):
        await handle.set(Setting.FREQUENCY, 550)
    assert handle.writes == []


async def test_what_got_hot_while_it_was_held_back(bench: TimedBench) -> None:
    """Two writes are 10 s apart; the second one is checked when it is sent."""
    handle = await running(bench)
    told = refusals(handle)
    await handle.set(Setting.FREQUENCY, 530)
    second = bench.hass.async_create_task(
        bench.hass.services.async_call(
            *action(handle, Setting.FREQUENCY, 600), blocking=True
        )
    )
    await bench.advance(1)
    handle.miner.inject("hot", temperature=73)
    await bench.advance(30)
    error = second.exception()
    assert isinstance(error, ServiceValidationError | None)
    assert error is not None or told != [], "nobody was told"
    assert settings_of(handle.miner)[0] == 530
    assert len(handle.writes) == 1


async def test_a_temporary_profile_ends_when_it_is_cool(bench: TimedBench) -> None:
    """It waits, and nobody is told of a refusal."""
    handle = await running(bench)
    told = refusals(handle)
    before = settings_of(handle.miner)
    await act(handle, "apply_profile", **{"profile": "eco", "for": {"minutes": 5}})
    lower, written = settings_of(handle.miner), len(handle.writes)
    await heat(handle)
    await bench.advance(20 * MINUTE)
    assert settings_of(handle.miner) == lower
    assert len(handle.writes) == written

    handle.miner.inject("hot", temperature=60)
    await bench.advance(MINUTE)
    assert settings_of(handle.miner) == before
    assert told == []
    assert not ir.async_get(bench.hass).issues


async def test_a_temporary_profile_waits_through_a_reload(bench: TimedBench) -> None:
    handle = await running(bench)
    before = settings_of(handle.miner)
    await act(handle, "apply_profile", **{"profile": "eco", "for": {"minutes": 5}})
    await heat(handle)
    await bench.advance(10 * MINUTE)
    entries = bench.hass.config_entries
    await bench.run(entries.async_reload(handle.entry.entry_id))
    await bench.advance(5 * MINUTE)
    assert settings_of(handle.miner) != before
    handle.miner.inject("hot", temperature=60)
    await bench.advance(MINUTE)
    assert settings_of(handle.miner) == before


async def test_save_power_is_not_ended(bench: TimedBench) -> None:
    """Whoever turns it off is told; it stays on, and goes off when it is cool."""
    handle = await running(bench)
    before = settings_of(handle.miner)
    await press(handle, "switch", "throttle", "turn_on")
    written = len(handle.writes)
    await heat(handle)
    with pytest.raises(ServiceValidationError, match="chip is at 7"):
        await press(handle, "switch", "throttle", "turn_off")
    await bench.advance(10 * MINUTE)
    assert throttle(handle) == STATE_ON
    assert len(handle.writes) == written

    handle.miner.inject("hot", temperature=60)
    await bench.advance(MINUTE)
    await press(handle, "switch", "throttle", "turn_off")
    await bench.advance(MINUTE)
    assert settings_of(handle.miner) == before
    assert throttle(handle) == STATE_OFF


async def test_all_miners_at_once(bench: TimedBench) -> None:
    """Who is too hot is named, and saves power still; the other one goes on."""
    hot = await running(bench)
    other = await running(
        bench, replace(GAMMA, name="b", hostname="b", mac="E4:B0:63:00:0B:01")
    )
    await bench.call("switch", "turn_on", {"entity_id": SAVE_POWER})
    await bench.advance(MINUTE)
    await heat(hot)
    await bench.call("switch", "turn_off", {"entity_id": SAVE_POWER})
    await bench.advance(MINUTE)
    assert (throttle(hot), throttle(other)) == (STATE_ON, STATE_OFF)
    failed = bench.hass.states.get(SAVE_POWER).attributes["failed"]
    assert failed == [hot.entry.title]


async def test_restoring(bench: TimedBench, repairs: Repairs) -> None:
    """The repair of a derating waits for a cool miner, by all its ways."""
    handle = await running(bench)
    by_hand(
        handle.miner,
        frequency=425,
        coreVoltage=1050,
        autofanspeed=0,
        manualFanSpeed=100,
    )
    await bench.advance(MINUTE)
    await heat(handle)
    menu = await repairs.begin(handle, Problem.DERATED)
    done = await repairs.go_on(menu, next_step_id="as_before")
    assert (done["type"], done["reason"]) == ("abort", "failed")
    with pytest.raises(HomeAssistantError):
        await press(handle, "button", "restore_settings", "press")
    assert handle.writes == []


@pytest.mark.parametrize(
    ("spec", "lower", "higher"),
    [(Q, "eco", "super"), (MINI_3, "night", "heating_super")],
    ids=lambda value: value.name if isinstance(value, MinerSpec) else None,
)
async def test_work_modes(
    bench: TimedBench, spec: MinerSpec, lower: str, higher: str
) -> None:
    """A mode that is more is refused, one that is less is taken."""
    handle = await take_over(bench, await bench.miner(spec))
    await bench.advance(10 * MINUTE)
    await handle.set(Setting.WORK_MODE, "standard" if spec is Q else "mining")
    await bench.advance(10 * MINUTE)
    written = len(handle.writes)
    heated = Heat(part=HotPart.OVERHEATED)
    path = "custom_components.miner_monitor.control.intents.heat_of"
    with patched(path, return_value=heated):
        with pytest.raises(ServiceValidationError, match="reports that it is overh"):
            await handle.set(Setting.WORK_MODE, higher)
        await bench.advance(2 * MINUTE)
        assert len(handle.writes) == written
        await handle.set(Setting.WORK_MODE, lower)
        await bench.advance(3 * MINUTE)
    assert handle.shown(Setting.WORK_MODE) == lower


async def test_resuming_is_the_miners_own_business(bench: TimedBench) -> None:
    """A chip that is off is cold soon, and no firmware starts one that is too hot."""
    handle = await running(bench, GAMMA_2)
    await handle.set(Setting.MINING, False)
    await bench.advance(MINUTE)
    handle.miner.inject("override", values={"vrTemp": 104})
    await bench.advance(MINUTE)
    await handle.set(Setting.MINING, True)
    await bench.advance(MINUTE)
    assert handle.writes[-1] == "/api/system/resume"
    assert handle.miner.truth.hashing


async def test_the_trip_point_of_nerdos(bench: TimedBench) -> None:
    """It is where the user of the miner says: 70 °C, if nobody changed it."""
    handle = await running(bench, NERD)
    await heat(handle, 65)
    await handle.set(Setting.CORE_VOLTAGE, 1.16)
    await heat(handle, 68)
    with pytest.raises(ServiceValidationError, match="At 70 °C"):
        await handle.set(Setting.CORE_VOLTAGE, 1.17)


# Below what the regulator takes.


@pytest.mark.parametrize("spec", [GAMMA, GAMMA_15], ids=lambda spec: spec.firmware)
async def test_a_voltage_below_the_regulators_minimum(
    bench: TimedBench, repairs: Repairs, spec: MinerSpec
) -> None:
    """From 1060 mV an overheat leaves 960: shown, and never kept or sent."""
    handle = await running(bench, spec)
    await act(handle, "apply_settings", frequency=500, core_voltage=1.06)
    await bench.advance(MINUTE)
    fallen(handle, 400, 960)
    await bench.advance(2 * MINUTE)

    voltage = handle.state(Setting.CORE_VOLTAGE)
    assert (float(voltage.state), voltage.attributes["min"]) == (0.96, 1.0)
    assert repairs.issue(handle, Problem.DERATED) is not None
    written = len(handle.writes)
    with pytest.raises(ServiceValidationError, match=r"The limits are 1 V to 1.25 V"):
        await act(handle, "apply_settings", core_voltage=0.96)
    with pytest.raises(ServiceValidationError):
        await act(handle, "save_profile", profile="Night")
    await act(handle, "apply_profile", **{"profile": "eco", "for": {"minutes": 2}})
    await bench.advance(5 * MINUTE)
    await press(handle, "switch", "throttle", "turn_on")
    await bench.advance(MINUTE)
    await press(handle, "switch", "throttle", "turn_off")
    await bench.advance(MINUTE)
    bodies = [body for body in handle.writes[written:] if isinstance(body, dict)]
    assert bodies != []
    assert all(body.get("coreVoltage", 1000) >= 1000 for body in bodies)


@pytest.mark.parametrize("lower", [False, True])
async def test_an_overheat_at_100_mhz(
    bench: TimedBench, repairs: Repairs, lower: bool
) -> None:
    """Firmware goes up to 400 MHz from there; what somebody chose were 100 MHz."""
    handle = await running(bench)
    await act(handle, "apply_settings", frequency=100, core_voltage=1.06)
    await bench.advance(MINUTE)
    written = len(handle.writes)
    fallen(handle, 400, 960)
    await bench.advance(MINUTE)

    menu = await repairs.begin(handle, Problem.DERATED)
    told = menu["description_placeholders"]
    assert (told["before"], told["after"]) == ("100 MHz, 1.06 V", "400 MHz, 0.96 V")
    handle.miner.inject("hot", temperature=40)
    await bench.advance(MINUTE)
    choice = "one_step_lower" if lower else "as_before"
    done = await repairs.go_on(menu, next_step_id=choice)
    await bench.advance(MINUTE)
    assert done["type"] == "create_entry"
    voltage = 1000 if lower else 1060
    assert settings_of(handle.miner) == (100, voltage, 1)
    assert len(handle.writes) > written
    assert repairs.issue(handle, Problem.DERATED) is None


async def test_an_overheat_while_power_is_saved(bench: TimedBench) -> None:
    """It saves power at 400 MHz no more, and is told so again."""
    handle = await running(bench)
    before = settings_of(handle.miner)
    await press(handle, "switch", "throttle", "turn_on")
    await bench.advance(MINUTE)
    assert settings_of(handle.miner)[:2] == (100, 1000)
    fallen(handle, 400, 900)
    await bench.advance(2 * MINUTE)
    assert settings_of(handle.miner)[:2] == (100, 1000)
    assert throttle(handle) == STATE_ON
    handle.miner.inject("hot", temperature=40)
    await press(handle, "switch", "throttle", "turn_off")
    await bench.advance(MINUTE)
    assert settings_of(handle.miner)[:2] == before[:2]


def fallen(handle: Handle, frequency: float, millivolts: int) -> None:
    """Leave set points as an overheat does, which forces the fan before all else.

    They are applied one after the other, and a poll may come in between.
    """
    device = handle.miner.device
    patch(device, b'{"autofanspeed": 0, "manualFanSpeed": 100}')
    points = f'{{"frequency": {frequency}, "coreVoltage": {millivolts}}}'
    patch(device, points.encode())


@pytest.mark.parametrize("spec", [GAMMA, GAMMA_15], ids=lambda spec: spec.firmware)
@pytest.mark.parametrize("saving", [False, True])
async def test_overheating_at_100_mhz(
    bench: TimedBench, repairs: Repairs, spec: MinerSpec, saving: bool
) -> None:
    """Known by its rule; nothing below 1.0 V is sent, whatever follows."""
    handle = await running(bench, spec)
    await act(handle, "apply_settings", frequency=100, core_voltage=1.06)
    if saving and spec is GAMMA:
        await press(handle, "switch", "throttle", "turn_on")
    await bench.advance(2 * MINUTE)
    handle.miner.inject("hot", temperature=80)
    await bench.advance(20)
    handle.miner.inject("hot", temperature=40)
    await bench.advance(5 * MINUTE)
    assert settings_of(handle.miner)[:2] in {(400, 960), (400, 900)}
    issue = repairs.issue(handle, Problem.STUCK)
    assert issue is not None
    told = issue.translation_placeholders
    assert told["before"].startswith("100 MHz")
    assert told["now"].startswith("400 MHz")
    voltages = [
        body["coreVoltage"]
        for body in handle.writes
        if isinstance(body, dict) and "coreVoltage" in body
    ]
    assert min(voltages) >= 1000
