"""How many watts each miner gets of a target for all of them; knows no Home Assistant.

All steps of all miners are put into one line, by priority and then by the watts that
a step costs per hash rate, and the line is gone along for as far as the watts reach.
The miner at the end of it gets the best of its steps that still fits. A large miner at
the front may leave watts over that it cannot use, and so do many that could all but
run: the line is gone along with the large ones, or the last ones, at its end as well,
and the way that gives the most hash rate is taken. No line depends on how many watts
there are, so more of them never lead to less hash rate.

A constant target is dealt along the same line again, until a minimum time is over and
another line gives more: what measures nearly alike does not take turns.

Who may not be changed yet keeps what it has, and the watts that are its due are kept
for it: nobody else is started with them for a few minutes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
import math

from ..miners.power import PowerStep
from .ladder import all_known, ladder_of, rate_of

MARGIN = 0.03
"""Part of a step's watts by which a miner's target is above it."""

STAYS = 0.9
"""The joules of what runs already count as this part of them: of two miners that are
nearly alike the one that rests does not take the place of the other one."""

_FEW = 8
"""Up to so many miners each number of them is tried for who shares the watts."""

_TWICE = 4
"""Twice as many watts are a size that is larger by this."""

_SAME = 1e-9
"""Sums of watts that differ by less than this are the same."""


class Limit(StrEnum):
    """Why a miner gets no more than it does.

    The first ones leave it as it is; what it draws is counted.
    """

    OFFLINE = "offline"
    HELD = "held"
    BY_HAND = "by_hand"
    SAVE_POWER = "save_power"
    STOPPED = "stopped"
    TEMPORARY_PROFILE = "temporary_profile"
    OVERHEAT_PROTECTION = "overheat_protection"
    FLASH_WRITES = "flash_writes"
    UNKNOWN_POWER = "unknown_power"
    MINIMUM_RUN = "minimum_run"
    MINIMUM_PAUSE = "minimum_pause"
    CHANGED_RECENTLY = "changed_recently"
    TARGET = "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a miner may be changed, in seconds.

    ``run``: it runs for so long at least once it runs, and rests for ``pause`` once it
    rests; ``write``: from one change to the next.
    """

    run: float = 900.0
    pause: float = 600.0
    write: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchMember:
    """One miner that watts are dealt to.

    ``steps`` go up to what its owner set. ``asked`` is its own power target in W, None
    while it has none and runs what its owner set. ``rests``: it does, whatever it was
    asked, such as one that has no flash write left. It runs or rests ``since``, and was
    changed last at ``changed_at``, both in epoch seconds, None where that is long ago.
    ``drawn`` is what it draws now in W. ``left`` leaves it as it is.
    """

    key: str
    steps: tuple[PowerStep, ...]
    priority: int = 10
    asked: float | None = None
    rests: bool = False
    since: float | None = None
    changed_at: float | None = None
    pace: Pace = field(default_factory=Pace)
    drawn: float | None = None
    left: Limit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one miner gets: expected W and TH/s, and why not more.

    ``until`` is the epoch second at which ``limit`` ends by itself. All None where
    nothing is known of a miner that is left as it is.
    """

    key: str
    power: float | None
    hash_rate: float | None = None
    limit: Limit | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A power target for one miner in W; None gives back what its owner set.

    ``starts``: it rests, and is to run.
    """

    key: str
    power: float | None
    starts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """Who gets what, and what is to be written for it, what lowers first.

    ``power`` is all that is expected to be drawn. ``next_at`` is the epoch second at
    which to deal again, None where nobody waits. ``line`` is what was gone along, as
    keys and steps; ``settled``: it was chosen while nobody had to wait.
    """

    shares: tuple[Share, ...] = ()
    orders: tuple[Order, ...] = ()
    power: float = 0.0
    next_at: float | None = None
    line: tuple[tuple[str, int], ...] = ()
    settled: bool = False


@dataclass(frozen=True, slots=True)
class _Rise:
    """A part of the line: a miner goes up to a step of its ladder."""

    miner: _Miner
    step: int
    joules: float

    @property
    def power(self) -> float:
        """What the miner draws then."""
        return self.miner.ladder[self.step].power

    @property
    def size(self) -> int:
        """How many watts it takes from rest; nearly alike ones are of one size."""
        more = self.power - self.miner.ladder[0].power
        return round(4 * math.log2(max(1.0, more)))

    def turn(self) -> tuple[int, float, str, int]:
        """Return its place in the line."""
        member = self.miner.member
        return member.priority, self.joules, member.key, self.step


