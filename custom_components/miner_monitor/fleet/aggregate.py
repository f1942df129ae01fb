"""The sums of all miners, and totals that only grow, whoever comes and goes.

Of a miner that is away nothing is added but what its plug measures. One that stands
still adds 0 TH/s and the power that it takes all the same, so that the fleet's
efficiency is what is paid for.

A sum of the members' totals would fall whenever one is away, and jump when it comes
back. What counts is what each member adds while it is watched: its first value, and
the first one after a gap or a fall, is only where the next is measured from.
"""

from collections.abc import Iterable, Mapping
import math
from operator import itemgetter
from typing import Annotated, Any

from ..control.throttle import throttle_method
from ..insight.model import FindingKind
from ..miners.codec import Within, dump, load_or
from ..miners.model import (
    Capability,
    HashRateUnit,
    MinerIdentity,
    MinerStatus,
    Setting,
)
from ..model import MinerData
from .model import (
    FleetData,
    FleetFeature,
    FleetTotal,
    Member,
    MemberProblems,
    PartialSum,
)

OVERHEATING = "overheating"
THROTTLED = "throttled"


def features_of(identity: MinerIdentity) -> frozenset[FleetFeature]:
    """Return what the fleet can do with a miner."""
    able = {
        FleetFeature.THROTTLE: throttle_method(identity) is not None,
        FleetFeature.MINING: Setting.MINING in identity.limits.settings,
        FleetFeature.POWER_TARGET: throttle_method(identity) is not None,
        FleetFeature.RESTART: Capability.RESTART in identity.capabilities,
    }
    return frozenset(feature for feature, there in able.items() if there)


def _is_sha256(member: Member) -> bool:
    return member.data.identity.hash_rate_unit is HashRateUnit.TERA


def _sum(values: Iterable[float | None], of: int) -> PartialSum:
    """Add up what is known."""
    known = [value for value in values if value is not None]
    return PartialSum(math.fsum(known) if known else None, len(known), of)


def _ratio(
    pairs: Iterable[tuple[float | None, float | None]], of: int, scale: float = 1.0
) -> PartialSum:
    """Return a ratio of sums, over those of which both parts are known."""
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    below = math.fsum(b for _, b in known)
    value = scale * math.fsum(a for a, _ in known) / below if below > 0 else None
    return PartialSum(value, len(known), of)


def _highest(
    values: Iterable[tuple[float | None, str]], of: int
) -> tuple[PartialSum, str | None]:
    """Return the highest of what is known, and whose it is."""
    known = [(value, name) for value, name in values if value is not None]
    value, name = max(known, key=itemgetter(0), default=(None, None))
    return PartialSum(value, len(known), of), name


def _any(values: Iterable[bool | None]) -> bool | None:
    """Whether any is, as far as is known."""
    known = [value for value in values if value is not None]
    return any(known) if known else None


def _all(values: Iterable[bool | None]) -> bool | None:
    """Whether all are, as far as is known."""
    known = [value for value in values if value is not None]
    return all(known) if known else None


def _expected(data: MinerData) -> tuple[float | None, float | None]:
    """Return the hash rate of the ratio's window beside the expected one."""
    ratio, expected = data.insight.baseline.ratio, data.insight.baseline.expected
    if ratio is None or expected is None:
        return None, None
    return ratio / 100 * expected, expected


def _rejects(data: MinerData) -> tuple[float | None, float | None]:
    """Return the rejected shares beside all of them, once there are any."""
    shares = data.insight.shares
    return shares.rejected, shares.accepted + shares.rejected or None


def aggregate(members: Iterable[Member]) -> FleetData:
    """Return all miners together, without the totals."""
    everyone = list(members)
    online = [member for member in everyone if member.data.online]
    states = [
        (member, member.data.believed)
        for member in online
        if member.data.believed is not None
    ]
    hashing = [(member, state) for member, state in states if _is_sha256(member)]
    miners, hashers = len(everyone), sum(map(_is_sha256, everyone))
    walls = [member.data.insight.wall_power for member in everyone]
    saving = [
        member.data.control.saving_power
        for member, _ in states
        if FleetFeature.THROTTLE in member.features
    ]
    features = frozenset[FleetFeature]().union(*(item.features for item in everyone))
    if any(wall is not None for wall in walls):
        features |= {FleetFeature.WALL_POWER}
    hottest_chip, hottest = _highest(
        ((state.hottest_chip, member.name) for member, state in states), miners
    )
    best, luckiest = _highest(
        (
            (member.data.insight.best_difficulty, member.name)
            for member in everyone
            if _is_sha256(member)
        ),
        hashers,
    )
    return FleetData(
        miners_online=len(online),
        miners_total=miners,
        hash_rate=_sum((state.hash_rate for _, state in hashing), hashers),
        hash_rate_ratio=_ratio(
            (_expected(member.data) for member, _ in hashing), hashers, 100.0
        ),
        power=_sum((state.power for _, state in states), miners),
        efficiency=_ratio(
            ((state.power, state.hash_rate) for _, state in hashing), hashers
        ),
        wall_power=_sum(walls, miners),
        wall_efficiency=_ratio(
            (
                (member.data.insight.wall_power, state.hash_rate)
                for member, state in hashing
            ),
            hashers,
        ),
        hottest_chip=hottest_chip,
        hottest=hottest,
        best_difficulty=best.value,
        luckiest=luckiest,
        reject_rate=_ratio(
            (_rejects(member.data) for member, _ in states), miners, 100.0
        ),
        troubles=tuple(
            MemberProblems(member.name, problems)
            for member in online
            if (problems := _problems(member.data))
        ),
        saving_power=_all(saving),
        saving=saving.count(True),
        controllable=sum(
            FleetFeature.THROTTLE in member.features for member in everyone
        ),
        mining=_any(
            state.settings.mining
            for member, state in states
            if FleetFeature.MINING in member.features
        ),
        features=features,
    )


def _problems(data: MinerData) -> tuple[str, ...]:
    """Name what is wrong with a miner; most often nothing."""
    health, state = data.insight.health, data.state
    found: set[str] = {finding.kind.value for finding in health.findings}
    if health.overheating:
        found.add(OVERHEATING)
    if health.fan_fault:
        found.add(FindingKind.FAN_STOPPED)
    if data.insight.shares.stalled:
        found.add(FindingKind.STALLED)
    if data.control.derated:
        found.add(THROTTLED)
    if state is not None and (state.faults or state.status is MinerStatus.FAULT):
        found.add(FindingKind.FAULT)
    return tuple(sorted(found)) if found else ()


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
            values = {str(total): known for total, known in published.items()}
            for total, known in load_or(_Stored, values, {}).items():
                self._before[total] = max(self._before[total], known)

    def dump(self) -> Any:
        """Return the totals as JSON types."""
        return dump(self._sums())

    def load(self, data: object) -> bool:
        """Read what ``dump`` wrote; return whether all of it could be read."""
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
