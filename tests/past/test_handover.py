"""The last session of the past leads to the first of the present."""

from itertools import pairwise
from random import Random

from custom_components.miner_monitor.miners.model import MinerState, MinerStatus
from scripts.rig.past.handover import Counter, Handover

PRESENT = MinerState(
    status=MinerStatus.HASHING,
    shares_accepted=21_372,
    shares_rejected=60,
    best_difficulty=5e6,
    best_session_difficulty=5e6,
)
FIRST, BEGIN, END = 0.0, 900_000.0, 986_400.0


def told(now: float, accepted: int = 7) -> MinerState:
    return MinerState(
        status=MinerStatus.HASHING,
        shares_accepted=accepted,
        shares_rejected=0,
        best_difficulty=9e9,
        best_session_difficulty=1e5,
    )


def test_a_counter_rises_steadily_to_what_is_known() -> None:
    counter = Counter(1000.0, 500, Random(1))
    values = [counter.at(now, 0.0) for now in range(10, 1100, 10)]
    assert all(before <= after for before, after in pairwise(values))
    assert values[-1] == 500
    assert 200 < values[49] < 300


def test_a_counter_without_time_is_at_its_end() -> None:
    assert Counter(10.0, 5, Random(1)).at(20.0, 10.0) == 5


def test_the_shares_end_as_they_are_in_the_present() -> None:
    handover = Handover(PRESENT, FIRST, BEGIN, END, Random(2))
    assert handover.apply(told(BEGIN - 100), BEGIN - 100).shares_accepted == 7
    states = [handover.apply(told(now), now) for now in range(900_000, 990_000, 300)]
    accepted = [state.shares_accepted or 0 for state in states]
    assert accepted[0] == 0
    assert accepted == sorted(accepted)
    assert accepted[-1] == PRESENT.shares_accepted
    assert states[-1].shares_rejected == PRESENT.shares_rejected


def test_the_best_share_only_gets_better_and_is_the_present_one_in_the_end() -> None:
    handover = Handover(PRESENT, FIRST, BEGIN, END, Random(3))
    times = range(0, 990_000, 1000)
    best = [handover.apply(told(now), now).best_difficulty or 0 for now in times]
    assert best == sorted(best)
    assert len(set(best)) > 4
    assert best[899] < 5e6
    assert best[-1] == 5e6


def test_what_a_device_does_not_tell_is_not_made_up() -> None:
    handover = Handover(PRESENT, FIRST, BEGIN, END, Random(4))
    mute = MinerState(status=MinerStatus.HASHING)
    state = handover.apply(mute, END)
    assert state.shares_accepted is None
    assert state.best_difficulty is None
