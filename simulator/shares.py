"""Shares: arrivals, rejects and best difficulties that fit the true hash rate."""

from collections.abc import Callable
from dataclasses import dataclass, field
import math
from random import Random

HASHES_PER_DIFFICULTY = 2.0**32
REJECT_RATE = 0.003
REJECT_REASONS = (("Above target", 0.6), ("Stale", 0.3), ("Duplicate share", 0.1))
NETWORK_DIFFICULTY = 146_472_570_619_930


def poisson(rng: Random, expected: float) -> int:
    """Draw a Poisson number; from 50 on by the normal distribution."""
    if expected <= 0:
        return 0
    if expected >= 50:
        return max(0, round(rng.gauss(expected, math.sqrt(expected))))
    count = -1
    product, limit = 1.0, math.exp(-expected)
    while product > limit:
        product *= rng.random()
        count += 1
    return max(0, count)


def best_of(rng: Random, shares: int, difficulty: float) -> float:
    """Draw the best of some shares, each above x with probability difficulty/x."""
    return difficulty / -math.expm1(math.log(1.0 - rng.random()) / shares)


@dataclass(slots=True)
class ShareTotals:
    """What was accepted and rejected, and why."""

    accepted: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


class ShareCounter:
    """Draws shares for one miner and counts them per session and for ever."""

    def __init__(self, rng: Random) -> None:
        """Start with nothing found."""
        self._rng = rng
        self.session = ShareTotals()
        self.accepted = 0
        self.rejected = 0
        self.best_session = 0.0
        self.best = 0.0
        self.blocks = 0
        self.hashes = 0.0

    def work(self, seconds: float, ghs: float, difficulty: float) -> None:
        """Hash for some seconds at a rate in GH/s."""
        hashes = ghs * 1e9 * seconds
        self.hashes += hashes
        found = poisson(self._rng, hashes / (difficulty * HASHES_PER_DIFFICULTY))
        if found:
            self._count(found, difficulty)

    def _count(self, found: int, difficulty: float) -> None:
        """Book the shares of one step."""
        rejected = self._rng.binomialvariate(found, REJECT_RATE)
        for reason, count in self._reasons(rejected):
            reasons = self.session.reasons
            reasons[reason] = reasons.get(reason, 0) + count
        self.session.accepted += found - rejected
        self.session.rejected += rejected
        self.accepted += found - rejected
        self.rejected += rejected
        best = best_of(self._rng, found, difficulty)
        self.best_session = max(self.best_session, best)
        self.best = max(self.best, best)

    def _reasons(self, rejected: int) -> list[tuple[str, int]]:
        """Split rejects over the reasons that pools give."""
        counted = []
        left, weight = rejected, 1.0
        for reason, share in REJECT_REASONS:
            count = self._rng.binomialvariate(left, min(1.0, share / weight))
            left, weight = left - count, weight - share
            if count:
                counted.append((reason, count))
        return counted

    def restart(self) -> None:
        """Begin a new session after a boot."""
        self.session = ShareTotals()
        self.best_session = 0.0
        self.blocks = 0


def suffixed(difficulty: float, spell: Callable[[float, str], str]) -> str:
    """Spell a difficulty with the suffix that its size asks for."""
    for suffix in ("", "k", "M", "G", "T", "P"):
        if difficulty < 1000:
            return spell(difficulty, suffix)
        difficulty /= 1000
    return spell(difficulty, "E")
