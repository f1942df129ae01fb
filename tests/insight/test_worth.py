"""What work is expected to earn and what power may cost for it, by hand."""

from dataclasses import replace
import json
import math
from pathlib import Path
import re
from typing import Any

import pytest

from custom_components.miner_monitor.insight.model import Environment, InsightOptions
from custom_components.miner_monitor.insight.tracker import MinerTracker
from custom_components.miner_monitor.insight.worth import (
    NO_WORTH,
    Market,
    MoneyMeter,
    WorthVerdict,
    WorthWatch,
    height_at,
    subsidy_at,
)
from custom_components.miner_monitor.miners.model import (
    Family,
    HashRateUnit,
    MinerIdentity,
    MinerState,
    MinerStatus,
)
from custom_components.miner_monitor.model import Moment

EXACT = 1e-3
"""The part by which a calculation by hand may differ."""

HEIGHT, DIFFICULTY = 930_000, 150e12
RATE, POWER = 1.2, 18.0
MARKET = Market(
    priced=True,
    power=0.10,
    valued=True,
    bitcoin=80_000,
    difficulty=DIFFICULTY,
    height=HEIGHT,
    pool_fee=2,
    heat=0.05,
)
HASHING = MinerState(status=MinerStatus.HASHING, hash_rate=RATE, power=POWER)
PAUSED = MinerState(status=MinerStatus.PAUSED, hash_rate=0.0, power=3.0)


@pytest.mark.parametrize(
    ("height", "sats"),
    [
        (0, 5_000_000_000),
        (209_999, 5_000_000_000),
        (210_000, 2_500_000_000),
        (839_999, 625_000_000),
        (840_000, 312_500_000),
        (1_049_999, 312_500_000),
        (1_050_000, 156_250_000),
        (32 * 210_000, 1),
        (33 * 210_000, 0),
        (10**9, 0),
    ],
)
def test_subsidy(height: int, sats: int) -> None:
    assert subsidy_at(height) == sats


def test_height_is_assumed_only_while_it_is_certain() -> None:
    new_year_2027, new_year_2029 = 1_798_761_600, 1_861_920_000
    height = height_at(new_year_2027)
    assert height is not None
    assert subsidy_at(height) == 312_500_000
    assert height_at(new_year_2029) is None


@pytest.mark.parametrize(
    ("market", "sats", "revenue", "break_even"),
    [
        (MARKET, 49.2856, 0.0394285, 0.141270),
        # The halving, and the block before it.
        (replace(MARKET, height=1_049_999), 49.2856, 0.0394285, 0.141270),
        (replace(MARKET, height=1_050_000), 24.6428, 0.0197142, 0.0956348),
        # The network's difficulty rises by a tenth.
        (replace(MARKET, difficulty=165e12), 44.8051, 0.0358441, 0.132973),
        (replace(MARKET, pool_fee=0, heat=0.0), 50.2914, 0.0402331, 0.0931322),
        (replace(MARKET, pool_fee=100), 0, 0, 0.05),
        (replace(MARKET, bitcoin=None), 49.2856, None, None),
        (replace(MARKET, difficulty=None), None, None, None),
        (replace(MARKET, difficulty=0), None, None, None),
        (replace(MARKET, height=None), None, None, None),
        (replace(MARKET, heat=None), 49.2856, 0.0394285, None),
        (replace(MARKET, valued=False), None, None, None),
    ],
)
def test_by_hand(
    market: Market, sats: float | None, revenue: float | None, break_even: float | None
) -> None:
    worth = WorthWatch().observe(HASHING, POWER, market, 0)
    for found, expected in (
        (worth.sats, sats),
        (worth.revenue, revenue),
        (worth.break_even, break_even),
    ):
        assert found == (
            None if expected is None else pytest.approx(expected, rel=EXACT)
        )


def test_the_example_in_the_documentation() -> None:
    """Its figures are those of the formula; each stands in bold beside its name."""
    text = Path("docs/worth.md").read_text("utf8")
    shown = {
        name: float(value.replace(",", ""))
        for name, value in re.findall(r"\| ([^|]+) \| [^|]* \| \*\*([\d.,]+)\*\*", text)
    }
    worth = WorthWatch().observe(HASHING, POWER, MARKET, 0)
    halved = WorthWatch().observe(HASHING, POWER, replace(MARKET, height=1_050_000), 0)
    harder = WorthWatch().observe(HASHING, POWER, replace(MARKET, difficulty=165e12), 0)
    expected = {
        "Expected revenue": worth.sats,
        "Expected revenue value": worth.revenue,
        "Break-even price": worth.break_even,
        "Break-even price after the halving": halved.break_even,
        "Break-even price at a difficulty of 165 T": harder.break_even,
    }
    assert {name: shown[name] for name in expected} == {
        name: pytest.approx(value, rel=EXACT) for name, value in expected.items()
    }


def test_what_stands_still_is_judged_by_its_work() -> None:
    """It earns nothing now; what it would is known, also after a restart."""
    watch = WorthWatch()
    working = watch.observe(HASHING, POWER, MARKET, 0)
    paused = watch.observe(PAUSED, 3.0, MARKET, 15)
    away = watch.observe(None, None, MARKET, 30)
    assert (paused.sats, paused.revenue) == (0, 0)
    assert (away.sats, away.revenue) == (None, None)
    assert working.break_even == paused.break_even == away.break_even
    assert away.running is True
    again = WorthWatch()
    again.load(json.loads(json.dumps(watch.dump())))
    assert again.observe(None, None, MARKET, 0).break_even == working.break_even
    assert WorthWatch().observe(PAUSED, 3.0, MARKET, 0).break_even is None


