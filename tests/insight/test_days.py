"""Rows of days: what adds up, which are kept, and what is read back."""

from datetime import date, timedelta
import json
import math
from typing import Any

import pytest

from custom_components.miner_monitor.insight.days import DAYS_KEPT, Day, DayBook
from custom_components.miner_monitor.insight.model import (
    DayRow,
    Finding,
    FindingKind,
    Severity,
)
from custom_components.miner_monitor.miners.codec import dump

TODAY = "2026-03-29"


def day_after(days: int) -> str:
    return (date(2026, 1, 1) + timedelta(days=days)).isoformat()


def full(day: Day) -> None:
    """Add something of everything."""
    day.watched_seconds += 7200
    day.answered(3600, hash_rate=1.0, power=20.0, chip_temperature=60.0)
    day.answered(1800, hash_rate=2.5, power=35.0, chip_temperature=66.0)
    day.add(energy=0.25, wall_energy=0.5, accepted=100, rejected=2)
    day.add(energy=0.125, accepted=50, restarts=1, times_offline=2, blocks=1)
    day.best(5e6)
    day.best(3e6)
    day.best(None)
    day.note([Finding(kind=FindingKind.FAULT, severity=Severity.CRITICAL)])
    day.note([Finding(kind=FindingKind.VR_HOT, severity=Severity.WARNING)] * 2)


ROW = DayRow(
    day=TODAY,
    watched=7200,
    answered=5400,
    restarts=1,
    times_offline=2,
    energy=0.375,
    wall_energy=0.5,
    accepted=150,
    rejected=2,
    hash_rate=1.5,
    power=25.0,
    efficiency=135_000 / 8100,
    chip_temperature=62.0,
    chip_temperature_max=66.0,
    best_difficulty=5e6,
    blocks_found=1,
    findings=(FindingKind.VR_HOT, FindingKind.FAULT),
)


def test_row() -> None:
    book = DayBook()
    full(book.open(TODAY))
    assert book.rows() == (ROW,)


def test_day_without_an_answer() -> None:
    """What is not known is not 0."""
    book = DayBook()
    book.open(TODAY).watched_seconds += 600
    assert book.rows() == (DayRow(day=TODAY, watched=600),)


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        # A pause lowers the mean rate and says nothing of the efficiency.
        ([(1.0, 20.0), (0.0, 5.0)], (0.5, 12.5, 20.0)),
        ([(1.0, 20.0), (None, 5.0)], (1.0, 12.5, 20.0)),
        # Nor does a rate without a power.
        ([(1.0, 20.0), (3.0, None)], (2.0, 20.0, 20.0)),
        ([(0.0, 5.0)], (0.0, 5.0, None)),
        ([(None, None)], (None, None, None)),
        ([(1.0, 20.0), (math.nan, math.inf), (-1.0, 1e300)], (1.0, 20.0, 20.0)),
        ([(1e-320, 20.0)], (0.0, 20.0, None)),
    ],
)
def test_means(
    readings: list[tuple[float | None, float | None]],
    expected: tuple[float | None, float | None, float | None],
) -> None:
    day = Day(day=TODAY)
    for rate, power in readings:
        day.answered(15, hash_rate=rate, power=power)
    row = day.row()

    assert (row.hash_rate, row.power, row.efficiency) == pytest.approx(expected)


@pytest.mark.parametrize("told", [math.nan, math.inf, -1.0, 0.0, 1e300])
def test_impossible_difficulties(told: float) -> None:
    day = Day(day=TODAY)
    day.best(5.0)
    day.best(told)
    assert day.row().best_difficulty == 5.0


def test_as_many_days_as_are_kept() -> None:
    book = DayBook()
    for number in range(50):
        book.open(day_after(number)).add(accepted=number)
    rows = book.rows()

    assert [row.day for row in rows] == [day_after(n) for n in range(15, 50)]
    assert [row.accepted for row in rows] == list(range(15, 50))
    assert len(rows) == DAYS_KEPT


def test_clock_that_goes_back() -> None:
    """A day is gone on with, and the order stays."""
    book = DayBook()
    for day in (day_after(7), day_after(8), day_after(7), day_after(8)):
        book.open(day).add(accepted=1)
    assert [(row.day, row.accepted) for row in book.rows()] == [
        (day_after(7), 2),
        (day_after(8), 2),
    ]


