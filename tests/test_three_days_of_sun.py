"""Three days of sun, and what five miners were told and did meanwhile.

Each run lives through the first day, a full one through all three.
"""

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from .automations import turn_off_automation
from .conftest import GAMMA, NANO_3S, NERD, Q, TimedBench
from .house import (
    DAY,
    FLASH_WRITES,
    GAMMA_PAUSES,
    HOUR,
    LEEWAY,
    MINUTE,
    SETTLED,
    House,
    assert_minimum_times,
    assert_nothing_went_wrong,
    build,
    leave,
    runs,
    saves,
    told,
)

GRID, BATTERY = "sensor.grid", "sensor.battery"
NEEDS = {
    GAMMA.name: 12,
    GAMMA_PAUSES.name: 13,
    NANO_3S.name: 67,
    NERD.name: 84,
    Q.name: 806,
}
"""What each miner draws more when it runs, in W, the most important one first."""

HYSTERESIS, PAUSE, MINIMUM_RUN, MINIMUM_SAVE, GRACE = 30, 5, 15, 10, 10
FLOOR, MARGIN = 50, 5
FRESH = MINUTE + LEEWAY
"""Seconds of readings that a decision rests on."""

PATIENCE = (MINIMUM_RUN + 3) * MINUTE
"""Seconds after which there is no reason left to wait with a change."""

# fmt: off
SUN = (
    (23, 101, 204, 312, 443, 572, 699, 852, 975, 1131, 1250, 1384,
     1533, 1684, 1751, 1865, 1995, 2111, 2158, 2207, 2314, 2267, 2371, 2330,
     2316, 2300, 2292, 2299, 2187, 2158, 2085, 1975, 1890, 1746, 1632, 1519,
     1418, 1269, 1125, 997, 851, 706, 582, 446, 315, 204, 102, 24),
    (24, 37, 207, 324, 249, 557, 203, 826, 1014, 636, 1324, 1436,
     439, 475, 508, 1925, 2026, 2116, 2195, 792, 2316, 2357, 2432, 839,
     2398, 835, 1296, 648, 2307, 2195, 592, 1924, 1925, 1814, 1729, 1412,
     503, 1233, 1041, 557, 478, 727, 587, 429, 324, 114, 37, 23),
    (6, 28, 43, 72, 97, 160, 204, 167, 198, 233, 262, 329,
     378, 347, 320, 427, 1898, 2024, 2184, 2192, 2204, 2267, 2307, 2171,
     2374, 2332, 2327, 2269, 2124, 2063, 1926, 1951, 1744, 1645, 1561, 1437,
     1341, 1175, 1041, 928, 791, 680, 530, 446, 312, 190, 97, 22),
)
# fmt: on
"""W of the panels from 06:00 on, each quarter of an hour: clear, broken, late sun."""

HOUSEHOLD = 220
SHORT_GAP = 10.5 * HOUR, 10.5 * HOUR + 5 * MINUTE
OUTAGE = 60 * HOUR, 60.5 * HOUR
EMPTY = 37 * HOUR, 38 * HOUR
KETTLE = 12.5 * HOUR, 12.5 * HOUR + 20
CHARGES = ((0, 90), (24, 70), (37, 45), (37.75, 52), (38, 58), (39, 80), (48, 65))
"""From which hour on the battery is how full."""

QUIET = (3, 27, 51)
SUNNY = (13.75, 35.25, 61)
"""Hours at which no miner runs, and at which all do."""


def sun_at(moment: float) -> float:
    """Return what the panels give."""
    day, rest = divmod(moment, DAY)
    quarter, part = divmod((rest - 6 * HOUR) / (15 * MINUTE), 1)
    values = (0, *SUN[min(int(day), 2)], 0, 0)
    if not -1 <= quarter <= 47:
        return 0.0
    before, after = values[int(quarter) + 1], values[int(quarter) + 2]
    return before + (after - before) * part


def within(moment: float, span: tuple[float, float]) -> bool:
    """Whether a moment lies within a span."""
    return span[0] <= moment < span[1]


class Meter:
    """The meter at the grid and the battery, and what they told."""

    def __init__(self, house: House) -> None:
        """Know nothing yet."""
        self.house = house
        self.readings: list[tuple[float, float]] = []

    def tell(self) -> None:
        """Tell the power at the grid and the charge of the battery."""
        house, now = self.house, self.house.now + 0.01
        power = HOUSEHOLD + 2000 * within(now, KETTLE) - sun_at(now)
        power += sum(miner.truth.power_w for miner in house.miners)
        known = not within(now, SHORT_GAP) and not within(now, OUTAGE)
        self.readings.append((now, -power))
        house.hass.states.async_set(
            GRID,
            str(round(power, 1)) if known else "unavailable",
            {"unit_of_measurement": "W"},
        )
        charge = [value for hour, value in CHARGES if hour * HOUR <= now][-1]
        house.hass.states.async_set(BATTERY, str(charge))

    def surplus(self, moment: float) -> list[float]:
        """Return the readings that a decision at a moment can rest on."""
        earlier = [value for at, value in self.readings if at <= moment - FRESH]
        return earlier[-1:] + [
            value for at, value in self.readings if moment - FRESH < at <= moment
        ]


