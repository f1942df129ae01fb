"""Restarts, time up, absences and availability."""

import json
import math
import random
from typing import Any

import pytest

from custom_components.miner_monitor.insight.meters import PresenceRecord
from custom_components.miner_monitor.insight.model import (
    Presence,
    Uptime,
)
from custom_components.miner_monitor.model import Moment

from .booting import CountedBoots

WALL = 1_700_000_100.0
"""The begin of a quarter of an hour."""

DAY = 86_400


def at(seconds: float, *, ahead: float = 0.0) -> Moment:
    """Return a moment, at which the wall clock may be wrong."""
    return Moment(wall=WALL + seconds + ahead, monotonic=seconds, day="2023-11-14")


def later(seconds: float) -> Moment:
    """Return a moment of a run that began at ``WALL + 1e6``."""
    return Moment(wall=WALL + 1e6 + seconds, monotonic=seconds, day="2023-11-26")


def reloaded(record: PresenceRecord) -> PresenceRecord:
    """Bring a record through a restart of ours."""
    fresh = PresenceRecord()
    fresh.load(json.loads(json.dumps(record.dump(), allow_nan=False)))
    return fresh


# Boots


def test_first_sight() -> None:
    """It is a bearing, and the device's own uptime counts."""
    boots = CountedBoots()
    assert boots.observe(1000, at(0)) == Uptime(
        started=WALL - 1000, restarts=0, total=1000.0
    )
    assert boots.restarted is False


def test_restart() -> None:
    """What passed since the last poll, up to the restart, is not known."""
    boots = CountedBoots()
    boots.observe(1000, at(0))
    boots.observe(1015, at(15))
    assert boots.observe(7, at(45)) == Uptime(
        started=WALL - 1000, restarts=0, total=1015.0
    )
    found = boots.observe(22, at(60))

    assert boots.restarted is True
    assert found == Uptime(started=WALL + 38, restarts=1, total=1037.0)
    assert boots.observe(37, at(75)).total == 1052
    assert boots.restarted is False


def test_nothing_seen() -> None:
    assert CountedBoots().absent() == Uptime(restarts=0)
    assert CountedBoots().observe(None, at(0)) == Uptime(restarts=0)


@pytest.mark.parametrize("told", [None, math.nan, math.inf, -1.0, 1.7e9, 10**400])
def test_reply_without_uptime(told: Any) -> None:
    """It is no restart; what was counted stays."""
    boots = CountedBoots()
    boots.observe(1000, at(0))
    assert boots.observe(told, at(15)) == Uptime(restarts=0, total=1000.0)
    assert boots.restarted is False
    assert boots.observe(1030, at(30)) == Uptime(
        started=WALL - 1000, restarts=0, total=1030.0
    )


def test_absence() -> None:
    """The time that the miner was up out of our sight counts, if it tells so."""
    boots = CountedBoots()
    boots.observe(1000, at(0))
    assert boots.absent() == Uptime(restarts=0, total=1000.0)
    assert boots.observe(1600, at(600)).total == 1600


def test_started_stands_still() -> None:
    """Rounding and answers that take long do not move it, but a boot does."""
    chance, boots = random.Random(1), CountedBoots()
    first = boots.observe(1000, at(0)).started
    for poll in range(1, 1000):
        late = chance.random() * 3
        found = boots.observe(1000 + 15 * poll, at(15 * poll + late))
        assert found.started == first
    assert boots.observe(2, at(15_000)).started == first
    assert boots.observe(17, at(15_015)).started == WALL + 14_998


def test_started_follows_a_clock_that_is_set() -> None:
    boots = CountedBoots()
    boots.observe(1000, at(0))
    assert boots.observe(1015, at(15, ahead=3600)).started == WALL - 1000 + 3600
    assert boots.restarted is False


def test_device_clock_that_is_set() -> None:
    """The total grows by no more than the time that passed."""
    boots = CountedBoots()
    boots.observe(1000, at(0))
    assert boots.observe(1_000_000, at(15)).total == 1000
    assert boots.observe(1_000_015, at(30)).restarts == 0
    on = boots.observe(1_000_030, at(45))
    assert on.total is not None
    assert 1015 <= on.total <= 1045
    boots.observe(1060, at(60))
    back = boots.observe(1075, at(75))
    assert back.restarts == 0
    assert back.total == on.total


