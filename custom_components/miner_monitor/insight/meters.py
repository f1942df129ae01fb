"""Meters and counters: energy, restarts, uptime and absences of a miner."""

from array import array
from dataclasses import dataclass, field
from math import inf
from typing import Annotated, Any, override

from ..miners.codec import (
    Amount,
    Count,
    Row,
    Stored,
    Within,
    load_or,
)
from ..miners.events import Moment
from ..miners.model import (
    MinerIdentity,
    MinerState,
    MinerStatus,
)
from ..miners.restarts import RestartVerdict
from .model import (
    Presence,
    Uptime,
    unless_equal,
)

AMOUNT: Any = Amount
COUNT: Any = Count

_STEADY = 5.0
"""Seconds by which the moment of a boot may wander before it is renewed."""

BUCKET = 900.0
BUCKETS = 96
"""A day of quarters of an hour, the present one included."""

ENOUGH = 600.0
"""Seconds to be watched before anything is said of them."""

_LONGEST_SPAN = 900.0
"""Nobody watched if there was no poll for longer."""

LONGEST_GAP = 3.25
"""Nominal intervals between two readings; what lies between others is not known.

Three, after two answers were lost, and the time that an answer takes.
"""

_MOST_POWER = 1e5
_MOST_ENERGY = 1e9
_JOULES_PER_KWH = 3.6e6

type Energy = Annotated[float, Within(0, _MOST_ENERGY)]
ENERGY: Any = Energy


def energy_reading(identity: MinerIdentity, state: MinerState) -> float | None:
    """Return the power that may be integrated."""
    doubtful = identity.limits.doubtful_standby_power
    if doubtful and state.status is MinerStatus.STANDBY:
        return None
    return state.power


@dataclass(slots=True)
class EnergyMeter(Stored):
    """Counts kWh between neighbouring readings and nothing across gaps.

    It never falls, whatever it is fed: a reading that cannot be true, or is not later
    than the one before, is left out. ``total`` is what was counted, ``added`` what the
    last reading added, in kWh.
    """

    total: Energy = 0.0
    added: float = field(default=0.0, init=False)
    _power: float = field(default=0.0, init=False)
    _monotonic: float | None = field(default=None, init=False)
    _interval: float = field(default=0.0, init=False)

    def observe(self, power: float | None, monotonic: float, interval: float) -> None:
        """Take a reading in W; ``interval`` is the nominal one between polls in s.

        Where the interval changes the longer one counts, as the reading before was
        taken under the other.
        """
        self.added = 0.0
        if power is None or not (0 <= power <= _MOST_POWER and -inf < monotonic < inf):
            return
        past = self._monotonic
        if past is not None:
            if (span := monotonic - past) <= 0:
                return
            if span <= LONGEST_GAP * max(interval, self._interval):
                self.added = (self._power + power) / 2 * span / _JOULES_PER_KWH
                self.total += self.added
        self._power, self._monotonic, self._interval = power, monotonic, interval

    def pause(self) -> None:
        """Count nothing from the last reading to the next."""
        self.added = 0.0
        self._monotonic = None

    def at_least(self, kwh: float | None) -> None:
        """Go on from what was published before, if that is more."""
        self.total = max(self.total, load_or(ENERGY, kwh, 0.0))

    @override
    def load(self, data: object) -> None:
        """Go on from what was stored, if that is more."""
        known = self.total
        super().load(data)
        self.at_least(known)


@dataclass(slots=True)
class BootCounter(Stored):
    """Counts restarts that we watched and the seconds that a miner was up.

    The first answer after a start of ours is a reference: what happened while nobody
    looked is no restart that we saw. Of a session before, what is left is the time
    the miner has been up since, and never more than went by. ``restarted``: the last
    poll counted a restart.
    """

    restarts: Count = 0
    total: Amount | None = None
    started: Amount | None = None
    restarted: bool = field(default=False, init=False)
    _snapshot: Uptime = field(default_factory=Uptime, init=False)

    def observe(self, boot: RestartVerdict, moment: Moment) -> Uptime:
        """Take the verdict of a good poll."""
        if (began := boot.booted_at) is None:
            return self.absent()
        self.restarted = boot.restarted and boot.while_watched
        self.restarts += self.restarted
        if boot.gained is None:
            self.total = max(self.total or 0.0, moment.wall - began)
        else:
            self.total = (self.total or 0.0) + boot.gained
        started = self.started
        if boot.restarted or started is None or abs(began - started) > _STEADY:
            self.started = began
        return self._show(self.started)

    def absent(self) -> Uptime:
        """Return what is known while no uptime is reported."""
        self.restarted = False
        return self._show(None)

    def _show(self, started: float | None) -> Uptime:
        shown = Uptime(started=started, restarts=self.restarts, total=self.total)
        self._snapshot = unless_equal(shown, self._snapshot)
        return self._snapshot

    def at_least(
        self, total: float | None = None, restarts: float | None = None
    ) -> None:
        """Go on from what was published before, where that is more."""
        if (known := load_or(AMOUNT, total, None)) is not None:
            self.total = max(self.total or 0.0, known)
        self.restarts = max(self.restarts, load_or(COUNT, restarts, 0))


type Quarters = Annotated[
    array[Annotated[float, Within(0, 2 * BUCKET)]], Within(BUCKETS, BUCKETS)
]
"""Seconds of each quarter of an hour of a day."""


