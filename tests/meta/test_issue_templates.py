"""The forms in which users report: valid for GitHub, and asking for enough."""

from pathlib import Path
import re
from typing import Any

import yaml

from ..each import for_each
from .package import ROOT

FOLDER = ROOT / ".github" / "ISSUE_TEMPLATE"
CHOOSER = FOLDER / "config.yml"
FORMS = sorted(set(FOLDER.glob("*")) - {CHOOSER})
KINDS = {"markdown", "input", "textarea", "dropdown", "checkboxes"}
TEXT = {"markdown": "value"}
"""What a part must have of its attributes; the others have a label."""
LINK = re.compile(
    r"https://github\.com/miner-monitor/miner-monitor/blob/main/(\S+?)[)\s]"
)


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.stem


def parts(name: str) -> dict[str, dict[str, Any]]:
    """Return the parts of a form that are filled in, by their ids."""
    body = load(FOLDER / f"{name}.yml")["body"]
    return {part["id"]: part for part in body if part["type"] != "markdown"}


def required(name: str) -> set[str]:
    """Return what has to be filled in."""
    return {
        key
        for key, part in parts(name).items()
        if part.get("validations", {}).get("required") is True
    }


def test_forms() -> None:
    assert {path.name for path in FORMS} == {
        "bug.yml",
        "feature.yml",
        "real_device.yml",
    }
    names = [load(path)["name"] for path in FORMS]
    assert len(set(names)) == len(names)


@for_each("path", FORMS, ids=name_of)
def test_form(path: Path) -> None:
    form = load(path)
    assert set(form) == {"name", "description", "title", "labels", "body"}
    for key in ("name", "description", "title"):
        assert isinstance(form[key], str)
        assert form[key].strip()
    assert form["labels"]
    assert all(isinstance(label, str) for label in form["labels"])
    for part in form["body"]:
        kind = part["type"]
        assert kind in KINDS
        assert part["attributes"][TEXT.get(kind, "label")].strip()
        assert set(part.get("validations", {})) <= {"required"}
        assert set(part) <= {"type", "id", "attributes", "validations"}
    ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", key) for key in ids)


@for_each("path", [*FORMS, CHOOSER], ids=name_of)
def test_links(path: Path) -> None:
    """They lead to pages that there are."""
    for target in LINK.findall(path.read_text(encoding="utf-8") + "\n"):
        assert (ROOT / target).is_file(), target


def test_chooser() -> None:
    """Nobody is left with an empty page, and help is offered first."""
    chooser = load(CHOOSER)
    assert chooser["blank_issues_enabled"] is False
    for link in chooser["contact_links"]:
        assert set(link) == {"name", "url", "about"}
        assert LINK.fullmatch(f"{link['url']} ")


def test_a_bug_comes_with_diagnostics() -> None:
    assert {"diagnostics", "miner", "version", "home_assistant", "what"} <= required(
        "bug"
    )
    how = parts("bug")["diagnostics"]["attributes"]["description"]
    assert "Download diagnostics" in how


def test_a_device_that_was_tried() -> None:
    """It invites whoever has a real one, and asks for the evidence."""
    assert {"miner", "steps", "response", "diagnostics"} <= required("real_device")
    text = (FOLDER / "real_device.yml").read_text(encoding="utf-8")
    assert "miner_monitor.device_check" in text
    assert "docs/real-device-check.md" in text
    consent = parts("real_device")["consent"]["attributes"]["options"]
    assert all(option.get("required") is not True for option in consent)
    invitation = (ROOT / "docs" / "real-device-check.md").read_text(encoding="utf-8")
    assert "template=real_device.yml" in invitation
