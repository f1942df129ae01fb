"""Ranges, means over hours, and the periods that stand out."""

from collections.abc import Callable
from dataclasses import replace
import math
from random import Random

import pytest

from custom_components.miner_monitor.insight.model import Grade, Stability
from simulator.nature import Noise

from .watching import DAY, GOOD, HOUR, PAUSED, START, Watch

RANGES = {"1h": 120, "4h": 300, "8h": 600, "24h": 3600, "3d": 7200}


def test_ranges_of_a_known_course() -> None:
    """Each is over the closed buckets of its own width, and a pause is none of them."""
    watch = Watch(60)
    watch.run(3 * DAY + 60, rates=lambda now: 1 + now / (3 * DAY))
    for name, width in RANGES.items():
        count = {"1h": 30, "4h": 48, "8h": 48, "24h": 24, "3d": 36}[name]
        first = 2 - (count - 0.5) * width / (3 * DAY)
        last = 2 - width / 2 / (3 * DAY)
        mean = (first + last) / 2
        told = watch.stability.ranges[name]

        assert told.mean == pytest.approx(mean), name
        assert told.median == pytest.approx(mean), name
        assert told.range == pytest.approx((last - first) / mean * 100), name
        assert not told.skewed


@pytest.mark.parametrize(
    ("swing", "grade"),
    [
        (0.0, Grade.EXCELLENT),
        (0.29, Grade.EXCELLENT),
        (0.31, Grade.STABLE),
        (0.51, Grade.ACCEPTABLE),
        (0.71, Grade.VARIABLE),
        (0.89, Grade.VARIABLE),
        (0.91, Grade.UNSTABLE),
    ],
)
def test_grades(swing: float, grade: Grade) -> None:
    """They go by the range in % of the mean."""
    watch = Watch(1)
    watch.run(
        HOUR + 120, rates=lambda now: 1 + swing * (0.5 if now % 240 < 120 else -0.5)
    )
    told = watch.stability.ranges["1h"]

    # Between two readings the rate goes in a line, which takes a little off.
    assert told.range == pytest.approx(100 * swing, rel=0.01)
    assert told.grade is grade


@pytest.mark.parametrize("size", [1e-9, 1.0, 200.0])
def test_skew_goes_by_the_size_of_the_miner(size: float) -> None:
    """Five GH/s are much to one miner and nothing to another; five percent are not."""
    watch = Watch(30)
    watch.run(HOUR + 120, rates=lambda now: size * (0.3 if now < 600 else 1))
    assert watch.stability.ranges["1h"].skewed

    other = Watch(30)
    other.run(HOUR + 120, rates=lambda now: size * (0.9 if now < 600 else 1))
    assert not other.stability.ranges["1h"].skewed


@pytest.mark.parametrize(
    ("name", "hours"), [("1h", 1), ("4h", 4), ("8h", 8), ("24h", 24)]
)
def test_a_range_needs_three_quarters_of_its_buckets(name: str, hours: int) -> None:
    """Before that it says nothing, and it is gone when too much of it was a pause."""
    watch = Watch(60)
    watch.run(0.7 * hours * HOUR)
    assert name not in watch.stability.ranges
    watch.run(0.1 * hours * HOUR)
    assert name in watch.stability.ranges

    watch.run(0.5 * hours * HOUR, PAUSED)
    assert name not in watch.stability.ranges


def test_a_pause_is_not_in_a_range() -> None:
    """It is told how the miner hashes when it does."""
    watch = Watch(30)
    watch.run(45 * 60)
    watch.run(600, PAUSED)
    told = watch.run(600).ranges["1h"]

    assert (told.range, told.mean, told.median) == (0.0, 1.0, 1.0)


def test_ranges_stay_the_same_object_between_buckets() -> None:
    """They are worked out only when a bucket closes."""
    watch = Watch(15)
    first = watch.run(HOUR + 15, rates=lambda now: 1 + now / DAY).ranges
    within = watch.run(30, rates=lambda now: 1 + now / DAY).ranges
    after = watch.run(120, rates=lambda now: 1 + now / DAY).ranges

    assert within is first
    assert after is not first


def test_a_bucket_mean_is_a_ratio_of_sums() -> None:
    """Polls that come thick in a bad minute do not weigh more than others."""
    watch = Watch(15)
    watch.run(HOUR)
    watch.interval = 1.0
    watch.run(60, replace(GOOD, hash_rate_now=0.5))
    watch.interval = 15.0
    told = watch.run(HOUR - 60).ranges["1h"]

    assert told.mean == pytest.approx((3540 + 30) / 3600, rel=2e-3)


