"""Shares: what came, what was refused, and what can be expected."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
import math
from typing import Annotated, Any, override

from ..miners.codec import (
    LARGEST,
    Amount,
    Count,
    Row,
    Stored,
    Within,
)
from ..miners.events import Moment
from ..miners.model import MinerState
from ..miners.restarts import (
    PATIENCE,
    RestartVerdict,
)
from .model import Shares
from .stall import (
    HASHES_PER_DIFFICULTY,
    StallWatch,
)
from .windows import LONGEST_GAP, SlidingSums

SECONDS_PER_YEAR = 31_557_600.0
RATE_SECONDS = 3600.0
"""Time constant of the hash rate that the odds are computed with."""

_DAY = 86400.0
WINDOW_MINUTES = 60
_MOST_SHOWN = 16
_MOST_REASONS = 32
_QUANTILE = 1.96
"""Of the normal distribution at 97.5 %; at 95 % the bound fails in up to 6.5 %."""

_LEAST_CHANCE = 16.0
_DEVIATIONS = 6.0
_HEADROOM = 1.25
"""A miner may do more than is expected of it."""

_ANY_PACE = 10.0
"""Shares a second where the device reports too little to say how many there can be."""

_SLOWEST_RATE = 1e-3
"""In TH/s; below it, a share need not be worth a difficulty of 1."""
_ABSENT = Shares()


@dataclass(frozen=True, slots=True)
class SharesOfMinute(Row):
    """Shares that were seen within a minute, which was so many minutes ago."""

    ago: Count
    accepted: Count
    rejected: Count


class ShareWindow:
    """Sums over the shares of the last hour, by the minute in which they were seen."""

    def __init__(self) -> None:
        """Start empty."""
        self._sums = SlidingSums(WINDOW_MINUTES, 2)
        self._reasons: dict[tuple[int, str], int] = {}
        self.reasons: dict[str, int] = {}
        """Why shares were rejected, the most frequent first."""

    @property
    def counts(self) -> tuple[int, int]:
        """How many were accepted, and how many rejected."""
        accepted, rejected = self._sums.sums
        return round(accepted), round(rejected)

    def pass_time(self, minute: int) -> bool:
        """Forget what is older than an hour; return whether there was something."""
        before = self._sums.count
        self._sums.expire(minute)
        limit = minute - WINDOW_MINUTES
        if self._reasons and next(iter(self._reasons))[0] <= limit:
            self._reasons = {
                key: times for key, times in self._reasons.items() if key[0] > limit
            }
            self._show()
        return self._sums.count < before

    def add(
        self, minute: int, accepted: int, rejected: int, reasons: Mapping[str, int]
    ) -> None:
        """Take shares that were seen in a minute."""
        self._sums.add_to_last(minute, accepted, rejected)
        known = set(self.reasons)
        for reason, times in reasons.items():
            if reason in known or len(known) < _MOST_SHOWN:
                known.add(reason)
                key = (minute, reason)
                self._reasons[key] = self._reasons.get(key, 0) + times
        if reasons:
            self._show()

    def stored(self, minute: int) -> list[SharesOfMinute]:
        """Return what outlives a restart: not why shares were rejected."""
        return [
            SharesOfMinute(minute - round(at), round(accepted), round(rejected))
            for at, accepted, rejected in self._sums.rows()
        ]

    def go_on(self, rows: Iterable[SharesOfMinute], minute: int) -> None:
        """Take what was seen in an earlier run, stored in this minute."""
        for row in rows:
            self._sums.add(minute - row.ago, row.accepted, row.rejected)

    def _show(self) -> None:
        counter: Counter[str] = Counter()
        for (_, reason), times in self._reasons.items():
            counter[reason] += times
        self.reasons = dict(counter.most_common())


def lower_bound(rejected: int, total: int) -> float:
    """Return the 95 % lower bound of a rate in %.

    After Wilson with the correction for continuity, so that few shares prove little,
    and so that it is right in 95 % of all cases for any rate and number.
    """
    if rejected <= 0 or total <= 0:
        return 0.0
    rate, z = rejected / total, _QUANTILE
    spread = z * z - 1 / total + 4 * rejected * (1 - rate) + 4 * rate - 2
    lower = 2 * rejected + z * z - z * math.sqrt(max(0.0, spread)) - 1
    return max(0.0, 100 * lower / (2 * (total + z * z)))


@dataclass(slots=True)
class ShareCounter(Row):
    """A counter of the device: positive increments from one poll to the next.

    The first value is a reference. One that fell without a boot, or rose by more than
    the rate allows, has to be gone on from by the next: what comes once and goes back
    was never there. After a boot the counter began at zero, so that all it shows was
    found since. ``seen`` is what is believed of it, ``total`` all that was counted,
    ``delta`` what the last poll added.
    """

    seen: Count | None = None
    fell: bool = field(default=False, init=False)
    total: int = field(default=0, init=False)
    delta: int = field(default=0, init=False)
    _doubt: int | None = field(default=None, init=False)
    _doubts: int = field(default=0, init=False)
    _due: float = field(default=0.0, init=False)

    def begin(self, seen: int | None) -> None:
        """Count from here on."""
        self.seen, self._doubt, self._doubts = seen, None, 0

    def step(self, value: int | None, due: float) -> int:
        """Take a value and return how many to count.

        ``due`` is how many the rate allows for the time since the last poll.
        """
        self.fell, self.delta = False, 0
        self._due += due
        if value is None or not 0 <= value <= LARGEST:
            return 0
        before = self.seen
        if before is None:
            self.begin(value)
            self._due = 0.0
            return 0
        by_chance = _LEAST_CHANCE + _DEVIATIONS * math.sqrt(max(0.0, self._due))
        self.delta = self._count(value, before, self._due + by_chance)
        self.total += self.delta
        if self._doubt is None:
            # What chance gave before its time is not given again.
            self._due = min(0.0, self._due - self.delta)
        return self.delta

    def _count(self, value: int, before: int, most: float) -> int:
        rise = value - before
        if 0 <= rise <= most:
            self.begin(value)
            return rise
        doubt, self._doubt = self._doubt, value
        self._doubts += 1
        if doubt is not None and 0 <= value - doubt <= most:
            self.begin(value)
            self.fell = rise < 0
            return value - doubt
        if self._doubts < PATIENCE:
            return 0
        self.begin(value)
        return int(max(0, min(rise, most)))


class _Rate:
    """Mean hash rate while hashing: of all at first, then of about the last hour."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self.mean: float | None = None
        self._weight = 0.0
        self._last: float | None = None

    def observe(self, state: MinerState, now: float, interval: float) -> None:
        """Take the unsmoothed rate of a poll."""
        last, self._last = self._last, now
        rate = state.hash_rate if state.hash_rate_now is None else state.hash_rate_now
        if not state.hashing or rate is None:
            self._last = None
            return
        span = interval if last is None else min(now - last, LONGEST_GAP * interval)
        self._weight = min(self._weight + max(span, 0.001), RATE_SECONDS)
        mean = rate if self.mean is None else self.mean
        self.mean = mean + (rate - mean) * min(1.0, max(span, 0.001) / self._weight)


