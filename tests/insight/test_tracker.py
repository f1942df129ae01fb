"""One miner's snapshots."""

from dataclasses import replace

import pytest

from custom_components.miner_monitor.insight.model import Total
from custom_components.miner_monitor.insight.tracker import (
    MinerTracker,
)
from custom_components.miner_monitor.miners.model import (
    Alarm,
    ErrorKind,
    Family,
    Limits,
    MinerIdentity,
    MinerState,
    MinerStatus,
)
from custom_components.miner_monitor.miners.restarts import RestartDetector
from custom_components.miner_monitor.model import Moment

IDENTITY = MinerIdentity(
    family=Family.AXEOS,
    manufacturer="Bitaxe",
    model="Gamma 601",
    limits=Limits(chip_temperature=Alarm(warn=68, critical=72)),
)
STATE = MinerState(
    status=MinerStatus.HASHING,
    hash_rate_now=1.0,
    expected_hash_rate=1.0,
    uptime=1000,
    chip_temperature=69,
    blocks_found=1,
)


def moment(seconds: float) -> Moment:
    return Moment(wall=1_700_000_000 + seconds, monotonic=seconds, day="2023-11-14")


def test_a_good_poll() -> None:
    """It tells when the miner was seen, since when it runs and how it does."""
    insight = MinerTracker(IDENTITY).observe(
        IDENTITY,
        STATE,
        moment(0),
        response_time=80.0,
        interval=15,
        boot=RestartDetector().observe(1000, 1_700_000_000, 0),
    )

    assert insight.last_seen == 1_700_000_000
    assert insight.uptime.started == 1_699_999_000
    assert insight.baseline.expected == STATE.expected_hash_rate
    assert insight.baseline.deviation == pytest.approx(0)
    assert insight.health.overheating is False


def test_response_times_of_the_last_hundred() -> None:
    """Older polls do not count."""
    tracker = MinerTracker(IDENTITY)
    for n in range(100):
        tracker.observe(IDENTITY, STATE, moment(n), response_time=5000.0, interval=15)
    for n in range(99):
        tracker.observe(IDENTITY, STATE, moment(n), response_time=10.0, interval=15)
    times = tracker.observe(
        IDENTITY, STATE, moment(1), response_time=30.0, interval=15
    ).response_times

    assert times is not None
    assert (times.last, times.minimum, times.maximum) == (30, 10, 30)
    assert times.median == 10
    assert times.mean == pytest.approx(10.2)


def test_away_keeps_what_outlives_the_moment() -> None:
    """Ratio and alarm are gone; when it was seen and what it found stay."""
    tracker = MinerTracker(IDENTITY)
    for n in range(2):
        seen = tracker.observe(
            IDENTITY, STATE, moment(15 * n), response_time=80.0, interval=15
        )

    missed = tracker.failed(ErrorKind.TIMEOUT, moment(60), away=False)
    assert replace(missed, failed_polls={}) == seen
    away = tracker.failed(ErrorKind.TIMEOUT, moment(60), away=True)
    assert away.last_seen == seen.last_seen
    assert away.blocks_found == 1
    assert away.baseline.ratio is None
    assert away.health.overheating is None
    assert away.uptime.started is None


def test_a_reply_without_blocks_keeps_the_count() -> None:
    """Unknown is not zero."""
    tracker = MinerTracker(IDENTITY)
    for n in range(2):
        tracker.observe(
            IDENTITY, STATE, moment(15 * n), response_time=80.0, interval=15
        )
    silent = replace(STATE, blocks_found=None)

    assert (
        tracker.observe(
            IDENTITY, silent, moment(30), response_time=80.0, interval=15
        ).blocks_found
        == 1
    )


def test_a_new_identity_keeps_the_delays_that_it_does_not_redefine() -> None:
    """A device that learns a capability is not judged anew."""
    tracker = MinerTracker(IDENTITY)
    tracker.observe(IDENTITY, STATE, moment(0), response_time=80.0, interval=15)
    learned = replace(IDENTITY, fan_count=2)

    assert (
        tracker.observe(
            learned, STATE, moment(300), response_time=80.0, interval=15
        ).health.overheating
        is True
    )


def test_new_limits_and_windows_begin_anew() -> None:
    """New firmware may bring other thresholds and another rate."""
    tracker = MinerTracker(IDENTITY)
    slow = replace(STATE, hash_rate_now=0.5)
    tracker.observe(IDENTITY, slow, moment(0), response_time=80.0, interval=15)
    updated = replace(
        IDENTITY,
        ratio_window=3600,
        limits=Limits(chip_temperature=Alarm(warn=75, critical=80)),
    )
    insight = tracker.observe(
        updated, STATE, moment(300), response_time=80.0, interval=15
    )

    assert insight.baseline.deviation == pytest.approx(0)
    assert insight.health.overheating is False