@pytest.mark.parametrize(
    ("away", "uptime", "restarts", "total"),
    [
        # The same boot, as it was left.
        (600, 1600, 0, 1615),
        (600, 1620, 0, 1615),
        # Another one: it was not seen, but the miner was up since.
        (600, 300, 0, 1315),
        (100_000, 90_000, 0, 91_015),
        (20, 25, 0, 1035),
        # The wall clock went back.
        (-600, 1600, 0, 1000),
    ],
)
def test_bearing_after_a_restart_of_ours(
    away: float, uptime: float, restarts: int, total: float
) -> None:
    boots = CountedBoots()
    boots.observe(1000, at(0))
    boots = boots.reloaded()
    assert boots.absent() == Uptime(restarts=0, total=1000.0)
    boots.observe(uptime, Moment(WALL + away, 5.0, "2023-11-14"))
    # Another boot is certain with the next poll.
    found = boots.observe(uptime + 15, Moment(WALL + away + 15, 20.0, "2023-11-14"))

    assert boots.restarted is False
    assert (found.restarts, found.total) == (restarts, total)


def test_start_moment_outlives_a_restart_of_ours() -> None:
    boots = CountedBoots()
    first = boots.observe(1000, at(0)).started
    after = Moment(WALL + 602.5, 5.0, "2023-11-14")
    assert boots.reloaded().observe(1600, after).started == first


def test_restarts_outlive_a_restart_of_ours() -> None:
    boots = CountedBoots()
    boots.observe(1000, at(0))
    boots.observe(5, at(15))
    boots.observe(20, at(30))
    boots = boots.reloaded()
    boots.observe(20, later(0))
    boots.observe(35, later(15))
    boots.observe(3, later(30))
    assert boots.observe(18, later(45)).restarts == 2


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ((5000.0, 7), (5000.0, 7)),
        ((500.0, 0), (1020.0, 1)),
        ((None, None), (1020.0, 1)),
        ((math.nan, math.inf), (1020.0, 1)),
        ((-1.0, -1), (1020.0, 1)),
        ((10**400, 10**400), (1020.0, 1)),
    ],
)
def test_published_before(told: Any, expected: tuple[float, int]) -> None:
    """The larger counts, and is gone on from."""
    boots = CountedBoots()
    boots.observe(1000, at(0))
    boots.observe(5, at(15))
    boots.observe(20, at(30))
    boots.counter.at_least(total=told[0], restarts=told[1])
    found = boots.absent()
    assert (found.total, found.restarts) == expected
    assert boots.observe(35, at(45)).total == expected[0] + 15


def test_published_before_the_first_sight() -> None:
    """The present session may be part of it: it is not added again."""
    boots = CountedBoots()
    boots.counter.at_least(total=5000.0)
    assert boots.observe(1000, at(0)).total == 5000
    assert boots.observe(1015, at(15)).total == 5015


def test_an_unchanged_snapshot_is_the_same_object() -> None:
    boots = CountedBoots()
    boots.observe(1000, at(0))
    assert boots.absent() is boots.absent()


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "boots",
        {"boots": [], "restarts": "5", "total": [], "started": {}},
        {"boots": {"uptime": {}}, "restarts": -1, "total": math.nan, "started": "x"},
        {"restarts": 10**400, "total": 10**400, "started": math.inf},
    ],
)
def test_damaged_boots(data: Any) -> None:
    """They are as if nothing had been stored."""
    boots = CountedBoots()
    boots.boots.load(data)
    boots.counter.load(data)
    assert boots.observe(1000, at(0)) == Uptime(
        started=WALL - 1000, restarts=0, total=1000.0
    )


# Presence

type Poll = tuple[float, str]
"""A second, and what happened: answered, lost, away or unplugged."""


def polled(record: PresenceRecord, *polls: Poll, at: Any = at) -> Presence:
    """Feed polls and return the last snapshot."""
    shown = Presence()
    for seconds, outcome in polls:
        moment = at(seconds)
        match outcome:
            case "answered":
                shown = record.answered(moment)
            case "unplugged":
                shown = record.unplugged(moment)
            case _:
                shown = record.missed(moment, away=outcome == "away")
    return shown


def every(step: int, begin: int, end: int, outcome: str) -> list[Poll]:
    """Return polls with the same outcome."""
    return [(seconds, outcome) for seconds in range(begin, end, step)]


