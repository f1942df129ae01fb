"""A restart is known by the moment of boot that an uptime tells."""

from itertools import pairwise
import json
import math
import random
from typing import Any

import pytest

from custom_components.miner_monitor.miners.restarts import (
    RestartDetector,
    RestartVerdict,
)

WALL = 1_700_000_000.0
POLL = 15


class Watch:
    """Polls a miner of given uptimes; time goes by as it is told to."""

    def __init__(self) -> None:
        self.boots = RestartDetector()
        self.wall = WALL
        self.monotonic = 100.0
        self.uptime: Any = None

    def poll(self, uptime: Any, away: float = POLL) -> RestartVerdict:
        self.wall += away
        self.monotonic += away
        return self.boots.observe(uptime, self.wall, self.monotonic)

    def polls(self, *uptimes: Any) -> list[bool]:
        """Tell of each poll whether a restart was told with it."""
        return [self.poll(uptime).restarted for uptime in uptimes]

    def go_on(self, uptime: Any) -> RestartVerdict:
        """Poll a miner that is up since what it told last."""
        self.uptime = uptime + POLL if uptime and uptime > 0 else uptime
        return self.poll(self.uptime)

    def reload(self) -> None:
        """Restart what watches."""
        stored = json.loads(json.dumps(self.boots.dump()))
        self.boots, self.monotonic = RestartDetector(), 5.0
        self.boots.load(stored)


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
    watch = Watch()
    watch.poll(before, 0)
    # While we run, the wall clock has no say.
    watch.wall -= 1e6
    assert watch.poll(uptime, away).restarted is False, "one poll proves nothing"
    verdict = watch.go_on(uptime)
    assert (verdict.restarted, verdict.while_watched) == (restarted, restarted)
    if restarted:
        assert verdict.booted_at == watch.wall - (uptime + POLL)
    assert watch.go_on(watch.uptime).restarted is False


@pytest.mark.parametrize(
    ("before", "away", "uptime", "restarted"),
    [
        (5000, 600, 5600, False),
        (5000, 600, 5560, False),
        (5000, 600, 5640, False),
        (5000, 600, 300, True),
        (5000, 6000, 5900, True),
        # The wall clock went back: nothing is known but that an uptime fell.
        (5000, -600, 5600, False),
        (5000, -600, 30, True),
        (5000, -50_000_000, 90, True),
    ],
)
def test_restart_over_a_pause_of_ours(
    before: float, away: float, uptime: float, restarted: bool
) -> None:
    watch = Watch()
    watch.poll(before, 0)
    watch.reload()
    first = watch.poll(uptime, away)
    assert first.restarted is False
    assert first.doubtful is restarted
    verdict = watch.go_on(uptime)
    assert (verdict.restarted, verdict.while_watched) == (restarted, False)


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
    boots = RestartDetector()
    boots.load(data)
    verdict = boots.observe(10, WALL, 5.0)
    assert (verdict.restarted, verdict.doubtful, verdict.gained) == (False, False, None)


@pytest.mark.parametrize("seed", range(30))
def test_jitter_is_no_restart(seed: int) -> None:
    """Answers take up to eight seconds, and the clock is a little slow or fast."""
    chance = random.Random(seed)
    pace, boots = 1 + chance.uniform(-1e-4, 1e-4), RestartDetector()
    for poll in range(2000):
        asked = 15.0 * poll
        answered = asked + chance.random() ** 4 * 8
        uptime = int(pace * chance.uniform(asked, answered))
        assert boots.observe(uptime, WALL, answered).restarted is False


@pytest.mark.parametrize("seed", range(30))
def test_every_restart_after_a_minute_of_work(seed: int) -> None:
    """However soon after a poll it comes, and however long the miner takes to boot."""
    chance = random.Random(seed)
    moments = [0.0]
    while len(moments) < 40:
        moments.append(moments[-1] + chance.uniform(80, 4000))
    boots, found, ends = RestartDetector(), 0, moments[-1] + 90
    polls = [poll * 15.0 for poll in range(int(ends / 15) + 1)]
    starts = [(start, start + chance.uniform(1, 45)) for start in moments]
    for poll in polls:
        answered = poll + chance.random()
        last = [start for start in starts if start[0] <= poll][-1]
        if poll >= last[1]:
            found += boots.observe(int(poll - last[1]), WALL, answered).restarted

    assert found == len(list(pairwise(moments)))


