"""Who gets how many watts of a target for all, and that nobody flaps for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from time import process_time
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.miner_monitor.fleet.dispatch import (
    Deal,
    DispatchMember,
    Limit,
    Order,
    Pace,
    deal,
)
from custom_components.miner_monitor.fleet.ladder import ladder_of
from custom_components.miner_monitor.miners.model import Setting
from custom_components.miner_monitor.miners.power import PowerStep

NOW = 1_800_000_000.0
PACE = Pace(run=900, pause=600, write=300)


def step(power: float, hash_rate: float | None) -> PowerStep:
    """Return an operating point; one without a hash rate rests."""
    settings = {Setting.MINING: False} if hash_rate == 0 else {Setting.FREQUENCY: power}
    return PowerStep(settings=settings, power=power, hash_rate=hash_rate)


def steps(*points: tuple[float, float | None]) -> tuple[PowerStep, ...]:
    return tuple(step(*point) for point in points)


GAMMA = steps((1, 0), (10, 0.8), (14, 1.05), (18, 1.2))
NANO = steps((10, 0), (70, 3.0), (110, 5.0), (140, 6.0))
Q = steps((25, 0), (800, 52.0), (1300, 80.0), (1600, 90.0))
MINI = steps((450, 25.0), (800, 37.5))
"""One that cannot stop."""


def member(
    key: str, points: tuple[PowerStep, ...] = GAMMA, **known: Any
) -> DispatchMember:
    return DispatchMember(key=key, steps=points, **{"pace": PACE, **known})


def watts(found: Deal) -> dict[str, float | None]:
    return {share.key: share.power for share in found.shares}


def orders(found: Deal) -> dict[str, float | None]:
    """Return what is written in W; a target is a little above the step."""
    return {
        order.key: None if order.power is None else round(order.power / 1.03, 1)
        for order in found.orders
    }


def limits(found: Deal) -> dict[str, Limit | None]:
    return {share.key: share.limit for share in found.shares}


@pytest.mark.parametrize(
    ("target", "members", "expected"),
    [
        # The better efficiency comes first: a Gamma hashes at 13.5 J/TH, a Nano at 22.
        (19.0 + 10, [member("g"), member("n", NANO)], {"g": 18, "n": 10}),
        # The last one gets a partial step.
        (60.0, [member("a"), member("b"), member("c"), member("d")], None),
        (14.0 + 14.5, [member("a"), member("b")], {"a": 14, "b": 14}),
        # By priority, whatever the efficiency.
        (
            130.0,
            [member("g", priority=2), member("n", NANO, priority=1)],
            {"g": 18, "n": 110},
        ),
        # What needs more than there is does not keep the others from it.
        (
            700.0,
            [member("g"), member("q", Q, priority=1), member("n", NANO)],
            {"g": 18, "q": 25, "n": 140},
        ),
        # What cannot stop has its least, also for nothing.
        (0.0, [member("m", MINI), member("g")], {"m": 450, "g": 1}),
        (9999.0, [member("m", MINI), member("g")], {"m": 800, "g": 18}),
        (None, [member("m", MINI), member("g")], {"m": 800, "g": 18}),
        # Nothing is known of the hash rate: after those of which it is.
        (
            30.0,
            [member("?", steps((2, 0), (12, None))), member("g")],
            {"?": 12, "g": 18},
        ),
        (
            20.0,
            [member("?", steps((2, 0), (12, None))), member("g")],
            {"?": 2, "g": 18},
        ),
        (50.0, [], {}),
    ],
)
def test_who_gets_what(
    target: float | None,
    members: list[DispatchMember],
    expected: dict[str, float] | None,
) -> None:
    found = deal(target, members, NOW)
    if expected is not None:
        assert watts(found) == expected
    else:
        drawn = [share.power or 0.0 for share in found.shares]
        assert sorted(drawn, reverse=True) == [18, 14, 14, 14]
    assert found.power == sum(share.power or 0 for share in found.shares)


@pytest.mark.parametrize("limit", list(Limit)[:8])
def test_left_alone(limit: Limit) -> None:
    """What is left as it is gets no order, and what it draws is counted."""
    members = [member("a", left=limit, drawn=15.0), member("b")]

    found = deal(25.0, members, NOW)

    assert watts(found) == {"a": 15, "b": 10}
    assert orders(found) == {"b": 10}
    assert limits(found) == {"a": limit, "b": Limit.TARGET}


def test_without_steps_it_is_left_alone() -> None:
    found = deal(25.0, [member("a", ()), member("b", (), drawn=3.0)], NOW)

    assert watts(found) == {"a": None, "b": 3}
    assert set(limits(found).values()) == {Limit.UNKNOWN_POWER}
    assert not found.orders


@pytest.mark.parametrize(
    ("known", "target", "expected", "limit", "until"),
    [
        # It runs for long enough before it rests, with the least there is.
        ({"since": NOW - 600}, 0.0, 10, Limit.MINIMUM_RUN, NOW + 300),
        ({"since": NOW - 900}, 0.0, 1, Limit.TARGET, None),
        # It rests for long enough before it runs.
        ({"asked": 1, "since": NOW - 500}, 99.0, 1, Limit.MINIMUM_PAUSE, NOW + 100),
        ({"asked": 1, "since": NOW - 600}, 99.0, 18, None, None),
        ({"asked": 1, "since": NOW - 500}, None, 1, Limit.MINIMUM_PAUSE, NOW + 100),
        # It rests, although it was asked for a step: it has no flash write left.
        (
            {"asked": 10, "rests": True, "since": NOW - 500},
            99.0,
            10,
            Limit.MINIMUM_PAUSE,
            NOW + 100,
        ),
        ({"asked": 10, "rests": True, "since": NOW - 600}, 99.0, 18, None, None),
        # Changes are some time apart, in either direction.
        ({"asked": 14, "changed_at": NOW - 200}, 0.0, 14, Limit.TARGET, None),
        (
            {"asked": 14, "changed_at": NOW - 200},
            99.0,
            14,
            Limit.CHANGED_RECENTLY,
            NOW + 100,
        ),
        ({"asked": 14, "changed_at": NOW - 300}, 99.0, 18, None, None),
        # A clock that was set back holds nothing up.
        ({"asked": 14, "changed_at": NOW + 900}, 99.0, 18, None, None),
    ],
)
def test_minimum_times(
    known: dict[str, Any],
    target: float | None,
    expected: float,
    limit: Limit | None,
    until: float | None,
) -> None:
    found = deal(target, [member("a", **known)], NOW)

    (share,) = found.shares
    assert (share.power, share.limit, share.until) == (expected, limit, until)
    if share.until is not None:
        assert found.next_at == share.until


def test_nobody_else_starts_with_what_is_kept_for_one_that_waits() -> None:
    waits = member("a", asked=1, since=NOW - 540)
    found = deal(19.0, [waits, member("b", asked=1)], NOW)
    assert not found.orders
    later = deal(19.0, [waits, member("b", asked=1)], found.next_at or 0.0)
    assert orders(later) == {"a": None}


def test_a_large_one_takes_what_small_ones_leave() -> None:
    """Also if they are more efficient, as long as its priority is not a lower one."""
    large = steps((5, 0), (700, 42), (800, 50))
    small = [member(key) for key in "abcd"]
    found = watts(deal(760.0, [*small, member("q", large)], NOW))
    assert found["q"] == 700
    assert sum(power or 0.0 for power in found.values()) > 735
    later = watts(deal(760.0, [*small, member("q", large, priority=11)], NOW))
    assert later == {**dict.fromkeys("abcd", 18), "q": 5}


def test_what_draws_less_comes_first() -> None:
    """It makes room for what draws more, which starts one after the other."""
    found = deal(
        59.0,
        [
            member("a", asked=1, priority=1),
            member("b", asked=1, priority=2),
            member("c", priority=9),
            member("n", NANO, priority=5, asked=10.0, left=Limit.HELD, drawn=20.0),
        ],
        NOW,
    )
    assert found.orders == (
        Order(key="c", power=1.03),
        Order(key="a", power=None, starts=True),
        Order(key="b", power=None, starts=True),
    )


def test_without_a_target_all_get_back_what_their_owner_set() -> None:
    members = [member("a", asked=1), member("b", asked=18), member("c")]
    found = deal(None, members, NOW)
    assert orders(found) == {"a": None, "b": None}


def test_the_one_that_runs_stays_where_two_are_nearly_alike() -> None:
    better = steps((1, 0), (10, 0.81), (14, 1.06), (18, 1.22))
    found = deal(19.0, [member("a"), member("b", better, asked=1)], NOW)
    assert not found.orders
    much_better = steps((1, 0), (10, 1.2), (14, 1.6), (18, 1.8))
    found = deal(19.0, [member("a"), member("b", much_better, asked=1)], NOW)
    assert orders(found) == {"a": 1, "b": None}


def test_a_ladder_has_what_is_worth_a_write() -> None:
    found = ladder_of(
        steps(
            (18, 1.2), (18.3, 1.21), (17.9, 1.1), (1, 0), (1.5, 0), (9, 0.6), (12, 0.5)
        )
    )
    assert [(one.power, one.hash_rate) for one in found] == [
        (1, 0),
        (9, 0.6),
        (18.3, 1.21),
    ]
    assert ladder_of(()) == ()


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        # Just stopped, it still shows what it drew.
        (((18, 0), (14, 1), (18, 1.2)), [(13, 0), (14, 1), (18, 1.2)]),
        # Nothing is known of its watts: it rests at 0 W all the same.
        (((0, 0), (0, None)), [(0, 0), (1, None)]),
    ],
)
def test_to_rest_is_the_lowest(
    points: tuple[tuple[float, float | None], ...],
    expected: list[tuple[float, float | None]],
) -> None:
    found = ladder_of(steps(*points))
    assert [(one.power, one.hash_rate) for one in found] == expected
    assert watts(deal(0.0, [member("a", found)], NOW)) == {"a": expected[0][0]}


# What holds for any miners, and any targets.

LADDERS = st.builds(
    lambda stops, points: (
        *(steps((stops, 0)) if stops is not None else ()),
        *steps(*((5 + power, rate) for power, rate in points)),
    ),
    st.none() | st.floats(0, 5),
    st.lists(
        st.tuples(st.floats(0, 2000), st.floats(0.01, 100)), min_size=1, max_size=6
    ),
)
AGES = st.none() | st.floats(0, 1500)


@st.composite
def members_of(draw: st.DrawFn) -> list[DispatchMember]:
    """Return miners in any state."""
    found = []
    for number in range(draw(st.integers(1, 6))):
        points = draw(LADDERS)
        since, changed = draw(AGES), draw(AGES)
        found.append(
            member(
                f"m{number}",
                points,
                priority=draw(st.integers(1, 3)),
                asked=draw(st.none() | st.sampled_from([one.power for one in points])),
                since=None if since is None else NOW - since,
                changed_at=None if changed is None else NOW - changed,
                left=draw(st.none() | st.none() | st.sampled_from(list(Limit)[:8])),
                drawn=draw(st.none() | st.floats(0, 100)),
            )
        )
    return found


TARGETS = st.floats(0, 6000)


def now_at(one: DispatchMember) -> PowerStep:
    """Return the step that a miner was asked for."""
    ladder = ladder_of(one.steps)
    if one.asked is None:
        return ladder[-1]
    asked = one.asked
    return min(ladder, key=lambda found: abs(found.power - asked))


def least(one: DispatchMember, now: float) -> float:
    """Return what a miner draws at least, by its minimum times."""
    if one.left is not None:
        return one.drawn or 0.0
    ladder, here = ladder_of(one.steps), now_at(one)
    if one.changed_at is not None and now - one.changed_at < PACE.write:
        return here.power
    if (
        not here.stops
        and ladder[0].stops
        and one.since is not None
        and now - one.since < PACE.run
    ):
        return next(found.power for found in ladder if not found.stops)
    return ladder[0].power


@settings(deadline=None)
@given(members_of(), TARGETS)
def test_no_more_than_the_target(members: list[DispatchMember], target: float) -> None:
    """But for the least of what may not be lowered, or not be stopped, yet."""
    found = deal(target, members, NOW)
    assert found.power <= max(target, sum(least(one, NOW) for one in members)) + 1e-6


@settings(deadline=None)
@given(members_of(), TARGETS, st.floats(0, 3000))
def test_more_watts_never_lead_to_less(
    members: list[DispatchMember], target: float, more: float
) -> None:
    def rate(watts: float) -> float:
        found = deal(watts, members, NOW)
        return sum(share.hash_rate or 0.0 for share in found.shares)

    assert rate(target + more) >= rate(target) - 1e-6


@dataclass
class World:
    """Miners that do what they are asked for, and check what they are asked."""

    members: dict[str, DispatchMember]
    writes: int = 0
    dealt: tuple[float | None, Deal] | None = None

    def go(self, target: float | None, now: float) -> None:
        """Deal, and let each follow at once."""
        known = self.dealt is not None and self.dealt[0] == target
        before = self.dealt[1] if self.dealt is not None and known else None
        found = deal(target, self.members.values(), now, before)
        self.dealt = target, found
        assert len({order.key for order in found.orders}) == len(found.orders)
        for order in found.orders:
            self.follow(order, now)
        self.writes += len(found.orders)

    def follow(self, order: Order, now: float) -> None:
        before = self.members[order.key]
        after = replace(before, asked=order.power)
        was, becomes = now_at(before), now_at(after)
        assert before.left is None
        if was == becomes:
            assert order.power is None
        else:
            assert before.changed_at is None or now - before.changed_at >= PACE.write
            after = replace(after, changed_at=now)
        if was.stops is not becomes.stops:
            least_time = PACE.pause if was.stops else PACE.run
            assert before.since is None or now - before.since >= least_time
            after = replace(after, since=now)
        assert order.starts is (was.stops and not becomes.stops)
        self.members[order.key] = after


def world(members: Iterable[DispatchMember]) -> World:
    return World({one.key: one for one in members})


@settings(deadline=None)
@given(members_of(), TARGETS)
def test_a_constant_target_leads_to_no_further_write(
    members: list[DispatchMember], target: float
) -> None:
    """Not at once, and not once all minimum times are over."""
    there = world(members)
    there.go(target, NOW)
    writes = there.writes
    there.go(target, NOW)
    assert there.writes == writes
    for minute in range(5, 65, 5):
        there.go(target, NOW + 60 * minute)
    writes = there.writes
    for minute in range(65, 125, 5):
        there.go(target, NOW + 60 * minute)
    assert there.writes == writes


@settings(deadline=None)
@given(
    members_of(),
    st.lists(st.tuples(st.none() | TARGETS, st.floats(1, 900)), max_size=20),
)
def test_any_targets_keep_every_minimum_time(
    members: list[DispatchMember], targets: list[tuple[float | None, float]]
) -> None:
    there, now = world(members), NOW
    for target, seconds in targets:
        there.go(target, now)
        now += seconds


@settings(deadline=None)
@given(members_of(), TARGETS)
def test_in_the_end_all_run_as_their_owner_set(
    members: list[DispatchMember], target: float
) -> None:
    there, now = world(members), NOW
    there.go(target, now)
    for _ in range(10):
        now += 300
        there.go(None, now)
    asked: Mapping[str, float | None] = {
        key: one.asked for key, one in there.members.items() if one.left is None
    }
    assert set(asked.values()) <= {None}


def test_a_hundred_miners_take_no_time() -> None:
    many = [
        member(f"m{number}", (GAMMA, NANO, Q)[number % 3], priority=number % 4)
        for number in range(100)
    ]
    began = process_time()
    assert deal(20_000.0, many, NOW).power <= 20_000
    assert process_time() - began < 0.5
