"""Actions about history: a file of what was, and what other tools knew before."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.util import dt as dt_util

from ..const import MOST_EXPORTED_HOURS, ColumnSet
from ..history.export import ExportRequest, async_export
from ..history.importing import async_import
from ..runtime.ha_compat import running_recorder
from ..runtime.targets import (
    invalid,
    targets_of,
)

if TYPE_CHECKING:
    from homeassistant.components.recorder import Recorder


async def export_csv(call: ServiceCall) -> ServiceResponse:
    """Write a file of what was."""
    recorder = _require_recorder(call.hass)
    entries = await targets_of(call)
    start, end = _span(call.data)
    columns: ColumnSet = call.data["columns"]
    request = ExportRequest(
        entries=entries,
        start=start,
        end=end,
        source=call.data["source"],
        columns=columns,
        name=call.data.get("file")
        or f"{columns.value}_{dt_util.now():%Y%m%d_%H%M%S}.csv",
        overwrite=call.data["overwrite"],
    )
    return await async_export(call.hass, recorder, request)


async def import_history(call: ServiceCall) -> ServiceResponse:
    """Read what other tools knew before."""
    return await async_import(
        call.hass, _require_recorder(call.hass), call.data["file"], call.data["map"]
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
        end = min(dt_util.as_utc(data.get("end", now)), now)
        start = end - timedelta(hours=data["hours"])
        if "start" in data:
            start = dt_util.as_utc(data["start"])
    except OverflowError:
        raise invalid("span_too_long") from None
    if end - start > timedelta(hours=MOST_EXPORTED_HOURS):
        raise invalid("span_too_long")
    if start >= end:
        raise invalid("span_is_empty")
    return start, end
