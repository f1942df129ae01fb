"""What is told of Prometheus, and the dashboard, agree with the entities."""

from itertools import combinations
import re
from typing import Any

from homeassistant.const import Platform, UnitOfTemperature
from homeassistant.util import slugify
import pytest

from custom_components.miner_monitor.entity import MinerEntityDescription
from custom_components.miner_monitor.metrics.names import OWN_NAMES

from ..each import for_each
from .package import ENTITIES, INTEGRATION, ROOT, load_json, shown_unit

NAMES = load_json(INTEGRATION / "translations" / "en.json")["entity"]
FOLDER = ROOT / "docs" / "grafana"
DASHBOARD: dict[str, Any] = load_json(FOLDER / "miner_monitor.json")
OWN_DASHBOARD: dict[str, Any] = load_json(FOLDER / "miner_metrics.json")
DASHBOARDS = (DASHBOARD, OWN_DASHBOARD)
PAGE = (ROOT / "docs" / "grafana.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip(" `") for cell in line.strip("|").split("|"))
    for line in PAGE.splitlines()
    if line.startswith("| `homeassistant_")
]
OF_MINERS = [
    row
    for row in ROWS
    if row[1].startswith("_") and row[0] != "homeassistant_entity_available"
]


def _metric(platform: Platform, description: MinerEntityDescription) -> str:
    """Name a metric as Home Assistant does; hash rates are in TH/s."""
    unit = shown_unit(description)
    if platform is not Platform.SENSOR:
        unit = _words(unit)
        return f"homeassistant_{platform}_state" + (f"_{unit}" if unit else "")
    if getattr(description, "is_hash_rate", False):
        unit = "TH/s"
    if description.device_class == "timestamp":
        kind = "timestamp_seconds"
    elif description.device_class:
        kind = f"{description.device_class}_{_words(unit)}"
    else:
        kind = f"unit_{_words(unit)}" if unit else "state"
    return f"homeassistant_sensor_{kind}"


def _words(unit: str | None) -> str:
    if unit is None:
        return ""
    named = {UnitOfTemperature.CELSIUS: "celsius", "%": "percent"}
    return named.get(unit, unit.replace("/", "_per_").lower())


def panels_of(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def targets_of(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [target for panel in panels_of(dashboard) for target in panel["targets"]]


EXPORTED = {
    (
        _metric(platform, description),
        "_"
        + slugify(
            NAMES[platform][description.translation_key]["name"].replace("{index}", "1")
        ),
    ): description
    for platform, description in ENTITIES
    if (description.placeholders or {"index": "1"})["index"] == "1"
}


@for_each("row", OF_MINERS, ids=lambda row: f"{row[0]}{row[1]}")
def test_row(row: tuple[str, ...]) -> None:
    metric, ending, unit, default, _ = row
    # FPGA cards have a unit of their own.
    named = metric.replace("_gh_per_s", "_th_per_s") if unit == "GH/s" else metric
    description = EXPORTED[named, ending]
    assert default == ("on" if description.entity_registry_enabled_default else "off")
    assert _words(unit) in metric or unit in {"", "0, 1", "s since 1970"}


def test_dashboard_shows_only_what_is_documented() -> None:
    """Each selector of each query stands for a row of the table."""
    known = {(row[0], row[1]) for row in ROWS}
    selectors = re.compile(
        r'(homeassistant_\w+)\{entity=~"\w+\\\\\.\$\{miner\}(_[^"]+)"'
    )
    for target in targets_of(DASHBOARD):
        found = selectors.findall(target["expr"])
        assert len(found) == target["expr"].count("homeassistant_")
        for metric, ending in found:
            assert (metric, ending.replace("[1-4]", "1")) in known


def test_our_names_are_those_of_the_page() -> None:
    rows = re.findall(r"^\| `(miner_\w+)` \|.*\| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert rows == [(name, text) for name, _, text in OWN_NAMES]
    for name, kind, _ in OWN_NAMES:
        assert (kind == "counter") is name.endswith("_total"), name


def test_our_dashboard_shows_only_our_names() -> None:
    """Each selector has a name of ours, and is of the miners that were chosen."""
    known = {name for name, _, _ in OWN_NAMES}
    shown = set()
    for target in targets_of(OWN_DASHBOARD):
        found = re.findall(r'(\w+)\{miner=~"\$\{miner\}"', target["expr"])
        assert len(found) == target["expr"].count("=~")
        shown |= set(found)
    assert shown <= known
    assert len(shown) > 35


def test_the_dashboards_are_twins() -> None:
    """What one shows the other shows too, but for cards of a unit of their own."""
    titles = [[panel["title"] for panel in each["panels"]] for each in DASHBOARDS]
    renamed = {
        "Findings": "Problems",
        "Details (turn these entities on first)": "Details",
    }
    cards = titles[0].index("FPGA cards")
    common = [renamed.get(title, title) for title in titles[0][:cards]]
    assert titles[1][: len(common)] == common
    assert len(titles[1]) > len(common)


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one["uid"])
def test_dashboard_can_be_imported(dashboard: dict[str, Any]) -> None:
    panels, targets = panels_of(dashboard), targets_of(dashboard)
    identifiers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(identifiers)) == len(identifiers)
    assert dashboard["id"] is None
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
    assert {target["datasource"]["uid"] for target in targets} == {"${datasource}"}
    variables = [item["name"] for item in dashboard["templating"]["list"]]
    assert variables == ["datasource", "miner"]
    for panel in panels:
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references)


def test_both_dashboards_can_be_imported_together() -> None:
    assert DASHBOARD["uid"] != OWN_DASHBOARD["uid"]
    assert DASHBOARD["title"] != OWN_DASHBOARD["title"]


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one["uid"])
def test_panels_do_not_overlap(dashboard: dict[str, Any]) -> None:
    for one, other in combinations(dashboard["panels"], 2):
        a, b = one["gridPos"], other["gridPos"]
        assert a["x"] + a["w"] <= 24
        assert (
            a["x"] + a["w"] <= b["x"]
            or b["x"] + b["w"] <= a["x"]
            or a["y"] + a["h"] <= b["y"]
            or b["y"] + b["h"] <= a["y"]
        ), (one["title"], other["title"])
