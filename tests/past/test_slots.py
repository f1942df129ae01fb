"""Statistics by the recorder's rules."""

import pytest

from scripts.rig.past.slots import (
    Mean,
    Sum,
    hourly_means,
    hourly_sums,
    means,
    sums,
)

BEGIN = 7200.0


def test_a_value_holds_until_the_next_one() -> None:
    samples = [(BEGIN, 10.0), (BEGIN + 450, 20.0), (BEGIN + 660, 5.0)]
    assert list(means(samples, BEGIN, BEGIN + 900)) == [
        Mean(BEGIN, 10.0, 10.0, 10.0),
        Mean(BEGIN + 300, 15.0, 10.0, 20.0),
        Mean(BEGIN + 600, 8.0, 5.0, 20.0),
    ]


def test_no_value_is_no_mean() -> None:
    samples = [(BEGIN, 10.0), (BEGIN + 150, None), (BEGIN + 750, 30.0)]
    assert [(slot.start, slot.mean) for slot in means(samples, BEGIN, BEGIN + 900)] == [
        (BEGIN, 10.0),
        (BEGIN + 600, 30.0),
    ]


def test_the_slot_that_is_not_over_is_left_to_the_recorder() -> None:
    samples = [(BEGIN, 1.0), (BEGIN + 400, 2.0)]
    assert [slot.start for slot in means(samples, BEGIN, BEGIN + 599)] == [BEGIN]
    assert [slot.start for slot in sums(samples, BEGIN, BEGIN + 599)] == [BEGIN]


def test_a_sum_begins_at_nothing_and_goes_on_after_a_fall() -> None:
    samples = [(BEGIN, 100.0), (BEGIN + 310, 150.0), (BEGIN + 620, 20.0)]
    samples += [(BEGIN + 930, 25.0)]
    assert list(sums(samples, BEGIN, BEGIN + 1200)) == [
        Sum(BEGIN, 100.0, 0.0),
        Sum(BEGIN + 300, 150.0, 50.0),
        Sum(BEGIN + 600, 20.0, 70.0),
        Sum(BEGIN + 900, 25.0, 75.0),
    ]


def test_a_total_that_is_not_told_for_a_while_has_no_slots_there() -> None:
    samples = [(BEGIN, 5.0), (BEGIN + 100, None), (BEGIN + 700, 8.0)]
    assert list(sums(samples, BEGIN, BEGIN + 900)) == [
        Sum(BEGIN, 5.0, 0.0),
        Sum(BEGIN + 600, 8.0, 3.0),
    ]


def test_hours_are_made_of_their_slots() -> None:
    slots = [
        Mean(BEGIN + 300 * index, float(index), -index, index) for index in range(13)
    ]
    first, second = hourly_means(slots)
    assert first == Mean(BEGIN, pytest.approx(5.5), -11, 11)
    assert second.start == BEGIN + 3600
    totals = [Sum(BEGIN + 300 * index, index, 2 * index) for index in range(13)]
    assert list(hourly_sums(totals)) == [
        Sum(BEGIN, 11, 22),
        Sum(BEGIN + 3600, 12, 24),
    ]
