"""Writes what miners did into a file of the media folder."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..coordinator import MinerConfigEntry
from ..runtime.ha_compat import (
    is_recorded,
    kept_days,
)
from ..runtime.identity import known_identity
from ..runtime.targets import invalid
from ..sensors import SENSORS
from .columns import (
    ONLINE,
    STATUS,
    Column,
    ColumnSet,
    Kind,
    Row,
    Sheet,
    Source,
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
from .recorder import (
    Period,
    async_commit,
    async_read_changes,
    async_read_means,
    scale_between,
)
from .rows import (
    MeanRowMaker,
    RowMaker,
)

if TYPE_CHECKING:
    from homeassistant.components.recorder import Recorder

STATES, STATISTICS = "states", "statistics"

_LASTING: frozenset[Source] = frozenset(
    ("sensor", description.key) for description in SENSORS if description.off_ok
)
"""What has something to say of a miner that is away."""

_PARTS: Mapping[str, timedelta] = {
    STATES: timedelta(hours=6),
    "5minute": timedelta(days=1),
    "hour": timedelta(days=10),
}
"""How much of one miner's history is read at once; sorting it holds up all else."""


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
    """One miner's part of a file."""

    name: str
    sheet: Sheet
    entities: dict[str, Source]
    units: dict[Source, str]
    missing: list[str]


async def async_export(
    hass: HomeAssistant, recorder: Recorder, request: ExportRequest
) -> dict[str, Any]:
    """Write the file, and tell what is in it."""
    period = _period(hass, request)
    names = _names(hass, request.entries)
    miners = [
        _miner(hass, entry, name, request)
        for entry, name in zip(request.entries, names, strict=True)
    ]
    media = _media(hass)
    await async_commit(recorder)
    try:
        file = await hass.async_add_executor_job(_begin, hass, media, request)
        try:
            for miner in miners:
                async for rows in _parts(recorder, miner, request, period):
                    await hass.async_add_executor_job(file.write, miner.sheet, rows)
            await hass.async_add_executor_job(file.finish)
        finally:
            await hass.async_add_executor_job(file.drop)
    except FileError as err:
        raise _refused(err.fault, request.name) from err
    except OSError as err:
        raise invalid(
            "export_failed", file=request.name, error=err.strerror or type(err).__name__
        ) from err
    columns = header(request.columns)
    return {
        "file": str(Path(media, FOLDER, request.name)),
        "rows": file.rows,
        "columns": columns,
        "empty_columns": [name for name in columns if name not in file.filled],
        "not_recorded": {miner.name: miner.missing for miner in miners},
        "source": _source_name(period),
        "start": dt_util.as_local(request.start).isoformat(),
        "end": dt_util.as_local(request.end).isoformat(),
    }


def _refused(fault: FileFault, name: str) -> Exception:
    """Return the error that tells why there is no such file."""
    match fault:
        case FileFault.NAME:
            return invalid("export_name", file=name)
        case FileFault.EXISTS:
            return invalid("export_exists", file=name)
        case _:
            return invalid("export_place", file=name)


def _source_name(period: Period | None) -> str:
    match period:
        case None:
            return "states"
        case "5minute":
            return "statistics_5_minutes"
        case _:
            return "statistics_hourly"


def _period(hass: HomeAssistant, request: ExportRequest) -> Period | None:
    """Return which statistics are there for the whole time; None for states."""
    if request.source == STATES:
        return None
    age = dt_util.utcnow() - request.start
    return "5minute" if age / timedelta(days=1) <= kept_days(hass) else "hour"


def _media(hass: HomeAssistant) -> Path:
    """Return the path of the media folder."""
    folders = hass.config.media_dirs
    if not folders:
        raise invalid("no_media_folder")
    return Path(folders.get("local") or next(iter(folders.values())))


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
    mean_maker = MeanRowMaker(_LASTING)
    start, step = request.start, _PARTS[period or STATES]
    while start < request.end:
        end = min(start + step, request.end)
        if period is None:
            changes = await async_read_changes(
                recorder,
                miner.entities,
                start,
                end,
                first=start == request.start,
                units=miner.units,
            )
            yield maker.feed(changes)
        else:
            means = await async_read_means(recorder, miner.entities, start, end, period)
            yield mean_maker.feed(means)
        start = end
    yield maker.finish()


def _miner(
    hass: HomeAssistant, entry: MinerConfigEntry, name: str, request: ExportRequest
) -> _Miner:
    """Find out which entities fill the columns of a miner."""
    statistics = request.source == STATISTICS
    chosen: dict[str, Source] = {}
    units: dict[Source, str] = {}
    entities: dict[str, Source] = {}
    missing = []
    for column, sources in sources_of(request.columns):
        for source in sources:
            entity_id = _recorded(hass, entry, source)
            if entity_id is None or (statistics and not _counted(column, source)):
                continue
            chosen[column.name] = source
            entities[entity_id] = source
            if column.unit is not None:
                units[source] = column.unit
            break
        else:
            missing.append(column.name)
    if not statistics:
        for source in (ONLINE, STATUS):
            if entity_id := _recorded(hass, entry, source):
                entities[entity_id] = source
    sheet = Sheet(
        columns=request.columns,
        zone=dt_util.get_default_time_zone(),
        facts=_facts(entry, name),
        chosen=chosen,
        scales=_scales(hass, entities, units) if statistics else {},
    )
    return _Miner(
        name=name, sheet=sheet, entities=entities, units=units, missing=missing
    )


def _scales(
    hass: HomeAssistant, entities: Mapping[str, Source], units: Mapping[Source, str]
) -> dict[Source, tuple[float, float]]:
    """Return how statistics, which come in the unit of today, become the column's."""
    scales = {}
    for entity_id, source in entities.items():
        state = hass.states.get(entity_id)
        unit = None if state is None else state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        scales[source] = scale_between(unit, units.get(source))
    return scales


def _counted(column: Column, source: Source) -> bool:
    """Whether there are statistics of a source: of sensors with numbers only."""
    return source[0] == "sensor" and column.kind is Kind.NUMBER


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


def _names(hass: HomeAssistant, entries: list[MinerConfigEntry]) -> list[str]:
    """Return what the miners are called; those of one name can be told apart."""
    names = []
    for entry in entries:
        device = dr.async_get(hass).async_get_device_by_identifier(
            (DOMAIN, entry.unique_id or ""), entry.entry_id
        )
        names.append((device and device.name_by_user) or entry.title)
    return [
        name if names.count(name) == 1 else f"{name} ({entry.unique_id})"
        for name, entry in zip(names, entries, strict=True)
    ]


def _facts(entry: MinerConfigEntry, name: str) -> dict[str, str]:
    """Return what is the same in all rows of a miner, as it is now."""
    identity = known_identity(entry)
    known = {
        "name": name,
        "host": entry.data[CONF_HOST],
        "chip_model": identity.chip_model,
        "board": identity.board,
        "firmware": identity.firmware,
    }
    return {key: value for key, value in known.items() if value}