def test_the_day_that_was_open_longest_ago_gives_way() -> None:
    """A clock that was ahead for a month does not cost the day it is set back to."""
    book = DayBook()
    for number in range(DAYS_KEPT):
        book.open(day_after(number))
    book.open(day_after(0)).add(accepted=5)
    book.open(day_after(DAYS_KEPT))

    days = [row.day for row in book.rows()]
    assert days == [day_after(0), *(day_after(n) for n in range(2, DAYS_KEPT + 1))]


@pytest.mark.parametrize("wrong", ["1970-01-01", "2038-01-19"])
def test_clock_that_was_wrong_for_a_while(wrong: str) -> None:
    """It costs the day that is oldest, and is forgotten like any other."""
    book = DayBook()
    for number in range(40):
        book.open(day_after(number))
    for day in (wrong, day_after(39)):
        book.open(day)
    expected = sorted([wrong, *(day_after(number) for number in range(6, 40))])
    assert [row.day for row in book.rows()] == expected

    for number in range(40, 80):
        book.open(day_after(number))
    assert [row.day for row in book.rows()] == [day_after(n) for n in range(45, 80)]


def stored(book: DayBook) -> Any:
    return json.loads(json.dumps(book.dump(), allow_nan=False))


def test_what_is_stored() -> None:
    """Today goes on where it was."""
    book = DayBook()
    full(book.open(day_after(3)))
    full(book.open(TODAY))
    loaded = DayBook()
    loaded.load(stored(book))
    assert loaded.rows() == book.rows()

    loaded.open(TODAY).add(accepted=1)
    assert loaded.rows()[-1].accepted == ROW.accepted + 1


def test_size_of_what_is_stored() -> None:
    """It is bounded, whatever a miner reports."""
    book = DayBook()
    findings = [Finding(kind=kind, severity=Severity.WARNING) for kind in FindingKind]
    for number in range(50):
        day = book.open(day_after(number))
        for _ in range(100):
            day.answered(
                864 / 7, hash_rate=1e6 / 3, power=1e5 / 3, chip_temperature=1e6
            )
        day.add(energy=100 / 3, wall_energy=100 / 7, accepted=10**6, rejected=10**6)
        day.best(1e29 / 3)
        day.note(findings)
    assert len(json.dumps(book.dump())) < 13 * 1024


GOOD: list[Any] = dump(Day(day=TODAY))


@pytest.mark.parametrize(
    "data",
    [
        None,
        "days",
        {},
        {"2026-01-01": []},
        [None, 1, "x", [], {}],
        [["2026-02-30", *GOOD[1:]]],
        [["20260228", *GOOD[1:]]],
        [[10**10, *GOOD[1:]]],
        [[["2026-01-01"], *GOOD[1:]]],
    ],
)
def test_damaged_days_are_left_out(data: Any) -> None:
    book = DayBook()
    book.load({"days": data})
    assert book.rows() == ()
    assert book.open(TODAY).row() == DayRow(day=TODAY)


@pytest.mark.parametrize("day", [GOOD[:-1], [*GOOD, 1], [*GOOD[:-1], 5], [TODAY]])
def test_days_of_another_form(day: list[Any]) -> None:
    """What is missing has its default, and what is too much is left out."""
    book = DayBook()
    book.load({"days": [day]})
    assert book.rows() == (DayRow(day=TODAY),)


@pytest.mark.parametrize("data", [None, 5, "days", [None, 1], {"days": None}])
def test_no_days(data: Any) -> None:
    book = DayBook()
    book.load(data)
    assert book.rows() == ()


@pytest.mark.parametrize(
    "value", [None, "1", [], {}, math.nan, math.inf, -1, 1e300, 10**400, True]
)
def test_damaged_numbers_are_left_out(value: Any) -> None:
    book = DayBook()
    numbers = [value] * (len(GOOD) - 2)
    book.load({"days": [[TODAY, *numbers, ["fault", "unheard_of"]]]})
    assert book.rows() == (DayRow(day=TODAY, findings=(FindingKind.FAULT,)),)


def test_more_days_than_are_kept() -> None:
    book = DayBook()
    book.load({"days": [[day_after(number), *GOOD[1:]] for number in range(1000)]})
    assert [row.day for row in book.rows()] == [day_after(n) for n in range(965, 1000)]
