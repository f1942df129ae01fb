"""Hours at one operating point: what verdicts are made of.

The means of ten minutes within some hours resemble each other, so that they must
not count as so many observations. A batch is one: all blocks of one visit to a point,
but at most four hours of them.
"""

import math

from .blocks import (
    Block,
    PointKey,
)
from .ledger import (
    COVARIATES,
    Ledger,
)
from .moments import (
    shortened,
    sound_numbers,
)

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

WORK_PRIORS = (_LEVEL_PRIORS, _DEVIATION_PRIORS)
ENERGY_PRIORS = (_LEVEL_PRIORS, _LEVEL_PRIORS)

_TURN = 2 * math.pi / 86_400


class Batch:
    """A batch that still grows."""

    __slots__ = ("_sums", "began", "blocks", "point", "powered")

    def __init__(self, point: PointKey, began: float) -> None:
        """Begin at a point, at the map's age in days."""
        self.point = point
        self.began = began
        self.blocks = 0
        self.powered = 0
        self._sums = [0.0] * (COVARIATES + 4)

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
        self._sums = [a + b for a, b in zip(self._sums, values, strict=True)]

    def close(self, work: Ledger, energy: Ledger, unit: float) -> None:
        """Enter the batch in the ledgers, where a whole one weighs ``unit``."""
        count = self.blocks
        weight = unit * _weight(count)
        x = [total / count for total in self._sums[:COVARIATES]]
        rates, squares, power, powered_rates = self._sums[COVARIATES:]
        deviation = math.sqrt(squares / count)
        levels = (-math.log(rates / count), math.log(deviation))
        work.add(self.point, x, levels, weight)
        if self.powered == count:
            efficiency = math.log(power / powered_rates)
            levels = (efficiency, efficiency + math.log1p(deviation))
            energy.add(self.point, x, levels, weight)

    def dump(self) -> list[float]:
        """Return what must be stored, but for the point."""
        numbers = (self.blocks, self.powered, self.began, *self._sums)
        return [shortened(value, 9) for value in numbers]

    @classmethod
    def load(cls, data: object, point: PointKey) -> Batch | None:
        """Return what was stored; None of what is not sound."""
        numbers = sound_numbers(data, 3 + COVARIATES + 4)
        if numbers is None or not 1 <= numbers[0] <= BATCH_BLOCKS:
            return None
        if min(numbers[3 + COVARIATES : 5 + COVARIATES]) <= 0:
            return None
        made = cls(point, numbers[2])
        made.blocks, made._sums = int(numbers[0]), numbers[3:]
        # Without the power of each of its blocks a batch tells nothing of energy.
        told = numbers[1] == numbers[0] and min(numbers[-2:]) > 0
        made.powered = made.blocks if told else 0
        return made


def _weight(blocks: int) -> float:
    whole = BATCH_BLOCKS / (BATCH_BLOCKS + COMMON_BLOCKS)
    return blocks / (blocks + COMMON_BLOCKS) / whole
