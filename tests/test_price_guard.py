"""The price guard: when miners save power, and when they are left alone."""

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant, ServiceCall, State
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
    mock_restore_cache,
)

from .automations import AUTOMATION, Guard

CHEAP = "binary_sensor.cheap_power"
A, B, C = "switch.a", "switch.b", "switch.c"
PROMPT = {"minimum_run": 0, "minimum_save": 0, "stagger": 0}


@pytest.fixture
async def guard(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Guard]:
    await hass.config.async_set_time_zone("Europe/Berlin")
    guard = Guard(hass, freezer)
    await guard.at("09:00")
    for switch in (A, B, C):
        await guard.say(switch, "off")
    await guard.say(CHEAP, "on")
    await guard.at("12:00")
    yield guard
    await guard.stop()
    assert "Error rendering" not in caplog.text


async def start(guard: Guard, *switches: str, **inputs: Any) -> None:
    await guard.start(
        "price_guard.yaml", **{"signal": CHEAP, "miners": list(switches), **inputs}
    )


@pytest.mark.parametrize(
    ("power", "before", "after"), [("off", "off", "on"), ("on", "on", "off")]
)
async def test_miners_follow(guard: Guard, power: str, before: str, after: str) -> None:
    await guard.say(A, before)
    await start(guard, A, **PROMPT)
    await guard.say(CHEAP, power)
    await guard.minutes(1)
    assert guard.states(A) == [after]


async def test_nothing_is_written_twice(guard: Guard) -> None:
    await guard.say(B, "on")
    await start(guard, A, B, **PROMPT)
    await guard.say(CHEAP, "off")
    await guard.minutes(30)
    await guard.say(CHEAP, "off", next_change="later")
    await guard.minutes(30)
    assert guard.calls == [("12:00", "a", "on")]


async def test_minimum_times(guard: Guard) -> None:
    await start(guard, A, minimum_run=20, minimum_save=30, stagger=0)
    await guard.say(CHEAP, "off")
    assert guard.calls == [("12:00", "a", "on")]
    await guard.minutes(5)
    await guard.say(CHEAP, "on")
    await guard.minutes(30)
    assert guard.calls[1:] == [("12:30", "a", "off")]
    await guard.say(CHEAP, "off")
    await guard.minutes(30)
    assert guard.calls[2:] == [("12:50", "a", "on")]


async def test_miners_resume_one_by_one(guard: Guard) -> None:
    await start(guard, A, B, C, minimum_run=0, minimum_save=0, stagger=2)
    await guard.say(CHEAP, "off")
    assert [call[1] for call in guard.calls] == ["a", "b", "c"]
    await guard.minutes(10)
    await guard.say(CHEAP, "on")
    await guard.minutes(10)
    assert guard.calls[3:] == [
        ("12:10", "a", "off"),
        ("12:12", "b", "off"),
        ("12:14", "c", "off"),
    ]


async def test_resuming_ends_when_power_is_expensive_again(guard: Guard) -> None:
    await start(guard, A, B, C, minimum_run=0, minimum_save=0, stagger=5)
    await guard.say(CHEAP, "off")
    await guard.minutes(10)
    await guard.say(CHEAP, "on")
    await guard.minutes(2)
    await guard.say(CHEAP, "off")
    await guard.minutes(10)
    assert guard.calls[3:] == [("12:10", "a", "off"), ("12:12", "a", "on")]


@pytest.mark.parametrize(
    ("on_missing", "calls"),
    [("keep", []), ("run", [("12:40", "a", "off")]), ("save", [("12:40", "b", "on")])],
)
@pytest.mark.parametrize("state", ["unavailable", "unknown", "cheap", ""])
async def test_no_answer(
    guard: Guard, on_missing: str, calls: list[object], state: str
) -> None:
    """The choice is carried out after the grace, and by then only."""
    await guard.say(CHEAP, state)
    await guard.say(A, "on")
    await start(guard, A, B, on_missing=on_missing, missing_grace=40, **PROMPT)
    await guard.minutes(90)
    assert guard.calls == calls


async def test_a_gap_at_midnight(guard: Guard) -> None:
    await guard.at("23:00")
    await start(guard, A, on_missing="save", missing_grace=20, **PROMPT)
    await guard.minutes(59)
    await guard.say(CHEAP, "unavailable")
    await guard.minutes(10)
    await guard.say(CHEAP, "on")
    await guard.minutes(60)
    assert guard.calls == []


