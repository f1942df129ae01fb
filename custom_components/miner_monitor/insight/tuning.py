"""The tuning map: how a miner does at each of its operating points.

Blocks of ten minutes of constant settings are grouped by operating point. A block
weighs half after the half-life of the options: instead of letting the old ones weigh
less at every step, each new one weighs more, and all are scaled down once in a while.
"""

from ..miners.events import Moment
from ..miners.model import (
    Limits,
    MinerState,
)
from .batches import (
    ENERGY_PRIORS,
    WORK_PRIORS,
    Batch,
)
from .blocks import (
    Block,
    BlockBuilder,
    PointKey,
)
from .ledger import (
    Account,
    Ledger,
)
from .model import (
    Environment,
    InsightOptions,
    Tuning,
)
from .moments import sound_number
from .points import (
    Bounds,
    PointRecord,
)
from .verdicts import (
    Books,
    judge,
)

MOST_POINTS = 40

JUDGED_EVERY = 3600.0
"""Seconds between two judgements; a look at every poll would find nothing more."""

LARGEST_UNIT = 1e6
"""The weight of a block at which all weights are scaled down."""

MOST_HALVINGS = 60.0
FORGOTTEN = 1e-9
"""What a point weighs, in blocks, after thirty half-lives without one."""

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
        self._ledgers = (Ledger(WORK_PRIORS), Ledger(ENERGY_PRIORS))
        self._batch: Batch | None = None
        self._usual_room: float | None = None
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
        around: Environment,
        restarted: bool,
    ) -> Tuning:
        """Take a good poll."""
        self._pass(moment)
        self._power_limit = state.power_limit
        block = self._builder.observe(state, moment, interval, around, restarted)
        if block is not None:
            self._add(block)
        return self._look(moment)

    def add(self, block: Block, moment: Moment) -> Tuning:
        """Take a block that is complete."""
        self._pass(moment)
        self._add(block)
        return self._look(moment)

    def absent(self, moment: Moment) -> Tuning:
        """Take that the miner did not answer; its silence ends the block."""
        self._pass(moment)
        return self._tuning

    def _add(self, block: Block) -> None:
        record = self._points.get(block.point)
        if record is None:
            record = self._points[block.point] = PointRecord(block.point)
            self._make_room(block.point)
        record.add(block, self._unit, self._age)
        self._enter(block)
        if len(self._points) == 1 and record.blocks == 1:
            self._judged = None

    def _enter(self, block: Block) -> None:
        """Let the batch grow, or enter it in the ledgers and begin a new one."""
        room = block.figures.get("room_temperature")
        if self._usual_room is None and room is not None:
            self._usual_room = room[0]
        warmth = 0.0 if room is None else room[0] - (self._usual_room or 0.0)
        batch = self._batch
        if batch is not None and batch.ends_before(block, self._age):
            batch.close(*self._ledgers, self._unit)
            batch = None
        if batch is None:
            batch = self._batch = Batch(block.point, self._age)
        batch.add(block, self._age, warmth)

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
            halvings = passed / max(1.0, self._options.half_life)
            self._unit *= 2.0 ** min(halvings, MOST_HALVINGS)
            if self._unit > LARGEST_UNIT:
                self._rebase()

    def _rebase(self) -> None:
        """Scale all weights so that a new block weighs 1, and forget the oldest."""
        for key, record in list(self._points.items()):
            record.scale(1 / self._unit)
            if record.weight < FORGOTTEN:
                self._forget(key)
        for ledger in self._ledgers:
            ledger.scale(1 / self._unit)
        self._unit = 1.0

    def _make_room(self, newcomer: PointKey) -> None:
        """Drop the point that weighs least: it has few blocks, or old ones."""
        while len(self._points) > MOST_POINTS:
            others = (key for key in self._points if key != newcomer)
            least = min(others, key=lambda key: self._points[key].weight)
            self._forget(least)

    def _forget(self, key: PointKey) -> None:
        """Drop a point with all that is known of it."""
        del self._points[key]
        for ledger in self._ledgers:
            ledger.accounts.pop(key, None)
        if self._batch is not None and self._batch.point == key:
            self._batch = None

    def _look(self, moment: Moment) -> Tuning:
        """Judge anew when it is time to."""
        judged, now = self._judged, moment.monotonic
        if self._points and (judged is None or now - judged >= JUDGED_EVERY):
            self._judge(now)
        return self._tuning

    def _judge(self, now: float) -> None:
        """Make the snapshot anew."""
        self._judged = now
        self._rebase()
        bounds = Bounds.of(self.limits, self._options, self._power_limit)
        records = sorted(self._points.values(), key=lambda record: -record.last)
        books = Books(
            self._points, *self._ledgers, self._age, max(1.0, self._options.half_life)
        )
        self._tuning = Tuning(
            points=tuple(record.shown(bounds) for record in records),
            verdicts=judge(books),
        )

    def dump(self) -> dict[str, object]:
        """Return what must be stored."""
        self._rebase()
        points = []
        for key, record in self._points.items():
            accounts = [ledger.accounts.get(key) for ledger in self._ledgers]
            kept = [0 if account is None else account.dump() for account in accounts]
            points.append([record.dump(), *kept])
        batch = self._batch
        place = None if batch is None else list(self._points).index(batch.point)
        return {
            "age": round(self._age, 3),
            "wall": int(self._wall),
            "room": self._usual_room,
            "points": points,
            "ledgers": [ledger.dump() for ledger in self._ledgers],
            "batch": None if batch is None else [place, batch.dump()],
        }

    def load(self, data: object) -> None:
        """Take over what was stored, as far as it is sound."""
        if not isinstance(data, dict):
            return
        age = sound_number(data.get("age"))
        self._age = min(OLDEST, max(0.0, age or 0.0))
        self._stored_at = sound_number(data.get("wall"))
        self._wall = self._stored_at or 0.0
        self._usual_room = sound_number(data.get("room"))
        ledgers = _list_of(data.get("ledgers"), 2)
        sound = [
            ledger.load(item)
            for ledger, item in zip(self._ledgers, ledgers, strict=False)
        ]
        points = _list_of(data.get("points"), MOST_POINTS)
        loaded = [self._load_point(item, sound) for item in points]
        batch = _list_of(data.get("batch"), 2)
        if len(batch) == 2:
            place = sound_number(batch[0])
            known = dict(enumerate(loaded))
            key = None if place is None else known.get(int(place))
            self._batch = None if key is None else Batch.load(batch[1], key)

    def _load_point(self, data: object, sound: list[bool]) -> PointKey | None:
        """Take over a point, and its accounts in the ledgers that were sound."""
        parts = _list_of(data, 3)
        record = PointRecord.load(parts[0]) if parts else None
        if record is None:
            return None
        self._points[record.key] = record
        for ledger, part, usable in zip(self._ledgers, parts[1:], sound, strict=False):
            account = Account.load(part, 2) if usable else None
            if account is not None:
                ledger.accounts[record.key] = account
        return record.key


def _list_of(data: object, most: int) -> list[object]:
    """Return a stored list without what is too much of it."""
    return data[:most] if isinstance(data, list) else []
