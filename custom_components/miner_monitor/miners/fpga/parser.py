"""A page's values to the card's identity and its MinerState.

What reads values never raises; a page that is not of such an exporter is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

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
)
from .exposition import Page

RATE, REPORTED = "hashrate", "last_update"

_POLL_INTERVAL = 30
"""Seconds; the exporters themselves look every 30 s."""

_LIMITS = Limits(chip_temperature=Alarm(warn=80, critical=90))
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

_FASTEST = 1e7
"""No card is a thousandth as fast, in the unit of its kind."""

_HIGHEST_FREQUENCY = 10_000
_HIGHEST_VOLTAGE = 20
_LATEST = 4_102_444_800
"""The year 2100."""


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


def identity_of(kind: Kind, card: str, *, has_scraper: bool) -> MinerIdentity:
    """Name one card."""
    scraper = {Capability.POOL_HASH_RATE} if has_scraper else frozenset()
    return MinerIdentity(
        family=Family.FPGA,
        manufacturer="WhiteFire",
        model=kind.model,
        unit=card,
        hash_rate_unit=kind.unit,
        poll_interval=_POLL_INTERVAL,
        capabilities=kind.capabilities | scraper,
        limits=_LIMITS,
    )


class Shares(NamedTuple):
    """What the pool made of a card's shares."""

    good: int | None
    bad: int | None
    error_rate: float | None


def state_of(
    values: Mapping[str, float], kind: Kind, pool_hash_rate: float | None
) -> MinerState:
    """Translate what one card says."""
    rate = _terahash(values.get(RATE), kind.unit)
    shares = _shares(values)
    return MinerState(
        status=MinerStatus.HASHING if rate else MinerStatus.IDLE,
        hash_rate=rate,
        hash_rate_now=rate,
        frequency_actual=between(values.get("clock_speed"), 0, _HIGHEST_FREQUENCY),
        hardware_error_rate=percent(values.get("errors")),
        chip_temperature=temperature(values.get("temperature")),
        core_voltage_actual=positive(
            between(values.get("voltage"), 0, _HIGHEST_VOLTAGE)
        ),
        solutions_good=count(values.get("solutions_good")),
        solutions_total=count(values.get("solutions_total")),
        shares_accepted=shares.good,
        shares_rejected=shares.bad,
        share_error_rate=shares.error_rate,
        pool_hash_rate=pool_hash_rate,
        reported_at=reported_at(values),
    )


def reported_at(values: Mapping[str, float]) -> float | None:
    """Return when the card's miner last printed its values, as an epoch second."""
    return positive(between(values.get(REPORTED), 0, _LATEST))


def pool_rate(values: Mapping[str, float]) -> float | None:
    """Read what the pool scraper's page says."""
    return _terahash(values.get("pool_hashrate"), HashRateUnit.GIGA)


def _terahash(value: float | None, unit: HashRateUnit) -> float | None:
    rate = between(value, 0, _FASTEST)
    return None if rate is None else rate / unit.per_terahash


def _shares(values: Mapping[str, float]) -> Shares:
    """Read the counters, one of which may not have begun to count.

    A counter has no value before the first event. The one of the bad shares goes
    before a difference: it cannot fall when a reply falls between two updates.
    """
    good = count(values.get("share_good", values.get("share_good_total")))
    bad = count(values.get("share_bad_total"))
    total = count(values.get("share_total"))
    if bad is None:
        bad = _rest(total, good)
    if good is None:
        good = _rest(total, bad)
    return Shares(good, bad, _error_rate(bad, total))


def _error_rate(bad: int | None, total: int | None) -> float | None:
    """Return the bad shares in %; nothing of nothing is no rate."""
    return percent(bad / total * 100) if bad is not None and total else None


def _rest(total: int | None, part: int | None) -> int | None:
    if total is None or part is None or part > total:
        return None
    return total - part