@pytest.mark.parametrize(
    ("polls", "times", "seconds"),
    [
        ([(0, "answered")], 0, 0),
        ([(0, "answered"), (15, "lost"), (30, "lost"), (45, "answered")], 0, 0),
        ([(0, "answered"), (15, "lost"), (30, "lost"), (45, "away")], 1, 45),
        ([(0, "answered"), (15, "away"), (30, "away"), (60, "answered")], 1, 60),
        (
            [(0, "answered"), (15, "away"), (30, "answered"), (45, "away")],
            2,
            30 + 15,
        ),
        # A miner that was never seen has not gone away.
        ([(0, "away"), (15, "away"), (30, "answered")], 0, 0),
        ([(0, "lost"), (15, "away"), (30, "answered"), (45, "away")], 1, 15),
        # Nor has one whose plug is off, even if it takes a while to boot.
        (
            [(0, "answered"), (15, "unplugged"), (600, "away"), (660, "answered")],
            0,
            0,
        ),
        (
            [(0, "answered"), (15, "away"), (60, "unplugged"), (99, "answered")],
            1,
            15,
        ),
    ],
)
def test_absences(polls: list[Poll], times: int, seconds: float) -> None:
    shown = polled(PresenceRecord(), *polls)
    assert (shown.times_offline, shown.time_away) == (times, seconds)


def test_going_away_is_told_once() -> None:
    record, told = PresenceRecord(), []
    for poll in every(15, 0, 30, "answered") + every(15, 30, 90, "away"):
        polled(record, poll)
        told.append(record.went_away)
    polled(record, (90, "answered"))

    assert told == [False, False, True, False, False, False]
    assert record.went_away is False


@pytest.mark.parametrize(
    ("polls", "availability"),
    [
        (every(15, 0, 600, "answered"), None),
        (every(15, 0, 616, "answered"), 100.0),
        (every(15, 0, 616, "away"), 0.0),
        # A quarter of 1200 s, from the last answer to the first.
        (
            every(15, 0, 601, "answered")
            + every(15, 615, 900, "away")
            + every(15, 900, 1201, "answered"),
            75.0,
        ),
        # Two lost answers are none.
        (
            [
                *every(15, 0, 601, "answered"),
                (615, "lost"),
                (630, "lost"),
                *every(15, 645, 1201, "answered"),
            ],
            100.0,
        ),
        # If they turn out to begin an absence, they are.
        (
            [
                *every(15, 0, 601, "answered"),
                (615, "lost"),
                (630, "lost"),
                (645, "away"),
                *every(15, 900, 1201, "answered"),
            ],
            75.0,
        ),
        # Time without power does not count.
        (
            every(15, 0, 601, "answered")
            + every(60, 660, 10_000, "unplugged")
            + every(15, 10_005, 10_606, "answered"),
            100.0,
        ),
        (
            [
                *every(15, 0, 601, "answered"),
                (615, "unplugged"),
                (1000, "away"),
                (1200, "away"),
            ],
            75.0,
        ),
        # Nor does time in which nobody looked.
        (every(15, 0, 601, "answered") + every(15, 9000, 9601, "away"), 50.0),
        (
            every(15, 0, 601, "answered") + every(15, 9000, 9901, "answered"),
            100.0,
        ),
    ],
)
def test_availability(polls: list[Poll], availability: float | None) -> None:
    assert polled(PresenceRecord(), *polls).availability == availability


def test_spans_of_the_last_poll() -> None:
    """Lost answers are clear with the next good one."""
    record, spans = PresenceRecord(), []
    outcomes = [
        "answered",
        "answered",
        "lost",
        "lost",
        "answered",
        "away",
        "away",
        "answered",
    ]
    for poll in zip(range(0, 120, 15), outcomes, strict=True):
        polled(record, poll)
        spans.append((record.watched_span, record.answered_span))

    assert spans == [
        (0, 0),
        (15, 15),
        (0, 0),
        (0, 0),
        (45, 45),
        (15, 0),
        (15, 0),
        (15, 0),
    ]


def test_the_last_day() -> None:
    """What was more than a day ago does not count any more."""
    record = PresenceRecord()
    away = every(60, 0, 3600, "answered") + every(60, 3600, 7200, "away")
    polled(record, *away)
    shown = polled(record, *every(60, 7200, DAY, "answered"))
    assert shown.availability == pytest.approx(100 * 23 / 24, abs=0.1)
    shown = polled(record, *every(60, DAY, DAY + 5400, "answered"))
    assert shown.availability == pytest.approx(100 * 23.5 / 24, abs=0.1)
    shown = polled(record, *every(60, DAY + 5400, DAY + 8100, "answered"))
    assert shown.availability == 100