class Story:
    """What the miners were told in the order of time, and why."""

    def __init__(self, house: House, meter: Meter) -> None:
        """Sort what each miner was told."""
        self.meter = meter
        self.events = sorted(
            (moment, list(NEEDS).index(miner.name), goal)
            for miner in house.miners
            for moment, goal in told(house, miner)
        )

    def assert_priority(self) -> None:
        """Start the first first and stop it last, unless a minimum time holds it."""
        state = ["run"] * len(NEEDS)
        since = [-HOUR] * len(NEEDS)
        minimum = {"run": MINIMUM_RUN * MINUTE, "save": MINIMUM_SAVE * MINUTE}
        for moment, place, goal in self.events:
            others = range(place) if goal == "run" else range(place + 1, len(NEEDS))
            for other in others:
                held = moment - since[other] < minimum[state[other]] + FRESH
                assert state[other] == goal or held, (moment / HOUR, place, other)
            state[place], since[place] = goal, moment

    def assert_pauses(self) -> None:
        """One miner is told at a time; only without a reading nothing is averaged."""
        for (before, *_), (moment, *_) in pairwise(self.events):
            least = PAUSE * MINUTE - LEEWAY
            if without_reading(before) != without_reading(moment):
                least -= MINUTE
            assert moment - before >= least, moment / HOUR

    def assert_reasons(self) -> None:
        """Every start had the power, and every stop lacked it, with hysteresis."""
        for moment, place, goal in self.events:
            readings = self.meter.surplus(moment)
            need = list(NEEDS.values())[place]
            if goal == "run":
                assert max(readings) >= need + HYSTERESIS, moment / HOUR
                assert not within(moment, EMPTY), moment / HOUR
                assert not within(moment, OUTAGE), moment / HOUR
            elif not within(moment, EMPTY) and not without_reading(moment):
                assert min(readings) < -HYSTERESIS, moment / HOUR

    def assert_no_delay(self) -> None:
        """Nobody waits longer than the times that were set."""
        for (before, *_), (moment, place, goal) in pairwise(self.events):
            if without_reading(moment) or within(moment, (EMPTY[0], EMPTY[1] + HOUR)):
                continue
            need = list(NEEDS.values())[place]
            due = [
                value >= need + HYSTERESIS if goal == "run" else value < -HYSTERESIS
                for at, value in self.meter.readings
                if max(before, moment - PATIENCE) <= at < moment
            ]
            assert not all(due) or len(due) * MINUTE < PATIENCE, moment / HOUR

    def during(self, begin: float, end: float) -> list[tuple[float, int, str]]:
        """Return what was told in a span."""
        return [event for event in self.events if begin <= event[0] < end]


def without_reading(moment: float) -> bool:
    """Whether a moment lies in the outage."""
    return within(moment, OUTAGE)


async def live(house: House, meter: Meter, days: int) -> None:
    """Let the days pass, and look at the miners when all do the same."""
    moment = 0.0
    while moment < days * DAY:
        dark = sun_at(moment) == sun_at(moment + 30 * MINUTE) == 0
        if moment == KETTLE[0]:
            meter.tell()
            await house.until(KETTLE[1])
        meter.tell()
        moment += 15 * MINUTE if dark else MINUTE
        await house.until(moment)
        for hours, does in ((QUIET, saves), (SUNNY, runs)):
            if moment / HOUR in hours:
                doing = [miner.name for miner in house.miners if does(house, miner)]
                assert doing == [miner.name for miner in house.miners], moment / HOUR


@pytest.fixture
async def house(bench: TimedBench) -> AsyncIterator[House]:
    """Give a house with five miners."""
    house = await build(bench)
    yield house
    await leave(house)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("days", [1, pytest.param(3, marks=pytest.mark.campaign)])
async def test_three_days_of_sun(
    house: House, caplog: pytest.LogCaptureFixture, days: int
) -> None:
    """Miners run while there is power to spare, and everything comes back."""
    meter = Meter(house)
    meter.tell()
    await house.automate(
        "solar_surplus.yaml",
        power=GRID,
        miners=[house.switches[name] for name in NEEDS],
        watts=", ".join(map(str, NEEDS.values())),
        hysteresis=HYSTERESIS,
        pause=PAUSE,
        minimum_run=MINIMUM_RUN,
        minimum_save=MINIMUM_SAVE,
        battery=BATTERY,
        battery_floor=FLOOR,
        battery_margin=MARGIN,
        on_missing="save",
        missing_grace=GRACE,
    )
    await live(house, meter, days)
    story = Story(house, meter)
    story.assert_priority()
    story.assert_pauses()
    story.assert_reasons()
    story.assert_no_delay()
    assert_minimum_times(house, MINIMUM_RUN, MINIMUM_SAVE)
    assert story.during(SHORT_GAP[0], SHORT_GAP[1] + PAUSE * MINUTE) == []
    assert story.during(KETTLE[0], KETTLE[0] + PAUSE * MINUTE) == []
    assert story.during(OUTAGE[0], OUTAGE[0] + GRACE * MINUTE - LEEWAY) == []
    for span in (EMPTY, OUTAGE):
        assert len(story.during(*span)) >= (4 if span[0] < days * DAY else 0)
    for miner in house.miners:
        orders = told(house, miner)
        assert len(orders) >= 2 * days - 1
        assert len(orders) <= days * 10
        assert miner.flash_writes == len(orders) * FLASH_WRITES.get(miner.name, 0)

    await turn_off_automation(house.hass)
    await house.turn("off")
    await house.bench.pass_time(SETTLED)
    assert all(runs(house, miner) for miner in house.miners)
    assert_nothing_went_wrong(house, caplog)
