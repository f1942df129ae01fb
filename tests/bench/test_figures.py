"""The bench's statistics."""

import pytest

from scripts.benchmark.figures import (
    ages,
    by_port,
    median_ratio,
    per_poll,
    percentile,
    write_delays,
)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([5.0], 50, 5.0),
        ([5.0], 99, 5.0),
        ([4.0, 1.0, 3.0, 2.0], 50, 2.0),
        ([4.0, 1.0, 3.0, 2.0], 51, 3.0),
        (range(1, 101), 99, 99),
        (range(1, 201), 99, 198),
        (range(1, 101), 100, 100),
        (range(1, 101), 0, 1),
    ],
)
def test_percentile(values, percent, expected):
    assert percentile(values, percent) == expected


def test_no_percentile_of_nothing():
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_median_ratio_pairs_values_of_the_same_moment():
    """A disturbance that doubles both values of a round changes nothing."""
    assert median_ratio([1.2, 2.4, 1.3], [1.0, 2.0, 1.0]) == pytest.approx(1.2)


def test_replies_of_the_window_by_port():
    replies = [(1, 5.0), (2, 4.0), (1, 3.0), (1, 1.9), (2, 6.0)]
    assert by_port(replies, 2.0, 6.0) == {1: [3.0, 5.0], 2: [4.0]}


def test_ages_are_the_gaps_of_the_chosen_miners():
    times = {1: [0.0, 10.0, 25.0], 2: [0.0, 1.0], 3: [7.0]}
    assert ages(times, [1, 3, 4]) == [10.0, 15.0]


@pytest.mark.parametrize(
    ("writes", "expected"),
    [
        ([], []),
        ([(1, 10.25)], [0.25]),
        ([(1, 10.25), (1, 10.5)], [0.5]),
        ([(1, 10.5), (1, 10.25)], [0.5]),
        ([(1, 10.25), (1, 20.125)], [0.25, 0.125]),
        ([(1, 9.0)], []),
        ([(2, 10.25)], []),
        ([(1, 10.0)], [0.0]),
    ],
)
def test_delay_is_from_a_reply_to_its_last_write(writes, expected):
    assert write_delays({1: [10.0, 20.0]}, writes) == expected


def test_milliseconds_per_poll():
    assert per_poll(1.5, 1000) == 1.5


def test_no_cost_without_a_poll():
    with pytest.raises(ValueError, match="no polls"):
        per_poll(1.0, 0)
