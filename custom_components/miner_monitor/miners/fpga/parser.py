"""A page that Prometheus reads, to each card's identity and its MinerState.

What reads values never raises; a page that is not of such an exporter is refused.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
import re
from typing import TYPE_CHECKING, Any

from ..errors import MinerResponseError
from ..model import (
    Alarm,
    Capability,
    Family,
    HashRateUnit,
    Limits,
    MinerIdentity,
    MinerState,
    MinerStatus,
)
from ..values import (
    between,
    count,
    percent,
    positive,
    temperature,
    text,
)

if TYPE_CHECKING:
    from prometheus_client import Metric

type Parser = Callable[[str], Iterable[Metric]]

_LAST_LINES = ("\n", "# EOF")
RATE, REPORTED = "hashrate", "last_update"

_SENSORS = frozenset(
    (
        Capability.FREQUENCY_ACTUAL,
        Capability.HARDWARE_ERROR_RATE,
        Capability.CHIP_TEMPERATURE,
        Capability.CORE_VOLTAGE_ACTUAL,
        Capability.POOL_SCRAPER,
    )
)
_COUNTERS = frozenset(
    (Capability.SOLUTIONS, Capability.SHARES, Capability.SHARE_ERROR_RATE)
)


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
                # Only a label that is fit to be shown and kept as it is.
                elif (card := sample.labels.get("card")) and text(card) == card:
                    cards.setdefault(card, {}).setdefault(sample.name, sample.value)
    except Exception as err:
        # The library has no error of its own: it also fails with IndexError.
        raise MinerResponseError(f"unreadable: {type(err).__name__}") from err
    return Page(
        names=frozenset(names),
        cards={card: cards[card] for card in sorted(cards, key=_natural)},
        plain=plain,
    )


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort card2 before card10."""
    parts = re.split(r"([0-9]+)", name)
    return [
        (int(part), "") if part.isdecimal() and part.isascii() else (0, part)
        for part in parts
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One make of miner, the unit its rates are in, and what it has."""

    model: str
    unit: HashRateUnit = HashRateUnit.GIGA
    capabilities: frozenset[Capability] = _SENSORS | _COUNTERS


ZEROX_BITCOIN = Kind(model="0xBitcoin FPGA", capabilities=_SENSORS)
RB4 = Kind(model="RB4 FPGA")
# Its exporter calls the rate GH/s as the others do, and sends kH/s.
NIMIQ = Kind(model="Nimiq FPGA", unit=HashRateUnit.KILO)


def kind_of(page: Page) -> Kind:
    """Recognise the exporter by the names it declares from its start on."""
    if RATE not in page.names or REPORTED not in page.names:
        raise MinerResponseError("not the exporter of an FPGA card")
    if "share_percent" in page.names:
        return RB4
    return NIMIQ if "share_good_total" in page.names else ZEROX_BITCOIN


def kind_of_card(kind: Kind, values: Mapping[str, float]) -> Kind:
    """Tell the first Nimiq exporter, which uses the names of RB4, by its values.

    It shows its solutions as the shares, and far more than 1 kH/s per MHz, where
    an RB4 does not reach 0.01 GH/s. An RB4's exporter dies of 0 shares of 0.
    """
    alike = all(
        values.get(f"solutions_{part}") == values.get(f"share_{part}") is not None
        for part in ("good", "total")
    )
    rate, frequency = values.get(RATE, 0), values.get("clock_speed", 0)
    slow = 0 < rate < frequency
    return NIMIQ if kind is RB4 and alike and not slow else kind


@lru_cache(maxsize=64)
def identity_of(kind: Kind, card: str, *, has_scraper: bool) -> MinerIdentity:
    """Name one card."""
    scraper = {Capability.POOL_HASH_RATE} if has_scraper else frozenset()
    return MinerIdentity(
        family=Family.FPGA,
        manufacturer="WhiteFire",
        model=kind.model,
        unit=card,
        hash_rate_unit=kind.unit,
        # The exporters themselves look every 30 s.
        poll_interval=30,
        capabilities=kind.capabilities | scraper,
        limits=Limits(chip_temperature=Alarm(warn=80, critical=90)),
    )


def state_of(
    values: Mapping[str, float], kind: Kind, pool_hash_rate: float | None
) -> MinerState:
    """Translate what one card says."""
    rate = _terahash(values.get(RATE), kind.unit)
    return MinerState(
        status=MinerStatus.HASHING if rate else MinerStatus.IDLE,
        hash_rate=rate,
        hash_rate_now=rate,
        frequency_actual=between(values.get("clock_speed"), 0, 10_000),
        hardware_error_rate=percent(values.get("errors")),
        chip_temperature=temperature(values.get("temperature")),
        core_voltage_actual=positive(between(values.get("voltage"), 0, 20)),
        solutions_good=count(values.get("solutions_good")),
        solutions_total=count(values.get("solutions_total")),
        pool_hash_rate=pool_hash_rate,
        reported_at=reported_at(values),
        **_shares(values),
    )


def reported_at(values: Mapping[str, float]) -> float | None:
    """Return when the card's miner last printed its values, as an epoch second."""
    year_2100 = 4_102_444_800
    return positive(between(values.get(REPORTED), 0, year_2100))


def pool_rate(values: Mapping[str, float]) -> float | None:
    """Read what the pool scraper's page says."""
    return _terahash(values.get("pool_hashrate"), HashRateUnit.GIGA)


def _terahash(value: float | None, unit: HashRateUnit) -> float | None:
    # No card is a thousandth as fast, in the unit of its kind.
    rate = between(value, 0, 1e7)
    return None if rate is None else rate / unit.per_terahash


def _shares(values: Mapping[str, float]) -> dict[str, Any]:
    """Read the counters, one of which may not have begun to count.

    A counter has no value before the first event. The one of the bad shares goes
    before a difference: it cannot fall when a reply falls between two updates.
    Nothing of nothing is no rate.
    """
    good = count(values.get("share_good", values.get("share_good_total")))
    bad = count(values.get("share_bad_total"))
    total = count(values.get("share_total"))
    if bad is None:
        bad = _rest(total, good)
    if good is None:
        good = _rest(total, bad)
    rate = percent(bad / total * 100) if bad is not None and total else None
    return {
        "shares_accepted": good,
        "shares_rejected": bad,
        "share_error_rate": rate,
    }


def _rest(total: int | None, part: int | None) -> int | None:
    if total is None or part is None or part > total:
        return None
    return total - part
