"""Prometheus' text format: pure, and proof against whatever a device says."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import isfinite
import re

from ..runtime.escape import WALLET

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})
_LONGEST_LABEL = 256
_MOST_PLACES = 4096
_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]")
"""What no text needs, and no UTF-8 has."""

type Sample = tuple[str, float | None]
"""Labels, ready to print, and a value; None is not known."""


@lru_cache(maxsize=2048)
def label(name: str, value: str) -> str:
    """Write one label, without what is a wallet's address."""
    shown = WALLET.sub("…", _UNSEEN.sub("", value[:_LONGEST_LABEL]))
    return f'{name}="{shown.translate(_ESCAPES)}"'


def labels(values: Mapping[str, str | None]) -> str:
    """Write labels; one that is not known is left out."""
    return ",".join(
        label(name, value) for name, value in values.items() if value is not None
    )


@lru_cache(maxsize=8192, typed=True)
def number(value: float) -> str:
    """Write a number with the digits that are certain; nothing for what is none.

    Most numbers of a scrape are those of the last one.
    """
    if value.__class__ is not float:
        return str(int(value))
    return f"{value:.12g}" if isfinite(value) else ""


@lru_cache(maxsize=512)
def _head(name: str, kind: str, text: str) -> str:
    shown = text.replace("\\", "\\\\").replace("\n", "\\n")
    return f"# HELP {name} {shown}\n# TYPE {name} {kind}\n"


def block(name: str, kind: str, text: str, samples: Iterable[Sample]) -> str:
    """Write all samples of one name, and nothing where no value is known."""
    lines = [
        f"{name}{{{told}}} {shown}\n"
        for told, value in samples
        if value is not None and (shown := number(value))
    ]
    return _head(name, kind, text) + "".join(lines) if lines else ""


@lru_cache(maxsize=4)
def _places(name: str) -> tuple[str, ...]:
    """Write the labels of places, with three digits at least, to their end."""
    return tuple(f',{name}="{place:03d}"}} ' for place in range(_MOST_PLACES))


def numbered_block(
    name: str,
    kind: str,
    text: str,
    numbered: str,
    lists: Iterable[tuple[str, Sequence[float]]],
) -> str:
    """Write lists of finite numbers, whose places are one more label."""
    places = _places(numbered)
    lines = [
        f"{name}{{{told}{place}{value if value.__class__ is int else number(value)}\n"
        for told, values in lists
        for place, value in zip(places, values, strict=False)
    ]
    return _head(name, kind, text) + "".join(lines) if lines else ""
