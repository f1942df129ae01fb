"""What a release is made of."""

from pathlib import Path
import re
from zipfile import ZipFile

import pytest
import yaml

from scripts.rig import release
from scripts.rig.release import ReleaseError, main, notes_of, pack, version_of

from .package import INTEGRATION

ROOT = INTEGRATION.parents[1]
CHANGELOG = """# Changelog

## [Unreleased]

### Added

- New.

## [1.2.0] - 2026-12-02

- Old.

## [1.1.0]
"""


def test_the_tag_names_the_version_of_the_manifest() -> None:
    version = version_of(None)
    assert version_of(f"v{version}") == version
    for tag in (f"v{version}1", version, "v1", "vnext", f"v{version}\n", ""):
        with pytest.raises(ReleaseError):
            version_of(tag)


def test_notes() -> None:
    """A release has a section of its own; a trial takes what is unreleased."""
    assert notes_of("1.2.0", CHANGELOG, trial=False) == "- Old.\n"
    assert notes_of("1.3.0", CHANGELOG, trial=True) == "### Added\n\n- New.\n"
    for version in ("1.3.0", "1.1.0"):
        with pytest.raises(ReleaseError, match=re.escape(version)):
            notes_of(version, CHANGELOG, trial=False)


def test_the_archive_holds_the_package(tmp_path: Path) -> None:
    """The files lie at its top, as HACS wants them, and are the same each time."""
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    names = pack(INTEGRATION, first)
    pack(INTEGRATION, second)
    assert first.read_bytes() == second.read_bytes()
    with ZipFile(first) as archive:
        assert archive.namelist() == names
        assert (
            archive.read("manifest.json")
            == (INTEGRATION / "manifest.json").read_bytes()
        )
    assert {"__init__.py", "manifest.json", "translations/en.json"} <= set(names)
    assert "frontend/modules/miner-monitor.js" in names
    assert "brand/icon.png" in names
    assert not [name for name in names if "__pycache__" in name or ".." in name]


def test_a_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, file in (("ARCHIVE", "a.zip"), ("NOTES", "notes.md")):
        monkeypatch.setattr(release, name, tmp_path / file)
    assert main([]) == 0
    assert (tmp_path / "a.zip").exists()
    assert (tmp_path / "notes.md").read_text(encoding="utf-8").strip()
    assert main(["v99.0.0"]) == 1
    assert "99.0.0" in capsys.readouterr().err


def test_the_workflow_releases_what_hacs_loads() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    steps = [
        step["run"]
        for step in yaml.safe_load(text)["jobs"]["release"]["steps"]
        if "run" in step
    ]
    made = next(n for n, run in enumerate(steps) if run.startswith("scripts/release "))
    tested = next(n for n, run in enumerate(steps) if run == ".ci/run")
    published = next(n for n, run in enumerate(steps) if "gh release create" in run)
    assert max(made, tested) < published
    hacs = yaml.safe_load((ROOT / "hacs.json").read_text(encoding="utf-8"))
    assert hacs["zip_release"] is True
    assert f".artifacts/{hacs['filename']}" in steps[published]
    assert hacs["filename"] == release.ARCHIVE.name
