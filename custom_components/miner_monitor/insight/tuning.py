"""The tuning map: how a miner does at each of its operating points.

Blocks of ten minutes of constant settings are grouped by operating point. A block
weighs half after the half-life of the options: instead of letting the old ones weigh
less at every step, each new one weighs more, and all are scaled down once in a while.

What each point is the best in is judged, or what is missing to say so. A false best
is worse than none, and none for ever is no help. So a point wins only when it is
separated from every rival by a bound that holds at all looks together; but for the
quietest fan, which follows from the settings and hardly from chance.
Rivals are the points with enough blocks, and those that are being tried. Where only
the second day is missing, a point holds verdicts up for two weeks after it was left,
with fewer blocks for three days, unless it is certainly worse; then it is thought of
as given up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
import math
from typing import Any, NamedTuple

from ..miners.codec import load_or
from ..miners.events import Moment
from ..miners.model import (
    Limits,
    MinerState,
)
from .blocks import (
    Block,
    BlockBuilder,
    PointKey,
)
from .health import chosen
from .model import (
    Environment,
    InsightOptions,
    Judgement,
    Missing,
    Tuning,
    Verdict,
)
from .points import (
    OLDEST,
    PointRecord,
    TuningData,
)
from .regression import (
    BALANCED,
    DEVIATION,
    EFFICIENCY,
    HASH_RATE,
    Batch,
    Fit,
    Level,
    PointStats,
)

MOST_POINTS = 40

JUDGED_EVERY = 3600.0
"""Seconds between two judgements; a look at every poll would find nothing more."""

LARGEST_UNIT = 1e6
"""The weight of a block at which all weights are scaled down."""

MOST_HALVINGS = 60.0
DAY = 86_400.0


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

SAME_DUTY = 1.0
"""Points of duty cycle within which two fans are as quiet as each other."""

NEARLY_QUIET = 2.0
"""A setting whose fan is this near to quiet might be quiet: it has to be beaten."""


class TuningMap:
    """The operating points of one miner and what they are the best in."""

    def __init__(
        self, options: InsightOptions | None = None, limits: Limits | None = None
    ) -> None:
        """Start without a point."""
        self.limits = limits or Limits()
        self._options = options or InsightOptions()
        self._half_life = max(1.0, self._options.half_life)
        self._builder = BlockBuilder()
        self.block: Block | None = None
        """The ten minutes that were complete with the last good poll."""
        self._data = TuningData()
        self._tuning = Tuning()
        self._monotonic: float | None = None
        self._judged: float | None = None
        self._power_limit: float | None = None

    def observe(
        self,
        state: MinerState,
        moment: Moment,
        interval: float,
        around: Environment,
        restarted: bool,
    ) -> Tuning:
        """Take a good poll."""
        self._power_limit = state.power_limit
        self.block = self._builder.observe(state, moment, interval, around, restarted)
        return self.add(self.block, moment)

    def add(self, block: Block | None, moment: Moment) -> Tuning:
        """Take a moment, and the block that is complete with it."""
        self._pass(moment)
        if block is not None:
            self._add(block)
        judged, now = self._judged, moment.monotonic
        if self._data.points and (judged is None or now - judged >= JUDGED_EVERY):
            self._judge(now)
        return self._tuning

    def absent(self, moment: Moment) -> Tuning:
        """Take that the miner did not answer; its silence ends the block."""
        self._pass(moment)
        return self._tuning

    def _add(self, block: Block) -> None:
        data = self._data
        record = data.find(block.point)
        if record is None:
            record = PointRecord.begin(block)
            while len(data.points) >= MOST_POINTS:
                # What weighs least has few blocks, or old ones.
                data.forget(min(data.points, key=lambda point: point.weight))
            data.points.append(record)
        record.add(block, data.unit, data.age)
        self._enter(block)
        if len(data.points) == 1 and record.blocks == 1:
            self._judged = None

    def _enter(self, block: Block) -> None:
        """Let the batch grow, or enter it in the sums and begin a new one."""
        data = self._data
        room = block.figures.get("room_temperature")
        if data.room is None and room is not None:
            data.room = room[0]
        warmth = 0.0 if room is None else room[0] - (data.room or 0.0)
        if data.batch is not None and data.batch.ends_before(block, data.age):
            data.close_batch()
        if data.batch is None:
            data.batch = Batch.begin(block.point, data.age)
        data.batch.add(block, data.age, warmth)

    def _pass(self, moment: Moment) -> None:
        """Grow older by the monotonic clock; by the wall's only across a restart."""
        data, passed = self._data, 0.0
        if self._monotonic is not None:
            passed = (moment.monotonic - self._monotonic) / DAY
        elif data.wall is not None:
            away = (moment.wall - data.wall) / DAY
            passed = min(away, self._options.half_life)
        self._monotonic, data.wall = moment.monotonic, moment.wall
        if passed > 0:
            data.age = min(OLDEST, data.age + passed)
            halvings = passed / self._half_life
            data.unit *= 2.0 ** min(halvings, MOST_HALVINGS)
            if data.unit > LARGEST_UNIT:
                data.rebase()

    def _judge(self, now: float) -> None:
        """Make the snapshot anew."""
        self._judged = now
        self._data.rebase()
        limits = chosen(self.limits, self._options.alarms)
        records = sorted(self._data.points, key=lambda record: -record.last)
        verdicts = {
            kind: _answer(self._data, self._half_life, kind, asked)
            for kind, asked in QUESTIONS.items()
        }
        verdicts[Verdict.QUIETEST] = _quietest(self._data.points)
        self._tuning = Tuning(
            points=tuple(record.shown(limits, self._power_limit) for record in records),
            verdicts=verdicts,
        )

    def dump(self) -> Any:
        """Return what must be stored."""
        self._data.rebase()
        return self._data.dump()

    def load(self, data: object) -> None:
        """Take over what was stored, as far as it is sound."""
        found = load_or(TuningData, data, TuningData())
        known = {point.key: point for point in found.points[:MOST_POINTS]}
        batch = found.batch if found.batch and found.batch.point in known else None
        self._data = replace(found, points=list(known.values()), batch=batch)


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


def _quietest(points: Sequence[PointRecord]) -> Judgement:
    """Find the least fan at which it hashes; of those that are alike, the fastest."""
    known = [point for point in points if point.figures.fan_duty_cycle is not None]
    if len(known) < 2:
        missing = Missing.POINTS if known or not points else Missing.DATA
        return Judgement(missing=missing)
    lacks = {point.key: Lack.of(point) for point in known}
    ready = [point for point in known if not any(lacks[point.key])]
    if len(ready) < 2:
        return _lacking(known, lacks, 2 - len(ready))
    least = min(map(_duty, ready))
    alike = [point for point in ready if _duty(point) <= least + SAME_DUTY]
    best = max(alike, key=lambda point: point.figures.hash_rate.mean)
    return Judgement(settings=best.key.settings, value=_duty(best))


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
