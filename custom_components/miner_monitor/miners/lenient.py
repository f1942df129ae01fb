"""JSON as devices write it: with numbers that are none, and with broken text."""

import json
import math
from typing import Any

from .errors import MinerResponseError

_DEEPEST = 16
_LONGEST_INTEGER = 40


def decode(text: str, start: int = 0) -> tuple[Any, int]:
    """Read one JSON value and say where it ends: at 0, if it is none.

    What JSON forbids inside single fields costs no more than that field.
    """
    try:
        value, end = _DECODER.raw_decode(text, start)
    except ValueError:
        return None, 0
    except RecursionError as err:
        raise MinerResponseError("nested too deeply") from err
    return without_surrogates(value), end


def without_surrogates(value: Any, depth: int = _DEEPEST) -> Any:
    """Replace lone surrogates, which no later encoder takes; refuse what is deep."""
    if depth == 0:
        raise MinerResponseError("nested too deeply")
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [without_surrogates(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {
            without_surrogates(key, depth - 1): without_surrogates(item, depth - 1)
            for key, item in value.items()
        }
    return value


def _nothing(_: str) -> None:
    return None


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else None


def _real(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


_DECODER = json.JSONDecoder(
    strict=False, parse_constant=_nothing, parse_int=_integer, parse_float=_real
)
