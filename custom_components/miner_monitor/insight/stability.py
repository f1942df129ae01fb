"""How steady a miner hashes, from a minute to 30 days."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from ..miners.codec import Amount, Row, Stored
from ..miners.events import Moment
from ..miners.model import MinerState
from .buckets import (
    AMOUNTS,
    MINUTE,
    SMALLEST,
    Amounts,
    History,
    Periods,
    Timeline,
)
from .model import (
    Session,
    Stability,
    unless_equal,
)
from .windows import (
    LONGEST_GAP,
    Spread,
    known_rate,
    present_rate,
    settled,
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


@dataclass(slots=True)
class SessionRecord(Row, Stored):
    """Sums, least and most while the miner hashed after it settled.

    A session begins with a start of the miner; it goes on through gaps and restarts
    of ours. Without an ``uptime`` nothing is shown.
    """

    digits = 9

    uptime: Amount | None = None
    work: Amount = 0.0
    seconds: Amount = 0.0
    energy: Amount = 0.0
    energy_work: Amount = 0.0
    power: Amount = 0.0
    power_seconds: Amount = 0.0
    least: Amount | None = None
    most: Amount | None = None
    least_power: Amount | None = None
    most_power: Amount | None = None

    def add(self, amounts: Amounts, power: float | None) -> None:
        """Take the amounts of a span; ``power`` is its mean in W."""
        seconds = amounts[1]
        if not seconds:
            return
        self.work += amounts[0]
        self.seconds += seconds
        if power is not None:
            self.energy += amounts[4]
            self.energy_work += amounts[5]
            self.power += power * seconds
            self.power_seconds += seconds

    def note(self, rate: float, power: float | None) -> None:
        """Take a reading of a settled miner that hashes."""
        self.least = rate if self.least is None else min(rate, self.least)
        self.most = rate if self.most is None else max(rate, self.most)
        if power is not None:
            least, most = self.least_power, self.most_power
            self.least_power = power if least is None else min(power, least)
            self.most_power = power if most is None else max(power, most)

    def session(self) -> Session | None:
        """Return what is known; nothing where the device reports no uptime."""
        if self.uptime is None:
            return None
        return Session(
            seconds=self.seconds,
            hash_rate=_ratio(self.work, self.seconds),
            hash_rate_min=self.least,
            hash_rate_max=self.most,
            efficiency=_ratio(self.energy, self.energy_work),
            power=_ratio(self.power, self.power_seconds),
            power_min=self.least_power,
            power_max=self.most_power,
        )


class StabilityRecord:
    """Fed with every poll of one miner; remembers bounded sums and no readings.

    Between two readings at most three intervals apart the amounts are those of the
    straight line between them, so a poll that failed leaves no hole; longer gaps add
    nothing. All that spans more than ten minutes is renewed once a minute.
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
        if restarted:
            self._spread.clear()
            self._record = SessionRecord()
            self._session = past = None
        uptime = state.uptime
        known = uptime is not None and 0 <= uptime <= LONGEST_UPTIME
        self._record.uptime = uptime if known else None
        if past is not None and span is not None and span <= LONGEST_GAP * interval:
            self._span(past, reading, span)
        self._watch(reading, moment.monotonic, interval)
        self._advance(int(now // MINUTE))
        if minute != self._minute or self._session is None:
            self._session = self._record.session()
        return self._show(self._spread.figures(moment.monotonic), self._session)

    def absent(self, moment: Moment) -> Stability:
        """Take note that the miner is away: what described the moment is gone."""
        self._timeline.move(moment)
        self._last = self._session = None
        self._spread.clear()
        self._advance(int(self._timeline.now // MINUTE))
        return self._show({}, None)

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
        self._split_span(amounts, seconds)

    def _split_span(self, amounts: list[float], seconds: float) -> None:
        """Divide the amounts of a span that ends now between its minutes."""
        end = self._timeline.now
        begin = end - seconds
        # Rounding must not lead back into a minute that is over.
        minute = max(int(begin // MINUTE), self._minute or 0)
        while begin < end:
            self._advance(minute)
            border = min(end, (minute + 1) * MINUTE)
            part = (border - begin) / seconds
            self._open = [
                held + amount * part
                for held, amount in zip(self._open, amounts, strict=True)
            ]
            begin, minute = border, minute + 1

    def _advance(self, minute: int) -> None:
        """Go on to a minute if it is another than before."""
        if minute == self._minute:
            return
        self._add_bucket()
        self._minute = minute
        self._periods.advance(minute, self._timeline.ahead)
        self._history.advance(minute)

    def _add_bucket(self) -> None:
        """Put the open minute's amounts where they are kept."""
        if self._minute is not None and self._open[3]:
            self._history.add_bucket(self._minute, self._open)
            self._periods.add_bucket(self._minute, self._open)
            self._open = [0.0] * AMOUNTS

    def _show(self, figures: dict[str, Any], session: Session | None) -> Stability:
        history, periods = self._history, self._periods
        shown = Stability(
            **figures,
            ranges=history.ranges,
            hash_rate_1h=history.hash_rate_1h,
            hash_rate_24h=history.hash_rate_24h,
            efficiency_24h=history.efficiency_24h,
            session=session,
            best=periods.best.shown,
            worst=periods.worst.shown,
        )
        self._snapshot = unless_equal(shown, self._snapshot)
        return self._snapshot

    def dump(self) -> dict[str, Any]:
        """Return what outlives a restart, as JSON types."""
        self._add_bucket()
        return {
            "time": self._timeline.dump(),
            "history": self._history.dump(),
            "periods": self._periods.dump(),
            "session": self._record.dump(),
        }

    def load(self, data: object) -> None:
        """Take over what was stored, as far as it can be understood."""
        if not isinstance(data, dict):
            return
        self._timeline.load(data.get("time"))
        if self._timeline.wall is None:
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
    steady = hashing and rate is not None and settled(state)
    return _Reading(rate, hashing, steady, power, known_rate(expected))


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole >= SMALLEST else None