@pytest.mark.parametrize("interval", [60, 300])
@pytest.mark.parametrize(("hours", "share"), [(12, 0.5), (18, 0.75), (24, 1.0)])
def test_paused_time_counts_as_what_it_is(
    interval: float, hours: int, share: float
) -> None:
    """A miner that was paused half a day had half its rate over the day."""
    watch = Watch(interval)
    watch.run(DAY)
    watch.run((24 - hours) * HOUR, replace(PAUSED, hash_rate_now=None))
    told = watch.run(hours * HOUR + 2 * interval)

    assert told.hash_rate_24h == pytest.approx(share, rel=0.01)
    assert told.hash_rate_1h == pytest.approx(1.0)


def test_defect_4_absence_is_no_zero() -> None:
    """An hour in which nobody answered takes nothing off the mean of the others."""
    watch = Watch()
    watch.run(13 * HOUR)
    watch.away(6 * HOUR)
    told = watch.run(6 * HOUR)

    assert told.hash_rate_24h == pytest.approx(1.0)
    assert told.hash_rate_1h == pytest.approx(1.0)
    assert told.ranges["24h"].range == 0.0


@pytest.mark.parametrize("interval", [30, 60, 300])
def test_defect_11_the_24_h_mean_spans_24_hours(interval: float) -> None:
    """At any interval: a step in the rate comes in evenly and is over after a day."""
    watch = Watch(interval)
    watch.run(1.1 * DAY, replace(GOOD, hash_rate_now=2.0))
    for hours in range(1, 25):
        watch.run(HOUR)
        mean = watch.stability.hash_rate_24h
        # It is told every ten minutes, and the oldest hour goes evenly.
        assert mean == pytest.approx(2 - hours / 24, abs=0.02), hours
    told = watch.run(HOUR)
    assert told.hash_rate_24h == pytest.approx(1.0)
    assert told.hash_rate_1h == pytest.approx(1.0)


def test_defect_11_the_1_h_mean_spans_an_hour() -> None:
    """Each minute more of a new rate moves it by a sixtieth."""
    watch = Watch(15)
    watch.run(2 * HOUR, replace(GOOD, hash_rate_now=2.0))
    for minutes in range(1, 61):
        mean = watch.run(60).hash_rate_1h
        assert mean == pytest.approx(2 - minutes / 60, abs=0.02), minutes
    assert watch.run(180).hash_rate_1h == pytest.approx(1.0)


def test_a_mean_over_hours_needs_a_quarter_of_them() -> None:
    """Ten minutes tell nothing of a day."""
    watch = Watch(30)
    told = watch.run(14 * 60)
    assert (told.hash_rate_1h, told.hash_rate_24h) == (None, None)
    watch.run(180)
    assert watch.stability.hash_rate_1h == 1.0
    watch.run(5.5 * HOUR)
    assert watch.stability.hash_rate_24h is None
    told = watch.run(HOUR)
    assert told.hash_rate_24h == 1.0
    assert told.efficiency_24h == pytest.approx(15.0)


def test_means_of_ratios_are_biased_and_ours_is_none() -> None:
    """Efficiency is all energy by all work; the mean of J/TH readings is too high."""
    noise, watch = Noise(Random(3), 60), Watch(30)
    ratios = []
    energy = work = 0.0
    for _ in range(2880):
        noise.step(30)
        rate = max(0.3, 1 + 0.2 * noise.value)
        ratios.append(15 / rate)
        energy, work = energy + 15, work + rate
        watch.poll(replace(GOOD, hash_rate_now=rate))
    biased = math.fsum(ratios) / len(ratios)
    told = watch.stability.efficiency_24h

    assert told == pytest.approx(energy / work, rel=1e-3)
    assert biased > 1.02 * energy / work


def test_efficiency_is_over_the_hours_with_a_known_power() -> None:
    """Neither a pause's draw nor work without a known power is part of it."""
    watch = Watch(60)
    watch.run(8 * HOUR, replace(GOOD, power=30.0, hash_rate_now=2.0))
    watch.run(4 * HOUR, PAUSED)
    watch.run(4 * HOUR, replace(GOOD, power=None, hash_rate_now=50.0))
    watch.run(4 * HOUR, replace(GOOD, power=math.nan, hash_rate_now=50.0))
    told = watch.run(4 * HOUR, replace(GOOD, power=20.0, hash_rate_now=1.0))

    work, energy = 8 * 2 + 4, 8 * 30 + 4 * 20
    assert told.efficiency_24h == pytest.approx(energy / work, rel=0.01)


def test_no_efficiency_without_power() -> None:
    """Unknown is not zero."""
    watch = Watch(60)
    told = watch.run(DAY, replace(GOOD, power=None))

    assert told.efficiency_24h is None
    assert told.hash_rate_24h == 1.0


def test_polls_that_fail_leave_no_hole() -> None:
    """Up to three intervals are bridged; a longer gap was not watched."""
    watch = Watch(15)
    for _ in range(120):
        watch.run(15, replace(GOOD, hash_rate_now=1.5))
        watch.now += 30
    bridged = watch.stability.hash_rate_1h
    assert bridged == pytest.approx(1.5)

    torn = Watch(15)
    for _ in range(120):
        torn.run(15)
        torn.now += 45
    assert torn.stability.hash_rate_1h is None


