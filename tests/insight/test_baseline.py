"""The hash rate beside the expected one: sums over a window of time."""

from dataclasses import replace
from itertools import count
import math
from random import Random

import pytest

from custom_components.miner_monitor.insight.model import (
    Baseline,
    InsightOptions,
)
from custom_components.miner_monitor.insight.windows import BaselineWindow
from custom_components.miner_monitor.miners.model import MinerState, MinerStatus
from simulator.nature import Noise

GOOD = MinerState(
    status=MinerStatus.HASHING,
    hash_rate_now=0.9,
    expected_hash_rate=1.0,
    uptime=86_400,
)
UNTOLD = replace(GOOD, expected_hash_rate=None)


def window_of(seconds: float = 600, expected: float | None = None) -> BaselineWindow:
    """Return a window that needs no time to warm up."""
    return BaselineWindow(seconds, InsightOptions(expected_hash_rate=expected), 0)


def observe(window: BaselineWindow, *samples: tuple[float, MinerState]) -> Baseline:
    baseline = Baseline()
    for now, state in samples:
        baseline = window.observe(state, now)
    return baseline


def ratio(window: BaselineWindow, *samples: tuple[float, MinerState]) -> float | None:
    return observe(window, *samples).ratio


def test_sums_are_compared_not_ratios() -> None:
    """A rate at a high expectation weighs more than one at a low expectation.

    The mean of the two ratios would be 75 %.
    """
    low = replace(GOOD, hash_rate_now=0.5, expected_hash_rate=1.0)
    high = replace(GOOD, hash_rate_now=3.0, expected_hash_rate=3.0)

    assert ratio(window_of(), (0, low), (15, high)) == pytest.approx(87.5)


@pytest.mark.parametrize(
    ("rates", "deviation"),
    [((0.9, 0.9), -0.1), ((1.2, 1.1), 0.15), ((0.5, 1.5), 0.0), ((1.0,), 0.0)],
    ids=["below", "above", "both", "exactly"],
)
def test_the_deviation_is_signed(rates: tuple[float, ...], deviation: float) -> None:
    """It is the mean rate less the mean of what was expected, in TH/s."""
    samples = [(n * 15, replace(GOOD, hash_rate_now=r)) for n, r in enumerate(rates)]

    assert observe(window_of(), *samples).deviation == pytest.approx(deviation)


def test_the_deviation_is_over_the_same_samples() -> None:
    """A rate without an expectation has no part in it."""
    fast = replace(UNTOLD, hash_rate_now=9.0)

    baseline = observe(window_of(), (0, GOOD), (15, fast))
    assert baseline.deviation == pytest.approx(-0.1)
    assert baseline.expected is None


@pytest.mark.parametrize(
    ("device", "user", "expected"),
    [
        (1.0, 2.0, 2.0),
        (1.0, None, 1.0),
        (1.0, 0.0, 1.0),
        (1.0, math.nan, 1.0),
        (None, 2.0, 2.0),
        (0.0, 2.0, 2.0),
        (None, None, None),
        (None, 0.0, None),
        (None, -1.0, None),
        (math.nan, None, None),
        (math.inf, 2.0, 2.0),
    ],
)
def test_the_user_is_believed_before_the_device(
    device: float | None, user: float | None, expected: float | None
) -> None:
    """What can be no hash rate is nobody's word."""
    state = replace(GOOD, expected_hash_rate=device)
    baseline = window_of(expected=user).observe(state, 0)

    assert baseline.expected == expected
    assert baseline.ratio == (
        None if expected is None else pytest.approx(90 / expected)
    )


def test_samples_leave_the_window() -> None:
    """After the window only what is inside it counts."""
    bad = replace(GOOD, hash_rate_now=0.1)
    window = window_of()

    assert ratio(window, (0, bad), (599, GOOD)) == pytest.approx(50)
    assert ratio(window, (600, GOOD)) == pytest.approx(90)


