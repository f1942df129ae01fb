"""When values count as stale."""

import pytest

from custom_components.miner_monitor.miners.fpga.client import Freshness

from .replies import Clock

type Story = list[tuple[float, float | None, float | None]]
"""Seconds that pass, the time stamp that comes then, and for how long it is stale."""

HOUR = 3600.0


def pace(step: float, count: int, first: float = 1.0) -> Story:
    """Build an exporter that has news at every step."""
    return [(step, first + index, None) for index in range(count)]


@pytest.mark.parametrize(
    "story",
    [
        pytest.param([(0, 1, None), (89, 1, None), (1, 1, 90)], id="90 s"),
        pytest.param([(0, 1, None), (90, 1, 90), (30, 1, 120)], id="goes on"),
        pytest.param(
            [(0, 1, None), (100, 1, 100), (30, 2, None), (89, 2, None), (1, 2, 90)],
            id="recovers",
        ),
        pytest.param([(0, 9, None), (80, 3, None), (80, 3, None)], id="backwards"),
        pytest.param([*pace(30, 5), (89, 5, None), (1, 5, 90)], id="steps of 30 s"),
        pytest.param([*pace(60, 5), (179, 5, None), (1, 5, 180)], id="steps of 60 s"),
        pytest.param(
            [(0, 1, None), (40, 2, None), (10, 3, None), (119, 3, None), (1, 3, 120)],
            id="one step of 40 s",
        ),
        pytest.param(
            [*pace(30, 5), (HOUR, 6, None), (30, 7, None), (90, 7, 90)],
            id="a freeze of an hour teaches nothing",
        ),
        pytest.param(
            [*pace(30, 5), (HOUR, 6, None), (HOUR, 7, None), (90, 7, 90)],
            id="nor do two of them",
        ),
        pytest.param(
            [(0, 1, None), (300, 2, None), (300, 3, None), (899, 3, None), (1, 3, 900)],
            id="a slow pace is learnt by its second step",
        ),
        pytest.param(
            [*pace(600, 4), (1799, 4, None), (1, 4, 1800)], id="the slowest pace"
        ),
        pytest.param([*pace(601, 4), (90, 4, 90)], id="slower than that"),
        pytest.param([(0, 1, None), (HOUR, 1, HOUR)], id="nobody asked for an hour"),
        pytest.param(
            [(0, None, None), (HOUR, None, None), (0, 1, None), (89, 1, None)],
            id="no time stamp, never stale",
        ),
        pytest.param(
            [(0, 1, None), (100, None, None), (0, 1, 100)], id="a stamp left out once"
        ),
    ],
)
def test_stories(story: Story) -> None:
    clock = Clock()
    freshness = Freshness(clock)
    for seconds, stamp, stale in story:
        clock.now += seconds
        assert freshness.stale_for(stamp) == stale