async def test_reload_of_automations(guard: Guard) -> None:
    await start(guard, A, **PROMPT)
    await guard.stop()
    await guard.say(CHEAP, "off")
    await guard.hass.services.async_call(
        "automation", "turn_on", {"entity_id": AUTOMATION}, blocking=True
    )
    guard.hass.bus.async_fire("automation_reloaded")
    await guard.hass.async_block_till_done()
    assert guard.calls == [("12:00", "a", "on")]


async def test_start_of_home_assistant(guard: Guard) -> None:
    guard.hass.set_state(CoreState.starting)
    await guard.say(CHEAP, "off")
    await start(guard, A, **PROMPT)
    guard.hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await guard.hass.async_block_till_done()
    assert guard.calls == [("12:00", "a", "on")]
    guard.hass.set_state(CoreState.running)


async def test_away_miner_follows_when_it_is_back(guard: Guard) -> None:
    await start(guard, A, B, **PROMPT)
    await guard.say(A, "unavailable")
    await guard.say(CHEAP, "off")
    await guard.minutes(10)
    assert guard.calls == [("12:00", "b", "on")]
    await guard.say(A, "off")
    await guard.minutes(1)
    assert guard.calls[1:] == [("12:11", "a", "on")]


@pytest.mark.parametrize("fault", ["deaf", "failing"])
async def test_a_miner_that_does_not_obey(guard: Guard, fault: str) -> None:
    """It is asked again each quarter of an hour, and the others are not held up."""
    getattr(guard, fault).add(A)
    await guard.say(B, "on")
    await guard.say(C, "on")
    await guard.say(A, "on")
    await guard.minutes(60)
    await start(guard, A, B, C, minimum_save=0, stagger=1)
    await guard.minutes(60)
    assert guard.states(A, B, C) == ["on", "off", "off"]
    asked = [call for call in guard.calls if call[1] == "a"]
    assert 3 <= len(asked) <= 6
    assert len(guard.calls) == len(asked) + 2


async def test_dry_run(guard: Guard) -> None:
    await start(guard, A, B, dry_run=True, **PROMPT)
    await guard.say(CHEAP, "off")
    await guard.minutes(60)
    await guard.say(CHEAP, "on")
    await guard.minutes(60)
    await guard.say(B, "on")
    await guard.minutes(60)
    assert guard.calls == []
    assert guard.lines == [
        "would set switch.a, switch.b to on (binary_sensor.cheap_power is off)",
        "would set switch.b to off (binary_sensor.cheap_power is on)",
    ]


def _dear(slot: int) -> bool:
    """Whether power is dear in a quarter: in the morning, the evening and at times."""
    hour = slot / 4
    return slot != 50 and (6 <= hour < 9 or 17 <= hour < 21.5 or slot % 16 == 3)


async def test_a_day_of_quarters(guard: Guard) -> None:
    """Minimum times hold, writes are changes, and dear quarters are spent saving."""
    await guard.at("23:00")
    await start(guard, A, B, minimum_run=20, minimum_save=10, stagger=1)
    await guard.minutes(60, step=5)
    dear_and_running = 0
    for slot in range(96):
        dear = _dear(slot)
        await guard.say(CHEAP, "unavailable" if slot < 2 else "off" if dear else "on")
        for _ in range(15):
            await guard.minutes(1)
            dear_and_running += dear and guard.states(A) == ["off"]
    assert dear_and_running == 0
    for switch in ("a", "b"):
        changes = [(clock, to) for clock, name, to in guard.calls if name == switch]
        assert [to for _, to in changes] == ["on", "off"] * 5
        times = [int(clock[:2]) * 60 + int(clock[3:]) for clock, _ in changes]
        lengths = [after - before for before, after in pairwise(times)]
        assert min(lengths[::2]) >= 10
        assert min(lengths[1::2]) >= 20
    assert guard.states(A, B) == ["off", "off"]


