"""Actions that answer with a report: of miners, of all miners, of their settings."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from homeassistant.components.recorder import get_instance
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

from .action_targets import invalid, require_loaded, targets_of
from .const import DOMAIN
from .coordinator import MinerConfigEntry
from .entry_data import miner_entries
from .report import markdown
from .report.fleet import fleet_figures
from .report.gather import (
    facts_of,
    has_recorder,
    period_until_now,
    price_of,
    query_of,
)
from .report.miner import miner_figures
from .report.model import (
    FLEET_MEASURED,
    MEASURED,
    MOST_HOURS,
    NO_RECORDS,
    UNITS,
    Records,
)
from .report.numbers import local_time
from .report.recorder_read import read
from .report.texts import Texts
from .report.tuning import tuning_figures

ACTION_MINER_REPORT = "miner_report"
ACTION_FLEET_REPORT = "fleet_report"
ACTION_COMPARE_SETTINGS = "compare_settings"

ATTR_HOURS = "hours"
DEFAULT_HOURS = 24

type Figures = dict[str, Any]
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


_FIELDS = {vol.Optional(ATTR_HOURS, default=DEFAULT_HOURS): _hours}


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
    loaded, rest = _apart(await targets_of(call))
    if not loaded:
        require_loaded(rest[0])
    return await _Report(call, loaded, rest, MEASURED).answer(_of_miners)


async def _fleet_report(call: ServiceCall) -> ServiceResponse:
    loaded, rest = _apart(miner_entries(call.hass))
    if not loaded:
        raise invalid("no_miner_loaded")
    return await _Report(call, loaded, rest, FLEET_MEASURED).answer(_of_fleet)


async def _compare_settings(call: ServiceCall) -> ServiceResponse:
    hass = call.hass
    loaded, rest = _apart(await targets_of(call))
    if not loaded:
        require_loaded(rest[0])
    facts, texts = [facts_of(hass, entry) for entry in loaded], Texts(hass)
    zone = dt_util.get_default_time_zone()

    def assemble() -> Figures:
        response = {
            "units": dict(UNITS),
            "miners": [tuning_figures(one, texts.setting, zone) for one in facts],
            "not_loaded": [entry.title for entry in rest],
        }
        return {**response, "markdown": markdown.settings_report(response, texts)}

    return await hass.async_add_executor_job(assemble)


def _apart(entries: Iterable[MinerConfigEntry]) -> tuple[Entries, Entries]:
    """Part those that can tell something from those that are not loaded."""
    loaded: list[MinerConfigEntry] = []
    rest: list[MinerConfigEntry] = []
    for entry in entries:
        there = entry.state is ConfigEntryState.LOADED
        (loaded if there else rest).append(entry)
    return loaded, rest


class _Report:
    """A report of some miners over some hours.

    What the event loop knows is taken at once; reading the database and putting the
    answer together is done in a thread. Without a recorder there are the daily rows,
    and the present: that is worth more to a notification than an error.
    """

    def __init__(
        self,
        call: ServiceCall,
        loaded: Entries,
        rest: Entries,
        measured: Iterable[str],
    ) -> None:
        """Take what is known now."""
        hass = self._hass = call.hass
        self.zone = dt_util.get_default_time_zone()
        self.texts = Texts(hass)
        self.period = period_until_now(hass, call.data[ATTR_HOURS])
        self.price = price_of(hass)
        self.facts = [facts_of(hass, entry) for entry in loaded]
        self.recorder = has_recorder(hass)
        self._rest = [entry.title for entry in rest]
        self._query = query_of(hass, self.facts, self.period, self.price, measured)

    async def answer(self, make: Maker) -> Figures:
        """Return the response that ``make`` puts together."""
        if not self.recorder:
            return await self._hass.async_add_executor_job(make, self, NO_RECORDS)
        return await get_instance(self._hass).async_add_executor_job(
            lambda: make(self, read(self._hass, self._query))
        )

    @property
    def frame(self) -> Figures:
        """Return what every response has."""
        period, zone = self.period, self.zone
        return {
            "period": {
                "start": local_time(period.start, zone),
                "end": local_time(period.end, zone),
                "hours": period.hours,
            },
            "days": {"from": period.first_day, "to": period.last_day},
            "recorder": self.recorder,
            "units": dict(UNITS),
            "not_loaded": self._rest,
        }


type Maker = Callable[[_Report, Records], Figures]


def _of_miners(report: _Report, records: Records) -> Figures:
    miners = [
        miner_figures(facts, records, report.period, report.price, report.zone)
        for facts in report.facts
    ]
    response = {**report.frame, "miners": miners}
    return {**response, "markdown": markdown.miner_report(response, report.texts)}


def _of_fleet(report: _Report, records: Records) -> Figures:
    figures = fleet_figures(
        report.facts, records, report.period, report.price, report.zone
    )
    response = {**report.frame, **figures}
    return {**response, "markdown": markdown.fleet_report(response, report.texts)}