class _Miner:
    """A miner that is dealt to: its ladder, and between which steps it may go."""

    def __init__(self, member: DispatchMember, now: float) -> None:
        self.member = member
        self.ladder = ladder_of(member.steps)
        self.known = all_known(member.steps)
        self.top = len(self.ladder) - 1
        self.at = self._nearest(member.asked)
        self.least, self.most = 0, self.top
        self.limit: Limit | None = None
        self.until: float | None = None
        pace, resting = member.pace, member.rests or self.ladder[self.at].stops
        running = next(
            (i for i, step in enumerate(self.ladder) if not step.stops), self.top
        )
        wait = pace.pause if resting else pace.run
        if _waits(member.changed_at, pace.write, now):
            self.least = self.most = self.at
            self._wait(Limit.CHANGED_RECENTLY, member.changed_at, pace.write)
        elif _waits(member.since, wait, now):
            if resting:
                self.least = self.most = self.at
                self._wait(Limit.MINIMUM_PAUSE, member.since, wait)
            elif self.ladder[0].stops:
                self.least = running
                self._wait(Limit.MINIMUM_RUN, member.since, wait)

    def _wait(self, limit: Limit, since: float | None, seconds: float) -> None:
        self.limit, self.until = limit, (since or 0.0) + seconds

    def _nearest(self, asked: float | None) -> int:
        """Return the step that it was asked for.

        What is expected of a step moves a little as more is measured.
        """
        if asked is None:
            return self.top
        return min(
            range(len(self.ladder)), key=lambda i: abs(self.ladder[i].power - asked)
        )

    def rises(self) -> Iterator[_Rise]:
        """Yield the steps by which it goes up, the cheapest hash rate first.

        Steps between them would cost more per hash rate than going on does: they are
        for the end of the line.
        """
        low = 0
        while low < self.top:
            above = range(low + 1, self.top + 1)
            if self.known:
                step = min(above, key=lambda i: (self._joules(low, i), -i))
                joules = self._joules(low, step)
            else:
                step, joules = low + 1, math.inf
            yield _Rise(self, step, joules * (STAYS if step <= self.at else 1.0))
            low = step

    def _joules(self, low: int, high: int) -> float:
        below, above = self.ladder[low], self.ladder[high]
        return (above.power - below.power) / (rate_of(above) - rate_of(below))

    def best(self, power: float, lowest: int) -> int:
        """Return the highest step within some watts, at least the lowest one."""
        return next(
            i
            for i in range(self.top, -1, -1)
            if i <= lowest or self.ladder[i].power <= power + _SAME
        )

    def settled(self, end: int) -> int:
        """Return the step that it may have where the line ends for it at one."""
        return min(max(end, self.least), self.most)

    def share(self, end: int) -> Share:
        """Return what it gets where the line ends for it at a step."""
        at, limit, until = self.settled(end), Limit.TARGET, None
        runs_on = self.limit is Limit.MINIMUM_RUN and at == self.least
        if self.limit is not None and (at != end or runs_on):
            limit, until = self.limit, self.until
        here = self.ladder[at]
        return Share(
            key=self.member.key,
            power=here.power,
            hash_rate=here.hash_rate,
            limit=None if at == self.top else limit,
            until=None if at == self.top else until,
        )

    def order(self, end: int, *, free: bool) -> Order | None:
        """Return what has to be written for that; ``free``: there is no target."""
        at, asked = self.settled(end), self.member.asked
        if at == self.at and (at < self.top or asked is None or not free):
            return None
        starts = self.ladder[self.at].stops and not self.ladder[at].stops
        power = None if at == self.top else self._target(at)
        return Order(key=self.member.key, power=power, starts=starts)

    def _target(self, at: int) -> float:
        """Return a target for which a step is chosen, also if it moves a little.

        It is nearer to that step than to the next one.
        """
        here, above = self.ladder[at].power, self.ladder[at + 1].power
        return here + min(0.4 * (above - here), MARGIN * here)


def _waits(since: float | None, seconds: float, now: float) -> bool:
    """Whether less than so many seconds went by; a clock that was set back has not."""
    return since is not None and 0.0 <= now - since < seconds


