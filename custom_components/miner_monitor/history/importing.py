"""Brings what prior tools stored into Home Assistant's long-term statistics."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    statistics_during_period,
)
from homeassistant.const import (
    UnitOfEnergy,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util, slugify
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..coordinator import MinerConfigEntry
from ..runtime.entries import known_identity, miner_entries
from ..runtime.ha_compat import async_commit, own_text
from ..runtime.messages import file_cause
from ..runtime.targets import (
    invalid,
    miner_of_device,
)
from ..runtime.units import unit_class
from .files import (
    FOLDER,
    FileError,
    FileFault,
)
from .hours import (
    HOUR,
    MEANS,
    TOTALS,
    HourBook,
    running_sums,
)
from .prior import (
    Prior,
    read_prior,
)

if TYPE_CHECKING:
    from homeassistant.components.recorder import Recorder

MEDIA_SOURCE: Final = "media-source://media_source/"

UNITS: Final[Mapping[str, str | None]] = {
    "hash_rate": "TH/s",
    "power": UnitOfPower.WATT,
    "efficiency": "J/TH",
    "chip_temperature": UnitOfTemperature.CELSIUS,
    "vr_temperature": UnitOfTemperature.CELSIUS,
    "frequency": UnitOfFrequency.MEGAHERTZ,
    "best_difficulty": None,
    "energy": UnitOfEnergy.KILO_WATT_HOUR,
    "shares_accepted": None,
}

_LONGEST_SLUG: Final = 80
"""Letters of a name that are enough; written in Latin ones it may have many more."""

ROWS_AT_ONCE = 1000
"""Rows that are handed over without a break; more would hold up the event loop."""

_LOCK: HassKey[asyncio.Lock] = HassKey(f"{DOMAIN}_import")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Whose statistics the hours become."""

    slug: str
    name: str
    entry: MinerConfigEntry | None
    files_name: str


async def async_import(
    hass: HomeAssistant,
    recorder: Recorder,
    files: list[str],
    devices: Mapping[str, str],
) -> dict[str, Any]:
    """Read all files, and write nothing unless all of them can be read."""
    chosen = {name: _entry_of(hass, device) for name, device in devices.items()}
    prior = await hass.async_add_executor_job(_read, hass, files)
    if not prior.books:
        raise invalid("import_nothing")
    for name in chosen:
        if name not in prior.books:
            raise invalid(
                "import_no_such_name", name=name, names=", ".join(prior.books)
            )
    targets = _targets(hass, prior, chosen)
    merged = await hass.async_add_executor_job(_merged, targets, prior.books)
    # Two imports at once would both add to sums that neither has seen.
    async with hass.data.setdefault(_LOCK, asyncio.Lock()):
        await async_commit(hass)
        names = {
            key: own_text(
                hass, "entity", f"sensor.{key}.name", key.replace("_", " ").capitalize()
            )
            for key in UNITS
        }
        written = [
            await _write(hass, recorder, target, names[key], key, book)
            for target, book in merged
            for key in (*MEANS, *TOTALS)
        ]
        await async_commit(hass)
    skipped = prior.skipped
    return {
        "files": prior.tools,
        "miners": {
            target.files_name: None if target.entry is None else target.entry.title
            for target in targets
        },
        "statistics": [statistic for statistic in written if statistic],
        "rows": sum(book.rows for _, book in merged),
        "skipped": skipped.rows,
        "skipped_lines": skipped.lines,
        "offline": skipped.offline,
        "repeated": skipped.repeated,
    }


def _entry_of(hass: HomeAssistant, device_id: str) -> MinerConfigEntry:
    """Return the miner that a device is."""
    if (entry := miner_of_device(hass, device_id)) is None:
        raise invalid("import_no_such_device", device=device_id)
    return entry


def _read(hass: HomeAssistant, files: list[str]) -> Prior:
    """Find the files where they may be, and read them."""
    found = [(name, _path(hass, name)) for name in dict.fromkeys(files)]
    now = dt_util.utcnow() + timedelta(hours=1)
    try:
        return read_prior(found, dt_util.get_default_time_zone(), now.timestamp())
    except FileError as err:
        if err.fault is FileFault.TOO_LARGE:
            raise invalid("import_too_large", file=err.file) from err
        raise invalid("import_unknown", file=err.file) from err
    except OSError as err:
        raise invalid("import_failed", error=file_cause(hass, err)) from err


def _path(hass: HomeAssistant, name: str) -> Path:
    """Return where a file is: in a media folder, or where Home Assistant may read."""
    media = {key: Path(folder) for key, folder in hass.config.media_dirs.items()}
    if name.startswith(MEDIA_SOURCE):
        place, _, name = name.removeprefix(MEDIA_SOURCE).partition("/")
        media = {key: folder for key, folder in media.items() if key == place}
    folders, given = list(media.values()), Path(name)
    candidates = [given]
    if not given.is_absolute():
        candidates = [
            path
            for folder in folders
            for path in (folder / FOLDER / given, folder / given)
        ]
    try:
        path = next((path for path in candidates if path.is_file()), None)
        if path is None:
            raise invalid("import_missing", file=name)
        resolved = path.resolve(strict=True)
    except (OSError, ValueError) as err:
        raise invalid("import_missing", file=name) from err
    in_media = any(resolved.is_relative_to(folder.resolve()) for folder in folders)
    if not in_media and not hass.config.is_allowed_path(str(resolved)):
        raise invalid("import_place", file=name)
    return resolved