def begins(stability: Stability, kind: str) -> list[float]:
    return [period.begin - START for period in getattr(stability, kind)]


def test_best_and_worst_periods() -> None:
    """Ten-minute means of the clock in order; what was told is when and how much."""
    watch = Watch(30)
    # Period k has the rate 1 + (k * 7 mod 29) / 100.
    watch.run(29 * 600 + 60, rates=lambda now: 1 + now // 600 * 7 % 29 / 100)
    best, worst = watch.stability.best, watch.stability.worst
    order = sorted(range(29), key=lambda k: k * 7 % 29)

    # A line leads from one period's rate into the next one's: a few 0.01 TH/s.
    assert len(best) == len(worst) == 10
    assert begins(watch.stability, "best")[0] == 600 * order[-1]
    assert begins(watch.stability, "worst")[0] == 600 * order[0]
    assert set(begins(watch.stability, "best")) <= {600 * k for k in order[-12:]}
    assert best[0].hash_rate == pytest.approx(1.28, abs=0.01)
    assert best[0].ratio is None
    rates = [period.hash_rate for period in best]
    assert rates == sorted(rates, reverse=True)


def test_periods_go_by_the_ratio_where_it_is_known() -> None:
    """A lower setting that does what it should is not the worst."""
    watch = Watch(30)
    watch.run(HOUR, expected=1.0)
    watch.run(HOUR, replace(GOOD, hash_rate_now=0.5), 0.5)
    told = watch.run(HOUR, replace(GOOD, hash_rate_now=0.9), 1.0)

    assert [period.ratio for period in told.worst[:5]] == pytest.approx([90] * 5)
    assert all(period.hash_rate == pytest.approx(0.9) for period in told.worst[:5])


def test_periods_without_a_ratio_go_when_there_are_some_with() -> None:
    """They cannot be compared."""
    watch = Watch(30)
    watch.run(HOUR, replace(GOOD, hash_rate_now=500.0))
    told = watch.run(615, expected=1.0)
    assert [period.ratio for period in told.best] == pytest.approx([100])

    told = watch.run(HOUR, replace(GOOD, hash_rate_now=500.0))
    assert [period.ratio for period in told.best] == pytest.approx([100])


@pytest.mark.parametrize(
    "disturb",
    [
        lambda watch: watch.run(30, PAUSED),
        lambda watch: watch.away(120),
        lambda watch: watch.away(15),
        lambda watch: watch.run(60, replace(GOOD, hash_rate_now=None)),
    ],
    ids=["pause", "absence", "short absence", "unknown rate"],
)
def test_a_period_is_hashed_throughout(disturb: Callable[[Watch], object]) -> None:
    """What was disturbed is left out; a poll that failed disturbs nothing."""
    watch = Watch(15)
    watch.run(600)
    watch.run(300)
    disturb(watch)
    watch.run(1200 - watch.now)
    watch.run(300)
    watch.now += 15
    told = watch.run(600)

    assert begins(told, "best") == [0, 1200]


def test_periods_are_of_the_last_30_days() -> None:
    """The best ones of before are followed by the best of what is left."""
    watch = Watch(300)
    watch.run(12 * 600, replace(GOOD, hash_rate_now=9.0))
    watch.run(12 * 600, replace(GOOD, hash_rate_now=2.0))
    told = watch.run(29.5 * DAY)
    assert {period.hash_rate for period in told.best} == {9.0}

    told = watch.run(0.5 * DAY - 5400)
    assert 9.0 not in {round(period.hash_rate, 3) for period in told.best}
    assert [round(period.hash_rate, 3) for period in told.best[:5]] == [2.0] * 5
    told = watch.run(HOUR * 2)
    assert {round(period.hash_rate, 3) for period in told.best} == {1.0}
    assert len(told.best) == 10


def test_the_best_of_a_month_are_the_best_of_all_periods() -> None:
    """Forgetting most periods on the way changes nothing that is shown."""
    noise, watch = Noise(Random(8), 3600), Watch(300)
    means: list[tuple[float, float]] = []
    rate, past = 1.0, None
    for poll in range(35 * 288 + 2):
        noise.step(300)
        rate = 10 + noise.value
        watch.poll(replace(GOOD, hash_rate_now=rate))
        if past is not None:
            means.append(((past + rate) / 2, (poll - 1) * 300))
        past = rate
    periods = [
        ((means[k][0] + means[k + 1][0]) / 2, means[k][1])
        for k in range(0, len(means) - 1, 2)
    ]
    month = [row for row in periods if row[1] >= watch.now - 30 * DAY - 600]
    best = sorted(month, reverse=True)[:10]
    worst = sorted(month)[:10]

    assert begins(watch.stability, "best") == [begin for _, begin in best]
    assert begins(watch.stability, "worst") == [begin for _, begin in worst]
