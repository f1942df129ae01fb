"""Alarms have a delay and a hysteresis; unknown is no alarm."""

from dataclasses import replace
from itertools import pairwise

import pytest

from custom_components.miner_monitor.insight.health import HighWatch, OverheatWatch
from custom_components.miner_monitor.miners.model import (
    Alarm,
    Limits,
    MinerState,
    MinerStatus,
)

LIMITS = Limits(
    chip_temperature=Alarm(warn=68, critical=72),
    vr_temperature=Alarm(warn=90, critical=100),
)
COOL = MinerState(
    status=MinerStatus.HASHING,
    chip_temperature=60,
    vr_temperature=70,
    overheating=False,
)


def watch() -> HighWatch:
    return HighWatch(Alarm(warn=68, critical=72), hysteresis=3, delay=300)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([(0, 60)], [False]),
        ([(0, 72)], [True]),
        ([(0, 69), (299, 69), (300, 69)], [False, False, True]),
        ([(0, 69), (200, 67.9), (300, 69), (599, 69)], [False, False, False, False]),
        ([(0, 72), (15, 67), (30, 65), (45, 64.9)], [True, True, True, False]),
        ([(0, 72), (15, None), (30, 66)], [True, None, False]),
        ([(0, 69), (200, None), (301, 69)], [False, None, False]),
    ],
    ids=[
        "cool",
        "critical at once",
        "warning after the delay",
        "a dip starts the delay anew",
        "ends below the hysteresis",
        "unknown ends an alarm",
        "unknown starts the delay anew",
    ],
)
def test_high_watch(
    samples: list[tuple[float, float | None]], expected: list[bool | None]
) -> None:
    """Sequences of (second, value) and what the watch says to each."""
    high = watch()

    assert [high.observe(value, now) for now, value in samples] == expected


def test_a_wobble_is_one_alarm() -> None:
    """0.3 °C around the threshold raises one alarm, not five."""
    high = watch()
    verdicts = [high.observe(72 + 0.15 * (-1) ** n, 15 * n) for n in range(40)]

    changes = sum(a != b for a, b in pairwise(verdicts))
    assert changes == 0
    assert verdicts[0] is True


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (COOL, False),
        (replace(COOL, overheating=True), True),
        (replace(COOL, status=MinerStatus.OVERHEATED, overheating=None), True),
        (replace(COOL, chip_temperature=72.5), True),
        (replace(COOL, chip_temperature=None, chip_temperature_2=72.5), True),
        (replace(COOL, vr_temperature=100), True),
        (replace(COOL, chip_temperature=None, vr_temperature=None), False),
        (MinerState(status=MinerStatus.PAUSED), None),
    ],
    ids=[
        "cool",
        "flag",
        "status",
        "chip",
        "second chip",
        "regulator",
        "flag alone",
        "nothing known",
    ],
)
def test_overheating(state: MinerState, expected: bool | None) -> None:
    """The device's word or any one temperature is enough."""
    assert OverheatWatch(LIMITS).observe(state, 0) is expected


def test_no_limits_no_thresholds() -> None:
    """A board without known limits is judged by its own flag alone."""
    assert (
        OverheatWatch(Limits()).observe(replace(COOL, chip_temperature=99), 0) is False
    )


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([(0, 86, 75), (300, 86, 75)], [False, False]),
        ([(0, 91, 75), (44, 91, 75), (45, 91, 75)], [False, False, True]),
        ([(0, 106, 75)], [True]),
        ([(0, 106, 75), (15, 88, 75), (30, 86, 75)], [True, True, False]),
        # A new mode brings a new target.
        ([(0, 91, 75), (45, 91, 90)], [False, False]),
        ([(0, 91, None), (45, 91, None)], [None, None]),
        ([(0, None, 75)], [None]),
    ],
    ids=[
        "healthy",
        "after the delay",
        "critical at once",
        "ends below the hysteresis",
        "another target",
        "no target",
        "no temperature",
    ],
)
def test_degrees_above_the_target(
    samples: list[tuple[float, float | None, float | None]],
    expected: list[bool | None],
) -> None:
    """A miner that cannot hold its own target is too hot, whatever the target is."""
    watch = OverheatWatch(Limits(chip_above_target=Alarm(warn=15, critical=30)))
    state = MinerState(status=MinerStatus.HASHING)

    verdicts = [
        watch.observe(
            replace(state, chip_temperature=chip, target_chip_temperature=target), now
        )
        for now, chip, target in samples
    ]

    assert verdicts == expected
