"""What a miner is doing, from what it says and from what it was doing before."""

from collections.abc import Mapping
from itertools import compress
from operator import ne
from typing import NamedTuple

from ..client import Question
from ..model import (
    NO_CHIPS,
    NO_CORE_VOLTAGE,
    MinerStatus,
    TripPoints,
)
from ..values import count
from . import nerdos
from .profile import Reply

SETTLED = 60.0
"""Seconds after a boot or a wake-up in which odd readings prove nothing."""

START = 600.0
"""Seconds a miner may take to hash again before it counts as idle."""

TRIP_CHIP = 75.0
TRIP_VR = 105.0
"""°C above which AxeOS switches its chips off, whatever its fan pursues."""

RESTART_VR = 95.0
"""°C of the regulator at which AxeOS begins again."""

_NEARLY_HOT = 70.0
"""°C of a chip from which it overheats between two polls."""

_NEAR_TRIP = 5.0
"""Degrees below a trip point that prove heat: it rises on between two polls."""

_FROZEN = 10.0
"""Seconds in which a rate changes at least once, if chips answer."""

_FROZEN_ALONE = 90.0
"""The same where nothing else speaks against the chips."""

_DISCONNECTED = 5.0
"""Seconds after which a pool without connection is no mere change of pools."""

_LIVELY = ("power", "temp")
"""What moves from reply to reply while a miner has power."""

_HEAT = (1, 2)
_CAUSES: Mapping[int, str] = {
    3: "power_supply",
    4: "input_current",
    5: "core_voltage",
    6: "coinbase_verification",
}
"""What a board error other than heat of chip or regulator means."""


class Evidence(NamedTuple):
    """The signs in one reply, for both dialects.

    ``regulator_off``: no core voltage although nobody shut the miner down; the only
    sign of NerdOS that it overheated, where no fault says otherwise. The rest is AxeOS:
    ``switched_off``: 2.14 and newer took the voltage off the chips by itself, for heat
    or for want of a pool. ``full_fan``: the fan is set to full speed by hand, as heat
    leaves it. ``chip`` and ``vr`` are temperatures, ``powered`` whether a core voltage
    is told. ``keeps_readings``: what this board told last stands while it cools down.
    ``without_work``: its chips answer and have nothing to do (2.11 to 2.13).
    ``unpowered``: neither voltage nor current although nothing took it off.
    """

    hash_rate: float | None = None
    faults: tuple[str, ...] = ()
    overheat_flag: bool | None = None
    regulator_off: bool = False
    switched_off: bool = False
    full_fan: bool = False
    chip: float | None = None
    vr: float | None = None
    powered: bool | None = None
    keeps_readings: bool = False
    without_work: bool = False
    unpowered: bool = False
    paused: bool = False
    shutdown: bool = False
    pool_connected: bool | None = None
    uptime: int | None = None

    @property
    def plainly_hashes(self) -> bool:
        """Whether nothing in the reply speaks against its hash rate."""
        return bool(self.hash_rate) and not (
            self.faults
            or self.overheat_flag
            or self.regulator_off
            or self.unpowered
            or self.paused
            or self.shutdown
        )

    @property
    def hot(self) -> bool:
        """Whether a reading explains that the chips were switched off."""
        chip, regulator = self.chip or 0.0, self.vr or 0.0
        return chip >= TRIP_CHIP or regulator > RESTART_VR


def decide(
    evidence: Evidence,
    last: Evidence,
    *,
    flagged: bool,
    cooling: bool,
    no_chips: bool,
    awake: float | None,
) -> MinerStatus:
    """Decide on the status by a reply, the one before, and what the past makes of it.

    A lone zero among good readings is nothing. ``flagged``: its flag of heat is
    believed. ``awake`` is the time since a wake-up that still lasts.

    A fault goes before all else, and what the device says of itself before what
    can be concluded. A hash rate above zero proves hashing. Heat is concluded from
    heat only, and a lost pool only of a settled miner.
    """
    uptime = evidence.uptime
    booted = uptime is None or uptime >= SETTLED
    settled = booted and (awake is None or awake >= SETTLED)
    if (told := _told(evidence, flagged=flagged, settled=settled)) is not None:
        return told
    if no_chips or (settled and evidence.unpowered and last.unpowered):
        return MinerStatus.FAULT
    if evidence.hash_rate:
        return MinerStatus.HASHING
    if cooling:
        return MinerStatus.OVERHEATED
    if settled and _lacks_pool(evidence, last):
        return MinerStatus.POOL_LOST
    if awake is not None or (uptime is not None and uptime < START):
        return MinerStatus.STARTING
    return MinerStatus.IDLE


