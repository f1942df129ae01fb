"""What a month's power cost, beside what it would have cost at the mean price.

A miner counts what its own day costs, so that a month is the sum of days that are over
and of those of today, whatever was restarted in between. The mean price is that of the
hours in which it was known, each of them with the same weight: whoever runs all the
time pays it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
import math
from typing import Annotated

from ..insight.worth import Money
from ..miners.codec import Stored, Within
from .model import FleetMonth
from .worth import Kept, partial_sum

_MOST = 1000
"""Miners of one month."""

_LONGEST = 1800.0
"""Seconds for which a price is taken to hold: it is looked at far more often."""

type _Sum = Annotated[float, Within(0, 1e12)]
type _Balance = Annotated[float, Within(-1e12, 1e12)]
type _PriceTime = Annotated[float, Within(-1e15, 1e15)]


@dataclass(slots=True)
class _Days:
    """Sums of days that are over; all as in Money."""

    energy: _Sum = 0.0
    unpriced: _Sum = 0.0
    cost: _Balance | None = None
    cheap: _Sum | None = None
    revenue: _Sum | None = None


def _sums(rows: Iterable[Kept | _Days]) -> _Days:
    """Add up what is known."""
    rows = list(rows)
    return _Days(
        energy=math.fsum(row.energy for row in rows),
        unpriced=math.fsum(row.unpriced for row in rows),
        cost=partial_sum(row.cost for row in rows).value,
        cheap=partial_sum(row.cheap for row in rows).value,
        revenue=partial_sum(row.revenue for row in rows).value,
    )


@dataclass(slots=True)
class MonthMeter(Stored):
    """Adds up the present local month; those of miners that left since included.

    ``days`` are over, ``miners`` is the day of each that may not be. ``seconds`` of
    the month had a price, and ``price_seconds`` is that price times this time.
    """

    month: Annotated[str, Within(0, 7)] = ""
    days: _Days = field(default_factory=_Days)
    miners: dict[str, Kept] = field(default_factory=dict)
    seconds: _Sum = 0.0
    price_seconds: _PriceTime = 0.0
    _price: float | None = field(default=None, init=False)
    _at: float = field(default=0.0, init=False)

    def _open(self, today: str) -> None:
        """Begin anew with another month."""
        if self.month != (month := today[:7]):
            self.load({"month": month})

    def observe(self, key: str, money: Money, today: str) -> None:
        """Take what a miner's day came to so far; ``today`` is the local date."""
        self._open(today)
        # Who is away since last month still reports a day of it.
        if money.day[:7] != self.month:
            return
        before = self.miners.pop(key, None)
        if before is not None and before.day != money.day:
            self.days = _sums([self.days, before])
        self.miners[key] = Kept.of(money)
        if len(self.miners) > _MOST:
            first = next(iter(self.miners))
            self.days = _sums([self.days, self.miners.pop(first)])

    def observe_price(self, price: float | None, monotonic: float, today: str) -> None:
        """Take the price of a kWh from the grid now: the one before held until now."""
        self._open(today)
        span = monotonic - self._at
        if self._price is not None and 0 < span <= _LONGEST:
            self.seconds += span
            self.price_seconds += span * self._price
        self._price, self._at = price, monotonic

    def total(self) -> FleetMonth:
        """Return what the month came to so far."""
        sums = _sums([self.days, *self.miners.values()])
        energy, cost, cheap = sums.energy, sums.cost, sums.cheap
        mean = self.price_seconds / self.seconds if self.seconds else None
        saving = None if mean is None or cost is None else energy * mean - cost
        return FleetMonth(
            energy=energy + sums.unpriced,
            cost=cost,
            revenue=sums.revenue,
            cheap_part=None if cheap is None or energy <= 0 else cheap / energy,
            mean_price=mean,
            saving=saving,
        )
