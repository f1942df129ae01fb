"""How long the last polls took."""

from bisect import bisect_left, insort
from collections import deque

from .model import ResponseTimes

RESPONSES_KEPT = 100


class Responses:
    """The last response times, in their order and sorted.

    What is shown of them is asked for with each poll, so nothing is counted anew.
    """

    def __init__(self) -> None:
        """Start without any."""
        self._last: deque[float] = deque()
        self._sorted: list[float] = []
        self._sum = 0.0

    def observe(self, milliseconds: float) -> ResponseTimes:
        """Take one more, and let go the oldest."""
        last, ranked = self._last, self._sorted
        last.append(milliseconds)
        insort(ranked, milliseconds)
        self._sum += milliseconds
        if len(last) > RESPONSES_KEPT:
            oldest = last.popleft()
            del ranked[bisect_left(ranked, oldest)]
            self._sum -= oldest
        count = len(ranked)
        return ResponseTimes(
            last=milliseconds,
            mean=self._sum / count,
            median=(ranked[count // 2] + ranked[(count - 1) // 2]) / 2,
            minimum=ranked[0],
            maximum=ranked[-1],
        )
