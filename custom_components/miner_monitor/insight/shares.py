"""Shares: what came, what was refused, and what can be expected."""

from collections.abc import Mapping
import math

from ..miners.boots import BootVerdict
from ..miners.model import MinerState
from .model import Moment, Shares
from .share_window import ShareWindow, lower_bound
from .stall import HASHES_PER_DIFFICULTY, LONGEST_SPAN, StallWatch
from .stored import count_of, number_of

SECONDS_PER_YEAR = 31_557_600.0
RATE_SECONDS = 3600.0
"""Time constant of the hash rate that the odds are computed with."""

_DAY = 86400.0
_WINDOW = 3600.0
_MOST_REASONS = 32
_MOST_AT_ONCE = 100_000_000
_ABSENT = Shares()


class _Counter:
    """A counter of the device: positive increments from one poll to the next.

    The first value is a bearing, and so is one that fell without a boot. After a boot
    the counter began at zero, so that all it shows was found since.
    """

    def __init__(self) -> None:
        """Start without a bearing."""
        self.seen: int | None = None
        self.fell = False

    def step(self, value: int | None) -> int:
        """Take a value and return by how much it rose."""
        self.fell = False
        if value is None:
            return 0
        before, self.seen = self.seen, value
        if before is None:
            return 0
        self.fell = value < before
        return value - before if 0 <= value - before <= _MOST_AT_ONCE else 0


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
        span = interval if last is None else min(now - last, LONGEST_SPAN * interval)
        self._weight = min(self._weight + max(span, 0.001), RATE_SECONDS)
        mean = rate if self.mean is None else self.mean
        self.mean = mean + (rate - mean) * min(1.0, max(span, 0.001) / self._weight)


