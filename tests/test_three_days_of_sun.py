"""Three days of sun, and what five miners were told and did meanwhile.

Each run lives through the first day, a full one through all three.
"""

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from custom_components.miner_monitor.const import CONF_PRIORITY
from custom_components.miner_monitor.runtime.entries import miner_entries
from simulator import SimulatedMiner

from .automations import turn_off_automation
from .conftest import GAMMA, NANO_3S, TimedBench
from .fleets import fleet_state
from .house import (
    DAY,
    HOUR,
    LEEWAY,
    MINUTE,
    SETTLED,
    House,
    assert_nothing_went_wrong,
    build,
    kept,
    leave,
    runs,
)
from .sunny import DRAWN, TARGET, too_soon, turns

GRID, BATTERY = "sensor.grid", "sensor.battery"
POLL = 120
RESERVE, RISE, HYSTERESIS, PAUSE, GRACE = 20, 30, 20, 5, 10
FLOOR, MARGIN = 50, 5
PATIENCE = 27
"""Minutes after which there is no reason left to wait with a change."""

ONE_CHANGE = 60.0
"""Seconds within which what belongs to one change is sent: a restart, and the rest."""

LARGEST = 820
"""W of the largest miner, more than any step up takes."""

MOST_FLASH_WRITES = 30

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
    """The meter at the grid and the battery, and what was seen each minute."""

    def __init__(self, house: House) -> None:
        """Know nothing yet."""
        self.house = house
        self.seen: list[tuple[float, float, float, float]] = []
        """Moments, W exported, W drawn by miners, and W of the target."""

    def tell(self) -> None:
        """Tell the power at the grid and the charge of the battery."""
        house, now = self.house, self.house.now + 0.01
        drawn = sum(miner.truth.power_w for miner in house.miners)
        power = HOUSEHOLD + 2000 * within(now, KETTLE) - sun_at(now) + drawn
        known = not within(now, SHORT_GAP) and not within(now, OUTAGE)
        house.hass.states.async_set(
            GRID,
            str(round(power, 1)) if known else "unavailable",
            {"unit_of_measurement": "W"},
        )
        charge = [value for hour, value in CHARGES if hour * HOUR <= now][-1]
        house.hass.states.async_set(BATTERY, str(charge))
        target = fleet_state(house.hass, "number", "power_target")
        self.seen.append((now, -power, drawn, float(target.state)))


class Story:
    """What the miners were told and asked for in the order of time, and why."""

    def __init__(self, house: House, meter: Meter) -> None:
        """Take what was seen."""
        self.house = house
        self.meter = meter

    def changes(self, begin: float = 0, end: float = 4 * DAY) -> list[float]:
        """Return when any miner was told something in a span."""
        return sorted(
            moment
            for miner in self.house.miners
            for moment, _ in self.house.orders(miner)
            if begin <= moment < end
        )

    def assert_pauses(self) -> None:
        """Each is changed some minutes apart; two requests can be one change."""
        for miner in self.house.miners:
            orders = self.house.orders(miner)
            for (before, _), (moment, order) in pairwise(orders):
                apart = moment - before
                assert apart < ONE_CHANGE or apart >= PAUSE * MINUTE - LEEWAY, order

    def assert_priority(self) -> None:
        """Start the first first and stop it last, unless a minimum time holds it.

        Who was changed in any way less than five minutes ago is not changed either.
        """
        miners = self.house.miners
        places = [turns(self.house, miner) for miner in miners]
        for place, events in enumerate(places):
            for moment, name in events:
                others = (
                    range(place) if name == "start" else range(place + 1, len(miners))
                )
                for other in others:
                    if not places[other] or self._changed(miners[other], moment):
                        continue
                    at, does = next(
                        (
                            one
                            for one in reversed(places[other])
                            if one[0] <= moment + MINUTE
                        ),
                        (0.0, "start"),
                    )
                    assert does == name or moment - at < PATIENCE * MINUTE, moment

    def _changed(self, miner: SimulatedMiner, moment: float) -> bool:
        """Whether a miner was changed within the minutes before a moment."""
        return any(
            0 < moment - at < PAUSE * MINUTE for at, _ in self.house.orders(miner)
        )

    def assert_reasons(self) -> None:
        """No target is above what was there, less the reserve."""
        seen = self.meter.seen
        for place in range(10, len(seen)):
            now, *_, target = seen[place]
            if target == seen[place - 1][3] or within(now, EMPTY):
                continue
            there = max(
                spare + drawn for _, spare, drawn, _ in seen[place - 10 : place]
            )
            assert target <= max(0.0, there - RESERVE) + 1, now / HOUR

    def assert_no_delay(self) -> None:
        """Nobody waits longer than the times that were set."""
        seen = self.meter.seen
        normal = max(drawn for _, _, drawn, _ in seen)
        lowest = next(drawn for at, _, drawn, _ in seen if at >= QUIET[0] * HOUR)
        for place in range(PATIENCE, len(seen)):
            span = seen[place - PATIENCE : place]
            now = seen[place][0]
            if now - span[0][0] > (PATIENCE + 1) * MINUTE or any(
                within(at, gap)
                for at, *_ in span
                for gap in (OUTAGE, (EMPTY[0], EMPTY[1] + HOUR))
            ):
                continue
            if all(
                spare > LARGEST + RESERVE + RISE + HYSTERESIS for _, spare, *_ in span
            ):
                assert seen[place][2] > 0.9 * normal, now / HOUR
            if all(spare < -HYSTERESIS for _, spare, *_ in span):
                assert seen[place][2] < lowest + 20, now / HOUR


