"""Tables of reply keys by release, and what fills them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .readings import Readings
from .versions import Span, Version, span

type Fill = Callable[[Readings], Any]

ABSENT = object()


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a reply, the releases that have it and what fills it."""

    name: str
    releases: Span
    fill: Fill


def key(name: str, fill: Fill, since: str = "0.0", until: str = "999.0") -> Key:
    """Return a row of a table; a fill may return ABSENT to leave the key out."""
    return Key(name, span(since, until), fill)


def stored(name: str) -> Fill:
    """Return a fill that shows a setting as it is in flash."""
    return lambda r: r.device.flash.stored[name]


def booted(name: str) -> Fill:
    """Return a fill that shows a setting as it was loaded at boot."""
    return lambda r: r.device.flash.booted[name]


def constant(value: Any) -> Fill:
    """Return a fill that always shows the same."""
    return lambda _: value


def columns(table: tuple[Key, ...], version: Version) -> list[tuple[str, Fill]]:
    """Return the keys of one release."""
    return [(row.name, row.fill) for row in table if version in row.releases]


def filled(rows: list[tuple[str, Fill]], readings: Readings) -> dict[str, Any]:
    """Return the reply."""
    pairs = ((name, fill(readings)) for name, fill in rows)
    return {name: value for name, value in pairs if value is not ABSENT}
