"""What the recorder knows of miners: read and written outside of the event loop."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import (
    BaseUnitConverter,
    DurationConverter,
    ElectricCurrentConverter,
    ElectricPotentialConverter,
    EnergyConverter,
    FrequencyConverter,
    PowerConverter,
    TemperatureConverter,
)

from ..const import DOMAIN
from ..miners.model import HashRateUnit
from ..runtime.ha_compat import (
    RecordedState,
    recorder_done,
    running_recorder,
    states_between,
)
from ..runtime.targets import invalid
from .columns import Source
from .hours import Mean
from .rows import Change

if TYPE_CHECKING:
    from homeassistant.components.recorder import Recorder
    from homeassistant.components.recorder.models import (
        StatisticData,
        StatisticMetaData,
    )

type Period = Literal["5minute", "hour"]
type Means = list[tuple[float, dict[Source, float]]]

COMMIT_PATIENCE = 60.0
"""Seconds to wait for what is under way to be in the database."""

ROWS_AT_ONCE = 1000
"""Rows that are handed over without a break; more would hold up the event loop."""

_CONVERTERS: Mapping[str | None, type[BaseUnitConverter]] = {
    unit: converter
    for converter in (
        DurationConverter,
        ElectricCurrentConverter,
        ElectricPotentialConverter,
        EnergyConverter,
        FrequencyConverter,
        PowerConverter,
        TemperatureConverter,
    )
    for unit in converter.VALID_UNITS
}
"""What converts a unit that a user may have chosen for a sensor of a miner."""

_JUST_BEFORE = timedelta(microseconds=1)


def require_recorder(hass: HomeAssistant) -> Recorder:
    """Return the recorder, or tell that there is none."""
    if (recorder := running_recorder(hass)) is None:
        raise invalid("no_recorder")
    return recorder


async def async_commit(recorder: Recorder) -> None:
    """Wait until what is known now can be read, if that does not take too long."""
    if (done := recorder_done(recorder.hass)) is None:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(COMMIT_PATIENCE):
            await done


async def async_read_changes(
    recorder: Recorder,
    entities: Mapping[str, Source],
    start: datetime,
    end: datetime,
    *,
    first: bool,
    units: Mapping[Source, str],
) -> list[Change]:
    """Return what entities were from start to end, in the order of time.

    The first part of a history begins with what they were already at its start. A
    number is brought from the unit that it had then to the one that is wanted.
    """
    if not entities:
        return []
    return await recorder.async_add_executor_job(
        _read_changes, recorder.hass, entities, start, end, first, units
    )


def _read_changes(
    hass: HomeAssistant,
    entities: Mapping[str, Source],
    start: datetime,
    end: datetime,
    first: bool,
    units: Mapping[Source, str],
) -> list[Change]:
    found = states_between(hass, start - _JUST_BEFORE, end, entities, first=first)
    if found is None:
        raise invalid("recorder_changed")
    earliest = start.timestamp()
    changes: list[Change] = [
        (max(item.at, earliest), source, _state_of(item, units.get(source)))
        for entity_id, items in found.items()
        for source in (entities[entity_id],)
        for item in items
    ]
    changes.sort()
    return changes


def _state_of(item: RecordedState, wanted: str | None) -> str:
    """Return a state, a number in the unit that is wanted."""
    factor, offset = scale_between(item.unit, wanted)
    if (factor, offset) == (1.0, 0.0):
        return item.state
    try:
        return f"{float(item.state) * factor + offset:.10g}"
    except ValueError:
        return item.state


@lru_cache(maxsize=256)
def scale_between(unit: str | None, wanted: str | None) -> tuple[float, float]:
    """Return factor and offset from a unit that a user may have chosen to another."""
    if wanted is None or unit is None or unit == wanted:
        return 1.0, 0.0
    if wanted == HashRateUnit.TERA and unit in HashRateUnit:
        return 1 / HashRateUnit(unit).per_terahash, 0.0
    converter = _CONVERTERS.get(unit)
    if converter is None or wanted not in converter.VALID_UNITS:
        return 1.0, 0.0
    offset = converter.convert(0, unit, wanted)
    return converter.convert(1, unit, wanted) - offset, offset


async def async_read_means(
    recorder: Recorder,
    entities: Mapping[str, Source],
    start: datetime,
    end: datetime,
    period: Period,
) -> Means:
    """Return the means, and of counters the last values, of each period."""
    if not entities:
        return []
    return await recorder.async_add_executor_job(
        _read_means, recorder.hass, entities, start, end, period
    )


def _read_means(
    hass: HomeAssistant,
    entities: Mapping[str, Source],
    start: datetime,
    end: datetime,
    period: Period,
) -> Means:
    found = statistics_during_period(
        hass, start, end, set(entities), period, None, {"mean", "state"}
    )
    periods: dict[float, dict[Source, float]] = {}
    for entity_id, rows in found.items():
        source = entities[entity_id]
        for row in rows:
            value = row.get("mean")
            value = row.get("state") if value is None else value
            if value is not None:
                periods.setdefault(row["start"], {})[source] = value
    return sorted(periods.items())


async def async_read_sums(
    recorder: Recorder, statistic_id: str, unit: str | None
) -> list[tuple[int, float]]:
    """Return the sums of a statistic, all hours that there are."""
    return await recorder.async_add_executor_job(
        _read_sums, recorder.hass, statistic_id, unit
    )


def _read_sums(
    hass: HomeAssistant, statistic_id: str, unit: str | None
) -> list[tuple[int, float]]:
    unit_class = _unit_class(unit)
    units = None if unit_class is None or unit is None else {unit_class: unit}
    found = statistics_during_period(
        hass,
        dt_util.utc_from_timestamp(0),
        None,
        {statistic_id},
        "hour",
        units,
        {"sum"},
    )
    return [
        (int(row["start"]), total)
        for row in found.get(statistic_id, [])
        if (total := row.get("sum")) is not None
    ]


def mean_rows(hours: Mapping[int, Mean]) -> list[StatisticData]:
    """Return mean, minimum and maximum of hours as the recorder takes them."""
    return [
        {
            "start": dt_util.utc_from_timestamp(hour),
            "mean": mean.mean,
            "min": mean.minimum,
            "max": mean.maximum,
        }
        for hour, mean in hours.items()
    ]


def sum_rows(sums: Iterable[tuple[int, float]]) -> list[StatisticData]:
    """Return the sums of hours as the recorder takes them."""
    return [
        {"start": dt_util.utc_from_timestamp(hour), "state": total, "sum": total}
        for hour, total in sums
    ]


async def async_write_statistic(
    hass: HomeAssistant,
    statistic_id: str,
    name: str,
    unit: str | None,
    rows: list[StatisticData],
    *,
    total: bool,
) -> None:
    """Hand over rows piece by piece; what is there is replaced.

    Without any row only the name is renewed.
    """
    metadata = _metadata(statistic_id, name, unit, total=total)
    for begin in range(0, max(len(rows), 1), ROWS_AT_ONCE):
        async_add_external_statistics(
            hass, metadata, rows[begin : begin + ROWS_AT_ONCE]
        )
        await asyncio.sleep(0)


def _metadata(
    statistic_id: str, name: str, unit: str | None, *, total: bool
) -> StatisticMetaData:
    return {
        "statistic_id": statistic_id,
        "source": DOMAIN,
        "name": name,
        "mean_type": StatisticMeanType.NONE if total else StatisticMeanType.ARITHMETIC,
        "has_sum": total,
        "unit_class": _unit_class(unit),
        "unit_of_measurement": unit,
    }


def _unit_class(unit: str | None) -> str | None:
    """Return the class of a unit, which Home Assistant can convert; None for others."""
    converter = _CONVERTERS.get(unit)
    return None if unit is None or converter is None else converter.UNIT_CLASS
