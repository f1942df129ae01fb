"""Shares are counted exactly, and judged with the certainty that their number gives."""

from dataclasses import replace
import json
import math
import random

import pytest

from custom_components.miner_monitor.insight.health import LEAST_REJECTED
from custom_components.miner_monitor.insight.model import Shares
from custom_components.miner_monitor.insight.shares import (
    ShareWatch,
    ShareWindow,
    lower_bound,
)
from custom_components.miner_monitor.miners.model import MinerState, MinerStatus
from custom_components.miner_monitor.miners.restarts import RestartDetector
from custom_components.miner_monitor.model import Moment

from .booting import RESTARTED, CountedBoots

WALL = 1.8e9
STATE = MinerState(
    status=MinerStatus.HASHING,
    hash_rate=1.2,
    hash_rate_now=1.2,
    pool="pool.example:3333",
    pool_difficulty=1000.0,
)


class Bench:
    """Feeds a ShareWatch with polls at chosen seconds."""

    def __init__(self) -> None:
        self.watch = ShareWatch()
        self.boots = RestartDetector()

    def poll(
        self,
        now: float,
        accepted: int | None,
        rejected: int | None = 0,
        reasons: tuple[tuple[str, int], ...] = (),
        *,
        restarted: bool = False,
        state: MinerState = STATE,
        network: float | None = None,
    ) -> Shares:
        seen = replace(
            state,
            shares_accepted=accepted,
            shares_rejected=rejected,
            reject_reasons=reasons,
        )
        moment = Moment(wall=WALL + now, monotonic=now, day="2026-01-01")
        boot = RESTARTED
        if not restarted:
            boot = self.boots.observe(state.uptime, moment.wall, moment.monotonic)
        return self.watch.observe(seen, moment, 15.0, None, network, boot)

    @property
    def delta(self) -> tuple[int, int]:
        return self.watch.accepted.delta, self.watch.rejected.delta


@pytest.mark.parametrize(
    ("polls", "deltas"),
    [
        ([(100, 3), (100, 3)], [(0, 0), (0, 0)]),
        ([(100, 3), (107, 4)], [(0, 0), (7, 1)]),
        ([(100, 3), (None, None), (107, 4)], [(0, 0), (0, 0), (7, 1)]),
        ([(None, None), (100, 3), (101, 3)], [(0, 0), (0, 0), (1, 0)]),
        ([(100, 3), (4, 0, "boot"), (6, 1)], [(0, 0), (4, 0), (2, 1)]),
        ([(100, 3), (400, 5, "boot")], [(0, 0), (400, 5)]),
        ([(100, 3), (None, None, "boot"), (5, 1)], [(0, 0), (0, 0), (5, 1)]),
        ([(100, 3), (4, 0), (6, 0)], [(0, 0), (0, 0), (2, 0)]),
        ([(100, 3), (4, 0), (6, 0, "boot")], [(0, 0), (0, 0), (6, 0)]),
        ([(100, 3), (10**17, 3), (10**17 + 5, 3)], [(0, 0), (0, 0), (5, 0)]),
        ([(0, 0), (1, 0)], [(0, 0), (1, 0)]),
    ],
    ids=[
        "nothing new",
        "new ones",
        "not told once",
        "told late",
        "after a boot all were found since",
        "more after a long absence and a boot than before",
        "not told at the boot",
        "fell without a boot",
        "fell before the boot was seen",
        "no number of shares",
        "from zero",
    ],
)
def test_increments(
    polls: list[tuple[int | None, int | None] | tuple[int, int, str]],
    deltas: list[tuple[int, int]],
) -> None:
    """What each poll adds to accepted and rejected shares."""
    bench = Bench()
    seen = []
    for number, (accepted, rejected, *boot) in enumerate(polls):
        bench.poll(1800 * number, accepted, rejected, restarted=bool(boot))
        seen.append(bench.delta)

    assert seen == deltas


def test_shares_of_an_absence_count() -> None:
    """The counter tells what came meanwhile, but not that it was in the last hour."""
    bench = Bench()
    bench.poll(0, 100)
    assert bench.watch.absent() == Shares()
    assert bench.delta == (0, 0)

    assert bench.poll(1800, 160).accepted == 60
    assert bench.delta == (60, 0)
    bench.watch.absent()
    shares = bench.poll(9000, 400)
    assert bench.delta == (240, 0)
    assert shares.accepted == 0
    assert shares.reject_rate is None


def dumped(bench: Bench) -> Bench:
    """Go through a restart of ours; the monotonic clock begins anew at will."""
    again = Bench()
    again.watch.load(json.loads(json.dumps(bench.watch.dump())))
    again.boots.load(json.loads(json.dumps(bench.boots.dump())))
    return again


