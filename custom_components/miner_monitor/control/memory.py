"""All that is remembered of one miner, and its way through a restart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..miners.codec import Amount, dump, load_or
from ..miners.events import Moment
from ..miners.model import (
    Changes,
    MinerSettings,
    Setting,
)
from .heat import (
    DeratingWatch,
    Protection,
)
from .model import (
    DayCount,
    Problem,
    Reason,
)
from .observed import (
    ChangeDetector,
    ObservedValues,
)
from .overrides import (
    Kind,
    Overrides,
)
from .power_target import PowerPace
from .profiles import Profiles
from .standstill import (
    StallRestart,
    StuckWatch,
)
from .values import (
    StoredChanges,
    reported,
)

VERSION = 1
"""Of what is stored; a part of another version that cannot be read begins anew."""

MOST_WRITES = 300
"""A day with more of them wears the flash out within years."""

_OLDEST = 24 * 3600.0
"""Seconds after which nothing comes back by itself: a restored backup looks alike."""

_MARGIN = 60.0
"""Seconds by which two files that were written one after the other may differ."""


@dataclass(slots=True, kw_only=True)
class ControlMemory:
    """The parts, of which the fields that are not private are stored.

    The overrides are intents, which only the user knows, and which are stored apart
    from the rest. What is older than a day comes from a backup, or from somebody who
    was away for long: what was wanted then, and what the device was like, says
    nothing of today. It is kept, and writes nothing by itself. A clock that is behind
    what is stored has lost its time, and says nothing of any age.
    """

    version: int = VERSION
    saved_at: Amount = 0.0
    acted_at: Amount = 0.0
    """When an intent was begun, ended or found ended, in epoch seconds."""
    observed: ObservedValues = field(default_factory=ObservedValues)
    writes: DayCount = field(default_factory=DayCount)
    """Changes of the day that went to the flash of the miner."""
    derating: DeratingWatch = field(default_factory=DeratingWatch)
    protection: Protection = field(default_factory=Protection)
    stall: StallRestart = field(default_factory=StallRestart)
    changes: ChangeDetector = field(default_factory=ChangeDetector)
    waiting: StoredChanges = field(default_factory=dict)
    """What was written and takes effect with the next restart."""
    profiles: Profiles = field(default_factory=Profiles)
    overrides: Overrides = field(default_factory=Overrides, init=False)
    stuck: StuckWatch = field(default_factory=StuckWatch, init=False)
    pace: PowerPace = field(default_factory=PowerPace)

    @classmethod
    def load(
        cls, data: object, intents: object, now: Moment, intents_at: float | None
    ) -> ControlMemory:
        """Read what ``dump`` and ``dump_intents`` wrote; what is broken is left out.

        ``intents_at``: when the intents were stored.
        """
        memory = load_or(cls, data, cls())
        memory.overrides = Overrides.load(load_or(dict[str, Any], intents, {}), now)
        stored_at = intents_at or 0.0
        is_old = now.wall - max(memory.saved_at, stored_at) > _OLDEST
        if is_old or stored_at + _MARGIN < memory.acted_at:
            memory.overrides.grow_old()
        if is_old:
            memory.derating, memory.protection = DeratingWatch(), Protection()
            memory.stall, memory.changes = StallRestart(), ChangeDetector()
            memory.waiting = {}
        return memory

    def dump(self, wall: float) -> dict[str, Any]:
        """Return everything but the intents, as JSON types."""
        self.version, self.saved_at = VERSION, wall
        found: dict[str, Any] = dump(self)
        return found

    def beneath(
        self,
        kind: Kind,
        settings: MinerSettings,
        wanted: Iterable[Setting],
        *,
        heat: bool = True,
    ) -> Changes:
        """Return settings without what covers an override of this kind.

        Beneath a temporary profile those are the user's values, whatever keeps the
        device from them now; without ``heat`` also those that the device lowered
        itself.
        """
        found = reported(settings, wanted)
        lowest = kind in {Kind.POWER_TARGET, Kind.TEMPORARY}
        if heat and lowest and self.derating.derated:
            baseline = self.derating.baseline
            found = {**found, **{k: baseline[k] for k in baseline if k in found}}
        return self.overrides.beneath(kind, found)

    @property
    def protects(self) -> bool:
        """Whether power is saved because of heat and nothing else."""
        return self.overrides[Kind.SAVE_POWER].active.reason is Reason.PROTECT

    def problems(self, day: str) -> dict[Problem, Mapping[str, str]]:
        """Return what a user should look at."""
        works_less = self.protects or self.overrides[Kind.PROTECTION].active
        present: Mapping[Problem, Mapping[str, str] | None] = {
            Problem.DERATED: self.derating.details if self.derating.derated else None,
            Problem.TOO_MANY_WRITES: (
                {"limit": str(MOST_WRITES)}
                if self.writes.on(day) > MOST_WRITES
                else None
            ),
            Problem.RESTART_NEEDED: {} if self.waiting else None,
            Problem.PROTECTED: {} if works_less and self.protection.stays else None,
            Problem.TEMPORARY_OLD: (
                {} if self.overrides[Kind.TEMPORARY].waits_for_user else None
            ),
        }
        return {key: found for key, found in present.items() if found is not None}
