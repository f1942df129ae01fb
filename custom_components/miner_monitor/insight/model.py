"""Snapshots that insight gives out; all frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..control.model import ControlState
from ..miners.model import ErrorKind, MinerIdentity, MinerState


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time by two clocks, both in seconds.

    ``wall`` (since the epoch) is for people; spans are taken from ``monotonic``
    alone, so that a clock that is set does no harm.
    """

    wall: float
    monotonic: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseTimes:
    """How long the last polls took, in ms."""

    last: float
    mean: float
    median: float
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """What is known beyond the device's own words.

    ``last_seen`` and ``started`` are seconds since the epoch; ``hash_rate_ratio``
    is in % of the expected rate. ``blocks_found`` and all that is counted here
    outlive the miner's absence: ``failed_polls`` by the kind of error, and how
    often it went away.
    """

    last_seen: float | None = None
    started: float | None = None
    response_times: ResponseTimes | None = None
    hash_rate_ratio: float | None = None
    overheating: bool | None = None
    blocks_found: int | None = None
    failed_polls: Mapping[ErrorKind, int] = field(default_factory=dict)
    times_offline: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerData:
    """All that is known of one miner at one moment.

    ``online`` is None until the first poll has an outcome; while a miner is away
    ``state`` is None, so that no stale value can be taken for a fresh one.
    """

    online: bool | None
    identity: MinerIdentity
    state: MinerState | None = None
    insight: Insight = Insight()
    control: ControlState = field(default_factory=ControlState)
    last_error: str | None = None
