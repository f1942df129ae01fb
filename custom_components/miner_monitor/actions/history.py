"""Actions about history: a file of what was, and what other tools knew before."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN
from ..history.columns import ColumnSet
from ..history.export import (
    STATES,
    STATISTICS,
    ExportRequest,
    async_export,
)
from ..history.importing import async_import
from ..runtime.ha_compat import running_recorder
from ..runtime.targets import (
    invalid,
    targets_of,
)

if TYPE_CHECKING:
    from homeassistant.components.recorder import Recorder

ACTION_EXPORT_CSV = "export_csv"
ACTION_IMPORT_HISTORY = "import_history"

ATTR_COLUMNS = "columns"
ATTR_END = "end"
ATTR_FILE = "file"
ATTR_HOURS = "hours"
ATTR_MAP = "map"
ATTR_OVERWRITE = "overwrite"
ATTR_SOURCE = "source"
ATTR_START = "start"

MOST_HOURS = 24 * 366 * 10
MOST_FILES = 200

_EXPORT = cv.make_entity_service_schema(
    {
        vol.Optional(ATTR_START): cv.datetime,
        vol.Optional(ATTR_END): cv.datetime,
        vol.Optional(ATTR_HOURS, default=24): vol.All(
            vol.Coerce(int), vol.Range(min=1, max=MOST_HOURS)
        ),
        vol.Optional(ATTR_SOURCE, default=STATES): vol.In([STATES, STATISTICS]),
        vol.Optional(ATTR_COLUMNS, default=ColumnSet.OURS): vol.All(
            cv.string, vol.Coerce(ColumnSet)
        ),
        vol.Optional(ATTR_FILE): cv.string,
        vol.Optional(ATTR_OVERWRITE, default=False): cv.boolean,
    }
)
_IMPORT = vol.Schema(
    {
        vol.Required(ATTR_FILE): vol.All(
            cv.ensure_list, [cv.string], vol.Length(min=1, max=MOST_FILES)
        ),
        vol.Optional(ATTR_MAP, default=dict): vol.Schema({cv.string: cv.string}),
    }
)


@callback
def async_register_history_actions(hass: HomeAssistant) -> None:
    """Register the actions about history; they are for administrators."""
    for name, action, schema in (
        (ACTION_EXPORT_CSV, _export_csv, _EXPORT),
        (ACTION_IMPORT_HISTORY, _import_history, _IMPORT),
    ):
        async_register_admin_service(
            hass, DOMAIN, name, action, schema, SupportsResponse.OPTIONAL
        )


async def _export_csv(call: ServiceCall) -> ServiceResponse:
    recorder = _require_recorder(call.hass)
    entries = await targets_of(call)
    start, end = _span(call.data)
    columns: ColumnSet = call.data[ATTR_COLUMNS]
    request = ExportRequest(
        entries=entries,
        start=start,
        end=end,
        source=call.data[ATTR_SOURCE],
        columns=columns,
        name=call.data.get(ATTR_FILE) or _default_name(columns),
        overwrite=call.data[ATTR_OVERWRITE],
    )
    return await async_export(call.hass, recorder, request)


async def _import_history(call: ServiceCall) -> ServiceResponse:
    recorder = _require_recorder(call.hass)
    return await async_import(
        call.hass, recorder, call.data[ATTR_FILE], call.data[ATTR_MAP]
    )


def _require_recorder(hass: HomeAssistant) -> Recorder:
    """Return the recorder; an error says that there is none."""
    if (recorder := running_recorder(hass)) is None:
        raise invalid("no_recorder")
    return recorder


def _span(data: dict[str, Any]) -> tuple[datetime, datetime]:
    """Return from when to when; without a start it is some hours up to the end."""
    now = dt_util.utcnow()
    try:
        end = dt_util.as_utc(data[ATTR_END]) if ATTR_END in data else now
        end = min(end, now)
        start = end - timedelta(hours=data[ATTR_HOURS])
        if ATTR_START in data:
            start = dt_util.as_utc(data[ATTR_START])
    except OverflowError:
        raise invalid("span_too_long") from None
    if end - start > timedelta(hours=MOST_HOURS):
        raise invalid("span_too_long")
    if start >= end:
        raise invalid("span_is_empty")
    return start, end


def _default_name(columns: ColumnSet) -> str:
    """Return a name that nothing has yet."""
    return f"{columns.value}_{dt_util.now():%Y%m%d_%H%M%S}.csv"
