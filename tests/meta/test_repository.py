"""The repository as a whole: nothing of one machine, valid files, strict doors."""

import json
import os
from pathlib import Path
import re
import subprocess
from typing import Any

from ..each import for_each
from .package import INTEGRATION, ROOT, load_json

LEFT_OUT = {
    ".git",
    ".venv",
    ".venv-newest",
    ".tools",
    ".demo",
    ".artifacts",
    "__pycache__",
}
PICTURES = {".png"}
HAND_FORMATTED = {INTEGRATION / "manifest.json"}

# Written in parts, so that this file does not contain what it looks for.
HOMES = ("root", "work", r"home/(?!assistant)")
REGISTRIES = ("py" + "pi", "pythonhost" + "ed", "npm" + "js", "deb\\.debi" + "an")
FORBIDDEN = re.compile(
    rf"(?<![\w.])/({'|'.join(HOMES)})/"
    rf"|\b({'|'.join(REGISTRIES)})\.(org|io|com)\b"
    rf"|{re.escape(str(ROOT))}\b"
)
KNOWN_HOSTS = {
    *("docs.evcc.io", "emhass.readthedocs.io"),
    *("github.com", "www.home-assistant.io", "my.home-assistant.io", "www.hacs.xyz"),
    *("www.python.org", "www.w3.org", "localhost", "keepachangelog.com", "semver.org"),
}
EXAMPLE_HOST = re.compile(
    r"(10|127)\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+"
    r"|[\w.-]+\.(local|example|test|invalid)"
    r"|(www\.)?example\.(com|org)|[\w-]+"
)


def _files() -> list[Path]:
    """Every file of the repository, by git where there is one."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(
            command, cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout.splitlines()
    except OSError, subprocess.CalledProcessError:
        listed = [
            str(path.relative_to(ROOT))
            for path in ROOT.rglob("*")
            if not LEFT_OUT & set(path.relative_to(ROOT).parts)
        ]
    return sorted(path for name in set(listed) if (path := ROOT / name).is_file())


FILES = _files()
TEXT_FILES = [path for path in FILES if path.suffix not in PICTURES]
WIRE_REPLIES = ROOT / "tests" / "fixtures" / "avalon"
"""Replies byte by byte as they come over the wire, without an end of line."""

WRITTEN_FILES = [path for path in TEXT_FILES if path.parent != WIRE_REPLIES]
JSON_FILES = [path for path in WRITTEN_FILES if path.suffix == ".json"]


def _relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_files_are_found() -> None:
    assert {INTEGRATION / "manifest.json", ROOT / "README.md"} <= set(FILES)


@for_each(
    ("text", "found"),
    [
        ("cd /" + "work/main", True),
        ("/" + "root/.cache", True),
        ("see https://" + "pypi" + ".org/simple", True),
        ("docs/network/of/miners", False),
        ("an artwork/picture", False),
    ],
)
def test_forbidden_words(text: str, found: bool) -> None:
    assert bool(FORBIDDEN.search(text)) is found


@for_each("path", TEXT_FILES, ids=_relative)
def test_nothing_of_one_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert FORBIDDEN.search(text) is None
    hosts = set(re.findall(r"https?://([\w.-]*\w)", text))
    strange = {host for host in hosts if not EXAMPLE_HOST.fullmatch(host)}
    assert strange <= KNOWN_HOSTS


@for_each("path", WRITTEN_FILES, ids=_relative)
def test_text_is_tidy(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if not text:
        return
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\r" not in text
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), keys
    return dict(pairs)


@for_each("path", JSON_FILES, ids=_relative)
def test_json(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    content = json.loads(text, object_pairs_hook=_no_twins)
    if path not in HAND_FORMATTED:
        assert text == json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def test_scripts_can_be_run() -> None:
    scripts = [
        path
        for path in (ROOT / "scripts").iterdir()
        if path.is_file() and path.name != "bootstrap"
    ]
    assert {"add-capture", "demo", "draw-brand", "test"} <= {
        path.name for path in scripts
    }
    for path in [*scripts, ROOT / ".ci" / "run"]:
        assert os.access(path, os.X_OK), path
        subprocess.run(["bash", "-n", path], check=True)


def test_captures_are_not_in_the_project() -> None:
    """Replies in the project come from add-capture: with an expected state."""
    for path in (ROOT / "tests" / "fixtures" / "replies").iterdir():
        assert load_json(path).keys() == {"identity", "replies", "state"}
