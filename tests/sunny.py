"""A house with panels on its roof and six miners, minute by minute.

Clouds come and go, ovens and kettles are switched on, and a meter at the grid tells
what is left. All of it follows from a seed.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from math import pi, sin
from random import Random
import re

from simulator import SimulatedMiner

from .conftest import GAMMA, MINI_3, NANO_3S, NERD, Q, TimedBench
from .fleets import fleet_state
from .house import DAY, GAMMA_PAUSES, HOUR, MINUTE, House, build

GRID = "sensor.grid"
TARGET = "number.all_miners_power_target"
DRAWN = "sensor.all_miners_power"
SIX = (GAMMA, GAMMA_PAUSES, NANO_3S, NERD, Q, MINI_3)
DAWN, DUSK = 6, 20
"""Hours between which the panels give anything."""

TURNS = {
    "stop": r"POST /api/system/(pause|shutdown)|ascset 0,softoff,1:\d+",
    "start": r"POST /api/system/(resume|restart)|ascset 0,softon,1:\d+",
}
MINIMUM = {
    name: (20 * MINUTE, 20 * MINUTE)
    if name in (Q.name, MINI_3.name)
    else (15 * MINUTE, 10 * MINUTE)
    for name in (spec.name for spec in SIX)
}
"""Seconds that each runs and rests at least."""

WINDOW = 10
"""Minutes of a mean that has to stay within the target."""

LAG = 7
"""Minutes for which a target still counts: to the next change and the next poll."""


class Sky:
    """What the panels give and the house takes, in W, on as many days as one likes."""

    def __init__(self, seed: int) -> None:
        """Draw the first day."""
        self._random = Random(seed)
        self._days: list[tuple[list[float], list[float]]] = []

    def at(self, moment: float) -> tuple[float, float]:
        """Return what the panels give and what the house takes at a moment."""
        day, rest = divmod(moment, DAY)
        while len(self._days) <= day:
            self._days.append(self._draw())
        sun, house = self._days[int(day)]
        minute = int(rest / MINUTE)
        return sun[minute], house[minute]

    def _draw(self) -> tuple[list[float], list[float]]:
        """Draw a day: a clear sky, or one with clouds that stay for some minutes."""
        rnd = self._random
        peak, cloudy = rnd.uniform(900, 2600), rnd.choice((0.0, 0.2, 0.5, 0.8))
        sun, house = [], [rnd.uniform(150, 300)] * 1440
        veil, left = 1.0, 0
        for minute in range(1440):
            if left <= 0:
                left = rnd.randint(3, 40)
                veil = rnd.uniform(0.2, 0.7) if rnd.random() < cloudy else 1.0
            left -= 1
            height = sin(pi * (minute / 60 - DAWN) / (DUSK - DAWN))
            clear = peak * max(0.0, height) if DAWN * 60 < minute < DUSK * 60 else 0.0
            sun.append(clear * veil * rnd.uniform(0.97, 1.03))
        for _ in range(rnd.randint(8, 20)):
            watts, begin = rnd.choice((60, 150, 800, 2000)), rnd.randrange(360, 1380)
            for minute in range(begin, min(1440, begin + rnd.randint(2, 40))):
                house[minute] += watts
        return sun, house


@dataclass(slots=True)
class Balance:
    """What came of some days: kWh and TH, of the sun and of the grid."""

    surplus: float = 0.0
    drawn: float = 0.0
    bought: float = 0.0
    work: float = 0.0
    solar_work: float = 0.0

    def add(self, spare: float, drawn: float, rate: float, seconds: float) -> None:
        """Add a time in which so many W were there and drawn, at so many TH/s."""
        hours = seconds / 3600 / 1000
        spare = max(0.0, spare)
        self.surplus += spare * hours
        self.drawn += drawn * hours
        self.bought += max(0.0, drawn - spare) * hours
        self.work += rate * seconds
        self.solar_work += rate * seconds * min(1.0, spare / max(drawn, 1e-9))

    def take(self, other: Balance) -> None:
        """Add what came of other days."""
        for item in fields(self):
            total = getattr(self, item.name) + getattr(other, item.name)
            setattr(self, item.name, total)


@dataclass(slots=True)
class Minute:
    """What was seen in a minute: W asked for lately and drawn, and whether all is free.

    ``free``: nobody had to be waited for or left alone.
    """

    target: float
    drawn: float
    free: bool


@dataclass(slots=True)
class Roof:
    """The sun over a house, its meter, and what the miners made of it."""

    house: House
    sky: Sky
    known: bool = True
    begin: float = 0.0
    """Seconds of the house at which the sky's first day begins."""

    balance: Balance = field(default_factory=Balance)
    _asked: deque[float] = field(default_factory=lambda: deque(maxlen=LAG))
    _window: deque[Minute] = field(default_factory=lambda: deque(maxlen=WINDOW))
    windows: list[tuple[float, float]] = field(default_factory=list)
    """Means of target and power in W over ten minutes in which all were free."""

    @property
    def drawn(self) -> float:
        """What all miners really draw, in W."""
        return sum(miner.truth.power_w for miner in self.house.miners)

    def tell(self) -> None:
        """Let the meter tell what is taken from the grid."""
        sun, home = self.sky.at(self.house.now - self.begin + 1)
        power = str(round(home + self.drawn - sun)) if self.known else "unavailable"
        self.house.hass.states.async_set(GRID, power, {"unit_of_measurement": "W"})

    async def live(self, until: float, *, step: float = MINUTE) -> None:
        """Let time pass; the meter tells something each half minute."""
        house = self.house
        while house.now < until - 1:
            for _ in range(2):
                self.tell()
                moment = house.now
                await house.until(min(until, moment + step / 2))
                sun, home = self.sky.at(moment - self.begin + 1)
                self._count(sun - home, house.now - moment)
            self._look()

    def _count(self, spare: float, seconds: float) -> None:
        rate = sum(miner.truth.hash_rate_ths for miner in self.house.miners)
        self.balance.add(spare, self.drawn, rate, seconds)

    @property
    def _waits(self) -> bool:
        """Whether a miner has to run or rest on for its minimum time, as it sees it."""
        for miner in self.house.miners:
            for moment, name in turns(self.house, miner)[-1:]:
                least = MINIMUM[miner.name][name == "stop"] + LAG * MINUTE
                if self.house.now - moment < least:
                    return True
        return False

    def _look(self) -> None:
        """Note whether what is drawn is what was asked for."""
        state = fleet_state(self.house.hass, "number", "power_target")
        shares = state.attributes.get("shares", [])
        asked = asked_of(self.house)
        self._asked.append(asked or 0.0)
        free = bool(shares) and asked is not None and not self._waits
        free = free and all(share["limit"] in (None, "target") for share in shares)
        self._window.append(Minute(max(self._asked), self.drawn, free))
        seen = self._window
        if len(seen) == WINDOW and all(minute.free for minute in seen):
            target = sum(minute.target for minute in seen) / WINDOW
            self.windows.append((target, sum(m.drawn for m in seen) / WINDOW))


