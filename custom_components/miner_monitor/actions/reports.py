"""Actions that answer with a report: of miners, of all miners, of their settings."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from itertools import batched
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN
from ..coordinator import MinerConfigEntry
from ..report import markdown
from ..report.figures import fleet_figures, miner_figures, tuning_figures
from ..report.model import (
    FLEET_MEASURED,
    MEASURED,
    MOST_HOURS,
    NO_RECORDS,
    UNITS,
    Figures,
    MinerFacts,
    Period,
    Price,
    Records,
    local_time,
)
from ..report.recorder import (
    facts_of,
    period_of_today,
    period_until_now,
    price_of,
    query_of,
    read,
)
from ..runtime.entry_data import miner_entries
from ..runtime.ha_compat import running_recorder
from ..runtime.permissions import (
    async_readable,
    async_require_read,
)
from ..runtime.targets import (
    invalid,
    require_loaded,
    targets_of,
)

ACTION_MINER_REPORT = "miner_report"
ACTION_FLEET_REPORT = "fleet_report"
ACTION_COMPARE_SETTINGS = "compare_settings"

ATTR_HOURS = "hours"
ATTR_TODAY = "today"
DEFAULT_HOURS = 24

AT_ONCE = 5
"""Miners that are looked at before other callbacks get their turn."""

type Entries = Sequence[MinerConfigEntry]


def _hours(value: Any) -> int:
    """Return a number of hours that there are statistics of."""
    try:
        hours = None if isinstance(value, bool) else float(value)
    except TypeError, ValueError, OverflowError:
        hours = None
    if hours is None or not 1 <= hours <= MOST_HOURS or hours % 1:
        raise vol.Invalid(f"expected a whole number of hours from 1 to {MOST_HOURS}")
    return int(hours)


_FIELDS = {
    vol.Optional(ATTR_HOURS, default=DEFAULT_HOURS): _hours,
    vol.Optional(ATTR_TODAY, default=False): cv.boolean,
}


@callback
def async_register_reports(hass: HomeAssistant) -> None:
    """Register the actions that answer with a report."""
    targeted = cv.make_entity_service_schema
    for name, action, schema in (
        (ACTION_MINER_REPORT, _miner_report, targeted(_FIELDS)),
        (ACTION_FLEET_REPORT, _fleet_report, vol.Schema(_FIELDS)),
        (ACTION_COMPARE_SETTINGS, _compare_settings, targeted({})),
    ):
        hass.services.async_register(
            DOMAIN,
            name,
            action,
            schema=schema,
            supports_response=SupportsResponse.ONLY,
        )


async def _miner_report(call: ServiceCall) -> ServiceResponse:
    loaded, rest = _apart(await _readable_targets(call))
    if not loaded:
        require_loaded(rest[0])
    return await _report(call, loaded, rest, MEASURED, _of_miners)


async def _fleet_report(call: ServiceCall) -> ServiceResponse:
    entries = miner_entries(call.hass)
    loaded, rest = _apart(await async_readable(call.hass, call.context, entries))
    if not loaded:
        raise invalid("no_miner_loaded")
    return await _report(call, loaded, rest, FLEET_MEASURED, _of_fleet)


async def _compare_settings(call: ServiceCall) -> ServiceResponse:
    loaded, rest = _apart(await _readable_targets(call))
    if not loaded:
        require_loaded(rest[0])
    facts, texts = await _facts(call.hass, loaded), markdown.Texts(call.hass)
    zone = dt_util.get_default_time_zone()

    def assemble() -> Figures:
        response = {
            "units": dict(UNITS),
            "miners": [tuning_figures(one, texts.setting, zone) for one in facts],
            "not_loaded": [entry.title for entry in rest],
        }
        return {**response, "markdown": markdown.settings_report(response, texts)}

    return await call.hass.async_add_executor_job(assemble)


async def _readable_targets(call: ServiceCall) -> Entries:
    """Return the miners that are meant, if the caller may read all of them."""
    entries = await targets_of(call)
    await async_require_read(call.hass, call.context, entries)
    return entries


def _apart(entries: Iterable[MinerConfigEntry]) -> tuple[Entries, Entries]:
    """Part those that can tell something from those that are not loaded."""
    loaded: list[MinerConfigEntry] = []
    rest: list[MinerConfigEntry] = []
    for entry in entries:
        there = entry.state is ConfigEntryState.LOADED
        (loaded if there else rest).append(entry)
    return loaded, rest


async def _facts(hass: HomeAssistant, loaded: Entries) -> list[MinerFacts]:
    """Take what is known of the miners, with a breath for others now and then."""
    facts = []
    for some in batched(loaded, AT_ONCE, strict=False):
        facts += [facts_of(hass, entry) for entry in some]
        await asyncio.sleep(0)
    return facts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the event loop knows for a report; the rest is done in a thread."""

    facts: Sequence[MinerFacts]
    period: Period
    price: Price | None
    zone: tzinfo
    texts: markdown.Texts
    frame: Figures


type Maker = Callable[[_Known, Records], Figures]


async def _report(
    call: ServiceCall,
    loaded: Entries,
    rest: Entries,
    measured: Iterable[str],
    make: Maker,
) -> Figures:
    """Ask the recorder, and return the response that ``make`` puts together.

    Without a recorder there are the daily rows, and the present: that is worth more
    to a notification than an error.
    """
    hass, zone = call.hass, dt_util.get_default_time_zone()
    price = price_of(hass)
    if call.data[ATTR_TODAY]:
        period = period_of_today()
    else:
        period = period_until_now(hass, call.data[ATTR_HOURS])
    recorder = running_recorder(hass)
    known = _Known(
        facts=await _facts(hass, loaded),
        period=period,
        price=price,
        zone=zone,
        texts=markdown.Texts(hass),
        frame={
            **_period_figures(period, zone),
            "recorder": recorder is not None,
            "units": dict(UNITS),
            "not_loaded": [entry.title for entry in rest],
        },
    )
    if recorder is None:
        return await hass.async_add_executor_job(make, known, NO_RECORDS)
    query = query_of(known.facts, period, price, measured)

    def made() -> Figures:
        if (records := read(hass, query)) is None:
            without = {**known.frame, "recorder": False}
            return make(replace(known, frame=without), NO_RECORDS)
        return make(known, records)

    return await recorder.async_add_executor_job(made)


def _period_figures(period: Period, zone: tzinfo) -> Figures:
    return {
        "period": {
            "start": local_time(period.start, zone),
            "end": local_time(period.end, zone),
            "hours": period.hours,
        },
        "days": {"from": period.first_day, "to": period.last_day},
    }


def _of_miners(known: _Known, records: Records) -> Figures:
    miners = [
        miner_figures(facts, records, known.period, known.price, known.zone)
        for facts in known.facts
    ]
    response = {**known.frame, "miners": miners}
    return {**response, "markdown": markdown.miner_report(response, known.texts)}


def _of_fleet(known: _Known, records: Records) -> Figures:
    figures = fleet_figures(known.facts, records, known.period, known.price, known.zone)
    response = {**known.frame, **figures}
    return {**response, "markdown": markdown.fleet_report(response, known.texts)}
