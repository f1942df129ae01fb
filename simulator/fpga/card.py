"""The physical model of one FPGA card and its miner, without a log or a network."""

from dataclasses import dataclass
import math
from random import Random

from ..nature import Noise, room_temperature
from ..shares import poisson
from .kinds import Kind

CARD_SECONDS = 90.0
MHZ_PER_SECOND = 10.0
PARKED_MHZ = 100.0
IDLE_POWER = 0.35
ERRORS_PER_KELVIN = 0.06
FIRST_LINE_SECONDS = 10.0


@dataclass(slots=True, kw_only=True)
class Drive:
    """What happens to a card at the moment."""

    powered: bool = True
    hashing: bool = True
    pool: bool = True
    forced_temperature: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What the miner prints on a statistics line, as it rounds it."""

    hash_rate: float
    mhz: float
    error_percent: float
    temperature: float
    volts: float
    solutions_good: int
    solutions_total: int
    shares_good: int
    shares_total: int


class Card:
    """One card, moved on step by step."""

    def __init__(self, kind: Kind, rng: Random, now: float, mhz: float | None) -> None:
        """Start cold, with the miner just started."""
        self.kind = kind
        self.now = now
        self.target_mhz = mhz or kind.mhz
        self.mhz = PARKED_MHZ
        self.temperature = room_temperature(now)
        self.error_percent = kind.error_percent
        self.rate = self.watts = self.watt_hours = 0.0
        self.accepted = self.rejected = 0
        self.solutions_good = self.solutions_bad = 0
        self.shares_good = self.shares_bad = 0
        self.mining_since = now
        self._rng = rng
        self._rate_noise, self._heat_noise = Noise(rng, 60), Noise(rng, 120)
        self._error_noise, self._volt_noise = Noise(rng, 300), Noise(rng, 45)

    def restart(self, now: float) -> None:
        """Start the miner anew: clock and counters begin at the bottom."""
        self.mhz = PARKED_MHZ
        self.mining_since = now
        self.solutions_good = self.solutions_bad = 0
        self.shares_good = self.shares_bad = 0

    def step(self, now: float, drive: Drive) -> None:
        """Move on to a moment; until then the drive did not change."""
        seconds = now - self.now
        if seconds <= 0:
            return
        self.now = now
        for noise in (
            self._rate_noise,
            self._heat_noise,
            self._error_noise,
            self._volt_noise,
        ):
            noise.step(seconds)
        self._hash(seconds, drive)
        self._heat(seconds, drive)
        self._count(seconds, drive)

    def _hash(self, seconds: float, drive: Drive) -> None:
        """Work out hash rate and power."""
        kind = self.kind
        if not drive.powered or not drive.hashing:
            self.rate = 0.0
            self.watts = kind.watts * IDLE_POWER if drive.powered else 0.0
            return
        self.mhz = min(self.target_mhz, self.mhz + MHZ_PER_SECOND * seconds)
        warmer = self.temperature - (kind.rise + room_temperature(self.now))
        exponent = 0.3 * self._error_noise.value + ERRORS_PER_KELVIN * warmer
        self.error_percent = min(100.0, kind.error_percent * math.exp(exponent))
        speed = self.mhz / kind.mhz
        self.rate = kind.rate * speed * (1 - self.error_percent / 100)
        self.watts = kind.watts * (IDLE_POWER + (1 - IDLE_POWER) * speed)

    def _heat(self, seconds: float, drive: Drive) -> None:
        """Let the temperature follow the power and the room."""
        rise = self.kind.rise * self.watts / self.kind.watts
        settled = room_temperature(self.now) + rise
        pull = 1 - math.exp(-seconds / CARD_SECONDS)
        self.temperature += (settled - self.temperature) * pull
        if drive.forced_temperature is not None:
            self.temperature = drive.forced_temperature
        self.watt_hours += self.watts * seconds / 3600

    def _count(self, seconds: float, drive: Drive) -> None:
        """Draw the solutions and shares of the time that passed."""
        kind = self.kind
        work = seconds * self.rate / kind.rate
        if kind.solution_seconds is not None:
            found = poisson(self._rng, work / kind.solution_seconds)
            bad = self._rng.binomialvariate(found, self.error_percent / 100)
            self.solutions_good += found - bad
            self.solutions_bad += bad
        if drive.pool:
            found = poisson(self._rng, work / kind.share_seconds)
            bad = self._rng.binomialvariate(found, kind.bad_shares)
            self.shares_good += found - bad
            self.shares_bad += bad
            self.accepted += found - bad
            self.rejected += bad

    def statistics(self) -> Statistics | None:
        """Return the last line of the log, None if the miner has just started."""
        if self.now - self.mining_since < FIRST_LINE_SECONDS:
            return None
        kind = self.kind
        rate = self.rate * (1 + 0.004 * self._rate_noise.value)
        temperature = self.temperature + 0.3 * self._heat_noise.value
        volts = kind.volts * (1 + 0.002 * self._volt_noise.value)
        return Statistics(
            hash_rate=round(rate, kind.rate_digits),
            mhz=round(self.mhz),
            error_percent=round(self.error_percent, kind.error_digits),
            temperature=round(temperature, kind.temperature_digits),
            volts=round(volts, 2),
            solutions_good=self.solutions_good,
            solutions_total=self.solutions_good + self.solutions_bad,
            shares_good=self.shares_good,
            shares_total=self.shares_good + self.shares_bad,
        )
