"""Ticks and labels, over changes of the clock and at the ends of what is allowed."""

from datetime import datetime
import math
from zoneinfo import ZoneInfo

import pytest

from custom_components.miner_monitor.charts.axis import (
    number,
    time_scale,
    value_scale,
)

BERLIN = ZoneInfo("Europe/Berlin")


def labels(end: datetime, hours: int) -> list[str]:
    """Return what stands at the axis of so many hours up to a local time."""
    last = end.timestamp()
    scale = time_scale(
        last - hours * 3600, last, BERLIN, lambda moment: f"day {moment.day}"
    )
    return [tick.text for tick in scale.ticks]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (1, ["11:15", "11:20", "11:25"]),
        (12, ["01:00", "02:00", "03:00"]),
        (48, ["16:00", "20:00", "day 1"]),
        (168, ["day 26", "day 27", "day 28"]),
        (744, ["11-03", "11-06", "11-09"]),
    ],
)
def test_labels_fit_the_span(hours: int, expected: list[str]) -> None:
    found = labels(datetime(2026, 12, 2, 12, 15, tzinfo=BERLIN), hours)
    assert found[: len(expected)] == expected
    assert 4 <= len(found) <= 13


def test_an_hour_that_is_there_twice_is_named_twice() -> None:
    found = labels(datetime(2026, 10, 25, 6, 30, tzinfo=BERLIN), 9)
    assert found == [
        *("23:00", "00:00", "01:00", "02:00", "02:00", "03:00", "04:00", "05:00"),
        "06:00",
    ]


def test_an_hour_that_is_skipped_has_no_tick() -> None:
    found = labels(datetime(2026, 3, 29, 6, 30, tzinfo=BERLIN), 5)
    assert "02:00" not in found
    assert {"01:30", "03:00"} <= {*found}


def test_days_begin_at_midnight_over_a_change_of_the_clock() -> None:
    last = datetime(2026, 10, 28, 12, tzinfo=BERLIN).timestamp()
    scale = time_scale(last - 168 * 3600, last, BERLIN, lambda _: "")
    moments = [datetime.fromtimestamp(tick.at, BERLIN) for tick in scale.ticks]
    assert [moment.day for moment in moments] == [22, 23, 24, 25, 26, 27, 28]
    assert {(moment.hour, moment.minute) for moment in moments} == {(0, 0)}


def test_a_midnight_that_is_skipped_begins_at_the_next_hour() -> None:
    zone = ZoneInfo("America/Santiago")
    last = datetime(2026, 9, 8, 12, tzinfo=zone).timestamp()
    scale = time_scale(last - 96 * 3600, last, zone, lambda _: "")
    moments = [datetime.fromtimestamp(tick.at, zone) for tick in scale.ticks]
    assert [(moment.day, moment.hour) for moment in moments] == [
        *((5, 0), (6, 1), (7, 0), (8, 0)),
    ]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ((), ["0", "1"]),
        ((math.nan,), ["0", "1"]),
        ((0.0, 9.0), ["0", "2", "4", "6", "8", "10"]),
        ((1.02, 1.19), ["1.00", "1.05", "1.10", "1.15", "1.20", "1.25"]),
        ((0.0, 0.0), ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]),
        ((-0.02, 0.3), ["-0.1", "0.0", "0.1", "0.2", "0.3", "0.4"]),
    ],
)
def test_values_stand_between_round_numbers(
    values: tuple[float, ...], texts: list[str]
) -> None:
    scale = value_scale(values)
    assert [tick.text for tick in scale.ticks] == texts
    low = -math.inf
    assert all(scale.low <= value <= scale.high for value in values if value >= low)


@pytest.mark.parametrize("value", [1e-300, 1e-9, 1e300, -5.0])
def test_any_number_has_an_axis(value: float) -> None:
    scale = value_scale([value, value])
    assert scale.low < value < scale.high
    assert len(scale.ticks) < 20


def test_numbers() -> None:
    assert [number(value) for value in (1.234, 123.45, 1234.5, math.nan)] == [
        *("1.23", "123.5", "1234", "-"),
    ]
