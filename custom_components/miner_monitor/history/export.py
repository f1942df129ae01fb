"""Writes what miners did into a file of the media folder."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, STATES, STATISTICS, ColumnSet
from ..coordinator import MinerConfigEntry
from ..runtime.entries import known_identity
from ..runtime.ha_compat import (
    async_commit,
    is_recorded,
    kept_days,
    states_between,
)
from ..runtime.messages import file_cause
from ..runtime.targets import invalid
from ..runtime.units import conversion
from ..sensors import SENSORS
from .columns import (
    ONLINE,
    STATUS,
    Change,
    Kind,
    Row,
    RowMaker,
    Sheet,
    Source,
    Statistics,
    header,
    sources_of,
)
from .files import (
    FOLDER,
    ExportFile,
    FileError,
    FileFault,
    check_target,
    prepare_folder,
)

if TYPE_CHECKING:
    from homeassistant.components.recorder import Recorder

type Period = Literal["5minute", "hour"]

_LASTING: frozenset[Source] = frozenset(
    ("sensor", description.key)
    for description in SENSORS
    if description.available_offline
)
"""What has something to say of a miner that is away."""

_PARTS: Mapping[str, timedelta] = {
    STATES: timedelta(hours=6),
    "5minute": timedelta(days=1),
    "hour": timedelta(days=10),
}
"""How much of one miner's history is read at once; sorting it holds up all else."""

