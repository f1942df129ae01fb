"""Reads the shapes in which Home Assistant gets prices: attributes and responses.

Every provider has its own names. What makes a list of prices is told by its rows: a
time and a price under one of the usual names, plain numbers from midnight on, a mapping
of times to prices, or attributes that are named by hours.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise, zip_longest
from math import isclose, isfinite
import re
from statistics import mode
from typing import NamedTuple

from .model import Slot, merged, midnight_of, moment_of

_STARTS = (
    *("start", "start_time", "startsAt", "starts_at", "time", "hour", "datetime"),
    *("from", "valid_from", "timestamp", "date"),
)
_ENDS = ("end", "end_time", "endsAt", "ends_at", "till", "to", "valid_to", "until")
_FINE_PRICE, _TEN_MILLIONTHS = "electricity_price", 1000.0
"""Under this name some count in 1e-7 of the currency: no price per kWh is so high."""

_PRICES = (
    *("value_inc_vat", "total", "price_per_kwh", "per_kwh", _FINE_PRICE),
    *("value", "price"),
)
_MOST_ROWS = 1000
_MOST_KEYS = 300
_DEEPEST = 4
_LONGEST_TIME = 40
_HOUR = timedelta(hours=1)
_SLOTS = (timedelta(minutes=15), timedelta(minutes=30), _HOUR)
_MILLISECONDS = 1e11
"""Epoch times beyond this are no seconds."""

_LARGEST = 1e15
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?")
_NAMED_HOUR = re.compile(r"price_(next_day_)?([01]\d|2[0-3])h(_d)?")
_UNIT = re.compile(r"\s*([^/]+?)\s*/\s*([kM]?Wh)\s*", re.IGNORECASE)
_PER = {"wh": 1e3, "kwh": 1.0, "mwh": 1e-3}
_MINOR = frozenset(
    ("c", "ct", "cent", "cents", "¢", "p", "pence", "øre", "öre", "ore", "gr", "fen")
)


class PriceProblem(StrEnum):
    """Why prices cannot be read."""

    NO_LIST = "no_list"
    SEVERAL = "several"
    UNKNOWN_UNIT = "unknown_unit"


class PriceError(Exception):
    """Prices cannot be read; ``parts`` are the names of the lists to choose from."""

    def __init__(self, problem: PriceProblem, parts: Sequence[str] = ()) -> None:
        """Say why."""
        super().__init__(problem)
        self.problem = problem
        self.parts = tuple(parts)


class _Row(NamedTuple):
    """A row of a list, whose end may not be told."""

    start: datetime
    end: datetime | None
    price: float


def read_prices(
    content: object,
    *,
    today: date,
    zone: tzinfo,
    unit: str | None = None,
    part: str | None = None,
) -> tuple[Slot, ...]:
    """Read all slots of an entity's attributes or of an action's response.

    ``unit`` is that of the prices ("EUR/kWh", "ct/kWh", "EUR/MWh"), per kWh where it
    is not told. Where lists tell different prices for the same time (areas, homes,
    tariffs), ``part`` names the one that counts. Raises PriceError.
    """
    factor = per_kwh(unit)
    parts: dict[str, tuple[Slot, ...]] = {}
    for name, rows in _lists(content, today, zone):
        slots = _slots(rows, factor)
        if slots and part in (None, name):
            # A list's name comes twice where several places hold one of its kind.
            parts[name] = merged(parts.get(name, ()), slots)
    if not parts:
        raise PriceError(PriceProblem.NO_LIST)
    found: tuple[Slot, ...] = ()
    for slots in parts.values():
        if _contradict(found, slots):
            raise PriceError(PriceProblem.SEVERAL, sorted(parts))
        found = merged(slots, found)
    return found[:_MOST_ROWS]


def per_kwh(unit: str | None) -> float:
    """Return what makes a price of a unit one in the currency's main unit per kWh."""
    if unit is None:
        return 1.0
    if (found := _UNIT.fullmatch(unit)) is None:
        raise PriceError(PriceProblem.UNKNOWN_UNIT)
    minor = found[1].casefold() in _MINOR
    return _PER[found[2].casefold()] * (0.01 if minor else 1.0)


def _lists(
    content: object, today: date, zone: tzinfo, name: str = "", depth: int = 0
) -> Iterator[tuple[str, list[_Row]]]:
    """Find what can be a list of prices, each with its name."""
    if isinstance(content, Mapping) and depth < _DEEPEST:
        items = [(k, v) for k, v in content.items() if isinstance(k, str)]
        items = items[:_MOST_KEYS]
        if rows := [*_hours_named(items, today, zone), *_times_named(items, zone)]:
            yield name, rows
        for key, value in items:
            yield from _lists(value, today, zone, key, depth + 1)
    elif isinstance(content, Sequence) and not isinstance(content, str | bytes):
        values = content[:_MOST_ROWS]
        day = today + timedelta(days="tomorrow" in name or "next_day" in name)
        if any(isinstance(value, Mapping) for value in values):
            maps = [value for value in values if isinstance(value, Mapping)]
            yield name, _rows(maps, day, zone)
        elif name in ("today", "tomorrow"):
            yield name, [*_plain(values, day, zone)]