@pytest.mark.parametrize(
    ("uptime", "accepted", "passed", "delta"),
    [
        (5600, 160, 600, 60),
        (5600 + 20, 160, 600, 60),
        (5000 + 86_400, 9_000, 86_400, 8_900),
        (300, 12, 600, 12),
        (590, 30, 600, 30),
        (5600, 90, 600, 0),
        (7000, 160, 600, 0),
        (None, 160, 600, 0),
        (5600, 160, -600, 0),
        (5600, None, 600, 0),
    ],
    ids=[
        "same session",
        "same session, jitter",
        "same session a day later",
        "a session that began since",
        "a session that began right after the last look",
        "same session, counter fell",
        "cannot be the same session",
        "uptime not told",
        "clock was set back",
        "not told",
    ],
)
def test_what_came_while_we_were_down(
    uptime: float | None, accepted: int | None, passed: float, delta: int
) -> None:
    """It counts when it is proved; otherwise the first value is a bearing."""
    bench = Bench()
    bench.poll(7, 100, state=replace(STATE, uptime=5000))
    bench = dumped(bench)

    bench.poll(7 + passed, accepted, state=replace(STATE, uptime=uptime))
    counted = bench.delta[0]
    # A restart is certain with the poll after the one that shows it.
    later = None if uptime is None else uptime + 15
    more = None if accepted is None else accepted + 5
    bench.poll(22 + passed, more, state=replace(STATE, uptime=later))

    assert counted + bench.delta[0] == delta + (0 if accepted is None else 5)


@pytest.mark.parametrize(
    ("passed", "shown"),
    [
        (60, (90, 10)),
        (3600 - 240, (60, 10)),
        (3600, (0, 0)),
        (86_400, (0, 0)),
        (-600, (0, 0)),
    ],
)
def test_the_last_hour_goes_on_after_a_restart(
    passed: float, shown: tuple[int, int]
) -> None:
    """What is certain of rejected shares is so still, until it is an hour old."""
    bench = Bench()
    for minute, (accepted, rejected) in enumerate([(0, 0), (30, 0), (60, 5), (90, 10)]):
        shares = bench.poll(60 * minute * 2, accepted, rejected)
    assert shares.lower_bound is not None
    assert shares.lower_bound > 3
    bench = dumped(bench)
    assert json.dumps(bench.watch.dump()) == json.dumps(dumped(bench).watch.dump())

    again = bench.poll(360 + passed, 90, 10)
    assert (again.accepted, again.rejected) == shown
    if passed == 60:
        assert again.lower_bound == shares.lower_bound


@pytest.mark.parametrize(
    "data",
    [
        None,
        7,
        [],
        {},
        {"accepted": 5, "rejected": 1},
        {"wall": WALL, "accepted": -5, "uptime": "x"},
        {"wall": float("nan"), "accepted": 10**400, "uptime": 1},
        {"wall": True, "accepted": [1], "rejected": {}},
        {"wall": 10**400, "accepted": 1, "rejected": 1, "uptime": 1},
        {"wall": WALL, "recent": [[-1, 5, 5], [1], "x", {"ago": 1}, [1, 2, None]]},
        {"recent": [[0, 9, 9]]},
        {"wall": WALL, "recent": [[0, 9, 9]] * 1000},
    ],
)
def test_damaged_store(data: object) -> None:
    """It proves nothing."""
    bench = Bench()
    bench.watch.load(data)

    bench.poll(0, 100, 5, state=replace(STATE, uptime=5000))
    assert bench.delta == (0, 0)
    bench.poll(15, 101, 6, state=replace(STATE, uptime=5015))
    assert bench.delta == (1, 1)
    assert (bench.watch.accepted.total, bench.watch.rejected.total) == (1, 1)


def test_stored_small() -> None:
    """Shares and luck together have 2 KiB."""
    bench = Bench()
    for minute in range(100):
        polled = 10**17 + 30 * minute
        uptime = 10**12 + 60 * minute
        bench.poll(60 * minute, polled, polled, state=replace(STATE, uptime=uptime))

    assert len(json.dumps(bench.watch.dump())) < 1536


