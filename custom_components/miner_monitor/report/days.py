"""What the daily rows of a period amount to."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..insight.model import DayRow
from ..miners.model import HashRateUnit
from .numbers import (
    plain,
    ratio,
    total,
)

type Figures = dict[str, Any]


def days_figures(rows: Sequence[DayRow], unit: HashRateUnit) -> Figures | None:
    """Sum the days up; None where there are none."""
    if not rows:
        return None
    watched = sum(row.watched for row in rows)
    answered = sum(row.answered for row in rows)
    rate, efficiency = _rate(rows), _efficiency(rows)
    return {
        "from": rows[0].day,
        "to": rows[-1].day,
        "availability": plain(ratio(answered, watched, 100)),
        "hours_away": plain(max(0.0, watched - answered) / 3600),
        "restarts": sum(row.restarts for row in rows),
        "times_offline": sum(row.times_offline for row in rows),
        "findings": dict(Counter(kind.value for row in rows for kind in row.findings)),
        "best_difficulty": plain(best_of(rows)),
        "blocks_found": sum(row.blocks_found for row in rows),
        "energy": plain(_energy(rows)),
        "wall_energy": plain(total(row.wall_energy for row in rows)),
        "shares_accepted": total(row.accepted for row in rows),
        "shares_rejected": total(row.rejected for row in rows),
        "hash_rate": plain(None if rate is None else rate * unit.per_terahash),
        "efficiency": plain(efficiency),
    }


def day_figures(row: DayRow, unit: HashRateUnit) -> Figures:
    """Write out one day."""
    figures = days_figures((row,), unit) or {}
    own = {
        "day": row.day,
        "power": plain(row.power),
        "chip_temperature": plain(row.chip_temperature),
        "chip_temperature_max": plain(row.chip_temperature_max),
    }
    rest = {key: figures[key] for key in figures if key not in ("from", "to")}
    return {**own, **rest, "findings": [kind.value for kind in row.findings]}


def best_of(rows: Sequence[DayRow]) -> float | None:
    """Return the best difficulty of any of the days."""
    known = [row.best_difficulty for row in rows if row.best_difficulty is not None]
    return max(known, default=None)


def _energy(rows: Sequence[DayRow]) -> float | None:
    """Return the energy, if the miner told its power on any of the days."""
    if all(row.power is None and not row.energy for row in rows):
        return None
    return sum(row.energy for row in rows)


def _rate(rows: Sequence[DayRow]) -> float | None:
    """Return the mean rate of the time in which the miner was there, in TH/s."""
    known = [row for row in rows if row.hash_rate is not None]
    work = sum((row.hash_rate or 0.0) * row.answered for row in known)
    return ratio(work, sum(row.answered for row in known))


def _efficiency(rows: Sequence[DayRow]) -> float | None:
    """Return what the work of all days took, by the work that each day did."""
    known = [row for row in rows if row.efficiency is not None and row.hash_rate]
    work = [(row.hash_rate or 0.0) * row.answered for row in known]
    joules = sum(
        (row.efficiency or 0.0) * part for row, part in zip(known, work, strict=True)
    )
    return ratio(joules, sum(work))
