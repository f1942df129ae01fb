"""What each operating point is the best in, or what is missing to say so.

A false best is worse than none, and none for ever is no help. So a point wins only
when it is separated from every rival by a bound that holds at all looks together.
Rivals are the points with enough blocks, and those that are being tried. Where only
the second day is missing, a point holds verdicts up for two weeks after it was left,
with fewer blocks for three days, unless it is certainly worse; then it is thought of
as given up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import math
from typing import NamedTuple

from .blocks import PointKey
from .model import (
    Judgement,
    Missing,
    Verdict,
)
from .points import PointRecord, TuningData
from .regression import (
    BALANCED,
    DEVIATION,
    EFFICIENCY,
    HASH_RATE,
    Fit,
    Level,
    PointStats,
)

ENOUGH_BLOCKS = 12
ENOUGH_DAYS = 2

STILL_COUNTS = 0.25
"""A block counts towards what is enough until it weighs less than this."""

GIVEN_UP = 14.0
"""Days after which a point that was tried on too few days holds up no verdict. Who
changes settings once a day comes back to one of half a dozen within this time."""

PASSED_BY = 3.0
"""The same for a point with too few blocks, at which nobody meant to stay."""

RISK = 0.05
"""How likely a verdict may ever be false."""

QUIET_DUTY = 60.0
"""Duty cycle in % up to which a fan is quiet."""

NEARLY_QUIET = 2.0
"""A setting whose fan is this near to quiet might be quiet: it has to be beaten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: which quantity of the energy or of the work, of which points.

    Points whose ``figure`` is known take part; if only quiet ones may win, those that
    are nearly quiet have to be beaten as well.
    """

    metric: int
    figure: str
    energy: bool = False
    quiet: bool = False

    def stats(self, record: PointRecord) -> PointStats | None:
        """Return the batches of a point that answer it."""
        return record.energy if self.energy else record.work

    def may_win(self, record: PointRecord, nearly: float = 0.0) -> bool:
        """Whether a point is what is asked for, or nearly is."""
        return not self.quiet or _duty(record) <= QUIET_DUTY + nearly


QUESTIONS = {
    Verdict.EFFICIENCY: Question(metric=EFFICIENCY, figure="efficiency", energy=True),
    Verdict.HASH_RATE: Question(metric=HASH_RATE, figure="hash_rate"),
    Verdict.STABILITY: Question(metric=DEVIATION, figure="hash_rate"),
    Verdict.BALANCED: Question(metric=BALANCED, figure="efficiency", energy=True),
    Verdict.QUIET: Question(metric=HASH_RATE, figure="fan_duty_cycle", quiet=True),
}


def judge(data: TuningData, half_life: float) -> dict[Verdict, Judgement]:
    """Answer all questions; data weigh half after ``half_life`` days."""
    return {
        kind: _answer(data, half_life, kind, asked) for kind, asked in QUESTIONS.items()
    }


def _value(kind: Verdict, record: PointRecord, stats: PointStats) -> float:
    """Return what was judged by, in its unit."""
    if kind is Verdict.STABILITY:
        return 100 * math.exp(stats.y[DEVIATION])
    if kind is Verdict.BALANCED:
        return math.exp(stats.y[BALANCED])
    efficiency = record.figures.efficiency
    if kind is Verdict.EFFICIENCY and efficiency is not None:
        return efficiency.mean
    return record.figures.hash_rate.mean


def _duty(record: PointRecord) -> float:
    duty = record.figures.fan_duty_cycle
    return math.inf if duty is None else duty.mean


class Lack(NamedTuple):
    """What a point lacks to be compared."""

    blocks: int
    days: int

    @classmethod
    def of(cls, record: PointRecord) -> Lack:
        """Count what is missing; blocks that hardly weigh anything are missing."""
        counted = min(record.blocks, int(record.weight / STILL_COUNTS))
        return cls(max(0, ENOUGH_BLOCKS - counted), max(0, ENOUGH_DAYS - record.days))

    def holds_up(self, days: float) -> bool:
        """Whether a point that was left so many days ago must be beaten."""
        return not any(self) or days <= (PASSED_BY if self.blocks else GIVEN_UP)


def _answer(
    data: TuningData, half_life: float, kind: Verdict, asked: Question
) -> Judgement:
    """Find the winner, or say why there is none."""
    known = [r for r in data.points if r.figures.get(asked.figure) is not None]
    if not known:
        nothing = Missing.DATA if data.points else Missing.POINTS
        return Judgement(missing=nothing)
    field = [record for record in known if asked.may_win(record, NEARLY_QUIET)]
    if len(known) < 2 or not field:
        return Judgement(missing=Missing.POINTS)
    lacks = {record.key: Lack.of(record) for record in known}
    ready = [record for record in field if not any(lacks[record.key])]
    compared = [record for record in known if not any(lacks[record.key])]
    if not ready or len(compared) < 2:
        return _lacking(field if not ready else known, lacks, 2 - len(compared))
    rivals = [
        record for record in field if lacks[record.key].holds_up(data.age - record.seen)
    ]
    regression = data.energy if asked.energy else data.work
    fit, risk = regression.fit(asked.metric), _risk(data.age / half_life, len(rivals))
    return _contest(fit, risk, kind, asked, ready, rivals, lacks)


def _lacking(
    records: Sequence[PointRecord], lacks: Mapping[PointKey, Lack], most: int
) -> Judgement:
    """Tell the least that is missing for two points to be compared."""
    lacking = sorted(lacks[record.key] for record in records)
    found = [lack for lack in lacking if any(lack)][: max(1, most)]
    blocks = sum(lack.blocks for lack in found)
    days = max((lack.days for lack in found), default=0)
    missing = Missing.BLOCKS if blocks else Missing.DAYS
    return Judgement(missing=missing, blocks_missing=blocks, days_missing=days)


def _contest(
    fit: Fit | None,
    risk: float,
    kind: Verdict,
    asked: Question,
    ready: Sequence[PointRecord],
    rivals: Sequence[PointRecord],
    lacks: Mapping[PointKey, Lack],
) -> Judgement:
    """Compare the foremost of those that are ready with all rivals."""
    stats = {
        record.key: found
        for record in rivals
        if (found := asked.stats(record)) is not None
    }
    entered = [record for record in ready if record.key in stats]
    if fit is None or not entered:
        return Judgement(missing=Missing.DIFFERENCE)
    levels = {key: fit.level(found, asked.metric) for key, found in stats.items()}
    best = min(entered, key=lambda record: levels[record.key].value)
    others = [record for record in rivals if record is not best]
    margins = {
        record.key: _margin(fit, levels[best.key], levels.get(record.key), risk)
        for record in others
    }
    open_ones = [record for record in others if margins[record.key] <= 0]
    if any(any(lacks[record.key]) for record in open_ones):
        return _lacking(open_ones, lacks, len(open_ones))
    if open_ones or not asked.may_win(best):
        return Judgement(missing=Missing.DIFFERENCE)
    least = min(margins.values(), default=None)
    return Judgement(
        settings=best.key.settings,
        value=_value(kind, best, stats[best.key]),
        margin=None if least is None else 100 * math.expm1(least),
    )


def _margin(fit: Fit, best: Level, other: Level | None, risk: float) -> float:
    """Return by how much the best certainly leads; not at all if it is not known."""
    if other is None:
        return -math.inf
    margin = other.value - best.value - fit.radius(best, other, risk)
    return margin if margin > 0 else -math.inf


def _risk(half_lives: float, rivals: int) -> float:
    """Share the risk among pairs of points and, as data are aged, among periods.

    For a false best among equals one of each pair must beat the other, so that the
    pairs are half as many as the points.
    """
    period = 1 + int(half_lives)
    return RISK * 2 / max(2, rivals) / (period * (period + 1))
