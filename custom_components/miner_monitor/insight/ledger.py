"""Which of two operating points does better, and how sure that is.

The observations are batches: what a miner did during some hours at one point, with
logarithms of its quantities. They are explained by a level of each point and by
slopes that all points share: the time of day (a sine and a cosine), the temperature
of the room, and a slow trend. What remains is noise, and its size is learnt from how
batches of the same point differ; so everything that makes hours differ counts, even
if nobody thought of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import math
from math import sumprod
from typing import Self

from .moments import (
    shortened,
    sound_numbers,
)

COVARIATES = 4

LEAST_SPREAD = 2e-4
"""No quantity is known better than to this part of it."""

LARGEST_LOGARITHM = 50.0
"""No quantity of a miner has a larger one."""

FORGOTTEN = 1e-9
"""The weight below which a point's batches are as good as none."""

LENT = 2.0
"""Degrees of freedom that a point borrows from all others for its own spread."""

EXPECTED_EFFECT = 0.1
"""Precision of the effects that are looked for, in squared spreads of a batch. It
shapes the bound (tightest for differences of about three spreads), not its truth."""

type Key = tuple[object, ...]
"""What names a point; the ledger does not look into it."""


class Account:
    """The batches of one point: weights and means."""

    __slots__ = ("freedom", "scatter", "squares", "weight", "x", "y")

    def __init__(self, metrics: int) -> None:
        """Start empty."""
        self.weight = 0.0
        self.squares = 0.0
        self.x = [0.0] * COVARIATES
        self.y = [0.0] * metrics
        self.scatter = [0.0] * metrics
        self.freedom = 0.0

    def scale(self, factor: float) -> None:
        """Let all batches weigh so much of what they did."""
        self.weight *= factor
        self.squares *= factor * factor
        self.freedom *= factor
        self.scatter = [value * factor for value in self.scatter]

    def dump(self) -> list[float]:
        """Return what must be stored."""
        coarse = (self.weight, self.squares, self.freedom, *self.x, *self.scatter)
        fine = [shortened(value) for value in self.y]
        return [*(shortened(value, 5) for value in coarse), *fine]

    @classmethod
    def load(cls, data: object, metrics: int) -> Self | None:
        """Return what was stored; None of what is not sound."""
        numbers = sound_numbers(data, 3 + COVARIATES + 2 * metrics)
        if numbers is None:
            return None
        made = cls(metrics)
        made.weight, made.squares, made.freedom, *rest = numbers
        made.x, rest = rest[:COVARIATES], rest[COVARIATES:]
        made.scatter, made.y = rest[:metrics], rest[metrics:]
        sizes = (made.squares, made.freedom, *made.scatter)
        far = any(abs(value) > LARGEST_LOGARITHM for value in made.y)
        return None if made.weight <= 0 or min(sizes) < 0 or far else made


@dataclass(frozen=True, slots=True)
class Level:
    """What a point gives, freed of what all share, in logarithms."""

    value: float
    variance: float
    x: tuple[float, ...]


class Fit:
    """The levels of all points in one quantity, and how to compare them."""

    def __init__(
        self,
        spread: float,
        freedom: float,
        slopes: Sequence[float],
        factor: list[list[float]],
    ) -> None:
        """Take what is common to all points."""
        self.slopes = slopes
        self._spread = spread
        self._freedom = freedom
        self._factor = factor

    def level(self, account: Account, metric: int) -> Level:
        """Return a point's level; its own spread counts where it is the larger."""
        own = account.scatter[metric] + LENT * self._spread
        spread = max(self._spread, own / (account.freedom + LENT))
        shared = sumprod(self.slopes, account.x)
        return Level(
            account.y[metric] - shared, spread / account.weight, tuple(account.x)
        )

    def radius(self, one: Level, other: Level, risk: float) -> float:
        """Return how far the difference may be off at any look, but for the risk.

        The bound is that of a mixture of t statistics: a Student variant of the
        martingale that holds at all times at once, as the noise is learnt, too.
        """
        apart = [a - b for a, b in zip(one.x, other.x, strict=True)]
        variance = one.variance + other.variance + _quadratic(self._factor, apart)
        information = self._spread / variance
        kept = EXPECTED_EFFECT / (EXPECTED_EFFECT + information)
        power = (risk * risk * kept) ** (1 / (self._freedom + 1))
        if power <= kept:
            return math.inf
        squared = self._freedom * (1 - power) / (power - kept)
        return math.sqrt(squared * variance)


