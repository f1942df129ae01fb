"""What our totals were when they were last published.

A total that begins below what was published is a dip in its statistics. A store is
as old as its last save, the recorder's database only some seconds.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
import math

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.history import (
    get_last_state_changes,
    state_changes_during_period,
)
from homeassistant.components.recorder.statistics import (
    get_last_short_term_statistics,
    get_last_statistics,
    get_metadata,
)
from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    UnitOfEnergy,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.recorder import DATA_RECORDER
from homeassistant.helpers.restore_state import async_get
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import DurationConverter, EnergyConverter
from sqlalchemy.exc import SQLAlchemyError

from .const import LOGGER

PATIENCE = 300.0
"""Seconds that the recorder is given to begin; once it did it may take its time."""

TRIES = 10
TRY_AGAIN = 30.0
"""Seconds after which a database that failed is asked again."""

LOOK_BACK = timedelta(days=10)
MOST_LOOKED_AT = 20
"""How far back and how many states are looked at when the last one says nothing."""


async def async_last_published(
    hass: HomeAssistant, entity_ids: Mapping[str, str]
) -> dict[str, float]:
    """Return the greatest value that is known of each entity, by its key.

    Energy is in kWh, durations in s, whatever unit the user chose to see. A key of
    which nothing is known is left out. It takes as long as the recorder does: an
    unknown total harms no statistics, one that is too low does.
    """
    if not entity_ids:
        return {}
    restored = async_get(hass).last_states
    known = {
        key: [value]
        for key, entity_id in entity_ids.items()
        if (stored := restored.get(entity_id)) is not None
        and (value := _value_of(stored.state)) is not None
    }
    for key, value in (await _async_recorded(hass, entity_ids)).items():
        known.setdefault(key, []).append(value)
    return {key: max(values) for key, values in known.items()}


async def _async_recorded(
    hass: HomeAssistant, entity_ids: Mapping[str, str]
) -> dict[str, float]:
    """Ask the recorder, if there is one, until it answers."""
    if (recorder := hass.data.get(DATA_RECORDER)) is None:
        return {}
    beginning, _ = await asyncio.wait({recorder.db_connected}, timeout=PATIENCE)
    if not (beginning and recorder.db_connected.result()):
        return {}
    ready = get_instance(hass).async_db_ready
    # Meanwhile the tables of an older version may be changed, which can take hours.
    await asyncio.wait({ready})
    if not ready.result():
        return {}
    for _ in range(TRIES):
        try:
            return await get_instance(hass).async_add_executor_job(
                _recorded, hass, dict(entity_ids)
            )
        except SQLAlchemyError as err:
            LOGGER.debug("The recorder did not tell the last totals: %s", err)
        await asyncio.sleep(TRY_AGAIN)
    return {}


def _recorded(hass: HomeAssistant, entity_ids: Mapping[str, str]) -> dict[str, float]:
    """Read the last state of each entity, else what its history says."""
    found: dict[str, float] = {}
    for key, entity_id in entity_ids.items():
        values = _values_of(get_last_state_changes(hass, 1, entity_id), entity_id)
        if not values:
            values = _history(hass, entity_id)
        if values:
            found[key] = max(values)
    return found


def _history(hass: HomeAssistant, entity_id: str) -> list[float]:
    """Read what comes before a state that says nothing, and the last statistics."""
    before = state_changes_during_period(
        hass,
        dt_util.utcnow() - LOOK_BACK,
        entity_id=entity_id,
        descending=True,
        limit=MOST_LOOKED_AT,
        include_start_time_state=False,
    )
    return _values_of(before, entity_id) + _statistics(hass, entity_id)


def _statistics(hass: HomeAssistant, entity_id: str) -> list[float]:
    """Read the last statistics, which are in the unit that was shown."""
    metadata = get_metadata(hass, statistic_ids={entity_id})
    if entity_id not in metadata:
        return []
    unit = metadata[entity_id][1]["unit_of_measurement"]
    return [
        value
        for read in (get_last_short_term_statistics, get_last_statistics)
        for row in read(hass, 1, entity_id, False, {"state"}).get(entity_id, [])
        if (value := _in_our_unit(row.get("state"), unit)) is not None
    ]


def _values_of(states: Mapping[str, list[State]], entity_id: str) -> list[float]:
    return [
        value
        for state in states.get(entity_id, [])
        if isinstance(state, State) and (value := _value_of(state)) is not None
    ]


def _value_of(state: State) -> float | None:
    return _in_our_unit(state.state, state.attributes.get(ATTR_UNIT_OF_MEASUREMENT))


def _in_our_unit(value: object, unit: str | None) -> float | None:
    """Return a value that was shown in a unit in ours."""
    if (number := _number(value)) is None:
        return None
    convert = _CONVERTERS.get(unit)
    return number if convert is None else convert(number)


def _number(value: object) -> float | None:
    if not isinstance(value, str | int | float):
        return None
    with suppress(ValueError):
        number = float(value)
        return number if math.isfinite(number) and number >= 0 else None
    return None


_CONVERTERS: Mapping[str | None, Callable[[float], float]] = {
    **{
        unit: EnergyConverter.converter_factory(unit, UnitOfEnergy.KILO_WATT_HOUR)
        for unit in EnergyConverter.VALID_UNITS
    },
    **{
        unit: DurationConverter.converter_factory(unit, UnitOfTime.SECONDS)
        for unit in DurationConverter.VALID_UNITS
    },
}