def test_failed_polls_are_counted_by_kind() -> None:
    """They outlive absence and return."""
    tracker = MinerTracker(IDENTITY)
    tracker.observe(IDENTITY, STATE, moment(0), response_time=80.0, interval=15)
    tracker.failed(ErrorKind.TIMEOUT, moment(60), away=False)
    tracker.failed(ErrorKind.REFUSED, moment(60), away=False)
    tracker.failed(ErrorKind.TIMEOUT, moment(60), away=True)
    insight = tracker.observe(
        IDENTITY, STATE, moment(90), response_time=80.0, interval=15
    )

    assert insight.failed_polls == {ErrorKind.TIMEOUT: 2, ErrorKind.REFUSED: 1}


def test_times_offline() -> None:
    """Each absence counts once; a miner that was never seen has not gone away."""
    tracker = MinerTracker(IDENTITY)
    tracker.resume({})
    assert (
        tracker.failed(ErrorKind.REFUSED, moment(60), away=True).presence.times_offline
        == 0
    )
    assert (
        tracker.observe(
            IDENTITY, STATE, moment(0), response_time=80.0, interval=15
        ).presence.times_offline
        == 0
    )
    for _ in range(3):
        tracker.failed(ErrorKind.REFUSED, moment(60), away=True)
    assert (
        tracker.observe(
            IDENTITY, STATE, moment(90), response_time=80.0, interval=15
        ).presence.times_offline
        == 1
    )
    assert (
        tracker.failed(ErrorKind.REFUSED, moment(60), away=True).presence.times_offline
        == 2
    )


@pytest.mark.parametrize("first", ["answer", "lost", "away"])
def test_totals_that_are_not_known_yet(first: str) -> None:
    """Before it is told what was published, and before an answer, they are not 0."""
    before = MinerTracker(IDENTITY)
    before.resume({Total.RESTARTS: 5, Total.TIMES_OFFLINE: 6, Total.TOTAL_UPTIME: 1e6})
    after = MinerTracker(IDENTITY)
    after.load(before.dump(0), 0)
    totals = []
    for _ in range(2):
        if first == "answer":
            shown = after.observe(
                IDENTITY, STATE, moment(0), response_time=80.0, interval=15
            )
        else:
            shown = after.failed(ErrorKind.TIMEOUT, moment(0), away=first == "away")
        uptime, presence = shown.uptime, shown.presence
        totals.append((uptime.restarts, uptime.total, presence.times_offline))
        after.resume({Total.RESTARTS: 7})

    assert totals[0] == (None, None, None)
    known = (None, None, 6) if first == "lost" else (7, 1e6, 6)
    assert totals[1] == known


def test_last_seen_is_what_the_values_are_from() -> None:
    """An exporter tells when it last heard of its card."""
    told = replace(STATE, reported_at=1_699_999_990.0)
    insight = MinerTracker(IDENTITY).observe(
        IDENTITY, told, moment(0), response_time=80.0, interval=15
    )

    assert insight.last_seen == 1_699_999_990


FOUND, CLEARED = "problem_found", "problem_cleared"


@pytest.mark.parametrize(
    ("readings", "told"),
    [
        ([60, 150, 60, 60], []),
        ([60, 900, 60, 900, 60], []),
        ([60, 110, 111, 60, 60], [(2, FOUND), (4, CLEARED)]),
        ([60, 74, 60], [(1, FOUND), (2, CLEARED)]),
        ([74, 80, 20, 80, 60], [(0, FOUND), (4, CLEARED)]),
        ([74, 80, 999, 80, 60], [(0, FOUND), (4, CLEARED)]),
    ],
    ids=[
        "one absurd reading",
        "impossible ones",
        "a jump that stays",
        "what can be true at once",
        "a dip while too hot",
        "an absurd one while too hot",
    ],
)
def test_one_absurd_temperature_is_no_problem(
    readings: list[float], told: list[tuple[int, str]]
) -> None:
    """It begins and ends none: what jumps has to be seen by a second poll."""
    tracker, found = MinerTracker(IDENTITY), []
    for minute in range(12):
        cool = replace(STATE, chip_temperature=60)
        tracker.observe(
            IDENTITY, cool, moment(60 * minute), response_time=80.0, interval=15
        )
    for place, reading in enumerate(readings):
        state = replace(STATE, chip_temperature=reading)
        at = moment(720 + 15 * place)
        tracker.observe(IDENTITY, state, at, response_time=80.0, interval=15)
        found += [(place, event.event_type.value) for event in tracker.events]
    assert found == told
