"""Numbers of miners under names for Prometheus, and names that others gave them.

A program that exported what miners of one family say left people with charts of its
names. Such a family has a module ``former`` with a table of them.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import NamedTuple

from .model import ErrorKind, Family, MinerIdentity, MinerState, Pool

type Number = float | None
"""A value; None is not known."""

type Values = Mapping[str, Number]
type Lists = Mapping[str, Sequence[float]]
type Labels = Mapping[str, str | None]

GAUGE, COUNTER = "gauge", "counter"


class Named(NamedTuple):
    """A name, whether it only counts up, what it is, and the key of its value."""

    name: str
    kind: str
    text: str
    key: str


def named(prefix: str, *rows: str) -> tuple[Named, ...]:
    """Read rows "name | key of its value, unless it is the name | what it is"."""
    found = []
    for row in rows:
        name, key, text = map(str.strip, row.split("|"))
        kind = COUNTER if name.endswith("_total") else GAUGE
        found.append(Named(f"{prefix}{name}", kind, text, key or name))
    return tuple(found)


class FormerNames(NamedTuple):
    """The names of one program, all of which begin with ``prefix``.

    ``read`` finds in a state the values of the named ones, and lists of one value per
    chip; ``read_pool`` finds those of a pool. ``details`` and ``pool_labels`` are
    labels. ``errors`` names the kinds of failed polls.
    """

    prefix: str
    of_miner: tuple[Named, ...]
    of_chips: tuple[Named, ...]
    of_pool: tuple[Named, ...]
    read: Callable[[MinerState], tuple[Values, Lists]]
    read_pool: Callable[[Pool], Values]
    details: Callable[[MinerIdentity, MinerState], Labels]
    pool_labels: Callable[[int, Pool], Labels]
    errors: Mapping[str, tuple[ErrorKind, ...]]


_HAVE_FORMER_NAMES = frozenset((Family.AVALON,))


def former_names(family: Family) -> FormerNames | None:
    """Return the names that another program gave to what a family says, if any.

    The first time it imports, which is slow.
    """
    if family not in _HAVE_FORMER_NAMES:
        return None
    names: FormerNames = import_module(f"{__package__}.{family}.former").NAMES
    return names
