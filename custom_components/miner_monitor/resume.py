"""What our totals were when they were last published.

A total that begins below what was published is a dip in its statistics. A store is
as old as its last save, the recorder's database only some seconds.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
import math

from homeassistant.components.recorder import DOMAIN as RECORDER, get_instance
from homeassistant.components.recorder.history import get_last_state_changes
from homeassistant.components.recorder.statistics import get_last_statistics
from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    UnitOfEnergy,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.restore_state import async_get
from homeassistant.util.unit_conversion import DurationConverter, EnergyConverter
from sqlalchemy.exc import SQLAlchemyError

from .const import LOGGER

PATIENCE = 30.0
"""Seconds that the recorder is given; a database may be busy after a crash."""


async def async_last_published(
    hass: HomeAssistant, entity_ids: Mapping[str, str]
) -> dict[str, float]:
    """Return the greatest value that is known of each entity, by its key.

    Energy is in kWh, durations in s, whatever unit the user chose to see. A key of
    which nothing is known is left out.
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
    if RECORDER in hass.config.components:
        try:
            async with asyncio.timeout(PATIENCE):
                recorded = await get_instance(hass).async_add_executor_job(
                    _recorded, hass, dict(entity_ids)
                )
        except (SQLAlchemyError, TimeoutError) as err:
            LOGGER.debug("The recorder did not tell the last totals: %s", err)
            recorded = {}
        for key, value in recorded.items():
            known.setdefault(key, []).append(value)
    return {key: max(values) for key, values in known.items()}


def _recorded(hass: HomeAssistant, entity_ids: Mapping[str, str]) -> dict[str, float]:
    """Read the last state of each entity, else its last statistics."""
    found: dict[str, float] = {}
    for key, entity_id in entity_ids.items():
        states = get_last_state_changes(hass, 1, entity_id).get(entity_id, [])
        values = [_value_of(state) for state in states if isinstance(state, State)]
        if not any(value is not None for value in values):
            values = [_last_statistic(hass, entity_id)]
        for value in values:
            if value is not None:
                found[key] = value
    return found


def _last_statistic(hass: HomeAssistant, entity_id: str) -> float | None:
    rows = get_last_statistics(hass, 1, entity_id, False, {"state"})
    row = rows.get(entity_id)
    return _number(row[0].get("state")) if row else None


def _value_of(state: State) -> float | None:
    """Return the value of a state in our unit."""
    if (value := _number(state.state)) is None:
        return None
    convert = _CONVERTERS.get(state.attributes.get(ATTR_UNIT_OF_MEASUREMENT, ""))
    return value if convert is None else convert(value)


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
