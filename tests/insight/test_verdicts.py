"""Which settings are the best in something, and when nobody can tell yet."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
import json
from random import Random

import pytest

from custom_components.miner_monitor.insight.model import (
    NOTHING_AROUND,
    InsightOptions,
    Judgement,
    Missing,
    Tuning,
    Verdict,
)
from custom_components.miner_monitor.insight.tuning import TuningMap
from custom_components.miner_monitor.miners.model import (
    MinerSettings,
    MinerState,
    MinerStatus,
    Setting,
)
from custom_components.miner_monitor.model import Moment

from .tuning_world import (
    BLOCK,
    DAY,
    EPOCH,
    SETTLE,
    Course,
    Miner,
    Truth,
    Visits,
    World,
    daily,
    follow,
    key_of,
    rota,
    whims,
)

NEVER = frozenset[int]()


class Diary:
    """A user who stays at settings for so many blocks, and reads the verdicts."""

    def __init__(
        self, *truths: Truth, half_life: float = 30.0, without: tuple[str, ...] = ()
    ) -> None:
        """Begin at noon of some day with an empty map."""
        self._options = InsightOptions(half_life=half_life)
        self.map = TuningMap(self._options)
        self._miner = Miner(Random(3), truths, World(), DAY / 2)
        self._without = without
        self.tuning = Tuning()

    def stay(self, index: int, blocks: int) -> Diary:
        """Stay at a setting for so many blocks."""
        for block, moment in self._miner.stay(index, SETTLE + blocks * BLOCK + 1):
            figures = {
                name: figure
                for name, figure in block.figures.items()
                if name not in self._without
            }
            self.tuning = self.map.add(replace(block, figures=figures), moment)
        return self

    def leave(self, days: float) -> Diary:
        """Switch the miner off for some days."""
        self._miner.now += days * DAY
        return self

    def taking_turns(self, *indices: int, times: int, blocks: int = 24) -> Diary:
        """Stay at each of some settings by turns."""
        for _ in range(times):
            for index in indices:
                self.stay(index, blocks)
        return self

    def says(self, kind: Verdict) -> Judgement:
        """Judge at once, as after a restart."""
        later = TuningMap(self._options)
        later.load(json.loads(json.dumps(self.map.dump())))
        paused = MinerState(status=MinerStatus.PAUSED)
        now = Moment(wall=EPOCH + self._miner.now, monotonic=0.0, day="")
        return later.observe(paused, now, 60, NOTHING_AROUND, False).verdicts[kind]

    def missing(self, kind: Verdict) -> tuple[Missing | None, int, int]:
        """Say what is missing for a verdict."""
        found = self.says(kind)
        return found.missing, found.blocks_missing, found.days_missing


def place(judgement: Judgement) -> int | None:
    """Return which of the settings was named."""
    if judgement.settings is None:
        return None
    named = judgement.settings[Setting.FREQUENCY]
    return next(i for i in range(40) if key_of(i).frequency == named)


WEAK, STRONG = Truth(1.0, 20.0), Truth(1.2, 20.0)


def test_a_single_point_is_no_best() -> None:
    """There is nothing to compare it with."""
    diary = Diary(WEAK).stay(0, 300)

    for kind in Verdict:
        assert diary.missing(kind) == (Missing.POINTS, 0, 0)


def test_twelve_blocks_on_two_days_are_needed() -> None:
    """What is missing is told, of all points that are waited for."""
    diary = Diary(WEAK, STRONG).stay(0, 5).stay(1, 9)
    assert diary.missing(Verdict.HASH_RATE) == (Missing.BLOCKS, 7 + 3, 1)

    diary.stay(0, 7).stay(1, 4)
    assert diary.missing(Verdict.HASH_RATE) == (Missing.DAYS, 0, 1)

    diary.leave(1).stay(1, 12).stay(0, 11)
    assert diary.missing(Verdict.HASH_RATE)[0] in {None, Missing.DIFFERENCE}


def test_what_is_certain_is_named_with_its_least_lead() -> None:
    """A fifth more hash rate at the same power wins in both."""
    diary = Diary(WEAK, STRONG).taking_turns(0, 1, times=10)

    for kind, value in ((Verdict.HASH_RATE, 1.2), (Verdict.EFFICIENCY, 20 / 1.2)):
        found = diary.says(kind)
        assert place(found) == 1
        assert found.missing is None
        assert found.value == pytest.approx(value, rel=0.01)
        assert found.margin is not None
        assert 12 < found.margin < 20


def test_equals_are_never_told_apart() -> None:
    """However long one looks, the answer is that they do not differ."""
    diary = Diary(WEAK, WEAK).taking_turns(0, 1, times=60)

    for kind in (Verdict.HASH_RATE, Verdict.EFFICIENCY, Verdict.STABILITY):
        assert diary.missing(kind) == (Missing.DIFFERENCE, 0, 0)


@pytest.mark.parametrize(
    ("without", "silent"),
    [
        (("power", "efficiency"), {Verdict.EFFICIENCY, Verdict.BALANCED}),
        (("fan_duty_cycle",), {Verdict.QUIET, Verdict.QUIETEST}),
    ],
)
def test_what_no_point_tells_is_not_judged(
    without: tuple[str, ...], silent: set[Verdict]
) -> None:
    """The others are."""
    diary = Diary(WEAK, STRONG, without=without).taking_turns(0, 1, times=10)

    data = {kind for kind in Verdict if diary.missing(kind)[0] is Missing.DATA}

    assert data == silent
    assert place(diary.says(Verdict.HASH_RATE)) == 1


def test_the_steadiest_is_named() -> None:
    """By the deviation of the unsmoothed rate within ten minutes, in %."""
    calm, wild = Truth(1.0, 20.0, noise=0.01), Truth(1.2, 20.0, noise=0.03)
    diary = Diary(calm, wild).taking_turns(0, 1, times=8)

    found = diary.says(Verdict.STABILITY)

    assert place(found) == 0
    assert found.value == pytest.approx(1.0, rel=0.3)


BALANCE = [
    (Truth(1.0, 20.0, noise=0.01), Truth(1.0, 19.8, noise=0.06), 0),
    (Truth(1.0, 20.0, noise=0.01), Truth(1.0, 18.0, noise=0.03), 1),
]


@pytest.mark.parametrize(("calm", "thrifty", "expected"), BALANCE)
def test_a_percent_of_wander_weighs_a_percent_of_energy(
    calm: Truth, thrifty: Truth, expected: int
) -> None:
    """The balanced setting is the best in J/TH times 1 plus the deviation."""
    diary = Diary(calm, thrifty).taking_turns(0, 1, times=20)

    assert place(diary.says(Verdict.BALANCED)) == expected


QUIET = [
    # The strongest is loud: the best of the others wins.
    ((40.0, 50.0, 80.0), 1, None),
    # Only one is quiet: nothing else can be meant.
    ((40.0, 70.0, 80.0), 0, None),
    # None is quiet.
    ((70.0, 70.0, 80.0), None, Missing.POINTS),
    # The better one is so near to quiet that it might be.
    ((40.0, 61.0, 80.0), None, Missing.DIFFERENCE),
]


@pytest.mark.parametrize(("duties", "expected", "missing"), QUIET)
def test_quiet_is_the_most_work_at_sixty_percent_fan(
    duties: tuple[float, float, float], expected: int | None, missing: Missing | None
) -> None:
    """The least fan alone would always be the weakest setting."""
    rates = (1.0, 1.1, 1.2)
    truths = [Truth(r, 20.0, duty=d) for r, d in zip(rates, duties, strict=True)]
    diary = Diary(*truths).taking_turns(0, 1, 2, times=10)

    found = diary.says(Verdict.QUIET)

    assert place(found) == expected
    assert found.missing is missing


@pytest.mark.parametrize(
    ("duties", "expected"),
    [((70.0, 55.0, 80.0), 1), ((55.0, 55.6, 80.0), 1), ((55.0, 65.0, 80.0), 0)],
    ids=["the least", "as quiet, and faster", "less quiet"],
)
def test_the_quietest_is_the_least_fan_that_hashes(
    duties: tuple[float, float, float], expected: int
) -> None:
    """Of those that nobody can tell apart by ear it is the fastest."""
    rates = (1.0, 1.1, 1.2)
    truths = [Truth(r, 20.0, duty=d) for r, d in zip(rates, duties, strict=True)]
    diary = Diary(*truths).taking_turns(0, 1, 2, times=3)

    found = diary.says(Verdict.QUIETEST)

    assert place(found) == expected
    assert found.value == pytest.approx(duties[expected], abs=3)


def test_the_quietest_needs_time_as_others_do() -> None:
    """Ten minutes at a setting say nothing of its fan."""
    diary = Diary(Truth(1.0, 20.0, duty=40), Truth(1.1, 20.0, duty=50))

    diary.stay(0, 5)
    assert diary.missing(Verdict.QUIETEST)[0] is Missing.POINTS
    diary.stay(1, 2)
    assert diary.missing(Verdict.QUIETEST) == (Missing.BLOCKS, 7 + 10, 1)
    assert (
        Diary(*[Truth(1.0, 20.0)] * 2, without=("fan_duty_cycle",))
        .stay(0, 2)
        .says(Verdict.QUIETEST)
        .missing
        is Missing.DATA
    )


NEARLY = Truth(1.19, 20.0)
TRIALS = [
    # (blocks at the newcomer, days after which it still holds up, and no more)
    (3, 2.5, 3.5),
    (20, 13, 15),
]


@pytest.mark.parametrize(("blocks", "holds", "given_up"), TRIALS)
def test_a_point_that_is_tried_holds_verdicts_up_for_a_while(
    blocks: int, holds: float, given_up: float
) -> None:
    """It may turn out to be the best; but not for ever."""
    diary = Diary(WEAK, STRONG, NEARLY).taking_turns(0, 1, times=10)
    assert place(diary.says(Verdict.HASH_RATE)) == 1

    # From 4 in the morning, so that it is seen on one day only.
    diary.leave(16 / 24).stay(2, blocks).stay(1, 6)
    found = diary.says(Verdict.HASH_RATE)
    assert found.missing in {Missing.BLOCKS, Missing.DAYS}
    assert found.blocks_missing == max(0, 12 - blocks)
    assert found.days_missing == 1

    diary.leave(holds - 1 / 24).stay(1, 6)
    assert place(diary.says(Verdict.HASH_RATE)) is None
    diary.leave(given_up - holds).stay(1, 6)
    assert place(diary.says(Verdict.HASH_RATE)) == 1


def test_a_point_that_is_certainly_worse_holds_nothing_up() -> None:
    """Nobody has to try it for two days."""
    diary = Diary(WEAK, STRONG, Truth(0.6, 20.0)).taking_turns(0, 1, times=10)

    diary.stay(2, 6).stay(1, 6)

    assert place(diary.says(Verdict.HASH_RATE)) == 1


def test_what_was_long_ago_is_no_rival_any_more() -> None:
    """After many half-lives a point has to be tried again."""
    diary = Diary(WEAK, STRONG, half_life=2).taking_turns(0, 1, times=10)
    assert place(diary.says(Verdict.HASH_RATE)) == 1

    diary.leave(40).stay(1, 60)

    missing, blocks, _ = diary.missing(Verdict.HASH_RATE)
    assert missing is Missing.BLOCKS
    assert blocks == 12


def test_a_restart_changes_no_verdict() -> None:
    """A map that is stored and read back every day judges as if it never was."""
    truths = (WEAK, Truth(1.1, 20.0), STRONG)
    through, broken = Diary(*truths), Diary(*truths)
    for turn in range(20):
        for diary in (through, broken):
            diary.stay(turn % 3, 40)
        stored = json.loads(json.dumps(broken.map.dump()))
        broken.map = TuningMap()
        broken.map.load(stored)

        for kind in Verdict:
            one, other = through.says(kind), broken.says(kind)
            assert one.settings == other.settings
            assert one.missing == other.missing
            assert one.margin == pytest.approx(other.margin, abs=0.1)


# What has to be shown of the statistics.

SETTINGS = [
    Truth(1.00, 17.0),
    Truth(1.02, 17.6),
    Truth(1.05, 18.6),
    Truth(0.97, 16.8),
    Truth(1.08, 19.6),
]
BEST = ((Verdict.EFFICIENCY, 0), (Verdict.HASH_RATE, 4))
ALL_EQUAL = [Truth(1.0, 17.0)] * 4
TWO_EQUAL = [Truth(1.0, 17.0)] * 2 + [Truth(0.96, 17.0)] * 2
ONE_BETTER = [Truth(1.0, 17.0)] * 4 + [Truth(1.03, 17.0)]

MANNERS: dict[str, Callable[[Random, int], Visits]] = {
    "every few hours": partial(rota, least=2, most=6),
    "as one likes": partial(whims, least=1, most=8),
    "once a day": daily,
}
NOISE = [0.01, 0.02, 0.03, 0.04]
MEMORY = [15.0, 60.0, 120.0]

CAMPAIGN = (pytest.mark.campaign, pytest.mark.timeout(1800))
FEW, MANY = range(2), range(100)
SEEDS = pytest.mark.parametrize(
    "seeds", [FEW, pytest.param(MANY, marks=CAMPAIGN)], ids=len
)
MANNER = pytest.mark.parametrize("manner", MANNERS.values(), ids=MANNERS)


def courses(
    seeds: Sequence[int],
    days: float,
    truths: Sequence[Sequence[Truth]],
    manner: Callable[[Random, int], Visits],
) -> list[dict[Verdict, Course]]:
    """Let a map follow many users, each with a miner and a room of another kind."""
    found = []
    for seed in seeds:
        noise = NOISE[seed % len(NOISE)]
        world = World(
            memory=MEMORY[seed % len(MEMORY)],
            swing=3.0 + seed % 3,
            weather=seed % 2 * 1.0,
            warmth=0.001 + 0.001 * (seed % 3),
            sensor=seed % 5 == 0,
        )
        choice = truths[seed % len(truths)]
        noisy = [replace(truth, noise=noise) for truth in choice]
        found.append(follow(seed, days, noisy, manner, world))
    return found


@SEEDS
@MANNER
def test_the_true_best_is_named_within_thirty_days(
    manner: Callable[[Random, int], Visits], seeds: Sequence[int]
) -> None:
    """In at least 95 of 100 runs, though it leads by 1.5 and 3 % only."""
    found = courses(seeds, 30, [SETTINGS], manner)

    for kind, best in BEST:
        named = sum(place(run[kind].last) == best for run in found)
        wrong = sum(run[kind].wrong(frozenset({best})) for run in found)
        assert named >= 0.95 * len(seeds), kind
        assert wrong <= 0.05 * len(seeds), kind


@SEEDS
@MANNER
def test_of_equals_none_is_named_within_thirty_days(
    manner: Callable[[Random, int], Visits], seeds: Sequence[int]
) -> None:
    """A false best in at most 5 of 100 runs, at any of its 720 looks."""
    found = courses(seeds, 30, [ALL_EQUAL, TWO_EQUAL], manner)

    for kind in (Verdict.EFFICIENCY, Verdict.HASH_RATE):
        wrong = sum(run[kind].wrong(NEVER) for run in found)
        assert wrong <= 0.05 * len(seeds), kind


@pytest.mark.parametrize(
    "seeds", [range(6), pytest.param(MANY, marks=CAMPAIGN)], ids=len
)
def test_three_percent_are_found_within_five_days(seeds: Sequence[int]) -> None:
    """Not yet for ever is no answer."""
    manner = partial(rota, least=2, most=6)
    found = courses(seeds, 5, [ONE_BETTER], manner)

    for kind in (Verdict.EFFICIENCY, Verdict.HASH_RATE):
        named = sum(run[kind].found(4, 5.0) for run in found)
        assert named >= 0.95 * len(seeds), kind


# Defects of tools that went before.


def feed(
    tuning_map: TuningMap,
    now: float,
    frequency: float,
    rates: Sequence[float],
    power: float,
) -> tuple[float, Tuning]:
    """Poll a miner once a minute; return when it ended and what the map says."""
    tuning = Tuning()
    settings = MinerSettings(frequency=frequency, core_voltage=1.2)
    for rate in rates:
        now += 60
        state = MinerState(
            status=MinerStatus.HASHING,
            hash_rate_now=rate,
            power=power,
            settings=settings,
        )
        moment = Moment(wall=1.79e9 + now, monotonic=now, day=str(int(now // DAY)))
        tuning = tuning_map.observe(state, moment, 60, NOTHING_AROUND, False)
    return now, tuning


LUCKY = [1.36, 1.29, 2.003, 1.31, 1.477]
"""Five samples at 678 MHz: 1.488 TH/s on average, 0.29 the deviation, one of 2.003."""


def test_defect_1_the_luckiest_sample_is_no_best_setting() -> None:
    """678 MHz gave 2.003 TH/s and 10.6 J/TH once, but 1.488 and 14.2 on average."""
    rng, tuning_map, now = Random(8), TuningMap(), 0.0
    usual = [1.6 * rng.gauss(1, 0.1) for _ in range(240)]
    for _ in range(6):
        now, _ = feed(tuning_map, now, 640.0, usual, 22.5)
        now, tuning = feed(tuning_map, now, 678.0, LUCKY, 21.2)
        now, tuning = feed(tuning_map, now, 620.0, [1.55] * 240, 22.8)
        named = [found.settings for found in tuning.verdicts.values()]
        assert {Setting.FREQUENCY: 678.0, Setting.CORE_VOLTAGE: 1.2} not in named
        assert 678.0 not in {p.settings[Setting.FREQUENCY] for p in tuning.points}
    assert max(LUCKY) > 1.2 * 1.6

    for _ in range(12):
        now, _ = feed(tuning_map, now, 640.0, usual, 22.5)
        now, tuning = feed(tuning_map, now, 678.0, LUCKY * 48, 21.2)
    (point,) = (p for p in tuning.points if p.settings[Setting.FREQUENCY] == 678.0)
    assert point.figures["hash_rate"].mean == pytest.approx(1.488, rel=0.03)
    assert point.figures["efficiency"].mean == pytest.approx(21.2 / 1.488, rel=0.03)
    best = tuning.verdicts[Verdict.HASH_RATE]
    assert best.settings == {Setting.FREQUENCY: 640.0, Setting.CORE_VOLTAGE: 1.2}


FIVE = [Truth(1.02**step, 17.0, noise=0.1) for step in range(5)]
"""Settings that are 2 % apart, at a tenth of noise in each sample."""


@pytest.mark.parametrize(
    "seeds", [FEW, pytest.param(range(50), marks=CAMPAIGN)], ids=len
)
def test_defect_2_nothing_is_said_until_it_is_certain_and_then_it_is_right(
    seeds: Sequence[int],
) -> None:
    """The best single sample is wrong in every other case, and never says so."""
    looks: list[Course] = []
    for seed in seeds:
        # 20 samples of each, then 60, then 360: none of them is enough.
        short = follow(
            seed, 5 * 23 / 1440, FIVE, partial(rota, least=0.4, most=0.4), World()
        )
        assert all(course.last.settings is None for course in short.values())
        world = World(memory=5.0)
        manner = partial(rota, least=6, most=6)
        looks.append(follow(seed, 30, FIVE, manner, world)[Verdict.HASH_RATE])

    right = sum(place(course.last) == 4 for course in looks)
    wrong = sum(course.wrong(frozenset({4})) for course in looks)
    assert right >= 0.95 * len(seeds)
    assert wrong <= 0.05 * len(seeds)
