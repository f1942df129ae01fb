"""What a miner is doing, from what it says and from what it was doing before."""

from collections.abc import Mapping
from itertools import compress
from operator import ne
import re
from typing import Any, NamedTuple

from ..client import Question
from ..model import NO_CHIPS, NO_CORE_VOLTAGE, SETTLED, START, MinerStatus, TripPoints
from ..values import (
    count,
    flag,
    number,
    text,
)
from . import nerdos
from .boards import (
    Profile,
    Reply,
    is_2_11,
)

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

_NO_VOLTAGE = 100.0
"""mV below which a core voltage is none."""

_FULL_SPEED = 100.0
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


_CONNECTED = re.compile(r"IPv[46]\b.*")
_NOT_CONNECTED = re.compile(
    r"not connected"
    r"|sv2: (pool (unreachable|not responding|rejected (config|miner))"
    r"|connection lost|auth (failed|required)\b.*|internal error)",
    re.IGNORECASE,
)


def connected(told: object) -> bool | None:
    """Read a text whose words differ by protocol; an unknown one means nothing.

    AxeOS keeps the words of a connection that is lost, but for those of Stratum V2.
    """
    words = text(told, 128) or ""
    if _CONNECTED.fullmatch(words):
        return True
    return False if _NOT_CONNECTED.fullmatch(words) else None


def signs_of_chips(
    info: Reply,
    profile: Profile,
    values: Mapping[str, Any],
    rate: float | None,
    *,
    paused: bool,
    fan_is_set: bool,
) -> dict[str, Any]:
    """Return the evidence whether the chips of AxeOS run, and why not.

    ``fan_is_set``: to full speed, by hand.
    """
    chips = (values["chip_temperature"], values["chip_temperature_2"])
    hottest = max(filter(None, chips), default=None)
    voltage = number(info.get("coreVoltageActual"))
    powered = None if voltage is None else voltage >= _NO_VOLTAGE
    # Of what hashes nothing more is asked.
    expected = None if rate else number(info.get("expectedHashrate"))
    can_stop = "miningPaused" in info
    off = can_stop and not rate and expected == 0 and not paused
    return {
        "full_fan": fan_is_set and _is_at_full_speed(info),
        "chip": hottest,
        "vr": values["vr_temperature"],
        "powered": powered,
        "keeps_readings": profile.board.keeps_readings,
        "switched_off": off,
        "without_work": values["hash_rate_now"] == 0
        and not can_stop
        and bool(is_2_11(info) and expected and powered and hottest),
        "unpowered": powered is False
        and not (off or paused)
        and _draws_nothing(info, profile),
    }


def fan_is_set_to_full(info: Reply) -> bool:
    """Return whether the fan is set to full speed by hand, as heat leaves it."""
    by_hand = flag(info.get("autofanspeed")) is False
    return by_hand and number(info.get("manualFanSpeed")) == _FULL_SPEED


def _is_at_full_speed(info: Reply) -> bool:
    """Return whether the fan is driven as fast as it can be, as far as that is told."""
    speed = number(info.get("fanspeed"))
    return speed is None or speed >= _FULL_SPEED - 1


def _draws_nothing(info: Reply, profile: Profile) -> bool:
    """Return whether no current flows to the chips of a board whose sensors work."""
    measured = profile.board.sensors and number(info.get("voltage"))
    return bool(measured) and is_2_11(info) and number(info.get("current")) == 0


class Since:
    """How long something has been the case without a break."""

    __slots__ = ("_at",)

    def __init__(self) -> None:
        """Start with what is not the case."""
        self._at: float | None = None

    def lasts(self, now: float, *, holds: bool) -> float:
        """Take whether it is the case; return for how many seconds it has been."""
        self._at = (now if self._at is None else self._at) if holds else None
        return 0.0 if self._at is None else now - self._at


_BY_ITSELF = (MinerStatus.POOL_LOST, MinerStatus.OVERHEATED)
"""For what AxeOS switches its chips off without being asked."""


