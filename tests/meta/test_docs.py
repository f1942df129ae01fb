"""The documentation is true where that can be checked."""

from pathlib import Path
import re

from homeassistant.const import Platform

from custom_components.miner_monitor import const
from custom_components.miner_monitor.entity import MinerEntityDescription

from ..each import for_each
from .package import (
    ENTITIES,
    FLEET_ENTITIES,
    INTEGRATION,
    ROOT,
    entity_id,
    load_json,
    shown_unit,
)

FLEET_SECTION = "all_miner"
"""The heading of the table of all miners, as the others' become platforms."""

README = (ROOT / "README.md").read_text(encoding="utf-8")
ENTITIES_PAGE = (ROOT / "docs" / "entities.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = load_json(INTEGRATION / "translations" / "en.json")["entity"]


def _rows() -> dict[tuple[str, str], list[str]]:
    """Cells of the rows of the entity tables, by platform and key."""
    rows = {}
    platform = ""
    for line in ENTITIES_PAGE.splitlines():
        if heading := re.fullmatch(r"## (.+?)(?:(?<=ch)es|s)?", line):
            platform = heading[1].lower().replace(" ", "_")
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and (key := re.fullmatch(r"`(\w+)`", cells[1])):
            rows[platform, key[1]] = cells
    return rows


ROWS = _rows()
DOCUMENTED = [
    (platform, description)
    for platform, description in ENTITIES
    if (description.placeholders or {"index": "1"})["index"] == "1"
]
"""Every entity, of indexed ones the first."""


def _unit(description: MinerEntityDescription) -> str:
    if getattr(description, "is_hash_rate", False):
        return "TH/s"
    return shown_unit(description) or ""


def _step(description: MinerEntityDescription) -> str:
    resolution = description.resolution
    # It is that of what the miner reports, in whatever unit that is shown.
    unit = getattr(description, "native_unit_of_measurement", None)
    unit = unit or _unit(description)
    steps = []
    if resolution.absolute:
        steps.append(f"{resolution.absolute:g} {unit}".strip())
    if resolution.relative:
        steps.append(f"{resolution.relative * 100:g} %")
    if resolution.seconds:
        steps.append(f"{resolution.seconds:g} s")
    return " and ".join(steps) or "any"


def test_no_row_without_entity() -> None:
    known = {(platform.value, description.key) for platform, description in DOCUMENTED}
    fleet = {(FLEET_SECTION, description.key) for _, description in FLEET_ENTITIES}
    assert set(ROWS) == known | fleet


@for_each(("platform", "description"), FLEET_ENTITIES, ids=entity_id)
def test_row_of_the_fleet(
    platform: Platform, description: MinerEntityDescription
) -> None:
    name, _, kind, unit, step, _ = ROWS[FLEET_SECTION, description.key]
    assert name == NAMES[platform][description.translation_key]["name"]
    assert kind.lower().replace(" ", "_") == platform
    assert unit == _unit(description)
    assert step == (_step(description) if platform is Platform.SENSOR else "")


@for_each(("platform", "description"), DOCUMENTED, ids=entity_id)
def test_row(platform: Platform, description: MinerEntityDescription) -> None:
    name, _, on, *rest = ROWS[platform, description.key]
    assert name == NAMES[platform][description.translation_key]["name"].replace(
        "{index}", "1"
    )
    assert on == ("on" if description.entity_registry_enabled_default else "off")
    if platform is Platform.SENSOR:
        unit, step, _ = rest
        assert unit == _unit(description)
        assert step == _step(description)


def test_readme_names_entities_that_are_on() -> None:
    on = {
        NAMES[platform][description.translation_key]["name"].lower()
        for platform, description in (*ENTITIES, *FLEET_ENTITIES)
        if description.entity_registry_enabled_default
    }
    table = README.split("| Purpose | Entity |")[1].split("\n\n")[0]
    cells = [line.strip("|").split("|")[1] for line in table.splitlines()[2:]]
    named = {
        re.sub(r"\(.*?\)", "", name).strip().lower()
        for cell in cells
        for name in re.split(r";|, | or ", cell)
    }
    assert len(cells) >= 10
    assert named <= on


@for_each("command", ["demo", "test", "bench"])
def test_commands(command: str) -> None:
    assert f"scripts/{command}" in README
    assert (ROOT / "scripts" / command).is_file()


@for_each("page", PAGES, ids=lambda path: path.name)
def test_links(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        if "://" in file:
            continue
        path = page.parent / file if file else page
        assert path.exists(), target
        if anchor:
            assert anchor in _anchors(path.read_text(encoding="utf-8")), target


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
        for heading in headings
    }


def test_poll_interval_is_told_as_it_is() -> None:
    assert f"{const.MIN_POLL_INTERVAL} to {const.MAX_POLL_INTERVAL} s" in README


def test_paths_in_the_contributors_page_exist() -> None:
    text = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    named = re.findall(r"`([\w.-]+/[\w./-]*)`", prose)
    assert named
    missing = [
        path
        for path in named
        if not (ROOT / path).exists() and not (INTEGRATION / path).exists()
    ]
    assert missing == []
