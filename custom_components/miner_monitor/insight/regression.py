"""Which of two operating points does better, and how sure that is.

The observations are batches: what a miner did during some hours at one point, with
logarithms of its quantities. They are explained by a level of each point and by
slopes that all points share: the time of day (a sine and a cosine), the temperature
of the room, and a slow trend. What remains is noise, and its size is learnt from how
batches of the same point differ; so everything that makes hours differ counts, even
if nobody thought of it.

The means of ten minutes within some hours resemble each other, so that they must
not count as so many observations. A batch is one: all blocks of one visit to a point,
but at most four hours of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
import math
from math import sumprod
from typing import Annotated, ClassVar

from ..miners.codec import Amount, Row, Within
from .blocks import (
    Block,
    PointKey,
)

METRICS = 2
"""Quantities that each regression explains."""

COVARIATES = 4

LEAST_SPREAD = 2e-4
"""No quantity is known better than to this part of it."""

LARGEST_LOGARITHM = 50.0
"""No quantity of a miner has a larger one."""


LENT = 2.0
"""Degrees of freedom that a point borrows from all others for its own spread."""

EXPECTED_EFFECT = 0.1
"""Precision of the effects that are looked for, in squared spreads of a batch. It
shapes the bound (tightest for differences of about three spreads), not its truth."""

HUGE = 1e15
"""No quantity of a miner is beyond it; a stored one that is was damaged."""

BATCH_BLOCKS = 24
"""Blocks of a whole batch: four hours, a sixth of a day and night."""

COMMON_BLOCKS = 4
"""A shorter batch weighs less, but more than its blocks: what makes hours differ it
has in full, only the noise of single blocks is larger."""

LONGEST = 1.0
"""A batch with pauses ends after a day."""

HASH_RATE, DEVIATION = 0, 1
EFFICIENCY, BALANCED = 0, 1

_LEVEL_PRIORS = (0.015, 0.015, 0.004, 0.002)
_DEVIATION_PRIORS = (0.3, 0.3, 0.1, 0.03)
"""What is thought possible: by the time of day, per degree of the room, and per day,
in logarithms."""

_TURN = 2 * math.pi / 86_400

type Signed = Annotated[float, Within(-HUGE, HUGE)]
type Positive = Annotated[float, Within(1e-300, HUGE)]
type Covariates = Annotated[list[Signed], Within(COVARIATES, COVARIATES)]
type Sizes = Annotated[list[Amount], Within(METRICS, METRICS)]
type Logarithm = Annotated[float, Within(-LARGEST_LOGARITHM, LARGEST_LOGARITHM)]


@dataclass(slots=True)
class PointStats(Row):
    """The batches of one point: weights and means."""

    digits = 6

    weight: Positive
    squares: Amount
    freedom: Amount
    x: Covariates
    scatter: Sizes
    y: Annotated[list[Logarithm], Within(METRICS, METRICS)]

    @classmethod
    def empty(cls) -> PointStats:
        """Return what is known before the first batch."""
        zeros = [0.0] * METRICS
        return cls(0.0, 0.0, 0.0, [0.0] * COVARIATES, zeros, zeros[:])

    def scale(self, factor: float) -> None:
        """Let all batches weigh so much of what they did."""
        self.weight *= factor
        self.squares *= factor * factor
        self.freedom *= factor
        self.scatter = [value * factor for value in self.scatter]


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

    def level(self, stats: PointStats, metric: int) -> Level:
        """Return a point's level; its own spread counts where it is the larger."""
        own = stats.scatter[metric] + LENT * self._spread
        spread = max(self._spread, own / (stats.freedom + LENT))
        shared = sumprod(self.slopes, stats.x)
        return Level(stats.y[metric] - shared, spread / stats.weight, tuple(stats.x))

    def radius(self, one: Level, other: Level, risk: float) -> float:
        """Return how far the difference may be off at any look, but for the risk.

        The bound is that of a mixture of t statistics: a Student variant of the
        martingale that holds at all times at once, as the noise is learnt, too.
        """
        apart = [a - b for a, b in zip(one.x, other.x, strict=True)]
        # Unsure slopes lend a variance to the difference.
        unsure = _forward(self._factor, apart)
        variance = one.variance + other.variance + sumprod(unsure, unsure)
        information = self._spread / variance
        kept = EXPECTED_EFFECT / (EXPECTED_EFFECT + information)
        power = (risk * risk * kept) ** (1 / (self._freedom + 1))
        if power <= kept:
            return math.inf
        squared = self._freedom * (1 - power) / (power - kept)
        return math.sqrt(squared * variance)


