"""The sum of all miners, honest about those that are not in it.

Of a miner that is away nothing is added but what its plug measures. One that stands
still adds 0 TH/s and the power that it takes all the same, so that the fleet's
efficiency is what is paid for.
"""

from collections.abc import Iterable

from ..control.throttle import throttle_method
from ..insight.model import FindingKind
from ..miners.model import (
    Capability,
    HashRateUnit,
    MinerIdentity,
    MinerState,
    MinerStatus,
    Setting,
)
from ..model import MinerData
from .model import (
    FleetData,
    FleetFeature,
    Member,
    MemberProblems,
    PartialSum,
)

OVERHEATING = "overheating"
THROTTLED = "throttled"


def abilities_of(identity: MinerIdentity) -> frozenset[FleetFeature]:
    """Return what the fleet can do with a miner."""
    able = {
        FleetFeature.THROTTLE: throttle_method(identity) is not None,
        FleetFeature.MINING: Setting.MINING in identity.limits.settings,
        FleetFeature.RESTART: Capability.RESTART in identity.capabilities,
    }
    return frozenset(ability for ability, there in able.items() if there)


class _Sum:
    """A sum of what is known."""

    __slots__ = ("known", "total")

    def __init__(self) -> None:
        self.total = 0.0
        self.known = 0

    def add(self, value: float | None) -> None:
        if value is not None:
            self.total += value
            self.known += 1

    def of(self, miners: int) -> PartialSum:
        return PartialSum(self.total if self.known else None, self.known, miners)


class _Ratio:
    """A ratio of sums, over those of which both parts are known."""

    __slots__ = ("above", "below", "known")

    def __init__(self) -> None:
        self.above = self.below = 0.0
        self.known = 0

    def add(self, above: float | None, below: float | None) -> None:
        if above is not None and below is not None:
            self.above += above
            self.below += below
            self.known += 1

    def of(self, miners: int, scale: float = 1.0) -> PartialSum:
        value = scale * self.above / self.below if self.below > 0 else None
        return PartialSum(value, self.known, miners)


class _Highest:
    """The highest of what is known, and whose it is."""

    __slots__ = ("known", "name", "value")

    def __init__(self) -> None:
        self.value: float | None = None
        self.name: str | None = None
        self.known = 0

    def add(self, value: float | None, name: str) -> None:
        if value is None:
            return
        self.known += 1
        if self.value is None or value > self.value:
            self.value, self.name = value, name

    def of(self, miners: int) -> PartialSum:
        return PartialSum(self.value, self.known, miners)


class _Any:
    """Whether any is, as far as is known."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: bool | None = None

    def add(self, value: bool | None) -> None:
        if value is not None:
            self.value = bool(self.value) or value


class _Adding:
    """Takes one miner after the other."""

    def __init__(self) -> None:
        self.total = self.online = self.hashers = 0
        self.hash_rate, self.power, self.wall_power = _Sum(), _Sum(), _Sum()
        self.efficiency, self.wall_efficiency = _Ratio(), _Ratio()
        self.ratio, self.rejects = _Ratio(), _Ratio()
        self.hottest, self.best = _Highest(), _Highest()
        self.saving_power, self.mining = _Any(), _Any()
        self.troubles: list[MemberProblems] = []
        self.features: set[FleetFeature] = set()

    def add(self, member: Member) -> None:
        """Take a miner, there or away."""
        data = member.data
        self.total += 1
        self.features |= member.features
        sha256 = data.identity.hash_rate_unit is HashRateUnit.TERA
        self.hashers += sha256
        if (wall := data.insight.wall_power) is not None:
            self.features.add(FleetFeature.WALL_POWER)
        self.wall_power.add(wall)
        if not data.online:
            return
        self.online += 1
        if problems := _problems(data):
            self.troubles.append(MemberProblems(member.name, problems))
        if data.believed is not None:
            self._add_state(member, data.believed, sha256=sha256)

    def _add_state(self, member: Member, state: MinerState, *, sha256: bool) -> None:
        """Take what is believed of a miner that is there."""
        insight, features = member.data.insight, member.features
        self.power.add(state.power)
        self.hottest.add(state.hottest_chip, member.name)
        shares = insight.shares
        if shown := shares.accepted + shares.rejected:
            self.rejects.add(shares.rejected, shown)
        if sha256:
            rate = state.hash_rate
            self.hash_rate.add(rate)
            self.efficiency.add(state.power, rate)
            self.wall_efficiency.add(insight.wall_power, rate)
            self.best.add(state.best_difficulty, member.name)
            self._add_ratio(member.data)
        if FleetFeature.THROTTLE in features:
            self.saving_power.add(member.data.control.saving_power)
        if FleetFeature.MINING in features:
            self.mining.add(state.settings.mining)

    def _add_ratio(self, data: MinerData) -> None:
        """Take the hash rate of the ratio's window beside the expected one."""
        baseline = data.insight.baseline
        ratio, expected = baseline.ratio, baseline.expected
        if ratio is not None and expected is not None:
            self.ratio.add(ratio / 100 * expected, expected)

    def result(self) -> FleetData:
        """Return the sum."""
        miners, hashers = self.total, self.hashers
        return FleetData(
            miners_online=self.online,
            miners_total=miners,
            hash_rate=self.hash_rate.of(hashers),
            hash_rate_ratio=self.ratio.of(hashers, 100.0),
            power=self.power.of(miners),
            efficiency=self.efficiency.of(hashers),
            wall_power=self.wall_power.of(miners),
            wall_efficiency=self.wall_efficiency.of(hashers),
            hottest_chip=self.hottest.of(miners),
            hottest=self.hottest.name,
            best_difficulty=self.best.of(hashers),
            reject_rate=self.rejects.of(miners, 100.0),
            troubles=tuple(self.troubles),
            saving_power=self.saving_power.value,
            mining=self.mining.value,
            features=frozenset(self.features),
        )


def aggregate(members: Iterable[Member]) -> FleetData:
    """Return all miners together, without the totals."""
    adding = _Adding()
    for member in members:
        adding.add(member)
    return adding.result()


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
