"""Deviations over minutes of the clock, the score, and the session."""

from collections.abc import Sequence
from dataclasses import replace
import math
from random import Random
from statistics import stdev

import pytest

from custom_components.miner_monitor.insight.model import Stability
from custom_components.miner_monitor.miners.model import MinerState, MinerStatus
from simulator.nature import Noise

from .watching import GOOD, HOUR, PAUSED, Watch


def noisy(seed: int, deviation: float, seconds: float = 15.0) -> list[float]:
    """Return an hour of rates around 1 TH/s, polled each 15 s."""
    noise = Noise(Random(seed), seconds)
    rates = []
    for _ in range(240):
        noise.step(15)
        rates.append(max(0.0, 1 + deviation * noise.value))
    return rates


def fed(
    rates: Sequence[float], expected: float | None = None, interval: float = 15.0
) -> Stability:
    """Return what is known after these rates."""
    watch = Watch(interval)
    for rate in rates:
        watch.poll(replace(GOOD, hash_rate_now=rate), expected)
    return watch.stability


@pytest.mark.parametrize(
    ("interval", "samples"),
    [
        (10, (6, 30, 60)),
        (15, (4, 20, 40)),
        (30, (None, 10, 20)),
        (60, (None, 5, 10)),
        (75, (None, 4, 8)),
        (150, (None, None, 4)),
        (300, (None, None, None)),
    ],
)
def test_defect_19_deviations_are_over_seconds_not_over_samples(
    interval: float, samples: tuple[int | None, ...]
) -> None:
    """A window is a span of time at any interval; fewer than 4 samples say nothing."""
    rates = noisy(1, 0.05)
    told = fed(rates, interval=interval)

    for deviation, count in zip(told.deviations, samples, strict=True):
        if count is None:
            assert deviation is None
        else:
            assert deviation == pytest.approx(stdev(rates[-count:]))
    for got, count in zip(told.samples, samples, strict=True):
        assert count is None or got == count


@pytest.mark.parametrize(
    ("samples", "known"),
    [
        (3, (False, False, False)),
        (4, (True, False, False)),
        (15, (True, False, False)),
        (16, (True, True, False)),
        (31, (True, True, False)),
        (32, (True, True, True)),
    ],
)
def test_a_window_tells_nothing_before_it_is_filled(
    samples: int, known: tuple[bool, ...]
) -> None:
    """Four fifths of it must have been watched."""
    told = fed(noisy(2, 0.05)[:samples])

    assert tuple(value is not None for value in told.deviations) == known
    assert (told.score is not None) is known[2]


def test_a_hole_empties_its_part_of_the_window() -> None:
    """A gap beyond three intervals is not filled up; a shorter one is bridged."""
    watch = Watch()
    watch.run(600)
    watch.now += 30
    bridged = watch.run(15).deviations
    watch.now += 150
    torn = watch.run(15).deviations
    filled = watch.run(600).deviations

    assert (bridged[2], torn[2], filled[2]) == (0.0, None, 0.0)


@pytest.mark.parametrize(
    "status",
    [status for status in MinerStatus if status is not MinerStatus.HASHING],
)
def test_a_stop_empties_the_windows(status: MinerStatus) -> None:
    """No deviation spans a pause, and a pause has none."""
    watch = Watch()
    watch.run(600, rates=lambda now: 1 + now % 30 / 100)
    told = watch.poll(replace(GOOD, status=status))
    after = watch.run(600)

    assert told.deviations == (None, None, None)
    assert told.samples == (0, 0, 0)
    assert told.score is None
    assert after.deviations == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    "state",
    [
        replace(GOOD, hash_rate_now=None),
        replace(GOOD, hash_rate_now=math.nan),
        replace(GOOD, hash_rate_now=math.inf),
        replace(GOOD, hash_rate_now=-1.0),
        replace(GOOD, hash_rate_now=1e200),
    ],
    ids=["none", "not a number", "infinite", "negative", "absurd"],
)
def test_what_is_no_rate_counts_nowhere(state: MinerState) -> None:
    """It leaves all the figures of the others alone."""
    watch = Watch()
    watch.run(2 * HOUR, expected=1.0)
    before = watch.stability
    watch.poll(state, 1.0)
    told = watch.run(15, expected=1.0)

    assert told.deviations == (None, 0.0, 0.0)
    assert told.score == 100
    assert told.hash_rate_1h == before.hash_rate_1h == 1.0


