"""All that is remembered of one miner, and its way through a restart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ..miners.model import (
    Changes,
    MinerSettings,
    Setting,
)
from .adopted import Adopted
from .derating import DeratingWatch
from .model import (
    Problem,
    Reason,
)
from .news import News
from .profiles import Profiles
from .protect import Protection
from .rules import same
from .stall_restart import StallRestart
from .stuck import StuckWatch
from .temporary import (
    OLDEST,
    Temporary,
)
from .throttle import SavePower
from .values import (
    dump_changes,
    load_changes,
    number_of,
    reported,
)
from .writes import (
    MOST_WRITES,
    Writes,
)

_MARGIN = 60.0
"""Seconds by which two files that were written one after the other may differ."""


@dataclass(slots=True, kw_only=True)
class Record:
    """The parts, each of which knows how it is stored.

    Three of them are intents, which only the user knows, and which are stored apart
    from the rest. What is older than a day comes from a backup, or from somebody who
    was away for long: what was wanted then, and what the device was like, says
    nothing of today. It is kept, and writes nothing by itself. A clock that is behind
    what is stored has lost its time, and says nothing of any age.
    """

    adopted: Adopted = field(default_factory=Adopted)
    profiles: Profiles = field(default_factory=Profiles)
    writes: Writes = field(default_factory=Writes)
    throttle: SavePower = field(default_factory=SavePower)
    temporary: Temporary = field(default_factory=Temporary)
    lowered: Temporary = field(default_factory=Temporary)
    """What protection lowered by one operating point, and what comes back for it."""
    derating: DeratingWatch = field(default_factory=DeratingWatch)
    protection: Protection = field(default_factory=Protection)
    stall: StallRestart = field(default_factory=StallRestart)
    stuck: StuckWatch = field(default_factory=StuckWatch)
    news: News = field(default_factory=News)
    waiting: Changes = field(default_factory=dict)
    """What was written and takes effect with the next restart."""
    acted_at: float = 0.0
    """When an intent was begun, ended or found ended, in epoch seconds."""

    @classmethod
    def load(
        cls,
        data: object,
        intents: object,
        *,
        wall: float,
        monotonic: float,
        intents_at: float | None = None,
    ) -> Self:
        """Read what ``dump`` and ``dump_intents`` wrote; what is broken is left out.

        ``intents_at``: when the intents were stored.
        """
        data = data if isinstance(data, Mapping) else {}
        intents = intents if isinstance(intents, Mapping) else {}
        record = cls(
            adopted=Adopted.load(data.get("adopted")),
            profiles=Profiles.load(data.get("profiles")),
            writes=Writes.load(data.get("writes")),
            throttle=SavePower.load(intents.get("throttle")),
            temporary=Temporary.load(intents.get("temporary"), wall, monotonic),
            lowered=Temporary.load(intents.get("lowered"), wall, monotonic),
            acted_at=number_of(data.get("acted_at")) or 0.0,
        )
        alive_at = max(number_of(data.get("saved_at")) or 0.0, intents_at or 0.0)
        if wall - alive_at > OLDEST or (intents_at or 0.0) + _MARGIN < record.acted_at:
            record._grow_old()
        if wall - alive_at <= OLDEST:
            record.derating = DeratingWatch.load(data.get("derating"))
            record.protection = Protection.load(data.get("protection"))
            record.stall = StallRestart.load(data.get("stall"), wall, monotonic)
            record.news = News.load(data.get("news"))
            record.waiting = load_changes(data.get("waiting"))
        return record

    def _grow_old(self) -> None:
        """Let nothing be written for the sake of what was wanted then."""
        if self.temporary.loan is None:
            # A user is asked in the same way whether that is to come back.
            self.temporary = self.lowered
        self.lowered = Temporary()
        self.throttle.grow_old()
        self.temporary.grow_old()

    def dump(self, wall: float) -> dict[str, Any]:
        """Return everything but the intents, as JSON types."""
        return {
            "saved_at": wall,
            "acted_at": self.acted_at,
            "adopted": self.adopted.dump(),
            "profiles": self.profiles.dump(),
            "derating": self.derating.dump(),
            "protection": self.protection.dump(),
            "stall": self.stall.dump(),
            "news": self.news.dump(),
            "writes": self.writes.dump(),
            "waiting": dump_changes(self.waiting),
        }

    def dump_intents(self, wall: float, monotonic: float) -> dict[str, Any]:
        """Return what is wanted until it is taken back, as JSON types."""
        return {
            "throttle": self.throttle.dump(),
            "temporary": self.temporary.dump(wall, monotonic),
            "lowered": self.lowered.dump(wall, monotonic),
        }

    def users(
        self,
        settings: MinerSettings,
        wanted: Iterable[Setting],
        *,
        heat: bool = True,
    ) -> Changes:
        """Return the user's values, whatever keeps the device from them now.

        Without ``heat`` those are the user's that the device lowered itself.
        """
        baseline = self.derating.baseline if heat and self.derating.derated else {}
        loan = self.lowered.loan
        lowered = {} if loan is None else loan.before
        return _overlaid(reported(settings, wanted), baseline, self._before, lowered)

    def kept(self, settings: MinerSettings, wanted: Iterable[Setting]) -> Changes:
        """Return what runs as soon as power is saved no longer."""
        return _overlaid(reported(settings, wanted), self._before)

    @property
    def _before(self) -> Changes:
        """What comes back after power was saved without a stop."""
        intent = self.throttle.intent
        return intent.before if intent is not None and self.throttle.held else {}

    @property
    def held(self) -> Changes:
        """What protection, or saving power without a stop, keeps from the user's."""
        loan = self.lowered.loan
        return {**({} if loan is None else loan.applied), **self.throttle.held}

    def before_of_saving(self, changes: Changes) -> Changes:
        """Return what comes back when a user's change ends that power is saved."""
        held, intent = self.throttle.held, self.throttle.intent
        if intent is None or not _conflict(changes, held):
            return {}
        return {key: value for key, value in intent.before.items() if key in held}

    def before_of_step(self, changes: Changes) -> Changes:
        """Return what comes back when it ends that protection lowered something."""
        loan = self.lowered.loan
        return loan.before if loan and _conflict(changes, loan.applied) else {}

    @property
    def protects(self) -> bool:
        """Whether power is saved because of heat and nothing else."""
        intent = self.throttle.intent
        return intent is not None and intent.by is Reason.PROTECT

    @property
    def works_less(self) -> bool:
        """Whether heat is a reason why it does not run what its user chose."""
        return self.protects or self.lowered.loan is not None

    def problems(self, today: str) -> Mapping[Problem, Mapping[str, str]]:
        """Return what a user should look at."""
        found: dict[Problem, Mapping[str, str]] = {}
        if self.derating.derated:
            found[Problem.DERATED] = self.derating.details
        if self.writes.on(today) > MOST_WRITES:
            found[Problem.TOO_MANY_WRITES] = {"limit": str(MOST_WRITES)}
        if self.waiting:
            found[Problem.RESTART_NEEDED] = {}
        if self.works_less and self.protection.stays:
            found[Problem.PROTECTED] = {}
        if self.temporary.waits_for_user:
            found[Problem.TEMPORARY_OLD] = {}
        return found


def _conflict(changes: Changes, held: Changes) -> bool:
    """Whether anything is to be other than it is held."""
    return any(
        not same(setting, value, changes.get(setting, value))
        for setting, value in held.items()
    )


def _overlaid(found: Changes, *others: Changes) -> Changes:
    """Return what was found with the values of others, of which the last one wins."""
    for values in others:
        found = {**found, **{key: values[key] for key in values if key in found}}
    return found
