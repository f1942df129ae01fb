"""A card's values to a MinerState: pure, and never raising."""

from collections.abc import Mapping
from typing import NamedTuple

from ..model import (
    HashRateUnit,
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
from .kinds import (
    RATE,
    REPORTED,
    Kind,
)

_FASTEST = 1e7
"""No card is a thousandth as fast, in the unit of its kind."""

_HIGHEST_FREQUENCY = 10_000
_HIGHEST_VOLTAGE = 20
_LATEST = 4_102_444_800
"""The year 2100."""


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
