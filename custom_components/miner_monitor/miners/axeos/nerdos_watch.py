"""What only several replies of NerdOS tell together."""

from collections.abc import Mapping

from ..client import Question
from ..model import (
    NO_CHIPS,
    NO_CORE_VOLTAGE,
    TripPoints,
)
from ..values import count
from . import nerdos
from .profile import Reply
from .status import (
    SETTLED,
    Evidence,
)

_NEAR_TRIP = 5.0
"""Degrees below a trip point that prove heat: it rises on between two polls."""

_FROZEN = 10.0
"""Seconds in which a rate changes at least once, if chips answer."""

_FROZEN_ALONE = 90.0
"""The same where nothing else speaks against the chips."""

_DISCONNECTED = 5.0
"""Seconds after which a pool without connection is no mere change of pools."""

_LIVELY = frozenset({"power", "temp"})
"""What moves from reply to reply while a miner has power."""

_HEAT = (1, 2)
_CAUSES: Mapping[int, str] = {
    3: "power_supply",
    4: "input_current",
    5: "core_voltage",
    6: "coinbase_verification",
}
"""What a board error other than heat of chip or regulator means."""


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
        self._beside: Reply = {}
        self._moved: set[str] = set()
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
        due = self._about_cause.due(now)
        if due:
            self._about_cause.asked(now)
        return due

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
            self._beside, self._moved = info, set()
        return now - self._rate_since

    def _is_live(self, info: Reply) -> bool:
        """Whether power and heat moved beside a rate that did not, and no share came.

        Who tells the same of everything says nothing of its chips.
        """
        before = self._beside
        self._moved |= {key for key in _LIVELY if info.get(key) != before.get(key)}
        came = info.get("sharesAccepted") != before.get("sharesAccepted")
        return self._moved >= _LIVELY and not came

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


def _near(temperature: float | None, trip: float | None) -> bool:
    if temperature is None or trip is None:
        return False
    return temperature >= trip - _NEAR_TRIP
