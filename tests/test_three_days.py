"""Three days of prices, and what five miners were told and did meanwhile.

Each run lives through the second day, a full one through all three.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from .conftest import TimedBench
from .fleets import watch_price
from .house import (
    FIVE,
    FLASH_WRITES,
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

PRICE = "sensor.price"
LIMIT, CHEAP, DEAR, NEGATIVE = 0.25, 0.12, 0.41, -0.03
SLOT, LOOK = 15 * MINUTE, 5 * MINUTE
MINIMUM_RUN, MINIMUM_SAVE, GRACE = 20, 30, 30
DIP = 43 + MINIMUM_RUN / 60
"""The hour in which the first that ran in a cheap dip may save power again."""

PRICES = (
    (6, 9, DEAR),
    (11, 11.25, DEAR),
    (17, 21.5, DEAR),
    (24, 24.25, None),
    (30, 33, DEAR),
    (41, 43, DEAR),
    (43, 43.25, NEGATIVE),
    (43.25, 45.5, DEAR),
    (48, 49.25, None),
    (54, 57, DEAR),
    (62, 62.25, DEAR),
    (62.5, 62.75, DEAR),
    (65, 69.5, DEAR),
)
"""From which hour to which the price is another than cheap; None is no price."""

CHANGES = (
    (6, "save"),
    (9, "run"),
    (11, "save"),
    (11.5, "run"),  # The spike is shorter than the least time of saving.
    (17, "save"),
    (21.5, "run"),
    (30, "save"),
    (33, "run"),
    (41, "save"),
    (43, "run"),
    (DIP, "save"),  # The dip is shorter than the least time of work.
    (45.5, "run"),
    (48 + GRACE / 60, "save"),  # No price for too long.
    (49.25, "run"),
    (54, "save"),
    (57, "run"),
    (62, "save"),
    (62.75, "run"),  # Cheap for one slot in between, within the least time.
    (65, "save"),
    (69.5, "run"),
)
RESTART, DOWN = 31 * HOUR + 20 * MINUTE, 4 * MINUTE
BACK = RESTART + DOWN + MINUTE


@dataclass(frozen=True)
class Span:
    """A part of the three days, whose first hour is the first of a house."""

    begin: float
    end: float

    @property
    def changes(self) -> list[tuple[float, str]]:
        """Return the changes of the list that fall into it."""
        return [change for change in CHANGES if self.begin <= change[0] < self.end]

    def hour(self, house: House) -> float:
        """Return which hour of the three days it is."""
        return self.begin + house.now / HOUR

    def at(self, moment: float) -> float:
        """Return when a moment of the three days is in a house."""
        return moment - self.begin * HOUR


SECOND_DAY, THREE_DAYS = Span(25, 48), Span(0, 72)


def latest(hour: float, goal: str) -> float:
    """Return how much later than planned a change may be.

    All save power with the price, or a minute after a time is over; they resume a
    minute apart, and those that did not run long enough follow three minutes apart.
    """
    if goal == "run":
        return len(FIVE) * MINUTE
    return 9 * MINUTE if hour == DIP else MINUTE + LEEWAY


def price_at(moment: float) -> float | None:
    """Return the price of a moment."""
    hour = moment / HOUR
    return next((price for begin, end, price in PRICES if begin <= hour < end), CHEAP)


def say_price(house: House, span: Span) -> None:
    """Let the price sensor tell the price of now."""
    price = price_at(span.hour(house) * HOUR + LEEWAY)
    state = "unavailable" if price is None else str(price)
    house.hass.states.async_set(PRICE, state, {"unit_of_measurement": "EUR/kWh"})


def look(house: House, span: Span) -> int:
    """Compare what each miner does with the price; return how many were settled."""
    settled = 0
    due = [change for change in span.changes if span.at(change[0] * HOUR) <= house.now]
    since, goal = due[-1] if due else (-1.0, "run")
    for miner in house.miners:
        orders = told(house, miner)
        if house.now - span.at(since * HOUR) > latest(since, goal):
            assert len(orders) == len(due), (miner.name, span.hour(house), goal)
        if (
            len(orders) == len(due)
            and house.now - (orders or [(0, "")])[-1][0] > SETTLED
        ):
            fulfilled = saves if goal == "save" else runs
            assert fulfilled(house, miner), (miner.name, span.hour(house), goal)
            settled += 1
    return settled


async def live(house: House, span: Span, begin: float, end: float) -> int:
    """Live through some slots, and look at the miners every five minutes."""
    settled = 0
    moment = begin
    while moment < end:
        if moment % SLOT == 0:
            say_price(house, span)
        moment = min(end, moment - moment % LOOK + LOOK)
        await house.until(moment)
        settled += look(house, span)
    return settled


def assert_changes(house: House, span: Span) -> None:
    """Each change of the list was made by each miner, once, and in its time."""
    for miner in house.miners:
        orders = told(house, miner)
        assert [goal for _, goal in orders] == [goal for _, goal in span.changes]
        for (moment, goal), (hour, _) in zip(orders, span.changes, strict=True):
            late = moment - span.at(hour * HOUR)
            assert -LEEWAY <= late <= latest(hour, goal), (miner.name, hour, late)


@pytest.fixture
async def house(bench: TimedBench) -> AsyncIterator[House]:
    """Give a house with five miners."""
    house = await build(bench)
    yield house
    await leave(house)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "span",
    [
        pytest.param(SECOND_DAY, id="second"),
        pytest.param(THREE_DAYS, id="all", marks=pytest.mark.campaign),
    ],
)
async def test_three_days_of_prices(
    house: House, caplog: pytest.LogCaptureFixture, span: Span
) -> None:
    """Power is saved while it is dear, and everything comes back.

    In the middle of a dear slot Home Assistant is replaced by another one that only
    has what the first had stored, and the price comes a minute later than the rest.
    """
    say_price(house, span)
    cheap = await watch_price(house.bench, PRICE, LIMIT)
    await house.automate(
        "price_guard.yaml",
        signal=cheap,
        miners=list(house.switches.values()),
        minimum_run=MINIMUM_RUN,
        minimum_save=MINIMUM_SAVE,
        stagger=1,
        on_missing="save",
        missing_grace=GRACE,
    )

    end = span.at(span.end * HOUR)
    settled = await live(house, span, 0, span.at(RESTART))
    async with house.restarted(DOWN):
        house.hass.states.async_set(PRICE, "unknown")
        await house.until(span.at(BACK))
        assert all(saves(house, miner) for miner in house.miners)
        say_price(house, span)
        settled += await live(house, span, span.at(BACK), end)
        assert settled > 0.8 * len(FIVE) * end / LOOK
        assert_changes(house, span)
        assert_minimum_times(house, MINIMUM_RUN, MINIMUM_SAVE)
        assert_nothing_went_wrong(house, caplog)
        for miner in house.miners:
            assert runs(house, miner)
            assert miner.flash_writes == len(span.changes) * FLASH_WRITES.get(
                miner.name, 0
            )