@pytest.mark.parametrize(
    "status",
    [status for status in MinerStatus if status is not MinerStatus.HASHING],
)
def test_unknown_while_not_hashing(status: MinerStatus) -> None:
    """A stop empties the window, so that no ratio spans it; what is expected stays."""
    window = window_of()
    bad = replace(GOOD, hash_rate_now=0.1)
    stopped = replace(GOOD, status=status)

    assert observe(window, (0, bad), (15, stopped)) == Baseline(expected=1.0)
    assert ratio(window, (30, GOOD)) == pytest.approx(90)


@pytest.mark.parametrize(
    "state",
    [
        replace(GOOD, hash_rate_now=None),
        replace(GOOD, hash_rate_now=math.nan),
        replace(GOOD, hash_rate_now=1e300),
        replace(GOOD, hash_rate_now=-1.0),
        UNTOLD,
        replace(GOOD, expected_hash_rate=0.0),
        replace(GOOD, uptime=119),
    ],
    ids=[
        "no rate",
        "not a number",
        "absurd",
        "negative",
        "no expectation",
        "expects nothing",
        "ramping up",
    ],
)
def test_samples_that_say_nothing(state: MinerState) -> None:
    """They give no ratio of their own and leave the others alone."""
    assert window_of().observe(state, 0).ratio is None
    assert ratio(window_of(), (0, GOOD), (15, state)) == pytest.approx(90)


@pytest.mark.parametrize("uptime", [None, 120])
def test_settled(uptime: int | None) -> None:
    """Firmware that tells no uptime still gets a ratio."""
    state = replace(GOOD, uptime=uptime)

    assert window_of().observe(state, 0).ratio == pytest.approx(90)


def test_the_same_figures_are_the_same_object() -> None:
    """What reads them sees at once that nothing changed."""
    window = window_of()

    assert window.observe(GOOD, 0) is window.observe(GOOD, 15)


@pytest.mark.parametrize("seconds", [600, 3600])
def test_sums_do_not_drift(seconds: int) -> None:
    """After weeks of polls and rates of all sizes the window is what it holds."""
    random = Random(5)
    noise, window = Noise(random, 120), window_of(seconds)
    samples: list[tuple[float, float]] = []
    baseline = Baseline()
    for now in count(0, 15):
        noise.step(15)
        scale = 1e8 if now % 86_400 < 300 else 1.0
        rate = scale * abs(1 + 0.1 * noise.value)
        samples.append((now, rate))
        state = replace(GOOD, hash_rate_now=rate, expected_hash_rate=1.05)
        baseline = window.observe(state, now)
        if now > 5 * 86_400 + 43_200:
            break
    inside = [rate for then, rate in samples if then > now - seconds]
    mean = math.fsum(inside) / len(inside)

    assert baseline.ratio == pytest.approx(100 * mean / 1.05, rel=1e-9)
    assert baseline.deviation == pytest.approx(mean - 1.05, abs=1e-9)


def test_there_is_no_ratio_for_ten_minutes() -> None:
    """After a start, and after each pause; what is expected is known at once."""
    window = BaselineWindow(600, InsightOptions())
    stopped = replace(GOOD, status=MinerStatus.PAUSED)

    for begin in (0.0, 2000.0):
        early = observe(window, *((begin + n * 15, GOOD) for n in range(40)))
        assert (early.ratio, early.expected) == (None, 1.0)
        assert ratio(window, (begin + 600, GOOD)) == pytest.approx(90)
        observe(window, (begin + 615, stopped))


def test_a_gap_as_long_as_the_window_begins_anew() -> None:
    """Nobody saw what it did meanwhile."""
    window = BaselineWindow(600, InsightOptions())
    observe(window, *((n * 15, GOOD) for n in range(41)))

    assert ratio(window, (1500, GOOD)) is None
    samples = ((1500 + n * 15, GOOD) for n in range(1, 41))
    assert ratio(window, *samples) == pytest.approx(90)
