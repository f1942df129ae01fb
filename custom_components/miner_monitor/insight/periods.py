"""The ten-minute periods in which a miner did best and worst."""

from .buckets import MINUTE, Amounts, number_in
from .model import Period

PERIOD_MINUTES = 10
SHOWN = 10
KEPT = 40
MONTH = 30 * 86_400.0
THROUGHOUT = 0.99
"""The part of a period in which the miner must have hashed."""


class Ranking:
    """Periods of the last 30 days that are shown, or may be once others are too old.

    One that as many newer ones beat as are shown never can be and is dropped; of
    what is left those in the middle go first.
    """

    def __init__(self, sign: int) -> None:
        """Start empty; the sign is 1 for the best and -1 for the worst."""
        self._sign = sign
        self._rows: list[tuple[float, Period]] = []
        self.shown: tuple[Period, ...] = ()

    def add(self, now: float, period: Period) -> None:
        """Take a period that has just ended; ``now`` orders them in time.

        One with a ratio is not compared with one without: once there is one with,
        those without go.
        """
        if period.ratio is not None:
            self._rows = [row for row in self._rows if row[1].ratio is not None]
        elif any(row[1].ratio is not None for row in self._rows):
            return
        self._rows.append((now, period))
        self.expire(now)

    def expire(self, now: float) -> None:
        """Let go of what is older than 30 days, and of what cannot be shown."""
        fresh = [row for row in self._rows if row[0] > now - MONTH]
        beaten_by: list[float] = []
        kept: list[tuple[float, Period]] = []
        for row in reversed(fresh):
            value = self._value(row[1])
            if len(beaten_by) == SHOWN and value <= beaten_by[-1]:
                continue
            kept.append(row)
            beaten_by = sorted((*beaten_by, value), reverse=True)[:SHOWN]
        kept.sort(key=lambda row: (self._value(row[1]), row[0]), reverse=True)
        del kept[KEPT:]
        shown = tuple(row[1] for row in kept[:SHOWN])
        if shown != self.shown:
            self.shown = shown
        self._rows = sorted(kept, key=lambda row: row[0])

    def _value(self, period: Period) -> float:
        rated = period.hash_rate if period.ratio is None else period.ratio
        return self._sign * rated

    def dump(self) -> str:
        """Return end, begin, rate and ratio of each period in one text."""
        return ";".join(
            f"{end:.0f} {p.begin:.0f} {p.hash_rate:.5g}"
            + ("" if p.ratio is None else f" {p.ratio:.5g}")
            for end, p in self._rows
        )

    def load(self, data: object, now: float) -> None:
        """Take over what was stored up to now."""
        if not isinstance(data, str) or len(data) > 64 * KEPT:
            return
        rows = (_row(text) for text in data.split(";"))
        read = [row for row in rows if row is not None and row[0] <= now]
        if len({row[1].ratio is None for row in read}) == 1:
            self._rows = sorted(read[:KEPT], key=lambda row: row[0])
            self.expire(now)


def _row(text: str) -> tuple[float, Period] | None:
    try:
        numbers = [number_in(float(word), 1e11) for word in text.split()[:4]]
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
        key = self._key
        if key is None or minute // PERIOD_MINUTES == key:
            return
        length = PERIOD_MINUTES * MINUTE
        work, seconds, expected, told = self._sums
        if seconds >= THROUGHOUT * length:
            ratio = 100 * work / expected if told >= 0.99 * seconds else None
            period = Period(
                begin=round(key * length + ahead),
                hash_rate=work / seconds,
                ratio=ratio,
            )
            self.best.add((key + 1) * length, period)
            self.worst.add((key + 1) * length, period)
        else:
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
