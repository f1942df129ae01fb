"""Prometheus' text format: pure, and proof against whatever a device says."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import isfinite
import re

from ..miners.metrics import Named, Values
from ..runtime.escape import WALLET

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})
_LONGEST_LABEL = 256
_MOST_PLACES = 4096
_MOST_TEXTS = 8192
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


class _Texts(dict[float, str]):
    """Numbers as they are written: most of a scrape are those of the last one."""

    def __missing__(self, value: float) -> str:
        if len(self) >= _MOST_TEXTS:
            self.clear()
        shown = self[value] = f"{value:.12g}" if isfinite(value) else ""
        return shown


_TEXTS = _Texts()


def number(value: float) -> str:
    """Write a number with the digits that are certain; nothing for what is none."""
    return str(value) if value.__class__ is int else _TEXTS[value]


@lru_cache(maxsize=512)
def _head(name: str, kind: str, text: str) -> str:
    shown = text.replace("\\", "\\\\").replace("\n", "\\n")
    return f"# HELP {name} {shown}\n# TYPE {name} {kind}\n"


def block(name: str, kind: str, text: str, samples: Iterable[Sample]) -> str:
    """Write all samples of one name, and nothing where no value is known."""
    lines = [
        f"{name}{{{told}}} {shown}\n"
        for told, value in samples
        if value is not None
        and (shown := str(value) if value.__class__ is int else _TEXTS[value])
    ]
    return _head(name, kind, text) + "".join(lines) if lines else ""


def column(row: Named, told: Iterable[tuple[str, Values]]) -> str:
    """Write what is told under one key, by the labels of who it is of."""
    name, kind, text, key = row
    lines = [
        f"{name}{{{who}}} {shown}\n"
        for who, values in told
        if (value := values.get(key)) is not None
        and (shown := str(value) if value.__class__ is int else _TEXTS[value])
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
) -> Iterator[str]:
    """Write lists of numbers, each of one kind, whose places are one more label.

    They are most of a page, and copied as seldom as can be.
    """
    places = _places(numbered)
    head = _head(name, kind, text)
    for told, values in lists:
        if not values:
            continue
        begin = f"{name}{{{told}"
        pieces = [f"\n{begin}"] * (3 * min(len(values), _MOST_PLACES))
        pieces[0] = f"{head}{begin}"
        pieces[1::3] = places[: len(values)]
        pieces[2::3] = _written(values[:_MOST_PLACES])
        pieces.append("\n")
        yield "".join(pieces)
        head = ""


def _written(values: Sequence[float]) -> Iterable[str]:
    """Write finite numbers, all of one kind."""
    return map(str if values[0].__class__ is int else _TEXTS.__getitem__, values)