def _targets(
    hass: HomeAssistant, prior: Prior, chosen: Mapping[str, MinerConfigEntry]
) -> list[_Target]:
    """Find for each name in the files the miner that it means.

    A miner is known by the device, so that its statistics stay its own whatever it
    is called; one that is not here gets statistics under its name.
    """
    known = _known_names(hass)
    used: set[str] = set()
    targets = []
    for name in sorted(prior.books):
        entry = chosen.get(name)
        for called in (name, prior.hosts.get(name, "")):
            entry = entry or known.get(slugify(called, separator=""))
        if entry is not None:
            slug = slugify(entry.unique_id or entry.entry_id, separator="")
            title = entry.title
        else:
            title, slug = name, slugify(name)[:_LONGEST_SLUG].strip("_")
            free = (slug, *(f"{slug}_{number}" for number in range(2, 2 + len(used))))
            slug = next(one for one in free if one not in used)
            used.add(slug)
        targets.append(_Target(slug=slug, name=title, entry=entry, files_name=name))
    return targets


def _known_names(hass: HomeAssistant) -> dict[str, MinerConfigEntry]:
    """Return the miners by what they are called; what two are called is no name."""
    registry = dr.async_get(hass)
    known: dict[str, MinerConfigEntry | None] = {}
    for entry in miner_entries(hass):
        identity = known_identity(entry)
        device = registry.async_get_device_by_identifier(
            (DOMAIN, entry.unique_id or ""), entry.entry_id
        )
        names = {entry.title, identity.hostname, identity.mac, identity.serial}
        if device is not None:
            names |= {device.name, device.name_by_user}
        for name in {slugify(item, separator="") for item in names if item}:
            known[name] = None if name in known else entry
    return {name: entry for name, entry in known.items() if name and entry is not None}


def _merged(
    targets: list[_Target], books: Mapping[str, HourBook]
) -> list[tuple[_Target, HourBook]]:
    """Put together what a miner did under several names."""
    merged: dict[str, tuple[_Target, HourBook]] = {}
    for target in targets:
        book = books[target.files_name]
        there = merged.setdefault(target.slug, (target, book))[1]
        if there is not book:
            there.merge(book)
    return list(merged.values())


async def _write(
    hass: HomeAssistant,
    recorder: Recorder,
    target: _Target,
    figure: str,
    key: str,
    book: HourBook,
) -> dict[str, Any] | None:
    """Write one statistic of a miner, and return what it is; None without one."""
    hours = book.hours(key)
    if hours is None:
        return None
    metadata: StatisticMetaData = {
        "statistic_id": f"{DOMAIN}:{target.slug}_{key}",
        "source": DOMAIN,
        "name": f"{target.name}: {figure}",
        "mean_type": StatisticMeanType.NONE
        if key in TOTALS
        else StatisticMeanType.ARITHMETIC,
        "has_sum": key in TOTALS,
        "unit_class": unit_class(UNITS[key]),
        "unit_of_measurement": UNITS[key],
    }
    rows = await recorder.async_add_executor_job(_rows, hass, metadata, book, key)
    # What is there is replaced; without any row only the name is renewed.
    for begin in range(0, max(len(rows), 1), ROWS_AT_ONCE):
        some = rows[begin : begin + ROWS_AT_ONCE]
        async_add_external_statistics(hass, metadata, some)
        await asyncio.sleep(0)
    first, last, number = hours
    return {
        "statistic_id": metadata["statistic_id"],
        "name": metadata["name"],
        "hours": number,
        "start": dt_util.as_local(dt_util.utc_from_timestamp(first)).isoformat(),
        "end": dt_util.as_local(dt_util.utc_from_timestamp(last + HOUR)).isoformat(),
    }


def _rows(
    hass: HomeAssistant, metadata: StatisticMetaData, book: HourBook, key: str
) -> list[StatisticData]:
    """Return the hours of a figure; those of a total go on from what is stored."""
    if key not in TOTALS:
        return [
            {
                "start": dt_util.utc_from_timestamp(hour),
                "mean": mean.mean,
                "min": mean.minimum,
                "max": mean.maximum,
            }
            for hour, mean in book.means(key).items()
        ]
    statistic_id, unit = metadata["statistic_id"], UNITS[key]
    units = {known: unit} if (known := unit_class(unit)) and unit else None
    found = statistics_during_period(
        hass,
        dt_util.utc_from_timestamp(0),
        None,
        {statistic_id},
        "hour",
        units,
        {"sum"},
    )
    stored = [
        (int(row["start"]), total)
        for row in found.get(statistic_id, [])
        if (total := row.get("sum")) is not None
    ]
    return [
        {"start": dt_util.utc_from_timestamp(hour), "state": total, "sum": total}
        for hour, total in running_sums(stored, book.totals(key))
    ]
