"""Slots of time with a price. All times are UTC, so that differences are right."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple


class Slot(NamedTuple):
    """A time with one price, in the currency's main unit per kWh."""

    start: datetime
    end: datetime
    price: float

    @property
    def length(self) -> timedelta:
        """How long it lasts."""
        return self.end - self.start


class Planned(NamedTuple):
    """A slot, and whether a rule calls it cheap."""

    start: datetime
    end: datetime
    price: float
    cheap: bool


def at_moment[S: (Slot, Planned)](slots: Iterable[S], moment: datetime) -> S | None:
    """Return the slot of a moment, None where no price is known."""
    return next((x for x in slots if x.start <= moment < x.end), None)


def moment_of(day: date, at: time, zone: tzinfo) -> datetime:
    """Return a local time of a day as UTC; one that the clock skips is an hour on."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def midnight_of(day: date, zone: tzinfo) -> datetime:
    """Return the local midnight that a day begins with, as UTC."""
    return moment_of(day, time(), zone)


def day_of(moment: datetime, zone: tzinfo) -> date:
    """Return the local day of a moment."""
    return moment.astimezone(zone).date()


def merged(older: Iterable[Slot], newer: Iterable[Slot]) -> tuple[Slot, ...]:
    """Join two lists, neither of which tells a time twice; the newer one counts."""
    found = sorted(newer)
    starts = [slot.start for slot in found]
    left: list[Slot] = []
    for old in older:
        at = old.start
        for new in found[max(bisect_right(starts, at) - 1, 0) :]:
            if new.start >= old.end:
                break
            if at < new.start:
                left.append(Slot(at, new.start, old.price))
            at = max(at, new.end)
        if at < old.end:
            left.append(Slot(at, old.end, old.price))
    return tuple(sorted([*left, *found]))