class Ledger:
    """Batches of all points, in accumulators that can be aged and stored."""

    def __init__(self, priors: Sequence[Sequence[float]]) -> None:
        """Take how much each covariate may do to each quantity, as deviations."""
        self._priors = priors
        metrics = self._metrics = len(priors)
        self.accounts: dict[Key, Account] = {}
        self._xx = [[0.0] * COVARIATES for _ in range(COVARIATES)]
        self._xy = [[0.0] * COVARIATES for _ in range(metrics)]
        self._yy = [0.0] * metrics
        self._freedom = 0.0
        self._slopes = [[0.0] * COVARIATES for _ in range(metrics)]

    def add(
        self, key: Key, x: Sequence[float], y: Sequence[float], weight: float
    ) -> None:
        """Take a batch; what it adds to its point's spread goes by what was known."""
        for metric in range(self._metrics):
            self.fit(metric)
        account = self.accounts.get(key)
        if account is None:
            account = self.accounts[key] = Account(self._metrics)
        before = account.weight
        total = before + weight
        dx = [a - b for a, b in zip(x, account.x, strict=True)]
        dy = [a - b for a, b in zip(y, account.y, strict=True)]
        if before > 0:
            shared = before * weight / total
            self._scatter(account, dx, dy, shared)
            freedom = shared * (1 + account.squares / (before * before))
            self._freedom += freedom
            account.freedom += freedom
        account.weight = total
        account.squares += weight * weight
        part = weight / total
        account.x = [a + part * d for a, d in zip(account.x, dx, strict=True)]
        account.y = [a + part * d for a, d in zip(account.y, dy, strict=True)]

    def _scatter(
        self, account: Account, dx: list[float], dy: list[float], shared: float
    ) -> None:
        """Add how far a batch lies from its point."""
        for i, a in enumerate(dx):
            row = self._xx[i]
            for j, b in enumerate(dx):
                row[j] += shared * a * b
        for metric, d in enumerate(dy):
            row = self._xy[metric]
            for i, a in enumerate(dx):
                row[i] += shared * a * d
            self._yy[metric] += shared * d * d
            slopes = self._slopes[metric]
            rest = d - sumprod(slopes, dx)
            account.scatter[metric] += shared * rest * rest

    def fit(self, metric: int) -> Fit | None:
        """Learn slopes and noise; None until two batches of a point can differ."""
        freedom = self._freedom
        if freedom < 1:
            return None
        xy, yy, priors = self._xy[metric], self._yy[metric], self._priors[metric]
        spread = max(LEAST_SPREAD**2, yy / freedom)
        slopes: list[float] = []
        for _ in range(3):
            factor = _cholesky(self._xx, spread, priors)
            slopes = _solve(factor, [value / spread for value in xy])
            rest = yy - 2 * sumprod(slopes, xy)
            rest += sumprod(slopes, [sumprod(row, slopes) for row in self._xx])
            spread = max(LEAST_SPREAD**2, rest / freedom)
        if not all(map(math.isfinite, slopes)):
            return None
        self._slopes[metric] = slopes
        factor = _cholesky(self._xx, spread, priors)
        return Fit(spread, freedom, slopes, factor)

    def scale(self, factor: float) -> None:
        """Let all batches weigh so much of what they did."""
        for key, account in list(self.accounts.items()):
            account.scale(factor)
            if account.weight < FORGOTTEN:
                del self.accounts[key]
        self._xx = [[value * factor for value in row] for row in self._xx]
        self._xy = [[value * factor for value in row] for row in self._xy]
        self._yy = [value * factor for value in self._yy]
        self._freedom *= factor

    def dump(self) -> list[list[float]]:
        """Return what must be stored beside the accounts."""
        rows = [[self._freedom], self._yy, *self._xx, *self._xy]
        return [[shortened(value) for value in row] for row in rows]

    def load(self, data: object) -> bool:
        """Take over what was stored beside the accounts, if it is sound."""
        if not isinstance(data, list):
            return False
        lengths = [1, self._metrics, *[COVARIATES] * (COVARIATES + self._metrics)]
        if len(data) != len(lengths):
            return False
        rows: list[list[float]] = []
        for row, length in zip(data, lengths, strict=True):
            numbers = sound_numbers(row, length)
            if numbers is None:
                return False
            rows.append(numbers)
        xx, xy = rows[2 : 2 + COVARIATES], rows[2 + COVARIATES :]
        sizes = [xx[i][i] for i in range(COVARIATES)]
        rooms = zip((*xx, *xy), (*sizes, *rows[1]), strict=True)
        if rows[0][0] < 0 or not all(_fits(row, sizes, own) for row, own in rooms):
            return False
        self._freedom, self._yy, self._xx, self._xy = rows[0][0], rows[1], xx, xy
        return True


def _fits(row: Sequence[float], sizes: Sequence[float], own: float) -> bool:
    """Whether products are no larger than their factors allow, but for rounding."""
    return own >= 0 and all(
        size >= 0 and value * value <= 1.001 * own * size
        for value, size in zip(row, sizes, strict=True)
    )


def _cholesky(
    matrix: Sequence[Sequence[float]], spread: float, priors: Sequence[float]
) -> list[list[float]]:
    """Return the lower factor of how exactly the slopes are known."""
    lower = [[0.0] * COVARIATES for _ in range(COVARIATES)]
    for i in range(COVARIATES):
        for j in range(i + 1):
            rest = matrix[i][j] / spread - sumprod(lower[i][:j], lower[j][:j])
            if i == j:
                rest += 1 / (priors[i] * priors[i])
                lower[i][i] = math.sqrt(max(rest, 1e-300))
            else:
                lower[i][j] = rest / lower[j][j]
    return lower


def _forward(lower: Sequence[Sequence[float]], values: Sequence[float]) -> list[float]:
    found: list[float] = []
    for i, value in enumerate(values):
        found.append((value - sumprod(lower[i][:i], found)) / lower[i][i])
    return found


def _quadratic(lower: Sequence[Sequence[float]], apart: Sequence[float]) -> float:
    """Return the variance that unsure slopes lend to a difference."""
    found = _forward(lower, apart)
    return sumprod(found, found)


def _solve(lower: Sequence[Sequence[float]], values: Sequence[float]) -> list[float]:
    found = _forward(lower, values)
    for i in reversed(range(COVARIATES)):
        rest = found[i] - sum(lower[j][i] * found[j] for j in range(i + 1, COVARIATES))
        found[i] = rest / lower[i][i]
    return found