def _zeros() -> list[float]:
    return [0.0] * METRICS


def _square(rows: int) -> list[list[float]]:
    return [[0.0] * COVARIATES for _ in range(rows)]


@dataclass(slots=True)
class Regression(Row):
    """What the batches of all points share, in sums that can be aged and stored.

    ``priors`` are how much each covariate may do to each quantity, as deviations.
    These are those of the energy for the work, alone and together with the deviation.
    """

    digits = 6
    priors: ClassVar[Sequence[Sequence[float]]] = (_LEVEL_PRIORS, _LEVEL_PRIORS)

    freedom: Amount = 0.0
    yy: Sizes = field(default_factory=_zeros)
    xx: Annotated[list[Covariates], Within(COVARIATES, COVARIATES)] = field(
        default_factory=lambda: _square(COVARIATES)
    )
    xy: Annotated[list[Covariates], Within(METRICS, METRICS)] = field(
        default_factory=lambda: _square(METRICS)
    )
    _slopes: list[list[float]] = field(
        default_factory=lambda: _square(METRICS), init=False
    )

    def __post_init__(self) -> None:
        """Refuse products that are larger than their factors allow."""
        sizes = [row[place] for place, row in enumerate(self.xx)]
        rows = zip((*self.xx, *self.xy), (*sizes, *self.yy), strict=True)
        if not all(_fits(row, sizes, own) for row, own in rows):
            raise ValueError("no sums of products")

    def add(
        self,
        stats: PointStats,
        x: Sequence[float],
        y: Sequence[float],
        weight: float,
    ) -> None:
        """Take a batch; what it adds to its point's spread goes by what was known."""
        for metric in range(METRICS):
            self.fit(metric)
        before = stats.weight
        total = before + weight
        dx = [a - b for a, b in zip(x, stats.x, strict=True)]
        dy = [a - b for a, b in zip(y, stats.y, strict=True)]
        if before > 0:
            shared = before * weight / total
            self._scatter(stats, dx, dy, shared)
            freedom = shared * (1 + stats.squares / (before * before))
            self.freedom += freedom
            stats.freedom += freedom
        stats.weight = total
        stats.squares += weight * weight
        part = weight / total
        stats.x = [a + part * d for a, d in zip(stats.x, dx, strict=True)]
        stats.y = [a + part * d for a, d in zip(stats.y, dy, strict=True)]

    def _scatter(
        self, stats: PointStats, dx: list[float], dy: list[float], shared: float
    ) -> None:
        """Add how far a batch lies from its point."""
        for i, a in enumerate(dx):
            row = self.xx[i]
            for j, b in enumerate(dx):
                row[j] += shared * a * b
        for metric, d in enumerate(dy):
            row = self.xy[metric]
            for i, a in enumerate(dx):
                row[i] += shared * a * d
            self.yy[metric] += shared * d * d
            slopes = self._slopes[metric]
            rest = d - sumprod(slopes, dx)
            stats.scatter[metric] += shared * rest * rest

    def fit(self, metric: int) -> Fit | None:
        """Learn slopes and noise; None until two batches of a point can differ."""
        freedom = self.freedom
        if freedom < 1:
            return None
        xy, yy, priors = self.xy[metric], self.yy[metric], self.priors[metric]
        spread = max(LEAST_SPREAD**2, yy / freedom)
        slopes: list[float] = []
        for _ in range(3):
            factor = _cholesky(self.xx, spread, priors)
            slopes = _solve(factor, [value / spread for value in xy])
            rest = yy - 2 * sumprod(slopes, xy)
            rest += sumprod(slopes, [sumprod(row, slopes) for row in self.xx])
            spread = max(LEAST_SPREAD**2, rest / freedom)
        if not all(map(math.isfinite, slopes)):
            return None
        self._slopes[metric] = slopes
        factor = _cholesky(self.xx, spread, priors)
        return Fit(spread, freedom, slopes, factor)

    def scale(self, factor: float) -> None:
        """Let all batches weigh so much of what they did."""
        self.xx = [[value * factor for value in row] for row in self.xx]
        self.xy = [[value * factor for value in row] for row in self.xy]
        self.yy = [value * factor for value in self.yy]
        self.freedom *= factor


