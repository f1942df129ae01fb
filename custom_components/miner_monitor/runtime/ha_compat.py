"""All that is used of Home Assistant beyond its developer documentation.

Another release may lack it or have changed it. So each use is a function of its own
here, imports what it needs when it is called, and is guarded: a failure is logged once,
in plain words, and a fallback takes the place of the result.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from itertools import batched
import math
from typing import TYPE_CHECKING, Any, Concatenate, override

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, State, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.hass_dict import HassKey
from sqlalchemy.exc import SQLAlchemyError

from ..const import (
    DOMAIN,
    LOGGER,
)

if TYPE_CHECKING:
    from homeassistant.components.recorder import Recorder
    from homeassistant.components.recorder.db_schema import (
        Statistics,
        StatisticsMeta,
        StatisticsShortTerm,
    )
    from sqlalchemy.orm import Session

_LOGGED: HassKey[set[str]] = HassKey(f"{DOMAIN}_logged")

COMMIT_PATIENCE = 60.0
"""Seconds to wait for what is under way to be in the database."""

type Guarded[**P, T] = Callable[Concatenate[HomeAssistant, P], T]


def guarded[**P, T, F](
    lost: str, fallback: F
) -> Callable[[Guarded[P, T]], Guarded[P, T | F]]:
    """Return the fallback, and log once what is lost, where a function fails.

    A database that does not answer and an error that is meant for the user are no
    difference between releases: they pass.
    """

    def decorate(function: Guarded[P, T]) -> Guarded[P, T | F]:
        @wraps(function)
        def call(hass: HomeAssistant, /, *args: P.args, **kwargs: P.kwargs) -> T | F:
            try:
                return function(hass, *args, **kwargs)
            except SQLAlchemyError, HomeAssistantError:
                raise
            except Exception as err:  # noqa: BLE001 - what has changed may raise anything
                log_once(hass, lost, err)
                return fallback

        return call

    return decorate


def log_once(hass: HomeAssistant, lost: str, err: Exception) -> None:
    """Log what does not work, once until the next start."""
    logged = hass.data.setdefault(_LOGGED, set())
    if lost not in logged:
        logged.add(lost)
        LOGGER.warning("%s (%r)", lost, err)


# The recorder. Its documented part writes statistics, and reads those of a period.


@guarded("The recorder cannot be asked by this version of Home Assistant", None)
def recorder_of(hass: HomeAssistant) -> Recorder | None:
    """Return the recorder, which may not have its database yet; None without one."""
    from homeassistant.helpers.recorder import DATA_INSTANCE

    return hass.data.get(DATA_INSTANCE)


def running_recorder(hass: HomeAssistant) -> Recorder | None:
    """Return the recorder if it can be asked.

    One that never reached its database is there too.
    """
    return recorder_of(hass) if "recorder" in hass.config.components else None


@guarded("The recorder is asked without knowing whether it has started", None)
def recorder_connected(hass: HomeAssistant) -> asyncio.Future[bool] | None:
    """Return what resolves when the recorder reached its database, or failed to."""
    from homeassistant.helpers.recorder import DATA_RECORDER

    data = hass.data.get(DATA_RECORDER)
    return None if data is None else data.db_connected


@guarded("The recorder is asked without knowing whether its tables are ready", None)
def recorder_ready(hass: HomeAssistant) -> asyncio.Future[bool] | None:
    """Return what resolves when the recorder's tables are of this version.

    To change those of an older version can take hours.
    """
    recorder = recorder_of(hass)
    return None if recorder is None else recorder.async_db_ready


@guarded("The recorder is not waited for: the last seconds may be missing", None)
def recorder_done(hass: HomeAssistant) -> Coroutine[Any, Any, None] | None:
    """Return what waits until all that is known now can be read."""
    recorder = recorder_of(hass)
    return None if recorder is None else recorder.async_block_till_done()


async def async_commit(hass: HomeAssistant) -> None:
    """Wait until what is known now can be read, if that does not take too long."""
    if (done := recorder_done(hass)) is not None:
        with suppress(TimeoutError):
            async with asyncio.timeout(COMMIT_PATIENCE):
                await done


@guarded("Every sensor is taken for recorded", fallback=True)
def is_recorded(hass: HomeAssistant, entity_id: str) -> bool:
    """Whether the user lets the recorder have an entity."""
    from homeassistant.components.recorder import is_entity_recorded

    return recorder_of(hass) is not None and is_entity_recorded(hass, entity_id)


@guarded("How long the recorder keeps its data is not known", math.inf)
def kept_days(hass: HomeAssistant) -> float:
    """Return after how many days the recorder forgets; infinity without one."""
    recorder = recorder_of(hass)
    return math.inf if recorder is None else recorder.keep_days


TOTALS_LOST = (
    "The last totals cannot be read from the recorder: they go on from what was stored"
    " beside it, which may be some minutes older"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedState:
    """A state of the past."""

    at: float
    state: object
    unit: str | None


def recorded_state(state: State) -> RecordedState:
    """Return what a state was, in what unit, and since when."""
    return RecordedState(
        at=state.last_updated.timestamp(),
        state=state.state,
        unit=state.attributes.get(ATTR_UNIT_OF_MEASUREMENT),
    )


@guarded(TOTALS_LOST, ())
def last_state(hass: HomeAssistant, entity_id: str) -> Sequence[RecordedState]:
    """Return the last state of an entity that the recorder has."""
    from homeassistant.components.recorder.history import get_last_state_changes

    return _states(get_last_state_changes(hass, 1, entity_id), entity_id)


@guarded(TOTALS_LOST, ())
def last_states(
    hass: HomeAssistant, entity_id: str, since: datetime, most: int
) -> Sequence[RecordedState]:
    """Return the last states of an entity that the recorder has, the newest first."""
    from homeassistant.components.recorder.history import state_changes_during_period

    found = state_changes_during_period(
        hass,
        since,
        entity_id=entity_id,
        descending=True,
        limit=most,
        include_start_time_state=False,
    )
    return _states(found, entity_id)


def _states(found: Mapping[str, Iterable[Any]], entity_id: str) -> list[RecordedState]:
    states = found.get(entity_id, ())
    return [recorded_state(state) for state in states if isinstance(state, State)]


@guarded(TOTALS_LOST, ())
def last_statistics(hass: HomeAssistant, entity_id: str) -> Sequence[RecordedState]:
    """Return the last values in an entity's statistics."""
    from homeassistant.components.recorder.statistics import (
        get_last_short_term_statistics,
        get_last_statistics,
    )

    if (metadata := statistics_metadata(hass, {entity_id}).get(entity_id)) is None:
        return ()
    return [
        RecordedState(at=row["start"], state=row.get("state"), unit=metadata[1])
        for read in (get_last_short_term_statistics, get_last_statistics)
        for row in read(hass, 1, entity_id, False, {"state"}).get(entity_id, [])
    ]


