"""What our totals were when they were last published.

A total that begins below what was published is a dip in its statistics. A store is
as old as its last save, the recorder's database only some seconds.
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from homeassistant.const import (
    STATE_OFF,
    STATE_ON,
    Platform,
    UnitOfEnergy,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.restore_state import RestoreEntity
from homeassistant.util import dt as dt_util
from sqlalchemy.exc import SQLAlchemyError

from ..const import DOMAIN, LOGGER
from ..miners.values import number
from .ha_compat import (
    TOTALS_LOST,
    RecordedState,
    last_state,
    last_states,
    last_statistics,
    log_once,
    recorded_state,
    recorder_connected,
    recorder_of,
    recorder_ready,
    running_recorder,
)
from .units import converted, unit_class

if TYPE_CHECKING:
    from homeassistant.components.recorder import Recorder

PATIENCE = 300.0
"""Seconds that the recorder is given to begin; once it did it may take its time."""

TRIES = 10
TRY_AGAIN = 30.0
"""Seconds after which a database that failed is asked again."""

ANSWERS_WITHIN = 1800.0
"""Seconds that one question to the recorder may take."""

SOON = 10.0
"""Seconds within which an answer is of use to who waits for it to write."""

LOOK_BACK = timedelta(days=10)
MOST_LOOKED_AT = 20
"""How far back and how many states are looked at when the last one says nothing."""


async def async_last_totals[TotalT: StrEnum](
    hass: HomeAssistant, device_id: str, totals: Iterable[TotalT]
) -> dict[TotalT, float]:
    """Return the greatest value that is known of each total of a device.

    A total that is disabled publishes nothing, and is asked for when it is enabled:
    Home Assistant sets the device up again then.
    """
    registry = er.async_get(hass)
    entity_ids = {
        total: entity_id
        for total in totals
        if (
            entity_id := registry.async_get_entity_id(
                Platform.SENSOR, DOMAIN, f"{device_id}_{total}"
            )
        )
        and not registry.entities[entity_id].disabled
    }
    return await async_last_published(hass, entity_ids)


async def async_last_published[KeyT: str](
    hass: HomeAssistant, entity_ids: Mapping[KeyT, str]
) -> dict[KeyT, float]:
    """Return the greatest value that is known of each entity, by its key.

    Energy is in kWh, durations in s, whatever unit the user chose to see. A key of
    which nothing is known is left out. It takes as long as the recorder does: an
    unknown total harms no statistics, one that is too low does. Whatever fails is
    logged, and costs no more than what it would have given.
    """
    known = {
        key: await _async_restored(hass, entity_id)
        for key, entity_id in entity_ids.items()
    }
    recorded = await _async_recorded(hass, entity_ids) if entity_ids else {}
    values = {key: [*known[key], *recorded.get(key, ())] for key in entity_ids}
    return {key: max(found) for key, found in values.items() if found}


async def async_was_off(
    hass: HomeAssistant, entity_id: str, since: float, before: float
) -> bool:
    """Whether the recorder last saw a switch off, between two epoch seconds.

    It knows what came after a backup that was restored without its database. Without
    an answer nothing is proven.
    """
    if (recorder := running_recorder(hass)) is None:
        return False
    began = dt_util.utc_from_timestamp(since)
    try:
        async with asyncio.timeout(SOON):
            states = await recorder.async_add_executor_job(
                last_states, hass, entity_id, began, MOST_LOOKED_AT
            )
    except (SQLAlchemyError, TimeoutError) as err:
        LOGGER.debug("The recorder has no past states of %s: %s", entity_id, err)
        return False
    known = (
        state.state
        for state in states
        if state.at < before and state.state in {STATE_ON, STATE_OFF}
    )
    return next(known, None) == STATE_OFF


class _LastState(RestoreEntity):
    """Asks for the last state of an entity as the entity itself would."""

    def __init__(self, hass: HomeAssistant, entity_id: str) -> None:
        """Take which entity to ask for."""
        self.hass = hass
        self.entity_id = entity_id


async def _async_restored(hass: HomeAssistant, entity_id: str) -> list[float]:
    """Return what Home Assistant kept of an entity when it stopped or went on."""
    try:
        state = await _LastState(hass, entity_id).async_get_last_state()
    except Exception as err:  # noqa: BLE001 - the total goes on from what else is known
        log_once(hass, "Home Assistant has no last states of totals", err)
        return []
    return [] if state is None else _values_of([recorded_state(state)])


async def _async_recorded[KeyT: str](
    hass: HomeAssistant, entity_ids: Mapping[KeyT, str]
) -> Mapping[KeyT, list[float]]:
    """Ask the recorder, if there is one, until it answers."""
    try:
        return await _async_ask(hass, entity_ids)
    except Exception as err:  # noqa: BLE001 - totals go on whatever the recorder does
        log_once(hass, TOTALS_LOST, err)
        return {}


async def _async_ask[KeyT: str](
    hass: HomeAssistant, entity_ids: Mapping[KeyT, str]
) -> Mapping[KeyT, list[float]]:
    """Ask again for what the database failed to answer, as it does while locked."""
    if (recorder := await _async_ready_recorder(hass)) is None:
        return {}
    found: dict[KeyT, list[float]] = {}
    failed: dict[KeyT, SQLAlchemyError] = {}
    for attempt in range(TRIES):
        if attempt:
            await asyncio.sleep(TRY_AGAIN)
        missing = {key: it for key, it in entity_ids.items() if key not in found}
        async with asyncio.timeout(ANSWERS_WITHIN):
            read, failed = await recorder.async_add_executor_job(
                _recorded, hass, missing
            )
        found |= read
        if not failed:
            return found
    for err in failed.values():
        log_once(hass, TOTALS_LOST, err)
    return found


async def _async_ready_recorder(hass: HomeAssistant) -> Recorder | None:
    """Return the recorder as soon as it can be asked.

    The tables of an older version may be changed first, which can take hours.
    """
    for part, patience in ((recorder_connected, PATIENCE), (recorder_ready, None)):
        if (future := part(hass)) is not None:
            done, _ = await asyncio.wait({future}, timeout=patience)
            if not done or future.cancelled() or not future.result():
                return None
    return recorder_of(hass)


def _recorded[KeyT: str](
    hass: HomeAssistant, entity_ids: Mapping[KeyT, str]
) -> tuple[dict[KeyT, list[float]], dict[KeyT, SQLAlchemyError]]:
    """Read the last state of each entity, else what its history says."""
    found: dict[KeyT, list[float]] = {}
    failed: dict[KeyT, SQLAlchemyError] = {}
    for key, entity_id in entity_ids.items():
        try:
            states = last_state(hass, entity_id)
            found[key] = _values_of(states) or _history(hass, entity_id)
        except SQLAlchemyError as err:
            failed[key] = err
    return found, failed


def _history(hass: HomeAssistant, entity_id: str) -> list[float]:
    """Read what comes before a state that says nothing, and the last statistics."""
    since = dt_util.utcnow() - LOOK_BACK
    before = last_states(hass, entity_id, since, MOST_LOOKED_AT)
    return _values_of([*before, *last_statistics(hass, entity_id)])


_UNITS = {"energy": UnitOfEnergy.KILO_WATT_HOUR, "duration": UnitOfTime.SECONDS}
"""Our units by their class."""


def _values_of(states: Iterable[RecordedState]) -> list[float]:
    """Return the totals that some states show, in our units."""
    return [
        converted(value, state.unit, _UNITS.get(unit_class(state.unit) or ""))
        for state in states
        if (value := number(state.state)) is not None and value >= 0
    ]
