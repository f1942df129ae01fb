"""What one poll of a cgminer API brought."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

type Row = Mapping[str, Any]
"""One row of a section: keys as on the wire, JSON values or texts."""

NOTHING: Row = MappingProxyType({})
"""The row of a section that did not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """The sections of one poll; one that failed is empty.

    ``when`` is the device's own clock from a STATUS row. ``poolless``: it says that
    no pool is configured. ``screen`` is what its display shows, ``devices`` what a
    cgminer without a blob tells of each of its devices.
    """

    summary: Row = field(default_factory=dict)
    stats: tuple[Row, ...] = ()
    pools: tuple[Row, ...] = ()
    when: int | None = None
    poolless: bool = False
    screen: Row = NOTHING
    devices: tuple[Row, ...] = ()


class Wants(NamedTuple):
    """What else has to be asked in the turn of a poll; ``again`` is all of it."""

    version: bool = False
    commands: bool = False
    litestats: bool = False
    devices: bool = False
    again: bool = False
