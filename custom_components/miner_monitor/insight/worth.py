"""What the work of a miner is expected to earn, and what its power may cost for that.

Only Bitcoin counts. What is earned is an expectation: the mean over a long time, which
a pool pays out evenly, and somebody who mines alone all at once or never.
"""

from dataclasses import dataclass, field
from math import exp
from typing import Annotated

from ..miners.codec import Stored, Within
from ..miners.model import MinerState, record

SATS_PER_BITCOIN = 100_000_000
_FIRST_SUBSIDY = 50 * SATS_PER_BITCOIN
_HALVING = 210_000
"""Blocks after which the subsidy is half of what it was."""

_ERA_BEGAN = 840_000
_ERA_LASTS_UNTIL = 1_830_297_600.0
"""Blocks come every ten minutes: the halving after 2024's is not before 2028."""

_HASHES = 2.0**32
"""What a share of difficulty 1 takes on average."""

_PER_TERAHASH = 1e12
_DAY = 86_400.0
_HOURS = 24.0
_HYSTERESIS = 0.05
_SMOOTHING = 600.0
"""Seconds over which hash rate and power are averaged, like the miner's own windows."""


def subsidy_at(height: int) -> int:
    """Return what the block of a height pays its finder, in sats, without fees."""
    halvings = max(height, 0) // _HALVING
    return _FIRST_SUBSIDY >> halvings if halvings < _FIRST_SUBSIDY.bit_length() else 0


def height_at(wall: float) -> int | None:
    """Return a height whose subsidy is that of an epoch second, where that is certain.

    For those whose miners do not report one.
    """
    return _ERA_BEGAN if wall < _ERA_LASTS_UNTIL else None


def sats_per_day(
    hash_rate: float, difficulty: float, subsidy: float, pool_fee: float = 0.0
) -> float:
    """Return what a hash rate in TH/s is expected to earn, in sats per day.

    ``subsidy`` is that of a block in sats, ``pool_fee`` in %; the difficulty is
    above 0.
    """
    blocks = hash_rate * _PER_TERAHASH * _DAY / (difficulty * _HASHES)
    return blocks * subsidy * (1 - pool_fee / 100)


@record
class Market:
    """What power and bitcoin are worth at a moment; money in one currency.

    ``power`` is the price of a miner's kWh; ``priced``: a source of it is chosen.
    ``cheap_part``, from 0 to 1, is which part of it is cheap or the sun's, None where
    nobody asks. ``bitcoin`` is the price of one; ``valued``: a source of that is
    chosen. What heats the house is worth ``heat`` per kWh. ``height`` is that of the
    newest block.
    """

    priced: bool = False
    power: float | None = None
    cheap_part: float | None = None
    valued: bool = False
    bitcoin: float | None = None
    difficulty: float | None = None
    height: int | None = None
    pool_fee: float = 0.0
    heat: float | None = 0.0

    def sats(self, hash_rate: float | None) -> float | None:
        """Return what a hash rate in TH/s is expected to earn per day."""
        if hash_rate is None or self.height is None or not self.difficulty:
            return None
        subsidy = subsidy_at(self.height)
        return sats_per_day(hash_rate, self.difficulty, subsidy, self.pool_fee)

    def money(self, sats: float | None) -> float | None:
        """Return what so many sats are worth."""
        if sats is None or self.bitcoin is None:
            return None
        return sats * self.bitcoin / SATS_PER_BITCOIN

    def break_even(self, hash_rate: float | None, power: float | None) -> float | None:
        """Return the price per kWh at which power in W costs what TH/s earn."""
        revenue = self.money(self.sats(hash_rate))
        if revenue is None or not power or self.heat is None:
            return None
        return revenue / (power / 1000 * _HOURS) + self.heat


NO_MARKET = Market()


@record
class Worth:
    """What a miner earns and may cost.

    ``sats`` and ``revenue`` are expected per day at the present hash rate.
    ``break_even`` is the price per kWh at which it would earn what it costs, at
    ``work_rate`` (TH/s) and ``work_power`` (W), the means while it worked last: so it
    is known for one that stands still too. ``running``: power costs no more.
    ``valued``: a source of bitcoin's price is chosen.
    """

    valued: bool = False
    sats: float | None = None
    revenue: float | None = None
    break_even: float | None = None
    running: bool | None = None
    work_rate: float | None = None
    work_power: float | None = None


NO_WORTH = Worth()


