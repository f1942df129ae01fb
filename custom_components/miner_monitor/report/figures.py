"""The figures of a report: of one miner, of all miners, and of settings compared."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import tzinfo
from typing import Any

from ..fleet.model import FleetMonth
from ..insight.model import (
    DayRow,
    Figure,
    Finding,
    Insight,
    Judgement,
    OperatingPoint,
    Verdict,
)
from ..miners.model import (
    Changes,
    HashRateUnit,
)
from .model import (
    COUNTED,
    HOUR,
    MEASURED,
    Figures,
    MinerFacts,
    Period,
    Price,
    Records,
    Spread,
    local_time,
    plain,
    ratio,
    total,
)

BLOCKS_PER_HOUR = 6
"""Operating points are measured in blocks of ten minutes."""

_VERDICT_UNITS = {
    Verdict.QUIETEST: "%",
    Verdict.EFFICIENCY: "J/TH",
    Verdict.STABILITY: "%",
}

type Namer = Callable[[Changes], str]


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
        rate = _spread(facts, records, "hash_rate")
        power = _spread(facts, records, "power")
        energy = _rise(facts, records, "energy")
        stood_still = rate is not None and rate.minimum <= 0
        doubtful = facts.data.identity.limits.doubtful_standby_power and stood_still
        self.seconds = 0.0 if rate is None else rate.seconds
        terahash = None if rate is None else rate.mean / facts.unit.per_terahash
        self.rate_seconds = None if terahash is None else terahash * self.seconds
        self.power_seconds = None if energy is None else energy * 1000 * HOUR
        if power is not None and not doubtful:
            self.power_seconds = power.mean * self.seconds
        self.efficiency = ratio(self.power_seconds, self.rate_seconds)


def _spread(facts: MinerFacts, records: Records, key: str) -> Spread | None:
    """Return what was measured by a sensor."""
    return records.spreads.get(facts.recorded.get(key, ""))


def _rise(facts: MinerFacts, records: Records, key: str) -> float | None:
    """Return by how much a counter rose."""
    return records.rises.get(facts.recorded.get(key, ""))


def _cost(facts: MinerFacts, records: Records) -> float | None:
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
    """Return all that a report says of one miner."""
    insight = facts.data.insight if facts.data.online else Insight()
    stability, shares = insight.stability, insight.shares
    scale = facts.unit.per_terahash
    rows = period.days_of(facts.days)
    return {
        **_common_figures(facts, records, period, price, zone),
        **_measured(facts, records),
        "daily": [_day_figures(row, facts.unit) for row in rows],
        "session": _scaled(stability.session, scale),
        "ranges": {
            name: _scaled(found, scale) for name, found in stability.ranges.items()
        },
        "best_difficulty_all_time": plain(facts.data.insight.best_difficulty),
        "odds_of_block": plain(shares.odds_of_block),
        "days_to_beat_best": plain(shares.days_to_beat_best),
    }


def _common_figures(
    facts: MinerFacts,
    records: Records,
    period: Period,
    price: Price | None,
    zone: tzinfo,
) -> Figures:
    """Return what both reports say of a miner: what it is, did and cost.

    Of a miner that is away there is no finding of the moment.
    """
    data = facts.data
    return {
        "name": facts.name,
        "device_id": facts.device_id,
        "model": data.identity.model,
        "online": data.online,
        "switched_off": data.unplugged,
        "last_seen": local_time(data.insight.last_seen, zone),
        "hash_rate_unit": facts.unit.value,
        "recorded_hours": plain(Work(facts, records).seconds / HOUR),
        "not_recorded": list(facts.not_recorded),
        **_used([facts], records, price),
        "days": days_figures(period.days_of(facts.days), facts.unit),
        "findings": _findings(data.insight.health.findings if data.online else ()),
    }


def _used(
    members: Sequence[MinerFacts], records: Records, price: Price | None
) -> Figures:
    """Return energy, cost and shares of one or all miners.

    The rate of rejects is of the miners of which both counts are known.
    """
    rises = {key: [_rise(facts, records, key) for facts in members] for key in COUNTED}
    cost = total(_cost(facts, records) for facts in members)
    accepted, rejected = rises["shares_accepted"], rises["shares_rejected"]
    pairs = [
        (bad, good + bad)
        for good, bad in zip(accepted, rejected, strict=True)
        if good is not None and bad is not None
    ]
    shares = {"accepted": total(accepted), "rejected": total(rejected)}
    return {
        "energy": plain(total(rises["energy"])),
        "wall_energy": plain(total(rises["wall_energy"])),
        "cost": None
        if cost is None or price is None
        else {"value": plain(cost), "currency": price.currency},
        "shares": {
            **{
                key: None if count is None else round(count)
                for key, count in shares.items()
            },
            "reject_rate": plain(
                ratio(sum(bad for bad, _ in pairs), sum(both for _, both in pairs), 100)
            ),
        },
    }


def _measured(facts: MinerFacts, records: Records) -> Figures:
    """Return mean, minimum and maximum of each sensor; efficiency from sums."""
    figures: Figures = {
        key: (spread := _spread(facts, records, key))
        and {
            "mean": plain(spread.mean),
            "min": plain(spread.minimum),
            "max": plain(spread.maximum),
        }
        for key in MEASURED
    }
    if (efficiency := Work(facts, records).efficiency) is not None:
        extremes = figures["efficiency"] or {"min": None, "max": None}
        figures["efficiency"] = {**extremes, "mean": plain(efficiency)}
    return figures


def _findings(findings: Iterable[Finding]) -> list[Figures]:
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


def _daily_sums(rows: Sequence[DayRow]) -> Figures:
    """Return what the daily rows of one or more miners amount to."""
    return {
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


def days_figures(rows: Sequence[DayRow], unit: HashRateUnit) -> Figures | None:
    """Sum the days up; None where there are none.

    The rate is the mean of the time in which the miner was there; the efficiency is
    weighted by the work of each day. Energy is known if power was on any of the days.
    """
    if not rows:
        return None
    away = sum(row.watched for row in rows) - sum(row.answered for row in rows)
    work = [(row, row.hash_rate * row.answered) for row in rows if row.hash_rate]
    rated = sum(row.answered for row in rows if row.hash_rate is not None)
    known = [(row.efficiency, done) for row, done in work if row.efficiency is not None]
    silent = all(row.power is None and not row.energy for row in rows)
    return {
        "from": rows[0].day,
        "to": rows[-1].day,
        **_daily_sums(rows),
        "hours_away": plain(max(0.0, away) / HOUR),
        "findings": dict(Counter(kind.value for row in rows for kind in row.findings)),
        "energy": None if silent else plain(sum(row.energy for row in rows)),
        "wall_energy": plain(total(row.wall_energy for row in rows)),
        "shares_accepted": total(row.accepted for row in rows),
        "shares_rejected": total(row.rejected for row in rows),
        "hash_rate": plain(
            ratio(sum(done for _, done in work), rated, unit.per_terahash)
        ),
        "efficiency": plain(
            ratio(
                sum(joules * done for joules, done in known),
                sum(done for _, done in known),
            )
        ),
    }


def _day_figures(row: DayRow, unit: HashRateUnit) -> Figures:
    """Write out one day."""
    figures = days_figures((row,), unit) or {}
    return {
        "day": row.day,
        "power": plain(row.power),
        "chip_temperature": plain(row.chip_temperature),
        "chip_temperature_max": plain(row.chip_temperature_max),
        **{key: figures[key] for key in figures if key not in ("from", "to")},
        "findings": [kind.value for kind in row.findings],
    }


def best_of(rows: Sequence[DayRow]) -> float | None:
    """Return the best difficulty of any of the days."""
    known = [row.best_difficulty for row in rows if row.best_difficulty is not None]
    return max(known, default=None)


def fleet_figures(
    members: Sequence[MinerFacts],
    records: Records,
    period: Period,
    price: Price | None,
    zone: tzinfo,
) -> Figures:
    """Return totals, a ranking, who was away and what there is to look at."""
    miners = [_member(facts, records, period, price, zone) for facts in members]
    sha_256 = [miner for miner in miners if miner["hash_rate_unit"] == "TH/s"]
    ranked = [miner for miner in sha_256 if miner["efficiency"] is not None]
    ranked.sort(key=lambda miner: (miner["efficiency"], miner["name"]))
    past = [(miner, miner["days"] or {}) for miner in miners]
    seen = ("name", "online", "switched_off", "last_seen")
    away = ("times_offline", "hours_away", "availability")
    return {
        "now": _now(members),
        "totals": _totals(members, records, period, price),
        "ranking": [
            {key: miner[key] for key in ("name", "efficiency")} for miner in ranked
        ],
        "offline": [
            {key: miner[key] for key in seen} | {key: days.get(key) for key in away}
            for miner, days in past
            if miner["online"] is False or days.get("times_offline")
        ],
        "findings": [
            {
                "name": miner["name"],
                "findings": miner["findings"],
                "days": days.get("findings", {}),
            }
            for miner, days in past
            if miner["findings"] or days.get("findings")
        ],
        "miners": miners,
    }


def month_figures(month: FleetMonth, price: Price) -> Figures | None:
    """Return what the local month came to so far; None without any cost.

    ``cheap`` is in %, ``mean_price`` per kWh.
    """
    if month.cost is None:
        return None
    part = month.cheap_part
    return {
        "energy": plain(month.energy),
        "cost": plain(month.cost),
        "cheap": None if part is None else plain(100 * part),
        "mean_price": plain(month.mean_price),
        "saving": plain(month.saving),
        "currency": price.currency,
    }


def _member(
    facts: MinerFacts,
    records: Records,
    period: Period,
    price: Price | None,
    zone: tzinfo,
) -> Figures:
    """Return the figures of one of all miners."""
    rate = _spread(facts, records, "hash_rate")
    chip = _spread(facts, records, "chip_temperature")
    return {
        **_common_figures(facts, records, period, price, zone),
        "hash_rate": None if rate is None else plain(rate.mean),
        "efficiency": plain(Work(facts, records).efficiency),
        "chip_temperature_max": None if chip is None else plain(chip.maximum),
    }


def _now(members: Sequence[MinerFacts]) -> Figures:
    """Return what is going on; only who is there has a part in it.

    Hash rates of other algorithms are not added to those of SHA-256.
    """
    there = [facts for facts in members if facts.data.online]
    all_states = [
        (facts.unit, state)
        for facts in there
        if (state := facts.data.state) is not None
    ]
    states = [state for unit, state in all_states if unit is HashRateUnit.TERA]
    both = [state for state in states if state.power is not None and state.hash_rate]
    return {
        "miners": len(members),
        "online": len(there),
        "offline": [facts.name for facts in members if facts.data.online is False],
        "hash_rate": plain(total(state.hash_rate for state in states)),
        "power": plain(total(state.power for _, state in all_states)),
        "efficiency": plain(
            ratio(
                total(state.power for state in both),
                total(state.hash_rate for state in both),
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
    the time of which there are statistics at all. ``coverage`` counts the miners of
    which there are statistics behind a total.
    """
    sha256 = [facts for facts in members if facts.unit is HashRateUnit.TERA]
    works = [Work(facts, records) for facts in sha256]
    both = [work for work in works if work.efficiency is not None]
    seconds = max([records.seconds, *(work.seconds for work in works)])
    known: Mapping[str, Sequence[object]] = {
        "hash_rate": [_spread(facts, records, "hash_rate") for facts in members],
        **{key: [_rise(facts, records, key) for facts in members] for key in COUNTED},
        "cost": [_cost(facts, records) for facts in members],
    }
    return {
        "recorded_hours": plain(seconds / HOUR),
        "coverage": {
            key: sum(value is not None for value in values)
            for key, values in known.items()
        },
        "hash_rate": plain(ratio(total(work.rate_seconds for work in works), seconds)),
        "efficiency": plain(
            ratio(
                total(work.power_seconds for work in both),
                total(work.rate_seconds for work in both),
            )
        ),
        **_used(members, records, price),
        **_daily_sums([row for one in members for row in period.days_of(one.days)]),
    }


