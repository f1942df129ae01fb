"""A miner that finds nothing is found out, and bad luck is not taken for it.

A miner of R TH/s at difficulty D finds shares at random, one in D * 2**32 / R on the
average. The polls of the long runs carry only what is read of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
import math
import random

import pytest

from custom_components.miner_monitor.insight.shares import ShareWatch
from custom_components.miner_monitor.miners.model import MinerState, MinerStatus
from custom_components.miner_monitor.model import Moment

from .booting import verdict_of

YEAR = 31_557_600.0
DIFFICULTIES = [2**power for power in range(8, 17)]
RATES = [1.2, 2.0, 4.8, 9.6, 37.0, 100.0]


def mean_gap(rate: float, difficulty: float) -> float:
    """Seconds between two shares at so many TH/s."""
    return difficulty * 2**32 / (rate * 1e12)


def rule(rate: float, difficulty: float) -> float:
    """Seconds without a share that make a miner stalled."""
    return max(600.0, 20 * mean_gap(rate, difficulty))


STATE = MinerState(
    status=MinerStatus.HASHING,
    hash_rate=1.2,
    hash_rate_now=1.2,
    pool="pool.example:3333",
    pool_connected=True,
    pool_difficulty=1000.0,
    shares_accepted=0,
    shares_rejected=0,
)


class Bench:
    """Feeds a ShareWatch with polls at a steady interval."""

    def __init__(self, interval: float = 15.0, expected: float | None = 1.2) -> None:
        self.watch = ShareWatch()
        self.interval, self.expected = interval, expected
        self.now = 0.0
        self.accepted = 0

    def poll(
        self, found: int = 0, *, restarted: bool = False, **change: object
    ) -> bool | None:
        """Let an interval pass; the miner found so many shares in it."""
        self.now += self.interval
        self.accepted = found if restarted else self.accepted + found
        told = {"shares_accepted": self.accepted, **change}
        moment = Moment(wall=1.8e9 + self.now, monotonic=self.now, day="2026-01-01")
        return self.watch.observe(
            replace(STATE, **told),
            moment,
            self.interval,
            self.expected,
            None,
            verdict_of(restarted),
        ).stalled

    def until_stalled(self, longest: float = 20_000, **change: object) -> float:
        """Return after how long it is found out; so long if it is not."""
        begin = self.now
        while self.now < begin + longest:
            if self.poll(**change):
                return self.now - begin
        return math.inf


# 1.2 TH/s at difficulty 1000: 3.6 s between two shares; at 30,000: 107 s.
HARD = {"pool_difficulty": 30_000.0}
HARD_RULE = rule(1.2, 30_000)


@pytest.mark.parametrize(
    ("expected", "change", "after"),
    [
        (1.2, {}, 600),
        (1.2, HARD, HARD_RULE),
        (None, HARD, HARD_RULE),
        (2.4, {**HARD, "hash_rate_now": 2.2}, HARD_RULE / 2),
        (None, {**HARD, "hash_rate": 2.4}, HARD_RULE),
        (1.2, {"shares_accepted": None, "shares_rejected": None}, math.inf),
        (1.2, {"pool_connected": False}, math.inf),
        (1.2, {"pool_connected": None}, 600),
        (1.2, {"status": MinerStatus.PAUSED}, math.inf),
        (1.2, {"pool": None}, 600),
        (1.2, {"pool_difficulty": None}, math.inf),
        (None, {"hash_rate": None, "hash_rate_now": None}, math.inf),
    ],
    ids=[
        "ten minutes at the least",
        "twenty mean gaps",
        "by the real rate",
        "by the expected rate",
        "by the rate before the silence",
        "shares not told",
        "pool lost",
        "pool's connection not told",
        "paused",
        "pool not told",
        "difficulty not told",
        "rate not known",
    ],
)
def test_rule(expected: float | None, change: dict[str, object], after: float) -> None:
    """How long a miner may find nothing after a share was seen."""
    bench = Bench(expected=expected)
    bench.poll(**change)
    bench.poll(1, **change)

    found = bench.until_stalled(**change)

    assert found == math.inf if after == math.inf else after <= found < after + 15


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, False),
        ({"shares_accepted": None, "shares_rejected": None}, None),
        ({"shares_rejected": None}, False),
        ({"pool_difficulty": None}, None),
        ({"pool_difficulty": None, "status": MinerStatus.PAUSED}, False),
        ({"pool_connected": False}, False),
    ],
)
def test_no_basis_no_verdict(change: dict[str, object], verdict: bool | None) -> None:
    """Unknown is not the same as well."""
    assert Bench().poll(**change) is verdict


def silent(bench: Bench, seconds: float, **change: object) -> list[bool | None]:
    return [bench.poll(**change) for _ in range(int(seconds / bench.interval))]


def away(bench: Bench) -> None:
    bench.watch.absent()
    bench.now += 3600


def away_shortly(bench: Bench) -> None:
    bench.watch.absent()
    bench.now += 30


def counter_falls(bench: Bench) -> None:
    """Its counters are cleared without a boot."""
    bench.accepted = 0
    bench.poll()


def unanswered(bench: Bench) -> None:
    """Two polls without an answer, which is not yet an absence."""
    bench.now += 30


BREAKS: list[tuple[str, Callable[[Bench], object], float]] = [
    ("a share", lambda bench: bench.poll(1), 600),
    ("a rejected share", lambda bench: bench.poll(shares_rejected=1), 600),
    ("a boot", lambda bench: bench.poll(restarted=True), 600),
    ("another pool", lambda bench: bench.poll(pool="other.example:3333"), 600),
    ("a pause", lambda bench: bench.poll(status=MinerStatus.PAUSED), 615),
    ("the pool lost", lambda bench: bench.poll(pool_connected=False), 615),
    ("pool not told", lambda bench: bench.poll(pool=None), 85),
    ("nothing", lambda _: None, 100),
    ("away", away, 115),
    ("away shortly", away_shortly, 115),
    ("the counter fell", counter_falls, 600),
    ("two lost polls", unanswered, 70),
]


@pytest.mark.parametrize(
    ("name", "happens", "left"), BREAKS, ids=[row[0] for row in BREAKS]
)
def test_what_begins_the_wait_anew(
    name: str, happens: Callable[[Bench], object], left: float
) -> None:
    """After 500 s of silence something happens, then silence again."""
    bench = Bench()
    bench.poll()
    bench.poll(1)
    assert not any(silent(bench, 500))
    happens(bench)
    rest: dict[str, object] = {}
    if name == "a rejected share":
        rest = {"shares_rejected": 1}
    elif name == "another pool":
        rest = {"pool": "other.example:3333"}

    assert left <= bench.until_stalled(**rest) < left + 30


def test_it_ends_with_a_share() -> None:
    """A stalled miner that finds one is well again."""
    bench = Bench()
    bench.poll()
    silent(bench, 900)
    assert bench.poll() is True

    assert bench.poll(1) is False
    assert bench.until_stalled() == 600


@pytest.mark.parametrize("before", [30_000.0, 100.0])
def test_the_highest_difficulty_of_the_silence_counts(before: float) -> None:
    """Whether it was raised or lowered meanwhile."""
    bench = Bench()
    bench.poll(pool_difficulty=before)
    bench.poll(1, pool_difficulty=before)
    silent(bench, 300, pool_difficulty=30_000.0)
    found = bench.until_stalled(pool_difficulty=100.0)

    assert HARD_RULE <= found + 300 < HARD_RULE + 15


def test_a_higher_difficulty_that_is_over_does_not_count() -> None:
    """The next share ends its effect."""
    bench = Bench()
    bench.poll(pool_difficulty=1e9)
    bench.poll(1)

    assert bench.until_stalled() == 600


def test_gaps_tell_where_the_difficulty_does_not() -> None:
    """After twenty shares of the session, and not of the one before."""
    bench = Bench(interval=50.0)
    unknown = {"pool_difficulty": None}
    for _ in range(19):
        bench.poll(1, **unknown)
    assert bench.poll(**unknown) is None
    for _ in range(10):
        bench.poll(1, **unknown)
    assert bench.poll(**unknown) is False
    assert 1000 <= bench.until_stalled(**unknown) + 50 <= 1200

    assert bench.poll(1, restarted=True, **unknown) is None
    assert bench.until_stalled(**unknown) == math.inf


def test_shares_of_an_absence_do_not_shorten_the_gaps() -> None:
    """What came while nobody looked has no time that it took."""
    bench = Bench(interval=50.0)
    unknown = {"pool_difficulty": None}
    for _ in range(40):
        bench.poll(1, **unknown)
    away(bench)
    bench.poll(500, **unknown)

    assert bench.until_stalled(**unknown) >= 1000


def test_a_miner_that_does_little_has_longer_gaps() -> None:
    """Half of the boards dead: its shares are rare, and it is not stalled."""
    half = {**HARD, "hash_rate_now": 0.6}
    bench = Bench()
    for poll in range(1, 301):
        bench.poll(poll % 15 == 0, **half)

    assert 2 * HARD_RULE <= bench.until_stalled(**half) < 2 * HARD_RULE + 15


def test_a_rate_that_falls_in_the_silence_hides_nothing() -> None:
    """Some firmware computes its rate from the shares that it finds."""
    bench = Bench(expected=None)
    for poll in range(1, 161):
        bench.poll(poll % 8 == 0, **HARD)

    found = bench.until_stalled(**HARD, hash_rate=0.01, hash_rate_now=0.01)
    assert HARD_RULE <= found < HARD_RULE + 15


@dataclass(slots=True)
class Seen:
    """What ShareWatch reads of a poll."""

    hash_rate: float
    pool_difficulty: float | None
    shares_accepted: int = 0
    shares_rejected: int = 0
    hashing: bool = True
    pool: str = "a"
    pool_connected: bool = True
    uptime: float | None = None
    best_difficulty: float | None = None
    reject_reasons: tuple[tuple[str, int], ...] = ()

    @property
    def hash_rate_now(self) -> float:
        return self.hash_rate


class Miner:
    """Finds shares at random; the pool moves its difficulty, and it restarts."""

    def __init__(self, seed: int, interval: float) -> None:
        self.chance = random.Random(seed)
        self.watch = ShareWatch()
        self.interval = interval
        self.now = 0.0
        self.rate = self.chance.choice(RATES)
        self.seen = Seen(self.rate, self.chance.choice(DIFFICULTIES))
        self.dead = False
        self._next = self._gap()

    def _gap(self) -> float:
        mean = mean_gap(self.rate, self.seen.pool_difficulty)
        return self.chance.expovariate(1 / mean)

    def _find(self, seconds: float) -> int:
        """Return how many shares come in this time."""
        expected = seconds / mean_gap(self.rate, self.seen.pool_difficulty)
        if expected > 40:
            return int(expected)
        count, left = 0, seconds
        while self._next <= left:
            left -= self._next
            count += 1
            self._next = self._gap()
        self._next -= left
        return count

    def change(self) -> bool:
        """Let something happen between two polls; tell whether it was a boot."""
        event = self.chance.randrange(10)
        seen, before = self.seen, self.seen.pool_difficulty
        if event == 0:
            seen.shares_accepted = seen.shares_rejected = 0
        elif event == 1:
            seen.pool = "b" if seen.pool == "a" else "a"
        if event < 8:
            seen.pool_difficulty = self.chance.choice(DIFFICULTIES)
            # The share that is awaited needs as many times the work.
            self._next *= seen.pool_difficulty / before
        elif event == 8:
            self.watch.absent()
            gone = self.chance.uniform(60, 7200)
            self.now += gone
            seen.shares_accepted += self._find(gone)
        else:
            seen.hashing = not seen.hashing
        return event == 0

    def poll(self, *, restarted: bool = False) -> bool | None:
        """Let an interval pass."""
        self.now += self.interval
        if self.seen.hashing and not self.dead:
            if (found := self._find(self.interval)) and self.chance.random() < 0.01:
                self.seen.shares_rejected += found
            else:
                self.seen.shares_accepted += found
        moment = Moment(wall=self.now, monotonic=self.now, day="2026-01-01")
        shares = self.watch.observe(
            self.seen, moment, self.interval, self.rate, None, verdict_of(restarted)
        )
        return shares.stalled

    def run(self, seconds: float, changes_every: float) -> Iterator[bool | None]:
        end = self.now + seconds
        chance = self.interval / changes_every
        while self.now < end:
            happens = self.chance.random() < chance
            yield self.poll(restarted=happens and self.change())


@pytest.mark.parametrize("seed", range(100))
def test_found_within_its_rule_and_a_poll(seed: int) -> None:
    """Counted from the poll that showed the last share, at changing difficulties."""
    chance = random.Random(1000 + seed)
    miner = Miner(seed, interval=chance.choice([5.0, 15.0, 30.0, 60.0]))
    assert True not in set(miner.run(chance.uniform(0, 7200), changes_every=900))
    miner.seen.hashing = True
    miner.poll()
    while True:
        shares = miner.seen.shares_accepted + miner.seen.shares_rejected
        stalled = miner.poll()
        if shares != miner.seen.shares_accepted + miner.seen.shares_rejected:
            break
    assert stalled is False
    miner.dead = True
    begin, seen = miner.now, miner.seen
    highest = seen.pool_difficulty
    if chance.random() < 0.3:
        miner.poll()
        seen.pool_difficulty = chance.choice(DIFFICULTIES)
        highest = max(highest, seen.pool_difficulty)

    while not miner.poll():
        assert miner.now < begin + 10_000

    allowed = rule(miner.rate, highest)
    assert allowed <= miner.now - begin <= allowed + miner.interval


def test_false_alarms_of_twenty_years_by_computation() -> None:
    """Less than one in twenty periods of so many years sees a single one.

    Gaps are exponential, so that one of t comes with exp(-t / mean); the silence is
    taken from the watch itself, for each rate and difficulty.
    """
    worst = 0.0
    for rate in [*RATES, 1.5, 3.0, 6.0, 9.4]:
        for difficulty in DIFFICULTIES:
            bench = Bench(interval=5.0, expected=rate)
            told = {"pool_difficulty": difficulty, "hash_rate_now": rate}
            bench.poll(**told)
            bench.poll(1, **told)
            allowed = bench.until_stalled(**told)
            assert rule(rate, difficulty) <= allowed < rule(rate, difficulty) + 5
            mean = mean_gap(rate, difficulty)
            worst = max(worst, 20 * YEAR / mean * math.exp(-allowed / mean))

    assert 0.01 < worst < 0.05


@pytest.mark.parametrize("seed", range(20))
def test_long_gaps_of_a_year_raise_no_alarm(seed: int) -> None:
    """All gaps of at least 40 % of the rule that a year brings; shorter ones cannot.

    Such gaps come at random themselves, and what is left of one is as long as any.
    """
    chance = random.Random(seed)
    driven = 0
    for _ in range(200):
        rate, difficulty = chance.choice(RATES), chance.choice(DIFFICULTIES)
        mean, least = mean_gap(rate, difficulty), 0.4 * rule(rate, difficulty)
        often = math.exp(-least / mean) / mean * YEAR / 200
        for _ in range(_poisson(chance, often)):
            bench = Bench(chance.choice([15.0, 30.0, 60.0]), rate)
            told = {"pool_difficulty": difficulty, "hash_rate_now": rate}
            bench.poll(**told)
            bench.poll(1, **told)
            gap = least + chance.expovariate(1 / mean)
            lowered = chance.uniform(0, 2 * gap)
            while bench.now < gap + 2 * bench.interval:
                if bench.now > lowered:
                    told["pool_difficulty"] = 256.0
                assert bench.poll(**told) is False
            driven += 1

    assert driven > 5


def _poisson(chance: random.Random, mean: float) -> int:
    count, left = 0, chance.expovariate(1)
    while left < mean:
        count += 1
        left += chance.expovariate(1)
    return count


@pytest.mark.parametrize("seed", range(3))
def test_no_false_alarm_in_a_month(seed: int) -> None:
    """Every poll of it, with boots, pauses, pools and difficulties that change."""
    miner = Miner(seed, interval=60.0)
    verdicts = set(miner.run(YEAR / 12, changes_every=4 * 3600))

    assert verdicts == {False}


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(20))
def test_no_false_alarm_in_twenty_years(seed: int) -> None:
    """A year each, every poll of it."""
    miner = Miner(100 + seed, interval=60.0)

    assert True not in miner.run(YEAR, changes_every=8 * 3600)
