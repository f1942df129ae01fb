"""What a row of a prior tool's file says, whatever the tool."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import pairwise
import math
import re
from typing import Final

NAN: Final = math.nan
GENESIS: Final = 1_230_940_800.0
"""Seconds since the epoch of 3 January 2009: nobody mined Bitcoin before."""

FIGURES: Final = (
    "hash_rate",
    "power",
    "chip_temperature",
    "vr_temperature",
    "frequency",
    "best_difficulty",
    "shares_accepted",
)
"""What is read of a row, in this order; hash rates in TH/s."""

AWAY: Final = (NAN,) * len(FIGURES)
"""The figures of a row of a miner that did not answer."""

MOST_ROWS = 4_000_000
MOST_MINERS = 200
FIRST_LINES = 10
"""So many lines that were skipped are named."""

_LONGEST_NUMBER = 40
_LONGEST_NAME = 100
_LARGEST = 1e18
_ABSURD: Final = {
    "hash_rate": 1e6,
    "power": 1e5,
    "chip_temperature": 250.0,
    "vr_temperature": 250.0,
    "frequency": 1e5,
    "best_difficulty": 1e18,
    "shares_accepted": 1e15,
}
_SUFFIXES = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_SHORT = re.compile(r"([0-9.]+)\s*([kKMGTPE])")


@dataclass(slots=True)
class Skipped:
    """Rows that were left out, and why."""

    rows: int = 0
    lines: list[int] = field(default_factory=list)
    offline: int = 0
    repeated: int = 0

    def junk(self, line: int) -> None:
        """Count a row that says nothing."""
        self.rows += 1
        if len(self.lines) < FIRST_LINES:
            self.lines.append(line)


def number(value: object) -> float | None:
    """Return a finite number of a cell, also one like 27.21M; None where none is."""
    factor = 1.0
    if isinstance(value, str):
        value = value.strip()
        if len(value) > _LONGEST_NUMBER or "_" in value:
            return None
        if (short := _SHORT.fullmatch(value)) is not None:
            value, factor = short[1], _SUFFIXES[short[2].upper()]
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value) * factor
    except ValueError, OverflowError:
        return None
    return found if -_LARGEST <= found <= _LARGEST else None


def name_of(value: object) -> str | None:
    """Return the name of a miner as a file has it."""
    if not isinstance(value, str):
        return None
    name = "".join(letter for letter in value if letter.isprintable()).strip()
    return name if 0 < len(name) <= _LONGEST_NAME else None


def figures(values: Sequence[float | None]) -> tuple[float, ...] | None:
    """Return the figures of an online row; None where it says nothing.

    Zeros are what these tools write for what they do not know: no chip works at 0 °C,
    nothing hashes with 0 W, and a best difficulty of 0 was read from a wrong field. A
    row of zeros is one of a miner that did not answer.
    """
    found = [
        NAN if value is None or not 0 <= value <= _ABSURD[key] else value
        for key, value in zip(FIGURES, values, strict=True)
    ]
    rate, power = found[0], found[1]
    for index in (2, 3, 4, 5):
        if found[index] == 0:
            found[index] = NAN
    if power == 0 and rate != 0:
        found[1] = NAN
    if not rate > 0 and not power > 0:
        return None
    return tuple(found)


class Intake:
    """Takes the rows of one import, whatever file they come from.

    Times without a zone are in ``zone``, and in their order for each miner; those after
    ``latest`` are none.
    """

    def __init__(self, zone: tzinfo, latest: float) -> None:
        """Begin with no row."""
        self._zone = zone
        self._last: dict[str, float] = {}
        self.skipped = Skipped()
        self._latest = latest

    def time_of(self, name: str, text: object) -> float | None:
        """Return the seconds since the epoch of a miner's row; None if it has none.

        The hour that comes twice when clocks are set back is recognized by the rows
        before; a time that clocks skip is the one that would have been.
        """
        if not isinstance(text, str) or not 10 < len(text) < 40:
            return None
        try:
            moment = datetime.fromisoformat(text.strip())
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=self._zone)
            seconds = moment.timestamp()
            last = self._last.get(name, seconds)
            if seconds < last <= (again := moment.replace(fold=1).timestamp()):
                seconds = again
        except ValueError, OverflowError, OSError:
            return None
        self._last[name] = seconds
        return seconds

    def reading(
        self,
        name: str | None,
        stamp: object,
        values: Sequence[float | None],
        *,
        away: bool = False,
    ) -> tuple[float, tuple[float, ...] | None] | None:
        """Return time and figures of a row; None where it says nothing.

        There are no figures in the row of a miner that did not answer.
        """
        time = None if name is None else self.time_of(name, stamp)
        if time is None or not GENESIS < time <= self._latest:
            return None
        if away:
            return time, None
        known = values[0] is not None or values[1] is not None
        return (time, figures(values)) if known else None


class Rows:
    """The rows of one miner in little memory, in whatever order they come."""

    def __init__(self) -> None:
        """Begin with none."""
        self._times = array("d")
        self._values = tuple(array("d") for _ in FIGURES)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._times)

    def add(self, time: float, values: tuple[float, ...] | None) -> None:
        """Add a row; None for one of a miner that was away."""
        self._times.append(time)
        for column, value in zip(self._values, values or AWAY, strict=True):
            column.append(value)

    def times(self) -> list[float]:
        """Return the first times in order, enough to see how far rows are apart."""
        return sorted(self._times[:1000])

    def in_order(self, skipped: Skipped) -> Iterator[tuple[float, tuple[float, ...]]]:
        """Give the rows by time, one per time."""
        times, values = self._times, self._values
        order: Sequence[int] = range(len(times))
        if any(times[index] >= times[index + 1] for index in range(len(times) - 1)):
            order = sorted(order, key=times.__getitem__)
        last = -math.inf
        for index in order:
            if times[index] == last:
                skipped.repeated += 1
                continue
            last = times[index]
            yield last, tuple(column[index] for column in values)


def typical_interval(times: Sequence[float]) -> float:
    """Return the seconds that rows are usually apart."""
    gaps = sorted(
        gap for earlier, later in pairwise(times) if (gap := later - earlier) > 0
    )
    return gaps[len(gaps) // 2] if gaps else 60.0