def tuning_figures(facts: MinerFacts, named: Namer, zone: tzinfo) -> Figures:
    """Return the operating points of one miner, the least first, and the verdicts."""
    tuning, unit = facts.data.insight.tuning, facts.unit
    return {
        "name": facts.name,
        "device_id": facts.device_id,
        "online": facts.data.online,
        "hash_rate_unit": unit.value,
        "points": [
            _point(point, named, unit, zone)
            for point in sorted(tuning.points, key=_order)
        ],
        "verdicts": {
            verdict.value: _verdict(verdict, judgement, named, unit)
            for verdict, judgement in _distinct(tuning.verdicts).items()
        },
    }


def _distinct(verdicts: Mapping[Verdict, Judgement]) -> Mapping[Verdict, Judgement]:
    """Leave out the balanced settings where they are the best in something else too."""
    balanced = verdicts.get(Verdict.BALANCED)
    if balanced is None or balanced.settings is None:
        return verdicts
    others = {kind: found for kind, found in verdicts.items() if found is not balanced}
    if all(found.settings != balanced.settings for found in others.values()):
        return verdicts
    return others


def _order(point: OperatingPoint) -> tuple[tuple[str, bool, float, str], ...]:
    """Sort numbers as numbers, and names of work modes by the alphabet."""
    return tuple(
        (setting.value, True, 0.0, value)
        if isinstance(value, str)
        else (
            setting.value,
            False,
            float(value) if isinstance(value, int | float) else 0.0,
            "",
        )
        for setting, value in sorted(point.settings.items(), reverse=True)
    )


