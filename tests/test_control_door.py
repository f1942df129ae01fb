"""One door in front of every miner: what is sent, when, and how often."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import pytest

from custom_components.miner_monitor.miners.model import Setting
from simulator import MinerSpec

from .conftest import GAMMA, GAMMA_2, HEX, NANO_3S, NERD, SUPRA, ULTRA, Q, TimedBench
from .controls import find
from .handles import Handle, action, take_over

F, V = Setting.FREQUENCY, Setting.CORE_VOLTAGE
LONGEST_CALL, LONGEST_PAIR = 10.0, 20.0
MOVES = 1000


@pytest.fixture
async def gamma(bench: TimedBench) -> Handle:
    """Give a Gamma on 2.12 with its first values read."""
    handle = await take_over(bench, await bench.miner(GAMMA))
    await bench.pass_time(5)
    return handle


async def make_script(bench: TimedBench, sequence: list[Any]) -> None:
    """Make `script.test` of some steps."""
    config = {"script": {"test": {"sequence": sequence}}}
    assert await async_setup_component(bench.hass, "script", config)
    await bench.settle()


def ask(handle: Handle, setting: Setting, value: Any) -> asyncio.Task[Any]:
    """Begin to set a setting."""
    call = handle.hass.services.async_call(
        *action(handle, setting, value), blocking=True
    )
    return asyncio.create_task(call)


def step(handle: Handle, setting: Setting, value: Any) -> dict[str, Any]:
    """Return the step of a script that sets a setting."""
    platform, service, data = action(handle, setting, value)
    entity_id = data.pop("entity_id")
    return {
        "action": f"{platform}.{service}",
        "target": {"entity_id": entity_id},
        "data": data,
    }


async def test_a_scene_is_one_order(gamma: Handle, bench: TimedBench) -> None:
    """Voltage, fan and its switch go together; the frequency rises after them."""
    entities = {
        gamma.entity_of(F): {"state": "550"},
        gamma.entity_of(V): {"state": "1.2"},
        gamma.entity_of(Setting.FAN_DUTY_CYCLE): {"state": "80"},
        gamma.entity_of(Setting.AUTO_FAN): {"state": "off"},
    }
    scene = {"scene": [{"name": "Full", "entities": entities}]}
    assert await async_setup_component(bench.hass, "scene", scene)
    await bench.settle()
    assert bench.hass.states.get("scene.full") is not None

    await bench.call("scene", "turn_on", {"entity_id": "scene.full"})
    await bench.pass_time(30)

    assert gamma.writes == [
        {"coreVoltage": 1200, "autofanspeed": 0, "manualFanSpeed": 80},
        {"frequency": 550},
    ]
    assert gamma.miner.flash_writes == 4
    assert [gamma.shown(s) for s in (F, V)] == [550, 1.2]


async def test_parallel_steps_are_one_order(gamma: Handle, bench: TimedBench) -> None:
    """What a script does at the same time arrives at the same time."""
    steps = [step(gamma, F, 550), step(gamma, V, 1.2)]
    await make_script(bench, [{"parallel": steps}])

    await bench.call("script", "test")

    assert gamma.writes == [{"coreVoltage": 1200}, {"frequency": 550}]
    (first, _), (second, _) = gamma.timed_writes
    assert second - first <= 3, "no pace is kept between the two"


async def test_steps_after_another_are_requests_of_their_own(
    gamma: Handle, bench: TimedBench
) -> None:
    """A step waits for the one before; the second write keeps its distance."""
    await make_script(bench, [step(gamma, V, 1.2), step(gamma, F, 550)])

    await bench.call("script", "test")
    await bench.pass_time(15)

    assert gamma.writes == [{"coreVoltage": 1200}, {"frequency": 550}]
    (first, _), (second, _) = gamma.timed_writes
    assert second - first >= 10


async def test_apply_settings_is_one_order(gamma: Handle, bench: TimedBench) -> None:
    """All of an action's settings go together; the voltage falls after the rest."""
    took = await bench.call(
        "miner_monitor",
        "apply_settings",
        {
            "device_id": gamma.device_id,
            "frequency": 490,
            "core_voltage": 1.1,
            "auto_fan": True,
            "target_temperature": 55,
        },
    )
    # The fan is automatic already.
    assert gamma.writes == [{"frequency": 490, "temptarget": 55}, {"coreVoltage": 1100}]
    assert took < 4