def test_a_miner_that_ramps_up_is_not_judged() -> None:
    """Two minutes after a boot are left out."""
    watch = Watch()
    watch.run(600)
    watch.booted = watch.now
    watch.poll(replace(GOOD, hash_rate_now=0.1), restarted=True)
    ramping = watch.run(105, replace(GOOD, hash_rate_now=0.2)).samples
    settled = watch.run(600).deviations

    assert (ramping, settled) == ((0, 0, 0), (0.0, 0.0, 0.0))
    session = watch.stability.session
    assert session is not None
    assert session.hash_rate_min == 1.0


def test_absence_leaves_no_deviations() -> None:
    """What described the moment is gone."""
    watch = Watch()
    watch.run(HOUR)
    told = watch.away(15)

    assert told.deviations == (None, None, None)
    assert (told.score, told.session) == (None, None)
    assert told.hash_rate_1h == 1.0


def test_both_sides_of_the_expected_rate() -> None:
    """Their spreads are told apart, as 002 did: here only the losses scatter."""
    rates = [1.1, 0.9, 1.1, 0.7] * 10
    told = fed(rates, expected=1.0)

    assert told.above == pytest.approx(0)
    assert told.below == pytest.approx(stdev([0.1, 0.3] * 10))
    assert fed(rates).above is None


def test_a_side_with_few_samples_has_no_spread() -> None:
    """One outlier is no scatter."""
    told = fed([1.1] * 37 + [0.9, 0.8, 0.7], expected=1.0)
    assert told.above == pytest.approx(0)
    assert told.below is None


def test_sides_let_go_of_what_is_too_old() -> None:
    """After ten minutes above the expected rate there is nothing below it."""
    watch = Watch()
    watch.run(600, expected=1.1)
    told = watch.run(600, expected=0.9)

    assert (told.above, told.below) == (0.0, None)
    assert told.score == pytest.approx(100)