def test_clock_that_is_set() -> None:
    """Nothing moves while we run."""
    record = PresenceRecord()
    polled(record, *every(15, 0, 1800, "away"))
    for seconds in range(1800, 3600, 15):
        jump = random.Random(seconds).choice((-1e9, -1e4, 0.0, 1e4, 1e9))
        record.answered(at(seconds, ahead=jump))
    shown = polled(record, (3600, "answered"))
    assert shown.availability == pytest.approx(50, abs=0.5)


def test_presence_outlives_a_restart_of_ours() -> None:
    """The time between is not watched, and an absence does not count twice."""
    record = PresenceRecord()
    polls = every(15, 0, 1800, "answered") + every(15, 1800, 3600, "away")
    before = polled(record, *polls)
    record = reloaded(record)

    def after(seconds: float) -> Moment:
        return Moment(WALL + 7200 + seconds, seconds, "2023-11-14")

    # As far as anybody saw, the miner has not been back.
    assert before.absent
    assert polled(record, (0, "away"), at=after) == before
    shown = polled(record, *every(15, 15, 1800, "away"), at=after)
    assert (shown.times_offline, shown.time_away) == (1, before.time_away)
    assert shown.absent
    assert not polled(reloaded(record), (1800, "answered"), at=after).absent
    shown = polled(record, *every(15, 1800, 3600, "answered"), at=after)
    assert shown.availability == pytest.approx(50, abs=0.5)
    assert polled(record, (3615, "away"), at=after).times_offline == 2


def test_stored_a_day_ago() -> None:
    record = PresenceRecord()
    polled(record, *every(15, 0, 1800, "answered"))
    shown = polled(reloaded(record), (0, "away"), at=later)
    assert shown.availability is None


def test_stored_by_a_clock_that_was_ahead() -> None:
    """What is known counts as the time just before."""
    record = PresenceRecord()
    polled(record, *every(15, 0, 1801, "answered"), at=later)
    record = reloaded(record)
    assert polled(record, (0, "away")).availability == 100
    assert polled(record, *every(60, 60, DAY, "away")).availability == pytest.approx(
        0, abs=3
    )
    assert polled(record, (DAY + 900, "away")).availability == 0


@pytest.mark.parametrize(
    ("told", "times"),
    [(5, 5), (5.0, 5), (0, 1), (None, 1), (math.nan, 1), (-5, 1), (10**400, 1)],
)
def test_absences_published_before(told: Any, times: int) -> None:
    record = PresenceRecord()
    polled(record, (0, "answered"), (15, "away"))
    record.at_least(told)
    assert polled(record, (30, "answered")).times_offline == times


ZEROS = [0] * 96


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "presence",
        {"times_offline": "5", "time_away": [], "day": []},
        {"times_offline": math.inf, "time_away": math.nan, "day": {"newest": 5}},
        {"day": {"newest": 5, "watched": [900] * 1000, "answered": [900] * 1000}},
        {"day": {"newest": 5, "watched": [900] * 95, "answered": [900] * 95}},
        {"day": {"newest": 5, "watched": ["900"] * 96, "answered": [900] * 96}},
        {"day": {"newest": 5, "watched": [math.nan] * 96, "answered": [900] * 96}},
        {"day": {"newest": 5, "watched": [10**400] * 96, "answered": [900] * 96}},
        {"day": {"newest": "5", "watched": [900] * 96, "answered": [900] * 96}},
        {"day": {"newest": math.nan, "watched": [900] * 96, "answered": [900] * 96}},
        {"day": {"newest": 10**400, "watched": [900] * 96, "answered": [900] * 96}},
        {"day": {"newest": 5, "watched": ZEROS, "answered": [900] * 96}},
    ],
)
def test_damaged_presence(data: Any) -> None:
    """It is as if nothing had been stored."""
    record = PresenceRecord()
    record.load(data)
    assert polled(record, (0, "answered")) == Presence(times_offline=0)


def test_size_of_what_is_stored() -> None:
    """Boots and presence are small at any time."""
    record, boots = PresenceRecord(), CountedBoots()
    for poll in range(10_000):
        seconds = 17.123456 * poll
        polled(record, (seconds, "away" if poll % 7 == 0 else "answered"))
        boots.observe(1e8 / 3 + seconds, at(seconds))
    assert (
        len(json.dumps([record.dump(), boots.boots.dump(), boots.counter.dump()]))
        < 2048
    )


def test_an_unchanged_presence_is_the_same_object() -> None:
    record = PresenceRecord()
    polled(record, *every(15, 0, 900, "answered"))
    shown = polled(record, (900, "answered"))
    assert polled(record, (915, "answered")) is shown
