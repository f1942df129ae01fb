"""The tuning map: how a miner does at each of its operating points.

Blocks of ten minutes of constant settings are grouped by operating point. A block
weighs half after the half-life of the options: instead of letting the old ones weigh
less at every step, each new one weighs more, and all are scaled down once in a while.
"""

from ..miners.model import Limits, MinerState
from .blocks import Block, BlockBuilder, PointKey
from .model import InsightOptions, Moment, Surroundings, Tuning
from .moments import sound_number
from .points import Bounds, PointRecord

MOST_POINTS = 40

JUDGED_EVERY = 3600.0
"""Seconds between two judgements; a look at every poll would find nothing more."""

LARGEST_UNIT = 1e6
"""The weight of a block at which all weights are scaled down."""

DAY = 86_400.0
OLDEST = 1e5
"""No map is older, in days."""


class TuningMap:
    """The operating points of one miner and what they are the best in."""

    def __init__(
        self, options: InsightOptions | None = None, limits: Limits | None = None
    ) -> None:
        """Start without a point."""
        self.limits = limits or Limits()
        self._options = options or InsightOptions()
        self._builder = BlockBuilder()
        self._points: dict[PointKey, PointRecord] = {}
        self._tuning = Tuning()
        self._age = 0.0
        self._unit = 1.0
        self._monotonic: float | None = None
        self._stored_at: float | None = None
        self._wall = 0.0
        self._judged: float | None = None
        self._power_limit: float | None = None

    def observe(
        self,
        state: MinerState,
        moment: Moment,
        interval: float,
        around: Surroundings,
        restarted: bool,
    ) -> Tuning:
        """Take a good poll."""
        self._pass(moment)
        self._power_limit = state.power_limit
        block = self._builder.observe(state, moment, interval, around, restarted)
        if block is not None:
            self.add(block)
        if self._due(moment.monotonic):
            self._judge(moment.monotonic)
        return self._tuning

    def absent(self, moment: Moment) -> Tuning:
        """Take that the miner did not answer; its silence ends the block."""
        self._pass(moment)
        return self._tuning

    def add(self, block: Block) -> None:
        """Take a block that is complete."""
        record = self._points.get(block.point)
        if record is None:
            record = self._points[block.point] = PointRecord(block.point)
            self._make_room(block.point)
        record.add(block, self._unit, self._age)
        if len(self._points) == 1 and record.blocks == 1:
            self._judged = None

    def _pass(self, moment: Moment) -> None:
        """Grow older by the monotonic clock; by the wall's only across a restart."""
        if self._monotonic is not None:
            passed = (moment.monotonic - self._monotonic) / DAY
        elif self._stored_at is not None:
            away = (moment.wall - self._stored_at) / DAY
            passed = min(away, self._options.half_life)
        else:
            passed = 0.0
        self._monotonic, self._wall = moment.monotonic, moment.wall
        if passed > 0:
            self._age = min(OLDEST, self._age + passed)
            self._unit *= 2 ** (passed / max(1.0, self._options.half_life))
            if self._unit > LARGEST_UNIT:
                self._rebase()

    def _rebase(self) -> None:
        """Scale all weights so that a new block weighs 1."""
        for record in self._points.values():
            record.scale(1 / self._unit)
        self._unit = 1.0

    def _make_room(self, newcomer: PointKey) -> None:
        """Drop the point that weighs least: it has few blocks, or old ones."""
        while len(self._points) > MOST_POINTS:
            others = (key for key in self._points if key != newcomer)
            del self._points[min(others, key=lambda key: self._points[key].weight)]

    def _due(self, now: float) -> bool:
        return bool(self._points) and (
            self._judged is None or now - self._judged >= JUDGED_EVERY
        )

    def _judge(self, now: float) -> None:
        """Make the snapshot anew."""
        self._judged = now
        bounds = Bounds.of(self.limits, self._options, self._power_limit)
        records = sorted(self._points.values(), key=lambda record: -record.last)
        self._tuning = Tuning(points=tuple(record.shown(bounds) for record in records))

    def dump(self) -> dict[str, object]:
        """Return what must be stored."""
        self._rebase()
        return {
            "age": round(self._age, 3),
            "wall": int(self._wall),
            "points": [record.dump() for record in self._points.values()],
        }

    def load(self, data: object) -> None:
        """Take over what was stored, as far as it is sound."""
        if not isinstance(data, dict):
            return
        age = sound_number(data.get("age"))
        self._age = min(OLDEST, max(0.0, age or 0.0))
        self._stored_at = sound_number(data.get("wall"))
        points = data.get("points")
        stored = points[:MOST_POINTS] if isinstance(points, list) else []
        for item in stored:
            record = PointRecord.load(item)
            if record is not None:
                self._points[record.key] = record
