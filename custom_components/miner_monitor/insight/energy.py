"""A meter for energy that is fed with readings of power."""

from math import inf

from ..miners.model import (
    MinerIdentity,
    MinerState,
    MinerStatus,
)
from .stored import number_of

LONGEST_GAP = 3.25
"""Nominal intervals between two readings; what lies between others is not known.

Three, after two answers were lost, and the time that an answer takes.
"""

_MOST_POWER = 1e5
_MOST_ENERGY = 1e9
_JOULES_PER_KWH = 3.6e6


def energy_reading(identity: MinerIdentity, state: MinerState) -> float | None:
    """Return the power that may be integrated."""
    doubtful = identity.limits.doubtful_standby_power
    if doubtful and state.status is MinerStatus.STANDBY:
        return None
    return state.power


class EnergyMeter:
    """Counts kWh between neighbouring readings and nothing across gaps.

    It never falls, whatever it is fed: a reading that cannot be true, or is not later
    than the one before, is left out.
    """

    def __init__(self) -> None:
        """Start at 0, without a bearing."""
        self.total = 0.0
        """What was counted, in kWh."""
        self.added = 0.0
        """What the last reading added, in kWh."""
        self._power = 0.0
        self._monotonic: float | None = None
        self._interval = 0.0

    def observe(self, power: float | None, monotonic: float, interval: float) -> None:
        """Take a reading in W; ``interval`` is the nominal one between polls in s.

        Where the interval changes the longer one counts, as the reading before was
        taken under the other.
        """
        self.added = 0.0
        if power is None or not 0 <= power <= _MOST_POWER:
            return
        if not -inf < monotonic < inf:
            return
        past = self._monotonic
        if past is not None:
            if (span := monotonic - past) <= 0:
                return
            if span <= LONGEST_GAP * max(interval, self._interval):
                self.added = (self._power + power) / 2 * span / _JOULES_PER_KWH
                self.total += self.added
        self._power, self._monotonic, self._interval = power, monotonic, interval

    def pause(self) -> None:
        """Count nothing from the last reading to the next."""
        self.added = 0.0
        self._monotonic = None

    def at_least(self, kwh: float | None) -> None:
        """Go on from what was published before, if that is more."""
        if (known := number_of(kwh, _MOST_ENERGY)) is not None:
            self.total = max(self.total, known)

    def dump(self) -> float:
        """Return the total as JSON type."""
        return self.total

    def load(self, data: object) -> None:
        """Go on from what ``dump`` returned."""
        self.at_least(number_of(data))