def rests(house: House, miner: SimulatedMiner) -> bool:
    """Whether a miner takes the least that a power target lets it take.

    One that cannot stop runs at the lowest frequency of its own page, or in its
    lowest mode.
    """
    now = kept(miner)
    match miner.name:
        case GAMMA.name:
            return now["frequency"] == 400 and now["coreVoltage"] < 1150
        case NANO_3S.name:
            return now["mode"] == 0
        case _:
            return not miner.truth.hashing


async def live(house: House, meter: Meter, days: int) -> None:
    """Let the days pass, and look at the miners when all do the same."""
    moment = 0.0
    await house.until(MINUTE)
    while moment < days * DAY:
        dark = sun_at(moment) == sun_at(moment + 30 * MINUTE) == 0
        if moment == KETTLE[0]:
            meter.tell()
            await house.until(KETTLE[1])
        meter.tell()
        moment += 15 * MINUTE if dark else MINUTE
        await house.until(moment)
        for hours, does in ((QUIET, rests), (SUNNY, runs)):
            if moment / HOUR in hours:
                doing = [miner.name for miner in house.miners if does(house, miner)]
                assert doing == [miner.name for miner in house.miners], moment / HOUR


@pytest.fixture
async def house(bench: TimedBench) -> AsyncIterator[House]:
    """Give a house with five miners, the smallest the most important."""
    house = await build(bench, poll=POLL)
    for place, entry in enumerate(miner_entries(house.hass), 1):
        options = {**entry.options, CONF_PRIORITY: place}
        house.hass.config_entries.async_update_entry(entry, options=options)
    await house.until(MINUTE)
    yield house
    await leave(house)


@pytest.mark.timeout(1200)
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
        target=TARGET,
        drawn=DRAWN,
        reserve=RESERVE,
        rise=RISE,
        hysteresis=HYSTERESIS,
        pause=PAUSE,
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
    assert list(too_soon(house)) == []
    assert story.changes(SHORT_GAP[0], SHORT_GAP[1] + MINUTE) == []
    assert story.changes(OUTAGE[0], OUTAGE[0] + GRACE * MINUTE - LEEWAY) == []
    for span in (EMPTY, OUTAGE):
        assert len(story.changes(*span)) >= (3 if span[0] < days * DAY else 0)
    for miner in house.miners:
        assert len(house.orders(miner)) >= 2 * days - 1
        assert miner.flash_writes <= days * MOST_FLASH_WRITES

    await turn_off_automation(house.hass)
    await house.bench.call(
        "number", "set_value", {"entity_id": TARGET, "value": most(house)}
    )
    await house.bench.pass_time(25 * MINUTE + SETTLED)
    assert [miner.name for miner in house.miners if not runs(house, miner)] == []
    assert_nothing_went_wrong(house, caplog)


def most(house: House) -> float:
    """Return the highest target there is: no limit."""
    state = fleet_state(house.hass, "number", "power_target")
    return float(state.attributes["max"])