@record
class Money:
    """What a local day cost and earned so far; ``None`` is not known.

    ``cost`` is that of the energy whose price was known, ``unpriced`` the kWh of which
    it was not. ``revenue`` is what was expected of the time in which that could be
    told, ``unvalued`` the seconds of work of which it could not; ``heat`` is what the
    heat was worth. ``energy`` is the kWh that ``cost`` is of, and ``cheap`` those of
    them that were cheap or the sun's.
    """

    day: str = ""
    cost: float | None = None
    unpriced: float = 0.0
    revenue: float | None = None
    heat: float = 0.0
    unvalued: float = 0.0
    energy: float = 0.0
    cheap: float | None = None


NO_MONEY = Money()


@dataclass(slots=True)
class WorthVerdict:
    """Says whether running is worth it.

    No longer as soon as power costs more than the break-even price, and again once it
    costs 5 % less than that.
    """

    worth: bool | None = None

    def judge(self, price: float | None, break_even: float | None) -> bool | None:
        """Compare a price with the break-even price; None where one is not known."""
        if price is None or break_even is None:
            self.worth = None
            return None
        limit = break_even
        if self.worth is False:
            limit -= _HYSTERESIS * abs(break_even)
        self.worth = price <= limit
        return self.worth


type _Mean = Annotated[float, Within(0, 1e9)]


@dataclass(slots=True)
class WorthWatch(Stored):
    """Knows what a miner does while it works, in TH/s and W, through restarts."""

    rate: _Mean | None = None
    power: _Mean | None = None
    _at: float | None = field(default=None, init=False)
    _verdict: WorthVerdict = field(default_factory=WorthVerdict, init=False)

    def observe(
        self,
        state: MinerState | None,
        power: float | None,
        market: Market,
        monotonic: float,
    ) -> Worth:
        """Take a poll of a Bitcoin miner; ``power`` is what is paid for, in W.

        Without a state the miner is away.
        """
        hash_rate = None if state is None else state.hash_rate
        if state is not None and state.hashing and hash_rate and power:
            self._learn(hash_rate, power, monotonic)
        if not market.valued:
            return NO_WORTH
        sats = market.sats(hash_rate)
        break_even = market.break_even(self.rate, self.power)
        return Worth(
            valued=True,
            sats=sats,
            revenue=market.money(sats),
            break_even=break_even,
            running=self._verdict.judge(market.power, break_even),
            work_rate=self.rate,
            work_power=self.power,
        )

    def _learn(self, hash_rate: float, power: float, monotonic: float) -> None:
        """Follow both within some minutes; at once where nothing is known."""
        span = _SMOOTHING if self._at is None else max(monotonic - self._at, 0.0)
        self._at = monotonic
        if self.rate is None or self.power is None:
            self.rate, self.power = hash_rate, power
            return
        part = 1 - exp(-span / _SMOOTHING)
        self.rate += part * (hash_rate - self.rate)
        self.power += part * (power - self.power)


type _Sum = Annotated[float, Within(0, 1e12)]
type _Balance = Annotated[float, Within(-1e12, 1e12)]


@dataclass(slots=True)
class MoneyMeter(Stored):
    """Adds up what a local day costs and earns; the fields are those of ``Money``."""

    day: Annotated[str, Within(0, 10)] = ""
    cost: _Balance | None = None
    unpriced: _Sum = 0.0
    revenue: _Sum | None = None
    heat: _Balance = 0.0
    unvalued: _Sum = 0.0
    energy: _Sum = 0.0
    cheap: _Sum | None = None

    def open(self, day: str) -> None:
        """Begin anew with another day; call it at every poll."""
        if day != self.day:
            self.load({"day": day})

    def bill(self, market: Market, energy: float) -> None:
        """Add what kWh cost at the prices of now, and what their heat was worth."""
        if market.priced:
            if market.power is None:
                self.unpriced += energy
            else:
                self.energy += energy
                self.cost = (self.cost or 0.0) + energy * market.power
                if market.cheap_part is not None:
                    self.cheap = (self.cheap or 0.0) + energy * market.cheap_part
        if market.valued and market.heat is not None:
            self.heat += energy * market.heat

    def earn(self, market: Market, revenue: float | None, seconds: float) -> None:
        """Add what was expected of some time, by the revenue per day."""
        if not market.valued or revenue is None:
            self.unvalued += seconds
        else:
            self.revenue = (self.revenue or 0.0) + revenue * seconds / _DAY

    def money(self, market: Market) -> Money:
        """Return what the day came to so far, of what is still asked for."""
        return Money(
            day=self.day,
            cost=self.cost if market.priced else None,
            unpriced=self.unpriced,
            revenue=self.revenue if market.valued else None,
            heat=self.heat,
            unvalued=self.unvalued,
            energy=self.energy,
            cheap=self.cheap,
        )