@pytest.mark.parametrize(
    ("present", "asked", "order"),
    [
        ((525, 1150), (550, 1.2), ["coreVoltage", "frequency"]),
        ((525, 1150), (490, 1.1), ["frequency", "coreVoltage"]),
        ((525, 1150), (490, 1.2), ["frequency", "coreVoltage"]),
        ((525, 1150), (550, 1.1), ["coreVoltage", "frequency"]),
    ],
)
async def test_order_of_two_requests(
    bench: TimedBench,
    present: tuple[int, int],
    asked: tuple[float, float],
    order: list[str],
) -> None:
    """A chip never runs faster than its voltage allows, whatever is asked first."""
    spec = replace(GAMMA, frequency=present[0], core_voltage=present[1])
    handle = await take_over(bench, await bench.miner(spec))
    data = dict(zip(("frequency", "core_voltage"), asked, strict=True))

    await bench.call(
        "miner_monitor", "apply_settings", data | {"device_id": handle.device_id}
    )

    assert [list(body) for body in handle.writes] == [[key] for key in order]


def to_and_fro(number: int) -> int:
    return 400 + (number * 7) % 225


def upwards(number: int) -> int:
    return 400 + number * 225 // MOVES


def downwards(number: int) -> int:
    return 625 - number * 225 // MOVES


@pytest.mark.parametrize("move", [to_and_fro, upwards, downwards])
async def test_a_thousand_moves_of_a_slider(
    gamma: Handle, bench: TimedBench, move: Callable[[int], int]
) -> None:
    """A minute of moves wears the flash seven times at most; the last one wins."""
    calls = []
    for number in range(MOVES):
        calls.append(ask(gamma, F, move(number)))
        # Five in each tick of 0.3 s: more steps only take more of real time.
        if number % 5 == 4:
            await bench.pass_time(5 * 60 / MOVES)
    await bench.pass_time(30)

    assert all(call.done() for call in calls)
    assert [call.exception() for call in calls if call.exception()] == []
    assert len(gamma.writes) <= 7
    assert gamma.miner.flash_writes <= 7
    last = move(MOVES - 1)
    assert (gamma.truth(F), gamma.shown(F)) == (last, last)


async def test_more_wear_is_held_back(gamma: Handle, bench: TimedBench) -> None:
    """Two raises keep ten seconds between them, and the call waits for its turn."""
    assert await gamma.set(F, 550) < 2
    await bench.pass_time(3)

    took = await gamma.set(F, 575)

    (first, _), (second, _) = gamma.timed_writes
    assert second - first == pytest.approx(10, abs=0.5)
    assert took <= LONGEST_CALL
    assert gamma.truth(F) == 575


@pytest.mark.parametrize(
    ("setting", "value"), [(F, 490), (V, 1.1), (Setting.FAN_DUTY_CYCLE, 100)]
)
async def test_less_heat_is_not_held_back(
    gamma: Handle, bench: TimedBench, setting: Setting, value: float
) -> None:
    """Whatever went before, what lowers stress goes at once."""
    await gamma.set(F, 550)
    await bench.pass_time(3)

    assert await gamma.set(setting, value) < 2
    assert gamma.truth(setting) == value


async def test_pausing_is_not_held_back(bench: TimedBench) -> None:
    """What lives in memory waits for nothing that goes to flash."""
    handle = await take_over(bench, await bench.miner(GAMMA_2))
    await handle.set(F, 550)
    await bench.pass_time(3)
    raising = ask(handle, F, 575)

    assert await handle.set(Setting.MINING, False) < 2

    assert handle.truth(Setting.MINING) is False
    assert not raising.done()
    await bench.pass_time(10)
    assert raising.exception() is None