def statistics_metadata(
    hass: HomeAssistant, names: set[str]
) -> dict[str, tuple[int, str | None]]:
    """Return the number and the unit of each of these statistics that there is."""
    from homeassistant.components.recorder.statistics import get_metadata

    return {
        name: (number, metadata["unit_of_measurement"])
        for name, (number, metadata) in get_metadata(hass, statistic_ids=names).items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsDatabase:
    """The recorder's tables of statistics, and a session to ask them."""

    session: Session
    hourly: type[Statistics]
    five_minutes: type[StatisticsShortTerm]
    meta: type[StatisticsMeta]
    most_ids: int


@contextmanager
def statistics_database(hass: HomeAssistant) -> Iterator[StatisticsDatabase]:
    """Open the tables of statistics; only what is guarded itself may do so."""
    from homeassistant.components.recorder import get_instance
    from homeassistant.components.recorder.db_schema import (
        Statistics,
        StatisticsMeta,
        StatisticsShortTerm,
    )
    from homeassistant.helpers.recorder import session_scope

    with session_scope(hass=hass, read_only=True) as session:
        yield StatisticsDatabase(
            session=session,
            hourly=Statistics,
            five_minutes=StatisticsShortTerm,
            meta=StatisticsMeta,
            most_ids=get_instance(hass).max_bind_vars,
        )


@guarded("The states of the past cannot be read from the recorder", None)
def states_between(
    hass: HomeAssistant,
    start: datetime,
    end: datetime,
    entity_ids: Iterable[str],
    *,
    first: bool,
) -> Mapping[str, Sequence[RecordedState]] | None:
    """Return what entities were in a time, and what they were already at its start."""
    from homeassistant.components.recorder.history import get_significant_states
    from homeassistant.const import (
        COMPRESSED_STATE_ATTRIBUTES,
        COMPRESSED_STATE_LAST_UPDATED,
        COMPRESSED_STATE_STATE,
    )

    found = get_significant_states(
        hass,
        start,
        end,
        list(entity_ids),
        include_start_time_state=first,
        significant_changes_only=False,
        compressed_state_format=True,
    )
    return {
        entity_id: [
            RecordedState(
                at=item[COMPRESSED_STATE_LAST_UPDATED],
                state=item[COMPRESSED_STATE_STATE],
                unit=item.get(COMPRESSED_STATE_ATTRIBUTES, {}).get(
                    ATTR_UNIT_OF_MEASUREMENT
                ),
            )
            for item in items
            if isinstance(item, dict)
        ]
        for entity_id, items in found.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """How many states the recorder took, the first of them at ``since`` (epoch)."""

    states: int
    since: float


MOST_NAMES = 500
"""Entities that one question to the database names."""


@guarded("How much the recorder stores of miners is not known", None)
def recorded_states(
    hass: HomeAssistant, entity_ids: Iterable[str], since: float
) -> Recorded | None:
    """Count the states of entities since an epoch second; None where there are none."""
    from homeassistant.components.recorder.db_schema import States, StatesMeta
    from homeassistant.helpers.recorder import session_scope
    from sqlalchemy import func, select

    numbers, first = 0, math.inf
    with session_scope(hass=hass, read_only=True) as session:
        for names in batched(entity_ids, MOST_NAMES, strict=False):
            query = (
                select(func.count(), func.min(States.last_updated_ts))
                .join(StatesMeta, States.metadata_id == StatesMeta.metadata_id)
                .where(StatesMeta.entity_id.in_(names))
                .where(States.last_updated_ts >= since)
            )
            number, at = session.execute(query).one()
            if number:
                numbers, first = numbers + number, min(first, at)
    return Recorded(states=numbers, since=first) if numbers else None


# The frontend: an integration can neither load a module nor bring a dashboard by
# documented means.


@guarded("The frontend does not load the cards and the dashboard of miners", None)
def load_module(hass: HomeAssistant, url: str) -> None:
    """Let every page load a module."""
    from homeassistant.components.frontend import add_extra_js_url

    add_extra_js_url(hass, url)


@guarded("Whether a page has an address in the sidebar is not known", fallback=False)
def has_panel(hass: HomeAssistant, path: str) -> bool:
    """Whether something is at an address of the frontend."""
    from homeassistant.components.frontend import async_panel_exists

    return async_panel_exists(hass, path)


@guarded(
    "Miners is not in the sidebar, because this version of Home Assistant keeps its"
    " dashboards in another way; add it as a dashboard of the kind Miner Monitor",
    None,
)
def add_dashboard(
    hass: HomeAssistant,
    path: str,
    config: dict[str, Any],
    panels: Mapping[str, Mapping[str, Any]],
) -> CALLBACK_TYPE | None:
    """Add a dashboard that nothing stores, and panels by their path.

    Returns what takes them away.
    """
    from homeassistant.components.frontend import async_register_built_in_panel
    from homeassistant.components.lovelace.const import LOVELACE_DATA

    dashboards = hass.data[LOVELACE_DATA].dashboards
    dashboard = dashboards[path] = _dashboard_class()(hass, path, config)

    @callback
    def remove() -> None:
        _remove_panels(hass, panels)
        if dashboards.get(path) is dashboard:
            del dashboards[path]

    try:
        for panel_path, panel in panels.items():
            async_register_built_in_panel(hass, frontend_url_path=panel_path, **panel)
    except Exception:
        remove()
        raise
    return remove


@guarded("Miners stays in the sidebar until the next start", None)
def _remove_panels(hass: HomeAssistant, paths: Iterable[str]) -> None:
    from homeassistant.components.frontend import async_remove_panel

    for path in paths:
        async_remove_panel(hass, path, warn_if_unknown=False)


def _dashboard_class() -> Callable[..., Any]:
    """Return the class of a dashboard that is always the same."""
    from homeassistant.components.lovelace.dashboard import LovelaceConfig
    from homeassistant.helpers.json import json_bytes, json_fragment

    class StrategyDashboard(LovelaceConfig):
        """A dashboard that the browser builds itself."""

        def __init__(
            self, hass: HomeAssistant, path: str, content: dict[str, Any]
        ) -> None:
            """Take what it is made of."""
            super().__init__(hass, path, None)
            self._content = content

        @property
        @override
        def mode(self) -> str:
            """It cannot be edited."""
            return "yaml"

        @override
        async def async_get_info(self) -> dict[str, Any]:
            """Return what the system's health says of it."""
            return {"mode": "auto-gen"}

        @override
        async def async_load(self, force: bool) -> dict[str, Any]:
            """Return its configuration."""
            return self._content

        @override
        async def async_json(self, force: bool) -> json_fragment:
            """Return its configuration as it goes to the browser."""
            return json_fragment(json_bytes(self._content))

    return StrategyDashboard


@guarded("Messages come without a link", None)
def absolute_url(hass: HomeAssistant, path: str) -> str | None:
    """Return the address of a page, from outside where that is known; None if not."""
    from homeassistant.helpers.network import NoURLAvailableError, get_url

    try:
        return f"{get_url(hass, prefer_external=True)}{path}"
    except NoURLAvailableError:
        return None


# Texts.


_NO_TEXTS: Mapping[str, str] = {}


@guarded("Texts of Miner Monitor are not translated", _NO_TEXTS)
def texts_of(
    hass: HomeAssistant, category: str, language: str | None = None
) -> Mapping[str, str]:
    """Return our texts of a category, in a language or that of Home Assistant."""
    from homeassistant.helpers.translation import async_get_cached_translations

    language = language or hass.config.language
    return async_get_cached_translations(hass, language, category, DOMAIN)


async def async_load_texts(
    hass: HomeAssistant, category: str, language: str | None = None
) -> None:
    """Load our texts of a category that Home Assistant loads only when it is shown."""
    from homeassistant.helpers.translation import async_get_translations

    language = language or hass.config.language
    with suppress(Exception):  # what is not loaded falls back
        await async_get_translations(hass, language, category, [DOMAIN])


async def async_own_version(hass: HomeAssistant) -> str:
    """Return which release of ours this is."""
    from homeassistant.loader import async_get_integration

    return str((await async_get_integration(hass, DOMAIN)).version)


def own_text(hass: HomeAssistant, category: str, key: str, fallback: str) -> str:
    """Return one of our texts, in the language of Home Assistant."""
    path = f"component.{DOMAIN}.{category}.{key}"
    return texts_of(hass, category).get(path, fallback)


# Assist.


@guarded("Which miners Assist may know is not known: it gets none", fallback=False)
def is_exposed(hass: HomeAssistant, assistant: str, entity_id: str) -> bool:
    """Whether the user lets an assistant have an entity."""
    from homeassistant.components.homeassistant.exposed_entities import (
        async_should_expose,
    )

    return async_should_expose(hass, assistant, entity_id)
