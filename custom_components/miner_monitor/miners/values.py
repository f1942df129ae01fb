"""Tolerant readers: one JSON value to one fact, or None; and columns of plain numbers.

Firmware changed the type of many fields over the years, and a device may send
anything. A reader never raises; what it cannot use costs that one field.

A column names a number of a reply, a row or a blob: under which key, within which
bounds. A text is read as a number. What is neither goes through the reader of the
column: a number with a percent sign, unless the column has another one.
"""

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
import re
from typing import Any, NamedTuple, cast

LARGEST = 1e18
"""No quantity of a miner is beyond this, except difficulties."""

LARGEST_DIFFICULTY = 1e30
_LONGEST_NUMBER = 32
_SUFFIXES = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_VERSION = re.compile(r"v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")
_HEX_PAIR_SEPARATORS = str.maketrans("", "", ":-.")
_MAC_DIGITS = re.compile(r"[0-9a-f]{12}")


_MOST_SHARED = 512
_LONGEST_SHARED = 8192
_shared: dict[tuple[type, str], object] = {}


def shared[T](value: T) -> T:
    """Return the one object of all that are alike, for what many miners have in common.

    For what never changes and is made seldom: it is known by what it looks like.
    """
    looks = repr(value)
    if len(looks) > _LONGEST_SHARED:
        return value
    if len(_shared) >= _MOST_SHARED:
        _shared.clear()
    return cast("T", _shared.setdefault((type(value), looks), value))


def number(value: object) -> float | None:
    """Read a finite number of sane size; numeric text counts as a number."""
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, float | int) and value is not True and value is not False:
        return float(value) if -LARGEST <= value <= LARGEST else None
    return None


def between(value: object, low: float, high: float) -> float | None:
    """Read a number that lies within the bounds."""
    found = number(value)
    return found if found is not None and low <= found <= high else None


def positive(value: object) -> float | None:
    """Read a number above zero, for what a device fills with 0 or -1 when absent."""
    found = number(value)
    return found if found is not None and found > 0 else None


def count(value: Any) -> int | None:
    """Read a counter."""
    if value.__class__ is int:
        return value if 0 <= value <= LARGEST else None
    found = number(value)
    return int(found) if found is not None and found >= 0 else None


def percent(value: object) -> float | None:
    """Read a share of a whole in %."""
    return between(value, 0, 100)


def flag(value: object) -> bool | None:
    """Read a flag that is a bool, a number (0 is off) or the text of either."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    found = number(value)
    return None if found is None else found != 0


def difficulty(value: object) -> float | None:
    """Read a difficulty: a number, or text as "483k", "5.56G", "2.03 G", "0 "."""
    factor = 1.0
    if isinstance(value, str):
        digits = value.strip()
        suffix = "k" if digits[-1:] == "K" else digits[-1:]
        if suffix in _SUFFIXES:
            factor = _SUFFIXES[suffix]
            digits = digits[:-1]
        value = _parsed(digits)
    if not isinstance(value, float | int) or isinstance(value, bool):
        return None
    if not 0 <= value <= LARGEST_DIFFICULTY:
        return None
    return float(value) * factor


def temperature(value: object) -> float | None:
    """Read a temperature; -1 and 0 are what a missing sensor or an off chip shows."""
    found = between(value, -40, 200)
    return None if found in (0, -1) else found


def text(value: object, limit: int = 63) -> str | None:
    """Read a name; what is no text, empty, or longer than a name can be is None."""
    cleaned = _cleaned(value)
    return cleaned if cleaned is not None and len(cleaned) <= limit else None


def sentence(value: object, limit: int = 128) -> str | None:
    """Read a text for people, cut where it is too long."""
    cleaned = _cleaned(value)
    return None if cleaned is None else cleaned[:limit]


def one_way(value: object) -> str | None:
    """Read a text that is nobody's business as what equals only its own like."""
    if not isinstance(value, str) or not value.strip():
        return None
    content = value.strip().encode("utf-8", "replace")
    return blake2b(content, digest_size=8, person=b"miner").hexdigest()


