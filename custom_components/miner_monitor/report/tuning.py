"""The tuning map, its verdicts and what they still need."""

from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from ..insight.model import (
    Figure,
    Judgement,
    OperatingPoint,
)
from ..miners.model import (
    Changes,
    HashRateUnit,
)
from .model import MinerFacts
from .numbers import (
    local_time,
    plain,
)

type Figures = dict[str, Any]
type Namer = Callable[[Changes], str]


def tuning_figures(facts: MinerFacts, named: Namer, zone: tzinfo) -> Figures:
    """Return the operating points of one miner, the least first, and the verdicts."""
    tuning, unit = facts.tuning, facts.unit
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
            verdict.value: _verdict(judgement, named)
            for verdict, judgement in tuning.verdicts.items()
        },
    }


def _order(point: OperatingPoint) -> tuple[tuple[str, bool, float, str], ...]:
    """Sort numbers as numbers, and names of work modes by the alphabet."""
    return tuple(
        (setting.value, True, 0.0, value)
        if isinstance(value, str)
        else (setting.value, False, _number(value), "")
        for setting, value in sorted(point.settings.items(), reverse=True)
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _settings(settings: Changes) -> Figures:
    return {setting.value: value for setting, value in settings.items()}


def _point(
    point: OperatingPoint, named: Namer, unit: HashRateUnit, zone: tzinfo
) -> Figures:
    return {
        "setting": named(point.settings),
        "settings": _settings(point.settings),
        "blocks": point.blocks,
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


def _verdict(judgement: Judgement, named: Namer) -> Figures:
    found = judgement.settings
    return {
        "setting": None if found is None else named(found),
        "settings": None if found is None else _settings(found),
        "value": plain(judgement.value),
        "margin": plain(judgement.margin),
        "missing": None if judgement.missing is None else judgement.missing.value,
        "blocks_missing": judgement.blocks_missing,
        "days_missing": judgement.days_missing,
    }
