"""No garbage in a reply, one poll or three polls long, gets into what is counted."""

from copy import deepcopy
from dataclasses import replace
from itertools import product
from random import Random
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.miner_monitor.fleet import FleetTotal
from custom_components.miner_monitor.insight.model import (
    Environment,
    InsightOptions,
)
from custom_components.miner_monitor.miners.model import (
    Limits,
    MinerSettings,
    MinerStatus,
)

from .. import lengths
from .poisoning import (
    ABSURD,
    BEST,
    BOARD,
    NETWORK,
    NUMBERS,
    PACE,
    POWER,
    RATE,
    Poisoned,
    assert_bounded,
    chance_of,
)

DAY = 86_400


LENGTHS = (1, 3)
AFTER = 60 if lengths.full else 12
"""Honest polls after the garbage."""

SOME_POLLS = 4.5 * POWER * 15 / 3.6e6
"""The energy in kWh of as many polls as garbage may cost."""


@pytest.fixture(scope="module")
def sound() -> Poisoned:
    """Return a world that was sound for sixty polls."""
    world = Poisoned()
    world.run(60)
    return world


@pytest.mark.parametrize(
    ("number", "field"),
    [pytest.param(*item, id=item[1]) for item in enumerate(NUMBERS)],
)
def test_absurd_values_in_each_field(sound: Poisoned, number: int, field: str) -> None:
    """Nothing out of bounds is stored, told, or added to the fleet.

    The short form tries each value in one of the lengths, and half of the values of
    a field in each length.
    """
    for index, (value, length) in enumerate(product(ABSURD, LENGTHS)):
        if not lengths.full and (NUMBERS.index(field) + index // 2 + index) % 2:
            continue
        world = deepcopy(sound)
        for _ in range(length):
            world.poll(**{field: value})
            assert_bounded(world)
        world.run(AFTER)

        assert_bounded(world)
        assert world.insight.energy == pytest.approx(world.truth, abs=SOME_POLLS)
        assert world.insight.uptime.restarts in ((0,) if length == 1 else (0, 1))
        assert world.insight.blocks_found == 0
        assert world.reports == []
        counted = sum(day.accepted or 0 for day in world.days)
        assert abs(counted - world.shares) <= chance_of(world)


@pytest.mark.parametrize("limits", [BOARD.limits, Limits()], ids=["known", "unknown"])
@given(data=st.data(), seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_any_garbage(limits: Limits, data: st.DataObject, seed: int) -> None:
    """In any fields at once, anywhere, up to three polls long."""
    world = Poisoned(seed=seed, identity=replace(BOARD, limits=limits))
    values = st.one_of(st.sampled_from(ABSURD), st.floats(min_value=1e3))
    replies = st.dictionaries(st.sampled_from(NUMBERS), values, max_size=8)
    for _ in range(3):
        world.run(data.draw(st.integers(6, 60)))
        for garbage in data.draw(st.lists(replies, max_size=3)):
            world.poll(**garbage)
            assert_bounded(world)
    world.run(10)
    assert_bounded(world)
    assert world.insight.energy == pytest.approx(world.truth, rel=0.5)


def test_a_month_with_one_absurd_poll_a_day() -> None:
    """Energy within 0.5 % of the truth, shares within chance, nothing happened."""
    world, chance = Poisoned(interval=120.0), Random(7)
    fields = list(NUMBERS)
    for day in range(30 if lengths.full else 10):
        hit = chance.randrange(720)
        for poll in range(720):
            garbage: dict[str, Any] = {}
            if poll == hit:
                hurt = fields if day % 10 == 9 else [fields[day % len(fields)]]
                garbage = {name: chance.choice(ABSURD) for name in hurt}
                if day % 3 == 0:
                    garbage |= {"power": 59.0, "shares_accepted": 10**6}
            world.poll(**garbage)
            if garbage:
                assert_bounded(world)

    assert world.insight.energy == pytest.approx(world.truth, rel=0.005)
    energy = world.meters.totals[FleetTotal.ENERGY]
    assert energy == pytest.approx(world.truth, rel=0.005)
    counted = sum(day.accepted or 0 for day in world.days)
    assert abs(counted - world.shares) <= chance_of(world)
    fleet = world.meters.totals[FleetTotal.SHARES_ACCEPTED]
    assert fleet is not None
    assert abs(fleet - world.shares) <= chance_of(world)
    assert (world.insight.uptime.restarts, world.insight.blocks_found) == (0, 0)
    assert world.insight.uptime.total == pytest.approx(world.now + DAY, abs=240)
    assert world.reports == []


def test_a_day_of_mode_changes_costs_nothing() -> None:
    """Modes, standby and waking up: within 0.1 % of the truth, without any limit."""
    world = Poisoned(identity=replace(BOARD, limits=Limits()))
    joules, power, state = 0.0, 600.0, world.true
    for second in range(DAY):
        phase = second // 3600 % 4
        mode = ("Eco", "Super", "Eco", "Standby")[phase]
        goal = {"Eco": 600.0, "Super": 1600.0, "Standby": 12.0}[mode]
        power += max(-80.0, min(60.0, goal - power))
        joules += power if second else 0.0
        if second % 15 == 0:
            world.now = float(second)
            resting = mode == "Standby"
            state = replace(
                world.true,
                status=MinerStatus.STANDBY if resting else MinerStatus.HASHING,
                hash_rate=0.0 if resting else power / 20,
                hash_rate_now=0.0 if resting else power / 20,
                expected_hash_rate=None,
                power=power,
                settings=MinerSettings(work_mode=mode),
            )
            world.look(state)

    assert world.insight.energy == pytest.approx(joules / 3.6e6, rel=0.001)


# Readings


def test_a_jump_needs_a_second_poll_that_agrees() -> None:
    """It may be true; then it counts with the second poll, and the third."""
    world = Poisoned()
    world.run(60)
    before = world.insight.energy
    assert before is not None
    world.poll(power=55.0)
    assert world.fleet.power.value is None
    assert world.insight.energy == before
    world.poll(power=54.0)
    assert world.fleet.power.value == 54.0
    assert world.insight.energy == pytest.approx(before + (POWER + 54) / 2 * 30 / 3.6e6)


@pytest.mark.parametrize("power", [61.0, 1e4])
def test_no_number_of_polls_proves_what_the_board_cannot_draw(power: float) -> None:
    """Its limit is 40 W; it may draw half as much more, and never this."""
    world = Poisoned()
    world.run(60)
    for _ in range(20):
        world.poll(power=power)
        assert world.fleet.power.value is None


def test_where_no_limit_is_known_a_jump_has_to_last() -> None:
    """Without limits not everything is implausible, nor everything plausible."""
    world = Poisoned(identity=replace(BOARD, limits=Limits()))
    world.run(60)
    assert world.fleet.power.value == POWER
    told = []
    for _ in range(6):
        world.poll(power=90.0)
        told.append(world.fleet.power.value)
    assert told == [None, None, None, None, 90.0, 90.0]


def test_a_rate_is_held_against_the_expected_one() -> None:
    """Five times as much is the most that is believed, however long it is told."""
    world = Poisoned()
    world.run(60)
    for _ in range(6):
        world.poll(hash_rate_now=RATE * 5.1, hash_rate=RATE * 5.1)
        assert world.fleet.hash_rate.value is None


def test_what_is_not_believed_is_no_alarm_before_it_is_seen_twice() -> None:
    """One that a second poll shows too is what the device says, and adds up."""
    world = Poisoned()
    world.run(60)
    world.poll(chip_temperature=140.0)
    assert world.insight.health.findings == ()
    assert world.days[-1].chip_temperature_max == pytest.approx(59, abs=1)

    world.poll(chip_temperature=140.0)
    assert [finding.value for finding in world.insight.health.findings] == [140.0]


# Counters and records


@pytest.mark.parametrize("garbage", [10**9, 0, 1400, 999])
@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_counter_that_goes_back_counted_nothing(garbage: int, length: int) -> None:
    world = Poisoned()
    world.run(100)
    for _ in range(length):
        world.poll(shares_accepted=garbage)
    world.run(100)

    counted = sum(day.accepted or 0 for day in world.days)
    late = 0 if length == 1 else PACE * 15 * (length + 3)
    assert abs(counted - world.shares) <= (late and late + 16)


def test_shares_of_an_absence_of_ours_count_as_far_as_the_rate_allows() -> None:
    """A jump is true when the time for it went by."""
    world = Poisoned()
    world.run(100)
    missed = round(PACE * 8 * 3600)
    world.now += 8 * 3600
    world.found += missed
    world.poll()
    counted = sum(day.accepted or 0 for day in world.days)
    assert counted == world.shares
    world.found += missed
    world.run(20)
    counted = sum(day.accepted or 0 for day in world.days)
    assert counted <= world.shares - missed + chance_of(world)


def test_a_counter_that_runs_too_fast_counts_what_the_rate_allows() -> None:
    """A day's shares are never more, whatever the device says for how long."""
    world = Poisoned()
    world.run(10)
    for _ in range(400):
        world.found += 40
        world.poll()
    counted = sum(day.accepted or 0 for day in world.days)
    assert counted <= 1.25 * PACE * world.now + chance_of(world)


def test_a_record_is_told_once_it_is_confirmed() -> None:
    """One poll later, and once."""
    world = Poisoned()
    world.run(10)
    world.poll(best_difficulty=8e9)
    assert world.reports == []
    assert world.fleet.best_difficulty == BEST
    world.poll(best_difficulty=8e9)
    world.poll(best_difficulty=8e9)

    assert world.reports == ["new_best_difficulty"]
    assert world.fleet.best_difficulty == 8e9
    assert world.days[-1].best_difficulty == 8e9


@pytest.mark.parametrize("polls", [1, 3, 6, 60])
def test_a_share_beyond_all_luck_is_none(polls: int) -> None:
    """Nobody ever found one a thousand times as good as a block."""
    world = Poisoned()
    world.run(10)
    for _ in range(polls):
        world.poll(best_difficulty=NETWORK * 2e3)
    assert world.reports == []
    assert world.fleet.best_difficulty == BEST


@pytest.mark.parametrize(
    ("garbage", "polls", "blocks"),
    [
        ({"blocks_found": 1}, 1, 0),
        ({"blocks_found": 1}, 2, 1),
        ({"blocks_found": 10**6}, 3, 0),
        ({"best_difficulty": NETWORK * 1.1}, 1, 0),
        ({"best_difficulty": NETWORK * 1.1}, 2, 1),
        ({"network_difficulty": 1.0, "best_difficulty": BEST * 2}, 3, 0),
    ],
)
def test_a_block_needs_two_polls(
    garbage: dict[str, Any], polls: int, blocks: int
) -> None:
    world = Poisoned()
    world.run(10)
    for _ in range(polls):
        world.poll(**garbage)
    assert world.reports.count("block_found") == blocks
    assert world.insight.blocks_found == blocks


@pytest.mark.parametrize("length", [1, 3])
@pytest.mark.parametrize("garbage", [1e9, 9000.0, -5.0, float("nan")])
def test_what_a_plug_and_a_thermometer_say_is_judged_too(
    garbage: float, length: int
) -> None:
    """They are entities of others, which tell garbage as well."""
    world = Poisoned(options=InsightOptions(plug=True))
    good = Environment(wall_power=22.0, room_temperature=21.0)
    bad = Environment(wall_power=garbage, room_temperature=garbage)
    for around in [*[good] * 80, *[bad] * length, *[good] * 80]:
        world.around = around
        world.poll()

    wall = 22.0 * (world.now - world.interval) / 3.6e6
    assert world.insight.wall_energy == pytest.approx(wall, rel=0.03)
    (point,) = world.insight.tuning.points
    assert point.figures["room_temperature"].maximum == 21.0


def test_a_plug_that_is_really_used_is_believed_in_the_end() -> None:
    """Something else may be plugged in beside the miner."""
    world = Poisoned(options=InsightOptions(plug=True))
    told = []
    for power in [*[22.0] * 50, *[500.0] * 6]:
        world.around = Environment(wall_power=power)
        told.append(world.poll().wall_power)

    assert told[-7:] == [22.0, None, None, None, None, 500.0, 500.0]


def test_new_limits_hold_from_then_on() -> None:
    """A board that tells its limit later is judged by it later."""
    world = Poisoned(identity=replace(BOARD, limits=Limits()))
    world.run(60)
    assert world.tracker.believed is not None
    world.identity = BOARD
    for _ in range(8):
        world.poll(power=61.0)
        assert world.fleet.power.value is None
    world.poll(power=25.0)
    assert world.fleet.power.value == 25.0
