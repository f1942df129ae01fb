"""What a miner did since its last start."""

from .buckets import (
    Amounts,
    packed,
    unpacked,
)
from .model import Session

NUMBERS = 11


class SessionRecord:
    """Sums, least and most while the miner hashed after it settled.

    A session begins with a start of the miner; it goes on through gaps and restarts
    of ours.
    """

    def __init__(self) -> None:
        """Start with nothing known."""
        self._uptime: float | None = None
        self._begin()

    def _begin(self) -> None:
        self._work = self._seconds = 0.0
        self._energy = self._energy_work = 0.0
        self._power = self._power_seconds = 0.0
        self._least: float | None = None
        self._most: float | None = None
        self._least_power: float | None = None
        self._most_power: float | None = None

    def follow(self, uptime: float | None, *, restarted: bool) -> None:
        """Take the uptime of a poll, with which a new session may begin."""
        self._uptime = uptime
        if restarted:
            self._begin()

    def add(self, amounts: Amounts, power: float | None) -> None:
        """Take the amounts of a span; ``power`` is its mean in W."""
        seconds = amounts[1]
        if not seconds:
            return
        self._work += amounts[0]
        self._seconds += seconds
        if power is not None:
            self._energy += amounts[4]
            self._energy_work += amounts[5]
            self._power += power * seconds
            self._power_seconds += seconds

    def note(self, rate: float, power: float | None) -> None:
        """Take a reading of a settled miner that hashes."""
        self._least = rate if self._least is None else min(rate, self._least)
        self._most = rate if self._most is None else max(rate, self._most)
        if power is not None:
            least, most = self._least_power, self._most_power
            self._least_power = power if least is None else min(power, least)
            self._most_power = power if most is None else max(power, most)

    def session(self) -> Session | None:
        """Return what is known; nothing where the device tells no uptime."""
        if self._uptime is None:
            return None
        return Session(
            seconds=self._seconds,
            hash_rate=_ratio(self._work, self._seconds),
            hash_rate_min=self._least,
            hash_rate_max=self._most,
            efficiency=_ratio(self._energy, self._energy_work),
            power=_ratio(self._power, self._power_seconds),
            power_min=self._least_power,
            power_max=self._most_power,
        )

    def dump(self) -> list[str | bool]:
        """Return the session; nothing where no uptime tells that it goes on."""
        if self._uptime is None:
            return []
        sums = (self._work, self._seconds, self._energy, self._energy_work)
        powers = (self._power, self._power_seconds)
        rates = (self._least or 0.0, self._most or 0.0)
        power_rates = (self._least_power or 0.0, self._most_power or 0.0)
        return [
            f"{self._uptime:.0f}",
            packed((*sums, *powers, *rates, *power_rates)),
            self._least is not None,
            self._least_power is not None,
        ]

    def load(self, data: object) -> None:
        """Take over the session as it was."""
        if not isinstance(data, list) or len(data) != 4:
            return
        uptime, numbers = unpacked(data[0], 1), unpacked(data[1], NUMBERS - 1)
        if uptime is None or numbers is None:
            return
        self._uptime = uptime[0]
        self._work, self._seconds, self._energy, self._energy_work = numbers[:4]
        self._power, self._power_seconds = numbers[4:6]
        if data[2] is True:
            self._least, self._most = numbers[6:8]
        if data[3] is True:
            self._least_power, self._most_power = numbers[8:10]


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