async def test_restart_in_a_dear_slot(freezer: FrozenDateTimeFactory) -> None:
    """Nothing is written at the start; the minimum time counts from there."""
    async with async_test_home_assistant() as hass:
        guard = Guard(hass, freezer)
        await guard.at("18:00")
        last = State(AUTOMATION, "on", {"last_triggered": "2026-11-20T17:00:00+00:00"})
        mock_restore_cache(hass, [last])
        await guard.say(A, "unavailable")
        await guard.say(CHEAP, "unknown")
        await start(guard, A, minimum_save=30, on_missing="run", missing_grace=5)
        await guard.minutes(1)
        await guard.say(A, "on")
        await guard.minutes(1)
        await guard.say(CHEAP, "off")
        await guard.minutes(10)
        assert guard.calls == []
        await guard.say(CHEAP, "on")
        await guard.minutes(40)
        assert guard.calls == [("18:31", "a", "off")]
        await guard.stop()
        await hass.async_stop(force=True)


@pytest.fixture
def profiles(guard: Guard) -> list[tuple[str, list[str], str]]:
    """Let the switch of each of two miners name its profile; note what is applied."""
    hass = guard.hass
    entry = MockConfigEntry(domain="miner_monitor")
    entry.add_to_hass(hass)
    registry = er.async_get(hass)
    applied: list[tuple[str, list[str], str]] = []
    devices = {}
    for name in ("a", "b"):
        device = dr.async_get(hass).async_get_or_create(
            config_entry_id=entry.entry_id, identifiers={("miner_monitor", name)}
        )
        # Otherwise the name would count as taken.
        hass.states.async_remove(f"switch.{name}")
        registry.async_get_or_create(
            "switch",
            "miner_monitor",
            name,
            suggested_object_id=name,
            device_id=device.id,
            config_entry=entry,
        )
        devices[device.id] = f"switch.{name}"

    def choose(entity: str, profile: str) -> None:
        names = ["eco", "default", "Night"]
        known = next((name for name in names if name.lower() == profile.lower()), None)
        hass.states.async_set(entity, "off", {"profile": known})

    async def apply(call: ServiceCall) -> None:
        chosen = sorted(devices[device] for device in call.data["device_id"])
        applied.append((guard.clock, chosen, call.data["profile"]))
        for entity in chosen:
            choose(entity, call.data["profile"])

    hass.services.async_register("miner_monitor", "apply_profile", apply)
    choose(A, "default")
    choose(B, "none of them")
    return applied


@pytest.mark.parametrize(("night", "day"), [("Night", "default"), ("night", "Default")])
async def test_profiles(
    guard: Guard, profiles: list[tuple[str, list[str], str]], night: str, day: str
) -> None:
    await start(
        guard,
        A,
        B,
        method="profile",
        profile_expensive=night,
        profile_cheap=day,
        minimum_run=5,
        minimum_save=15,
        stagger=3,
    )
    await guard.minutes(20)
    both = [A, B]
    assert profiles == [("12:15", both[1:], day)]
    await guard.say(CHEAP, "off")
    await guard.minutes(1)
    await guard.say(CHEAP, "on")
    await guard.minutes(60)
    assert profiles[1:] == [
        ("12:20", both, night),
        ("12:35", both[:1], day),
        ("12:38", both[1:], day),
    ]
    assert guard.calls == []


async def test_who_is_held_is_named(guard: Guard) -> None:
    """Once, beside what is done with the others."""
    await guard.say(B, "off", held=True)
    await start(guard, A, B, **PROMPT)
    await guard.say(CHEAP, "off")
    await guard.minutes(10)
    assert guard.states(A, B) == ["on", "off"]
    assert guard.lines == ["left alone, for they are held: switch.b"]


async def test_profile_that_is_not_there(
    guard: Guard, profiles: list[tuple[str, list[str], str]]
) -> None:
    """It is asked for all the same, so that the error tells; but not each minute."""
    await start(guard, A, method="profile", profile_cheap="Day", **PROMPT)
    await guard.minutes(60)
    assert 3 <= len(profiles) <= 5


async def test_dry_run_of_profiles(
    guard: Guard, profiles: list[tuple[str, list[str], str]]
) -> None:
    await start(guard, B, method="profile", dry_run=True, **PROMPT)
    await guard.minutes(30)
    assert profiles == []
    assert guard.lines == [
        "would set switch.b to default (binary_sensor.cheap_power is on)"
    ]
