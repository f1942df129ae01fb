"""Totals of the fleet grow by what is really used and found."""

import json
import math
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.miner_monitor.fleet import FleetMeters, FleetTotal
from custom_components.miner_monitor.insight.model import Insight
from custom_components.miner_monitor.model import MinerData

from .members import AWAY, shown

type Step = tuple[str, MinerData | None]


def at(kwh: float | None, **known: Any) -> MinerData:
    """Return a miner whose own meter shows this."""
    return shown(
        insight=Insight(energy=kwh, wall_energy=known.pop("wall", None)), **known
    )


def started(published: dict[str, float] | None = None) -> FleetMeters:
    meters = FleetMeters()
    meters.resume(published or {})
    return meters


def walk(meters: FleetMeters, *steps: Step) -> dict[FleetTotal, float | None]:
    """Let miners show something, or be unloaded, one after the other."""
    for miner, data in steps:
        if data is None:
            meters.forget(miner)
        else:
            meters.observe(miner, data)
    return meters.totals


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("a", at(5.0))], 0.0),
        ([("a", at(5.0)), ("a", at(5.25))], 0.25),
        ([("a", at(5.0)), ("a", at(5.0))], 0.0),
        ([("a", at(5.0)), ("b", at(7.0)), ("a", at(5.5)), ("b", at(7.5))], 1.0),
        # Away, and back with more than before: nothing is known of the gap.
        ([("a", at(5.0)), ("a", AWAY), ("a", at(6.0)), ("a", at(6.5))], 0.5),
        ([("a", at(5.0)), ("a", None), ("a", at(6.0)), ("a", at(6.5))], 0.5),
        ([("a", at(5.0)), ("a", at(None)), ("a", at(6.0)), ("a", at(6.5))], 0.5),
        # A fall, as after a lost store, and on from there.
        ([("a", at(5.0)), ("a", at(1.0)), ("a", at(1.5))], 0.5),
        # Nobody uses 300 kWh between two polls.
        ([("a", at(5.0)), ("a", at(305.0)), ("a", at(305.5))], 0.5),
        ([("a", at(5.0)), ("b", at(300.0)), ("a", at(5.5)), ("b", at(300.5))], 1.0),
    ],
    ids=[
        "the first is a bearing",
        "a step",
        "nothing",
        "two miners",
        "away",
        "unloaded",
        "unknown for a while",
        "a fall",
        "a jump",
        "one with 300 kWh is added",
    ],
)
def test_energy(steps: list[Step], expected: float) -> None:
    assert walk(started(), *steps)[FleetTotal.ENERGY] == pytest.approx(expected)


def test_three_late_one_removed_one_added() -> None:
    """Each miner counts from its first value on, whatever it brings along."""
    meters = FleetMeters()
    late = [(name, at(None)) for name in "abc"]
    walk(meters, *late)
    meters.resume({FleetTotal.ENERGY: 1000.0})
    walk(meters, *((name, at(100.0)) for name in "abc"))
    assert meters.totals[FleetTotal.ENERGY] == 1000.0

    walk(meters, *((name, at(100.5)) for name in "abc"))
    assert meters.totals[FleetTotal.ENERGY] == pytest.approx(1001.5)

    walk(meters, ("c", None), ("d", at(300.0)), ("a", at(101.0)), ("d", at(300.5)))
    assert meters.totals[FleetTotal.ENERGY] == pytest.approx(1002.5)


def test_each_total_on_its_own() -> None:
    totals = walk(
        started(),
        ("a", at(1.0, wall=2.0, shares_accepted=10, shares_rejected=1)),
        ("a", at(1.5, wall=2.75, shares_accepted=14, shares_rejected=0)),
        ("a", at(1.5, wall=2.75, shares_accepted=15, shares_rejected=3)),
    )
    assert totals == {
        FleetTotal.ENERGY: 0.5,
        FleetTotal.WALL_ENERGY: 0.75,
        FleetTotal.SHARES_ACCEPTED: 5,
        FleetTotal.SHARES_REJECTED: 3,
    }


@pytest.mark.parametrize("count", [10**18, 2_000_000])
def test_a_counter_that_lies(count: int) -> None:
    """Nobody finds that many shares between two polls; nor does the truth after it."""
    totals = walk(
        started(),
        ("a", shown(shares_accepted=10)),
        ("a", shown(shares_accepted=count)),
        ("a", shown(shares_accepted=11)),
        ("a", shown(shares_accepted=12)),
    )
    assert totals[FleetTotal.SHARES_ACCEPTED] == 1


@pytest.mark.parametrize(
    ("stored", "published", "expected"),
    [
        (None, {}, 0.25),
        ({"energy": 100.0}, {}, 100.25),
        ({"energy": 100.0}, {"energy": 100.5}, 100.75),
        ({"energy": 100.5}, {"energy": 100.0}, 100.75),
        (None, {"energy": 100.0}, 100.25),
        (None, {"energy": math.nan}, 0.25),
    ],
)
def test_goes_on_from_the_greatest(
    stored: Any, published: dict[str, float], expected: float
) -> None:
    """What was used meanwhile counts on top; before nothing is published."""
    meters = FleetMeters()
    meters.load(stored)
    assert walk(meters, ("a", at(5.0)), ("a", at(5.25)))[FleetTotal.ENERGY] is None
    meters.resume({FleetTotal(key): value for key, value in published.items()})
    meters.resume({FleetTotal.ENERGY: 9999.0})
    assert meters.totals[FleetTotal.ENERGY] == pytest.approx(expected)


def test_what_is_stored_is_what_is_read() -> None:
    meters = started({"energy": 12.5, "shares_accepted": 7.0})
    walk(meters, ("a", at(5.0)), ("a", at(5.25)))
    again = FleetMeters()
    assert again.load(json.loads(json.dumps(meters.dump())))
    again.resume({})
    assert again.totals == meters.totals


HOSTILE = [
    None,
    [],
    "energy",
    {"energy": "100"},
    {"energy": True},
    {"energy": -5.0},
    {"energy": math.nan},
    {"energy": math.inf},
    {"energy": 10**400},
    {"energy": {"energy": 1}},
    {"other": 5.0},
]


@pytest.mark.parametrize("data", HOSTILE, ids=lambda data: repr(data)[:24])
def test_hostile_store(data: Any) -> None:
    """What is no total costs that total alone."""
    meters = FleetMeters()
    assert meters.load(data) is False
    meters.resume({})
    assert meters.totals[FleetTotal.ENERGY] == 0.0


SIGHT = st.one_of(
    st.none(), st.just(AWAY), st.builds(at, st.none() | st.floats(0, 1e6))
)


@given(st.lists(st.tuples(st.sampled_from("ab"), SIGHT)))
def test_never_falls(steps: list[Step]) -> None:
    meters = started({"energy": 3.0})
    before = 3.0
    for step in steps:
        now = walk(meters, step)[FleetTotal.ENERGY]
        assert now is not None
        assert now >= before
        before = now


def test_a_plug_measures_while_its_miner_is_away() -> None:
    """What is drawn then is paid for, though the miner tells nothing."""
    totals = walk(
        started(),
        ("a", at(1.0, wall=2.0)),
        ("a", at(1.0, wall=2.25, online=False)),
        ("a", at(1.0, wall=2.5, online=False)),
        ("a", at(1.5, wall=2.75)),
    )
    assert totals[FleetTotal.WALL_ENERGY] == 0.75
    assert totals[FleetTotal.ENERGY] == 0
