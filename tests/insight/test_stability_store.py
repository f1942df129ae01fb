"""What outlives a restart, what is stored, and clocks that are set."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import cache
import json
import math
from random import Random
from statistics import stdev
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.miner_monitor.insight.model import Stability
from custom_components.miner_monitor.insight.stability import StabilityRecord
from custom_components.miner_monitor.model import Moment
from custom_components.miner_monitor.runtime.insight import packed
from simulator.nature import Noise

from ..lengths import examples
from .watching import DAY, GOOD, HOUR, START, Watch

LARGEST = 12 * 1024


def busy(days: float, size: float = 1.0, interval: float = 60.0) -> Watch:
    """Watch a miner with noise, pauses and absences for some days."""
    return deepcopy(_busy(days, size, interval))


@cache
def _busy(days: float, size: float, interval: float) -> Watch:
    random = Random(4)
    noise, watch = Noise(random, 300), Watch(interval)
    while watch.now < days * DAY:
        noise.step(interval)
        rate = size * abs(1 + 0.1 * noise.value)
        power = 15 + noise.value / 3
        watch.poll(replace(GOOD, hash_rate_now=rate, power=power), size)
        if random.random() < 0.002:
            watch.away(random.uniform(0, 900))
    return watch


def assert_close(told: Stability, before: Stability, precision: float = 1e-4) -> None:
    """Compare what outlives a restart."""
    assert told.hash_rate_1h == pytest.approx(before.hash_rate_1h, rel=precision)
    assert told.hash_rate_24h == pytest.approx(before.hash_rate_24h, rel=precision)
    assert told.efficiency_24h == pytest.approx(before.efficiency_24h, rel=precision)
    assert told.ranges.keys() == before.ranges.keys()
    for name, span in told.ranges.items():
        assert span.mean == pytest.approx(before.ranges[name].mean, rel=precision)
        assert span.range == pytest.approx(before.ranges[name].range, rel=0.01)
    for kind in ("best", "worst"):
        got = [period.begin for period in getattr(told, kind)]
        assert sorted(got) == sorted(p.begin for p in getattr(before, kind))
    assert told.session is not None
    assert before.session is not None
    assert told.session.hash_rate == pytest.approx(
        before.session.hash_rate, rel=precision
    )


@pytest.mark.parametrize("size", [1.4e-9, 1.0, 234.0])
@pytest.mark.parametrize("days", [0.56, 4.06])
def test_a_restart_changes_nothing(size: float, days: float) -> None:
    """It is stored in at most 12 KiB, with five digits."""
    interval = 60 * days
    stays, restarts = busy(days, size, interval), busy(days, size, interval)
    stays.away(interval)
    stored = restarts.restart(interval)

    assert len(stored) <= LARGEST
    assert_close(
        restarts.run(660, replace(GOOD, hash_rate_now=size), size),
        stays.run(660, replace(GOOD, hash_rate_now=size), size),
    )


def test_the_largest_store() -> None:
    """All is filled up at the widest numbers, and HA writes it with indents."""
    noise, watch, state = Noise(Random(6), 4000), Watch(300), GOOD
    while watch.now < 5 * DAY:
        noise.step(300)
        rate = 1.2345678e-9 * abs(10 + noise.value)
        state = replace(GOOD, hash_rate_now=rate, power=1234.5678 + noise.value)
        watch.poll(state, 1.1234567e-8)
    watch.poll(state)
    stored = json.dumps(packed({"stability": watch.record.dump()}), indent=2)

    assert len(watch.stability.ranges) == 5
    assert len(watch.stability.best) == 10
    assert len(stored) <= LARGEST


def test_defect_17_a_restart_every_hour_loses_no_history() -> None:
    """Nothing hangs on a page that is open, nor on how long this runs."""
    watch = Watch(60)
    for hour in range(60):
        watch.restart(60)
        watch.run(HOUR - 60, rates=lambda now: 1 + 0.2 * math.sin(now / 40_000))
        assert watch.stability.samples[2] == 10, hour
    steady = Watch(60)
    steady.run(60 * HOUR, rates=lambda now: 1 + 0.2 * math.sin(now / 40_000))
    told, truth = watch.stability, steady.stability

    assert told.hash_rate_24h == pytest.approx(truth.hash_rate_24h, rel=2e-3)
    assert told.ranges.keys() == truth.ranges.keys()
    for name, span in told.ranges.items():
        assert span.range == pytest.approx(truth.ranges[name].range, rel=0.03, abs=0.1)


@pytest.mark.parametrize(
    ("hours", "left"),
    [(0.1, {"1h", "4h"}), (0.5, {"4h"}), (2, set()), (400, set()), (1e6, set())],
)
def test_a_gap_is_a_gap(hours: float, left: set[str]) -> None:
    """Buckets go by the clock, so what is too old is gone after a restart."""
    watch = Watch(30)
    watch.run(4 * HOUR)
    watch.restart(hours * HOUR)
    told = watch.run(30)

    assert set(told.ranges) == left
    assert (told.hash_rate_1h is not None) is (hours <= 0.5)
    assert (len(told.best) == 10) is (hours <= 400)


def test_dumping_changes_nothing() -> None:
    """Whenever it is done."""
    one, other = busy(0.2, interval=15), Watch(15)
    random = Random(4)
    noise = Noise(random, 300)
    while other.now < 0.2 * DAY:
        noise.step(15)
        rate = abs(1 + 0.1 * noise.value)
        power = 15 + noise.value / 3
        other.poll(replace(GOOD, hash_rate_now=rate, power=power), 1.0)
        other.record.dump()
        if random.random() < 0.002:
            other.away(random.uniform(0, 900))

    assert_close(other.stability, one.stability, 1e-9)
    assert other.record.dump() == one.record.dump()


@cache
def rising(seconds: float) -> Watch:
    """Watch a miner that gets faster."""
    watch = Watch(30)
    watch.run(seconds, rates=lambda now: 1 + now / DAY, expected=1.0)
    return watch


@pytest.mark.parametrize("seconds", [-3e9, -DAY, -90, -30, 30])
def test_a_clock_that_is_set_back_or_a_little_changes_nothing(seconds: float) -> None:
    """Spans are monotonic; what was before stays before."""
    stays, jumps = rising(DAY + 4 * HOUR), deepcopy(rising(DAY))
    jumps.wall_set = seconds
    jumps.run(4 * HOUR, rates=lambda now: 1 + now / DAY, expected=1.0)

    told, truth = jumps.stability, stays.stability
    assert told.ranges == truth.ranges
    assert told.hash_rate_24h == truth.hash_rate_24h
    assert told.session == truth.session
    assert told.deviations == truth.deviations
    # What people read is by the wall clock of its time.
    if START + seconds > 0:
        begins = [period.begin for period in truth.best]
        assert [p.begin for p in told.best] == [begin + seconds for begin in begins]


def test_a_clock_that_leaps_ahead_was_watched_by_nobody() -> None:
    """As after the sleep of a host: it is a gap. The way back is none."""
    watch = Watch(30)
    watch.run(DAY)
    watch.wall_set = 12 * HOUR
    watch.booted -= 12 * HOUR
    told = watch.run(30, replace(GOOD, hash_rate_now=2.0))
    assert (told.hash_rate_1h, told.hash_rate_24h) == (None, 1.0)

    watch.wall_set = 0
    told = watch.run(1800, replace(GOOD, hash_rate_now=2.0))
    # Nothing leads from the rate before the leap to the one after it.
    assert told.hash_rate_1h == pytest.approx(2.0)
    told = watch.run(5.5 * HOUR, replace(GOOD, hash_rate_now=2.0))
    assert told.hash_rate_24h == pytest.approx(1.5, rel=0.01)
    ends = [period.begin + 600 for period in told.best]
    assert max(ends) <= START + watch.now


def test_a_clock_that_is_wrong_at_the_start_ruins_nothing() -> None:
    """A host without a battery begins in the past and is set right a minute later."""
    watch = Watch(30)
    watch.run(DAY)
    watch.wall_set = -DAY
    watch.restart(60)
    watch.run(60)
    watch.wall_set = 0
    told = watch.run(HOUR)

    assert told.hash_rate_24h == pytest.approx(1.0)
    assert told.hash_rate_1h == pytest.approx(1.0)


@pytest.mark.parametrize("wall", [math.nan, math.inf, -math.inf, -5.0, 1e300])
def test_a_clock_that_tells_no_time(wall: float) -> None:
    """Then the monotonic one alone counts."""
    record = StabilityRecord()
    told = Stability()
    for poll in range(300):
        moment = Moment(wall=wall, monotonic=15.0 * poll, day="")
        told = record.observe(GOOD, 1.0, moment, 15.0, restarted=False)

    assert told.hash_rate_1h == pytest.approx(1.0)
    assert told.deviations == (0.0, 0.0, 0.0)
    json.dumps(record.dump(), allow_nan=False)


def changed(*path: str | int, to: object) -> Callable[[dict[str, Any]], None]:
    """Return what puts a value to a place of what is stored."""

    def change(stored: dict[str, Any]) -> None:
        place: Any = stored
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return change


@pytest.mark.parametrize(
    "change",
    [
        changed("history", "24h", to=None),
        changed("history", "24h", to=[]),
        changed("history", "24h", 0, to="1"),
        changed("history", "24h", 0, to=True),
        changed("history", "24h", 0, to=-1),
        changed("history", "24h", 0, to=10**30),
        changed("history", "24h", 1, to=None),
        changed("history", "24h", 1, to=[1, 2, 3]),
        changed("history", "24h", 1, to=[math.nan] * 150),
        changed("history", "24h", 1, to=[-1] * 150),
        changed("history", "24h", 1, to=[1e99] * 150),
        changed("history", "24h", 1, to=["1"] * 150),
        changed("history", "24h", 1, 7, to=-1),
        changed("history", "24h", 1, to=[9] * 10**6),
    ],
)
def test_a_corrupt_part_costs_only_itself(
    change: Callable[[dict[str, Any]], None],
) -> None:
    """All else is taken over."""
    watch = busy(2)
    before = watch.stability
    stored = json.loads(json.dumps(watch.record.dump()))
    change(stored)
    watch.record = StabilityRecord()
    watch.record.load(stored)
    told = watch.run(60)

    assert told.hash_rate_24h is None
    assert told.hash_rate_1h == pytest.approx(before.hash_rate_1h, rel=0.1)
    assert set(told.ranges) == set(before.ranges) - {"24h"}
    assert len(told.best) == 10
    assert told.session is not None
    assert told.session.seconds > DAY


@pytest.mark.parametrize("part", ["history", "periods", "session", "time"])
@pytest.mark.parametrize("value", [None, 1, "x", [], {}, [None] * 4, {"1h": 3}])
def test_a_part_of_another_kind(part: str, value: object) -> None:
    """It is as if it was not there."""
    watch = busy(0.5)
    stored = json.loads(json.dumps(watch.record.dump()))
    stored[part] = value
    watch.record = StabilityRecord()
    watch.record.load(stored)
    told = watch.run(60, GOOD, 1.0)

    assert (told.hash_rate_1h is None) is (part in {"history", "time"})
    assert (len(told.best) == 10) is (part not in {"periods", "time"})
    assert told.session is not None
    assert (told.session.seconds > HOUR) is (part not in {"session", "time"})


TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.one_of(st.floats(width=64).map(str), st.integers().map(str), st.just("1e5")),
        max_size=60,
    ).map(" ".join),
    st.lists(st.text("0123456789.e- ;n", max_size=30), max_size=5).map(";".join),
)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(width=64), TEXTS)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=6), max_leaves=20
)
COLUMNS = {"1h": (31, 4), "4h": (49, 2), "8h": (49, 2), "24h": (25, 6), "3d": (37, 2)}


CELLS = st.one_of(st.none(), st.floats(0, 1e18), st.sampled_from([0.0, 1e-300, 1e18]))
PERIODS = st.lists(
    st.one_of(CELLS, st.floats(START - 1e6, START)), min_size=3, max_size=5
)


@st.composite
def rings(draw: st.DrawFn) -> dict[str, object]:
    """Return rings of the right form and of any content."""
    number = st.one_of(
        st.floats(0, 1e18), st.sampled_from([0.0, 1e-300, 1e18, 120.0, 3600.0])
    )
    told: dict[str, object] = {}
    for name, (size, columns) in COLUMNS.items():
        key = draw(st.integers(0, 40_000_000))
        cell = st.lists(number, min_size=1, max_size=3)
        few = draw(cell)
        told[name] = [key, [few[n % len(few)] for n in range(size * columns)]]
    return told


@examples(50, 80)
@given(
    st.one_of(
        ANYTHING,
        st.fixed_dictionaries(
            {
                "time": st.one_of(
                    st.lists(st.floats(0, 2e9), min_size=2, max_size=2),
                    st.just([START - 60, START - 60]),
                    ANYTHING,
                ),
                "history": st.one_of(rings(), ANYTHING),
                "periods": st.one_of(
                    st.lists(st.lists(PERIODS), min_size=2, max_size=2), ANYTHING
                ),
                "session": st.one_of(st.lists(CELLS, max_size=11), ANYTHING),
            }
        ),
    )
)
def test_whatever_is_stored(data: object) -> None:
    """Nothing raises, what is told is finite, and what is stored again is small."""
    record = StabilityRecord()
    record.load(data)
    for poll in range(12):
        moment = Moment(wall=START + 60 * poll, monotonic=60.0 * poll, day="")
        told = record.observe(GOOD, 1.0, moment, 60.0, restarted=False)
        assert_sane(told)
    stored = json.dumps(record.dump(), allow_nan=False)

    assert len(stored) <= LARGEST


def assert_sane(told: Stability) -> None:
    """Check that all figures are finite and none is negative."""
    figures = [told.hash_rate_1h, told.hash_rate_24h, told.efficiency_24h, told.score]
    for span in told.ranges.values():
        figures += [span.range, span.mean, span.median]
    for period in (*told.best, *told.worst):
        figures += [period.begin, period.hash_rate, period.ratio]
    assert told.session is not None
    figures += [told.session.seconds, told.session.hash_rate, told.session.efficiency]
    assert all(f is None or (math.isfinite(f) and f >= 0) for f in figures)
    assert len(told.best) <= 10
    assert len(told.worst) <= 10


NUMBERS = st.one_of(
    st.none(),
    st.floats(width=64),
    st.floats(0, 500),
    st.sampled_from([0.0, -1.0, 1e9, 1e300, math.inf, math.nan]),
)


@examples(50, 80)
@given(
    st.lists(
        st.tuples(
            NUMBERS,
            NUMBERS,
            NUMBERS,
            st.one_of(st.none(), st.integers()),
            st.floats(0, 5000),
            st.booleans(),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_whatever_a_device_tells(
    polls: list[
        tuple[float | None, float | None, float | None, int | None, float, bool]
    ],
) -> None:
    """Nothing raises, and what is told and stored is finite."""
    record, now = StabilityRecord(), 0.0
    for rate, power, expected, uptime, step, restarted in polls:
        now += step
        state = replace(GOOD, hash_rate_now=rate, power=power, uptime=uptime)
        moment = Moment(wall=START + now, monotonic=now, day="")
        told = record.observe(state, expected, moment, 300.0, restarted)
        figures = [*told.deviations, told.above, told.below, told.score]
        figures += [told.hash_rate_1h, told.hash_rate_24h, told.efficiency_24h]
        assert all(f is None or (math.isfinite(f) and f >= 0) for f in figures)
    stored = json.dumps(record.dump(), allow_nan=False)
    again = StabilityRecord()
    again.load(json.loads(stored))

    assert len(stored) <= LARGEST
    assert again.dump() == json.loads(stored)


def test_deviations_are_of_this_run_alone() -> None:
    """Ten minutes are soon over; nothing is mixed with what was before a restart."""
    watch = Watch(15)
    watch.run(600, replace(GOOD, hash_rate_now=5.0))
    watch.restart(15)
    rates = [1.0, 1.2, 0.9, 1.1]
    for rate in rates:
        watch.poll(replace(GOOD, hash_rate_now=rate))

    short, middle, long = watch.stability.deviations
    assert short == pytest.approx(stdev(rates))
    assert (middle, long) == (None, None)
