"""A restart is known by the moment of boot that an uptime tells."""

from itertools import pairwise
import json
import math
import random
from typing import Any

import pytest

from custom_components.miner_monitor.miners.boots import Boots

WALL = 1_700_000_000.0


@pytest.mark.parametrize(
    ("before", "away", "uptime", "restarted"),
    [
        (5000, 15, 5015, False),
        # An answer that took long, or an uptime of whole seconds.
        (5000, 15, 5007, False),
        (5000, 15, 5024, False),
        (5000, 2, 5001, False),
        # A clock that runs 0.01 % slow, over a week out of sight.
        (5000, 604_800, 609_740, False),
        (20, 604_800, 604_760, False),
        (5000, 15, 3, True),
        (5000, 5000, 4000, True),
        (5000, 600_000, 10_000, True),
        # A miner that restarts again and again.
        (14, 15, 7, True),
        (30, 60, 45, True),
        (3, 15, 11, False),
        (6, 2, 3, True),
        (6, 2, 4, False),
        # A clock that does not begin at 0.
        (5000, 120, 133, True),
        # A clock that stands still, or is set, is no restart.
        (5000, 15, 5000, False),
        (90, 15, 90, False),
        (0, 300, 0, False),
        (1_000_000, 15, 900_000, False),
        (20, 15, 20, True),
        (20, 115, 20, True),
        # What cannot be an uptime.
        (5000, 15, None, False),
        (5000, 15, -1, False),
        (5000, 15, math.nan, False),
        (5000, 15, math.inf, False),
        (5000, 15, 1.7e9, False),
        (5000, 15, 10**400, False),
    ],
)
def test_restart(before: float, away: float, uptime: Any, restarted: bool) -> None:
    boots = Boots()
    assert boots.observe(before, WALL, 100.0) is False
    # While we run, the wall clock has no say.
    assert boots.observe(uptime, WALL - 1e6, 100.0 + away) is restarted


@pytest.mark.parametrize(
    ("before", "away", "uptime", "restarted"),
    [
        (5000, 600, 5600, False),
        (5000, 600, 5560, False),
        (5000, 600, 5640, False),
        (5000, 600, 300, True),
        (5000, 6000, 5900, True),
        # The wall clock went back: nothing is known.
        (5000, -600, 5600, False),
        (5000, -600, 30, False),
    ],
)
def test_restart_over_a_pause_of_ours(
    before: float, away: float, uptime: float, restarted: bool
) -> None:
    boots = Boots()
    boots.observe(before, WALL, 1e6)
    loaded = Boots.load(json.loads(json.dumps(boots.dump())))
    assert loaded.uptime == before
    assert loaded.watching is False
    assert loaded.observe(uptime, WALL + away, 5.0) is restarted
    assert loaded.watching is True


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "boots",
        {},
        {"uptime": "5000", "seen_at": []},
        {"uptime": math.nan, "seen_at": math.inf},
        {"uptime": -1, "seen_at": 10**400},
        {"uptime": True},
    ],
)
def test_damaged_bearings(data: Any) -> None:
    """They are none, so that the next uptime is the first."""
    assert Boots.load(data).observe(10, WALL, 5.0) is False


@pytest.mark.parametrize("seed", range(30))
def test_jitter_is_no_restart(seed: int) -> None:
    """Answers take up to eight seconds, and the clock is a little slow or fast."""
    chance = random.Random(seed)
    pace, boots = 1 + chance.uniform(-1e-4, 1e-4), Boots()
    for poll in range(2000):
        asked = 15.0 * poll
        answered = asked + chance.random() ** 4 * 8
        uptime = int(pace * chance.uniform(asked, answered))
        assert boots.observe(uptime, WALL, answered) is False


@pytest.mark.parametrize("seed", range(30))
def test_every_restart_after_a_minute_of_work(seed: int) -> None:
    """However soon after a poll it comes, and however long the miner takes to boot."""
    chance = random.Random(seed)
    moments = [0.0]
    while len(moments) < 40:
        moments.append(moments[-1] + chance.uniform(80, 4000))
    boots, found, ends = Boots(), 0, moments[-1] + 60
    polls = [poll * 15.0 for poll in range(int(ends / 15) + 1)]
    starts = [(start, start + chance.uniform(1, 45)) for start in moments]
    for poll in polls:
        answered = poll + chance.random()
        last = [start for start in starts if start[0] <= poll][-1]
        if poll >= last[1]:
            found += boots.observe(int(poll - last[1]), WALL, answered)

    assert found == len(list(pairwise(moments)))
