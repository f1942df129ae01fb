"""Prices of the hours to come, out of whatever the price's entity holds."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.miner_monitor.price import Slot
from custom_components.miner_monitor.report.spoken import MOST_HOURS, hours_to_come

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 10, 24, 20, 30, tzinfo=UTC)


def slot(clock: str, price: float, minutes: int = 15) -> Slot:
    start = datetime.fromisoformat(f"2026-10-24T{clock}:00+02:00").astimezone(UTC)
    return Slot(start, start + timedelta(minutes=minutes), price)


def long_day(hour: int) -> Slot:
    start = datetime(2026, 10, 24, 22, tzinfo=UTC) + timedelta(hours=hour)
    return Slot(start, start + timedelta(hours=1), float(hour))


CASES: list[tuple[list[Slot], list[tuple[str, float]]]] = [
    ([], []),
    # The present hour has begun, and of the last one only three quarters are known.
    (
        [
            *(slot(f"22:{minute}", 0.4) for minute in ("00", "15", "30", "45")),
            *(slot(f"23:{minute}", 0.2) for minute in ("00", "15", "30")),
        ],
        [],
    ),
    ([slot("23:00", 0.2), slot("23:15", 0.4, 45)], [("2026-10-24T23:00+02:00", 0.35)]),
    # A day of 25 hours.
    (
        [slot("00:00", 7), *(long_day(hour) for hour in range(25))],
        [
            (f"2026-10-25T{clock}:00+0{offset}:00", float(price))
            for price, (clock, offset) in enumerate(
                [("00", 2), ("01", 2), ("02", 2), ("02", 1)]
                + [(f"{hour:02}", 1) for hour in range(3, 24)]
            )
        ],
    ),
]


@pytest.mark.parametrize(("slots", "expected"), CASES)
def test_hours_to_come(slots: list[Slot], expected: list[tuple[str, float]]) -> None:
    found = hours_to_come(slots, NOW, ZONE)
    assert [(hour["from"], hour["price"]) for hour in found] == expected


def test_no_more_than_two_days() -> None:
    slots = [slot("23:00", 1, 60)._replace(start=NOW, end=NOW + timedelta(days=9))]
    assert len(hours_to_come(slots, NOW, ZONE)) == MOST_HOURS