class WorkRegression(Regression):
    """Hash rate, and how steady it is."""

    __slots__ = ()
    priors = (_LEVEL_PRIORS, _DEVIATION_PRIORS)


@dataclass(slots=True)
class Batch(Row):
    """A batch that still grows; it ``began`` at the map's age in days."""

    digits = 9

    point: PointKey
    began: Amount
    blocks: Annotated[int, Within(1, BATCH_BLOCKS)]
    powered: Annotated[int, Within(0, BATCH_BLOCKS)]
    sums: Annotated[list[Signed], Within(COVARIATES + 4, COVARIATES + 4)]

    def __post_init__(self) -> None:
        """Refuse blocks without work."""
        if self.blocks and min(self.sums[COVARIATES : COVARIATES + 2]) <= 0:
            raise ValueError("no work")

    @classmethod
    def begin(cls, point: PointKey, age: float) -> Batch:
        """Return one without a block."""
        return cls(point, age, 0, 0, [0.0] * (COVARIATES + 4))

    def ends_before(self, block: Block, age: float) -> bool:
        """Whether a block is no more of this batch."""
        full = self.blocks >= BATCH_BLOCKS or age - self.began > LONGEST
        return full or block.point != self.point

    def add(self, block: Block, age: float, warmth: float) -> None:
        """Take a block; ``warmth`` is that of the room beside its usual one."""
        rate = block.figures["hash_rate"][0]
        efficiency, _ = block.figures.get("efficiency", (0.0, 0.0))
        angle = (block.end - 300) * _TURN
        values = (
            math.cos(angle),
            math.sin(angle),
            warmth,
            age,
            rate,
            block.deviation**2,
            efficiency * rate,
            rate if efficiency else 0.0,
        )
        self.blocks += 1
        self.powered += bool(efficiency)
        self.sums = [a + b for a, b in zip(self.sums, values, strict=True)]

    def observation(self) -> tuple[list[float], list[float], list[float] | None]:
        """Return covariates and levels of work and, if it is known, of energy."""
        count = self.blocks
        x = [total / count for total in self.sums[:COVARIATES]]
        rates, squares, power, powered_rates = self.sums[COVARIATES:]
        deviation = math.sqrt(squares / count)
        work = [-math.log(rates / count), math.log(deviation)]
        if self.powered != count or min(power, powered_rates) <= 0:
            # Without the power of each of its blocks it says nothing of energy.
            return x, work, None
        efficiency = math.log(power / powered_rates)
        return x, work, [efficiency, efficiency + math.log1p(deviation)]

    @property
    def weight(self) -> float:
        """What it weighs beside a whole one."""
        whole = BATCH_BLOCKS / (BATCH_BLOCKS + COMMON_BLOCKS)
        return self.blocks / (self.blocks + COMMON_BLOCKS) / whole


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


def _solve(lower: Sequence[Sequence[float]], values: Sequence[float]) -> list[float]:
    found = _forward(lower, values)
    for i in reversed(range(COVARIATES)):
        rest = found[i] - sum(lower[j][i] * found[j] for j in range(i + 1, COVARIATES))
        found[i] = rest / lower[i][i]
    return found
