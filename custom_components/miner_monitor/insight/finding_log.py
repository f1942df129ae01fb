"""Which findings are open: their begin and their end are events, once each."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any, override

from ..miners.codec import Amount, Stored
from ..miners.events import EventType, MinerEvent, Moment
from .model import Finding, FindingKind

COMES_BACK = 2700.0
"""Seconds in which a finding that was open is found again: the longest delay of one,
and the time in which means fill up."""


@dataclass(slots=True)
class FindingLog(Stored):
    """Knows since when what is open, across absences of the miner and of ourselves.

    What was open before one is not ended because nothing was found yet, and is no news
    when it is found again: both are judged ``COMES_BACK`` seconds later.
    """

    open: dict[FindingKind, Amount] = field(default_factory=dict)
    events: tuple[MinerEvent, ...] = field(default=(), init=False)
    changed: bool = field(default=False, init=False)
    _seen: set[FindingKind] = field(default_factory=set, init=False)
    _back_at: float | None = field(default=None, init=False)

    def observe(
        self, findings: Collection[Finding], moment: Moment
    ) -> tuple[Finding, ...]:
        """Take what a good poll found; return it since it is open."""
        if not self.open and not findings:
            self.events = ()
            return ()
        if self._back_at is None:
            self._back_at = moment.monotonic
        patient = moment.monotonic - self._back_at < COMES_BACK
        found = {finding.kind: finding for finding in findings}
        over = [
            kind
            for kind in self.open
            if kind not in found and not (patient and kind not in self._seen)
        ]
        news = [finding for kind, finding in found.items() if kind not in self.open]
        self.open = {
            **{kind: at for kind, at in self.open.items() if kind not in over},
            **{finding.kind: finding.since for finding in news},
        }
        self.events = (*map(_cleared, over), *map(_begun, news))
        self.changed = self.changed or bool(self.events)
        self._seen = {*found}
        return tuple(replace(f, since=self.open[f.kind]) for f in found.values())

    @property
    def awaited(self) -> frozenset[FindingKind]:
        """What is open, and was not found at the last look."""
        return frozenset(self.open.keys() - self._seen)

    def absent(self) -> None:
        """Take it that nothing is looked at for a while."""
        self.events = ()
        self._back_at = None
        self._seen.clear()

    @override
    def dump(self) -> Any:
        """Return what has to be stored; it is then no more urgent."""
        self.changed = False
        return super().dump()

    def grow_old(self, age: float) -> None:
        """Forget what was loaded if it was stored too many seconds ago."""
        if not age <= COMES_BACK:
            self.open = {}


def _begun(finding: Finding) -> MinerEvent:
    told = {"value": finding.value, "threshold": finding.threshold}
    known = {
        key: round(number, 3) for key, number in told.items() if number is not None
    }
    return MinerEvent(
        event_type=_BEGINS.get(finding.kind, EventType.PROBLEM_FOUND),
        details={
            "problem": finding.kind.value,
            "severity": finding.severity.value,
            **known,
        },
    )


def _cleared(kind: FindingKind) -> MinerEvent:
    return MinerEvent(
        event_type=EventType.PROBLEM_CLEARED, details={"problem": kind.value}
    )


_BEGINS = {FindingKind.POOL_LOST: EventType.POOL_LOST}
"""What has an event of its own, for automations."""