def test_rate_of_the_last_hour() -> None:
    """What is older than an hour is forgotten by the minute."""
    bench = Bench()
    assert bench.poll(0, 0, 0).reject_rate is None
    accepted = rejected = 0
    for now in range(60, 7201, 60):
        accepted += 10
        rejected += 1 if now <= 3600 else 0
        shares = bench.poll(now, accepted, rejected, (("Stale", rejected),))
        if now == 3540:
            assert (shares.accepted, shares.rejected) == (590, 59)
            assert shares.reject_rate == pytest.approx(100 * 59 / 649)
            assert shares.reasons == {"Stale": 59}
        if now == 5400:
            assert (shares.accepted, shares.rejected) == (600, 30)
    assert (shares.accepted, shares.rejected) == (600, 0)
    assert (shares.reject_rate, shares.lower_bound) == (0.0, 0.0)
    assert shares.reasons == {}

    shares = bench.poll(7200 + 3660, accepted, rejected)
    assert shares.reject_rate is None
    assert shares.lower_bound is None


def test_reasons() -> None:
    """Counted from the bearing on, the most frequent first, from zero after a boot."""
    bench = Bench()
    bench.poll(0, 100, 5, (("Stale", 3), ("Low", 2)))
    shares = bench.poll(15, 110, 10, (("Stale", 4), ("Low", 5), ("Other", 1)))
    assert list(shares.reasons.items()) == [("Low", 3), ("Stale", 1), ("Other", 1)]

    shares = bench.poll(30, 10, 3, (("Stale", 3),), restarted=True)
    assert list(shares.reasons.items()) == [("Stale", 4), ("Low", 3), ("Other", 1)]


