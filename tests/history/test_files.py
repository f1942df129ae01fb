"""What is left of a file that is never finished, and what a cell may begin with."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
import os
from pathlib import Path
import resource

import pytest

from custom_components.miner_monitor.const import ColumnSet
from custom_components.miner_monitor.history.columns import (
    Row,
    Sheet,
    safe_text,
)
from custom_components.miner_monitor.history.files import (
    ExportFile,
    prepare_folder,
)

SHEET = Sheet(
    columns=ColumnSet.OURS,
    zone=UTC,
    facts={"name": "Gamma"},
    chosen={},
)
ROW = Row(time=0, online=False, states={})


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Have room for a few rows only."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    file = ExportFile(tmp_path / "out.csv", ColumnSet.OURS, overwrite=False)
    with pytest.raises(OSError, match="too large"):
        file.write(SHEET, [ROW] * 10_000)
    file.drop()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    """What is still being written, and what others keep here, stays."""
    folder = prepare_folder(tmp_path, tmp_path / "www")
    ago = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    for name, old in (
        (".out.0123abcd.tmp", True),
        (".new.0123abcd.tmp", False),
        (".other.tmp", True),
        ("out.csv", True),
    ):
        (folder / name).touch()
        if old:
            os.utime(folder / name, (ago, ago))
    (folder / ".link.0123abcd.tmp").symlink_to(folder / "out.csv")

    prepare_folder(tmp_path, tmp_path / "www")

    assert {path.name for path in folder.iterdir()} == {
        ".new.0123abcd.tmp",
        ".other.tmp",
        "out.csv",
        ".link.0123abcd.tmp",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Gamma", "Gamma"),
        ("a=b", "a=b"),
        ("", ""),
        ("=1+1", "'=1+1"),
        ("@x", "'@x"),
        (" =1+1", "' =1+1"),
        ("\n=1+1", "'\n=1+1"),
        ("\0=1+1", "'=1+1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("\ufeff=1+1", "'\ufeff=1+1"),
    ],
)
def test_no_text_is_a_formula(text: str, expected: str) -> None:
    """Spreadsheets pass over blanks, and take wide signs for narrow ones."""
    assert safe_text(text) == expected
