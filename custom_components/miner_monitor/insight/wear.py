"""Wear: in the same air and at the same settings a chip is hotter than it was.

What dust does shows as the temperature of the chip above that of the air. It is
compared only among blocks of the same condition: all settings, the firmware, the
source of the air's temperature, and the air within 2.5 °C. So a season is no wear:
where the present days have no condition in common with those of a month ago, nothing
is said. An automatic fan holds the temperature and turns faster instead: what a faster
fan takes away is added, and what more power explains is not counted. One day is one
observation, however many blocks it has, because what makes days differ (an open
window, a sensor in the sun) all its blocks share.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
import math
from typing import Annotated, NamedTuple, override
from zlib import crc32

from ..miners.codec import Amount, Row, Stored, Within
from ..miners.events import Moment
from .blocks import Block

LEAST_RISE = 3.0
"""Degrees by which it is certainly hotter, and from which that is worth a word."""

OVER = 2.0
"""Degrees that each of the newest days reaches; the last one below them ends it."""

THEN = range(28, 38)
"""Days before the present one with which it is compared."""

RECENT, NEWEST = 7, 3
"""Days back to which, and how many of which, are the present ones; the newest."""

LEAST_DAYS = 3
"""Days of a month ago that a condition needs."""

LEAST_BLOCKS = 3
"""A day of a condition has so many blocks of ten minutes, and a day twice as many."""

MOST_CONDITIONS = 8
"""Conditions that are kept of a day: those that held longest."""

LONGEST_OPEN = 60
"""Days after which what was found is how it is now, if nobody did anything."""

AIR_STEP = 2.5

FAN_POWER = 0.5
"""A fan that turns a tenth faster keeps the chip a twentieth nearer to the air. Fans
differ in that; it matters little while the air is the same."""

_LEAST_DEVIATION = 0.3
"""Degrees by which days differ at the least, however alike some of them were."""

_QUANTILE = 1.645
"""Of the normal distribution: the bound holds with 95 % confidence."""

type _Day = Annotated[int, Within(1, date.max.toordinal())]
type _Times = Annotated[int, Within(1, 1e6)]
type _Degrees = Annotated[float, Within(-1e3, 1e3)]
type _Duty = Annotated[float, Within(1, 1e3)]
type _Step = Annotated[int, Within(-1e3, 1e3)]


@dataclass(slots=True)
class DayMean(Row):
    """A day of one condition: degrees above the air, duty cycle in %, W if known."""

    digits = 4

    day: _Day
    blocks: _Times
    above: _Degrees
    duty: _Duty
    power: Amount | None

    def add(self, above: float, duty: float, power: float | None) -> None:
        """Take one more block; the power is known of all of them, or not at all."""
        self.blocks += 1
        self.above += (above - self.above) / self.blocks
        self.duty += (duty - self.duty) / self.blocks
        if self.power is not None and power is not None:
            self.power += (power - self.power) / self.blocks
        else:
            self.power = None


@dataclass(slots=True)
class Condition(Row):
    """What makes temperatures comparable, and its days, the oldest first.

    ``settings`` is a checksum of all that has to be equal; ``air`` counts steps of its
    temperature.
    """

    settings: Annotated[int, Within(0, 2**32)]
    air: _Step
    days: list[DayMean] = field(default_factory=list)

    @property
    def key(self) -> tuple[int, int]:
        """What it is known by."""
        return self.settings, self.air

    def then(self, anchor: int) -> list[DayMean]:
        """Return its days of about a month before a day."""
        return [day for day in self.days if anchor - day.day in THEN]


class _Comparison(NamedTuple):
    """Degrees by which it is hotter: how exactly that is known, and of each day."""

    rise: float
    bound: float
    days: list[float]

    @property
    def certain(self) -> bool:
        """Whether it is hotter; some very hot days are no wear."""
        return self.rise - self.bound >= LEAST_RISE and min(self.days) >= OVER


@dataclass(slots=True)
class WearWatch(Stored):
    """Says once a day by how much a miner is hotter than a month ago.

    ``anchor`` is the day on which that was found: what was so a month before it stays
    what is compared with, so that the new heat does not become what is usual.
    """

    conditions: list[Condition] = field(default_factory=list)
    anchor: _Day | None = None
    rise: float | None = field(default=None, init=False)
    """Degrees by which it is hotter; None while it is not, or nobody knows."""
    _today: str = field(default="", init=False)

    def observe(
        self,
        block: Block | None,
        firmware: str | None,
        sensor: str | None,
        moment: Moment,
    ) -> float | None:
        """Take a good poll, with the block that it completes; return the rise.

        ``sensor`` names the one in the room: another one is off by something else.
        """
        if moment.day != self._today:
            self._today = moment.day
            self._begin(date.fromisoformat(moment.day).toordinal())
        if block is not None:
            self._add(
                block, firmware, sensor, date.fromisoformat(block.day).toordinal()
            )
        return self.rise

    def _add(
        self, block: Block, firmware: str | None, sensor: str | None, today: int
    ) -> None:
        figures = block.figures
        chip, fan = figures.get("chip_temperature"), figures.get("fan_duty_cycle")
        room, power = figures.get("room_temperature"), figures.get("power")
        air = block.intake if room is None else room[0]
        if chip is None or fan is None or air is None:
            return
        above, duty = chip[0] - air, fan[0]
        if above <= 0 or duty < 1:
            return
        told = (block.set_points, firmware, None if room is None else (sensor,))
        key = crc32(repr(told).encode()), round(air / AIR_STEP)
        found = next((one for one in self.conditions if one.key == key), None)
        if found is None:
            found = Condition(*key)
            self.conditions.append(found)
        watts = None if power is None else power[0]
        if found.days and found.days[-1].day == today:
            found.days[-1].add(above, duty, watts)
        else:
            found.days.append(DayMean(today, 1, above, duty, watts))

    def _begin(self, today: int) -> None:
        """Begin a day: let go of what is too old or too little, and judge."""
        if self.anchor is not None and not 0 <= today - self.anchor <= LONGEST_OPEN:
            self.anchor = None
        self.conditions = _kept(self.conditions, today, self.anchor or today)
        found = _compared(self.conditions, today, self.anchor or today)
        if found is None or found.days[-1] < OVER:
            self.anchor = None
        elif self.anchor is None and found.certain:
            self.anchor = today
        known = found is not None and self.anchor is not None
        self.rise = found.rise if found is not None and known else None

    @override
    def load(self, data: object) -> None:
        """Take over what was stored; each condition and each day of it once."""
        super().load(data)
        known = {one.key: one for one in self.conditions}
        for one in known.values():
            days = {day.day: day for day in one.days}
            one.days = [days[day] for day in sorted(days)]
        self.conditions = list(known.values())
        self._today = ""


def _kept(conditions: list[Condition], today: int, anchor: int) -> list[Condition]:
    """Return what may still be compared; of a day that is over, what held longest."""
    rows = sorted(
        (day.day, -day.blocks, place)
        for place, one in enumerate(conditions)
        for day in one.days
        if _is_of_use(day, today, anchor)
    )
    kept: dict[int, set[int]] = {}
    for day, _, place in rows:
        places = kept.setdefault(day, set())
        if day == today or len(places) < MOST_CONDITIONS:
            places.add(place)
    found = (
        replace(one, days=[day for day in one.days if place in kept.get(day.day, ())])
        for place, one in enumerate(conditions)
    )
    return [one for one in found if one.days]


def _is_of_use(day: DayMean, today: int, anchor: int) -> bool:
    if day.day >= today:
        return day.day == today
    near = today - day.day < THEN.stop or anchor - day.day in THEN
    return near and day.blocks >= LEAST_BLOCKS


def _compared(
    conditions: Iterable[Condition], today: int, anchor: int
) -> _Comparison | None:
    """Hold the newest days against those of about a month before the anchor."""
    now: list[tuple[DayMean, DayMean]] = []
    then: list[tuple[DayMean, DayMean]] = []
    for condition in conditions:
        before = condition.then(anchor)
        recent = [day for day in condition.days if 0 < today - day.day <= RECENT]
        if len(before) >= LEAST_DAYS and recent:
            usual = _mean_of(before)
            now += ((day, usual) for day in recent)
            then += ((day, usual) for day in before)
    newest = dict(sorted(_daily(now).items())[-NEWEST:])
    usual_days = _daily(then)
    if len(newest) < NEWEST or len(usual_days) < LEAST_DAYS:
        return None
    found, past = list(newest.values()), list(usual_days.values())
    freedom = len(found) + len(past) - 2
    deviation = math.sqrt((_scatter(found) + _scatter(past)) / freedom)
    error = max(_LEAST_DEVIATION, deviation) * math.sqrt(1 / len(found) + 1 / len(past))
    rise = math.fsum(found) / len(found) - math.fsum(past) / len(past)
    return _Comparison(rise, _student(freedom) * error, found)


def _mean_of(days: list[DayMean]) -> DayMean:
    """Return the usual day: each counts as much as every other one."""
    count = len(days)
    powers = [day.power for day in days if day.power is not None]
    return DayMean(
        day=days[-1].day,
        blocks=sum(day.blocks for day in days),
        above=math.fsum(day.above for day in days) / count,
        duty=math.fsum(day.duty for day in days) / count,
        power=math.fsum(powers) / count if len(powers) == count else None,
    )


def _daily(pairs: Iterable[tuple[DayMean, DayMean]]) -> Mapping[int, float]:
    """Return by how many degrees each day is hotter than is usual."""
    sums: dict[int, tuple[int, float]] = {}
    for day, usual in pairs:
        blocks, total = sums.get(day.day, (0, 0.0))
        rise = day.above - usual.above * _explained(day, usual)
        sums[day.day] = blocks + day.blocks, total + rise * day.blocks
    return {
        day: total / blocks
        for day, (blocks, total) in sums.items()
        if blocks >= 2 * LEAST_BLOCKS
    }


def _explained(day: DayMean, usual: DayMean) -> float:
    """Return by what factor its fan and its power explain more heat than is usual."""
    factor = math.pow(usual.duty / day.duty, FAN_POWER)
    if day.power is not None and usual.power:
        factor *= max(1.0, day.power / usual.power)
    return factor


def _scatter(values: list[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values)


def _student(freedom: int) -> float:
    """Return the quantile of Student's distribution, by its expansion."""
    z = _QUANTILE
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2