def mac(value: object) -> str | None:
    """Read a MAC address as aa:bb:cc:dd:ee:ff; masked or all the same is none."""
    if not isinstance(value, str) or len(value) > _LONGEST_NUMBER:
        return None
    digits = value.strip().lower().translate(_HEX_PAIR_SEPARATORS)
    if not _MAC_DIGITS.fullmatch(digits) or digits in ("0" * 12, "f" * 12):
        return None
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))


def version(value: object) -> tuple[int, int, int] | None:
    """Read the release a version text begins with: "v2.4.5-3-gb5d1e36-dirty"."""
    if not isinstance(value, str) or not (found := _VERSION.match(value)):
        return None
    major, minor, patch = found.groups(default="0")
    return int(major), int(minor), int(patch)


def members(value: object, limit: int) -> list[dict[str, object]]:
    """Read a list of objects, a stranger among them as an empty one."""
    if not isinstance(value, list):
        return []
    return [item if isinstance(item, dict) else {} for item in value[:limit]]


def numbers(value: object, limit: int) -> list[float]:
    """Read a list of numbers as far as they are usable."""
    if not isinstance(value, list):
        return []
    return [found for item in value[:limit] if (found := number(item)) is not None]


def _parsed(digits: str) -> float | None:
    if len(digits) > _LONGEST_NUMBER:
        return None
    try:
        return float(digits)
    except ValueError:
        return None


def _cleaned(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    if not value.isprintable():
        value = "".join(letter for letter in value if letter.isprintable())
    return value.strip() or None


_PLAIN = (float, int)
SLOWEST_POOL = 60_000


def _number_or_percent(value: object) -> float | None:
    return number(value.removesuffix("%") if isinstance(value, str) else value)


class Column(NamedTuple):
    """A number: kept within its bounds, in the reply's unit, then divided.

    ``absent`` are values that mean nothing; ``kind`` makes it a whole number or a
    flag; ``reader`` takes what is no number.
    """

    name: str
    key: str
    low: float = 0
    high: float = LARGEST
    divisor: float = 1
    absent: tuple[float, ...] = ()
    kind: type[int] | None = None
    reader: Callable[[object], float | None] = _number_or_percent


def counter(name: str, key: str, *absent: float) -> Column:
    """Describe a whole number that counts."""
    return Column(name, key, absent=absent, kind=int)


def seconds(name: str, key: str) -> Column:
    """Describe a time; longer than some decades is no time of a miner."""
    return Column(name, key, high=1e9, kind=int)


def difficulty_column(name: str, key: str, *absent: float) -> Column:
    """Describe a difficulty."""
    return Column(name, key, high=LARGEST_DIFFICULTY, absent=absent, reader=difficulty)


def celsius(name: str, key: str, *absent: float) -> Column:
    """Describe a temperature; far below nought is what a missing sensor shows."""
    return Column(name, key, low=-40, high=200, absent=absent)


def gigahash(name: str, key: str, *absent: float) -> Column:
    """Describe a hash rate in GH/s."""
    return Column(name, key, high=1e9, divisor=1e3, absent=absent)


def latency(key: str) -> Column:
    """Describe the ms to the pool; AxeOS 2.9 sometimes tells hours."""
    return Column("pool_latency", key, high=SLOWEST_POOL, absent=(0,))


def percent_column(name: str, key: str) -> Column:
    """Describe a share of a whole."""
    return Column(name, key, high=100)


def flag_column(name: str, key: str) -> Column:
    """Describe a yes or no."""
    return Column(name, key, low=-LARGEST, kind=bool, reader=flag)


def read_columns(
    row: Mapping[str, Any],
    columns: Iterable[Column],
    values: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Add the numbers of a row; what is missing or out of bounds is left out.

    Of several columns of a name the last one that has a value counts. This runs for
    each poll of each miner: plain numbers and their texts take no call to a reader.
    """
    get = row.get
    values = {} if values is None else values
    for name, key, low, high, divisor, absent, kind, reader in columns:
        value = get(key)
        if value is None:
            continue
        if value.__class__ not in _PLAIN:
            try:
                value = float(value) if value.__class__ is str else reader(value)
            except ValueError:
                value = reader(value)
            if value is None:
                continue
        if low <= value <= high and value not in absent:
            values[name] = value / divisor if kind is None else kind(value)
    return values