def test_a_flood_of_reasons_is_bounded() -> None:
    """A device that makes up a reason each time fills no memory."""
    window = ShareWindow()
    for number in range(5000):
        window.pass_time(number // 100)
        window.add(number // 100, 0, 1, {f"reason {number}": 1})

    assert window.counts == (0, 5000)
    assert len(window.reasons) == 16
    window.pass_time(200)
    assert window.reasons == {}
    assert window.counts == (0, 0)


@pytest.mark.parametrize(
    ("rejected", "total", "low", "high"),
    [
        (0, 0, 0, 0),
        (0, 500, 0, 0),
        (1, 1, 2, 10),
        (3, 3, 29, 37),
        (10, 100, 4.9, 5.6),
        (50, 1000, 3.7, 4.0),
        (30_000, 1_000_000, 2.96, 2.98),
        (100, 100, 95, 97.5),
    ],
)
def test_lower_bound(rejected: int, total: int, low: float, high: float) -> None:
    """It lies about where exact tables have it, and below the rate."""
    bound = lower_bound(rejected, total)

    assert low <= bound <= high
    assert bound <= 100 * rejected / max(total, 1)


@pytest.mark.parametrize("rate", [0.01, 0.03, 0.1, 0.3])
@pytest.mark.parametrize("total", [10, 26, 39, 50, 100, 400])
def test_lower_bound_holds(rate: float, total: int) -> None:
    """At the threshold itself it is passed in at most 5 % of all cases, exactly."""
    wrong = sum(
        math.comb(total, k) * rate**k * (1 - rate) ** (total - k)
        for k in range(LEAST_REJECTED, total + 1)
        if lower_bound(k, total) > 100 * rate
    )

    assert wrong <= 0.05


@pytest.mark.parametrize("seed", range(5))
def test_the_bound_is_where_it_was_asked_for(seed: int) -> None:
    """The snapshot carries rate and bound of the same hour."""
    chance = random.Random(seed)
    bench = Bench()
    accepted = rejected = 0
    bench.poll(0, 0)
    for now in range(15, 3000, 15):
        accepted += chance.randrange(5)
        rejected += chance.random() < 0.05
        shares = bench.poll(now, accepted, rejected)

    assert (shares.accepted, shares.rejected) == (accepted, rejected)
    assert shares.reject_rate == 100 * rejected / (accepted + rejected)
    assert shares.lower_bound == lower_bound(rejected, accepted + rejected)


def test_odds() -> None:
    """1 TH/s at a network of 1.2e14: once in 16,332 years."""
    bench = Bench()
    state = replace(STATE, hash_rate_now=1.0, best_difficulty=2e10)
    shares = bench.poll(0, 0, state=state, network=1.2e14)

    assert shares.odds_of_block == pytest.approx(100 / 16332, rel=1e-3)
    assert shares.days_to_beat_best == pytest.approx(994.2, rel=1e-3)


def test_great_odds_stay_below_a_hundred() -> None:
    """Where a year brings many blocks it is nearly certain, and no more."""
    bench = Bench()

    assert bench.poll(0, 0, network=1e6).odds_of_block == pytest.approx(100.0)
    odds = Bench().poll(0, 0, network=1.2e12 * 31_557_600 / 2**32).odds_of_block
    assert odds == pytest.approx(100 * (1 - math.exp(-1)))


@pytest.mark.parametrize(
    ("change", "network"),
    [
        ({}, None),
        ({}, 0.0),
        ({"hash_rate_now": 0.0}, 1e14),
        ({"hash_rate_now": None, "hash_rate": None}, 1e14),
        ({"status": MinerStatus.PAUSED}, 1e14),
    ],
)
def test_no_odds(change: dict[str, object], network: float | None) -> None:
    """Without a network difficulty or work nothing can be expected."""
    shares = Bench().poll(0, 0, state=replace(STATE, **change), network=network)

    assert shares.odds_of_block is None
    assert shares.days_to_beat_best is None


def test_odds_go_by_the_mean_rate() -> None:
    """Noise of 20 % per poll does not make the odds flutter."""
    chance = random.Random(1)
    bench = Bench()
    odds = []
    for number in range(480):
        state = replace(STATE, hash_rate_now=chance.gauss(1.2, 0.24))
        shares = bench.poll(15.0 * number, 0, state=state, network=1.2e14)
        odds.append(shares.odds_of_block)

    last = odds[240:]
    assert max(last) / min(last) < 1.1


def test_a_pause_has_no_odds_and_leaves_none_behind() -> None:
    """What a miner is expected to find goes by what it does while it hashes."""
    bench = Bench()
    paused = replace(STATE, status=MinerStatus.PAUSED, hash_rate=0, hash_rate_now=0)
    for now in range(0, 3600, 15):
        before = bench.poll(now, 0, network=1.2e14).odds_of_block
    for now in range(3600, 7200, 15):
        assert bench.poll(now, 0, state=paused, network=1.2e14).odds_of_block is None

    after = bench.poll(7200, 0, network=1.2e14).odds_of_block
    assert after == pytest.approx(before)


def test_the_same_object_while_nothing_changes() -> None:
    """Nothing is built between two shares of a minute."""
    bench = Bench()
    bench.poll(0, 100)
    first = bench.poll(15, 101)

    assert bench.poll(30, 101) is first
    assert bench.poll(45, 102) is not first
    bench.poll(60, 102)
    assert bench.poll(75, 102) is bench.poll(90, 102)


class Device:
    """Finds shares, is rebooted now and then, and knows which ones we can know of."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.booted = -5000.0
        self.found = 100
        self.told = 0
        """Of the present session, what an answer already showed."""

    def live(self, begin: float, end: float) -> None:
        """Pass a time of which nothing is seen from outside."""
        if begin - self.booted > 60 and self.chance.random() < 0.02:
            self.booted = self.chance.uniform(begin, end)
            self.found = self.told = 0
            begin = self.booted
        self.found += int(self.chance.random() * (end - begin) / 4)

    def answer(self, now: float) -> MinerState:
        return replace(STATE, uptime=int(now - self.booted))


@pytest.mark.parametrize("seed", range(10))
def test_shares_are_exact(seed: int) -> None:
    """A day with boots, absences and restarts of ours: all that polls can show.

    Only of a boot within a minute of our last look before a restart of ours it cannot
    be told for certain what came after it. What a boot leaves is told with the poll
    that confirms it.
    """
    device, bench, boots = Device(seed), Bench(), CountedBoots()
    now = last = started = 0.0
    device.told = device.found
    counted = due = 0
    for _ in range(1500):
        now += 15 if device.chance.random() < 0.98 else device.chance.uniform(60, 7200)
        ours = device.chance.random() < 0.02
        if ours:
            now += device.chance.uniform(60, 7200)
            bench, started = dumped(bench), now
        device.live(last, now)
        state = device.answer(now)
        moment = Moment(wall=WALL + now, monotonic=now - started, day="2026-01-01")
        if ours:
            boots = boots.reloaded()
        boots.observe(state.uptime, moment)
        state = replace(state, shares_accepted=device.found, shares_rejected=0)
        bench.watch.observe(state, moment, 15.0, None, None, boots.verdict)
        counted += bench.delta[0]
        due += device.found - device.told
        if boots.verdict.doubtful:
            assert bench.delta == (0, 0)
        elif not last or (ours and last - 60 < device.booted < last + 60):
            due = counted
        else:
            assert counted == due
        device.told, last = device.found, now


def test_the_last_share_is_that_of_the_poll_that_showed_it() -> None:
    """Unknown at first, also a rejected one counts, and an absence changes nothing."""
    bench = Bench()
    counters = [(100, 3), (100, 3), (101, 3), (101, 3), (101, 4)]
    seen = [bench.poll(15 * n, *counter).last for n, counter in enumerate(counters)]
    assert seen == [None, None, WALL + 30, WALL + 30, WALL + 60]
    assert bench.watch.absent().last is None
    assert bench.poll(90, 101, 4).last == WALL + 60