class ShareWatch:
    """Follows the counters of shares.

    What is seen first in a run is a bearing, unless the boots prove what came since
    what was stored: the same session, whose counters went on, or one that began after
    the last look, all of whose shares are new. While it is doubtful which of them it
    is, nothing is counted yet. What came in a time without polls counts, but not as
    shares of the last hour when that time was longer.
    """

    def __init__(self) -> None:
        """Start with nothing known."""
        self.accepted_delta = 0
        self.rejected_delta = 0
        self._accepted = _Counter()
        self._rejected = _Counter()
        self._reasons: dict[str, int] | None = None
        self._told: tuple[tuple[str, int], ...] = ()
        self._window = ShareWindow()
        self._stall = StallWatch()
        self._rate = _Rate()
        self._bears = False
        """Whether the counters were seen in this run, or are known to go on."""
        self._wall: float | None = None
        self._monotonic: float | None = None
        self._minute = -1
        self._outlook_of: tuple[object, ...] | None = None
        self._outlook: tuple[float | None, float | None] = (None, None)
        self._snapshot = _ABSENT

    def observe(
        self,
        state: MinerState,
        moment: Moment,
        interval: float,
        expected: float | None,
        network_difficulty: float | None,
        boot: BootVerdict,
    ) -> Shares:
        """Take one good poll; rates in TH/s, ``interval`` in s."""
        away = self._away(state, moment)
        self._follow(boot)
        self._rate.observe(state, moment.monotonic, interval)
        minute = int(moment.monotonic // 60)
        changed = self._window.pass_time(minute)
        if boot.doubtful:
            self.accepted_delta = self.rejected_delta = 0
            changed |= self._snapshot is _ABSENT
        else:
            changed |= self._count(state, minute, away)
        stalled = None
        if state.shares_accepted is not None or state.shares_rejected is not None:
            stalled = self._stall.observe(
                state,
                moment,
                interval,
                expected=expected,
                rate=self._rate.mean,
                found=self.accepted_delta + self.rejected_delta,
                restarted=boot.restarted or self._accepted.fell or self._rejected.fell,
            )
        outlook = self._look_ahead(state, minute, network_difficulty)
        past = self._snapshot
        if (
            changed
            or stalled is not past.stalled
            or outlook != (past.odds_of_block, past.days_to_beat_best)
        ):
            self._snapshot = self._shares(stalled, outlook)
        self._wall, self._monotonic = moment.wall, moment.monotonic
        return self._snapshot

    def absent(self) -> Shares:
        """Give out nothing while the miner is away; its counters will tell."""
        self.accepted_delta = self.rejected_delta = 0
        self._stall.absent()
        self._snapshot = _ABSENT
        self._outlook_of = None
        return _ABSENT

    def _away(self, state: MinerState, moment: Moment) -> float:
        """Return for how long nobody looked, in s."""
        if self._monotonic is not None:
            return moment.monotonic - self._monotonic
        return 0.0 if self._wall is None else moment.wall - self._wall

    def _follow(self, boot: BootVerdict) -> None:
        """Begin anew with a boot, or where what was stored proves nothing."""
        if boot.restarted:
            self._accepted.seen = self._rejected.seen = 0
            self._reasons, self._told = {}, ()
        elif boot.doubtful:
            return
        elif not (self._bears or boot.continues):
            self._accepted.seen = self._rejected.seen = None
        self._bears = True

    def _count(self, state: MinerState, minute: int, away: float) -> bool:
        """Take the counters; tell whether the last hour changed."""
        accepted = self.accepted_delta = self._accepted.step(state.shares_accepted)
        rejected = self.rejected_delta = self._rejected.step(state.shares_rejected)
        reasons = self._new_reasons(state.reject_reasons)
        if not accepted and not rejected:
            return self._snapshot is _ABSENT
        if away <= _WINDOW or (state.uptime is not None and state.uptime <= _WINDOW):
            self._window.add(minute, accepted, rejected, reasons if rejected else {})
        return True

    def _new_reasons(self, told: tuple[tuple[str, int], ...]) -> dict[str, int]:
        if told == self._told and self._reasons is not None:
            return {}
        known, self._reasons = self._reasons, dict(told[:_MOST_REASONS])
        self._told = told
        if known is None:
            return {}
        return {
            reason: times - known.get(reason, 0)
            for reason, times in self._reasons.items()
            if 0 < times - known.get(reason, 0) <= _MOST_AT_ONCE
        }

    def _look_ahead(
        self, state: MinerState, minute: int, network_difficulty: float | None
    ) -> tuple[float | None, float | None]:
        """Return the odds and the days to beat the best, anew each minute."""
        best = state.best_difficulty
        basis = (minute, state.hashing, best, network_difficulty)
        if basis != self._outlook_of:
            rate = self._rate.mean if state.hashing else None
            self._outlook_of = basis
            self._outlook = (_odds(rate, network_difficulty), _days(rate, best))
        return self._outlook

    def _shares(
        self, stalled: bool | None, outlook: tuple[float | None, float | None]
    ) -> Shares:
        window = self._window
        total = window.accepted + window.rejected
        return Shares(
            accepted=window.accepted,
            rejected=window.rejected,
            reject_rate=100 * window.rejected / total if total else None,
            lower_bound=lower_bound(window.rejected, total) if total else None,
            reasons=window.reasons,
            stalled=stalled,
            odds_of_block=outlook[0],
            days_to_beat_best=outlook[1],
        )

    def dump(self) -> dict[str, object]:
        """Return what the next run needs to know what came in between."""
        return {
            "accepted": self._accepted.seen,
            "rejected": self._rejected.seen,
            "wall": self._wall,
        }

    def load(self, data: object) -> None:
        """Take the bearings of an earlier run; ignore what is not understood."""
        if not isinstance(data, Mapping):
            return
        self._wall = number_of(data.get("wall"))
        if self._wall is not None:
            self._accepted.seen = count_of(data.get("accepted"))
            self._rejected.seen = count_of(data.get("rejected"))


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