@pytest.mark.parametrize(
    ("rates", "expected", "score"),
    [
        ([1.0], 1.0, 100),
        ([1.0], None, 100),
        ([1.2], 1.0, 100),
        ([0.9], 1.0, 80),
        ([0.9], None, 100),
        ([0.5], 1.0, 0),
        ([0.2], 1.0, 0),
        ([0.0], 1.0, 0),
        ([0.0], None, None),
        ([0.9, 1.1], 1.0, 100 - 20 * math.sqrt(40 / 39)),
        ([0.9, 1.1], None, 100 - 20 * math.sqrt(40 / 39)),
        ([0.8, 1.0], 1.0, 100 - 200 * math.sqrt(0.01 * 40 / 39 + 0.01)),
        ([0.0, 2.0], 1.0, 0),
    ],
)
def test_score(rates: list[float], expected: float | None, score: float | None) -> None:
    """Two points for each percent of the distance from the expected rate."""
    told = fed(rates * (40 // len(rates)), expected)

    assert told.score == (None if score is None else pytest.approx(score))


@pytest.mark.parametrize("seed", range(20))
def test_a_healthy_miner_scores_above_90(seed: int) -> None:
    """Register noise of 1 % and a mean 2 % below the expected rate are healthy."""
    told = fed(noisy(seed, 0.01), expected=1.02)

    assert told.score is not None
    assert told.score > 90


@pytest.mark.parametrize("seed", range(20))
def test_share_noise_costs_what_it_shows_and_no_more(seed: int) -> None:
    """The luck of a mean of share counts is not taken for a loss beside the noise."""
    rates = noisy(seed, 0.08, 60)
    told = fed(rates, expected=1.0)
    shown = 200 * stdev(rates[-40:])

    assert told.score is not None
    assert told.score >= 100 - shown - 5
    assert told.score <= 100 - shown + 0.1


def test_new_settings_are_no_unsteadiness() -> None:
    """Where the expected rate moves with the rate the score stays."""
    watch = Watch()
    watch.run(300, expected=1.0)
    told = watch.run(300, replace(GOOD, hash_rate_now=2.0), 2.0)

    assert told.score == pytest.approx(100)
    assert told.deviations[2] == pytest.approx(stdev([1.0, 2.0] * 20))


def test_a_steady_rate_has_a_deviation_of_exactly_nothing() -> None:
    """Rounding makes no noise, whatever the rate's size."""
    for rate in (1.4e-9, 0.7, 1.2, 213.7):
        assert fed([rate] * 1000).deviations == (0.0, 0.0, 0.0)


def test_deviations_do_not_drift() -> None:
    """After a day that began at a rate far off they are those of the window."""
    rates = [5e3] * 30 + [rate for seed in range(24) for rate in noisy(seed, 0.001)]
    told = fed(rates, expected=1.0)

    assert told.deviations[2] == pytest.approx(stdev(rates[-40:]), rel=1e-6)
    losses = [rate - 1 for rate in rates[-40:] if rate < 1]
    assert told.below == pytest.approx(stdev(losses), rel=1e-6)


def test_session_means_are_ratios_of_sums() -> None:
    """Time weighs, not the number of readings; a pause is no part of the session."""
    watch = Watch()
    watch.run(HOUR, replace(GOOD, hash_rate_now=2.0, power=40.0))
    watch.run(HOUR, PAUSED)
    watch.interval = 60.0
    told = watch.run(3 * HOUR + 60, GOOD).session

    assert told is not None
    assert told.seconds == pytest.approx(4 * HOUR, rel=0.01)
    assert told.hash_rate == pytest.approx(1.25, rel=0.01)
    assert told.power == pytest.approx(21.25, rel=0.01)
    assert told.efficiency == pytest.approx(21.25 / 1.25, rel=0.01)
    assert (told.hash_rate_min, told.hash_rate_max) == (1.0, 2.0)
    assert (told.power_min, told.power_max) == (15.0, 40.0)


def test_a_session_without_power() -> None:
    """Firmware that tells none still has a rate."""
    session = Watch().run(HOUR, replace(GOOD, power=None)).session

    assert session is not None
    assert session.hash_rate == 1.0
    assert (session.power, session.power_min, session.efficiency) == (None, None, None)


def test_no_session_without_an_uptime() -> None:
    """Nobody knows when it began."""
    assert Watch().run(HOUR, replace(GOOD, uptime=None)).session is None


@pytest.mark.parametrize("told", [True, False], ids=["told", "seen by the uptime"])
def test_a_start_begins_a_session(told: bool) -> None:
    """What was before it is forgotten."""
    watch = Watch()
    watch.run(HOUR, replace(GOOD, hash_rate_now=3.0))
    watch.booted = watch.now - 10
    watch.poll(restarted=told)
    watch.poll()
    session = watch.run(HOUR).session

    assert session is not None
    assert session.hash_rate == session.hash_rate_max == 1.0
    assert session.seconds == pytest.approx(HOUR - 100, abs=60), "once it settled"


@pytest.mark.parametrize("jitter", [0, 20, -20, 59, -59])
def test_an_uptime_that_jitters_begins_no_session(jitter: float) -> None:
    """Only what falls by more than the tolerance is a start."""
    watch = Watch()
    watch.run(HOUR)
    watch.booted += jitter
    watch.poll()
    watch.booted -= jitter
    session = watch.run(HOUR).session

    assert session is not None
    assert session.seconds == pytest.approx(2 * HOUR, abs=60)


@pytest.mark.parametrize(
    ("rebooted", "seconds"), [(False, 2 * HOUR), (True, HOUR)], ids=["up", "rebooted"]
)
@pytest.mark.parametrize("restart", [False, True], ids=["away", "we restart"])
def test_a_session_goes_on_as_long_as_the_uptime_does(
    rebooted: bool, seconds: float, restart: bool
) -> None:
    """After an absence, even one whose uptime is longer than the one before it."""
    watch = Watch()
    watch.booted = -300
    watch.run(HOUR)
    if restart:
        watch.restart(5 * HOUR)
    else:
        watch.away(5 * HOUR)
    if rebooted:
        watch.booted = watch.now - 4.5 * HOUR
    session = watch.run(HOUR).session

    assert session is not None
    assert session.seconds == pytest.approx(seconds, abs=120)
