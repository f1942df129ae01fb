"""How often a day a miner's flash is written."""

from collections.abc import Mapping
from typing import Any, Self

from .values import number_of

MOST_WRITES = 300
"""A day with more of them wears the flash out within years."""


class Writes:
    """Counts the changes of one local day that went to flash."""

    def __init__(self) -> None:
        """Start with none."""
        self._day = ""
        self._count = 0

    @classmethod
    def load(cls, data: object) -> Self:
        """Read what ``dump`` wrote."""
        writes = cls()
        if isinstance(data, Mapping) and isinstance(day := data.get("day"), str):
            writes._day = day[:32]
            writes._count = int(number_of(data.get("count")) or 0)
        return writes

    def dump(self) -> dict[str, Any]:
        """Return the count as JSON types."""
        return {"day": self._day, "count": self._count}

    def add(self, today: str, count: int) -> None:
        """Count so many writes."""
        self._count = self.on(today) + count
        self._day = today

    def on(self, today: str) -> int:
        """Return how many there were on a day."""
        return self._count if today == self._day else 0