def asked_of(house: House) -> float | None:
    """Return the watts that all miners may draw; None where nothing limits them."""
    target = fleet_state(house.hass, "number", "power_target")
    run_when = fleet_state(house.hass, "select", "run_when").attributes["power"]
    asked = [run_when] if run_when is not None else []
    if target.attributes["set"]:
        asked.append(float(target.state))
    return min(asked, default=None)


async def build_six(bench: TimedBench, poll: int) -> House:
    """Add the six at midnight, each with its own seed."""
    specs = [replace(spec, uptime=DAY) for spec in SIX]
    return await build(bench, specs, poll)


def turns(house: House, miner: SimulatedMiner) -> list[tuple[float, str]]:
    """Return when a miner was told to stop and to start."""
    return [
        (moment, name)
        for moment, order in house.orders(miner)
        for name, pattern in TURNS.items()
        if re.fullmatch(pattern, order)
    ]


def too_soon(house: House) -> Iterator[tuple[str, float, float]]:
    """Yield who turned too soon, at which hour, after how many minutes."""
    for miner in house.miners:
        for (before, was), (moment, _) in pairwise(turns(house, miner)):
            least = MINIMUM[miner.name][was == "stop"]
            if moment - before < least - 15:
                yield miner.name, moment / HOUR, (moment - before) / MINUTE
