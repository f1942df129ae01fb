"""The figures of one miner."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import tzinfo
from typing import Any

from ..insight.model import (
    Finding,
    Insight,
)
from .days import (
    day_figures,
    days_figures,
)
from .model import (
    HOUR,
    MEASURED,
    MinerFacts,
    Period,
    Price,
    Records,
    Spread,
)
from .numbers import (
    local_time,
    plain,
    ratio,
)

type Figures = dict[str, Any]


class Work:
    """What a miner did and took in a period, as sums that may be added up.

    ``rate_seconds`` is hash rate times time, ``power_seconds`` power times time; both
    only where both are known, for a ratio of them.
    """

    __slots__ = ("efficiency", "power_seconds", "rate_seconds", "seconds")

    def __init__(self, facts: MinerFacts, records: Records) -> None:
        """Take it from the statistics.

        The two means are of the same rows: an hour of which the miner was there for
        ten minutes counts as one in both, and the ratio stays right. What a device
        reports in standby may be no basis for that: if it stood still meanwhile, it is
        the counted energy.
        """
        rate = spread_of(facts, records, "hash_rate")
        power = spread_of(facts, records, "power")
        self.seconds = 0.0 if rate is None else rate.seconds
        terahash = None if rate is None else rate.mean / facts.unit.per_terahash
        self.rate_seconds = None if terahash is None else terahash * self.seconds
        self.power_seconds: float | None = None
        energy = rise_of(facts, records, "energy")
        limits = facts.data.identity.limits
        stood_still = rate is not None and rate.minimum <= 0
        doubtful = limits.doubtful_standby_power and stood_still
        if power is not None and not doubtful:
            self.power_seconds = power.mean * self.seconds
        elif energy is not None:
            self.power_seconds = energy * 1000 * HOUR
        self.efficiency = ratio(self.power_seconds, self.rate_seconds)


def spread_of(facts: MinerFacts, records: Records, key: str) -> Spread | None:
    """Return what was measured by a sensor."""
    return records.spreads.get(facts.recorded.get(key, ""))


def rise_of(facts: MinerFacts, records: Records, key: str) -> float | None:
    """Return by how much a counter rose."""
    return records.rises.get(facts.recorded.get(key, ""))


def cost_of_miner(facts: MinerFacts, records: Records) -> float | None:
    """Return what the energy of a miner cost."""
    known = (records.costs.get(entity_id) for entity_id in facts.billed)
    return next((cost for cost in known if cost is not None), None)


def miner_figures(
    facts: MinerFacts,
    records: Records,
    period: Period,
    price: Price | None,
    zone: tzinfo,
) -> Figures:
    """Return all that a report tells of one miner."""
    work = Work(facts, records)
    rows = period.days_of(facts.days)
    return {
        **about(facts, zone),
        "recorded_hours": plain(work.seconds / HOUR),
        "not_recorded": list(facts.not_recorded),
        **_measured(facts, records, work),
        "energy": plain(rise_of(facts, records, "energy")),
        "wall_energy": plain(rise_of(facts, records, "wall_energy")),
        "cost": cost_figures(cost_of_miner(facts, records), price),
        "shares": shares_figures(
            rise_of(facts, records, "shares_accepted"),
            rise_of(facts, records, "shares_rejected"),
        ),
        "days": days_figures(rows, facts.unit),
        "daily": [day_figures(row, facts.unit) for row in rows],
        **_present(facts),
    }


def about(facts: MinerFacts, zone: tzinfo) -> Figures:
    """Name a miner and tell whether it is there."""
    data = facts.data
    return {
        "name": facts.name,
        "device_id": facts.device_id,
        "model": data.identity.model,
        "online": data.online,
        "switched_off": data.unplugged,
        "last_seen": local_time(data.insight.last_seen, zone),
        "hash_rate_unit": facts.unit.value,
    }


def _measured(facts: MinerFacts, records: Records, work: Work) -> Figures:
    """Return mean, minimum and maximum of each sensor; efficiency from sums."""
    figures: Figures = {}
    for key in MEASURED:
        spread = spread_of(facts, records, key)
        if spread is None:
            figures[key] = None
            continue
        figures[key] = {
            "mean": plain(spread.mean),
            "min": plain(spread.minimum),
            "max": plain(spread.maximum),
        }
    if work.efficiency is not None:
        extremes = figures["efficiency"] or {"min": None, "max": None}
        figures["efficiency"] = {**extremes, "mean": plain(work.efficiency)}
    return figures


def cost_figures(cost: float | None, price: Price | None) -> Figures | None:
    """Return a cost with its currency."""
    if cost is None or price is None:
        return None
    return {"value": plain(cost), "currency": price.currency}


def shares_figures(accepted: float | None, rejected: float | None) -> Figures:
    """Return shares, and what part of them was rejected."""
    rate = None
    if accepted is not None and rejected is not None:
        rate = ratio(rejected, accepted + rejected, 100)
    return {
        "accepted": None if accepted is None else round(accepted),
        "rejected": None if rejected is None else round(rejected),
        "reject_rate": plain(rate),
    }


def findings_figures(findings: tuple[Finding, ...]) -> list[Figures]:
    """Write out what there is to look at."""
    return [
        {
            "kind": finding.kind.value,
            "severity": finding.severity.value,
            "value": plain(finding.value),
            "threshold": plain(finding.threshold),
        }
        for finding in findings
    ]


def _present(facts: MinerFacts) -> Figures:
    """Return what is known now; of a miner that is away nothing of the moment."""
    insight = facts.data.insight if facts.data.online else Insight()
    stability, shares, state = insight.stability, insight.shares, facts.data.state
    scale = facts.unit.per_terahash
    return {
        "findings": findings_figures(insight.health.findings),
        "session": _scaled(stability.session, scale),
        "ranges": {
            name: _scaled(found, scale) for name, found in stability.ranges.items()
        },
        "best_difficulty": None if state is None else plain(state.best_difficulty),
        "odds_of_block": plain(shares.odds_of_block),
        "days_to_beat_best": plain(shares.days_to_beat_best),
    }


_RATES = ("hash_rate", "hash_rate_min", "hash_rate_max", "mean", "median")


def _scaled(snapshot: Any, scale: float) -> Figures | None:
    """Write a snapshot out, hash rates in the unit of the device."""
    if snapshot is None:
        return None
    values: Mapping[str, Any] = asdict(snapshot)
    return {
        key: plain(value * scale if key in _RATES else value)
        if isinstance(value, int | float) and not isinstance(value, bool)
        else value
        for key, value in values.items()
    }
