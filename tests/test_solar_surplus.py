"""The solar surplus: how many watts miners may draw of what is left over."""

from collections.abc import AsyncIterator
from math import pi, sin
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
import pytest
from pytest_homeassistant_custom_component.common import (
    async_test_home_assistant,
    mock_restore_cache,
)

from .automations import AUTOMATION, Guard

GRID, DRAWN, BATTERY = "sensor.grid", "sensor.drawn", "sensor.battery"
TARGET = "number.target"
NORMAL, MOST = 400, 1000
PROMPT = {
    "reserve": 0,
    "hysteresis": 10,
    "smoothing": 0,
    "steady": 0,
    "rise": 0,
    "pause": 2,
}


@pytest.fixture
async def guard(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncIterator[Guard]:
    guard = Guard(hass, freezer)
    await guard.at("09:00")
    await say_target(guard, 0)
    await guard.say(DRAWN, 0, unit_of_measurement="W")
    await guard.say(GRID, 0)
    await guard.at("12:00")
    yield guard
    await guard.stop()


async def say_target(guard: Guard, watts: float, **attributes: object) -> None:
    known = {"max": MOST, "normal_power": NORMAL}
    await guard.say(TARGET, watts, **known, **attributes)


async def start(guard: Guard, **inputs: Any) -> None:
    given = {"power": GRID, "target": TARGET, "drawn": DRAWN, **PROMPT, **inputs}
    await guard.start("solar_surplus.yaml", **given)


def asked(guard: Guard) -> list[tuple[str, str]]:
    """Return when how many watts were asked for."""
    assert {name for _, name, _ in guard.calls} <= {"target"}
    return [(clock, watts) for clock, _, watts in guard.calls]


@pytest.mark.parametrize(
    ("sign", "reading", "unit", "watts"),
    [
        ("export_negative", -160, "W", ["160"]),
        ("export_negative", 160, "W", []),
        ("export_positive", 160, "W", ["160"]),
        ("export_positive", -160, "W", []),
        ("surplus", 0.16, "kW", ["160"]),
        ("surplus", 0.00016, "MW", ["160"]),
        ("surplus", 160, None, ["160"]),
        ("surplus", 9, "W", []),
        ("surplus", "nan", "W", []),
    ],
)
async def test_signs_and_units(
    guard: Guard, sign: str, reading: object, unit: str | None, watts: list[str]
) -> None:
    await guard.say(GRID, reading, unit_of_measurement=unit)
    await start(guard, sign=sign)
    await guard.minutes(1)
    assert [value for _, value in asked(guard)] == watts


async def test_what_miners_draw_is_theirs(guard: Guard) -> None:
    """They keep what they have while nothing is exported, and lose what is missing."""
    await say_target(guard, 200)
    await guard.say(DRAWN, 0.15, unit_of_measurement="kW")
    await guard.say(GRID, 45)
    await start(guard, sign="surplus", reserve=5)
    await guard.minutes(1)
    assert asked(guard) == [("12:01", "190")]
    await guard.say(DRAWN, 0.19, unit_of_measurement="kW")
    await guard.say(GRID, 0)
    await guard.minutes(10)
    assert len(guard.calls) == 1
    await guard.say(GRID, -100)
    await guard.minutes(1)
    assert asked(guard)[1:] == [("12:12", "85")]


async def test_changes_are_worth_it_and_apart(guard: Guard) -> None:
    """By the hysteresis at least, and by 3 %; to the ends always."""
    await start(guard, sign="surplus", pause=3, hysteresis=5)
    for watts in (100, 104, 106, 300, 308, 310, 398, 401, 5000, 390, 3, 0):
        await guard.say(GRID, watts)
        await guard.minutes(4)
    assert [value for _, value in asked(guard)] == [
        "100",
        "106",
        "300",
        "310",
        "398",
        str(MOST),
        "3",
        "0",
    ]
    before = len(guard.calls)
    for watts in (100, 200, 300, 350):
        await guard.say(GRID, watts)
        await guard.minutes(1)
    assert asked(guard)[before:] == [("12:49", "100"), ("12:52", "350")]


async def test_as_much_as_they_draw_anyway_is_no_limit(guard: Guard) -> None:
    """The target of all miners shows what they draw then, that of one what was set."""
    await guard.say(GRID, 5000)
    await start(guard, sign="surplus")
    await guard.minutes(1)
    assert asked(guard) == [("12:01", str(MOST))]
    await guard.minutes(20)
    await say_target(guard, NORMAL)
    await guard.minutes(20)
    assert len(guard.calls) == 1


async def test_who_is_held_is_left_alone(guard: Guard) -> None:
    await say_target(guard, 0, held=True)
    await guard.say(GRID, 160)
    await start(guard, sign="surplus")
    await guard.minutes(10)
    assert guard.calls == []
    await say_target(guard, 0, held=False)
    await guard.minutes(1)
    assert asked(guard) == [("12:11", "160")]


async def test_away_miner_follows_when_it_is_back(guard: Guard) -> None:
    await guard.say(TARGET, "unavailable")
    await guard.say(GRID, 160)
    await start(guard, sign="surplus")
    await guard.minutes(10)
    assert guard.calls == []
    await say_target(guard, 0)
    await guard.minutes(1)
    assert asked(guard) == [("12:11", "160")]


@pytest.mark.parametrize(
    ("had", "noise", "watts"),
    [
        (0, (300, 300), ["300"]),
        (0, (300, -300), []),
        (0, (500, 90), ["90"]),
        (300, (100, 300), ["200"]),
        (300, (250, 430), []),
    ],
)
async def test_smoothing(
    guard: Guard, had: int, noise: tuple[int, int], watts: list[str]
) -> None:
    """The average lowers it, and the lowest of a longer time raises it."""
    await say_target(guard, had)
    await guard.say(GRID, noise[0])
    await start(guard, sign="surplus", smoothing=40, steady=120)
    await guard.minutes(1)
    for step in range(4 if had else 12):
        assert guard.calls == []
        await guard.say(GRID, noise[step % 2])
        await guard.seconds(10)
    assert [value for _, value in asked(guard)] == watts


@pytest.mark.parametrize(("had", "watts"), [(0, "170"), (200, "200"), (300, "200")])
async def test_margin_for_a_rise(guard: Guard, had: int, watts: str) -> None:
    """A target is raised to less than there is, and lowered to what there is."""
    await say_target(guard, had)
    await guard.say(GRID, 200)
    await start(guard, sign="surplus", rise=30)
    await guard.minutes(1)
    assert float(guard.states(TARGET)[0]) == float(watts)


async def test_a_fall_waits_less(guard: Guard) -> None:
    await guard.say(GRID, 300)
    await start(guard, sign="surplus", pause=5)
    await guard.minutes(1)
    await guard.say(GRID, 200)
    await guard.minutes(3)
    await guard.say(GRID, 390)
    await guard.minutes(6)
    assert asked(guard) == [("12:01", "300"), ("12:03", "200"), ("12:08", "390")]


async def test_a_gap_while_it_reads(guard: Guard) -> None:
    """What is missing is not in the average, and at its end nothing is decided."""
    await say_target(guard, 350)
    await guard.say(GRID, 100)
    await start(guard, sign="surplus", smoothing=30)
    await guard.minutes(1)
    for reading in (100, "unavailable", 300):
        await guard.say(GRID, reading)
        await guard.seconds(10)
    assert [value for _, value in asked(guard)] == ["200"]
    await guard.say(GRID, 195)
    await guard.minutes(5)
    await guard.say(GRID, 50)
    await guard.minutes(1)
    for reading in (50, 50, "unavailable"):
        await guard.say(GRID, reading)
        await guard.seconds(10)
    assert len(guard.calls) == 1


@pytest.mark.parametrize(
    ("had", "charge", "watts"),
    [
        (0, 79, []),
        (0, 82, []),
        (0, 85, ["300"]),
        (200, 79, ["0"]),
        (200, 82, ["300"]),
        (200, 85, ["300"]),
    ],
)
async def test_battery(guard: Guard, had: int, charge: int, watts: list[str]) -> None:
    await say_target(guard, had)
    await guard.say(GRID, 300)
    await guard.say(BATTERY, charge)
    await start(
        guard, sign="surplus", battery=BATTERY, battery_floor=80, battery_margin=5
    )
    await guard.minutes(1)
    assert [value for _, value in asked(guard)] == watts


@pytest.mark.parametrize(
    ("on_missing", "expected"),
    [("keep", []), ("run", [("12:30", str(MOST))]), ("save", [("12:30", "0")])],
)
@pytest.mark.parametrize("absent", [GRID, DRAWN, BATTERY])
async def test_no_reading(
    guard: Guard, on_missing: str, expected: list[object], absent: str
) -> None:
    await say_target(guard, 90)
    for sensor in (GRID, DRAWN, BATTERY):
        await guard.say(sensor, "unavailable" if sensor == absent else 90)
    await start(
        guard,
        sign="surplus",
        battery=BATTERY,
        on_missing=on_missing,
        missing_grace=30,
    )
    await guard.minutes(40)
    assert asked(guard) == expected


async def test_a_short_gap_is_nothing(guard: Guard) -> None:
    await say_target(guard, 90)
    await guard.say(DRAWN, 90)
    await start(guard, on_missing="save", missing_grace=5)
    for _ in range(5):
        await guard.say(GRID, "unavailable")
        await guard.minutes(4)
        await guard.say(GRID, 5)
        await guard.minutes(1)
    assert guard.calls == []


@pytest.mark.parametrize("fault", ["deaf", "failing"])
async def test_a_target_that_does_not_obey(guard: Guard, fault: str) -> None:
    """It is asked again after the time between two changes."""
    getattr(guard, fault).add(TARGET)
    await guard.say(GRID, 100)
    await start(guard, sign="surplus", pause=5)
    await guard.minutes(20)
    assert asked(guard) == [(f"12:{minute:02}", "100") for minute in (1, 6, 11, 16)]


async def test_dry_run(guard: Guard) -> None:
    await guard.say(GRID, -200)
    await start(guard, dry_run=True, pause=20)
    await guard.minutes(22)
    await guard.say(GRID, "unavailable")
    await guard.minutes(30)
    assert guard.calls == []
    assert guard.lines == ["would set number.target to 200 W (200 W to spare)"] * 2


async def test_restart_without_readings(freezer: FrozenDateTimeFactory) -> None:
    """Nothing is set before the sensors are there; the last change still counts."""
    async with async_test_home_assistant() as hass:
        guard = Guard(hass, freezer)
        await guard.at("12:00")
        last = State(AUTOMATION, "on", {"last_triggered": "2026-11-20T19:55:00+00:00"})
        mock_restore_cache(hass, [last])
        await guard.say(TARGET, "unavailable")
        await start(guard, sign="surplus", pause=15, on_missing="run", missing_grace=9)
        await guard.minutes(2)
        await say_target(guard, 90)
        await guard.say(GRID, 200)
        await guard.say(DRAWN, "unknown")
        await guard.minutes(2)
        await guard.say(DRAWN, 90)
        await guard.minutes(20)
        assert asked(guard) == [("12:10", "290")]
        await guard.stop()
        await hass.async_stop(force=True)


async def test_a_day_in_the_sun(guard: Guard) -> None:
    """The grid hardly gives, what there is is used, and the target is calm."""
    await guard.at("05:00", day=21)
    await start(guard, pause=5, smoothing=0, reserve=20, hysteresis=20)
    bought = used = there = 0.0
    for minute in range(840):
        cloud = 0.4 if minute // 7 % 9 == 4 else 1
        sun = max(0.0, 900 * sin(pi * minute / 840)) * cloud
        house = 150 + 100 * (minute % 97 < 5)
        state = guard.states(TARGET)[0]
        drawn = min(float(state), NORMAL)
        grid = house + drawn - sun
        bought += max(0.0, min(grid, drawn))
        used += max(0.0, min(drawn, sun - house))
        there += max(0.0, min(NORMAL, sun - house))
        await guard.say(DRAWN, drawn)
        await guard.say(GRID, round(grid))
        await guard.minutes(1)
    assert guard.states(TARGET) == ["0.0"]
    assert 4 <= len(guard.calls) <= 110
    assert bought / 60 < 150
    assert used > 0.85 * there
