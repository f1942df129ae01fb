"""Where files are written and read: one folder, whole or not at all."""

from collections.abc import Iterable
from contextlib import suppress
import csv
from enum import StrEnum
import os
from pathlib import Path
import re
import secrets
import stat
import time

from ..const import ColumnSet
from .columns import (
    Row,
    Sheet,
    header,
)

FOLDER = "miner_monitor"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,95}\.csv")
_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")
_ABANDONED = 86_400.0
"""Seconds after which nobody writes an unfinished file any more."""


class FileFault(StrEnum):
    """Why a file is not written or read."""

    NAME = "name"
    PLACE = "place"
    EXISTS = "exists"
    TOO_LARGE = "too_large"
    UNKNOWN = "unknown"


class FileError(Exception):
    """A file that is not written or read; of several it is named by who reads them."""

    def __init__(self, fault: FileFault, file: str = "") -> None:
        """Say why."""
        super().__init__(f"{file}: {fault.value}")
        self.fault = fault
        self.file = file


def prepare_folder(media: Path, closed: Path, part: str = "") -> Path:
    """Return our folder, or a part, below the media folder.

    It leads nowhere else, and is not below the closed one.
    """
    folder = media / FOLDER / part
    folder.mkdir(parents=True, exist_ok=True)
    resolved = folder.resolve()
    if resolved != media.resolve() / FOLDER / part or resolved.is_relative_to(
        closed.resolve()
    ):
        raise FileError(FileFault.PLACE)
    _clear(resolved)
    return resolved


def _clear(folder: Path) -> None:
    """Delete the unfinished files of runs that were killed."""
    oldest = time.time() - _ABANDONED
    for path in folder.glob(".*.tmp"):
        with suppress(OSError):
            status = path.lstat()
            left = stat.S_ISREG(status.st_mode) and status.st_mtime < oldest
            if left and _UNFINISHED.fullmatch(path.name):
                path.unlink()


def check_target(folder: Path, name: str, *, overwrite: bool) -> Path:
    """Return the path of a new file; nothing else than an old export may be there."""
    if len(name) > 100 or _NAME.fullmatch(name) is None:
        raise FileError(FileFault.NAME)
    target = folder / name
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return target
    if not stat.S_ISREG(mode):
        raise FileError(FileFault.PLACE)
    if not overwrite:
        raise FileError(FileFault.EXISTS)
    return target


def _beginning(target: Path) -> tuple[Path, int]:
    """Open a hidden file beside what it will be; return its path and descriptor."""
    path = target.with_name(f".{target.stem}.{secrets.token_hex(4)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    return path, os.open(path, flags, 0o644)


def write_whole(target: Path, content: bytes) -> None:
    """Write a file that appears when it is complete, in place of an older one."""
    path, descriptor = _beginning(target)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        path.replace(target)
    finally:
        path.unlink(missing_ok=True)


class ExportFile:
    """A file that appears when it is complete, and not at all if it never is."""

    def __init__(self, target: Path, columns: ColumnSet, *, overwrite: bool) -> None:
        """Begin in a hidden file beside it."""
        self._target = target
        self._overwrite = overwrite
        self._path, descriptor = _beginning(target)
        self._file = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self.rows = 0
        self._names = header(columns)
        self.filled: set[str] = set()
        self._writer.writerow(self._names)

    def write(self, sheet: Sheet, rows: Iterable[Row]) -> None:
        """Append rows as the sheet writes them."""
        for row in rows:
            cells = sheet.cells(row)
            self._writer.writerow(cells)
            self.rows += 1
            if len(self.filled) < len(cells):
                filled = zip(self._names, cells, strict=True)
                self.filled.update(name for name, cell in filled if cell)

    def finish(self) -> None:
        """Show the file under its name."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if self._overwrite:
            self._path.replace(self._target)
            return
        try:
            # Take the name, unless somebody took it meanwhile.
            self._target.open("x").close()
        except FileExistsError:
            raise FileError(FileFault.EXISTS) from None
        try:
            self._path.replace(self._target)
        except OSError:
            self._target.unlink(missing_ok=True)
            raise

    def drop(self) -> None:
        """Leave nothing behind, if it was not finished; a full disk is no reason."""
        with suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)
