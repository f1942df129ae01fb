"""The whole answer to one scrape: pure, so that a thread can write it."""

from collections.abc import Iterator

from ..miners.metrics import former_names
from ..miners.model import Family
from .former import former_blocks
from .names import own_blocks
from .subject import Scrape


def page(scrape: Scrape) -> bytes:
    """Write all miners in Prometheus' text format."""
    return b"".join(map(str.encode, _blocks(scrape)))


def _blocks(scrape: Scrape) -> Iterator[str]:
    yield from own_blocks(scrape)
    for family in Family:
        subjects = [one for one in scrape.miners if one.data.identity.family is family]
        if subjects and (names := former_names(family)) is not None:
            yield from former_blocks(names, subjects, scrape)
