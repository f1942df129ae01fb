"""Totals of the fleet that only grow, whoever comes and goes.

A sum of the members' totals would fall whenever one is away, and jump when it comes
back. What counts here is what each member adds while it is watched: its first value,
and the first one after a gap or a fall, is only where the next is measured from.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from ..miners.codec import Within, dump, load_or
from ..model import MinerData
from .model import FleetTotal

_MOST_ADDED: Mapping[FleetTotal, float] = {
    FleetTotal.ENERGY: 10.0,
    FleetTotal.WALL_ENERGY: 10.0,
    FleetTotal.SHARES_ACCEPTED: 1e6,
    FleetTotal.SHARES_REJECTED: 1e6,
}
"""What no miner adds between two polls: more was made known, not used or found."""

_Stored = dict[FleetTotal, Annotated[float, Within(0, 1e15)]]
"""What is stored, and published; a total beyond this is none."""

type _Values = tuple[float | None, ...]

_TOTALS = tuple(FleetTotal)
_NOTHING: _Values = (None,) * len(_TOTALS)


class FleetMeters:
    """Adds up what the members add."""

    def __init__(self) -> None:
        """Start at zero, with nothing published."""
        self._before = dict.fromkeys(FleetTotal, 0.0)
        self._added = dict.fromkeys(FleetTotal, 0.0)
        self._references: dict[str, _Values] = {}
        self._resumed = False

    @property
    def totals(self) -> dict[FleetTotal, float | None]:
        """The totals; None until it is known what was published before."""
        if not self._resumed:
            return dict.fromkeys(FleetTotal)
        return {**self._sums()}

    def _sums(self) -> dict[FleetTotal, float]:
        return {total: self._before[total] + self._added[total] for total in _TOTALS}

    def observe(self, member: str, data: MinerData) -> None:
        """Take what a member shows now."""
        values = _values(data)
        before = self._references.get(member, _NOTHING)
        if values == before:
            return
        self._references[member] = values
        for total, value, reference in zip(_TOTALS, values, before, strict=True):
            if value is not None and reference is not None:
                added = value - reference
                if 0 < added <= _MOST_ADDED[total]:
                    self._added[total] += added

    def forget(self, member: str) -> None:
        """Measure a member anew when it comes back: it is unloaded."""
        self._references.pop(member, None)

    def resume(self, published: Mapping[FleetTotal, float]) -> None:
        """Go on from what was published last, if that is more than was stored."""
        if not self._resumed:
            self._resumed = True
            for total, known in load_or(_Stored, published, {}).items():
                self._before[total] = max(self._before[total], known)

    def dump(self) -> Any:
        """Return the totals as JSON types."""
        return dump(self._sums())

    def load(self, data: object) -> bool:
        """Read what ``dump`` wrote; tell whether all of it could be read."""
        found = load_or(_Stored, data, {})
        self._before |= found
        return len(found) == len(_TOTALS)


def _values(data: MinerData) -> _Values:
    """Return the counters of a member in the order of the totals.

    Of one that is away only its plug goes on measuring.
    """
    insight, state = data.insight, data.state
    if not data.online or state is None:
        return None, insight.wall_energy, None, None
    accepted, rejected = insight.shares.counted or (None, None)
    return (
        insight.energy,
        insight.wall_energy,
        None if state.shares_accepted is None else accepted,
        None if state.shares_rejected is None else rejected,
    )
