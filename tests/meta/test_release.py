"""What a release is made of."""

from pathlib import Path
import re
import shutil
import subprocess
import sys
import tomllib
from zipfile import ZipFile

import pytest
import yaml

from scripts.rig import release
from scripts.rig.hass import HassProcess
from scripts.rig.release import ReleaseError, main, notes_of, pack, version_of
from simulator import Farm, MinerSpec, SystemClock

from .package import INTEGRATION

ROOT = INTEGRATION.parents[1]
IGNORED = shutil.ignore_patterns("__pycache__")
PACK = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
sys.argv[:] = sys.argv[1:]
runpy.run_module("scripts.rig.release", run_name="__main__")
"""
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


def test_the_version_is_the_same_everywhere() -> None:
    """Also the newest of the changelog, and what a report of a fault suggests."""
    version = version_of(None)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == version
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    numbers = re.findall(
        r"^## \[(\d[^\]]*)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE
    )
    assert numbers[0] == version
    form = ROOT / ".github" / "ISSUE_TEMPLATE" / "bug.yml"
    assert f"placeholder: {version}\n" in form.read_text(encoding="utf-8")


def test_the_stored_data_of_the_version_is_recorded() -> None:
    """No release without it: the next one has to find what this one stores."""
    recorded = ROOT / "tests" / "fixtures" / "stored" / version_of(None)
    assert (recorded / "entries.json").exists()


def _steps(job: str) -> list[str]:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"][job]["steps"]
    return [step["run"] for step in steps if "run" in step]


def test_the_workflow_releases_what_hacs_loads() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["jobs"]["release"]["needs"] == "test"
    assert ".ci/run" in _steps("test")
    made, published = _steps("release")
    assert "gh release create" in published
    hacs = yaml.safe_load((ROOT / "hacs.json").read_text(encoding="utf-8"))
    assert hacs["zip_release"] is True
    assert f".artifacts/{hacs['filename']}" in published
    assert f".artifacts/{release.NOTES.name}" in published
    assert hacs["filename"] == release.ARCHIVE.name
    assert made.endswith('-m scripts.rig.release "$GITHUB_REF_NAME"')


def test_hassfest_and_hacs_check_each_change() -> None:
    """Nothing may be ignored where a repository is to be in the default list."""
    text = (ROOT / ".github" / "workflows" / "validate.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert {"push", "pull_request"} <= workflow[True].keys()
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    used = {step["uses"].partition("@")[0]: step.get("with") for step in steps}
    assert used["hacs/action"] == {"category": "integration"}
    assert "home-assistant/actions/hassfest" in used


def test_only_the_job_that_publishes_may_write() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    assert "permissions" not in workflow["jobs"]["test"]
    assert workflow["jobs"]["release"]["permissions"] == {"contents": "write"}


def test_the_step_that_packs_needs_nothing_but_python(tmp_path: Path) -> None:
    """As in the workflow: in a checkout, without any package."""
    for folder in ("scripts/rig", "custom_components/miner_monitor"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=IGNORED)
    shutil.copy(ROOT / "CHANGELOG.md", tmp_path)
    tag = f"v{version_of(None)}"
    command = [sys.executable, "-I", "-S", "-c", PACK, str(tmp_path), tag]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / ".artifacts" / release.ARCHIVE.name).exists()
    notes = (tmp_path / ".artifacts" / release.NOTES.name).read_text(encoding="utf-8")
    assert notes.strip()
    assert "\n## [" not in notes
    links = re.findall(r"\]\(([^)]*)\)", notes)
    assert [link for link in links if f"/blob/{tag}/" not in link] == []


async def test_what_hacs_unpacks_runs(socket_enabled: None, tmp_path: Path) -> None:
    """A real Home Assistant finds it, adds a miner and shows its hash rate."""
    archive = tmp_path / release.ARCHIVE.name
    pack(INTEGRATION, archive)
    config = tmp_path / "config"
    with ZipFile(archive) as found:
        found.extractall(config / "custom_components" / release.DOMAIN)
    spec = MinerSpec(name="new", model="gamma_601", firmware="2.12.2")
    hass = HassProcess(config, with_integration=False)
    async with Farm([spec], clock=SystemClock()) as farm, hass:
        miner = farm[spec.name]
        flow = await hass.api.start_flow(release.DOMAIN)
        result = await hass.api.continue_flow(
            flow["flow_id"], {"host": f"{miner.host}:{miner.port}"}
        )
        assert result["type"] == "create_entry"
        rates = [
            float(state["state"])
            for name, state in (await hass.api.states()).items()
            if name.startswith("sensor.gamma") and name.endswith("_hash_rate")
        ]
    assert rates
    assert rates[0] > 0
