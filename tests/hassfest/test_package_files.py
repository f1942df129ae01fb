"""The files around the code: HACS, quality scale, pictures, workflows."""

from pathlib import Path
import re

from awesomeversion import AwesomeVersion
import homeassistant.components
from homeassistant.const import __version__ as installed
from PIL import Image
import yaml

from ..each import for_each
from ..meta.package import INTEGRATION, ROOT, load_json

HACS = load_json(ROOT / "hacs.json")
HACS_KEYS = {
    *("name", "homeassistant", "content_in_root", "filename", "zip_release"),
    *("hide_default_branch", "persistent_directory"),
}
BRAND = INTEGRATION / "brand"
PICTURES = {
    "icon.png": (256, 256),
    "icon@2x.png": (512, 512),
    "logo.png": (512, 192),
    "logo@2x.png": (1024, 384),
    "dark_logo.png": (512, 192),
    "dark_logo@2x.png": (1024, 384),
}
RULES = yaml.safe_load((INTEGRATION / "quality_scale.yaml").read_text())["rules"]
CORE = Path(homeassistant.components.__path__[0])
CHANGES = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
WORKFLOWS = ROOT / ".github" / "workflows"


def test_hacs() -> None:
    assert set(HACS) <= HACS_KEYS
    assert HACS["name"] == load_json(INTEGRATION / "manifest.json")["name"]
    assert AwesomeVersion(HACS["homeassistant"]) <= AwesomeVersion(installed)


def test_hacs_finds_one_integration() -> None:
    folders = {path.parent for path in ROOT.glob("custom_components/*/manifest.json")}
    assert folders == {INTEGRATION}
    assert (ROOT / "LICENSE").read_text().startswith("MIT License\n")


def test_readme_opens_what_it_tells_to_open() -> None:
    """One click adds the repository to HACS, one more starts the configuration."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    manifest = load_json(INTEGRATION / "manifest.json")
    owner, repository = manifest["documentation"].split("/")[3:5]
    assert (
        "https://my.home-assistant.io/redirect/hacs_repository/"
        f"?owner={owner}&repository={repository}&category=integration)"
    ) in readme
    assert (
        "https://my.home-assistant.io/redirect/config_flow_start/"
        f"?domain={manifest['domain']})"
    ) in readme


def test_floor_is_told_alike_everywhere() -> None:
    assert f"Home Assistant {HACS['homeassistant'].removesuffix('.0')}" in (
        ROOT / "README.md"
    ).read_text(encoding="utf-8")


def test_changelog_begins_with_what_is_not_released() -> None:
    """Each part is one that a reader expects, and tells something."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    _, newest, *_ = re.split(r"^## ", text, flags=re.MULTILINE)
    assert newest.startswith("[Unreleased]\n")
    _, *parts = re.split(r"^### ", newest, flags=re.MULTILINE)
    for part in parts:
        kind, _, lines = part.partition("\n")
        assert kind in CHANGES
        assert lines.strip().startswith("- ")


def test_quality_scale_lists_every_rule() -> None:
    """Home Assistant's own integrations name all rules there are."""
    known = yaml.safe_load((CORE / "fumis" / "quality_scale.yaml").read_text())["rules"]
    assert set(RULES) == set(known)


@for_each("rule", sorted(RULES))
def test_quality_rule(rule: str) -> None:
    value = RULES[rule]
    details = value if isinstance(value, dict) else {"status": value}
    assert details.keys() <= {"status", "comment"}
    assert details["status"] in {"done", "exempt", "todo"}
    if details["status"] == "exempt":
        assert details["comment"].strip().endswith(".")


@for_each("kind", ["triggers", "conditions"])
def test_docs_of_triggers_and_conditions(kind: str) -> None:
    """Done means that the page names every one of them."""
    page = (ROOT / "docs" / "automations.md").read_text(encoding="utf-8")
    keys = yaml.safe_load((INTEGRATION / f"{kind}.yaml").read_text())
    assert RULES[f"docs-{kind}"] == "done"
    assert [key for key in keys if f"`{key}`" not in page] == []


@for_each("name", sorted(PICTURES))
def test_picture(name: str) -> None:
    with Image.open(BRAND / name) as image:
        assert image.format == "PNG"
        assert image.size == PICTURES[name]
        picture = image.convert("RGBA")
    width, height = picture.size
    corners = [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)]
    assert [picture.getpixel(corner)[3] for corner in corners] == [0, 0, 0, 0]
    assert picture.getchannel("A").getextrema() == (0, 255)


def test_no_other_picture() -> None:
    assert {path.name for path in BRAND.iterdir()} == set(PICTURES)


def test_workflow_runs_the_tests() -> None:
    jobs = yaml.safe_load((WORKFLOWS / "test.yml").read_text())["jobs"]
    steps = [step.get("run") for job in jobs.values() for step in job["steps"]]
    assert ".ci/run" in steps
    assert "scripts/test" in (ROOT / ".ci" / "run").read_text()


def test_workflow_asks_home_assistant_and_hacs() -> None:
    jobs = yaml.safe_load((WORKFLOWS / "validate.yml").read_text())["jobs"]
    used = [step.get("uses", "") for job in jobs.values() for step in job["steps"]]
    assert any(name.startswith("home-assistant/actions/hassfest@") for name in used)
    assert any(name.startswith("hacs/action@") for name in used)
    assert "ignore" not in str(jobs)


def test_python_is_told_alike_everywhere() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    minimum = re.search(r'requires-python = ">=([\d.]+)"', project)
    assert minimum is not None
    assert f'MINIMUM="{minimum[1]}"' in (ROOT / "scripts" / "bootstrap").read_text()
