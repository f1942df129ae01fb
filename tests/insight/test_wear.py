"""Wear: dust is found, and neither a season, a fan nor a change is taken for it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
import json
import math
from random import Random
from typing import Any

import pytest

from custom_components.miner_monitor.insight.blocks import Block, PointKey
from custom_components.miner_monitor.insight.tracker import MinerTracker
from custom_components.miner_monitor.insight.wear import WearWatch
from custom_components.miner_monitor.miners.model import (
    Family,
    MinerIdentity,
    MinerState,
    MinerStatus,
)
from custom_components.miner_monitor.model import Moment

FIRST = date(2026, 3, 1)
DAY, BLOCK = 86_400, 1_200
"""Every second block of ten minutes: as good as all, in half the time."""

IDENTITY = MinerIdentity(family=Family.AXEOS, manufacturer="Bitaxe", model="Gamma")

type Course = float | Callable[[float], float]
"""What something is on a day."""


def at(course: Course, day: float) -> float:
    return course(day) if callable(course) else course


def ramp(total: float, begin: float, length: float, start: float = 0.0) -> Course:
    """Rise from a day on, and stay there."""
    return lambda day: start + total * min(1.0, max(0.0, (day - begin) / length))


@dataclass(kw_only=True)
class World:
    """A miner in a room.

    ``room`` is the mean of each day in °C, ``dust`` degrees at the chip at 50 % duty.
    An automatic fan holds the chip at ``target``; else it runs at ``duty``. The room's
    sensor follows the air by the part ``slope``. ``weather`` is the deviation of whole
    days, ``noise`` that of single blocks. The fan cools by the power ``blown`` of its
    duty cycle.
    """

    rng: Random
    room: Course = 21.0
    dust: Course = 0.0
    target: float | None = None
    duty: float = 50.0
    slope: float = 1.0
    blown: float = 0.5
    weather: float = 0.4
    noise: float = 0.3
    power: Course = 18.0
    frequency: Course = 525.0
    firmware: Course = 1.0
    sensor: bool = True
    name: str = "sensor.room"
    inlet: bool = False
    gap: Course = 0.0
    restarts: bool = False
    watch: WearWatch = field(default_factory=WearWatch)
    now: float = 0.0
    rises: dict[int, float | None] = field(default_factory=dict)

    def live(self, days: int) -> World:
        """Let days pass; what was said at the end of each is in ``rises``."""
        for _ in range(days):
            self._day()
        return self

    def _day(self) -> None:
        number = round(self.now / DAY)
        drift, outside = self.rng.gauss(0, self.weather), self.rng.gauss(0, 1.0)
        if self.restarts:
            stored = json.dumps(self.watch.dump())
            self.watch = WearWatch()
            self.watch.load(json.loads(stored))
        rise = self.rises.get(number - 1)
        while self.now < (number + 1) * DAY:
            self.now += BLOCK
            rise = self._block(number, drift, outside)
        self.rises[number] = rise

    def _block(self, number: int, drift: float, outside: float) -> float | None:
        day = self.now / DAY
        air = at(self.room, day) + outside + 3 * math.cos(2 * math.pi * (day - 0.6))
        watts = at(self.power, day) * (1 + 0.002 * self.rng.gauss(0, 1))
        part = watts / 18.0 * (at(self.frequency, day) / 525.0) ** 1.5
        heat = (36.0 + at(self.dust, day)) * part
        duty = self.duty
        if self.target is not None:
            needed = 50 * (heat / max(1.0, self.target - air)) ** (1 / self.blown)
            duty = min(100.0, max(20.0, needed))
        chip = (
            air
            + heat * (50 / duty) ** self.blown
            + drift
            + self.rng.gauss(0, self.noise)
        )
        seen = 21 + (air - 21) * self.slope
        text = str(FIRST + timedelta(days=number))
        moment = Moment(wall=1.79e9 + self.now, monotonic=self.now, day=text)
        figures = {
            "hash_rate": (1.0, 1.0),
            "power": (watts, 1.0),
            "chip_temperature": (chip, 1.0),
            "fan_duty_cycle": (duty, 1.0),
        }
        if self.sensor:
            figures["room_temperature"] = (seen, 1.0)
        block = Block(
            point=PointKey(at(self.frequency, day), 1.15),
            deviation=0.01,
            figures=figures,
            end=moment.wall,
            day=text,
            set_points=(at(self.frequency, day), 1.15, self.target, self.duty),
            intake=air if self.inlet else None,
        )
        given = None if at(self.gap, day) else block
        return self.watch.observe(
            given, f"v{at(self.firmware, day):g}", self.name, moment
        )

    @property
    def found(self) -> list[int]:
        """The days on which it was hotter."""
        return [day for day, rise in self.rises.items() if rise is not None]


DUSTY = ramp(4.0, 15, 30)
LAST = 50
"""A day by which dust of the thirty days from the 15th on must be found."""


def season(seed: int) -> Course:
    """Go from winter to summer or back, some degrees in a quarter of a year."""
    rng = Random(seed)
    swing, phase = rng.uniform(2, 9), rng.uniform(0, 360)
    return lambda day: 21 + swing * math.sin(2 * math.pi * (day + phase) / 180)


@pytest.mark.parametrize("batch", range(4))
def test_a_hundred_clean_miners_are_clean(batch: int) -> None:
    """For ninety days each, with every kind of fan, sensor, season and user."""
    users: list[Course] = [525.0, lambda day: 525.0 if day // 5 % 2 else 600.0]
    gaps: list[Course] = [0.0, lambda day: int(day) % 3 == 1]
    for seed in range(25 * batch, 25 * batch + 25):
        rng = Random(seed)
        world = World(
            rng=rng,
            room=season(seed),
            target=rng.choice([None, 55.0, 60.0]),
            duty=rng.choice([35.0, 50.0, 100.0]),
            slope=rng.choice([0.8, 1.0, 1.1]),
            blown=rng.choice([0.3, 0.5, 0.6]),
            weather=rng.uniform(0.1, 0.8),
            noise=rng.uniform(0.1, 1.0),
            restarts=seed % 4 == 0,
            frequency=rng.choice(users),
            gap=rng.choice(gaps),
        )
        assert world.live(90).found == [], seed


LIVES: dict[str, dict[str, Any]] = {
    "alone": {},
    "an automatic fan": {"target": 60.0},
    "restarts of ours": {"restarts": True},
    "its own sensor": {"sensor": False, "inlet": True},
    "days without data": {"gap": lambda day: int(day) % 3 == 1},
    "off at night": {"gap": lambda day: (day % 1) < 0.5},
    "another tariff at night": {"frequency": lambda day: 600.0 - 75 * (day % 1 < 0.5)},
    "a user who plays": {"frequency": lambda day: 600.0 - 75 * (int(day) % 2)},
    "spring": {"room": ramp(3.0, 15, 30, 20.0)},
    "a poor sensor": {"slope": 0.8},
}


@pytest.mark.parametrize("name", LIVES)
def test_dust_is_found(name: str) -> None:
    """Four degrees in thirty days, once they are there; most often by then."""
    found = 0
    for seed in range(10):
        world = World(rng=Random(seed), dust=DUSTY, **LIVES[name])
        days = world.live(LAST).found
        assert not days or days[0] >= 33, seed
        found += bool(days)
    assert found >= 9, found


HARMLESS: dict[str, dict[str, Any]] = {
    "another target": {"target": 60.0},
    "another sensor": {"dust": ramp(5.0, 40, 0.01)},
    "a firmware that reads otherwise": {
        "dust": ramp(5.0, 40, 0.01),
        "firmware": lambda day: 1.0 if day < 40 else 2.0,
    },
    "more power": {"power": ramp(3.0, 40, 0.01, 18.0)},
    "spring": {"room": ramp(15.0, 20, 60, 21.0), "slope": 0.8},
    "autumn": {"room": ramp(-15.0, 20, 60, 21.0), "slope": 0.8},
    "autumn with an automatic fan": {"room": ramp(-15.0, 20, 60, 21.0), "target": 60.0},
    "spring with an automatic fan": {"room": ramp(15.0, 20, 60, 16.0), "target": 60.0},
    "spring with a strong fan": {
        "room": ramp(9.0, 20, 60, 16.0),
        "target": 60.0,
        "blown": 0.7,
    },
    "autumn with a weak fan": {
        "room": ramp(-9.0, 20, 60, 25.0),
        "target": 60.0,
        "blown": 0.3,
    },
    "no sensor": {"dust": DUSTY, "sensor": False},
    "a hot week": {"dust": lambda day: 8.0 if 50 <= day < 52 else 0.0},
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_wear(name: str) -> None:
    for seed in range(3):
        world = World(rng=Random(seed), **HARMLESS[name]).live(40)
        if name == "another target":
            world.target = 66.0
        if name == "another sensor":
            world.name = "sensor.cellar"
        assert world.live(50).found == [], seed


def dusty(seed: int = 1) -> World:
    """Return a miner that was found to run hotter."""
    world = World(rng=Random(seed), dust=DUSTY).live(LAST)
    assert world.found
    return world


def test_cleaning_ends_it_within_two_days() -> None:
    world = dusty()
    world.dust = 0.0
    world.live(2)
    assert LAST + 1 not in world.found
    assert not [day for day in world.live(60).found if day > LAST]


def test_it_stays_until_it_is_cleaned_or_usual() -> None:
    """A month later it is as hot as a month ago, and still has to be cleaned."""
    world = dusty()
    first = world.found[0]
    found = world.live(80).found
    assert found == list(range(first, first + len(found)))
    assert 55 <= len(found) <= 65


def test_it_is_known_after_a_restart() -> None:
    world = dusty()
    rise = world.rises[LAST - 1]
    again = WearWatch()
    again.load(json.loads(json.dumps(world.watch.dump())))
    day = str(FIRST + timedelta(days=LAST))
    moment = Moment(wall=1.79e9 + world.now, monotonic=5.0, day=day)
    assert again.observe(None, "v1", world.name, moment) == pytest.approx(rise, abs=0.5)


def test_a_tracker_reports_it() -> None:
    """As a warning of the miner, with its rise and the limit, in the row of the day."""
    world = dusty()
    tracker = MinerTracker(IDENTITY)
    wall = 1.79e9 + world.now
    assert tracker.load({"saved_at": wall, "wear": world.watch.dump()}, wall)
    tracker.resume({})
    state = MinerState(status=MinerStatus.HASHING, hash_rate=1.0, hash_rate_now=1.0)
    day = str(FIRST + timedelta(days=LAST))
    moment = Moment(wall=wall + 60, monotonic=5.0, day=day)
    insight = tracker.observe(
        IDENTITY,
        state,
        moment,
        response_time=9,
        interval=15,
    )
    (finding,) = insight.health.findings
    assert (finding.kind, finding.severity) == ("runs_hotter", "warning")
    assert finding.threshold == 3.0
    assert finding.value == pytest.approx(4.0, abs=0.6)
    assert finding.since == wall + 60
    (event,) = tracker.events
    assert event.details["problem"] == "runs_hotter"
    assert tracker.days[-1].findings == ("runs_hotter",)


@pytest.mark.parametrize(
    "damage",
    [None, [], {"conditions": 1}, {"conditions": [[1, 2]]}, {"conditions": [[1, 2, 3]]}]
    + [{"conditions": [[1, 10, 4, [[day, 6, 1e300, 5], [day]]]]} for day in (-1, 9e9)],
)
def test_what_is_damaged_costs_only_the_past(damage: object) -> None:
    watch = WearWatch()
    watch.load(damage)
    world = World(rng=Random(1), dust=DUSTY, watch=watch).live(LAST)
    assert world.found


def test_a_wrong_clock_is_no_wear() -> None:
    """Days that were not are forgotten; what was before them may be lost."""
    world = World(rng=Random(4)).live(40)
    world.now += 400 * DAY
    world.live(1)
    world.now = 41 * DAY
    assert world.live(45).found == []


def test_it_stays_small() -> None:
    """With a user who never leaves the settings as they are."""
    world = World(
        rng=Random(2), target=60.0, frequency=lambda day: 500.0 + int(day * 16) % 16
    )
    stored = json.dumps(world.live(60).watch.dump(), separators=(",", ":"))
    assert len(stored) <= 12_000
