"""The figures of all miners together."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from ..miners.model import HashRateUnit
from .days import (
    best_of,
    days_figures,
)
from .miner import (
    Work,
    about,
    cost_figures,
    cost_of_miner,
    findings_figures,
    rise_of,
    shares_figures,
    spread_of,
)
from .model import (
    HOUR,
    MinerFacts,
    Period,
    Price,
    Records,
)
from .numbers import (
    plain,
    ratio,
    total,
)

type Figures = dict[str, Any]


def fleet_figures(
    members: Sequence[MinerFacts],
    records: Records,
    period: Period,
    price: Price | None,
    zone: tzinfo,
) -> Figures:
    """Return totals, a ranking, who was away and what there is to look at."""
    miners = [_member(facts, records, period, price, zone) for facts in members]
    ranked = [
        miner
        for miner in miners
        if miner["efficiency"] is not None and miner["hash_rate_unit"] == _SHA_256
    ]
    ranked.sort(key=lambda miner: (miner["efficiency"], miner["name"]))
    return {
        "now": _now(members),
        "totals": _totals(members, records, period, price),
        "ranking": [_picked(miner, "name", "efficiency") for miner in ranked],
        "offline": [_offline(miner) for miner in miners if _was_offline(miner)],
        "findings": [
            {"name": miner["name"], **_picked(miner, "findings"), **_past(miner)}
            for miner in miners
            if miner["findings"] or _past(miner)["days"]
        ],
        "miners": miners,
    }


_SHA_256 = HashRateUnit.TERA.value


def _member(
    facts: MinerFacts,
    records: Records,
    period: Period,
    price: Price | None,
    zone: tzinfo,
) -> Figures:
    """Return the figures of one of all miners."""
    work = Work(facts, records)
    rate = spread_of(facts, records, "hash_rate")
    chip = spread_of(facts, records, "chip_temperature")
    findings = facts.data.insight.health.findings if facts.data.online else ()
    return {
        **about(facts, zone),
        "recorded_hours": plain(work.seconds / HOUR),
        "not_recorded": list(facts.not_recorded),
        "hash_rate": None if rate is None else plain(rate.mean),
        "efficiency": plain(work.efficiency),
        "chip_temperature_max": None if chip is None else plain(chip.maximum),
        "energy": plain(rise_of(facts, records, "energy")),
        "wall_energy": plain(rise_of(facts, records, "wall_energy")),
        "cost": cost_figures(cost_of_miner(facts, records), price),
        "shares": shares_figures(
            rise_of(facts, records, "shares_accepted"),
            rise_of(facts, records, "shares_rejected"),
        ),
        "days": days_figures(period.days_of(facts.days), facts.unit),
        "findings": findings_figures(findings),
    }


def _now(members: Sequence[MinerFacts]) -> Figures:
    """Return what is going on; only who is there has a part in it.

    Hash rates of other algorithms are not added to those of SHA-256.
    """
    there = [facts for facts in members if facts.data.online]
    states = [
        state
        for facts in there
        if facts.unit is HashRateUnit.TERA and (state := facts.data.state) is not None
    ]
    both = [state for state in states if state.power is not None and state.hash_rate]
    return {
        "miners": len(members),
        "online": len(there),
        "offline": [facts.name for facts in members if facts.data.online is False],
        "hash_rate": plain(total(state.hash_rate for state in states)),
        "power": plain(
            total(
                facts.data.state.power
                for facts in there
                if facts.data.state is not None
            )
        ),
        "efficiency": plain(
            ratio(
                sum(state.power or 0.0 for state in both),
                sum(state.hash_rate or 0.0 for state in both),
            )
        ),
    }


def _totals(
    members: Sequence[MinerFacts],
    records: Records,
    period: Period,
    price: Price | None,
) -> Figures:
    """Add up what all did in the period.

    The mean hash rate counts a miner's absence as nothing: it is what all did, over
    the time of which there are statistics at all.
    """
    sha256 = [facts for facts in members if facts.unit is HashRateUnit.TERA]
    works = [Work(facts, records) for facts in sha256]
    both = [work for work in works if work.efficiency is not None]
    rows = [row for facts in members for row in period.days_of(facts.days)]
    rate_seconds = total(work.rate_seconds for work in works)
    seconds = max([records.seconds, *(work.seconds for work in works)])
    cost = total(cost_of_miner(facts, records) for facts in members)

    def rise(key: str) -> float | None:
        return total(rise_of(facts, records, key) for facts in members)

    return {
        "recorded_hours": plain(seconds / HOUR),
        "coverage": _coverage(members, records),
        "hash_rate": plain(ratio(rate_seconds, seconds)),
        "efficiency": plain(
            ratio(
                total(work.power_seconds for work in both),
                total(work.rate_seconds for work in both),
            )
        ),
        "energy": plain(rise("energy")),
        "wall_energy": plain(rise("wall_energy")),
        "cost": cost_figures(cost, price),
        "shares": {
            **shares_figures(rise("shares_accepted"), rise("shares_rejected")),
            "reject_rate": _reject_rate(members, records),
        },
        "availability": plain(
            ratio(
                sum(row.answered for row in rows), sum(row.watched for row in rows), 100
            )
        ),
        "restarts": sum(row.restarts for row in rows),
        "times_offline": sum(row.times_offline for row in rows),
        "best_difficulty": plain(best_of(rows)),
        "blocks_found": sum(row.blocks_found for row in rows),
    }


def _coverage(members: Sequence[MinerFacts], records: Records) -> dict[str, int]:
    """Tell of how many miners there are statistics behind a total."""
    counters = ("energy", "wall_energy", "shares_accepted", "shares_rejected")
    return {
        "hash_rate": sum(
            spread_of(facts, records, "hash_rate") is not None for facts in members
        ),
        **{
            key: sum(rise_of(facts, records, key) is not None for facts in members)
            for key in counters
        },
        "cost": sum(cost_of_miner(facts, records) is not None for facts in members),
    }


def _reject_rate(members: Sequence[MinerFacts], records: Records) -> Any:
    """Return what part was rejected, of the miners of which both are known."""
    pairs = [
        (rejected, accepted + rejected)
        for facts in members
        if (accepted := rise_of(facts, records, "shares_accepted")) is not None
        and (rejected := rise_of(facts, records, "shares_rejected")) is not None
    ]
    rejected, shares = (sum(column) for column in zip((0.0, 0.0), *pairs, strict=True))
    return plain(ratio(rejected, shares, 100))


def _was_offline(miner: Figures) -> bool:
    days = miner["days"] or {}
    return miner["online"] is False or bool(days.get("times_offline"))


def _offline(miner: Figures) -> Figures:
    """Tell how often and how long a miner was away."""
    days = miner["days"] or {}
    return {
        **_picked(miner, "name", "online", "switched_off", "last_seen"),
        "times_offline": days.get("times_offline"),
        "hours_away": days.get("hours_away"),
        "availability": days.get("availability"),
    }


def _past(miner: Figures) -> Figures:
    """Return on how many days there was what to look at, by its kind."""
    return {"days": (miner["days"] or {}).get("findings", {})}


def _picked(miner: Figures, *keys: str) -> Figures:
    return {key: miner[key] for key in keys}
