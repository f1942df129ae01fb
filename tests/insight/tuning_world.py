"""A miner in a room with day and night, and users who try its settings."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
import math
from random import Random

from custom_components.miner_monitor.insight.blocks import Block, PointKey
from custom_components.miner_monitor.insight.model import (
    Judgement,
    Tuning,
    Verdict,
)
from custom_components.miner_monitor.insight.tuning import TuningMap
from custom_components.miner_monitor.model import Moment

HOUR, DAY = 3600.0, 86_400.0
EPOCH = 1_790_000_000.0
POLL, BLOCK, SETTLE = 60, 600, 180

type Visits = Iterator[tuple[int, float]]
"""Which setting comes next, and for how many seconds."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What a setting really gives: TH/s, W and, of a reading, the deviation."""

    rate: float
    power: float
    noise: float = 0.03
    duty: float = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How noisy a miner is, and what its room does to it.

    ``memory`` is the time constant of the noise in s, ``swing`` that of the room by day
    and night in °C, ``weather`` the deviation from day to day, ``warmth`` the part of
    its power per °C. ``sensor``: the room's temperature is known.
    """

    memory: float = 120.0
    swing: float = 4.0
    weather: float = 0.0
    warmth: float = 0.003
    sensor: bool = False


def key_of(index: int) -> PointKey:
    """Name the settings by their place."""
    return PointKey(frequency=500.0 + 25 * index, core_voltage=1.15)


def rota(rng: Random, points: int, least: float, most: float) -> Visits:
    """Go through all settings again and again, every time in another order."""
    while True:
        for index in rng.sample(range(points), points):
            yield index, HOUR * rng.uniform(least, most)


def whims(rng: Random, points: int, least: float, most: float) -> Visits:
    """Prefer some settings, and stay as long as one likes."""
    weights = [2.0 ** -(index % 3) for index in range(points)]
    while True:
        index = rng.choices(range(points), weights)[0]
        yield index, HOUR * rng.uniform(least, most)


def daily(rng: Random, points: int) -> Visits:
    """Change once a day, at about the same hour."""
    while True:
        for index in rng.sample(range(points), points):
            yield index, DAY + HOUR * rng.uniform(-1, 1)


class Miner:
    """Gives blocks, and lets a map see them."""

    def __init__(
        self, rng: Random, truths: Sequence[Truth], world: World, begin: float
    ) -> None:
        """Begin at some second of the day with all noise settled."""
        self._rng = rng
        self._truths = truths
        self._world = world
        self._noise = rng.gauss(0, 1)
        self._outside = rng.gauss(0, 1)
        self.now = begin

    def stay(self, index: int, seconds: float) -> Iterator[tuple[Block, Moment]]:
        """Stay at a setting and give its blocks."""
        end = self.now + seconds
        self.now += SETTLE
        while self.now + BLOCK <= end:
            yield self._block(index)

    def _block(self, index: int) -> tuple[Block, Moment]:
        truth, world, rng = self._truths[index], self._world, self._rng
        kept = math.exp(-POLL / world.memory)
        fresh = math.sqrt(1 - kept * kept)
        noise, total, squares = self._noise, 0.0, 0.0
        count = BLOCK // POLL
        for _ in range(count):
            noise = noise * kept + fresh * rng.gauss(0, 1)
            total += noise
            squares += noise * noise
        self._noise = noise
        if self.now % DAY < BLOCK:
            self._outside = 0.7 * self._outside + math.sqrt(0.51) * rng.gauss(0, 1)
        self.now += BLOCK
        angle = 2 * math.pi * (self.now / DAY - 15 / 24)
        room = world.swing * math.cos(angle) + world.weather * self._outside
        rate = truth.rate * (1 + truth.noise * total / count)
        power = truth.power * (1 + world.warmth * room + 0.001 * rng.gauss(0, 1))
        spread = (squares - total * total / count) / (count - 1)
        figures = {
            "hash_rate": (rate, 1.0),
            "power": (power, 1.0),
            "fan_duty_cycle": (truth.duty + room, 1.0),
            "efficiency": (power / rate, rate),
        }
        if world.sensor:
            figures["room_temperature"] = (22 + room, 1.0)
        wall = EPOCH + self.now
        block = Block(
            point=key_of(index),
            deviation=truth.noise * math.sqrt(spread),
            figures=figures,
            end=wall,
            day=str(int(self.now // DAY)),
        )
        return block, Moment(wall=wall, monotonic=self.now, day=block.day)


@dataclass(frozen=True, slots=True)
class Course:
    """What a map said of one question: each new winner and the day, and the last.

    What it said before all settings had been tried is left out.
    """

    winners: tuple[tuple[float, int], ...]
    last: Judgement

    def found(self, best: int, day: float) -> bool:
        """Whether the best was named by the end of a day."""
        return any(index == best and when <= day for when, index in self.winners)

    def wrong(self, right: frozenset[int]) -> bool:
        """Whether another one was ever named."""
        return any(index not in right for _, index in self.winners)


def follow(
    seed: int,
    days: float,
    truths: Sequence[Truth],
    visits: Callable[[Random, int], Visits],
    world: World,
) -> dict[Verdict, Course]:
    """Let a user try settings for some days and note what the map says."""
    rng = Random(seed)
    begin = rng.uniform(0, DAY)
    miner, tuning_map = Miner(rng, truths, world, begin), TuningMap()
    places = {key_of(index): index for index in range(len(truths))}
    courses: dict[Verdict, Course] = {}
    before: Tuning | None = None
    for index, seconds in visits(rng, len(truths)):
        left = days * DAY - (miner.now - begin)
        for block, moment in miner.stay(index, min(seconds, left)):
            tuning = tuning_map.add(block, moment)
            if tuning is not before:
                before = tuning
                _note(courses, tuning, places, (miner.now - begin) / DAY)
        if left <= seconds:
            return courses
    return courses


def _note(
    courses: dict[Verdict, Course],
    tuning: Tuning,
    places: dict[PointKey, int],
    day: float,
) -> None:
    if len(tuning.points) < len(places):
        return
    for kind, judgement in tuning.verdicts.items():
        course = courses.get(kind, Course((), judgement))
        winners = course.winners
        if judgement.settings is not None:
            winner = places[PointKey(**judgement.settings)]
            if not winners or winners[-1][1] != winner:
                winners = (*winners, (day, winner))
        courses[kind] = replace(course, winners=winners, last=judgement)