def _rows(
    values: Iterable[Mapping[object, object]], day: date, zone: tzinfo
) -> list[_Row]:
    """Read rows of a time and a price."""
    rows: list[_Row] = []
    begun: set[datetime] = set()
    fine = True
    for value in values:
        price = _number(_first(value, _PRICES))
        told = _first(value, _STARTS)
        start = _moment(told, day, zone)
        if price is None or start is None:
            continue
        if start in begun:
            # The hour that a clock shows twice, told without an offset.
            start = _moment(told, day, zone, fold=1) or start
        begun.add(start)
        rows.append(_Row(start, _end(value, start, day, zone), price))
        fine = fine and value.get(_FINE_PRICE) is not None
    if fine and any(abs(row.price) >= _TEN_MILLIONTHS for row in rows):
        return [row._replace(price=row.price * 1e-7) for row in rows]
    return rows


def _end(
    value: Mapping[object, object], start: datetime, day: date, zone: tzinfo
) -> datetime | None:
    end = _moment(_first(value, _ENDS), day, zone)
    minutes = _number(value.get("duration"))
    if end is None and minutes is not None and 0 < minutes <= 24 * 60:
        return start + timedelta(minutes=minutes)
    return end


def _plain(values: Sequence[object], day: date, zone: tzinfo) -> Iterator[_Row]:
    """Read numbers from midnight on; of a day of 23 or 25 hours by the clock's hours.

    As many as the day has slots follow each other; any other number of them are those
    of a usual day.
    """
    midnight = midnight_of(day, zone)
    length = midnight_of(day + timedelta(days=1), zone) - midnight
    for slot in _SLOTS:
        if len(values) * slot in (length, timedelta(days=1)):
            break
    else:
        return
    follows = len(values) * slot == length
    for number, value in enumerate(values):
        if (price := _number(value)) is None:
            continue
        start = midnight + number * slot
        if follows:
            yield _Row(start, start + slot, price)
            continue
        minutes = number * (slot // timedelta(minutes=1))
        at = time(*divmod(minutes, 60))
        begins = moment_of(day, at, zone)
        again = max(begins, moment_of(day, at.replace(fold=1), zone))
        for start in (begins, again):
            yield _Row(start, start + slot, price)


def _hours_named(
    items: Iterable[tuple[str, object]], today: date, zone: tzinfo
) -> Iterator[_Row]:
    """Read attributes like ``price_00h``; the hour that comes twice ends in ``_d``."""
    for key, value in items:
        found, price = _NAMED_HOUR.fullmatch(key), _number(value)
        if found is None or price is None:
            continue
        day = today + timedelta(days=found[1] is not None)
        at = time(int(found[2]), fold=int(found[3] is not None))
        start = moment_of(day, at, zone)
        yield _Row(start, start + _HOUR, price)


def _times_named(items: Iterable[tuple[str, object]], zone: tzinfo) -> Iterator[_Row]:
    """Read a mapping of times to prices."""
    for key, value in items:
        start, price = _timestamp(key, zone, 0), _number(value)
        if start is not None and price is not None:
            yield _Row(start, None, price)


def _slots(rows: Iterable[_Row], factor: float) -> tuple[Slot, ...]:
    """Make slots of rows; one without an end lasts until the next, or as most do."""
    by_start = {row.start: row for row in rows}
    starts = sorted(by_start)
    ordered = [by_start[start] for start in starts]
    gaps = [after - start for start, after in pairwise(starts)]
    usual = mode(gaps) if gaps else _HOUR
    slots = []
    for row, next_start in zip_longest(ordered, starts[1:]):
        end = row.end or row.start + usual
        if next_start is not None:
            end = min(end, next_start)
        if row.start < end:
            slots.append(Slot(row.start, end, row.price * factor))
    return tuple(slots)


def _contradict(some: Iterable[Slot], others: Iterable[Slot]) -> bool:
    prices = {slot.start: slot.price for slot in some}
    return any(
        not isclose(price, slot.price, rel_tol=0.01, abs_tol=1e-4)
        for slot in others
        if (price := prices.get(slot.start)) is not None
    )


def _moment(value: object, day: date, zone: tzinfo, fold: int = 0) -> datetime | None:
    """Read a time: with its day, by the clock of a day, or as an epoch."""
    if isinstance(value, datetime):
        return _settled(value, zone, fold)
    if isinstance(value, str):
        if found := _CLOCK.fullmatch(value):
            return moment_of(day, time(int(found[1]), int(found[2]), fold=fold), zone)
        return _timestamp(value, zone, fold)
    if (number := _number(value)) is None or number < 0:
        return None
    if number < 24 and number.is_integer():
        return moment_of(day, time(int(number), fold=fold), zone)
    try:
        return datetime.fromtimestamp(
            number / 1000 if number > _MILLISECONDS else number, UTC
        )
    except ValueError, OverflowError, OSError:
        return None


def _timestamp(text: str, zone: tzinfo, fold: int) -> datetime | None:
    """Read an ISO time of day and date; one without an offset is local."""
    if not 13 <= len(text) <= _LONGEST_TIME:
        return None
    try:
        return _settled(datetime.fromisoformat(text), zone, fold)
    except ValueError, OverflowError:
        return None


def _settled(moment: datetime, zone: tzinfo, fold: int) -> datetime:
    """Return it as UTC, of whole minutes: some slots begin a second late."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone, fold=fold)
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _number(value: object) -> float | None:
    if isinstance(value, str) and len(value) <= _LONGEST_TIME:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) and abs(value) <= _LARGEST else None


def _first(value: Mapping[object, object], names: Iterable[str]) -> object:
    return next((value[name] for name in names if value.get(name) is not None), None)
