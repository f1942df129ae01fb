"""A miner that claims to hash and finds nothing."""

from ..miners.events import Moment
from ..miners.model import MinerState
from .windows import LONGEST_GAP

LEAST_SECONDS = 600.0
"""No shorter silence counts, however frequent the shares are."""

GAPS = 20.0
"""Mean gaps without a share that count: by chance it is one gap of 485 million."""

LEAST_SHARES = 20
"""From so many on the gaps that were seen give the mean one."""

HASHES_PER_DIFFICULTY = 2.0**32
_TERA = 1e12
_DEGRADED = 0.8


class StallWatch:
    """Waits for the next share.

    The wait is the time between polls that both saw the miner work with its pool
    connected. It begins anew with the poll that shows a share, at a start of the miner
    or of its work, and at another pool. Time in which nobody looked is not waited.

    The mean gap follows from the highest pool difficulty since the wait began and from
    the expected hash rate; from the real one where the miner did far less before, whose
    gaps are longer. The longest that this gave during the wait counts. Where the
    difficulty is not known, the gaps of this session give it, 20 of them at the least.
    """

    def __init__(self) -> None:
        """Start with nothing known."""
        self._last: float | None = None
        self._working = False
        self._pool: str | None = None
        self._waited = 0.0
        self._difficulty = 0.0
        self._gap = 0.0
        self._rate: float | None = None
        self._session_seconds = 0.0
        self._session_shares = 0
        self._session_gap: float | None = None

    def observe(
        self,
        state: MinerState,
        moment: Moment,
        interval: float,
        *,
        expected: float | None,
        rate: float | None,
        found: int,
        restarted: bool,
    ) -> bool | None:
        """Take a poll that shows ``found`` new shares; rates are in TH/s.

        ``rate`` is what the miner did over the last hour. None: there is no basis.
        """
        span = self._span(moment.monotonic, interval)
        if self._other_pool(state) or restarted:
            self._session_seconds, self._session_shares = 0.0, 0
            self._session_gap = None
            begins = True
        else:
            begins = found > 0
        working = state.hashing and state.pool_connected is not False
        if begins or not working or not self._working:
            self._waited = self._difficulty = self._gap = 0.0
        else:
            self._waited += span
        if span and working and self._working and not restarted:
            self._count(span, found)
        if found:
            self._rate = rate
        self._working = working
        return self._overdue(state, expected) if working else False

    def absent(self) -> None:
        """Leave out the time until the next poll."""
        self._last = None

    def _span(self, now: float, interval: float) -> float:
        last, self._last = self._last, now
        if last is None or not 0 <= now - last <= LONGEST_GAP * interval:
            return 0.0
        return now - last

    def _other_pool(self, state: MinerState) -> bool:
        if state.pool is None or state.pool == self._pool:
            return False
        known, self._pool = self._pool, state.pool
        return known is not None

    def _count(self, span: float, found: int) -> None:
        self._session_seconds += span
        self._session_shares += found
        if found and self._session_shares >= LEAST_SHARES:
            self._session_gap = self._session_seconds / self._session_shares

    def _overdue(self, state: MinerState, expected: float | None) -> bool | None:
        difficulty = state.pool_difficulty
        if difficulty is not None and difficulty > self._difficulty:
            self._difficulty = difficulty
        rate = expected or self._rate or state.hash_rate
        if expected and self._rate and self._rate < expected * _DEGRADED:
            rate = self._rate
        if rate and rate > 0 and self._difficulty:
            gap = self._difficulty * HASHES_PER_DIFFICULTY / (rate * _TERA)
            self._gap = max(self._gap, gap)
        elif self._session_gap is not None:
            self._gap = max(self._gap, self._session_gap)
        if not self._gap:
            return None
        return self._waited >= max(LEAST_SECONDS, GAPS * self._gap)