def test_other_settings_count_within_minutes() -> None:
    watch = WorthWatch()
    watch.observe(HASHING, 18, MARKET, 0)
    faster = replace(HASHING, hash_rate=1.5)
    for second in range(15, 3600, 15):
        worth = watch.observe(faster, 27, MARKET, second)
    assert worth.break_even == pytest.approx(0.126058, rel=5e-3)


@pytest.mark.parametrize(
    "data", [None, [], {"rate": -1, "power": "x"}, {"rate": math.inf, "power": 1e300}]
)
def test_damaged_store(data: Any) -> None:
    watch = WorthWatch()
    watch.load(data)
    assert watch.observe(None, None, MARKET, 0).break_even is None


def test_worth_running_does_not_flap() -> None:
    """It ends at the break-even price, and begins again 5 % below it."""
    verdict = WorthVerdict()
    prices = (0.100, 0.1001, 0.0999, 0.0951, 0.095, 0.0999, 0.1, 0.2, 0.096, -0.1)
    assert [verdict.judge(price, 0.1) for price in prices] == [
        *(True, False, False, False, True, True, True, False, False, True)
    ]
    assert verdict.judge(None, 0.1) is None
    assert verdict.judge(0.099, 0.1) is True  # nothing is known of before
    assert verdict.judge(0.099, None) is None


# What a day costs and earns.

PRICED = Market(priced=True, power=0.3)


def test_cost_of_a_day() -> None:
    meter = MoneyMeter()
    meter.open("2026-12-01")
    unknown = replace(PRICED, power=None)
    meter.bill(unknown, 0.25)
    assert (meter.money(MARKET).cost, meter.money(MARKET).unpriced) == (None, 0.25)
    meter.bill(PRICED, 0.0)
    assert meter.money(MARKET).cost == 0
    meter.bill(PRICED, 0.5)
    meter.bill(replace(PRICED, power=-0.1), 1.0)
    meter.bill(unknown, 0.25)
    again = MoneyMeter()
    again.load(json.loads(json.dumps(meter.dump())))
    again.open("2026-12-01")
    money = again.money(MARKET)
    assert money.cost == pytest.approx(0.05)
    assert money.unpriced == 0.5
    again.open("2026-12-02")
    assert again.money(MARKET) == MoneyMeter(day="2026-12-02").money(MARKET)


def test_revenue_of_a_day() -> None:
    """A price of bitcoin that is not known adds nothing, and is counted."""
    meter = MoneyMeter()
    meter.open("2026-12-01")
    meter.earn(PRICED, None, 600)
    assert (meter.money(MARKET).revenue, meter.money(MARKET).unvalued) == (None, 600)
    meter.earn(MARKET, 0.24, 3600)
    meter.earn(MARKET, None, 1800)
    meter.bill(MARKET, 2.0)
    money = meter.money(MARKET)
    assert money.revenue == pytest.approx(0.01)
    assert (money.unvalued, money.heat) == (2400, 0.1)


IDENTITY = MinerIdentity(family=Family.AXEOS, manufacturer="Bitaxe", model="Gamma")


class Polls:
    """A tracker that is fed at times of its own."""

    def __init__(self, identity: MinerIdentity, **options: Any) -> None:
        self.tracker = MinerTracker(identity, InsightOptions(**options))
        self.identity = identity
        self.tracker.resume({})
        self.now = 0.0
        self.day = "2026-12-01"

    def poll(
        self, state: MinerState | None, market: Market, plug: float | None = None
    ) -> Any:
        moment = Moment(1.78e9 + self.now, 100 + self.now, self.day)
        self.now += 15
        around = Environment(market=market, wall_power=plug)
        if state is None:
            return self.tracker.unplugged(moment, around)
        return self.tracker.observe(
            self.identity, state, moment, response_time=1, interval=15, around=around
        )


def test_energy_is_paid_for_at_the_price_of_its_time() -> None:
    polls = Polls(IDENTITY)
    for price, minutes in ((0.4, 60), (None, 30), (-0.2, 30)):
        for _ in range(minutes * 4):
            market = replace(PRICED, power=price)
            money = polls.poll(replace(HASHING, power=1000.0), market).money
    kilowatt_hour = 15 / 3600
    # The first poll of all has nothing before it.
    assert money.cost == pytest.approx((239 * 0.4 - 120 * 0.2) * kilowatt_hour)
    assert money.unpriced == pytest.approx(0.5)
    polls.day = "2026-12-02"
    money = polls.poll(replace(HASHING, power=1000.0), PRICED).money
    assert money.day == "2026-12-02"
    assert money.cost == pytest.approx(0.3 * kilowatt_hour)


def test_a_power_that_is_not_known_costs_nothing_known() -> None:
    polls = Polls(IDENTITY)
    for _ in range(9):
        money = polls.poll(replace(HASHING, power=None), MARKET).money
    assert money.cost is None
    assert money.revenue == pytest.approx(8 * 15 * 0.0394285 / 86_400, rel=EXACT)


def test_the_plug_is_what_is_paid_for() -> None:
    polls = Polls(IDENTITY, plug=True)
    for _ in range(241):
        found = polls.poll(HASHING, PRICED, 20.0)
    assert found.money.cost == pytest.approx(0.02 * 0.3)
    for _ in range(240):
        found = polls.poll(None, PRICED, 2.0)
    assert found.money.cost == pytest.approx(0.022 * 0.3, rel=0.01)


def test_other_coins_have_no_worth() -> None:
    card = replace(IDENTITY, hash_rate_unit=HashRateUnit.GIGA)
    polls = Polls(card)
    for _ in range(3):
        found = polls.poll(HASHING, MARKET)
    assert found.worth is NO_WORTH
    assert found.money.revenue is None
    assert found.money.cost == pytest.approx(0.018 * 30 / 3600 * 0.1)
