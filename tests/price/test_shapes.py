"""Every provider's shape, every rule, on short, usual and long days."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from math import ceil, inf, nan
from typing import Any

import pytest

from custom_components.miner_monitor.price import (
    PriceError,
    PriceProblem,
    Rule,
    RuleKind,
    SeenPrices,
    Slot,
    plan,
    read_prices,
)

from .providers import (
    HOUR,
    PROVIDERS,
    QUARTER,
    ZONE,
    Provider,
    World,
    cost,
    day_start,
    nord_pool,
    nord_pool_core,
)

DAYS = {
    "23 hours": date(2026, 3, 29),
    "24 hours": date(2026, 11, 20),
    "25 hours": date(2026, 10, 25),
}
TIMES = (time(0, 5), time(12), time(18), time(23, 55))
HOURS, PERCENT, LIMIT = 6.5, 15.0, 0.25
RULES = {
    RuleKind.LIMIT: Rule(kind=RuleKind.LIMIT, limit=LIMIT),
    RuleKind.CHEAPEST_OF_DAY: Rule(kind=RuleKind.CHEAPEST_OF_DAY, hours=HOURS),
    RuleKind.CHEAPEST_UNTIL: Rule(
        kind=RuleKind.CHEAPEST_UNTIL, hours=HOURS, until=time(17)
    ),
    RuleKind.BELOW_MEAN: Rule(kind=RuleKind.BELOW_MEAN, percent=PERCENT),
}


def read(provider: Provider, now: datetime) -> tuple[Slot, ...]:
    world = World(now, provider.slot)
    content = provider.make(world)
    return read_prices(content, today=world.today, zone=ZONE, unit=provider.unit)


def instants(day: date) -> Iterator[datetime]:
    for at in TIMES:
        yield datetime.combine(day, at, ZONE).astimezone(UTC)


def between(start: datetime, end: datetime, slot: timedelta) -> list[datetime]:
    return [start + n * slot for n in range((end - start) // slot)]


def true_answer(kind: RuleKind, at: datetime, day: date, slot: timedelta) -> bool:
    """Work out the answer from the true prices, by ranks."""
    begin = day_start(day) + (at - day_start(day)) // slot * slot
    window = between(day_start(day), day_start(day + timedelta(days=1)), slot)
    if kind is RuleKind.LIMIT:
        return cost(begin) <= LIMIT
    if kind is RuleKind.BELOW_MEAN:
        mean = sum(map(cost, window)) / len(window)
        return cost(begin) <= mean * (1 - PERCENT / 100)
    if kind is RuleKind.CHEAPEST_UNTIL:
        ends = [
            datetime.combine(day + timedelta(days=n), time(17), ZONE).astimezone(UTC)
            for n in (-1, 0, 1)
        ]
        late = at >= ends[1]
        window = between(ends[late], ends[late + 1], slot)
    ahead = sum((cost(x), x) < (cost(begin), begin) for x in window)
    return ahead < ceil(HOURS * HOUR / slot - 1e-9)


@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS)
@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
def test_every_rule_is_right(provider: Provider, day: date) -> None:
    """Home Assistant has run since yesterday, and saw each list."""
    seen = SeenPrices()
    now = day_start(day) - timedelta(days=1)
    asked = list(instants(day))
    for moment in sorted([*between(now, asked[-1], HOUR), *asked]):
        seen.take(read(provider, moment), moment)
        if moment not in asked:
            continue
        for kind, rule in RULES.items():
            found = plan(seen.slots, rule, moment, ZONE).at(moment)
            assert found is not None, (moment, kind)
            assert found.price == pytest.approx(cost(found.start), abs=2e-7)
            if kind is RuleKind.CHEAPEST_UNTIL and (
                provider.today_only or moment.astimezone(ZONE).hour >= 17
            ):
                continue  # what a window that is known in part gets: see below
            want = true_answer(kind, moment, day, provider.slot)
            assert found.cheap is want, (moment.astimezone(ZONE), kind)


@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS)
def test_a_list_of_the_future_never_makes_the_dearest_hour_cheap(day: date) -> None:
    """Home Assistant was installed this minute, and knows only what is to come."""
    for name, provider in PROVIDERS.items():
        if not provider.future_only:
            continue
        hours = between(day_start(day), day_start(day + timedelta(days=1)), HOUR)
        dearest = max(hours, key=cost)
        for hour in range(24):
            now = datetime.combine(day, time(hour, 5), ZONE).astimezone(UTC)
            for kind in (RuleKind.CHEAPEST_OF_DAY, RuleKind.BELOW_MEAN):
                rule = Rule(kind=kind, hours=16, percent=0)
                planned = plan(read(provider, now), rule, now, ZONE)
                assert planned.partial or hour == 0, (name, now)
                found = planned.at(dearest)
                assert found is None or not found.cheap, (name, now, kind)


def test_plain_numbers_of_a_usual_day_keep_the_clock() -> None:
    """Some lists have 24 numbers on every day of the year."""
    numbers = [float(hour) for hour in range(24)]
    for day in (DAYS["23 hours"], DAYS["25 hours"]):
        slots = read_prices({"today": numbers}, today=day, zone=ZONE)
        assert [slot.price for slot in slots] == [
            slot.start.astimezone(ZONE).hour for slot in slots
        ]
        assert (
            len(slots) == (day_start(day + timedelta(days=1)) - day_start(day)) / HOUR
        )


NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)
WORLD = World(NOON, HOUR)


@pytest.mark.parametrize(
    ("unit", "price"),
    [
        (None, 31),
        ("EUR/kWh", 31),
        ("ct/kWh", 0.31),
        ("öre/kWh", 0.31),
        ("p/kWh", 0.31),
        ("EUR/MWh", 0.031),
        ("€ / MWh", 0.031),
        ("SEK/Wh", 31_000),
    ],
)
def test_units(unit: str | None, price: float) -> None:
    (slot,) = read_prices(
        {"prices": [{"start": "2026-11-20T12:00:00+01:00", "value": 31}]},
        today=NOON.date(),
        zone=ZONE,
        unit=unit,
    )
    assert slot == Slot(NOON, NOON + HOUR, pytest.approx(price))


def refusal(content: object, **more: Any) -> PriceError:
    with pytest.raises(PriceError) as raised:
        read_prices(content, today=NOON.date(), zone=ZONE, **more)
    return raised.value


DEEP: dict[str, Any] = {"today": [1.0] * 24}
for _ in range(50):
    DEEP = {"more": DEEP}


@pytest.mark.parametrize(
    "content",
    [
        None,
        "0.25",
        [],
        {},
        {"today": []},
        {"today": [1.0] * 7},
        {"today": [True] * 24},
        {"history": [1.0] * 24},
        {"prices": [{"start": "yesterday", "value": 1}]},
        {"prices": [{"start": "2026-11-20T12:00:00Z", "value": nan}]},
        {"prices": [{"start": "2026-11-20T12:00:00Z", "value": inf}]},
        {"prices": [{"start": "2026-11-20T12:00:00Z", "value": "<b>1</b>"}]},
        {"prices": [{"start": 1e300, "value": 1}, {"start": -5, "value": 1}]},
        {"prices": [{"start": "9" * 10_000, "value": "9" * 10_000}]},
        {"prices": [{"value": 1}, {"start": "2026-11-20T12:00:00Z"}]},
        {"price_25h": 1, "price_1h": 1},
        {1: [{"start": "2026-11-20T12:00:00Z", "value": 1}]},
        DEEP,
    ],
)
def test_no_list_of_prices(content: object) -> None:
    assert refusal(content).problem is PriceProblem.NO_LIST


def test_a_unit_that_is_none() -> None:
    assert refusal(nord_pool(WORLD), unit="W").problem is PriceProblem.UNKNOWN_UNIT


def test_several_areas_want_a_choice() -> None:
    first = nord_pool_core(WORLD)
    assert isinstance(first, dict)
    both = {**first, "SE3": [{**row, "price": 5} for row in first["DE-LU"]]}
    error = refusal(both)
    assert error.problem is PriceProblem.SEVERAL
    assert error.parts == ("DE-LU", "SE3")
    slots = read_prices(both, today=NOON.date(), zone=ZONE, part="SE3", unit="EUR/MWh")
    assert {slot.price for slot in slots} == {0.005}
    assert refusal(both, part="NO1").problem is PriceProblem.NO_LIST


def test_too_many_rows_are_cut() -> None:
    rows = [{"start": 1_700_000_000 + 900 * n, "value": n} for n in range(100_000)]
    slots = read_prices({"data": rows}, today=NOON.date(), zone=ZONE)
    assert len(slots) == 1000


def slot(start: datetime, price: float, length: timedelta = HOUR) -> Slot:
    return Slot(start, start + length, price)


def test_no_row_lasts_over_a_gap() -> None:
    """What is missing is not known, and is not what was before."""
    starts = [NOON, NOON + HOUR, NOON + 2 * HOUR, NOON + 7 * HOUR]
    rows = [{"start": start, "value": 1} for start in starts]
    slots = read_prices({"data": rows}, today=NOON.date(), zone=ZONE)
    assert slots == tuple(slot(start, 1) for start in starts)


RULE_SLOTS = tuple(slot(NOON + n * HOUR, p) for n, p in enumerate([5, -1, 3, 9]))


def cheap(found: Callable[[], Any] | Any) -> list[float]:
    return [x.price for x in found.slots if x.cheap]


def test_always_below_and_never_above_go_first() -> None:
    rule = Rule(kind=RuleKind.LIMIT, limit=0, always_below=4, never_above=4)
    assert cheap(plan(RULE_SLOTS, rule, NOON, ZONE)) == [-1, 3]
    rule = Rule(kind=RuleKind.LIMIT, limit=100, never_above=4)
    assert cheap(plan(RULE_SLOTS, rule, NOON, ZONE)) == [-1, 3]


def test_a_limit_that_is_not_known_decides_nothing() -> None:
    assert plan(RULE_SLOTS, Rule(kind=RuleKind.LIMIT), NOON, ZONE).at(NOON) is None


def test_next_change() -> None:
    rule = Rule(kind=RuleKind.LIMIT, limit=4)
    found = plan(RULE_SLOTS, rule, NOON, ZONE)
    assert found.next_change(NOON) == NOON + HOUR
    assert found.next_change(NOON + HOUR) == NOON + 3 * HOUR
    assert found.next_change(NOON + 3 * HOUR) is None  # the list ends
    assert found.next_change(NOON - HOUR) is None
    gap = plan((RULE_SLOTS[1], RULE_SLOTS[3]), rule, NOON, ZONE)
    assert gap.next_change(NOON + HOUR) is None


def test_below_the_mean_of_prices_below_nought() -> None:
    slots = [slot(NOON + n * HOUR, p) for n, p in enumerate([-10, -12, -8])]
    rule = Rule(kind=RuleKind.BELOW_MEAN, percent=15)
    assert cheap(plan(slots, rule, NOON, ZONE)) == [-12]


def test_of_equal_prices_the_earlier_is_cheap() -> None:
    day = day_start(NOON.date())
    slots = [slot(day + n * HOUR, 1) for n in range(24)]
    rule = Rule(kind=RuleKind.CHEAPEST_OF_DAY, hours=1.5)
    found = plan(slots, rule, NOON, ZONE)
    assert [x.start for x in found.slots if x.cheap] == [day, day + HOUR]


def test_what_was_seen_survives_a_restart_and_rubbish() -> None:
    seen = SeenPrices()
    seen.take(RULE_SLOTS, NOON)
    again = SeenPrices()
    again.load(
        [*seen.dump(), None, [1], ["x", 2, 3], [5, 1, 1], [1, 2, nan], [1e300, 1, 1]],
        NOON,
    )
    assert again.slots == RULE_SLOTS
    again.load("nothing", NOON)
    assert again.slots == RULE_SLOTS
    again.take([], NOON + timedelta(days=2, hours=1))
    assert again.slots == RULE_SLOTS[1:]


def test_a_newer_list_counts_where_both_know_a_time() -> None:
    seen = SeenPrices()
    seen.take([slot(NOON, 1, 2 * HOUR)], NOON)
    seen.take([slot(NOON + QUARTER, 2, QUARTER)], NOON)
    assert [(x.start, x.end, x.price) for x in seen.slots] == [
        (NOON, NOON + QUARTER, 1),
        (NOON + QUARTER, NOON + 2 * QUARTER, 2),
        (NOON + 2 * QUARTER, NOON + 2 * HOUR, 1),
    ]
