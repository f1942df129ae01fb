"""The kinds of FPGA miners: how they hash and what their exporters tell.

An exporter reads the last statistics line of the miner's log, so that its values
have the digits that the miner prints.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

GHS, KHS = 1e9, 1e3


class Shares(StrEnum):
    """Where an exporter has the shares from."""

    UNKNOWN = "unknown"
    LINE = "line"
    SOLUTIONS = "solutions"
    EVENTS = "events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One bitstream: its usual operating point, and what its miner prints."""

    model: str
    unit: float
    rate: float
    mhz: float
    volts: float
    watts: float
    rise: float
    error_percent: float
    rate_digits: int
    temperature_digits: int
    error_digits: int
    solution_seconds: float | None
    share_seconds: float
    bad_shares: float
    shares: Shares


ZEROX_BITCOIN = Kind(
    model="fpga_0xbitcoin",
    unit=GHS,
    rate=16.54,
    mhz=730,
    volts=0.85,
    watts=170,
    rise=32,
    error_percent=0.12,
    rate_digits=2,
    temperature_digits=0,
    error_digits=2,
    solution_seconds=None,
    share_seconds=45,
    bad_shares=0.01,
    shares=Shares.UNKNOWN,
)
RB4 = Kind(
    model="fpga_rb4",
    unit=GHS,
    rate=5.14,
    mhz=600,
    volts=0.84,
    watts=150,
    rise=39,
    error_percent=0.3,
    rate_digits=2,
    temperature_digits=0,
    error_digits=2,
    solution_seconds=6,
    share_seconds=120,
    bad_shares=0.02,
    shares=Shares.LINE,
)
NIMIQ = Kind(
    model="fpga_nimiq",
    unit=KHS,
    rate=1487,
    mhz=400,
    volts=0.72,
    watts=60,
    rise=9.4,
    error_percent=0.05,
    rate_digits=1,
    temperature_digits=1,
    error_digits=1,
    solution_seconds=4,
    share_seconds=60,
    bad_shares=0.01,
    shares=Shares.EVENTS,
)
# It took the solutions for shares, and declared the very metrics of an RB4 exporter.
OLD_NIMIQ = replace(NIMIQ, shares=Shares.SOLUTIONS)
OLD_RELEASE, USUAL_RELEASE = "2021-03-14", "2021-03-15"
KINDS = {kind.model: kind for kind in (ZEROX_BITCOIN, RB4, NIMIQ)}
POOL_SCRAPER = "fpga_poolscraper"


def kind_of(model: str, release: str) -> Kind:
    """Return what a release of an exporter makes of a model."""
    kind = KINDS[model]
    return OLD_NIMIQ if kind is NIMIQ and release == OLD_RELEASE else kind
