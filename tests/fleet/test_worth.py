"""What all miners together earn and cost, and whose power is the sun's."""

from dataclasses import replace
import json
from typing import Any

import pytest

from custom_components.miner_monitor.fleet import Member
from custom_components.miner_monitor.fleet.worth import (
    FleetDay,
    blended,
    break_even_of,
    chain_of,
    draw_of,
    solar_share,
    worth_of,
)
from custom_components.miner_monitor.insight.model import Insight
from custom_components.miner_monitor.insight.worth import (
    Market,
    Money,
    Worth,
    WorthVerdict,
)
from custom_components.miner_monitor.miners.model import (
    Family,
    HashRateUnit,
    MinerIdentity,
    MinerState,
    MinerStatus,
)
from custom_components.miner_monitor.model import MinerData

MARKET = Market(
    priced=True,
    power=0.1,
    valued=True,
    bitcoin=80_000,
    difficulty=150e12,
    height=930_000,
)


def member(
    name: str,
    worth: Worth | None = None,
    *,
    online: bool = True,
    unit: HashRateUnit = HashRateUnit.TERA,
    wall_power: float | None = None,
    last_seen: float | None = None,
    **state: Any,
) -> Member:
    identity = MinerIdentity(
        family=Family.AXEOS, manufacturer="", model=name, hash_rate_unit=unit
    )
    seen = MinerState(status=MinerStatus.HASHING, **state) if online else None
    return Member(
        name,
        MinerData(
            online=online,
            identity=identity,
            state=seen,
            believed=seen,
            insight=Insight(
                worth=worth or Worth(), wall_power=wall_power, last_seen=last_seen
            ),
        ),
    )


def works(rate: float, power: float, sats: float | None) -> Worth:
    return Worth(valued=True, sats=sats, work_rate=rate, work_power=power)


def test_break_even_is_that_of_the_sums() -> None:
    """Of those that are there; of all while none is."""
    small = member("small", works(1.0, 15.0, 40.0))
    large = member("large", works(9.0, 185.0, 370.0))
    gone = member("gone", works(10.0, 600.0, None), online=False)
    new = member("new")
    card = member("card", works(5.0, 500.0, None), unit=HashRateUnit.GIGA)
    everyone = [small, large, gone, new, card]
    found = worth_of(everyone, MARKET, WorthVerdict())
    assert found.break_even == MARKET.break_even(10.0, 200.0)
    assert (found.sats.value, found.sats.coverage) == (410.0, "2 of 4")
    assert found.running is False
    cheaper = replace(MARKET, power=0.06)
    assert worth_of(everyone, cheaper, WorthVerdict()).running is True
    assert break_even_of([gone, new], MARKET) == MARKET.break_even(10.0, 600.0)
    assert break_even_of([new], MARKET) is None
    assert worth_of([card], MARKET, WorthVerdict()).sats.value is None


def test_who_knows_the_newest_block() -> None:
    old = member("old", block_height=930_000, network_difficulty=1e14, last_seen=9)
    new = member("new", block_height=930_002, network_difficulty=2e14, last_seen=5)
    silent = member("silent", block_height=930_003, last_seen=7)
    nerd = member("nerd", network_difficulty=3e14, last_seen=8)
    later = member("later", network_difficulty=4e14, last_seen=9)
    away = member("away", online=False)
    card = member("card", block_height=10**7, unit=HashRateUnit.GIGA)
    assert chain_of([old, new, away, card]) == (2e14, 930_002)
    assert chain_of([old, silent]) == (1e14, 930_003)
    assert chain_of([nerd, later]) == (4e14, None)
    assert chain_of([away, card]) == (None, None)
    assert chain_of([]) == (None, None)


def test_draw() -> None:
    """At the wall where that is known, of those that are away by their plugs."""
    assert draw_of([]) is None
    assert draw_of([member("untold")]) is None
    plugged = member("plugged", power=15.0, wall_power=18.0)
    away = member("away", online=False, wall_power=1.0)
    assert draw_of([plugged, away, member("bare", power=100.0)]) == 119.0


@pytest.mark.parametrize(
    ("grid", "draw", "price"),
    [
        (-500, 1000, 0.08),  # still feeding in
        (0, 1000, 0.08),
        (400, 1000, 0.168),  # 60 % of it would be fed in without them
        (1000, 1000, 0.3),
        (2500, 1000, 0.3),
        (-1, 0, 0.08),
        (0, 0, 0.3),
        (-1, None, 0.08),
        (1, None, 0.3),
        (None, 1000, None),
    ],
)
def test_solar_power_costs_what_it_could_be_sold_for(
    grid: float | None, draw: float | None, price: float | None
) -> None:
    found = blended(0.3, 0.08, solar_share(grid, draw))
    assert found == (None if price is None else pytest.approx(price))


def test_price_while_the_tariff_is_not_known() -> None:
    assert blended(None, 0.08, 1.0) == 0.08
    assert blended(None, 0.08, 0.5) is None


TODAY, TOMORROW = "2026-12-01", "2026-12-02"


def test_day() -> None:
    day = FleetDay()
    day.observe("a", Money(day=TODAY, cost=2.0, revenue=3.0, heat=0.5))
    day.observe("b", Money(day=TODAY, cost=1.0, unpriced=0.25))  # no bitcoin
    day.observe("c", Money(day=TODAY, revenue=9.0, unvalued=60))  # power unknown
    day.observe("d", Money())
    day.observe("e", Money(day="2099-01-01", cost=1e6))  # a clock that is wrong
    found = day.total(TODAY)
    assert (found.day, found.cost.value, found.cost.coverage) == (TODAY, 3.0, "2 of 3")
    assert (found.unpriced, found.unvalued, found.heat) == (0.25, 60, 0.5)
    assert (found.profit.value, found.profit.coverage) == (1.5, "1 of 2")
    again = FleetDay()
    again.load(json.loads(json.dumps(day.dump())))
    assert again.total(TODAY) == found
    # Tomorrow has begun once a miner is polled in it, and then today is over.
    assert again.total(TOMORROW) == found
    again.observe("a", Money(day=TOMORROW, cost=0.1))
    found = again.total(TOMORROW)
    assert (found.day, found.cost.value, found.cost.coverage) == (
        *(TOMORROW, 0.1),
        "1 of 1",
    )
    assert again.total(TOMORROW).profit.value is None


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"miners": 5},
        {"miners": {"a": {"day": "x"}, "b": {"day": TODAY, "cost": "dear"}}},
        {"miners": {"a": {"day": TODAY, "cost": 1e300}}},
    ],
)
def test_damaged_store(data: Any) -> None:
    day = FleetDay()
    day.load(data)
    assert day.total(TODAY).cost.value is None
