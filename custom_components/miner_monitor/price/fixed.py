"""A tariff without a list: one price, or another one at night and on some days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from .model import Slot, midnight_of

_PIECE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedTariff:
    """Prices per kWh; the low one from ``low_from`` to ``low_until``, local time.

    Without ``low`` there is one price. ``low_days`` (0 is Monday) have the low price
    all day.
    """

    price: float
    low: float | None = None
    low_from: time = time(22)
    low_until: time = time(6)
    low_days: frozenset[int] = frozenset()

    def slots(self, day: date, days: int, zone: tzinfo) -> tuple[Slot, ...]:
        """Return the slots of so many local days, at most an hour each."""
        return tuple(
            slot
            for number in range(days)
            for slot in self._of_day(day + timedelta(days=number), zone)
        )

    def _of_day(self, day: date, zone: tzinfo) -> Iterator[Slot]:
        start, end = (
            midnight_of(day, zone),
            midnight_of(day + timedelta(days=1), zone),
        )
        edges = {
            datetime.combine(day, at, zone).astimezone(UTC)
            for at in (self.low_from, self.low_until)
        }
        while start < end:
            until = min([end, start + _PIECE, *(x for x in edges if x > start)])
            yield Slot(start, until, self._price_at(start.astimezone(zone)))
            start = until

    def _price_at(self, local: datetime) -> float:
        if self.low is None:
            return self.price
        at, begins, ends = local.time(), self.low_from, self.low_until
        inside = begins <= at < ends if begins <= ends else at >= begins or at < ends
        return self.low if inside or local.weekday() in self.low_days else self.price