def _told(evidence: Evidence, *, flagged: bool, settled: bool) -> MinerStatus | None:
    """Return what the device says of itself."""
    if evidence.faults:
        return MinerStatus.FAULT
    if flagged or (evidence.regulator_off and settled):
        return MinerStatus.OVERHEATED
    if evidence.paused:
        return MinerStatus.PAUSED
    return MinerStatus.STANDBY if evidence.shutdown else None


def _lacks_pool(evidence: Evidence, last: Evidence) -> bool:
    """Tell whether nobody gives it work, by its word or by what its chips do."""
    told = evidence.pool_connected is False
    idle = evidence.without_work and last.without_work
    return told or evidence.switched_off or idle


class StatusMemory:
    """Tells apart what looks alike in a single reply, by what was before it."""

    def __init__(self) -> None:
        """Start without a past."""
        self._status: MinerStatus | None = None
        self._last = Evidence()
        self._rested = False
        self._woke_at: float | None = None
        self._without_uptime: float | None = None

    def judge(self, evidence: Evidence, now: float) -> MinerStatus:
        """Decide on the status of a reply that came at ``now``."""
        if evidence.plainly_hashes:
            self._rested, self._woke_at, self._without_uptime = False, None, None
            self._status, self._last = MinerStatus.HASHING, evidence
            return MinerStatus.HASHING
        flagged = self._is_flagged(evidence)
        status = decide(
            evidence,
            self._last,
            flagged=flagged,
            cooling=self._is_cooling(evidence),
            no_chips=self._finds_no_chips(evidence, now),
            awake=self._awake(evidence, now, flagged=flagged),
        )
        if status is MinerStatus.HASHING:
            self._woke_at = None
        if evidence.switched_off and _stands_by_itself(status):
            self._rested, self._woke_at = True, None
        self._status, self._last = status, evidence
        return status

    def faults(self) -> tuple[str, ...]:
        """Name what broke; no firmware has a key for all of it."""
        if self._status is not MinerStatus.FAULT or self._last.faults:
            return self._last.faults
        return (NO_CORE_VOLTAGE if self._last.unpowered else NO_CHIPS,)

    def _awake(self, evidence: Evidence, now: float, *, flagged: bool) -> float | None:
        """Tell apart a miner that is waking up from one that stands idle."""
        resting = flagged or evidence.regulator_off
        resting = resting or evidence.paused or evidence.shutdown
        if resting or (evidence.switched_off and _stands_by_itself(self._status)):
            self._rested = True
            self._woke_at = None
        elif self._rested:
            self._rested = False
            self._woke_at = now
        if self._woke_at is not None and now - self._woke_at >= START:
            self._woke_at = None
        return None if self._woke_at is None else now - self._woke_at

    def _is_flagged(self, evidence: Evidence) -> bool:
        """Believe the flag of heat, but not beside a hash rate that moves.

        Since 2.11 a boot does not clear it, and older firmware hashes on at 50 MHz.
        AxeOS 2.12 freezes its rate while it cools down.
        """
        if not evidence.overheat_flag:
            return False
        rate, before = evidence.hash_rate, self._last.hash_rate
        return not (rate and before and rate != before and self._last.overheat_flag)

    def _is_cooling(self, evidence: Evidence) -> bool:
        """Tell chips that are off for heat from chips that are off for want of work.

        Both may be under a fan that its owner set to full speed. Most boards keep
        telling the heat that they saw; of others the reply before it has to.
        """
        if not (evidence.switched_off and evidence.full_fan):
            return False
        if self._status is MinerStatus.OVERHEATED:
            return True
        if evidence.keeps_readings:
            return evidence.hot and evidence.powered is not False
        last = self._last
        forced = self._status is MinerStatus.HASHING and not last.full_fan
        return evidence.hot or forced or (last.chip or 0.0) >= _NEARLY_HOT

    def _finds_no_chips(self, evidence: Evidence, now: float) -> bool:
        """Tell whether the uptime has been 0 for a minute: chips make it count."""
        if evidence.uptime != 0 or evidence.hash_rate:
            self._without_uptime = None
            return False
        if self._without_uptime is None:
            self._without_uptime = now
        return now - self._without_uptime >= SETTLED


