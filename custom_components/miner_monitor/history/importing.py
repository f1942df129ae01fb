"""Brings what prior tools stored into Home Assistant's long-term statistics."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

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
from ..runtime.entry_data import miner_entries
from ..runtime.ha_compat import texts_of
from ..runtime.identity import known_identity
from ..runtime.targets import (
    invalid,
    miner_of,
)
from .files import (
    FOLDER,
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
    PriorFileError,
    read_prior,
)
from .recorder import (
    async_commit,
    async_read_sums,
    async_write_statistic,
    mean_rows,
    sum_rows,
)

if TYPE_CHECKING:
    from homeassistant.components.recorder import Recorder
    from homeassistant.components.recorder.models import StatisticData

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
        await async_commit(recorder)
        names = _figure_names(hass)
        written = [
            await _write(hass, recorder, target, names[key], key, book)
            for target, book in merged
            for key in (*MEANS, *TOTALS)
        ]
        await async_commit(recorder)
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
    device = dr.async_get(hass).async_get(device_id)
    entry = None if device is None else miner_of(hass, device.config_entry_id)
    if entry is None:
        raise invalid("import_no_such_device", device=device_id)
    return entry


def _read(hass: HomeAssistant, files: list[str]) -> Prior:
    """Find the files where they may be, and read them."""
    found = [(name, _path(hass, name)) for name in dict.fromkeys(files)]
    now = dt_util.utcnow() + timedelta(hours=1)
    try:
        return read_prior(found, dt_util.get_default_time_zone(), now.timestamp())
    except PriorFileError as err:
        match err.fault:
            case FileFault.TOO_LARGE:
                raise invalid("import_too_large", file=err.file) from err
            case _:
                raise invalid("import_unknown", file=err.file) from err
    except OSError as err:
        reason = err.strerror or type(err).__name__
        raise invalid("import_failed", error=reason) from err


def _path(hass: HomeAssistant, name: str) -> Path:
    """Return where a file is: in a media folder, or where Home Assistant may read."""
    folders = [Path(folder) for folder in hass.config.media_dirs.values()]
    if name.startswith(MEDIA_SOURCE):
        place, _, name = name.removeprefix(MEDIA_SOURCE).partition("/")
        folders = [
            Path(folder)
            for key, folder in hass.config.media_dirs.items()
            if key == place
        ]
    given = Path(name)
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
        for told in (name, prior.hosts.get(name, "")):
            entry = entry or known.get(slugify(told, separator=""))
        if entry is not None:
            slug = slugify(entry.unique_id or entry.entry_id, separator="")
            title = entry.title
        else:
            title, slug = name, _free(slugify(name)[:_LONGEST_SLUG].strip("_"), used)
            used.add(slug)
        targets.append(_Target(slug=slug, name=title, entry=entry, files_name=name))
    return targets


def _free(slug: str, used: set[str]) -> str:
    """Return a slug that no other name has."""
    number, free = 1, slug
    while free in used:
        number += 1
        free = f"{slug}_{number}"
    return free


def _known_names(hass: HomeAssistant) -> dict[str, MinerConfigEntry]:
    """Return the miners by what they are called; what two are called is no name."""
    registry = dr.async_get(hass)
    known: dict[str, MinerConfigEntry | None] = {}
    for entry in miner_entries(hass):
        identity = known_identity(entry)
        device = registry.async_get_device_by_identifier(
            (DOMAIN, entry.unique_id or ""), entry.entry_id
        )
        told = {entry.title, identity.hostname, identity.mac, identity.serial}
        if device is not None:
            told |= {device.name, device.name_by_user}
        for name in {slugify(item, separator="") for item in told if item}:
            known[name] = None if name in known else entry
    return {name: entry for name, entry in known.items() if name and entry is not None}


def _merged(
    targets: list[_Target], books: Mapping[str, HourBook]
) -> list[tuple[_Target, HourBook]]:
    """Put together what a miner did under several names."""
    merged: dict[str, tuple[_Target, HourBook]] = {}
    for target in targets:
        book = books[target.files_name]
        if (there := merged.get(target.slug)) is None:
            merged[target.slug] = (target, book)
        else:
            there[1].merge(book)
    return list(merged.values())


def _figure_names(hass: HomeAssistant) -> dict[str, str]:
    """Return what the figures are called, in Home Assistant's language."""
    texts = texts_of(hass, "entity")
    return {
        key: texts.get(
            f"component.{DOMAIN}.entity.sensor.{key}.name",
            key.replace("_", " ").capitalize(),
        )
        for key in UNITS
    }


async def _write(
    hass: HomeAssistant,
    recorder: Recorder,
    target: _Target,
    figure: str,
    key: str,
    book: HourBook,
) -> dict[str, Any] | None:
    """Write one statistic of a miner, and tell what it is; None if there is none."""
    hours = book.hours(key)
    if hours is None:
        return None
    statistic_id, unit = f"{DOMAIN}:{target.slug}_{key}", UNITS[key]
    name = f"{target.name}: {figure}"
    stored = None
    if key in TOTALS:
        stored = await async_read_sums(recorder, statistic_id, unit)
    rows = await hass.async_add_executor_job(_rows, book, key, stored)
    await async_write_statistic(
        hass, statistic_id, name, unit, rows, total=stored is not None
    )
    first, last, count = hours
    return {
        "statistic_id": statistic_id,
        "name": name,
        "hours": count,
        "start": dt_util.as_local(dt_util.utc_from_timestamp(first)).isoformat(),
        "end": dt_util.as_local(dt_util.utc_from_timestamp(last + HOUR)).isoformat(),
    }


def _rows(
    book: HourBook, key: str, stored: list[tuple[int, float]] | None
) -> list[StatisticData]:
    """Return the hours of a figure; those of a total go on from what is stored."""
    if stored is None:
        return mean_rows(book.means(key))
    return sum_rows(running_sums(stored, book.totals(key)))
