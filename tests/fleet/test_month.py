"""What a month cost, and what it would have cost at the mean price: by hand."""

import json
from typing import Any

import pytest

from custom_components.miner_monitor.fleet.model import FleetMonth
from custom_components.miner_monitor.fleet.month import MonthMeter
from custom_components.miner_monitor.insight.worth import Market, Money, MoneyMeter

HOUR = 3600


def close(value: float) -> Any:
    return pytest.approx(value, abs=1e-9)


def test_a_day_by_hand() -> None:
    """Two prices for half a day each: 0.10 and 0.30, their mean is 0.20.

    A miner of 1 kW runs 10 of the cheap hours and 2 of the dear ones. That is 12 kWh
    for 1.00 + 0.60 = 1.60, which at the mean were 2.40: 0.80 less. 10 of 12 are cheap.
    """
    month, day = MonthMeter(), MoneyMeter()
    for hour in range(24):
        cheap = hour < 12
        market = Market(
            priced=True, power=0.1 if cheap else 0.3, cheap_part=float(cheap)
        )
        for part in range(4):
            at = hour * HOUR + part * HOUR / 4
            month.observe_price(market.power, at, "2026-12-02")
        day.open("2026-12-02")
        if 2 <= hour < 14:
            day.bill(market, 1.0)
        month.observe("miner", day.money(market), "2026-12-02")
    month.observe_price(0.3, 24 * HOUR, "2026-12-02")
    found = month.total()
    assert found == FleetMonth(
        energy=close(12),
        cost=close(1.6),
        cheap_part=close(10 / 12),
        mean_price=close(0.2),
        saving=close(0.8),
    )


def money(day: str, energy: float, cost: float | None, **more: Any) -> Money:
    return Money(day=day, energy=energy, cost=cost, **more)


def restarted(month: MonthMeter) -> MonthMeter:
    """Return what is left of it after a restart."""
    again = MonthMeter()
    again.load(json.loads(json.dumps(month.dump())))
    return again


def test_days_and_miners_add_up_through_restarts() -> None:
    """Each poll repeats its day, which counts once; who left has a share in it."""
    month = MonthMeter()
    first, second = "2026-11-01", "2026-11-02"
    month.observe("a", money(first, 1, 0.5, cheap=1.0, revenue=0.2), first)
    month.observe("a", money(first, 2, 1.0, cheap=1.0, revenue=0.4), first)
    month.observe("b", money(first, 4, None, unpriced=1.0), first)
    month = restarted(month)
    month.observe("a", money(first, 2, 1.0, cheap=1.0, revenue=0.4), second)
    month.observe("a", money(second, 3, 0.5, cheap=0.0), second)
    found = month.total()
    assert found.energy == close(2 + 3 + 4 + 1)
    assert found.cost == close(1.5)
    assert found.cheap_part == close(1 / 9)
    assert found.revenue == close(0.4)
    assert found.saving is None


def test_another_month_begins_with_nothing() -> None:
    """What is reported of the one before no longer counts, nor does its mean."""
    month = MonthMeter()
    last, first = "2026-11-30", "2026-12-01"
    month.observe_price(0.5, 0, last)
    month.observe("a", money(last, 9, 4.5), last)
    month.observe_price(0.1, 600, last)
    assert month.total().mean_price == close(0.5)
    month.observe("a", money(last, 9, 4.5), first)  # it is offline
    assert month.total() == FleetMonth()
    month.observe_price(0.1, 1200, first)
    month.observe("a", money(first, 1, 0.2), first)
    found = month.total()
    assert (found.energy, found.mean_price) == (1, close(0.1))
    assert found.saving == close(-0.1)


def test_hours_without_a_price_are_not_in_the_mean() -> None:
    """Nor is the time in which nothing was looked at, as while all was off."""
    month, day = MonthMeter(), "2026-12-02"
    month.observe_price(0.2, 0, day)
    month.observe_price(None, 900, day)
    month.observe_price(0.6, 1800, day)
    month.observe_price(0.6, 1800 + 300, day)
    assert month.total().mean_price == close((0.2 * 900 + 0.6 * 300) / 1200)
    month = restarted(month)
    month.observe_price(9.0, 5, day)
    month.observe_price(9.0, 5 + 2 * 86_400, day)
    assert month.total().mean_price == close((0.2 * 900 + 0.6 * 300) / 1200)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-10-25", 25), ("2026-03-29", 23), ("2026-03-28", 24)]
)
def test_each_hour_that_passes_counts(day: str, hours: int) -> None:
    """The clock's own hours have no part in it: a day may have 25 of them."""
    month = MonthMeter()
    for quarter in range(4 * hours + 1):
        month.observe_price(1.0 if quarter < 4 else 0.0, quarter * 900, day)
    assert month.seconds == hours * HOUR
    assert month.total().mean_price == close(1 / hours)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {"month": 5, "days": {"energy": "x"}, "miners": {"a": 7}},
        {"month": "2026-12", "seconds": -1, "miners": {"a": {"day": "2026-12-01"}}},
        {"month": "2026-12", "price_seconds": float("nan"), "days": {"cost": 1e99}},
    ],
)
def test_what_cannot_be_read_is_nothing(stored: object) -> None:
    month = MonthMeter()
    month.load(stored)
    found = month.total()
    assert (found.energy, found.cost, found.saving) == (0, None, None)
