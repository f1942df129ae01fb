"""When a miner was started, how often, and whether it is there."""

from array import array
from collections.abc import Mapping
from typing import Any

from ..miners.events import Moment
from ..miners.restarts import RestartVerdict
from .model import (
    Presence,
    Uptime,
)
from .stored import (
    count_of,
    number_of,
    numbers_of,
)

_STEADY = 5.0
"""Seconds by which the moment of a boot may wander before it is told anew."""

BUCKET = 900.0
BUCKETS = 96
"""A day of quarters of an hour, the present one included."""

ENOUGH = 600.0
"""Seconds to be watched before anything is said of them."""

_LONGEST_SPAN = 900.0
"""Nobody watched if there was no poll for longer."""


class BootCounter:
    """Counts restarts that we watched and the seconds that a miner was up.

    The first answer after a start of ours is a bearing: what happened while nobody
    looked is no restart that we saw. Of a session before, what is left is the time
    the miner has been up since, and never more than went by.
    """

    def __init__(self) -> None:
        """Start with nothing known."""
        self.restarted = False
        """Whether the last poll counted a restart."""
        self._restarts = 0
        self._total: float | None = None
        self._started: float | None = None
        self._snapshot = Uptime()

    def observe(self, boot: RestartVerdict, moment: Moment) -> Uptime:
        """Take the verdict of a good poll."""
        if (began := boot.booted_at) is None:
            return self.absent()
        self.restarted = boot.restarted and boot.while_watched
        self._restarts += self.restarted
        if boot.gained is None:
            self._total = max(self._total or 0.0, moment.wall - began)
        else:
            self._total = (self._total or 0.0) + boot.gained
        started = self._started
        if boot.restarted or started is None or abs(began - started) > _STEADY:
            self._started = began
        return self._show(self._started)

    def absent(self) -> Uptime:
        """Tell what is known while no uptime is told."""
        self.restarted = False
        return self._show(None)

    def _show(self, started: float | None) -> Uptime:
        shown = Uptime(started=started, restarts=self._restarts, total=self._total)
        if shown != self._snapshot:
            self._snapshot = shown
        return self._snapshot

    def at_least(
        self, total: float | None = None, restarts: float | None = None
    ) -> None:
        """Go on from what was published before, where that is more."""
        if (known := number_of(total)) is not None:
            self._total = max(self._total or 0.0, known)
        self._restarts = max(self._restarts, count_of(restarts) or 0)

    def dump(self) -> dict[str, Any]:
        """Return all of it as JSON types."""
        return {
            "restarts": self._restarts,
            "total": self._total,
            "started": self._started,
        }

    def load(self, data: object) -> None:
        """Go on from what ``dump`` returned."""
        if not isinstance(data, Mapping):
            return
        self._started = number_of(data.get("started"))
        self.at_least(data.get("total"), data.get("restarts"))


class PresenceRecord:
    """Counts absences, and keeps what part of the last day the miner was there.

    Time is watched from one poll to the next. While the plug is off, and while we do
    not run, nobody watches. A lost answer or two before a good one are no absence; in
    one, the miner is missed from its last answer to its next. The quarters of an hour
    go by the wall clock as it was at the first poll, so that setting it moves nothing.
    """

    def __init__(self) -> None:
        """Start with nothing seen."""
        self.went_away = False
        """Whether the last poll began an absence."""
        self.watched_span = 0.0
        """Seconds that became watched with the last poll."""
        self.answered_span = 0.0
        """How many of them the miner was there."""
        self._seen = self._away = self._absent = False
        self._last: float | None = None
        self._unclear = 0.0
        self._day = _Day()
        self._times_offline = 0
        self._time_away = 0.0
        self._snapshot = Presence()

    def answered(self, moment: Moment) -> Presence:
        """Take a good poll."""
        span = self._span(moment)
        there = 0.0 if self._away else span
        if self._absent:
            self._time_away += span
        self._seen, self._away, self._absent = True, False, False
        return self._add(moment, span, there)

    def missed(self, moment: Moment, away: bool) -> Presence:
        """Take a failed poll, after which the miner counts as ``away`` or not yet."""
        span = self._span(moment)
        if not (away or self._away):
            self._unclear = span
            return self._add(moment, 0.0, 0.0)
        went_away = self._seen and not self._away
        self._times_offline += went_away
        self._away, self._absent = True, self._absent or went_away
        if self._absent:
            self._time_away += span
        return self._add(moment, span, 0.0, went_away=went_away)

    def unplugged(self, moment: Moment) -> Presence:
        """Take that the plug is off, so that nothing is expected of the miner."""
        self._seen = self._away = self._absent = False
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
            times_offline=self._times_offline,
            time_away=self._time_away,
            availability=self._day.add(moment, watched, there),
        )
        if shown != self._snapshot:
            self._snapshot = shown
        return self._snapshot

    def at_least(self, times_offline: float | None) -> None:
        """Go on from what was published before, if that is more."""
        self._times_offline = max(self._times_offline, count_of(times_offline) or 0)

    def dump(self) -> dict[str, Any]:
        """Return all of it as JSON types."""
        return {
            "times_offline": self._times_offline,
            "time_away": self._time_away,
            "day": self._day.dump(),
        }

    def load(self, data: object) -> None:
        """Go on from what ``dump`` returned."""
        if not isinstance(data, Mapping):
            return
        self.at_least(data.get("times_offline"))
        self._time_away = max(self._time_away, number_of(data.get("time_away")) or 0.0)
        self._day.load(data.get("day"))


class _Day:
    """What was watched of the last day, and answered of that, by quarters."""

    def __init__(self) -> None:
        """Start empty."""
        self._ahead: float | None = None
        self._newest: int | None = None
        self._watched = array("d", bytes(8 * BUCKETS))
        self._answered = array("d", bytes(8 * BUCKETS))
        self._sums = (0.0, 0.0)

    def add(self, moment: Moment, watched: float, answered: float) -> float | None:
        """Add seconds and return the availability in %, if enough is known."""
        self._advance(moment)
        if watched:
            self._watched[-1] += watched
            self._answered[-1] += answered
            all_watched, all_answered = self._sums
            self._sums = (all_watched + watched, all_answered + answered)
        all_watched, all_answered = self._sums
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
        passed = 0 if self._newest is None else now - self._newest
        if passed <= 0 and not first:
            return
        self._newest = now
        empty = min(max(passed, 0), BUCKETS)
        for buckets in (self._watched, self._answered):
            del buckets[:empty]
            buckets.extend(0.0 for _ in range(empty))
        self._sums = (sum(self._watched), sum(self._answered))

    def dump(self) -> dict[str, Any] | None:
        """Return the buckets in whole seconds."""
        if self._newest is None:
            return None
        return {
            "newest": self._newest,
            "watched": [round(span) for span in self._watched],
            "answered": [round(span) for span in self._answered],
        }

    def load(self, data: object) -> None:
        """Take over what ``dump`` returned, or nothing of it."""
        if not isinstance(data, Mapping):
            return
        newest = count_of(data.get("newest"))
        watched = numbers_of(data.get("watched"), BUCKETS, 2 * BUCKET)
        answered = numbers_of(data.get("answered"), BUCKETS, 2 * BUCKET)
        if newest is None or not len(watched) == len(answered) == BUCKETS:
            return
        self._newest = newest
        self._watched = array("d", watched)
        self._answered = array("d", map(min, watched, answered, strict=True))
