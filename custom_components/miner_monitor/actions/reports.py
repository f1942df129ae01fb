"""Actions that answer with a report: of miners, of all miners, of their settings."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from itertools import batched

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import (
    Context,
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
)
from homeassistant.util import dt as dt_util

from ..coordinator import MinerConfigEntry
from ..fleet.coordinator import async_loaded_fleet
from ..fleet.model import NO_MONTH, FleetMonth
from ..report import markdown
from ..report.figures import (
    fleet_figures,
    miner_figures,
    month_figures,
    tuning_figures,
)
from ..report.model import (
    FLEET_MEASURED,
    MEASURED,
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
from ..runtime.entries import miner_entries
from ..runtime.ha_compat import running_recorder
from ..runtime.targets import (
    async_readable,
    async_require_read,
    invalid,
    require_loaded,
    targets_of,
)

AT_ONCE = 5
"""Miners that are looked at before other callbacks get their turn."""

type Entries = Sequence[MinerConfigEntry]
type Writer = Callable[[Figures, markdown.Texts], str]
type Writers = Mapping[str, Writer]
type Maker = Callable[
    [Sequence[MinerFacts], Records, Period, Price | None, tzinfo], Figures
]


async def miner_report(call: ServiceCall) -> ServiceResponse:
    """Report on each miner that is meant."""
    miners, texts = await _loaded_targets(call), markdown.Texts(call.hass)
    return await async_miner_report(call.hass, _period(call), miners, texts)


async def async_miner_report(
    hass: HomeAssistant,
    period: Period,
    miners: tuple[Entries, Entries],
    texts: markdown.Texts,
) -> Figures:
    """Report on miners: those that are loaded, and those that are not."""
    words = {"summary": markdown.miner_summary, "markdown": markdown.miner_report}
    return await async_report(hass, period, miners, MEASURED, _figures, words, texts)


async def fleet_report(call: ServiceCall) -> ServiceResponse:
    """Report on all miners that the caller may read."""
    texts = markdown.Texts(call.hass)
    return await async_fleet_report(call.hass, call.context, _period(call), texts)


async def async_fleet_report(
    hass: HomeAssistant, context: Context, period: Period, texts: markdown.Texts
) -> Figures:
    """Report on all miners that somebody may read.

    What the month cost is known of all of them together alone.
    """
    entries = miner_entries(hass)
    readable = await async_readable(hass, context, entries)
    miners, fleet = _apart(readable), async_loaded_fleet(hass)
    if not miners[0]:
        raise invalid("no_miner_loaded")
    month = NO_MONTH
    if fleet is not None and len(readable) == len(entries):
        month = fleet.data.month
    words = {"summary": markdown.fleet_summary, "markdown": markdown.fleet_report}
    figures = partial(_fleet_figures, month)
    return await async_report(
        hass, period, miners, FLEET_MEASURED, figures, words, texts
    )


async def compare_settings(call: ServiceCall) -> ServiceResponse:
    """Compare the settings that each miner has run with."""
    miners = await _loaded_targets(call)
    return await async_compare(call.hass, miners, markdown.Texts(call.hass))


async def async_compare(
    hass: HomeAssistant, miners: tuple[Entries, Entries], texts: markdown.Texts
) -> Figures:
    """Compare what miners have run with: those that are loaded, and those not."""
    facts, zone = await _facts(hass, miners[0]), dt_util.get_default_time_zone()

    def assemble() -> Figures:
        response = {
            "units": dict(UNITS),
            "miners": [tuning_figures(one, texts.setting, zone) for one in facts],
            "not_loaded": [entry.title for entry in miners[1]],
        }
        return {**response, "markdown": markdown.settings_report(response, texts)}

    return await hass.async_add_executor_job(assemble)


async def _loaded_targets(call: ServiceCall) -> tuple[Entries, Entries]:
    """Return the miners that are meant, if the caller may read all of them.

    At least one is loaded; those that are not come apart.
    """
    entries = await targets_of(call)
    await async_require_read(call.hass, call.context, entries)
    loaded, rest = _apart(entries)
    if not loaded:
        require_loaded(rest[0])
    return loaded, rest


def _apart(entries: Iterable[MinerConfigEntry]) -> tuple[Entries, Entries]:
    """Part those that are loaded from those that are not."""
    parts: dict[bool, list[MinerConfigEntry]] = {True: [], False: []}
    for entry in entries:
        parts[entry.state is ConfigEntryState.LOADED].append(entry)
    return parts[True], parts[False]


async def _facts(hass: HomeAssistant, loaded: Entries) -> list[MinerFacts]:
    """Take what is known of the miners, with a breath for others now and then."""
    facts = []
    for some in batched(loaded, AT_ONCE, strict=False):
        facts += [facts_of(hass, entry) for entry in some]
        await asyncio.sleep(0)
    return facts


def _period(call: ServiceCall) -> Period:
    """Return the period that a call asks for."""
    if call.data["today"]:
        return period_of_today()
    return period_until_now(call.hass, call.data["hours"])


async def async_report(
    hass: HomeAssistant,
    period: Period,
    miners: tuple[Entries, Entries],
    measured: Iterable[str],
    figures: Maker,
    words: Writers,
    texts: markdown.Texts,
) -> Figures:
    """Ask the recorder, and return the response with its figures and in words.

    ``miners`` are those that are loaded, and those that are not; ``words`` write the
    texts of the response.

    Without a recorder there are the daily rows, and the present: that is worth more
    to a notification than an error.
    """
    zone, price = dt_util.get_default_time_zone(), price_of(hass)
    recorder = running_recorder(hass)
    facts = await _facts(hass, miners[0])
    query = query_of(facts, period, price, measured)

    def made() -> Figures:
        records = None if recorder is None else read(hass, query)
        response = {
            "period": {
                "start": local_time(period.start, zone),
                "end": local_time(period.end, zone),
                "hours": period.hours,
            },
            "days": {"from": period.first_day, "to": period.last_day},
            "recorder": records is not None,
            "units": dict(UNITS),
            "not_loaded": [entry.title for entry in miners[1]],
            **figures(facts, records or NO_RECORDS, period, price, zone),
        }
        written = {key: write(response, texts) for key, write in words.items()}
        return {**response, **written}

    threads = hass if recorder is None else recorder
    return await threads.async_add_executor_job(made)


def _figures(
    members: Sequence[MinerFacts],
    records: Records,
    period: Period,
    price: Price | None,
    zone: tzinfo,
) -> Figures:
    """Return the figures of each miner."""
    return {
        "miners": [miner_figures(one, records, period, price, zone) for one in members]
    }


def _fleet_figures(
    month: FleetMonth,
    members: Sequence[MinerFacts],
    records: Records,
    period: Period,
    price: Price | None,
    zone: tzinfo,
) -> Figures:
    """Return the figures of all miners, and what their month cost."""
    return {
        "month": price and month_figures(month, price),
        **fleet_figures(members, records, period, price, zone),
    }
