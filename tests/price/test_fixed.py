"""Tariffs without a list."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest

from custom_components.miner_monitor.price import FixedTariff

from .providers import ZONE, day_start

DAYS = [date(2026, 3, 29), date(2026, 11, 20), date(2026, 10, 25)]
NIGHT = FixedTariff(price=0.3, low=0.2, low_from=time(22, 30), low_until=time(6))


@pytest.mark.parametrize("day", DAYS)
def test_a_day_is_covered_and_its_night_is_low(day: date) -> None:
    slots = NIGHT.slots(day, 2, ZONE)
    assert slots[0].start == day_start(day)
    assert slots[-1].end == day_start(day + timedelta(days=2))
    assert all(a.end == b.start for a, b in pairwise(slots))
    assert all(slot.length <= timedelta(hours=1) for slot in slots)
    for slot in slots:
        at = slot.start.astimezone(ZONE).time()
        low = at >= time(22, 30) or at < time(6)
        assert slot.price == (0.2 if low else 0.3)


def test_one_price() -> None:
    assert {x.price for x in FixedTariff(price=0.3).slots(DAYS[1], 1, ZONE)} == {0.3}


def test_a_low_time_within_a_day_and_low_days() -> None:
    noon = FixedTariff(
        price=0.3,
        low=0.1,
        low_from=time(11),
        low_until=time(14),
        low_days=frozenset({6}),
    )
    friday = noon.slots(date(2026, 11, 20), 1, ZONE)
    low = [x.start.astimezone(ZONE).hour for x in friday if x.price == 0.1]
    assert low == [11, 12, 13]
    sunday = noon.slots(date(2026, 11, 22), 1, ZONE)
    assert {slot.price for slot in sunday} == {0.1}
    assert sunday[0].start == datetime(2026, 11, 21, 23, tzinfo=UTC)
