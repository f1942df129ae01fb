"""How often something happened on one local day."""

from dataclasses import dataclass

from ..miners.codec import Count


@dataclass(slots=True)
class DayCount:
    """Counts anew with each day; only the last day is kept."""

    day: str = ""
    count: Count = 0

    def add(self, day: str, number: int = 1) -> None:
        """Count so many of a day."""
        self.day, self.count = day, max(0, self.on(day) + number)

    def on(self, day: str) -> int:
        """Return how many there were on a day."""
        return self.count if day == self.day else 0