def _named(settings: Changes | None, named: Namer) -> Figures:
    """Return settings in words and as they are; None for unknown ones."""
    if settings is None:
        return {"setting": None, "settings": None}
    plain_settings = {setting.value: value for setting, value in settings.items()}
    return {"setting": named(settings), "settings": plain_settings}


def _point(
    point: OperatingPoint, named: Namer, unit: HashRateUnit, zone: tzinfo
) -> Figures:
    return {
        **_named(point.settings, named),
        "blocks": point.blocks,
        "hours": plain(point.blocks / BLOCKS_PER_HOUR),
        "days": point.days,
        "last": local_time(point.last, zone),
        "figures": {
            name: _figure(figure, unit.per_terahash if name == "hash_rate" else 1.0)
            for name, figure in point.figures.items()
        },
        "bottlenecks": [bottleneck.value for bottleneck in point.bottlenecks],
    }


def _figure(figure: Figure, scale: float) -> Figures:
    deviation = figure.deviation
    return {
        "mean": plain(figure.mean * scale),
        "deviation": None if deviation is None else plain(deviation * scale),
        "min": plain(figure.minimum * scale),
        "max": plain(figure.maximum * scale),
    }


def _verdict(
    verdict: Verdict, judgement: Judgement, named: Namer, unit: HashRateUnit
) -> Figures:
    """Return the best operating point in something; ``unit`` is that of ``value``."""
    value, is_rate = judgement.value, verdict in (Verdict.HASH_RATE, Verdict.QUIET)
    if value is not None and is_rate:
        value *= unit.per_terahash
    return {
        **_named(judgement.settings, named),
        "value": plain(value),
        "unit": unit.value if is_rate else _VERDICT_UNITS.get(verdict),
        "margin": plain(judgement.margin),
        "missing": None if judgement.missing is None else judgement.missing.value,
        "blocks_missing": judgement.blocks_missing,
        "hours_missing": plain(judgement.blocks_missing / BLOCKS_PER_HOUR),
        "days_missing": judgement.days_missing,
    }
