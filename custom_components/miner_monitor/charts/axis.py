"""Where ticks stand on an axis, and what they say."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
import math

from ..notation import PLAIN, Notation

HOUR, DAY = 3600, 86_400
_MINUTES = (5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 4320, 7200, 10_080)
"""What times may be apart, in minutes: those of a day divide it."""

_FACTORS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis and its label."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Scale:
    """From where to where an axis goes, and its ticks."""

    low: float
    high: float
    ticks: tuple[Tick, ...] = ()


def number(value: float, notation: Notation = PLAIN) -> str:
    """Write a number with the places that matter; a dash where there is none."""
    if not math.isfinite(value):
        return "-"
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
    return notation.fixed(value, digits)


def value_scale(
    values: Iterable[float],
    most: int = 6,
    *,
    zero: bool = False,
    notation: Notation = PLAIN,
) -> Scale:
    """Return an axis of round numbers around all values.

    It begins at 0 where it is to, or where the values come near; a single value stands
    in the middle. Without a value it goes from 0 to 1.
    """
    present = [value for value in values if math.isfinite(value)]
    if not present:
        return Scale(0.0, 1.0, (Tick(0.0, "0"), Tick(1.0, "1")))
    low, high = min(present), max(present)
    if zero or 0 < low < 0.4 * high:
        low = min(low, 0.0)
    room = (high - low) * 0.06 or abs(high) * 0.05 or 0.5
    bottom = low if low == 0 else low - room
    top = high + room
    step = _nice((top - bottom) / most)
    first = math.floor(bottom / step + 1e-9)
    last = math.ceil(top / step - 1e-9)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if not math.isclose(round(step, digits), step, rel_tol=1e-6):
        digits += 1
    ticks = (step * index for index in range(first, last + 1))
    return Scale(
        first * step,
        last * step,
        tuple(
            Tick(value, notation.fixed(value + 0.0, min(digits, 9))) for value in ticks
        ),
    )


def _nice(step: float) -> float:
    """Return the next round step that is not smaller."""
    size = 10.0 ** math.floor(math.log10(step))
    return next(size * factor for factor in _FACTORS if size * factor >= step * 0.999)


def time_scale(
    start: float,
    end: float,
    zone: tzinfo,
    day: Callable[[datetime], str],
    most: int = 12,
    notation: Notation = PLAIN,
) -> Scale:
    """Return an axis of local time whose labels fit its length.

    Up to 12 hours they are times, up to 48 times and days where these begin, up to
    seven days the days of the week by ``day``, and dates beyond.
    """
    span = end - start
    minutes = next(
        (step for step in _MINUTES if span / (step * 60) <= most), _MINUTES[-1]
    )
    if span > 48 * HOUR:
        minutes = max(minutes, 1440)

    def label(moment: datetime) -> str:
        if span > 7 * DAY:
            return notation.day_of_year(moment)
        begins = minutes >= 1440 or (span > 12 * HOUR and moment.hour == 0)
        return day(moment) if begins else notation.time(moment)

    ticks = tuple(
        Tick(at, label(moment)) for at, moment in _times(start, end, zone, minutes)
    )
    return Scale(start, end, ticks)


def _times(
    start: float, end: float, zone: tzinfo, minutes: int
) -> Iterable[tuple[float, datetime]]:
    """Give the local times that are multiples of so many minutes.

    One that a change of the clock skips is there as the first one behind it; one that
    comes twice is there twice.
    """
    grain = 900 if minutes >= 60 else 300
    before: int | None = None
    at = start // grain * grain
    while at <= end:
        moment = datetime.fromtimestamp(at, zone)
        passed = (moment.toordinal() * 24 + moment.hour) * 60 + moment.minute
        part, rest = divmod(passed, minutes)
        if at >= start and (not rest or (before is not None and part > before)):
            yield at, moment
        before, at = part, at + grain
