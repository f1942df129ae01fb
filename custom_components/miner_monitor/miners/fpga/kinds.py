"""The kinds of cards, and what each of their exporters can tell."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import MinerResponseError
from ..model import (
    Alarm,
    Capability,
    Family,
    HashRateUnit,
    Limits,
    MinerIdentity,
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
