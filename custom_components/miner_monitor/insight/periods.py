"""The ten-minute periods in which a miner did best and worst."""

from .buckets import (
    LATEST,
    MINUTE,
    Amounts,
)
from .model import Period
from .stored import number_of

PERIOD_MINUTES = 10
SHOWN = 10
KEPT = 25
MONTH = 30 * 86_400.0
THROUGHOUT = 0.99
"""The part of a period in which the miner must have hashed."""


class _Row:
    """A period, when it ended, what it is ranked by, and how many newer ones beat it.

    A newer one that is as good beats it too.
    """

    __slots__ = ("beaten", "end", "period", "value")

    def __init__(self, end: float, value: float, period: Period) -> None:
        """Start unbeaten."""
        self.end = end
        self.value = value
        self.period = period
        self.beaten = 0


class Ranking:
    """Periods of the last 30 days that are shown, or may be once others are too old.

    One that as many newer ones beat as are shown never can be and is dropped; of
    what is left the best are kept.
    """

    def __init__(self, sign: int) -> None:
        """Start empty; the sign is 1 for the best and -1 for the worst."""
        self._sign = sign
        self._rows: list[_Row] = []
        self.shown: tuple[Period, ...] = ()

    def add(self, end: float, period: Period) -> None:
        """Take a period that has just ended.

        One with a ratio is not compared with one without: once there is one with,
        those without go.
        """
        rows, rated = self._rows, period.ratio is not None
        if rated and rows and rows[-1].period.ratio is None:
            rows.clear()
        elif not rated and rows and rows[-1].period.ratio is not None:
            return
        value = period.hash_rate if period.ratio is None else period.ratio
        value *= self._sign
        for row in rows:
            row.beaten += value >= row.value
        rows.append(_Row(end, value, period))
        self._rows = [row for row in rows if row.beaten < SHOWN]
        if len(self._rows) > KEPT:
            self._rows.remove(min(self._rows, key=lambda row: row.value))
        self._show()

    def expire(self, now: float) -> None:
        """Let go of what is older than 30 days."""
        if self._rows and self._rows[0].end <= now - MONTH:
            self._rows = [row for row in self._rows if row.end > now - MONTH]
            self._show()

    def _show(self) -> None:
        ranked = sorted(self._rows, key=lambda row: row.value, reverse=True)
        shown = tuple(row.period for row in ranked[:SHOWN])
        if shown != self.shown:
            self.shown = shown

    def dump(self) -> str:
        """Return end, begin, rate and ratio of each period in one text."""
        return ";".join(
            f"{row.end:.0f} {row.period.begin:.0f} {row.period.hash_rate:.5g}"
            + ("" if row.period.ratio is None else f" {row.period.ratio:.5g}")
            for row in self._rows
        )

    def load(self, data: object, now: float) -> None:
        """Take over what was stored up to now."""
        if not isinstance(data, str) or len(data) > 64 * KEPT:
            return
        rows = (_row(text) for text in data.split(";")[:KEPT])
        read = [row for row in rows if row is not None and row[0] <= now]
        for end, period in sorted(read, key=lambda row: row[0]):
            self.add(end, period)
        self.expire(now)


def _row(text: str) -> tuple[float, Period] | None:
    try:
        numbers = [number_of(float(word), LATEST) for word in text.split()[:4]]
    except ValueError:
        return None
    told = [number for number in numbers if number is not None]
    if len(told) != len(numbers) or len(told) < 3:
        return None
    ratio = told[3] if len(told) == 4 else None
    return told[0], Period(begin=told[1], hash_rate=told[2], ratio=ratio)


class Periods:
    """Puts minutes together to periods and ranks those that were hashed through."""

    def __init__(self) -> None:
        """Start empty."""
        self.best = Ranking(1)
        self.worst = Ranking(-1)
        self._key: int | None = None
        self._sums = [0.0] * 4

    def pour(self, minute: int, amounts: Amounts) -> None:
        """Add what happened within a minute of the open period."""
        if minute // PERIOD_MINUTES != self._key:
            self._begin(minute)
        sums = self._sums
        for place, column in enumerate((0, 1, 6, 7)):
            sums[place] += amounts[column]

    def advance(self, minute: int, ahead: float) -> None:
        """Go on to a minute and rank what is over; ``ahead`` leads to wall time."""
        if minute // PERIOD_MINUTES == self._key:
            return
        length = PERIOD_MINUTES * MINUTE
        work, seconds, expected, told = self._sums
        key = self._key
        if key is not None and seconds >= THROUGHOUT * length:
            ratio = 100 * work / expected if told >= 0.99 * seconds else None
            period = Period(
                begin=round(key * length + ahead),
                hash_rate=work / seconds,
                ratio=ratio,
            )
            self.best.add((key + 1) * length, period)
            self.worst.add((key + 1) * length, period)
        self.best.expire(minute * MINUTE)
        self.worst.expire(minute * MINUTE)
        self._begin(minute)

    def _begin(self, minute: int) -> None:
        self._key = minute // PERIOD_MINUTES
        self._sums = [0.0] * 4

    def dump(self) -> list[str]:
        """Return both rankings."""
        return [self.best.dump(), self.worst.dump()]

    def load(self, data: object, now: float) -> None:
        """Take over what was stored up to now."""
        if isinstance(data, list) and len(data) == 2:
            self.best.load(data[0], now)
            self.worst.load(data[1], now)
