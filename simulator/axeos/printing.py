"""JSON as the firmware's library prints it: with tabs, or compact."""

from collections.abc import Callable
from functools import lru_cache
import json
from json.encoder import encode_basestring
import math
from typing import Any


def compact(value: Any) -> str:
    """Print JSON without white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def with_tabs(value: Any, depth: int = 0) -> str:
    """Print JSON with tabs: each key of an object on its line, arrays on one line."""
    if (spell := SCALARS.get(type(value))) is not None:
        return spell(value)
    if isinstance(value, dict):
        rows = [
            _label(name, depth) + with_tabs(value[name], depth + 1) for name in value
        ]
        body = ",".join(rows)
        return f"{{{body}\n{'\t' * depth}}}" if rows else "{}"
    if isinstance(value, list):
        return f"[{', '.join([with_tabs(item, depth + 1) for item in value])}]"
    return json.dumps(value)


@lru_cache(maxsize=4096)
def _label(name: str, depth: int) -> str:
    """Return what stands before a value."""
    return f"\n{'\t' * (depth + 1)}{encode_basestring(name)}:\t"


def _float(value: float) -> str:
    """Print a number; NaN and infinity the way that Python reads them."""
    return repr(value) if math.isfinite(value) else json.dumps(value)


SCALARS: dict[type, Callable[[Any], str]] = {
    str: encode_basestring,
    int: int.__repr__,
    float: _float,
}
