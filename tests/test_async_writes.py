"""AxeOS since 2.11 applies what it has acknowledged, one setting after the other."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
import random
from typing import Any
from unittest.mock import patch as patched

from homeassistant.const import Platform
from homeassistant.core import Event, EventStateChangedData, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.miners.model import Setting

from .conftest import GAMMA, NERD, SUPRA, TimedBench
from .handles import Handle, take_over

F, V = Setting.FREQUENCY, Setting.CORE_VOLTAGE
FAN, MIN_FAN = Setting.FAN_DUTY_CYCLE, Setting.MIN_FAN_DUTY_CYCLE
TARGET = Setting.TARGET_TEMPERATURE
FLASH = (0.0, 0.003, 0.025, 0.1)
NETWORK = (0.0, 0.02)
COUNTS = (1, 2, 3, 4, 5)
SEEDS = range(5)
LASTS = 60
SETTLED = 45
CONTROL = (Platform.EVENT, Platform.NUMBER, Platform.SELECT, Platform.SWITCH)
VALUES: dict[Setting, tuple[float, ...]] = {
    F: (400, 490, 550, 600),
    V: (1.05, 1.1, 1.2),
    FAN: (45, 70, 90),
    MIN_FAN: (10, 35),
    TARGET: (50, 55, 63),
}


@pytest.fixture(autouse=True)
def only_control() -> Iterator[None]:
    """Set up what controls, and what tells of it."""
    with patched("custom_components.miner_monitor.PLATFORMS", CONTROL):
        yield


@pytest.fixture(autouse=True)
def every_entity(entity_registry_enabled_by_default: None) -> None:
    """Enable every entity."""


class News:
    """What the event entities told."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.told: list[tuple[str, str | None]] = []
        hass.bus.async_listen("state_changed", self._take)

    def _take(self, event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state is not None and (kind := state.attributes.get("event_type")):
            self.told.append((kind, state.attributes.get("by")))

    @property
    def bad(self) -> list[tuple[str, str | None]]:
        """What nobody should be told who changed settings through us."""
        return [
            (kind, by)
            for kind, by in self.told
            if kind == "setting_refused" or (kind, by) == ("settings_changed", "device")
        ]


async def gamma(bench: TimedBench, firmware: str = "2.12.2", **parts: Any) -> Handle:
    spec = replace(GAMMA, firmware=firmware, **parts)
    handle = await take_over(bench, await bench.miner(spec))
    await bench.pass_time(5)
    return handle


def acting(handle: Handle, name: str, **data: Any) -> Any:
    return handle.hass.services.async_call(
        DOMAIN, name, {"device_id": handle.device_id, **data}, blocking=True
    )


async def act(handle: Handle, name: str, **data: Any) -> float:
    began = handle.bench.now
    await handle.bench.run(acting(handle, name, **data), patience=30)
    return handle.bench.now - began


def ran(handle: Handle) -> dict[Setting, Any]:
    """Tell what the miner itself is set to."""
    return {setting: handle.truth(setting) for setting in VALUES}


def problems(hass: HomeAssistant) -> list[Any]:
    return [issue for issue in ir.async_get(hass).issues if DOMAIN in issue]


# Whatever is asked


def chosen() -> list[Any]:
    """Choose some of the runs for each time, each kind of them among those."""
    dice = random.Random(13)
    runs = list(product(FLASH, NETWORK, COUNTS, SEEDS))
    some = set(dice.sample(runs, 8))
    some |= {(flash, net, 5, 0) for flash, net in product(FLASH, NETWORK)}
    some |= {(0.1, net, count, 1) for net, count in product(NETWORK, COUNTS)}
    return [
        pytest.param(*run, marks=() if run in some else pytest.mark.campaign)
        for run in runs
    ]


@pytest.mark.parametrize(("flash", "network", "count", "seed"), chosen())
async def test_no_write_is_called_refused_that_is_taken(
    bench: TimedBench, flash: float, network: float, count: int, seed: int
) -> None:
    """Some settings in one call, then a profile for a while, that gives them back."""
    dice = random.Random(f"{flash} {network} {count} {seed}")
    firmware = dice.choice(["2.11.0", "2.12.2", "2.15.0"])
    handle = await gamma(bench, firmware, flash_time=flash, latency=network)
    news = News(bench.hass)
    asked = {item: dice.choice(VALUES[item]) for item in dice.sample([*VALUES], count)}

    both = {F, V} <= asked.keys()
    data = {setting.value: value for setting, value in asked.items()}
    took = await act(handle, "apply_settings", **data)

    assert took <= (10 if both else 6)
    assert {setting: handle.shown(setting) for setting in asked} == asked
    await bench.pass_time(SETTLED)
    before = ran(handle)
    assert {setting: before[setting] for setting in asked} == asked
    assert len(handle.writes) == (2 if both else 1)

    profile = dice.choice(["eco", "high"])
    await act(handle, "apply_profile", profile=profile, **{"for": {"seconds": LASTS}})
    await bench.pass_time(LASTS / 2)
    lent = ran(handle)
    assert (lent[F], lent[V]) == {"eco": (400, 1.0), "high": (625, 1.2)}[profile]
    await bench.pass_time(LASTS / 2 + SETTLED)

    assert ran(handle) == before
    assert news.bad == []
    assert problems(bench.hass) == []


# What is refused


@pytest.mark.parametrize("flash", FLASH)
async def test_a_voltage_that_is_refused_is_found_and_told(
    bench: TimedBench, flash: float
) -> None:
    """After its time, with what is reported; the frequency is not raised on it."""
    handle = await gamma(bench, flash_time=flash)
    handle.miner.inject("patch_clipped", values={"coreVoltage": 1150})
    began = bench.now
    with pytest.raises(HomeAssistantError) as caught:
        await act(
            handle, "apply_settings", frequency=600, core_voltage=1.2, auto_fan=False
        )

    assert 5 <= bench.now - began <= 10
    text = str(caught.value)
    assert "Core voltage was set to 1.2 V, but the miner reports 1.15 V" in text
    assert "Frequency wasn't set to 600 MHz" in text
    assert text.endswith("Applied: Automatic fan: off")
    assert [set(body) for body in handle.writes] == [{"coreVoltage", "autofanspeed"}]
    assert (handle.truth(F), handle.truth(V)) == (525, 1.15)


async def test_a_lone_voltage_that_is_refused_is_told_alone(bench: TimedBench) -> None:
    handle = await gamma(bench)
    handle.miner.inject("patch_clipped", values={"coreVoltage": 1150})
    with pytest.raises(HomeAssistantError) as caught:
        await act(handle, "apply_settings", core_voltage=1.2)
    assert "1.2 V, but the miner reports 1.15 V" in str(caught.value)
    assert "Applied" not in str(caught.value)


async def test_what_came_true_in_part_is_told_by_setting(bench: TimedBench) -> None:
    """What was taken is nobody's change by hand, and counts as written."""
    handle = await gamma(bench, flash_time=0.1)
    news = News(bench.hass)
    await act(handle, "apply_settings", auto_fan=False, fan_duty_cycle=90)
    await bench.pass_time(30)
    handle.miner.inject("override", values={"manualFanSpeed": 90})
    with pytest.raises(HomeAssistantError) as caught:
        await act(
            handle,
            "apply_settings",
            fan_duty_cycle=50,
            min_fan_duty_cycle=35,
            target_temperature=55,
        )
    await bench.pass_time(SETTLED)

    text = str(caught.value)
    assert "was set to 50%, but the miner reports 90%" in text
    assert text.endswith(
        "Applied: Minimum fan duty cycle: 35%, Target temperature: 55 °C"
    )
    assert (handle.shown(MIN_FAN), handle.shown(TARGET)) == (35, 55)
    assert ("settings_changed", "device") not in news.told


# Two requests


async def between(handle: Handle, call: Any, count: int = 1) -> asyncio.Task[Any]:
    """Begin a call, and wait until the first of its requests has arrived."""
    task = asyncio.create_task(call)
    before = len(handle.writes)
    for _ in range(1000):
        if len(handle.writes) == before + count:
            return task
        await handle.bench.pass_time(0.01)
    raise AssertionError("nothing was sent")


def body_keys(handle: Handle) -> list[list[str]]:
    return [list(body) for body in handle.writes]


@pytest.mark.parametrize(
    ("frequency", "voltage", "keys"),
    [
        (600, 1.2, ["coreVoltage", "frequency"]),
        (490, 1.1, ["frequency", "coreVoltage"]),
        (490, 1.2, ["frequency", "coreVoltage"]),
        (600, 1.1, ["coreVoltage", "frequency"]),
    ],
)
async def test_the_second_is_sent_when_the_first_is_there(
    bench: TimedBench, frequency: float, voltage: float, keys: list[str]
) -> None:
    """The first was read between the two, and no pace is kept between them."""
    handle = await gamma(bench, latency=0.02)
    await act(handle, "apply_settings", frequency=frequency, core_voltage=voltage)
    assert body_keys(handle) == [[key] for key in keys]
    methods = [request.method for request in handle.miner.requests]
    first = methods.index("PATCH")
    assert methods[first : first + 2] == ["PATCH", "GET"]
    (began, _), (went_on, _) = handle.timed_writes
    assert went_on - began <= 3


@pytest.mark.parametrize(
    "spec", [SUPRA, replace(NERD, frequency=550)], ids=lambda spec: spec.name
)
@pytest.mark.parametrize(("steps", "requests"), [(1, 1), (-1, 2)])
async def test_firmware_that_changes_the_voltage_first_takes_two_to_lower(
    bench: TimedBench, spec: Any, steps: int, requests: int
) -> None:
    handle = await take_over(bench, await bench.miner(spec))
    await bench.pass_time(5)
    frequency, voltage = handle.truth(F), handle.truth(V)
    await act(
        handle,
        "apply_settings",
        frequency=frequency + 10 * steps,
        core_voltage=voltage + 0.02 * steps,
    )
    keys = [["frequency"], ["coreVoltage"]]
    assert body_keys(handle) == (keys if requests == 2 else [[*keys[1], *keys[0]]])
    assert handle.truth(F) == frequency + 10 * steps


async def test_a_fan_and_a_frequency_are_one_request(bench: TimedBench) -> None:
    handle = await gamma(bench)
    await act(handle, "apply_settings", frequency=600, fan_duty_cycle=90)
    assert len(handle.writes) == 1


async def test_a_pair_counts_what_it_changed(bench: TimedBench) -> None:
    handle = await gamma(bench)
    await act(handle, "apply_settings", frequency=600, core_voltage=1.2)
    await bench.pass_time(30)
    control = handle.entry.runtime_data.data.control
    assert control.setting_writes == handle.miner.flash_writes == 2


# Half-way

REFUSED = ("patch_refused", {})
GONE = ("offline", {"duration": 60})


@pytest.mark.parametrize("fault", [REFUSED, GONE], ids=lambda fault: fault[0])
async def test_a_profile_of_which_the_second_half_failed_gives_back_what_was(
    bench: TimedBench, fault: tuple[str, dict[str, Any]]
) -> None:
    """It is unknown, both are told, and the end is as it would have been."""
    handle = await gamma(bench, latency=0.02)
    before = ran(handle)
    call = acting(
        handle, "apply_profile", profile="eco", **{"for": {"seconds": 2 * LASTS}}
    )
    task = await between(handle, call)
    name, parameters = fault
    handle.miner.inject(name, **parameters)
    await bench.pass_time(25)
    text = str(task.exception())
    assert "Core voltage" in text
    assert "Frequency" in text

    assert (handle.truth(F), handle.truth(V)) == (400, 1.15)
    handle.miner.clear("patch_refused")
    await bench.pass_time(2 * LASTS + 60 + SETTLED)
    assert ran(handle) == before


@pytest.mark.parametrize("how", ["reload", "loses"])
async def test_a_profile_that_broke_off_between_its_halves_gives_back_what_was(
    bench: TimedBench, how: str
) -> None:
    """Also when Home Assistant knows nothing of it but what it has stored."""
    handle = await gamma(bench, latency=0.02)
    before = ran(handle)
    call = acting(handle, "apply_profile", profile="eco", **{"for": {"seconds": LASTS}})
    task = await between(handle, call)
    if how == "loses":
        handle.miner.inject("offline", duration=1)
    reload = bench.hass.config_entries.async_reload(handle.entry.entry_id)
    await bench.run(reload)
    await bench.pass_time(5)
    assert isinstance(task.exception(), HomeAssistantError)
    assert (handle.truth(F), handle.truth(V)) == (400, 1.15)

    await bench.pass_time(LASTS + 60 + SETTLED)
    assert ran(handle) == before


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("how", ["reload", "patch_refused"])
async def test_saving_that_broke_off_between_its_halves_can_be_ended(
    bench: TimedBench, how: str, on: bool
) -> None:
    """What is half saved, or half resumed, is saving, and *off* ends all of it."""
    handle = await gamma(bench, latency=0.02)
    before = ran(handle)
    switch = handle.entity("switch", "throttle")

    def turning(on: bool) -> Any:
        return handle.hass.services.async_call(
            "switch",
            "turn_on" if on else "turn_off",
            {"entity_id": switch},
            blocking=True,
        )

    if not on:
        await bench.run(turning(True))
        await bench.pass_time(60)
    task = await between(handle, turning(on))
    if how == "reload":
        reload = bench.hass.config_entries.async_reload(handle.entry.entry_id)
        await bench.run(reload)
    else:
        handle.miner.inject(how)
        await bench.pass_time(15)
        handle.miner.clear(how)
    await bench.pass_time(5)
    assert isinstance(task.exception(), HomeAssistantError)
    half = (100, 1.15)
    assert (handle.truth(F), handle.truth(V)) == half

    await bench.pass_time(60)
    assert bench.hass.states.get(switch).state == "on"
    await bench.pass_time(300)
    assert bench.hass.states.get(switch).state == "on"
    assert (handle.truth(F), handle.truth(V)) == half
    await bench.run(turning(False))
    await bench.pass_time(SETTLED)
    assert ran(handle) == before
    assert bench.hass.states.get(switch).state == "off"


# Others look while it settles


async def test_polls_while_a_write_settles_tell_nothing_wrong(
    bench: TimedBench,
) -> None:
    """A refresh each 0.2 s sees some new and some old values."""
    handle = await gamma(bench, flash_time=0.9)
    news = News(bench.hass)
    call = acting(
        handle,
        "apply_settings",
        fan_duty_cycle=70,
        min_fan_duty_cycle=35,
        target_temperature=55,
    )
    task = asyncio.create_task(call)
    seen = set()
    for _ in range(20):
        await bench.pass_time(0.2)
        await handle.entry.runtime_data.async_refresh()
        seen.add((handle.shown(MIN_FAN), handle.shown(TARGET)))
    await bench.pass_time(SETTLED)

    assert seen == {(25, 60), (35, 60), (35, 55)}
    assert task.exception() is None
    assert news.bad == []
    assert problems(bench.hass) == []


async def test_a_call_in_mid_write_takes_nothing_from_the_first(
    bench: TimedBench,
) -> None:
    handle = await gamma(bench, flash_time=0.9)
    asked = {FAN: 70, MIN_FAN: 35, TARGET: 55}
    call = acting(
        handle, "apply_settings", **{key.value: value for key, value in asked.items()}
    )
    first = asyncio.create_task(call)
    await bench.pass_time(1.5)
    assert handle.truth(TARGET) == 60, "not yet"

    await act(handle, "apply_settings", frequency=490)
    assert handle.truth(F) == 490
    assert first.exception() is None
    await bench.pass_time(SETTLED)
    assert {key: handle.truth(key) for key in asked} == asked


@pytest.mark.parametrize("name", ["Night", "Day"])
async def test_what_is_kept_in_mid_write_is_what_was_asked_for(
    bench: TimedBench, name: str
) -> None:
    """As what comes back after a profile for a while, and as a saved profile."""
    handle = await gamma(bench, flash_time=0.9)
    await act(handle, "save_profile", profile="Night")
    asked = {FAN: 70, MIN_FAN: 35, TARGET: 55}
    call = acting(
        handle, "apply_settings", **{key.value: value for key, value in asked.items()}
    )
    first = asyncio.create_task(call)
    await bench.pass_time(1.5)
    assert handle.truth(TARGET) == 60, "not yet"

    if name == "Day":
        await act(handle, "save_profile", profile="Day")
        await bench.pass_time(SETTLED)
        await act(handle, "apply_profile", profile="Night")
        await bench.pass_time(SETTLED)
        assert handle.truth(TARGET) == 60
        await act(handle, "apply_profile", profile="Day")
        await bench.pass_time(SETTLED)
    else:
        lasts = {"for": {"seconds": LASTS}}
        await act(handle, "apply_profile", profile="Night", **lasts)
        await bench.pass_time(LASTS / 2)
        assert handle.truth(TARGET) == 60
        await bench.pass_time(LASTS + SETTLED)
    assert first.exception() is None
    assert {key: handle.truth(key) for key in asked} == asked
