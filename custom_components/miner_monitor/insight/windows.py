"""Sums over a sliding window of time, kept up without looking at its content."""

from array import array

SPARE_ROWS = 64
"""So many rows may have left before their memory is given back."""


class SlidingSums:
    """Rows of numbers of the last seconds, and the sums of their columns.

    A row costs the same however long the window is. What rounding leaves behind in
    the sums goes whenever the memory of old rows is given back, and with the last row.
    """

    __slots__ = ("_cells", "_first", "_most", "_width", "count", "seconds", "sums")

    def __init__(self, seconds: float, columns: int, most: int = 1000) -> None:
        """Start empty; more than ``most`` rows are never kept."""
        self.seconds = seconds
        self.count = 0
        self.sums = [0.0] * columns
        self._most = most
        self._width = columns + 1
        self._cells = array("d")
        self._first = 0

    def clear(self) -> None:
        """Forget all rows."""
        if self._cells:
            del self._cells[:]
            self._first = self.count = 0
            self.sums = [0.0] * len(self.sums)

    def add(self, now: float, *row: float) -> None:
        """Take a row at monotonic second ``now``."""
        self._cells.extend((now, *row))
        self.count += 1
        sums = self.sums
        for place, value in enumerate(row):
            sums[place] += value
        if self.count > self._most:
            self._drop_first()

    def expire(self, now: float) -> None:
        """Let go of the rows that are as old as the window."""
        limit, cells = now - self.seconds, self._cells
        while self.count and cells[self._first] <= limit:
            self._drop_first()

    def _drop_first(self) -> None:
        if self.count == 1:
            self.clear()
            return
        sums, cell = self.sums, self._first
        self._first += self._width
        for place, value in enumerate(self._cells[cell + 1 : self._first]):
            sums[place] -= value
        self.count -= 1
        if self._first >= SPARE_ROWS * self._width:
            self._tidy()

    def _tidy(self) -> None:
        """Give back the memory of old rows and sum up anew."""
        del self._cells[: self._first]
        self._first = 0
        for place in range(len(self.sums)):
            self.sums[place] = sum(self._cells[place + 1 :: self._width])
