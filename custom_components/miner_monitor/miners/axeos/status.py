"""What a miner is doing, from what it says and from what it was doing before."""

from typing import NamedTuple

from ..model import MinerStatus

SETTLED = 60.0
"""Seconds after a boot or a wake-up in which odd readings prove nothing."""

START = 600.0
"""Seconds a miner may take to hash again before it counts as idle."""


class Evidence(NamedTuple):
    """The signs in one reply, for both dialects.

    ``regulator_off``: no core voltage although nobody shut the miner down; the only
    sign of NerdOS that it overheated. ``cooling``: fan forced to full speed, chip
    off, not paused; AxeOS 2.14 hides its overheat flag while it cools down.
    """

    hash_rate: float | None = None
    faults: tuple[str, ...] = ()
    overheat_flag: bool | None = None
    regulator_off: bool = False
    cooling: bool = False
    paused: bool = False
    shutdown: bool = False
    pool_connected: bool | None = None
    uptime: int | None = None

    @property
    def resting(self) -> bool:
        """Whether the miner stands still by itself or by command, for certain."""
        return self.overheat_flag or self.regulator_off or self.paused or self.shutdown


def decide(evidence: Evidence, awake: float | None) -> MinerStatus:
    """Decide on the status; ``awake`` is the time since a wake-up that still lasts.

    A fault goes before all else, and what the device says of itself before what
    can be concluded. A hash rate above zero proves hashing. Only then, and only on
    a settled miner, do a forced fan and lost pools explain why it does not hash.
    """
    if evidence.faults:
        return MinerStatus.FAULT
    if evidence.overheat_flag:
        return MinerStatus.OVERHEATED
    uptime = evidence.uptime
    booted = uptime is None or uptime >= SETTLED
    settled = booted and (awake is None or awake >= SETTLED)
    if evidence.regulator_off and settled:
        return MinerStatus.OVERHEATED
    if evidence.paused:
        return MinerStatus.PAUSED
    if evidence.shutdown:
        return MinerStatus.STANDBY
    if evidence.hash_rate:
        return MinerStatus.HASHING
    if settled and evidence.pool_connected is False:
        return MinerStatus.POOL_LOST
    if settled and evidence.cooling:
        return MinerStatus.OVERHEATED
    if awake is not None or (uptime is not None and uptime < START):
        return MinerStatus.STARTING
    return MinerStatus.IDLE


class StatusMemory:
    """Tells a miner that is waking up from one that stands idle."""

    def __init__(self) -> None:
        """Start without a past."""
        self._rested = False
        self._cooling = False
        self._woke_at: float | None = None

    def judge(self, evidence: Evidence, now: float) -> MinerStatus:
        """Decide on the status of a reply that came at ``now``."""
        if evidence.resting or (evidence.cooling and self._cooling):
            self._rested = True
            self._woke_at = None
        elif self._rested:
            self._rested = False
            self._woke_at = now
        awake = None if self._woke_at is None else now - self._woke_at
        if awake is not None and awake >= START:
            awake = self._woke_at = None
        status = decide(evidence, awake)
        if status is MinerStatus.HASHING:
            self._woke_at = None
        self._cooling = status is MinerStatus.OVERHEATED and not evidence.overheat_flag
        return status
