"""All that is remembered of one miner, and its way through a restart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ..miners.boots import Boots
from ..miners.model import Changes, MinerSettings, Setting
from .adopted import Adopted
from .derating import DeratingWatch
from .model import Problem, Reason
from .news import News
from .profiles import Profiles
from .protect import Protection
from .temporary import Temporary
from .throttle import SavePower
from .values import dump_changes, load_changes, number_of, reported
from .writes import MOST_WRITES, Writes

VERSION = 1
_OLDEST = 24 * 3600.0
_AHEAD = 3600.0


@dataclass(slots=True, kw_only=True)
class Record:
    """The parts, each of which knows how it is stored.

    What is older than a day comes from a backup: what was wanted then, and what
    the device was like, says nothing of today. Profiles do, and what was before the
    settings of least power.
    """

    adopted: Adopted = field(default_factory=Adopted)
    profiles: Profiles = field(default_factory=Profiles)
    writes: Writes = field(default_factory=Writes)
    throttle: SavePower = field(default_factory=SavePower)
    temporary: Temporary = field(default_factory=Temporary)
    derating: DeratingWatch = field(default_factory=DeratingWatch)
    protection: Protection = field(default_factory=Protection)
    boots: Boots = field(default_factory=Boots)
    news: News = field(default_factory=News)
    waiting: Changes = field(default_factory=dict)
    """What was written and takes effect with the next restart."""

    @classmethod
    def load(cls, data: object, wall: float) -> Self:
        """Read what ``dump`` wrote; what is broken or too old is left out."""
        if not isinstance(data, Mapping):
            return cls()
        lasting = cls(
            adopted=Adopted.load(data.get("adopted")),
            profiles=Profiles.load(data.get("profiles")),
            writes=Writes.load(data.get("writes")),
            throttle=SavePower.load(data.get("throttle")),
        )
        saved_at = number_of(data.get("saved_at"))
        if saved_at is None or not -_AHEAD <= wall - saved_at <= _OLDEST:
            lasting.throttle.grow_old()
            return lasting
        lasting.temporary = Temporary.load(data.get("temporary"))
        lasting.derating = DeratingWatch.load(data.get("derating"))
        lasting.protection = Protection.load(data.get("protection"))
        lasting.boots = Boots.load(data.get("boots"))
        lasting.news = News.load(data.get("news"))
        lasting.waiting = load_changes(data.get("waiting"))
        return lasting

    def dump(self, wall: float) -> dict[str, Any]:
        """Return everything as JSON types."""
        return {
            "version": VERSION,
            "saved_at": wall,
            "adopted": self.adopted.dump(),
            "profiles": self.profiles.dump(),
            "throttle": self.throttle.dump(),
            "temporary": self.temporary.dump(),
            "derating": self.derating.dump(),
            "protection": self.protection.dump(),
            "boots": self.boots.dump(),
            "news": self.news.dump(),
            "writes": self.writes.dump(),
            "waiting": dump_changes(self.waiting),
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
        found = reported(settings, wanted)
        kept = self.derating.baseline if heat and self.derating.derated else {}
        if self.throttle.intent is not None and self.throttle.held:
            kept = {**kept, **self.throttle.intent.before}
        return {**found, **{key: kept[key] for key in kept if key in found}}

    @property
    def protects(self) -> bool:
        """Whether power is saved because of heat and nothing else."""
        intent = self.throttle.intent
        return intent is not None and intent.by is Reason.PROTECT

    def problems(self, today: str) -> Mapping[Problem, Mapping[str, str]]:
        """Return what a user should look at."""
        found: dict[Problem, Mapping[str, str]] = {}
        if self.derating.derated:
            found[Problem.DERATED] = self.derating.details
        if self.writes.on(today) > MOST_WRITES:
            found[Problem.TOO_MANY_WRITES] = {"limit": str(MOST_WRITES)}
        if self.waiting:
            found[Problem.RESTART_NEEDED] = {}
        if self.protects and self.protection.stays:
            found[Problem.PROTECTED] = {}
        return found
