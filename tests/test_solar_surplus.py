"""The solar surplus: which miners run on the power that is left over."""

from collections.abc import AsyncIterator
from math import pi, sin
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from .automations import Guard

GRID = "sensor.grid"
A, B, C = "switch.a", "switch.b", "switch.c"
PROMPT = {"minimum_run": 0, "minimum_save": 0, "smoothing": 0, "pause": 2}


@pytest.fixture
async def guard(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncIterator[Guard]:
    guard = Guard(hass, freezer)
    await guard.at("09:00")
    for switch in (A, B, C):
        await guard.say(switch, "on")
    await guard.say(GRID, 0)
    await guard.at("12:00")
    yield guard
    await guard.stop()


async def start(guard: Guard, **inputs: Any) -> None:
    given = {"power": GRID, "miners": [A, B, C], "watts": "100", **PROMPT, **inputs}
    await guard.start("solar_surplus.yaml", **given)


@pytest.mark.parametrize(
    ("sign", "reading", "unit", "state"),
    [
        ("export_negative", -160, "W", "off"),
        ("export_negative", 160, "W", "on"),
        ("export_positive", 160, "W", "off"),
        ("export_positive", -160, "W", "on"),
        ("surplus", 0.16, "kW", "off"),
        ("surplus", 0.00016, "MW", "off"),
        ("surplus", 160, None, "off"),
        ("surplus", 149, "W", "on"),
    ],
)
async def test_signs_and_units(
    guard: Guard, sign: str, reading: float, unit: str | None, state: str
) -> None:
    await guard.say(GRID, reading, unit_of_measurement=unit)
    await start(guard, sign=sign, miners=[A])
    await guard.minutes(1)
    assert guard.states(A) == [state]


async def test_order_and_pause(guard: Guard) -> None:
    """From the top one at a time, as far as the power goes, and from the bottom."""
    await start(guard, sign="surplus", watts="100, 50, 200", pause=3, hysteresis=10)
    power = {A: 100, B: 50, C: 200}

    async def pass_with(surplus: float, minutes: int) -> None:
        for _ in range(minutes):
            running = sum(w for s, w in power.items() if guard.states(s) == ["off"])
            await guard.say(GRID, surplus - running)
            await guard.minutes(1)

    await pass_with(380, 12)
    assert guard.calls == [
        ("12:01", "a", "off"),
        ("12:04", "b", "off"),
        ("12:07", "c", "off"),
    ]
    await pass_with(341, 10)
    assert len(guard.calls) == 3
    await pass_with(60, 10)
    assert guard.calls[3:] == [("12:23", "c", "on"), ("12:26", "a", "on")]


async def test_who_is_held_is_left_alone(guard: Guard) -> None:
    """It neither starts nor stops, the next one gets its share, and it is named."""
    await guard.say(A, "on", held=True)
    await guard.say(B, "off", held=True)
    await start(guard, sign="surplus")
    await guard.say(GRID, 160)
    await guard.minutes(10)
    assert guard.calls == [("12:01", "c", "off")]
    await guard.say(GRID, -500)
    await guard.minutes(10)
    assert guard.states(A, B, C) == ["on", "off", "on"]
    assert guard.lines == ["left alone, for they are held: switch.a, switch.b"] * 2


async def test_an_important_miner_takes_the_power_of_others(guard: Guard) -> None:
    await guard.say(B, "off")
    await guard.say(C, "off")
    await guard.at("12:10")
    await guard.say(GRID, 20)
    await start(guard, sign="surplus", hysteresis=10)
    await guard.minutes(1)
    assert guard.calls == [("12:11", "c", "on")]
    await guard.say(GRID, 120)
    await guard.minutes(3)
    assert guard.calls[1:] == [("12:13", "a", "off")]


async def test_minimum_times(guard: Guard) -> None:
    await guard.say(GRID, 500)
    await start(guard, sign="surplus", miners=[A], minimum_run=20, minimum_save=10)
    await guard.minutes(1)
    await guard.say(GRID, -500)
    await guard.minutes(30)
    await guard.say(GRID, 500)
    await guard.minutes(30)
    assert guard.calls == [
        ("12:01", "a", "off"),
        ("12:21", "a", "on"),
        ("12:32", "a", "off"),
    ]


@pytest.mark.parametrize(
    ("noise", "calls"), [((300, 300), 1), ((300, -300), 0), ((500, -90), 1)]
)
async def test_smoothing(guard: Guard, noise: tuple[int, int], calls: int) -> None:
    """The average decides, not the moment of the question."""
    await guard.say(GRID, noise[0])
    await start(guard, sign="surplus", miners=[A], smoothing=40)
    await guard.minutes(1)
    for step in range(4):
        assert guard.calls == []
        await guard.say(GRID, noise[step % 2])
        await guard.seconds(10)
    assert len(guard.calls) == calls


async def test_power_sensors(guard: Guard) -> None:
    """A miner that draws less than it is said to gives less back."""
    await guard.say(A, "off")
    await guard.at("12:10")
    await guard.say("sensor.a", 0.04, unit_of_measurement="kW")
    await guard.say(GRID, 60)
    await start(guard, sign="surplus", watts="100, 90", power_sensors=["sensor.a"])
    await guard.minutes(5)
    assert guard.calls == []
    await guard.say(GRID, -100)
    await guard.minutes(1)
    assert guard.calls == [("12:16", "a", "on")]


@pytest.mark.parametrize(
    ("state", "charge", "expected"),
    [
        ("on", 79, "on"),
        ("on", 82, "on"),
        ("on", 85, "off"),
        ("off", 79, "on"),
        ("off", 82, "off"),
        ("off", 85, "off"),
    ],
)
async def test_battery(guard: Guard, state: str, charge: int, expected: str) -> None:
    await guard.say(A, state)
    await guard.at("12:10")
    await guard.say(GRID, 500)
    await guard.say("sensor.battery", charge)
    await start(
        guard,
        sign="surplus",
        miners=[A],
        battery="sensor.battery",
        battery_floor=80,
        battery_margin=5,
    )
    await guard.minutes(1)
    assert guard.states(A) == [expected]


@pytest.mark.parametrize(
    ("on_missing", "expected"),
    [
        ("keep", []),
        ("run", [("12:30", "b", "off"), ("12:32", "c", "off")]),
        ("save", [("12:30", "a", "on")]),
    ],
)
@pytest.mark.parametrize("absent", [GRID, "sensor.battery"])
async def test_no_reading(
    guard: Guard, on_missing: str, expected: list[object], absent: str
) -> None:
    await guard.say(A, "off")
    for sensor in (GRID, "sensor.battery"):
        await guard.say(sensor, "unavailable" if sensor == absent else 90)
    await start(
        guard,
        sign="surplus",
        battery="sensor.battery",
        on_missing=on_missing,
        missing_grace=30,
    )
    await guard.minutes(40)
    assert guard.calls == expected


async def test_a_short_gap_is_nothing(guard: Guard) -> None:
    await guard.say(A, "off")
    await start(guard, on_missing="save", missing_grace=5, miners=[A])
    for _ in range(5):
        await guard.say(GRID, "unavailable")
        await guard.minutes(4)
        await guard.say(GRID, 10)
        await guard.minutes(1)
    assert guard.calls == []


@pytest.mark.parametrize("fault", ["deaf", "failing"])
async def test_a_miner_that_does_not_obey(guard: Guard, fault: str) -> None:
    getattr(guard, fault).add(A)
    await guard.say(GRID, 1000)
    await start(guard, sign="surplus", pause=5)
    await guard.minutes(30)
    assert guard.states(A, B, C) == ["on", "off", "off"]


@pytest.mark.parametrize("watts", ["", "many", "nan"])
async def test_without_watts_a_miner_is_left_alone(guard: Guard, watts: str) -> None:
    await guard.say(GRID, 10_000)
    await start(guard, sign="surplus", watts=watts)
    await guard.minutes(10)
    assert guard.calls == []


async def test_dry_run(guard: Guard) -> None:
    await guard.say(GRID, -400)
    await start(guard, dry_run=True, pause=20)
    await guard.minutes(30)
    assert guard.calls == []
    assert guard.lines == [
        "would resume switch.a (400 W to spare)",
        "would resume switch.a, switch.b (400 W to spare)",
    ]


async def test_a_day_in_the_sun(guard: Guard) -> None:
    """The grid hardly gives, and no miner switches to and fro."""
    await guard.at("05:00", day=21)
    await start(guard, watts="100, 300", miners=[A, B], minimum_run=15, pause=5)
    bought = 0.0
    for minute in range(840):
        cloud = 0.4 if minute // 7 % 9 == 4 else 1
        sun = max(0.0, 900 * sin(pi * minute / 840)) * cloud
        house = 150 + 100 * (minute % 97 < 5)
        running = [w for s, w in ((A, 100), (B, 300)) if guard.states(s) == ["off"]]
        grid = house + sum(running) - sun
        bought += max(0.0, min(grid, sum(running)))
        await guard.say(GRID, round(grid))
        await guard.minutes(1)
    assert guard.states(A, B) == ["on", "on"]
    assert 4 <= len(guard.calls) <= 30
    for switch in ("a", "b"):
        calls = [call for call in guard.calls if call[1] == switch]
        assert [to for *_, to in calls] == ["off", "on"] * (len(calls) // 2)
    assert bought / 60 < 300