_SOURCE_NAMES: Mapping[Period | None, str] = {
    None: "states",
    "5minute": "statistics_5_minutes",
    "hour": "statistics_hourly",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What is to be written where."""

    entries: list[MinerConfigEntry]
    start: datetime
    end: datetime
    source: str
    columns: ColumnSet
    name: str
    overwrite: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Miner:
    """One miner's part of a file: what fills its columns, each in which unit."""

    name: str
    sheet: Sheet
    entities: dict[str, Source] = field(default_factory=dict)
    units: dict[Source, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


async def async_export(
    hass: HomeAssistant, recorder: Recorder, request: ExportRequest
) -> dict[str, Any]:
    """Write the file, and return what is in it."""
    period = _period(hass, request)
    miners = _miners(hass, request)
    folders = hass.config.media_dirs
    if not folders:
        raise invalid("no_media_folder")
    media = Path(folders.get("local") or next(iter(folders.values())))
    await async_commit(hass)
    try:
        beginning = hass.async_add_executor_job(_begin, hass, media, request)
        try:
            file = await asyncio.shield(beginning)
            for miner in miners:
                async for rows in _parts(recorder, miner, request, period):
                    await hass.async_add_executor_job(file.write, miner.sheet, rows)
            await hass.async_add_executor_job(file.finish)
        finally:
            # A thread goes on though whoever waits for it is cancelled.
            await hass.async_add_executor_job((await beginning).drop)
    except FileError as err:
        refusals = {
            FileFault.NAME: invalid("export_name", file=request.name),
            FileFault.EXISTS: invalid("export_exists", file=request.name),
        }
        refusal = refusals.get(err.fault) or invalid("export_place", file=request.name)
        raise refusal from err
    except OSError as err:
        raise invalid(
            "export_failed", file=request.name, error=file_cause(hass, err)
        ) from err
    columns = header(request.columns)
    return {
        "file": str(Path(media, FOLDER, request.name)),
        "rows": file.rows,
        "columns": columns,
        "empty_columns": [name for name in columns if name not in file.filled],
        "not_recorded": {miner.name: miner.missing for miner in miners},
        "source": _SOURCE_NAMES[period],
        "start": dt_util.as_local(request.start).isoformat(),
        "end": dt_util.as_local(request.end).isoformat(),
    }


def _period(hass: HomeAssistant, request: ExportRequest) -> Period | None:
    """Return which statistics are there for the whole time; None for states."""
    if request.source == STATES:
        return None
    age = dt_util.utcnow() - request.start
    return "5minute" if age / timedelta(days=1) <= kept_days(hass) else "hour"


def _begin(hass: HomeAssistant, media: Path, request: ExportRequest) -> ExportFile:
    """Check the path and begin the file."""
    folder = prepare_folder(media, Path(hass.config.path("www")))
    target = check_target(folder, request.name, overwrite=request.overwrite)
    if not hass.config.is_allowed_path(str(media / FOLDER / request.name)):
        raise FileError(FileFault.PLACE)
    return ExportFile(target, request.columns, overwrite=request.overwrite)


async def _parts(
    recorder: Recorder, miner: _Miner, request: ExportRequest, period: Period | None
) -> AsyncIterator[Iterable[Row]]:
    """Read the history of a miner part by part; the rows are made when written."""
    maker = RowMaker(knows_presence=ONLINE in miner.entities.values(), lasting=_LASTING)
    hass, start, step = recorder.hass, request.start, _PARTS[period or STATES]
    shown = {
        source: state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        for entity_id, source in miner.entities.items()
        if (state := hass.states.get(entity_id)) is not None
    }
    while miner.entities and start < request.end:
        end, first = min(start + step, request.end), start == request.start
        if period is None:
            yield maker.feed(
                await recorder.async_add_executor_job(
                    _read_changes, hass, miner, start, end, first
                )
            )
        else:
            yield maker.feed_periods(
                await recorder.async_add_executor_job(
                    _read_periods, hass, miner, start, end, period, shown
                )
            )
        start = end
    yield maker.finish()


def _read_changes(
    hass: HomeAssistant, miner: _Miner, start: datetime, end: datetime, first: bool
) -> list[Change]:
    """Return what entities were from start to end, in the order of time.

    The first part of a history begins with what they were already at its start. A
    number is brought from the unit that it had then to that of its column.
    """
    since = start - timedelta(microseconds=1)
    found = states_between(hass, since, end, miner.entities, first=first)
    if found is None:
        raise invalid("recorder_changed")
    earliest = start.timestamp()
    return sorted(
        (max(item.at, earliest), source, _in_unit(item.state, item.unit, miner, source))
        for entity_id, items in found.items()
        for source in (miner.entities[entity_id],)
        for item in items
    )


def _read_periods(
    hass: HomeAssistant,
    miner: _Miner,
    start: datetime,
    end: datetime,
    period: Period,
    shown: Mapping[Source, str | None],
) -> list[Statistics]:
    """Return the means, and of counters the last values, of each period.

    Statistics come in the unit in which an entity is shown today.
    """
    found = statistics_during_period(
        hass, start, end, set(miner.entities), period, None, {"mean", "state"}
    )
    periods: dict[float, dict[Source, str]] = {}
    for entity_id, rows in found.items():
        source = miner.entities[entity_id]
        for row in rows:
            mean, state = row.get("mean"), row.get("state")
            value = state if mean is None else mean
            if value is not None:
                text = _in_unit(f"{value:.10g}", shown.get(source), miner, source)
                periods.setdefault(row["start"], {})[source] = text
    return sorted(periods.items())


def _in_unit(state: object, unit: str | None, miner: _Miner, source: Source) -> str:
    """Return a state, a number in the unit of its column."""
    text = str(state)
    if (convert := conversion(unit, miner.units.get(source))) is None:
        return text
    try:
        return f"{convert(float(text)):.10g}"
    except ValueError:
        return text


def _miners(hass: HomeAssistant, request: ExportRequest) -> list[_Miner]:
    """Find out what fills the columns; miners of one name get different names."""
    names = []
    for entry in request.entries:
        device = dr.async_get(hass).async_get_device_by_identifier(
            (DOMAIN, entry.unique_id or ""), entry.entry_id
        )
        names.append((device and device.name_by_user) or entry.title)
    return [
        _miner(
            hass,
            entry,
            name if names.count(name) == 1 else f"{name} ({entry.unique_id})",
            request,
        )
        for name, entry in zip(names, request.entries, strict=True)
    ]


def _miner(
    hass: HomeAssistant, entry: MinerConfigEntry, name: str, request: ExportRequest
) -> _Miner:
    """Find out which entities fill the columns of a miner.

    There are statistics of sensors with numbers only.
    """
    statistics = request.source == STATISTICS
    chosen: dict[str, Source] = {}
    identity = known_identity(entry)
    facts = {
        "name": name,
        "host": entry.data[CONF_HOST],
        "chip_model": identity.chip_model,
        "board": identity.board,
        "firmware": identity.firmware,
    }
    sheet = Sheet(
        columns=request.columns,
        zone=dt_util.get_default_time_zone(),
        facts={key: value for key, value in facts.items() if value},
        chosen=chosen,
    )
    miner = _Miner(name=name, sheet=sheet)
    for column, sources in sources_of(request.columns):
        for source in sources:
            counted = source[0] == "sensor" and column.kind is Kind.NUMBER
            entity_id = _recorded(hass, entry, source)
            if entity_id is None or (statistics and not counted):
                continue
            chosen[column.name] = miner.entities[entity_id] = source
            if column.unit is not None:
                miner.units[source] = column.unit
            break
        else:
            miner.missing.append(column.name)
    for source in () if statistics else (ONLINE, STATUS):
        if entity_id := _recorded(hass, entry, source):
            miner.entities[entity_id] = source
    return miner


def _recorded(
    hass: HomeAssistant, entry: MinerConfigEntry, source: Source
) -> str | None:
    """Return the entity of a source if the recorder gets to see it."""
    platform, key = source
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id(
        platform, DOMAIN, f"{entry.unique_id}_{key}"
    )
    if entity_id is None or registry.entities[entity_id].disabled:
        return None
    return entity_id if is_recorded(hass, entity_id) else None