UP = 86_400


@pytest.mark.parametrize(
    "garbage",
    [
        (5,),
        (5, 5),
        (5, 5, 5),
        (0,),
        (-1, 0, None),
        (math.nan,),
        (10**8,),
        (10**8, 10**8, 10**8),
        (10**8, 5, 40_000),
        (5, 10**8),
        (40_000, 40_000, 40_000),
        (1.7e9,),
    ],
)
@pytest.mark.parametrize("up", [UP, 30])
def test_an_uptime_that_comes_and_goes_back_is_no_restart(
    garbage: tuple[Any, ...], up: int
) -> None:
    """Nor is the way back one, and nothing is gained by it."""
    watch, gained = Watch(), 0.0
    watch.poll(up, 0)
    ups = [*garbage, *(up + POLL * (len(garbage) + n) for n in range(1, 5))]
    for uptime in ups:
        verdict = watch.poll(uptime)
        assert verdict.restarted is False
        gained += verdict.gained or 0.0

    assert verdict.continues is True
    assert verdict.booted_at == WALL - up
    assert gained == POLL * len(ups)


def test_a_restart_is_told_at_the_next_poll() -> None:
    """Only once, and with the time since; meanwhile nothing is sure."""
    watch = Watch()
    watch.polls(UP, UP + 15)
    doubt = watch.poll(4)
    assert (doubt.doubtful, doubt.continues, doubt.gained) == (True, False, 0.0)
    assert doubt.booted_at == WALL - UP + POLL

    verdict = watch.poll(19)
    assert verdict == RestartVerdict(
        restarted=True, while_watched=True, booted_at=watch.wall - 19, gained=19.0
    )
    assert watch.poll(34) == RestartVerdict(
        continues=True, booted_at=watch.wall - 34, gained=15.0
    )


def test_a_restart_with_a_clock_that_stays_at_0() -> None:
    """Firmware whose chips died at the boot counts no further."""
    watch = Watch()
    assert watch.polls(UP, 0, 0, 0, 0) == [False, False, True, False, False]


def test_two_restarts_right_after_each_other_are_two() -> None:
    watch = Watch()
    told = watch.polls(UP, UP + 15, 9, 3, 18, 33)
    assert told == [False, False, False, True, True, False]


def test_asked_twice_within_a_second() -> None:
    """A command reads at once; the same answer again confirms nothing."""
    watch = Watch()
    watch.poll(UP)
    assert watch.poll(4).doubtful is True
    for _ in range(8):
        verdict = watch.poll(4, 0.2)
        assert (verdict.doubtful, verdict.restarted) == (True, False)
    assert watch.poll(19).restarted is True


@pytest.mark.parametrize("uptimes", [(10**8, 70), (70, 10**8)])
def test_a_clock_that_is_set_is_believed_in_the_end(uptimes: tuple[int, int]) -> None:
    """It is no restart, whatever was first, and the boot is told anew."""
    before, after = uptimes
    watch = Watch()
    watch.poll(before)
    watch.poll(after + 5000)
    assert watch.poll(after + 5015).restarted is False
    assert watch.poll(after + 5030).booted_at == watch.wall - (after + 5030)


def test_restarted_while_we_did_not_run() -> None:
    """Control has to know, and when it booted; it is no event and not counted."""
    watch = Watch()
    watch.polls(UP, UP + 15)
    watch.reload()
    watch.poll(100, 600)
    verdict = watch.poll(115)
    assert (verdict.restarted, verdict.while_watched) == (True, False)
    assert verdict.booted_at == watch.wall - 115