@pytest.mark.parametrize("spec", [GAMMA, NERD, NANO_3S, Q], ids=lambda spec: spec.name)
async def test_what_is_so_already_sends_nothing(
    bench: TimedBench,
    entity_registry_enabled_by_default: None,
    spec: MinerSpec,
) -> None:
    """Every value that is shown can be asked for, at no cost."""
    handle = await take_over(bench, await bench.miner(spec))
    await bench.pass_time(20)
    known = [s for s in handle.settings if handle.shown(s) is not None]
    assert known
    for setting in known:
        automatic = setting is Setting.FAN_DUTY_CYCLE and handle.truth(Setting.AUTO_FAN)
        if not automatic:
            assert await handle.set(setting, handle.shown(setting)) < 2

    assert handle.writes == []
    assert handle.miner.flash_writes == 0


async def test_eight_miners_at_once(
    bench: TimedBench, entity_registry_enabled_by_default: None
) -> None:
    """A house is throttled in 15 seconds, slow Wi-Fi and all, and comes back."""
    # The Ultra's own firmware runs new set points only after a restart.
    ultra = replace(ULTRA, firmware="2.4.0")
    specs = (GAMMA, SUPRA, ultra, HEX, NERD, GAMMA_2, NANO_3S, Q)
    specs = [replace(spec, latency=0.4) for spec in specs]
    handles = [await take_over(bench, await bench.miner(spec)) for spec in specs]
    await bench.pass_time(30)
    switches = [handle.entity("switch", "throttle") for handle in handles]

    assert await bench.call("switch", "turn_on", {"entity_id": switches}) <= 15
    await bench.pass_time(30)
    assert {bench.hass.states.get(switch).state for switch in switches} == {"on"}
    watts = {handle.miner.name: handle.miner.truth.power_w for handle in handles}

    # An Avalon takes no other mode before it is calibrated.
    await bench.pass_time(150)
    assert await bench.call("switch", "turn_off", {"entity_id": switches}) <= 15
    await bench.pass_time(180)
    assert {bench.hass.states.get(switch).state for switch in switches} == {"off"}
    after = {handle.miner.name: handle.miner.truth.power_w for handle in handles}
    assert {name for name, low in watts.items() if after[name] <= low} == set()


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("silent", {}),
        ("slow", {}),
        ("offline", {}),
        ("patch_lost", {"silent": True}),
        ("busy", {"seconds": 30}),
        ("reboot_on_patch", {}),
    ],
)
async def test_no_call_is_longer_than_ten_seconds(
    gamma: Handle, bench: TimedBench, fault: str, parameters: dict[str, Any]
) -> None:
    """Whatever the miner does, an automation goes on."""
    gamma.miner.inject(fault, **parameters)
    started = bench.now

    with suppress(HomeAssistantError):
        await gamma.set(F, 550)

    assert bench.now - started <= LONGEST_CALL + 0.1


@pytest.mark.parametrize(("latency", "seconds"), [(2.45, 17.0), (2.98, LONGEST_PAIR)])
async def test_a_slow_miner_does_not_lengthen_a_call_that_looks_first(
    bench: TimedBench, latency: float, seconds: float
) -> None:
    """Six requests for a pair; the last goes on without the caller after 20 s."""
    handle = await take_over(bench, await bench.miner(replace(GAMMA, latency=latency)))
    await bench.pass_time(30)
    switch = find(bench.hass, "switch", "save_power")

    took = await bench.call("switch", "turn_on", {"entity_id": switch})
    await bench.pass_time(60)

    assert took == pytest.approx(seconds, abs=0.05)
    assert handle.writes == [{"frequency": 100}, {"coreVoltage": 1000}]
    assert bench.hass.states.get(switch).state == "on"


async def test_what_is_asked_meanwhile_is_merged(bench: TimedBench) -> None:
    """However many ask while a write is under way, they get one more."""
    handle = await take_over(bench, await bench.miner(replace(HEX, latency=1.0)))
    await bench.pass_time(5)
    first = ask(handle, F, 500)
    await bench.pass_time(1)
    calls = [ask(handle, F, value) for value in (450, 460, 470)]

    await bench.pass_time(20)

    assert [call.exception() for call in (first, *calls)] == [None] * 4
    assert handle.writes[-1] == {"frequency": 470}
    assert len(handle.writes) <= 2
    assert handle.shown(F) == 470