class StatusMemory:
    """Tells apart what looks alike in a single reply, by what was before it."""

    def __init__(self) -> None:
        """Start without a past."""
        self._status: MinerStatus | None = None
        self._last = Evidence()
        self._rested = False
        self._woke_at: float | None = None
        self._without_uptime = Since()

    def judge(self, evidence: Evidence, now: float) -> MinerStatus:
        """Decide on the status of a reply that came at ``now``.

        A fault goes before all else, and what the device says of itself before what
        can be concluded. A hash rate above zero proves hashing; a lone zero among good
        readings is nothing. Heat is concluded from heat only, and a lost pool only of
        a settled miner.
        """
        if evidence.plainly_hashes:
            self._rested, self._woke_at = False, None
            self._without_uptime.lasts(now, holds=False)
            self._status, self._last = MinerStatus.HASHING, evidence
            return MinerStatus.HASHING
        last, uptime = self._last, evidence.uptime
        flagged = self._is_flagged(evidence)
        awake = self._awake(evidence, now, flagged=flagged)
        booted = uptime is None or uptime >= SETTLED
        settled = booted and (awake is None or awake >= SETTLED)
        # Chips make the uptime count.
        stuck = uptime == 0 and not evidence.hash_rate
        dead = self._without_uptime.lasts(now, holds=stuck) >= SETTLED
        unpowered = settled and evidence.unpowered and last.unpowered
        without_work = evidence.without_work and last.without_work
        no_pool = evidence.pool_connected is False or evidence.switched_off
        signs = (
            (MinerStatus.FAULT, evidence.faults),
            (MinerStatus.OVERHEATED, flagged or (evidence.regulator_off and settled)),
            (MinerStatus.PAUSED, evidence.paused),
            (MinerStatus.STANDBY, evidence.shutdown),
            (MinerStatus.FAULT, dead or unpowered),
            (MinerStatus.HASHING, evidence.hash_rate),
            (MinerStatus.OVERHEATED, self._is_cooling(evidence)),
            (MinerStatus.POOL_LOST, settled and (no_pool or without_work)),
            (MinerStatus.STARTING, awake is not None),
            (MinerStatus.STARTING, uptime is not None and uptime < START),
        )
        status = next((status for status, told in signs if told), MinerStatus.IDLE)
        if status is MinerStatus.HASHING:
            self._woke_at = None
        if evidence.switched_off and status in _BY_ITSELF:
            self._rested, self._woke_at = True, None
        self._status, self._last = status, evidence
        return status

    def faults(self) -> tuple[str, ...]:
        """Name what broke; no firmware has a key for all of it."""
        if self._status is not MinerStatus.FAULT or self._last.faults:
            return self._last.faults
        return (NO_CORE_VOLTAGE if self._last.unpowered else NO_CHIPS,)

    def _awake(self, evidence: Evidence, now: float, *, flagged: bool) -> float | None:
        """Return the time since a wake-up that still lasts."""
        by_itself = evidence.switched_off and self._status in _BY_ITSELF
        resting = flagged or evidence.regulator_off or by_itself
        resting = resting or evidence.paused or evidence.shutdown
        if resting:
            self._woke_at = None
        elif self._rested:
            self._woke_at = now
        self._rested = resting
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
        off = evidence.switched_off and evidence.full_fan
        if not off or self._status is MinerStatus.OVERHEATED:
            return off
        chip, vr, last = evidence.chip or 0.0, evidence.vr or 0.0, self._last
        hot = chip >= TRIP_CHIP or vr > RESTART_VR
        if evidence.keeps_readings:
            return hot and evidence.powered is not False
        forced = self._status is MinerStatus.HASHING and not last.full_fan
        return hot or forced or (last.chip or 0.0) >= _NEARLY_HOT


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
        self._disconnected = Since()
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
        pairs = (temperatures.chip, trips.chip), (temperatures.vr, trips.vr)
        near = any(
            seen is not None and trip is not None and seen >= trip - _NEAR_TRIP
            for seen, trip in pairs
        )
        self._was_hot = off and (near or self._was_near or self._was_hot)
        self._was_near = near
        away = evidence.pool_connected is False
        lost = self._disconnected.lasts(now, holds=away) >= _DISCONNECTED
        if lost:
            self._rate_since = now
        alone = self._is_live(info) and frozen >= _FROZEN_ALONE
        silent = alone and not (off or lost)
        still = off or lost or silent
        rate = 0.0 if still and evidence.hash_rate else evidence.hash_rate
        found = evidence._replace(hash_rate=rate, regulator_off=off)
        if silent:
            return found._replace(faults=(*found.faults, NO_CHIPS))
        hot = self._error in _HEAT if self._error else self._was_hot
        booting = evidence.uptime is not None and evidence.uptime < SETTLED
        if not off or hot or booting:
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


def _beside(info: Reply) -> tuple[object, ...]:
    return tuple(map(info.get, (*_LIVELY, "sharesAccepted")))