@dataclass(slots=True)
class ShareWatch(Stored):
    """Follows the counters of shares.

    What is seen first in a run is a reference, unless the boots prove what came since
    what was stored: the same session, whose counters went on, or one that began after
    the last look, all of whose shares are new. While it is doubtful which of them it
    is, nothing is counted yet. What came in a time without polls counts, but not as
    shares of the last hour when that time was longer.

    ``recent`` are the shares of the last hour when it was stored: they count until they
    are older. ``_known``: the counters were seen in this run, or are known to go on.
    """

    accepted: ShareCounter = field(default_factory=ShareCounter)
    rejected: ShareCounter = field(default_factory=ShareCounter)
    wall: Amount | None = None
    difficulty: Amount | None = None
    recent: Annotated[list[SharesOfMinute], Within(0, WINDOW_MINUTES + 1)] = field(
        default_factory=list
    )
    _reasons: dict[str, int] | None = field(default=None, init=False)
    _reported: tuple[tuple[str, int], ...] = field(default=(), init=False)
    _window: ShareWindow = field(default_factory=ShareWindow, init=False)
    _stall: StallWatch = field(default_factory=StallWatch, init=False)
    _rate: _Rate = field(default_factory=_Rate, init=False)
    _known: bool = field(default=False, init=False)
    _monotonic: float | None = field(default=None, init=False)
    _last: float | None = field(default=None, init=False)
    _outlook_of: tuple[object, ...] | None = field(default=None, init=False)
    _outlook: tuple[float | None, float | None] = field(
        default=(None, None), init=False
    )
    _snapshot: Shares = field(default=_ABSENT, init=False)

    def observe(
        self,
        state: MinerState,
        moment: Moment,
        interval: float,
        expected: float | None,
        network_difficulty: float | None,
        boot: RestartVerdict,
        best: float | None = None,
    ) -> Shares:
        """Take one good poll; rates in TH/s, ``interval`` in s.

        ``best`` is the best difficulty ever, where the device may have forgotten it.
        """
        away = self._away(moment)
        if self.recent and away >= 0:
            self._window.go_on(self.recent, int((moment.monotonic - away) // 60))
        self.recent = []
        self._follow(boot)
        self._rate.observe(state, moment.monotonic, interval)
        minute = int(moment.monotonic // 60)
        changed = self._window.pass_time(minute)
        due = self._due(state, max(0.0, away), expected)
        if boot.doubtful:
            self.accepted.step(None, due)
            self.rejected.step(None, due)
            changed |= self._snapshot is _ABSENT
        else:
            changed |= self._count(state, minute, away, due)
        if self.accepted.delta + self.rejected.delta:
            self._last = moment.wall
        stalled = None
        if state.shares_accepted is not None or state.shares_rejected is not None:
            stalled = self._stall.observe(
                state,
                moment,
                interval,
                expected=expected,
                rate=self._rate.mean,
                found=self.accepted.delta + self.rejected.delta,
                restarted=boot.restarted or self.accepted.fell or self.rejected.fell,
            )
        best = max(best or 0.0, state.best_difficulty or 0.0)
        outlook = self._look_ahead(state, minute, network_difficulty, best)
        past = self._snapshot
        if (
            changed
            or stalled is not past.stalled
            or outlook != (past.odds_of_block, past.days_to_beat_best)
        ):
            self._snapshot = self._shares(stalled, outlook)
        self.wall, self._monotonic = moment.wall, moment.monotonic
        return self._snapshot

    def believed(self, state: MinerState) -> MinerState:
        """Return a state with the counters as far as they are believed."""
        found, refused = state.shares_accepted, state.shares_rejected
        accepted = None if found is None else self.accepted.seen
        rejected = None if refused is None else self.rejected.seen
        if (accepted, rejected) == (found, refused):
            return state
        return replace(state, shares_accepted=accepted, shares_rejected=rejected)

    def absent(self) -> Shares:
        """Give out nothing while the miner is away; its counters go on later."""
        self.accepted.delta = self.rejected.delta = 0
        self._stall.absent()
        self._snapshot = _ABSENT
        self._outlook_of = None
        return _ABSENT

    def _away(self, moment: Moment) -> float:
        """Return for how long nobody looked, in s."""
        if self._monotonic is not None:
            return moment.monotonic - self._monotonic
        return 0.0 if self.wall is None else moment.wall - self.wall

    def _follow(self, boot: RestartVerdict) -> None:
        """Begin anew with a boot, or where what was stored proves nothing."""
        if boot.restarted:
            self._begin(0)
            self._reasons, self._reported = {}, ()
        elif boot.doubtful:
            return
        elif not (self._known or boot.continues):
            self._begin(None)
        self._known = True

    def _begin(self, seen: int | None) -> None:
        self.accepted.begin(seen)
        self.rejected.begin(seen)

    def _due(self, state: MinerState, seconds: float, expected: float | None) -> float:
        """Return how many shares the rate allows for, at the lower difficulty."""
        reported, before = state.pool_difficulty, self.difficulty
        if reported is not None and reported > 0:
            self.difficulty = reported
        rate = max(expected or 0.0, self._rate.mean or 0.0)
        known = [d for d in (reported, before) if d is not None and d > 0]
        if rate <= 0 or not (known or rate >= _SLOWEST_RATE):
            return _ANY_PACE * seconds
        gap = min(known, default=1.0) * HASHES_PER_DIFFICULTY / (rate * 1e12)
        return _HEADROOM * seconds / gap

    def _count(self, state: MinerState, minute: int, away: float, due: float) -> bool:
        """Take the counters; return whether the last hour changed."""
        accepted = self.accepted.step(state.shares_accepted, due)
        rejected = self.rejected.step(state.shares_rejected, due)
        reasons = self._new_reasons(state.reject_reasons, rejected)
        if not accepted and not rejected:
            return self._snapshot is _ABSENT
        uptime, window = state.uptime, 60 * WINDOW_MINUTES
        if away <= window or (uptime is not None and uptime <= window):
            self._window.add(minute, accepted, rejected, reasons if rejected else {})
        return True

    def _new_reasons(
        self, reported: tuple[tuple[str, int], ...], rejected: int
    ) -> dict[str, int]:
        if reported == self._reported and self._reasons is not None:
            return {}
        known, self._reasons = self._reasons, dict(reported[:_MOST_REASONS])
        self._reported = reported
        if known is None:
            return {}
        return {
            reason: times - known.get(reason, 0)
            for reason, times in self._reasons.items()
            if 0 < times - known.get(reason, 0) <= rejected
        }

    def _look_ahead(
        self,
        state: MinerState,
        minute: int,
        network_difficulty: float | None,
        best: float,
    ) -> tuple[float | None, float | None]:
        """Return the odds and the days to beat the best, anew each minute."""
        basis = (minute, state.hashing, best, network_difficulty)
        if basis != self._outlook_of:
            rate = self._rate.mean if state.hashing else None
            self._outlook_of = basis
            self._outlook = (_odds(rate, network_difficulty), _days(rate, best))
        return self._outlook

    def _shares(
        self, stalled: bool | None, outlook: tuple[float | None, float | None]
    ) -> Shares:
        accepted, rejected = self._window.counts
        total = accepted + rejected
        return Shares(
            counted=(self.accepted.total, self.rejected.total),
            accepted=accepted,
            rejected=rejected,
            reject_rate=100 * rejected / total if total else None,
            lower_bound=lower_bound(rejected, total) if total else None,
            reasons=self._window.reasons,
            stalled=stalled,
            odds_of_block=outlook[0],
            days_to_beat_best=outlook[1],
            last=self._last,
        )

    @override
    def dump(self) -> Any:
        """Return what has to be stored."""
        if self._monotonic is None:
            return super().dump()
        self.recent = self._window.stored(int(self._monotonic // 60))
        stored = super().dump()
        self.recent = []
        return stored

    @override
    def load(self, data: object) -> None:
        """Take the references of an earlier run; without a time they prove nothing."""
        super().load(data)
        if self.wall is None:
            self._begin(None)
            self.recent = []


def _odds(rate: float | None, difficulty: float | None) -> float | None:
    """Return the odds of a block in % per year; the rate is in TH/s."""
    if not rate or not difficulty or rate < 0 or difficulty < 0:
        return None
    hashes = rate * 1e12 * SECONDS_PER_YEAR
    return -100 * math.expm1(-hashes / (difficulty * HASHES_PER_DIFFICULTY))


def _days(rate: float | None, best: float | None) -> float | None:
    """Return the expected days to a share that is better than the best."""
    if not rate or not best or rate < 0 or best < 0:
        return None
    return best * HASHES_PER_DIFFICULTY / (rate * 1e12) / _DAY
