"""The flash lasts for years, and yet nothing that cools waits."""

from collections.abc import Sequence
from itertools import accumulate

from hypothesis import given, strategies as st
import pytest

from custom_components.miner_monitor.control.pending_changes import Pace, WriteClass
from custom_components.miner_monitor.miners.settings import (
    Changes,
    MinerSettings,
    Setting,
)

from ..lengths import examples

GATHER = 0.3


def written(wishes: Sequence[tuple[float, bool]]) -> list[float]:
    """Return when a value is written; each wish is (second, urgent), the last wins.

    A wish may be written a moment after it was made, and as soon as it is due.
    """
    pace, writes = Pace(), list[float]()
    for place, (asked, urgent) in enumerate(wishes):
        pace.asked(asked)
        ends = wishes[place + 1][0] if place + 1 < len(wishes) else float("inf")
        now = asked
        while (wait := pace.flash_wait(now, urgent=urgent)) > 0 and now + wait < ends:
            now += wait
        if wait == 0:
            pace.wrote({WriteClass.FLASH}, now)
            writes.append(now)
    return writes


def every(seconds: float, count: int, *urgent: bool) -> list[tuple[float, bool]]:
    return [(i * seconds, urgent[i % len(urgent)]) for i in range(count)]


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ([(0, False)], [0]),
        ([(0, False), (3, False)], [0, 10]),
        ([(0, False), (3, False), (4, False)], [0, 10]),
        ([(0, False), (10, False)], [0, 10]),
        ([(0, False), (12, False), (13, False)], [0, 12, 22]),
        ([(0, False), (3, True)], [0, 3]),
        ([(0, True), (0.8, True)], [0, 0.8]),
        ([(0, True), (0.8, True), (1.6, True)], [0, 0.8, 20]),
        ([(0, False), (3, True), (6, False)], [0, 3, 20]),
        ([(0, False), (3, True), (6, True), (9, True)], [0, 3, 6, 9]),
        ([(0, True), (3, True), (6, True), (7, True)], [0, 3, 6, 26]),
        ([(0, True), (3, True), (6, True), (9, True), (12, False)], [0, 3, 6, 9, 29]),
    ],
    ids=[
        "one",
        "the second waits",
        "the last of two wins",
        "on time",
        "a pause is not saved up",
        "a single lowering",
        "two lowerings of a script",
        "the third is a flood",
        "a lowering is paid for",
        "single lowerings",
        "a single one and its successor",
        "debts end at two spacings",
    ],
)
def test_writes(wishes: list[tuple[float, bool]], expected: list[float]) -> None:
    """Wishes as (second, urgent) and the seconds of the writes."""
    assert written(wishes) == pytest.approx(expected)


@pytest.mark.parametrize(
    "urgent", [(True,), (False,), (True, False), (False,) * 9 + (True,)]
)
def test_a_thousand_moves_of_a_slider(urgent: tuple[bool, ...]) -> None:
    """In 60 s they cost at most 7 writes, the last value's included."""
    moves = every(0.06, 1000, *urgent)
    writes = written(moves)

    assert 6 <= len(writes) <= 7
    assert writes[-1] >= moves[-1][0]


FLOODS = st.lists(
    st.tuples(st.floats(min_value=0, max_value=2), st.booleans()),
    min_size=1,
    max_size=200,
)


@examples(50, 300)
@given(FLOODS)
def test_a_flood_has_seven_writes_a_minute(steps: list[tuple[float, bool]]) -> None:
    """A flood brings a wish every two seconds at least."""
    times = accumulate(gap for gap, _ in steps)
    writes = written(
        [(at, urgent) for at, (_, urgent) in zip(times, steps, strict=True)]
    )

    for first in writes:
        assert sum(first <= at <= first + 60 for at in writes) <= 7


@examples(50, 300)
@given(
    st.lists(
        st.tuples(st.floats(min_value=0, max_value=30), st.booleans()),
        min_size=1,
        max_size=60,
    )
)
def test_single_lowerings_go_at_once(steps: list[tuple[float, bool]]) -> None:
    """A lowering more than two seconds after whatever came before is not held back."""
    times = list(accumulate(gap for gap, _ in steps))
    wishes = [(at, urgent) for at, (_, urgent) in zip(times, steps, strict=True)]
    writes = written(wishes)

    single = [
        at
        for place, (at, urgent) in enumerate(wishes)
        if urgent and (place == 0 or at - times[place - 1] > 2)
    ]
    assert set(single) <= set(writes)


@given(
    st.lists(
        st.tuples(st.floats(min_value=0, max_value=30), st.booleans()), max_size=60
    )
)
def test_nothing_waits_for_long(steps: list[tuple[float, bool]]) -> None:
    """The last wish is written within two spacings, whatever was before it."""
    times = accumulate(gap for gap, _ in steps)
    wishes = [(at, urgent) for at, (_, urgent) in zip(times, steps, strict=True)]
    end = wishes[-1][0] if wishes else 0.0

    writes = written([*wishes, (end + 0.5, False)])

    assert end + 0.5 <= writes[-1] <= end + 0.5 + 20


def test_what_comes_together_is_single() -> None:
    """Two parts of a scene are not a flood."""
    pace = Pace()
    for now in (0.0, 3.0, 6.0):
        pace.asked(now)
        pace.asked(now + 0.2)
        assert pace.flash_wait(now + GATHER, urgent=True) == 0
        pace.wrote({WriteClass.FLASH}, now + GATHER)


def test_power_is_changed_once_a_minute() -> None:
    pace, power = Pace(), WriteClass.POWER
    changes: Changes = {Setting.WORK_MODE: "eco"}

    def wait(now: float) -> float:
        return pace.wait(power, changes, MinerSettings(work_mode="super"), (), now)

    assert wait(100.0) == 0

    pace.wrote({power}, 100.0)

    assert wait(100.0) == 60
    assert wait(159.0) == 1
    assert wait(160.0) == 0