def _no_quarters() -> array[float]:
    return array("d", bytes(8 * BUCKETS))


@dataclass(slots=True)
class LastDay(Row):
    """What was watched of the last day, and answered of that, by quarters.

    ``newest`` is the number of the present quarter since the epoch.
    """

    digits = 3

    newest: Count | None = None
    watched: Quarters = field(default_factory=_no_quarters)
    answered: Quarters = field(default_factory=_no_quarters)
    _ahead: float | None = field(default=None, init=False)
    _sums: tuple[float, float] = field(default=(0.0, 0.0), init=False)

    def __post_init__(self) -> None:
        """Take it that a miner was there for no longer than it was watched."""
        if self.newest is None and any(self.watched):
            raise ValueError("nobody knows when")
        self.answered = array("d", map(min, self.watched, self.answered, strict=True))

    def add(self, moment: Moment, watched: float, answered: float) -> float | None:
        """Add seconds and return the availability in %, if enough is known."""
        self._advance(moment)
        self.watched[-1] += watched
        self.answered[-1] += answered
        before_watched, before_answered = self._sums
        all_watched, all_answered = before_watched + watched, before_answered + answered
        self._sums = all_watched, all_answered
        if all_watched < ENOUGH:
            return None
        return min(100.0, round(100 * all_answered / all_watched, 2))

    def _advance(self, moment: Moment) -> None:
        """Make the last bucket the present one.

        If the clock was set back while we did not run, what is known comes before now.
        """
        first = self._ahead is None
        if self._ahead is None:
            self._ahead = moment.wall - moment.monotonic
        now = int((moment.monotonic + self._ahead) // BUCKET)
        passed = 0 if self.newest is None else now - self.newest
        if passed <= 0 and not first:
            return
        self.newest = now
        empty = min(max(passed, 0), BUCKETS)
        for buckets in (self.watched, self.answered):
            del buckets[:empty]
            buckets.extend(0.0 for _ in range(empty))
        self._sums = (sum(self.watched), sum(self.answered))


@dataclass(slots=True)
class PresenceRecord(Stored):
    """Counts absences, and keeps what part of the last day the miner was there.

    Time is watched from one poll to the next. While the plug is off, and while we do
    not run, nobody watches. A lost answer or two before a good one are no absence; in
    one, the miner is missed from its last answer to its next. The quarters of an hour
    go by the wall clock as it was at the first poll, so that setting it moves nothing.

    ``lasts``: the miner has not been back since the last absence that was counted.
    ``went_away``: the last poll began an absence. ``watched_span`` are the seconds
    that became watched with it, ``answered_span`` those of them the miner was there.
    """

    times_offline: Count = 0
    time_away: Amount = 0.0
    lasts: bool = False
    day: LastDay = field(default_factory=LastDay)
    went_away: bool = field(default=False, init=False)
    watched_span: float = field(default=0.0, init=False)
    answered_span: float = field(default=0.0, init=False)
    _seen: bool = field(default=False, init=False)
    _away: bool = field(default=False, init=False)
    _absent: bool = field(default=False, init=False)
    _last: float | None = field(default=None, init=False)
    _unclear: float = field(default=0.0, init=False)
    _snapshot: Presence = field(default_factory=Presence, init=False)

    def answered(self, moment: Moment) -> Presence:
        """Take a good poll."""
        span = self._span(moment)
        there = 0.0 if self._away else span
        if self._absent:
            self.time_away += span
        self._seen, self._away, self._absent = True, False, False
        self.lasts = False
        return self._add(moment, span, there)

    def missed(self, moment: Moment, away: bool) -> Presence:
        """Take a failed poll, after which the miner counts as ``away`` or not yet."""
        span = self._span(moment)
        if not (away or self._away):
            self._unclear = span
            return self._add(moment, 0.0, 0.0)
        went_away = self._seen and not self._away
        self.times_offline += went_away
        self._away, self._absent = True, self._absent or went_away
        self.lasts = self.lasts or went_away
        if self._absent:
            self.time_away += span
        return self._add(moment, span, 0.0, went_away=went_away)

    def unplugged(self, moment: Moment) -> Presence:
        """Take that the plug is off, so that nothing is expected of the miner."""
        self._seen = self._away = self._absent = self.lasts = False
        self._last, self._unclear = None, 0.0
        return self._add(moment, 0.0, 0.0)

    def _span(self, moment: Moment) -> float:
        """Return the seconds since the last poll that was clear, however it went."""
        last, unclear = self._last, self._unclear
        self._last, self._unclear = moment.monotonic, 0.0
        span = 0.0 if last is None else moment.monotonic - last
        return unclear + (span if 0 < span <= _LONGEST_SPAN else 0.0)

    def _add(
        self, moment: Moment, watched: float, there: float, *, went_away: bool = False
    ) -> Presence:
        self.went_away = went_away
        self.watched_span, self.answered_span = watched, there
        shown = Presence(
            times_offline=self.times_offline,
            absent=self.lasts,
            time_away=self.time_away,
            availability=self.day.add(moment, watched, there),
        )
        self._snapshot = unless_equal(shown, self._snapshot)
        return self._snapshot

    def at_least(self, times_offline: float | None) -> None:
        """Go on from what was published before, if that is more."""
        self.times_offline = max(self.times_offline, load_or(COUNT, times_offline, 0))