def _stands_by_itself(status: MinerStatus | None) -> bool:
    return status in (MinerStatus.POOL_LOST, MinerStatus.OVERHEATED)


class NerdosWatch:
    """Follows one miner from reply to reply.

    A rate freezes while chips do not answer, and a lost regulator tells no cause: it
    was heat where a temperature stood near its trip point, now or just before. Newer
    firmware has a page that tells, which is asked for then.
    """

    def __init__(self) -> None:
        """Start without a past."""
        self._rate: float | None = None
        self._rate_since = 0.0
        self._beside: tuple[object, ...] = ()
        self._moved: frozenset[str] = frozenset()
        self._disconnected_since: float | None = None
        self._was_near = False
        self._was_hot = False
        self._about_cause = Question()
        self._error = 0

    def wants_cause(self, info: Reply, now: float) -> bool:
        """Tell whether the page with the cause has to be asked for; note that it is."""
        if not nerdos.tells_cause(info):
            self._about_cause, self._error = Question(), 0
            return False
        return self._about_cause.ask(now)

    def take_cause(self, page: Reply) -> None:
        """Keep what the page tells; a page without an error may tell one later."""
        system = page.get("system")
        told = count(system.get("boardError")) if isinstance(system, dict) else None
        self._error = told or 0
        self._about_cause.answered = bool(told)

    def judge(
        self,
        evidence: Evidence,
        info: Reply,
        temperatures: TripPoints,
        trips: TripPoints,
        now: float,
    ) -> Evidence:
        """Return the evidence with what the past adds to it."""
        frozen = self._frozen_for(evidence.hash_rate, info, now)
        off = evidence.regulator_off or (
            nerdos.lost_core_voltage(info) and frozen >= _FROZEN
        )
        hot = self._is_hot(temperatures, trips, off=off)
        lost = self._disconnected_for(evidence.pool_connected, now) >= _DISCONNECTED
        if lost:
            self._rate_since = now
        alone = self._is_live(info) and frozen >= _FROZEN_ALONE
        silent = alone and not (off or lost)
        still = off or lost or silent
        rate = 0.0 if still and evidence.hash_rate else evidence.hash_rate
        found = evidence._replace(hash_rate=rate, regulator_off=off)
        if silent:
            return found._replace(faults=(*found.faults, NO_CHIPS))
        if not off or (self._error in _HEAT if self._error else hot):
            return found
        if evidence.uptime is not None and evidence.uptime < SETTLED:
            return found
        cause = _CAUSES.get(self._error, NO_CORE_VOLTAGE)
        return found._replace(faults=(*found.faults, cause))

    def _frozen_for(self, rate: float | None, info: Reply, now: float) -> float:
        """Return for how many seconds a rate has not moved at all."""
        if not rate or rate != self._rate:
            self._rate, self._rate_since = rate, now
            self._beside, self._moved = _beside(info), frozenset()
        return now - self._rate_since

    def _is_live(self, info: Reply) -> bool:
        """Whether power and heat moved beside a rate that did not, and no share came.

        Who tells the same of everything says nothing of its chips.
        """
        *moved, came = map(ne, _beside(info), self._beside, strict=True)
        self._moved |= frozenset(compress(_LIVELY, moved))
        return self._moved.issuperset(_LIVELY) and not came

    def _disconnected_for(self, connected: bool | None, now: float) -> float:
        if connected is not False:
            self._disconnected_since = None
            return 0.0
        if self._disconnected_since is None:
            self._disconnected_since = now
        return now - self._disconnected_since

    def _is_hot(
        self, temperatures: TripPoints, trips: TripPoints, *, off: bool
    ) -> bool:
        near = _near(temperatures.chip, trips.chip) or _near(temperatures.vr, trips.vr)
        self._was_hot = off and (near or self._was_near or self._was_hot)
        self._was_near = near
        return self._was_hot


def _beside(info: Reply) -> tuple[object, ...]:
    return tuple(map(info.get, (*_LIVELY, "sharesAccepted")))


def _near(temperature: float | None, trip: float | None) -> bool:
    if temperature is None or trip is None:
        return False
    return temperature >= trip - _NEAR_TRIP
