"""The text that Prometheus reads: from bytes to each card's values."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
import re
from typing import TYPE_CHECKING

from ..errors import MinerResponseError
from ..values import text

if TYPE_CHECKING:
    from prometheus_client import Metric

type Parser = Callable[[str], Iterable[Metric]]

_LAST_LINES = ("\n", "# EOF")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one reply holds.

    ``names`` has every metric that is declared or has a value; an exporter declares
    what it can tell long before it has something to tell. ``cards`` has the values
    by card in natural order, ``plain`` those without labels.
    """

    names: frozenset[str]
    cards: Mapping[str, Mapping[str, float]]
    plain: Mapping[str, float]


async def load_parser() -> Parser:
    """Import the parser that only this family needs; in a thread, for it is slow."""
    module = await asyncio.to_thread(import_module, "prometheus_client.parser")
    parser: Parser = module.text_string_to_metric_families
    return parser


def decode(body: bytes) -> str:
    """Return the text of a reply that arrived whole: its lines all have an end."""
    try:
        page = body.decode()
    except UnicodeDecodeError as err:
        raise MinerResponseError("no text") from err
    if not page.endswith(_LAST_LINES):
        raise MinerResponseError("no text of whole lines")
    return page


def read_page(page: str, parser: Parser) -> Page:
    """Sort the values of a text by card."""
    names: set[str] = set()
    cards: dict[str, dict[str, float]] = {}
    plain: dict[str, float] = {}
    try:
        for family in parser(page):
            counter = family.type == "counter"
            names.add(f"{family.name}_total" if counter else family.name)
            for sample in family.samples:
                names.add(sample.name)
                if not sample.labels:
                    plain.setdefault(sample.name, sample.value)
                elif card := _name_of(sample.labels.get("card")):
                    cards.setdefault(card, {}).setdefault(sample.name, sample.value)
    except Exception as err:
        # The library has no error of its own: it also fails with IndexError.
        raise MinerResponseError(f"unreadable: {type(err).__name__}") from err
    return Page(
        names=frozenset(names),
        cards={card: cards[card] for card in sorted(cards, key=_natural)},
        plain=plain,
    )


def _name_of(label: str | None) -> str | None:
    """Return a card's label if it is fit to be shown and kept as it is."""
    return label if label is not None and text(label) == label else None


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort card2 before card10."""
    parts = re.split(r"([0-9]+)", name)
    return [
        (int(part), "") if part.isdecimal() and part.isascii() else (0, part)
        for part in parts
    ]
