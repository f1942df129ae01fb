"""How steady a miner hashes, from a minute to 30 days."""

from typing import NamedTuple

from ..miners.events import Moment
from ..miners.model import MinerState
from .baseline import (
    HIGHEST_RATE,
    present_rate,
    settled,
)
from .buckets import (
    AMOUNTS,
    MINUTE,
    History,
    Timeline,
)
from .model import (
    Session,
    Stability,
)
from .periods import Periods
from .sessions import SessionRecord
from .spread import (
    LONGEST_GAP,
    NO_FIGURES,
    Figures,
    Spread,
)

HIGHEST_POWER = 1e9
LONGEST_UPTIME = 1e10


class _Reading(NamedTuple):
    """What counts of a poll; ``steady``: settled and hashing, with a known rate.

    The rate is 0 while the miner stands still and None where it is not known.
    """

    rate: float | None
    hashing: bool
    steady: bool
    power: float | None
    expected: float | None


class StabilityRecord:
    """Fed with every poll of one miner; remembers bounded sums and no readings.

    Between two readings at most three intervals apart the amounts are those of the
    straight line between them, so a poll that failed leaves no hole; longer gaps add
    nothing. All that spans more than ten minutes is told anew once a minute.
    """

    def __init__(self) -> None:
        """Start with nothing known."""
        self._timeline = Timeline()
        self._spread = Spread()
        self._history = History()
        self._periods = Periods()
        self._record = SessionRecord()
        self._minute: int | None = None
        self._open = [0.0] * AMOUNTS
        self._last: _Reading | None = None
        self._session: Session | None = None
        self._snapshot = Stability()

    def observe(
        self,
        state: MinerState,
        expected: float | None,
        moment: Moment,
        interval: float,
        restarted: bool,
    ) -> Stability:
        """Take a good poll; ``interval`` is the nominal time between two in s."""
        span = self._timeline.move(moment)
        now = self._timeline.now
        minute, past = self._minute, self._last
        reading = _reading(state, expected)
        self._last = reading
        self._record.follow(_uptime(state), restarted=restarted)
        if restarted:
            self._spread.clear()
            self._session = past = None
        if past is not None and span is not None and span <= LONGEST_GAP * interval:
            self._span(past, reading, span)
        self._watch(reading, moment.monotonic, interval)
        self._turn(int(now // MINUTE))
        if minute != self._minute or self._session is None:
            self._session = self._record.session()
        return self._tell(self._spread.figures(moment.monotonic), self._session)

    def absent(self, moment: Moment) -> Stability:
        """Take note that the miner is away: what described the moment is gone."""
        self._timeline.move(moment)
        self._last = self._session = None
        self._spread.clear()
        self._turn(int(self._timeline.now // MINUTE))
        return self._tell(NO_FIGURES, None)

    def _watch(self, reading: _Reading, monotonic: float, interval: float) -> None:
        """Put a reading where single readings count."""
        if not reading.hashing:
            self._spread.clear()
        elif reading.steady and reading.rate is not None:
            self._spread.add(monotonic, reading.rate, reading.expected, interval)
            self._record.note(reading.rate, reading.power)

    def _span(self, past: _Reading, reading: _Reading, seconds: float) -> None:
        """Add the amounts between two readings to the minutes they fall into."""
        if past.rate is None or reading.rate is None or not seconds:
            return
        work = (past.rate + reading.rate) / 2 * seconds
        amounts = [0.0, 0.0, work, seconds, 0.0, 0.0, 0.0, 0.0]
        power: float | None = None
        if past.power is not None and reading.power is not None:
            power = (past.power + reading.power) / 2
        if power is not None and past.hashing and reading.hashing:
            amounts[4], amounts[5] = power * seconds, work
        if past.steady and reading.steady:
            amounts[0], amounts[1] = work, seconds
            if past.expected is not None and reading.expected is not None:
                amounts[6] = (past.expected + reading.expected) / 2 * seconds
                amounts[7] = seconds
        self._record.add(amounts, power)
        self._spill(amounts, seconds)

    def _spill(self, amounts: list[float], seconds: float) -> None:
        """Divide the amounts of a span that ends now between its minutes."""
        end = self._timeline.now
        begin = end - seconds
        # Rounding must not lead back into a minute that is over.
        minute = max(int(begin // MINUTE), self._minute or 0)
        while begin < end:
            self._turn(minute)
            border = min(end, (minute + 1) * MINUTE)
            part = (border - begin) / seconds
            self._open = [
                held + amount * part
                for held, amount in zip(self._open, amounts, strict=True)
            ]
            begin, minute = border, minute + 1

    def _turn(self, minute: int) -> None:
        """Go on to a minute if it is another than before."""
        if minute == self._minute:
            return
        self._pour()
        self._minute = minute
        self._periods.advance(minute, self._timeline.ahead)
        self._history.advance(minute)

    def _pour(self) -> None:
        """Put the open minute's amounts where they are kept."""
        if self._minute is not None and self._open[3]:
            self._history.pour(self._minute, self._open)
            self._periods.pour(self._minute, self._open)
            self._open = [0.0] * AMOUNTS

    def _tell(self, figures: Figures, session: Session | None) -> Stability:
        history, periods = self._history, self._periods
        told = Stability(
            deviations=figures.deviations,
            samples=figures.samples,
            above=figures.above,
            below=figures.below,
            score=figures.score,
            ranges=history.ranges,
            hash_rate_1h=history.hash_rate_1h,
            hash_rate_24h=history.hash_rate_24h,
            efficiency_24h=history.efficiency_24h,
            session=session,
            best=periods.best.shown,
            worst=periods.worst.shown,
        )
        if told != self._snapshot:
            self._snapshot = told
        return self._snapshot

    def dump(self) -> dict[str, object]:
        """Return what outlives a restart, as JSON types."""
        self._pour()
        return {
            "time": self._timeline.dump(),
            "history": self._history.dump(),
            "periods": self._periods.dump(),
            "session": self._record.dump(),
        }

    def load(self, data: object) -> None:
        """Take over what was stored, as far as it can be understood."""
        if not isinstance(data, dict) or not self._timeline.load(data.get("time")):
            return
        now = self._timeline.now
        self._history.load(data.get("history"), int(now // MINUTE))
        self._periods.load(data.get("periods"), now)
        self._record.load(data.get("session"))


def _reading(state: MinerState, expected: float | None) -> _Reading:
    hashing = state.hashing
    rate = present_rate(state) if hashing else 0.0
    power = state.power
    if power is not None and not 0 <= power <= HIGHEST_POWER:
        power = None
    if expected is not None and not 0 < expected <= HIGHEST_RATE:
        expected = None
    steady = hashing and rate is not None and settled(state)
    return _Reading(rate, hashing, steady, power, expected)


def _uptime(state: MinerState) -> float | None:
    uptime = state.uptime
    return uptime if uptime is not None and 0 <= uptime <= LONGEST_UPTIME else None
