"""The tuning map: how a miner does at each of its operating points.

Blocks of ten minutes of constant settings are grouped by operating point. A block
weighs half after the half-life of the options: instead of letting the old ones weigh
less at every step, each new one weighs more, and all are scaled down once in a while.
"""

from dataclasses import replace
from typing import Any

from ..miners.codec import load_or
from ..miners.events import Moment
from ..miners.model import (
    Limits,
    MinerState,
)
from .blocks import (
    Block,
    BlockBuilder,
)
from .health import chosen
from .model import (
    Environment,
    InsightOptions,
    Tuning,
)
from .points import (
    OLDEST,
    PointRecord,
    TuningData,
)
from .regression import Batch
from .verdicts import judge

MOST_POINTS = 40

JUDGED_EVERY = 3600.0
"""Seconds between two judgements; a look at every poll would find nothing more."""

LARGEST_UNIT = 1e6
"""The weight of a block at which all weights are scaled down."""

MOST_HALVINGS = 60.0
DAY = 86_400.0


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
        block = self._builder.observe(state, moment, interval, around, restarted)
        return self.add(block, moment)

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
        self._tuning = Tuning(
            points=tuple(record.shown(limits, self._power_limit) for record in records),
            verdicts=judge(self._data, self._half_life),
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
