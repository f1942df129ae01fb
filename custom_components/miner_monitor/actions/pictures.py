"""The action that stores a chart as a picture in the media folder."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
import re
import secrets
import stat
import time

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.util import dt as dt_util

from ..coordinator import MinerConfigEntry
from ..fleet.coordinator import async_fleet_entry
from ..history.files import (
    FOLDER,
    FileError,
    FileFault,
    prepare_folder,
    write_whole,
)
from ..report.pictures import Picture, async_chart
from ..runtime.entries import loaded_of, miner_entries
from ..runtime.messages import file_cause
from ..runtime.targets import (
    async_readable,
    async_require_read,
    entries_meant,
    invalid,
    miners_among,
    require_loaded,
)

CHARTS = "charts"
KEPT_DAYS = 14
MOST_KEPT = 200
_NAME = re.compile(r"[a-z_]+_\d{1,3}h_\d{8}_\d{6}_[0-9a-f]{6}\.png")


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a picture is: for attachments, for a browser, and for media players."""

    path: str
    url: str
    media_content_id: str


async def chart(call: ServiceCall) -> ServiceResponse:
    """Draw a chart of the miners that are meant, and store it."""
    hass, data = call.hass, call.data
    picture = await async_chart(
        hass,
        data["kind"],
        await _members(call),
        data["hours"],
        data["theme"],
        dpi=data["dpi"],
    )
    stored = await async_store(hass, picture)
    return asdict(stored)


async def _members(call: ServiceCall) -> Sequence[MinerConfigEntry]:
    """Return the miners that are meant and loaded; the device of all means all."""
    hass, fleet = call.hass, async_fleet_entry(call.hass)
    meant = await entries_meant(call)
    if fleet is not None and fleet.entry_id in meant:
        entries = await async_readable(hass, call.context, miner_entries(hass))
        if not (loaded := _loaded(entries)):
            raise invalid("no_miner_loaded")
        return loaded
    entries = miners_among(hass, meant)
    await async_require_read(hass, call.context, entries)
    if not (loaded := _loaded(entries)):
        require_loaded(entries[0])
    return loaded


def _loaded(entries: Sequence[MinerConfigEntry]) -> list[MinerConfigEntry]:
    return sorted(loaded_of(entries), key=lambda entry: entry.title.casefold())


async def async_store(hass: HomeAssistant, picture: Picture) -> Stored:
    """Store a picture in the media folder; those that are old or too many go."""
    folders = hass.config.media_dirs
    if not folders:
        raise invalid("no_media_folder")
    key = "local" if "local" in folders else next(iter(folders))
    name = (
        f"{picture.kind}_{picture.hours}h_{dt_util.now():%Y%m%d_%H%M%S}"
        f"_{secrets.token_hex(3)}.png"
    )

    def write() -> Path:
        folder = prepare_folder(
            Path(folders[key]), Path(hass.config.path("www")), CHARTS
        )
        target = folder / name
        if not hass.config.is_allowed_path(str(target)):
            raise FileError(FileFault.PLACE)
        _clear(folder)
        write_whole(target, picture.png)
        return target

    try:
        target = await hass.async_add_executor_job(write)
    except FileError as err:
        raise invalid("export_place", file=name) from err
    except OSError as err:
        cause = file_cause(hass, err)
        raise invalid("export_failed", file=name, error=cause) from err
    below = f"{key}/{FOLDER}/{CHARTS}/{name}"
    return Stored(
        path=str(target),
        url=f"/media/{below}",
        media_content_id=f"media-source://media_source/{below}",
    )


def _clear(folder: Path) -> None:
    """Delete the pictures that are old, and the oldest so that one more may come."""
    found = []
    for path in folder.glob("*.png"):
        with suppress(OSError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and _NAME.fullmatch(path.name):
                found.append((status.st_mtime, path))
    found.sort(reverse=True)
    oldest = time.time() - KEPT_DAYS * 86_400
    for index, (written, path) in enumerate(found, 1):
        if written < oldest or index >= MOST_KEPT:
            with suppress(OSError):
                path.unlink()
