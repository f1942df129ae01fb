"""Prices of the hours to come, out of whatever the price's entity holds."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.miner_monitor.report.model import Price
from custom_components.miner_monitor.report.spoken import MOST_HOURS, hours_to_come

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 10, 24, 20, 30, tzinfo=UTC)


def quarter(time: str, price: float) -> dict[str, Any]:
    return {"start": f"2026-10-24T{time}:00+02:00", "price": price}


CASES: list[tuple[dict[str, Any], list[tuple[str, float]]]] = [
    ({}, []),
    ({"raw_today": "A" * 10_000}, []),
    ({"raw_today": [{"start": "soon", "price": "nan"}, None, 7]}, []),
    # The present hour has begun, and of the last one only three quarters are known.
    (
        {
            "prices": [
                *(quarter(f"22:{minute}", 0.4) for minute in ("00", "15", "30", "45")),
                *(quarter(f"23:{minute}", 0.2) for minute in ("00", "15", "30")),
            ]
        },
        [],
    ),
    # A day of 25 hours.
    (
        {"tomorrow": [float(hour) for hour in range(25)]},
        [
            (f"2026-10-25T{clock}:00+0{offset}:00", float(price))
            for price, (clock, offset) in enumerate(
                [("00", 2), ("01", 2), ("02", 2), ("02", 1)]
                + [(f"{hour:02}", 1) for hour in range(3, 24)]
            )
        ],
    ),
]


@pytest.mark.parametrize(("attributes", "expected"), CASES)
def test_hours_to_come(
    attributes: dict[str, Any], expected: list[tuple[str, float]]
) -> None:
    price = Price(
        entity_id="sensor.price",
        present=None,
        per_kwh=1.0,
        currency="EUR",
        attributes=attributes,
    )
    found = hours_to_come(price, NOW, ZONE)
    assert [(hour["from"], hour["price"]) for hour in found] == expected
    assert len(found) <= MOST_HOURS