def deal(
    target: float | None,
    members: Iterable[DispatchMember],
    now: float,
    before: Deal | None = None,
) -> Deal:
    """Deal a target in W; None gives each what its owner set. ``now``: epoch seconds.

    It is exceeded only by what is left alone, may not be changed yet, or cannot go
    any lower. ``before`` is what was dealt before of the same target to the same
    members: its line is gone along again, unless another gives more hash rate once
    somebody has waited long enough. What was chosen while nobody had to wait stands.
    """
    everyone = list(members)
    miners = [
        _Miner(member, now)
        for member in everyone
        if member.left is None and member.steps
    ]
    spoken_for = math.fsum(
        member.drawn or 0.0
        for member in everyone
        if member.left is not None or not member.steps
    )
    budget = math.inf if target is None else target - spoken_for
    ends, line = _choose(miners, budget, before, now)
    dealt = list(zip(miners, ends, strict=True))
    by_key = {miner.member.key: miner.share(end) for miner, end in dealt}
    shares = tuple(by_key.get(one.key) or _left(one) for one in everyone)
    orders = [
        (miner, order)
        for miner, end in dealt
        if (order := miner.order(end, free=target is None)) is not None
    ]
    waits = (miner.until for miner in miners if miner.until is not None)
    next_at = min(waits, default=None)
    return Deal(
        shares=shares,
        orders=tuple(order for _, order in sorted(orders, key=_turn)),
        power=math.fsum(share.power or 0.0 for share in shares),
        next_at=next_at,
        line=tuple((rise.miner.member.key, rise.step) for rise in line),
        settled=next_at is None or (before is not None and before.settled),
    )


def _left(member: DispatchMember) -> Share:
    return Share(
        key=member.key,
        power=member.drawn,
        limit=member.left or Limit.UNKNOWN_POWER,
    )


def _turn(item: tuple[_Miner, Order]) -> tuple[bool, int, str]:
    """Return when it is written: what draws less makes room for what draws more."""
    miner, order = item
    raises = order.power is None or order.power > miner.ladder[miner.at].power
    return raises, miner.member.priority, miner.member.key


def _choose(
    miners: Sequence[_Miner], budget: float, before: Deal | None, now: float
) -> tuple[list[int], Sequence[_Rise]]:
    """Return how far each miner gets, and the line that was gone along."""
    lines = _lines(miners)
    if before is not None:
        same = _same_line(miners, before.line)
        if before.settled or now < (before.next_at or math.inf):
            return _go_along(miners, same, budget), same
        lines = chain([same], lines)
    best, chosen, most = list[int](), list[_Rise](), -1.0
    for line in lines:
        ends = _go_along(miners, line, budget)
        rate = math.fsum(
            rate_of(miner.ladder[miner.settled(end)])
            for miner, end in zip(miners, ends, strict=True)
        )
        if rate > most + _SAME:
            best, chosen, most = ends, line, rate
    return best, chosen


def _same_line(
    miners: Iterable[_Miner], line: Iterable[tuple[str, int]]
) -> list[_Rise]:
    by_key = {miner.member.key: miner for miner in miners}
    return [
        _Rise(miner, step, math.nan)
        for key, step in line
        if (miner := by_key.get(key)) is not None and step <= miner.top
    ]


def _lines(miners: Sequence[_Miner]) -> Iterator[list[_Rise]]:
    """Yield the lines to go along; none depends on how many watts there are.

    The first has all miners in their turn. Others have only the first of them in it,
    or the small ones, and the rest at its end; or a large one before the others of its
    priority, which leave watts that are too few for it.
    """
    rises = {id(miner): tuple(miner.rises()) for miner in miners}
    firsts = [next(iter(rises[id(miner)]), None) for miner in miners]
    turns = sorted((rise for rise in firsts if rise is not None), key=_Rise.turn)
    line = sorted(chain.from_iterable(rises.values()), key=_Rise.turn)
    for size in sorted({rise.size for rise in turns}, reverse=True):
        small = [id(rise.miner) for rise in turns if rise.size <= size]
        count = len(small)
        while count:
            chosen = set(small[:count])
            yield sorted(line, key=lambda rise: id(rise.miner) not in chosen)
            count = count * 3 // 4 if count > _FEW else count - 1
    for large in _large(turns):
        yield sorted(
            line, key=lambda rise: (rise.turn()[0], rise.miner is not large.miner)
        )
    if not turns:
        yield []


def _large(turns: Sequence[_Rise]) -> list[_Rise]:
    """Return the first rises of those that take twice as much as the smallest one.

    Where there are very many, the largest ones.
    """
    least = min((rise.size for rise in turns), default=0) + _TWICE
    large = [rise for rise in turns if rise.size >= least]
    return sorted(large, key=lambda rise: -rise.size)[:_FEW]


def _go_along(
    miners: Sequence[_Miner], line: Iterable[_Rise], budget: float
) -> list[int]:
    """Return up to which step each miner gets."""
    ends = {id(miner): miner.least for miner in miners}
    left = budget - math.fsum(miner.ladder[miner.least].power for miner in miners)
    for rise in line:
        miner = rise.miner
        end = ends[id(miner)]
        if rise.step <= end:
            continue
        here = miner.ladder[end].power
        if (cost := rise.power - here) > left + _SAME:
            if miner.most == miner.top:
                ends[id(miner)] = miner.best(here + max(0.0, left), end)
            break
        ends[id(miner)] = rise.step
        left -= cost
    return [ends[id(miner)] for miner in miners]
