"""What all miners together cost and earn, from what each of them does."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, field
import math
from typing import Annotated

from ..insight.worth import Market, Money, WorthVerdict
from ..miners.codec import Stored, Within
from ..miners.model import HashRateUnit
from ..model import MinerData
from .model import FleetMoney, FleetWorth, Member, PartialSum


def _is_bitcoin(member: Member) -> bool:
    return member.data.identity.hash_rate_unit is HashRateUnit.TERA


def partial_sum(values: Iterable[float | None]) -> PartialSum:
    """Add up what is known; ``of`` are all, the value is None where nothing is."""
    everyone = list(values)
    known = [value for value in everyone if value is not None]
    return PartialSum(math.fsum(known) if known else None, len(known), len(everyone))


def break_even_of(members: Iterable[Member], market: Market) -> float | None:
    """Return the price per kWh at which those that are there earn what they cost.

    While none is there, all count with what they did when they worked last.
    """
    known = [
        (member.data.online, worth.work_rate, worth.work_power)
        for member in members
        if (worth := member.data.insight.worth).work_rate and worth.work_power
    ]
    present = [item for item in known if item[0]] or known
    rate = math.fsum(rate or 0.0 for _, rate, _ in present)
    power = math.fsum(power or 0.0 for _, _, power in present)
    return market.break_even(rate, power) if present else None


def draw_of(members: Iterable[Member]) -> float | None:
    """Return what all miners draw now in W, at the wall where that is known."""
    return partial_sum(_draw(member.data) for member in members).value


def _draw(data: MinerData) -> float | None:
    wall, state = data.insight.wall_power, data.believed
    return wall if wall is not None or state is None else state.power


def chain_of(members: Iterable[Member]) -> tuple[float | None, int | None]:
    """Return the network's difficulty and height, from who knows the newest."""
    states = [
        (state.block_height or 0, member.data.insight.last_seen or 0.0, state)
        for member in members
        if _is_bitcoin(member) and (state := member.data.believed) is not None
    ]
    states.sort(key=lambda item: item[:2], reverse=True)
    difficulties = (state.network_difficulty for _, _, state in states)
    height = states[0][0] if states else 0
    return next(filter(None, difficulties), None), height or None


def solar_share(grid: float | None, draw: float | None) -> float | None:
    """Return which part of the miners' draw is power that would be fed in without them.

    ``grid`` is what is taken from the grid in W, below 0 what is fed in; None is not
    known. What the miners draw (W) comes last, after all else in the house.
    """
    if grid is None:
        return None
    if not draw:
        return 1.0 if grid < 0 else 0.0
    return min(max((draw - grid) / draw, 0.0), 1.0)


def blended(tariff: float | None, feed_in: float, share: float | None) -> float | None:
    """Return the price of a kWh of which a part could be sold for ``feed_in``."""
    if share is None:
        return None
    if share == 1:
        return feed_in
    return None if tariff is None else tariff + share * (feed_in - tariff)


@dataclass(slots=True)
class Kept:
    """What a miner's day came to, when it was last seen; all as in Money."""

    day: Annotated[str, Within(10, 10)]
    cost: Annotated[float, Within(-1e12, 1e12)] | None = None
    unpriced: Annotated[float, Within(0, 1e12)] = 0.0
    revenue: Annotated[float, Within(0, 1e12)] | None = None
    heat: Annotated[float, Within(-1e12, 1e12)] = 0.0
    unvalued: Annotated[float, Within(0, 1e12)] = 0.0
    energy: Annotated[float, Within(0, 1e12)] = 0.0
    cheap: Annotated[float, Within(0, 1e12)] | None = None

    @classmethod
    def of(cls, money: Money) -> Kept:
        """Take it from what a miner says."""
        return cls(*astuple(money))


_MOST = 1000


@dataclass(slots=True)
class FleetDay(Stored):
    """The costs and earnings of a day, those of miners that left since included."""

    miners: dict[str, Kept] = field(default_factory=dict)

    def observe(self, key: str, money: Money) -> None:
        """Take what a miner's day came to so far."""
        if money.day:
            self.miners[key] = Kept.of(money)

    def total(self, today: str) -> FleetMoney:
        """Return the sums of the newest day; others are forgotten."""
        days = {kept.day for kept in self.miners.values() if kept.day <= today}
        newest = max(days, default="")
        kept = [(k, v) for k, v in self.miners.items() if v.day == newest][-_MOST:]
        self.miners = dict(kept)
        rows = list(self.miners.values())
        revenue = partial_sum(row.revenue for row in rows)
        return FleetMoney(
            day=newest,
            cost=partial_sum(row.cost for row in rows),
            unpriced=math.fsum(row.unpriced for row in rows),
            revenue=revenue.value,
            heat=math.fsum(row.heat for row in rows),
            unvalued=math.fsum(row.unvalued for row in rows),
            profit=_profit(rows),
        )


def _profit(rows: Iterable[Kept]) -> PartialSum:
    """Add up what is left of the revenue of those that could earn something."""
    return partial_sum(
        None if row.cost is None else row.revenue + row.heat - row.cost
        for row in rows
        if row.revenue is not None
    )


def worth_of(
    members: Iterable[Member], market: Market, verdict: WorthVerdict
) -> FleetWorth:
    """Return what all miners together earn, and whether that is worth it."""
    everyone = [member for member in members if _is_bitcoin(member)]
    each = [member.data.insight.worth for member in everyone]
    break_even = break_even_of(everyone, market)
    return FleetWorth(
        sats=partial_sum(worth.sats for worth in each),
        revenue=partial_sum(worth.revenue for worth in each),
        break_even=break_even,
        running=verdict.judge(market.power, break_even),
    )
