"""What was seen of prices, for lists that hold only what is yet to come."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from math import isfinite

from .model import Slot, merged

KEPT = timedelta(days=2)
_MOST = 2000


class SeenPrices:
    """The slots of the last two days and those to come."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.slots: tuple[Slot, ...] = ()

    def take(self, slots: Iterable[Slot], now: datetime) -> None:
        """Take a list; what it says of a time replaces what was said before.

        What has begun keeps its beginning: a list that starts now does not know it.
        """
        found = merged(self.slots, slots)
        self.slots = tuple(slot for slot in found if slot.end > now - KEPT)[-_MOST:]

    def dump(self) -> list[list[float]]:
        """Return the slots as numbers: start, end (epoch seconds), price."""
        return [
            [slot.start.timestamp(), slot.end.timestamp(), slot.price]
            for slot in self.slots
        ]

    def load(self, content: object, now: datetime) -> None:
        """Take back what was dumped; what is no slot is left out."""
        rows = content if isinstance(content, list) else []
        found = [_slot_of(row) for row in rows[-_MOST:]]
        self.take([slot for slot in found if slot is not None], now)


def _slot_of(row: object) -> Slot | None:
    if not (isinstance(row, list) and len(row) == 3):
        return None
    try:
        start, end, price = map(float, row)
        slot = Slot(
            datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC), price
        )
    except TypeError, ValueError, OverflowError, OSError:
        return None
    return slot if slot.start < slot.end and isfinite(slot.price) else None
