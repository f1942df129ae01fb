"""The hash rate ratio is a ratio of sums over a window of wall time."""

from dataclasses import replace

import pytest

from custom_components.miner_monitor.insight.baseline import RatioWindow
from custom_components.miner_monitor.miners.model import MinerState, MinerStatus

GOOD = MinerState(
    status=MinerStatus.HASHING,
    hash_rate_now=0.9,
    expected_hash_rate=1.0,
    uptime=86_400,
)


def observe(window: RatioWindow, *samples: tuple[float, MinerState]) -> float | None:
    ratio = None
    for now, state in samples:
        ratio = window.observe(state, now)
    return ratio


def test_sums_are_compared_not_ratios() -> None:
    """A rate at a high expectation weighs more than one at a low expectation."""
    low = replace(GOOD, hash_rate_now=0.5, expected_hash_rate=1.0)
    high = replace(GOOD, hash_rate_now=3.0, expected_hash_rate=3.0)

    assert observe(RatioWindow(600), (0, low), (15, high)) == pytest.approx(87.5)


def test_samples_leave_the_window() -> None:
    """After the window only what is inside it counts."""
    bad = replace(GOOD, hash_rate_now=0.1)
    window = RatioWindow(600)

    assert observe(window, (0, bad), (599, GOOD)) == pytest.approx(50)
    assert observe(window, (600, GOOD)) == pytest.approx(90)


@pytest.mark.parametrize(
    "status",
    [status for status in MinerStatus if status is not MinerStatus.HASHING],
)
def test_unknown_while_not_hashing(status: MinerStatus) -> None:
    """A stop empties the window, so that no ratio spans it."""
    window = RatioWindow(600)
    bad = replace(GOOD, hash_rate_now=0.1)

    assert observe(window, (0, bad), (15, replace(GOOD, status=status))) is None
    assert observe(window, (30, GOOD)) == pytest.approx(90)


@pytest.mark.parametrize(
    "state",
    [
        replace(GOOD, hash_rate_now=None),
        replace(GOOD, expected_hash_rate=None),
        replace(GOOD, expected_hash_rate=0.0),
        replace(GOOD, uptime=30),
    ],
    ids=["no rate", "no expectation", "expects nothing", "ramping up"],
)
def test_samples_that_say_nothing(state: MinerState) -> None:
    """They give no ratio of their own and leave the others alone."""
    assert RatioWindow(600).observe(state, 0) is None
    assert observe(RatioWindow(600), (0, GOOD), (15, state)) == pytest.approx(90)


def test_unknown_uptime_counts_as_settled() -> None:
    """Firmware that tells no uptime still gets a ratio."""
    assert RatioWindow(600).observe(replace(GOOD, uptime=None), 0) == pytest.approx(90)
